package modemimage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

// memory is what a modem keeps when its power goes.
type memory struct {
	Version  string
	Staged   bool
	Applied  int  // updates that were applied
	Broken   bool // there is no firmware
	Answered []modem.UpdateOutcome
}

// patient is a modem whose memory is on the disk that is cut. It answers ApplyUpdate with one outcome of its list after the other, and done after that.
type patient struct {
	modem.Modem
	disk     *durabletest.Disk
	folder   *durable.Folder
	outcomes []modem.UpdateOutcome
	past     *past
}

// past is what had happened before a cut.
type past struct {
	keep                                   int64                // bytes of the download that were synced
	committed, scheduled, tried, postponed bool                 // tried: and the modem is at it
	final                                  *modem.UpdateOutcome // that the modem has given back, and that ends an update
	own                                    []int                // syncs that are the modem's
}

func (p *patient) recall() (m memory, err error) {
	content, err := p.folder.Read("memory")
	if errors.Is(err, fs.ErrNotExist) {
		return memory{Version: "1.0"}, nil
	}
	if err == nil {
		err = json.Unmarshal(content, &m)
	}
	return m, err
}

func (p *patient) keep(m memory) error {
	content, err := json.Marshal(m)
	before := p.disk.Syncs()
	err = errors.Join(err, p.folder.Write("memory", content))
	for n := before + 1; n <= p.disk.Syncs(); n++ {
		p.past.own = append(p.past.own, n)
	}
	return err
}

func (p *patient) StageUpdate(_ context.Context, _ modem.UpdateKind, file io.ReaderAt, size int64) error {
	read, err := io.ReadAll(io.NewSectionReader(file, 0, size))
	if err == nil && !bytes.Equal(read, patchwork) {
		return modem.ErrUpdateRefused
	}
	m, kept := p.recall()
	if err := errors.Join(err, kept); err != nil {
		return err
	}
	m.Staged = true
	return p.keep(m)
}

func (p *patient) StagedUpdate(context.Context) (bool, error) {
	m, err := p.recall()
	return m.Staged, err
}

func (p *patient) ApplyUpdate() (modem.UpdateOutcome, error) {
	p.past.tried = true // as must be known when the modem begins
	m, err := p.recall()
	if err != nil || !m.Staged {
		return modem.UpdateNone, err
	}
	outcome := modem.UpdateDone
	if n := len(m.Answered); n < len(p.outcomes) {
		outcome = p.outcomes[n]
	}
	m.Answered = append(m.Answered, outcome)
	m.Staged, m.Broken = outcome == modem.UpdateDeferred, outcome == modem.UpdateBroken
	if outcome == modem.UpdateDone {
		m.Applied++
		m.Version = fmt.Sprintf("2.%d", m.Applied)
	}
	if err := p.keep(m); err != nil {
		return modem.UpdateNone, err
	}
	p.past.tried = false // the answer is written down next
	if outcome == modem.UpdateDone || outcome == modem.UpdateRejected {
		p.past.final = &outcome
	}
	return outcome, nil
}

func (p *patient) Identity(context.Context) (data.Device, error) {
	m, err := p.recall()
	if m.Broken {
		err = errors.New("there is no firmware")
	}
	return data.Device{ModemFirmware: m.Version}, err
}

// patchwork is the image. It begins as a patch of modem firmware does, and nothing looks at it where it goes for whole firmware.
var patchwork = append([]byte{0, 0, 0, 0, 0x6d, 0x65, 0x44, 0x75}, bytes.Repeat([]byte("a patch "), 30)...)

// opened is a start of the firmware.
func opened(t *testing.T, disk *durabletest.Disk, outcomes []modem.UpdateOutcome, then *past) (*Target, *patient) {
	t.Helper()
	target, err := New(Config{Delta: true, Full: true, SkipPrevalidation: true})
	if err != nil {
		t.Fatal(err)
	}
	target.folder = func(path string) (*durable.Folder, error) { return durable.OpenOn(disk, path), nil }
	p := &patient{disk: disk, folder: durable.OpenOn(disk, "/modem"), outcomes: outcomes, past: then}
	if err := target.Open(fota.Host{DataDir: "/data", Modem: p, Logger: slog.New(slog.DiscardHandler)}); err != nil && !errors.Is(err, durabletest.ErrCut) {
		t.Fatal(err)
	}
	return target, p
}

// life is what happens to an image: it is downloaded from where it was, handed over, scheduled and applied by one start after the other.
func (c cutCase) life(t *testing.T, disk *durabletest.Disk, then *past) (is fota.Outcome, err error) {
	for range 10 {
		target, _ := opened(t, disk, c.outcomes, then)
		then.postponed = false
		err := target.Apply(t.Context())
		if errors.Is(err, durabletest.ErrCut) {
			return 0, err
		}
		why, _ := target.Postponed()
		then.postponed = why != nil
		switch is, _ = target.Outcome(); is {
		case fota.OutcomeInstalled, fota.OutcomeFailed:
			return is, nil
		case fota.OutcomeNone:
			err = c.download(t, target, then)
		default:
			err = nil
		}
		if err == nil {
			then.committed = true
			err = target.Schedule()
		}
		if err != nil {
			return 0, err
		}
		then.scheduled = true
	}
	return fota.OutcomePending, nil
}

func (c cutCase) plan(keep int64) fota.Plan {
	return fota.Plan{ID: "job 1", Type: c.kind, Size: int64(len(patchwork)), Keep: keep}
}

