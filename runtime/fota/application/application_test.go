package application_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/application"
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
	check(t, image.Write(&out, strings.NewReader(payload), int64(len(payload)), image.Description{Version: image.Version{Major: version}}, key{}))
	return out.Bytes()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const slotsFolder, recordFolder = "/data/boot", "/data/fota"

func open(disk durable.FS, running slots.Slot) (*slots.Slots, error) {
	return slots.Open(durable.OpenOn(disk, slotsFolder), slots.Config{Policy: image.Policy{Keys: []image.Key{key{}}}, NoDowngrade: true}, running)
}

// installed gives the disk of a device on which version 1 is confirmed.
func installed(t *testing.T) *durabletest.Disk {
	t.Helper()
	disk := durabletest.New()
	for _, each := range []string{slotsFolder, recordFolder} {
		_, err := durable.MakeOn(disk, each)
		check(t, err)
	}
	s, err := open(disk, slots.None)
	check(t, err)
	check(t, s.Install(bytes.NewReader(made(t, 1)), int64(len(made(t, 1)))))
	return disk
}

// boot is the bootloader's part of a start. It gives the slots as the firmware sees them, and its version.
func boot(t *testing.T, disk durable.FS) (*slots.Slots, uint8) {
	t.Helper()
	loader, err := open(disk, slots.None)
	check(t, err)
	b, err := loader.Boot(3)
	check(t, err)
	firmware, err := open(disk, b.Slot)
	check(t, err)
	return firmware, b.Info.Header.Version.Major
}

// server is a fota.Source with one file, given in pieces of 50 bytes.
type server struct {
	content []byte
	asked   []int64
	broken  int64 // the connection breaks here, once; 0: it does not
}

// Fetch implements fota.Source.
func (s *server) Fetch(_ context.Context, request fota.Request, into fota.Receiver) error {
	version := fota.Version{Size: int64(len(s.content)), Validator: "v"}
	offset := request.Offset
	if request.Version != version {
		offset = 0
	}
	s.asked = append(s.asked, offset)
	if err := into.Begin(offset, version); err != nil {
		return err
	}
	for offset < version.Size {
		if s.broken > 0 && offset >= s.broken {
			s.broken = 0
			return &fota.Error{Cause: fota.CauseDownloadFailed, Retry: true}
		}
		end := min(offset+50, version.Size)
		if _, err := into.Write(s.content[offset:end]); err != nil {
			return err
		}
		offset = end
	}
	return nil
}

// download is the firmware's part.
func download(t *testing.T, disk durable.FS, s *slots.Slots, from *server) (last fota.Event) {
	t.Helper()
	d := fota.New(
		fota.Config{Retries: 2, AutoSchedule: true, KeepProgress: true, FileNameMax: 128, HostNameMax: 128, URLMax: 512, TagsMax: 5, CheckpointBytes: 100},
		fota.Platform{
			Sources: map[string]fota.Source{"https": from}, Targets: []fota.Target{application.Of(s)},
			Folder: durable.OpenOn(disk, recordFolder), Tell: func(e fota.Event) { last = e },
		})
	check(t, d.Start(t.Context(), fota.Job{URL: "https://files.example/firmware"}))
	d.Wait()
	return last
}

func TestUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := installed(t)
		firmware, version := boot(t, disk)
		if version != 1 {
			t.Fatalf("version %d runs", version)
		}
		damaged := made(t, 2)
		damaged[100]++
		unknown := bytes.Clone(made(t, 2))
		for name, test := range map[string]struct {
			content []byte
			want    error
		}{
			"damaged":   {damaged, fota.ErrRefused},
			"downgrade": {made(t, 0), fota.ErrRefused},
			"truncated": {unknown[:len(unknown)-10], fota.ErrRefused},
		} {
			if last := download(t, disk, firmware, &server{content: test.content}); last.Kind != fota.EventError || last.Err.Cause != fota.CauseInvalidUpdate || !errors.Is(last.Err, test.want) {
				t.Errorf("%s: %v, %v", name, last.Kind, last.Err)
			}
		}
		from := &server{content: made(t, 2), broken: 200}
		if last := download(t, disk, firmware, from); last.Kind != fota.EventFinished || len(from.asked) != 2 || from.asked[1] != 200 {
			t.Fatalf("%v: %v; asked for %v", last.Kind, last.Err, from.asked)
		}
		// The same job once more: nothing is asked for but the file's version, and the image stays.
		again := &server{content: made(t, 2)}
		if last := download(t, disk, firmware, again); last.Kind != fota.EventFinished {
			t.Errorf("again: %v: %v", last.Kind, last.Err)
		}
		firmware, version = boot(t, disk)
		if version != 2 {
			t.Fatalf("version %d runs", version)
		}
		if last := download(t, disk, firmware, &server{content: made(t, 3)}); last.Err == nil || last.Err.Cause != fota.CauseDFU || !errors.Is(last.Err, slots.ErrUnconfirmed) {
			t.Errorf("on trial: %v: %v", last.Kind, last.Err)
		}
		check(t, firmware.Confirm())
		if _, version = boot(t, disk); version != 2 {
			t.Errorf("version %d runs", version)
		}
	})
}

// The power is cut at every operation of a download with its installation. After it, version 1 or the whole version 2 runs; where it is version 1,
// the download goes on and ends with version 2.
func TestPowerCuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		whole := made(t, 2)
		start := installed(t)
		points, disks, asked := 0, 0, 0
		for at := 0; ; at++ {
			disk := start.Clone()
			firmware, _ := boot(t, disk)
			disk.CutAfter(at)
			finished := download(t, disk, firmware, &server{content: whole, broken: 200}).Kind == fota.EventFinished
			if finished && disk.Operations() < at {
				break
			}
			points++
			for found := range disk.Crashes() {
				disks++
				firmware, version := boot(t, found)
				if version == 1 {
					from := &server{content: whole}
					if last := download(t, found, firmware, from); last.Kind != fota.EventFinished {
						t.Fatalf("cut after %d operations: %v: %v", at, last.Kind, last.Err)
					}
					if len(from.asked) == 0 {
						asked++
					}
					firmware, version = boot(t, found)
				}
				if version != 2 {
					t.Fatalf("cut after %d operations: version %d runs", at, version)
				}
				check(t, firmware.Confirm())
				if _, version = boot(t, found); version != 2 {
					t.Fatalf("cut after %d operations: version %d runs after the confirmation", at, version)
				}
			}
		}
		t.Logf("%d cut points, %d disks looked at, %d of them had all of the image", points, disks, asked)
		if points < 50 || disks < 200 || asked == 0 {
			t.Error("the enumeration has lost cases")
		}
	})
}
