package jobs

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/backend/aws"
	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/application"
	"github.com/cloudgen/cloudgen/runtime/fota/http"
	"github.com/cloudgen/cloudgen/runtime/module"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// key signs and verifies fast: the signature is the digest.
type key struct{}

func (key) Hash() [32]byte                                 { return [32]byte{1} }
func (key) Signs() image.Type                              { return image.TypeEd25519 }
func (key) Verify(digest *[32]byte, signature []byte) bool { return bytes.Equal(digest[:], signature) }
func (key) Sign(digest *[32]byte) ([]byte, error)          { return bytes.Clone(digest[:]), nil }

// made makes a signed image of a version.
func made(t *testing.T, version uint8) []byte {
	t.Helper()
	payload := strings.Repeat(fmt.Sprintf("the program of version %d. ", version), 12)
	var out bytes.Buffer
	if err := image.Write(&out, strings.NewReader(payload), int64(len(payload)), image.Description{Version: image.Version{Major: version}}, key{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// files is a fota.Source with one file, in pieces of 50 bytes.
type files struct {
	mu      sync.Mutex
	content []byte
	asked   []int64
	broken  int64         // the connection breaks here, once; 0: it does not
	pause   time.Duration // before each piece
	refuse  *fota.Error   // of each request
}

// Fetch implements fota.Source.
func (f *files) Fetch(ctx context.Context, request fota.Request, into fota.Receiver) error {
	f.mu.Lock()
	version := fota.Version{Size: int64(len(f.content)), Validator: "v"}
	offset := request.Offset
	if request.Version != version {
		offset = 0
	}
	f.asked = append(f.asked, offset)
	refuse := f.refuse
	f.mu.Unlock()
	if refuse != nil {
		return refuse
	}
	if err := into.Begin(offset, version); err != nil {
		return err
	}
	for offset < version.Size {
		if f.pause > 0 {
			select {
			case <-time.After(f.pause):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		f.mu.Lock()
		breaks := f.broken > 0 && offset >= f.broken
		if breaks {
			f.broken = 0
		}
		f.mu.Unlock()
		if breaks {
			return &fota.Error{Cause: fota.CauseDownloadFailed, Problem: "the connection is lost", Retry: true}
		}
		end := min(offset+50, version.Size)
		if _, err := into.Write(f.content[offset:end]); err != nil {
			return err
		}
		offset = end
	}
	return nil
}

const slotsFolder, recordFolder = "/data/boot", "/data/fota"

func openSlots(disk durable.FS, running slots.Slot) (*slots.Slots, error) {
	return slots.Open(durable.OpenOn(disk, slotsFolder), slots.Config{Policy: image.Policy{Keys: []image.Key{key{}}}, NoDowngrade: true}, running)
}

// installed gives the disk of a device on which version 1 is confirmed.
func installed(t *testing.T) *durabletest.Disk {
	t.Helper()
	disk := durabletest.New()
	for _, each := range []string{slotsFolder, recordFolder} {
		if _, err := durable.MakeOn(disk, each); err != nil {
			t.Fatal(err)
		}
	}
	s, err := openSlots(disk, slots.None)
	if err == nil {
		err = s.Install(bytes.NewReader(made(t, 1)), int64(len(made(t, 1))))
	}
	if err != nil {
		t.Fatal(err)
	}
	return disk
}

// options is the configuration that tests begin with.
func options() Config {
	return Config{
		ThingMax: 64, StatusMax: 1350, DocumentMax: 1350, SecurityTag: 42, AllowedHosts: "*.example", ImageMax: 1 << 20,
		FOTA: fota.Config{
			Retries: 2, AutoSchedule: true, KeepProgress: true, FileNameMax: 128, HostNameMax: 128, URLMax: 512, TagsMax: 5, CheckpointBytes: 100,
		},
		HTTP: http.Config{
			RangeRequests: true, FragmentSize: "DOWNLOAD_CLIENT_HTTP_FRAG_SIZE_2048", Timeout: 30 * time.Second, HostNameMax: 255, FileNameMax: 255,
		},
	}
}

// device is a firmware with its bootloader, in a bubble of virtual time.
type device struct {
	t       *testing.T
	config  Config
	disk    *locked
	service *service
	files   *files
	bad     bool // version 2 never reaches the cloud

	jobs    *Jobs
	slots   *slots.Slots
	version uint8 // that runs
	restart bool  // is wanted
	mu      sync.Mutex
	events  []string
	refused []string
}

func newDevice(t *testing.T, config Config, disk *durabletest.Disk, s *service, f *files) *device {
	return &device{t: t, config: config, disk: &locked{disk: disk}, service: s, files: f}
}

// boot starts the device, as the bootloader and the cloud module do. It gives false where the power was cut meanwhile.
func (d *device) boot() bool {
	d.t.Helper()
	for range 10 {
		loader, err := openSlots(d.disk, slots.None)
		var b slots.Boot
		if err == nil {
			b, err = loader.Boot(3)
		}
		if err == nil {
			d.slots, err = openSlots(d.disk, b.Slot)
		}
		if d.disk.isDead() {
			return false
		}
		if err != nil {
			d.t.Fatal(err)
		}
		if d.version = b.Info.Header.Version.Major; d.version != 2 || !d.bad {
			return d.run()
		}
	}
	d.t.Fatal("the bad version runs for ever")
	return false
}

// run starts the part of the firmware that is about jobs, and connects it.
func (d *device) run() bool {
	d.t.Helper()
	jobs, err := New(d.config)
	if err != nil {
		d.t.Fatal(err)
	}
	jobs.disk = func(string) (*durable.Folder, error) { return durable.OpenOn(d.disk, recordFolder), nil }
	d.jobs, d.restart = jobs, false
	err = jobs.start(aws.JobsHost{
		Thing:  "thing",
		Device: module.Device{Version: fmt.Sprintf("%d.0.0", d.version), Targets: []fota.Target{application.Of(d.slots)}},
		Publish: func(_ context.Context, topic string, payload []byte) error {
			d.service.mu.Lock()
			connected := d.service.deliver != nil
			d.service.mu.Unlock()
			if d.disk.isDead() || !connected {
				return cloud.ErrNotConnected
			}
			d.service.publish(topic, payload)
			return nil
		},
		Notify: func(e cloud.Event) {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.disk.isDead() {
				return
			}
			d.events = append(d.events, strings.TrimPrefix(e.Type.String(), "CLOUD_EVT_FOTA_"))
			d.restart = d.restart || e.Type == cloud.EventFOTADone
		},
		Reject: func(topic string, err error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.refused = append(d.refused, topic+": "+err.Error())
		},
	}, slog.New(slog.DiscardHandler), map[string]fota.Source{"https": d.files})
	if err != nil {
		d.t.Fatal(err)
	}
	d.connect()
	return !d.disk.isDead()
}

// connect is what the cloud module does once the cloud can be used.
func (d *device) connect() {
	jobs := d.jobs
	d.service.mu.Lock()
	d.service.deliver = func(topic string, payload []byte) { jobs.Take(aws.JobsMessage{Topic: topic, Payload: payload}) }
	d.service.mu.Unlock()
	if err := d.slots.Confirm(); err != nil && !d.disk.isDead() {
		d.t.Fatal(err)
	}
	jobs.Usable()
}

func (d *device) disconnect() {
	d.service.mu.Lock()
	d.service.deliver = nil
	d.service.mu.Unlock()
	d.jobs.Unusable()
}

func (d *device) stop() {
	d.disconnect()
	d.jobs.Stop()
}

// wants tells whether a restart is wanted.
func (d *device) wants() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.restart
}

// live lets the device live for a time, with the restarts that it wants. It ends early where the power was cut, and when until is true.
func (d *device) live(limit time.Duration, until func() bool) {
	d.t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(time.Second) {
		synctest.Wait()
		switch {
		case d.disk.isDead(), until != nil && until():
			return
		case d.wants():
			d.stop()
			if !d.boot() {
				return
			}
		}
	}
}

func (d *device) story() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.events, " ")
}