// download fetches what is missing, in pieces, with a sync after each, and commits.
func (c cutCase) download(t *testing.T, target *Target, then *past) error {
	i, err := target.Begin(t.Context(), c.plan(then.keep))
	if err != nil {
		return err
	}
	then.keep = i.Offset()
	for part := range slices.Chunk(patchwork[i.Offset():], 100) {
		_, err := i.Write(part)
		if err == nil {
			err = i.Sync()
		}
		if err != nil {
			return errors.Join(err, i.Close())
		}
		then.keep = i.Offset()
	}
	return i.Commit()
}

// cutCase is a modem's story and the end that an update must come to.
type cutCase struct {
	kind     fota.Type
	outcomes []modem.UpdateOutcome
	want     fota.Outcome
	applied  int
}

// TestPowerCuts: the power is cut at every operation, of the modem's memory too, from the first byte of the download until the image is gone. Afterwards
// the update comes to the same end; what was synced is taken up, an image that is needed is whole, and one that the modem has applied is not applied again.
func TestPowerCuts(t *testing.T) {
	for name, test := range map[string]cutCase{
		"done":              {fota.TypeModemDelta, nil, fota.OutcomeInstalled, 1},
		"deferred, done":    {fota.TypeModemDelta, []modem.UpdateOutcome{modem.UpdateDeferred, modem.UpdateDeferred}, fota.OutcomeInstalled, 1},
		"rejected":          {fota.TypeModemDelta, slices.Repeat([]modem.UpdateOutcome{modem.UpdateRejected}, 10), fota.OutcomeFailed, 0},
		"broken, then done": {fota.TypeFullModem, []modem.UpdateOutcome{modem.UpdateBroken}, fota.OutcomeInstalled, 1},
	} {
		t.Run(name, func(t *testing.T) {
			points, disks, violation := test.cuts(t, durabletest.Fault{})
			t.Logf("%d cut points, %d disks looked at", points, disks)
			if violation != "" || points < 60 || disks < 150 {
				t.Errorf("%s; fewer cases than 60 and 150 are too few", violation)
			}
		})
	}
}

// TestDroppedSyncs: the enumeration notices each sync of the update's folder that is left out.
func TestDroppedSyncs(t *testing.T) {
	test := cutCase{fota.TypeModemDelta, []modem.UpdateOutcome{modem.UpdateDeferred}, fota.OutcomeInstalled, 1}
	var then past
	disk := newDisk(t)
	disk.CutAfter(1 << 30)
	if _, err := test.life(t, disk, &then); err != nil {
		t.Fatal(err)
	}
	of := 0
	for n := 1; n <= disk.Syncs(); n++ {
		if slices.Contains(then.own, n) {
			continue
		}
		of++
		if _, _, violation := test.cuts(t, durabletest.Fault{DropNthSync: n}); violation == "" {
			t.Errorf("the sync %d is left out, and nothing is noticed", n)
		}
	}
	t.Logf("%d syncs, besides %d of the modem's", of, len(then.own))
}

func newDisk(t *testing.T) *durabletest.Disk {
	t.Helper()
	disk := durabletest.New()
	for _, folder := range []string{"/modem", "/data", "/data/" + folderName} {
		if _, err := durable.MakeOn(disk, folder); err != nil {
			t.Fatal(err)
		}
	}
	return disk
}

// cuts gives the number of cut points, that of disks looked at, and the first violation.
func (c cutCase) cuts(t *testing.T, fault durabletest.Fault) (points, disks int, violation string) {
	t.Helper()
	for at := 0; ; at++ {
		disk := newDisk(t)
		disk.SetFault(fault)
		disk.CutAfter(at)
		var then past
		is, err := c.life(t, disk, &then)
		if err == nil && disk.Operations() < at {
			if is != c.want {
				return points, disks, fmt.Sprintf("without a cut: %v", is)
			}
			return points, disks, ""
		}
		points++
		for found := range disk.Crashes() {
			disks++
			if violation := c.survives(t, found, then); violation != "" {
				return points, disks, fmt.Sprintf("cut after %d operations: %s", at, violation)
			}
		}
	}
}

// survives goes on from what was found after a cut.
func (c cutCase) survives(t *testing.T, disk *durabletest.Disk, then past) string {
	t.Helper()
	target, p := opened(t, disk, c.outcomes, &past{})
	m, err := p.recall()
	is, _ := target.Outcome()
	switch {
	case err != nil:
		return err.Error()
	case then.committed && is == fota.OutcomeNone:
		return "that there was an update is forgotten"
	case is == fota.OutcomePending && (then.scheduled && !target.store.Scheduled() || then.tried && !target.store.Trying() || then.postponed && target.store.Trying()):
		return "how far the update was is forgotten"
	case is == fota.OutcomePending:
		if err := target.Staged(); err != nil {
			return "the image is needed: " + err.Error()
		}
	case is == fota.OutcomeNone && then.keep > 0:
		i, err := target.Begin(t.Context(), c.plan(then.keep))
		if err != nil || i.Offset() != then.keep {
			return fmt.Sprintf("not %d bytes are taken up: %v", then.keep, err)
		}
		if err := i.Close(); err != nil {
			return err.Error()
		}
	}
	answered := len(m.Answered)
	if _, err := c.life(t, disk, &past{keep: then.keep}); err != nil {
		return err.Error()
	}
	target, p = opened(t, disk, nil, &past{})
	m, err = p.recall()
	is, reason := target.Outcome()
	switch {
	case err != nil || is != c.want || m.Applied != c.applied || (reason != nil) != (is == fota.OutcomeFailed):
		return fmt.Sprintf("%v (%v), the modem's memory %+v", is, reason, m)
	case then.final != nil && *then.final == modem.UpdateDone && len(m.Answered) != answered:
		return fmt.Sprintf("what the modem has done is done again: %v", m.Answered)
	}
	if _, err := disk.Open("/data/" + folderName + "/image"); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Sprintf("the image is left: %v", err)
	}
	return ""
}
