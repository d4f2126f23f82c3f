package fota_test

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/fotatest"
)

// power is the media of a device: the target's and the disk of the records. Their operations are counted together, and cut after a number.
type power struct {
	target *fotatest.Target
	disk   *durabletest.Disk
	kept   int64 // bytes that were recorded when the target was used last: from then on they are safe
}

func newPower(disk *durabletest.Disk, target *fotatest.Target, cut int) *power {
	p := &power{target: target, disk: disk}
	target.Step = func() error {
		if _, err := disk.Open("/nothing"); errors.Is(err, durabletest.ErrCut) { // counts as one of the disk's
			return err
		}
		p.kept = recorded(disk)
		return nil
	}
	disk.CutAfter(cut)
	return p
}

// recorded gives the offset of the record on a disk; 0: there is none.
func recorded(disk *durabletest.Disk) int64 {
	_, rest, _ := strings.Cut(disk.Names()["/fota/download"], "offset=")
	offset, err := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
	if err != nil {
		return 0
	}
	return offset
}

// scenario is a device in which the power can be cut. It is downloaded to once, with a cut of the connection.
type scenario struct {
	image  []byte
	before func(*fotatest.Target, *durabletest.Disk) // faults
}

var cutConfig = fota.Config{
	Retries: 2, AutoSchedule: true, KeepProgress: true, FileNameMax: 128, HostNameMax: 128, URLMax: 512, TagsMax: 5, CheckpointBytes: 128,
}

var cutJob = fota.Job{URL: address, ID: "7"}

// boot starts the device and downloads a file. finished tells whether the download was said to be finished.
func (s *scenario) boot(t *testing.T, p *power, from *server) (finished bool) {
	d := &device{TB: t, config: cutConfig, target: p.target, folder: durable.OpenOn(p.disk, "/fota")}
	d.build(from, map[fota.Type]fota.Target{fota.TypeMCUboot: p.target})
	if err := d.Start(t.Context(), cutJob); err != nil {
		t.Fatal(err)
	}
	d.Wait()
	return d.last().Kind == fota.EventFinished
}

// cuts cuts the power at every operation of the download, and looks at every pair of media that may be found. From each of them the device must
// go on from what was recorded, finish, and have exactly the file that the server has then: the same one, or another one. Further cuts hit the
// device that goes on in the same way. It gives the number of cut points, that of media looked at, and the first violation.
func (s *scenario) cuts(t *testing.T, startDisk *durabletest.Disk, startTarget *fotatest.Target, further int) (points, media int, violation error) {
	other := imageOf(len(s.image)-40, 99)
	for cut := 0; ; cut++ {
		disk, target := startDisk.Clone(), startTarget.Clone()
		p := newPower(disk, target, cut)
		from := serve(s.image, "v1")
		from.cut = func(offset int64) error {
			if len(from.asked) == 1 && offset == 320 {
				return broken()
			}
			return nil
		}
		finished := s.boot(t, p, from)
		if finished && disk.Operations() < cut {
			return points, media, nil
		}
		points++
		kept := p.kept
		if finished { // it was told, and with it whoever started the download has what it needs
			kept = 0
		}
		for foundDisk := range disk.Crashes() {
			for foundTarget := range target.Crashes() {
				media++
				for _, then := range []struct {
					server *server
					kept   int64
				}{{serve(s.image, "v1"), kept}, {serve(other, "v2"), 0}} {
					if err := s.survives(t, foundDisk.Clone(), foundTarget.Clone(), then.kept, then.server); err != nil {
						return points, media, fmt.Errorf("cut after %d operations, then the file %s: %w", cut, then.server.version.Validator, err)
					}
				}
				if further == 0 {
					continue
				}
				morePoints, moreMedia, violation := s.cuts(t, foundDisk, foundTarget, further-1)
				points, media = points+morePoints, media+moreMedia
				if violation != nil {
					return points, media, fmt.Errorf("cut after %d operations, then %w", cut, violation)
				}
			}
		}
	}
}

// start gives new media.
func (s *scenario) start(t *testing.T) (*durabletest.Disk, *fotatest.Target) {
	disk, target := durabletest.New(), &fotatest.Target{}
	folderOn(t, disk)
	if s.before != nil {
		s.before(target, disk)
	}
	return disk, target
}

func (s *scenario) survives(t *testing.T, disk *durabletest.Disk, target *fotatest.Target, kept int64, to *server) error {
	p := newPower(disk, target, -1)
	if !s.boot(t, p, to) {
		return fmt.Errorf("the download does not finish")
	}
	want := to.content
	if len(to.asked) == 0 { // all was on the medium: the server is not asked any more
		want = s.image
	}
	if !bytes.Equal(target.Scheduled, want) {
		return fmt.Errorf("the image that is scheduled is another one")
	}
	if left := disk.Names()["/fota/download"]; left != "" {
		return fmt.Errorf("a record is left: %q", left)
	}
	switch {
	case kept == to.version.Size && len(to.asked) > 0:
		return fmt.Errorf("all was on the medium, and byte %d was asked for", to.asked[0])
	case len(to.asked) > 0 && to.asked[0] < kept:
		return fmt.Errorf("%d bytes were on the medium, and byte %d was asked for", kept, to.asked[0])
	}
	return nil
}

func TestPowerCuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, each := range []struct {
			size, further           int
			own                     bool // the target keeps a record of its own
			leastPoints, leastMedia int
		}{{600, 0, false, 50, 150}, {600, 0, true, 50, 150}, {270, 1, false, 2_000, 5_000}} {
			s := &scenario{image: imageOf(each.size, 1), before: func(target *fotatest.Target, _ *durabletest.Disk) { target.Own = each.own }}
			disk, target := s.start(t)
			points, media, violation := s.cuts(t, disk, target, each.further)
			if violation != nil {
				t.Fatal(violation)
			}
			t.Logf("image of %d bytes, %d cuts in a row: %d cut points, %d media looked at", each.size, each.further+1, points, media)
			if points < each.leastPoints || media < each.leastMedia {
				t.Error("the enumeration has lost cases")
			}
		}
	})
}

// The test above can fail: it does when one sync is left out.
func TestThePowerCutsFindMissingSyncs(t *testing.T) {
	for name, fault := range map[string]func(*fotatest.Target, *durabletest.Disk){
		"image": func(target *fotatest.Target, _ *durabletest.Disk) { target.DropSync = true },
		"record": func(_ *fotatest.Target, disk *durabletest.Disk) {
			disk.SetFault(durabletest.Fault{DropSync: "/fota/.download.new"})
		},
		"record's folder": func(_ *fotatest.Target, disk *durabletest.Disk) { disk.SetFault(durabletest.Fault{DropSync: "/fota"}) },
		"rename by copies": func(_ *fotatest.Target, disk *durabletest.Disk) {
			disk.SetFault(durabletest.Fault{RenameByCopying: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &scenario{image: imageOf(600, 1), before: fault}
				disk, target := s.start(t)
				if _, _, violation := s.cuts(t, disk, target, 0); violation == nil {
					t.Error("not noticed")
				} else {
					t.Log(violation)
				}
			})
		})
	}
}
