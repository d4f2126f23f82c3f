package fota_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/fotatest"
)

// imageOf makes an MCUboot image, as far as its first bytes tell, of a size.
func imageOf(size int, seed byte) []byte {
	image := make([]byte, size)
	for i := range image {
		image[i] = byte(i)*7 + byte(i>>8) + seed
	}
	copy(image, []byte{0x3d, 0xb8, 0xf3, 0x96})
	return image
}

// server is a fota.Source with one file.
type server struct {
	content []byte
	version fota.Version
	piece   int                      // bytes of a Write; 0: 64
	cut     func(offset int64) error // is asked before each piece; an error ends the Fetch
	asked   []int64                  // offsets of the requests
	fetch   func(n int) error        // of the nth request, from 1, before anything else
}

func serve(content []byte, validator string) *server {
	return &server{content: content, version: fota.Version{Size: int64(len(content)), Validator: validator}}
}

// Fetch implements fota.Source.
func (s *server) Fetch(ctx context.Context, request fota.Request, into fota.Receiver) error {
	s.asked = append(s.asked, request.Offset)
	if s.fetch != nil {
		if err := s.fetch(len(s.asked)); err != nil {
			return err
		}
	}
	offset := request.Offset
	if request.Version != s.version {
		offset = 0
	}
	if err := into.Begin(offset, s.version); err != nil {
		return err
	}
	piece := max(s.piece, 1)
	if s.piece == 0 {
		piece = 64
	}
	for offset < int64(len(s.content)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.cut != nil {
			if err := s.cut(offset); err != nil {
				return err
			}
		}
		part := s.content[offset:min(offset+int64(piece), int64(len(s.content)))]
		if _, err := into.Write(part); err != nil {
			return err
		}
		offset += int64(len(part))
	}
	return nil
}

var errReset = errors.New("connection reset by peer")

// broken is an error that another try may get over.
func broken() error {
	return &fota.Error{Cause: fota.CauseDownloadFailed, Problem: "the connection is lost", Retry: true, Err: errReset}
}

// usual is a configuration as the options give it by default, with progress told and kept.
var usual = fota.Config{
	Retries: 2, ProgressEvents: true, AutoSchedule: true, KeepProgress: true, FileNameMax: 128, HostNameMax: 128, URLMax: 512, TagsMax: 5,
}

const address = "https://files.example/image.bin"

// device downloads, and notes what is told.
type device struct {
	testing.TB
	config fota.Config
	target *fotatest.Target
	folder *durable.Folder
	events []fota.Event
	told   func(fota.Event)
	*fota.Downloader
}

func newDevice(t testing.TB, config fota.Config, source fota.Source, folder *durable.Folder) *device {
	d := &device{TB: t, config: config, target: &fotatest.Target{}, folder: folder}
	d.build(source, []fota.Target{d.target})
	return d
}

func (d *device) build(source fota.Source, targets []fota.Target) {
	d.Downloader = fota.New(d.config, fota.Platform{
		Sources: map[string]fota.Source{"https": source}, Targets: targets, Folder: d.folder,
		Tell: func(e fota.Event) {
			d.events = append(d.events, e)
			if d.told != nil {
				d.told(e)
			}
		},
	})
}

// download starts a job and waits for its end. It gives the events, with runs of progress shortened.
func (d *device) download(job fota.Job) string {
	d.Helper()
	d.events = nil
	if err := d.Start(d.Context(), job); err != nil {
		d.Fatal(err)
	}
	d.Wait()
	return d.story()
}

func (d *device) story() string {
	var story []string
	for i, e := range d.events {
		text := strings.TrimPrefix(e.Kind.String(), "FOTA_DOWNLOAD_EVT_")
		switch e.Kind {
		case fota.EventProgress:
			inside := i > 0 && i+1 < len(d.events) && d.events[i-1].Kind == e.Kind && d.events[i+1].Kind == e.Kind &&
				d.events[i-1].Percent < e.Percent && e.Percent < d.events[i+1].Percent
			if inside {
				continue
			}
			text = fmt.Sprintf("%d%%", e.Percent)
		case fota.EventError:
			text = strings.TrimPrefix(e.Err.Cause.String(), "FOTA_DOWNLOAD_ERROR_CAUSE_")
		}
		story = append(story, text)
	}
	return strings.Join(story, " ")
}

func (d *device) wantStory(got, want string) {
	d.Helper()
	if got != want {
		d.Errorf("events: %s; want: %s; last: %+v", got, want, d.last())
	}
}

func (d *device) last() fota.Event {
	if len(d.events) == 0 {
		return fota.Event{}
	}
	return d.events[len(d.events)-1]
}

func (d *device) wantImage(want []byte) {
	d.Helper()
	if !slices.Equal(d.target.Scheduled, want) {
		d.Errorf("an image of %d bytes is scheduled, which is not the one of %d", len(d.target.Scheduled), len(want))
	}
	if d.target.IsOpen() {
		d.Error("an image was left open")
	}
}
