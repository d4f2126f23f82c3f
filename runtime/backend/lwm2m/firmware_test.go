package lwm2m

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/application"
	"github.com/cloudgen/cloudgen/runtime/fota/fotatest"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/firmware"
)

// signature signs and verifies fast: it is the digest with a byte of the key's. The key of 0 is the device's.
type signature byte

func (s signature) Hash() [32]byte  { return [32]byte{byte(s)} }
func (signature) Signs() image.Type { return image.TypeEd25519 }
func (s signature) Verify(digest *[32]byte, signature []byte) bool {
	return bytes.Equal(append(digest[:], byte(s)), signature)
}
func (s signature) Sign(digest *[32]byte) ([]byte, error) { return append(digest[:], byte(s)), nil }

// forger names the device's key, and has another.
type forger struct{ signature }

func (forger) Hash() [32]byte { return [32]byte{} }

func imageOf(t *testing.T, description image.Description, by image.Signer) []byte {
	t.Helper()
	content := strings.Repeat("program ", 50)
	var out bytes.Buffer
	if err := image.Write(&out, strings.NewReader(content), int64(len(content)), description, by); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func version(major uint8) image.Description {
	return image.Description{Version: image.Version{Major: major}}
}

// slotted makes a disk with version 5 in its slots, which runs, and object 5's target on it.
func slotted(t *testing.T) (*durabletest.Disk, firmware.Target) {
	t.Helper()
	disk := durabletest.New()
	folder, err := durable.MakeOn(disk, "/data/boot")
	if err != nil {
		t.Fatal(err)
	}
	config := slots.Config{Policy: image.Policy{Keys: []image.Key{signature(0)}}, NoDowngrade: true}
	loader, err := slots.Open(folder, config, slots.None)
	if err == nil {
		first := imageOf(t, version(5), signature(0))
		err = loader.Install(bytes.NewReader(first), int64(len(first)))
	}
	if err != nil {
		t.Fatal(err)
	}
	running, err := slots.Open(folder, config, slots.A)
	if err != nil {
		t.Fatal(err)
	}
	return disk, FirmwareTarget([]fota.Target{application.Of(running)}, durable.OpenOn(disk, "/data"))
}

// put writes an image in pieces, and commits it.
func put(to firmware.Target, content []byte, announced int64) error {
	i, err := to.Begin(announced)
	if err != nil {
		return err
	}
	for piece := range slices.Chunk(content, 30) {
		if _, err := i.Write(piece); err != nil {
			i.Abort()
			return err
		}
	}
	return i.Commit()
}

func TestFirmwareImages(t *testing.T) {
	good := imageOf(t, version(6), signature(0))
	damaged := bytes.Clone(good)
	damaged[100]++
	for name, test := range map[string]struct {
		content   []byte
		announced int64
		room      int64 // bytes; 0: any
		want      error // nil: it is staged
	}{
		"whole":               {good, int64(len(good)), 0, nil},
		"of unknown size":     {good, -1, 0, nil},
		"announced as empty":  {good, 0, 0, nil},
		"damaged":             {damaged, -1, 0, firmware.ErrIntegrity},
		"truncated":           {good[:len(good)-1], -1, 0, firmware.ErrIntegrity},
		"ended early":         {good[:200], int64(len(good)), 0, firmware.ErrIntegrity},
		"longer than said":    {good, int64(len(good)) - 1, 0, firmware.ErrIntegrity},
		"with a tail":         {append(bytes.Clone(good), "tail"...), -1, 0, firmware.ErrIntegrity},
		"unsigned":            {imageOf(t, version(6), nil), -1, 0, firmware.ErrIntegrity},
		"of an unknown key":   {imageOf(t, version(6), signature(1)), -1, 0, firmware.ErrIntegrity},
		"wrongly signed":      {imageOf(t, version(6), forger{1}), -1, 0, firmware.ErrIntegrity},
		"older":               {imageOf(t, version(4), signature(0)), -1, 0, firmware.ErrUnsupported},
		"of another board":    {imageOf(t, image.Description{Version: image.Version{Major: 6}, Claims: image.Claims{Boards: []string{"other"}}}, signature(0)), -1, 0, firmware.ErrUnsupported},
		"no image":            {bytes.Repeat([]byte("no image"), 20), -1, 0, firmware.ErrUnsupported},
		"a delta of a modem":  {append([]byte("....meDu"), make([]byte, 100)...), -1, 0, firmware.ErrUnsupported},
		"too short":           {good[:fota.RecognizedSize-1], -1, 0, firmware.ErrUnsupported},
		"nothing":             {nil, -1, 0, firmware.ErrUnsupported},
		"too big when begun":  {good, int64(len(good)), 100, firmware.ErrNoSpace},
		"too big on the way":  {good, -1, 100, firmware.ErrNoSpace},
		"too big at the last": {good, -1, int64(len(good)), firmware.ErrNoSpace},
	} {
		t.Run(name, func(t *testing.T) {
			disk, to := slotted(t)
			if test.room > 0 {
				disk.SetRoom(1 << 20)
				free, err := disk.Free("")
				if err != nil {
					t.Fatal(err)
				}
				disk.SetRoom(1<<20 - free + test.room)
			}
			err := put(to, test.content, test.announced)
			if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			if err == nil {
				if err := errors.Join(to.Staged(), to.Install(), to.Install()); err != nil {
					t.Error(err)
				}
				if err := to.Installed(); err == nil || errors.Is(err, firmware.ErrReverted) {
					t.Errorf("it is installed before the restart: %v", err)
				}
			} else if to.Staged() == nil || to.Install() == nil {
				t.Error("it can be installed")
			}
			if err := to.Discard(); err != nil {
				t.Error(err)
			}
			if to.Staged() == nil {
				t.Error("it is there after Discard")
			}
			for path := range disk.Names() {
				if strings.Contains(path, "incoming") {
					t.Errorf("left is %s", path)
				}
			}
			disk.SetRoom(-1)
			if err := put(to, good, -1); err != nil {
				t.Errorf("the next one: %v", err)
			}
		})
	}
}

// fated is a target with an outcome.
type fated struct {
	fotatest.Target
	outcome   fota.Outcome
	reason    error
	forgotten int
}

func (f *fated) Outcome() (fota.Outcome, error) { return f.outcome, f.reason }

func (f *fated) Forget() error {
	f.forgotten++
	return f.Target.Forget()
}

// Of several targets the image goes to that of its type, and the outcome is that target's, after a restart too.
func TestFirmwareTargets(t *testing.T) {
	state, err := durable.Make(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	app := &fated{}
	modem := &fated{Target: fotatest.Target{Kinds: fota.TypeModemDelta | fota.TypeFullModem}}
	both := []fota.Target{app, modem}
	to := FirmwareTarget(both, state)
	if err := to.Installed(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before the first update: %v", err)
	}
	delta := append([]byte("....meDu"), make([]byte, 100)...)
	if err := put(to, delta, -1); err != nil || !bytes.Equal(modem.Committed, delta) || app.Committed != nil {
		t.Fatalf("%v; the modem has %d bytes", err, len(modem.Committed))
	}
	if err := to.Install(); err != nil || modem.Scheduled == nil {
		t.Fatal(err)
	}
	app.outcome, app.reason = fota.OutcomeFailed, errors.New("long ago")
	for _, test := range []struct {
		outcome  fota.Outcome
		ok       bool
		reverted bool
	}{
		{fota.OutcomeNone, false, false}, {fota.OutcomePending, false, false}, {fota.OutcomeTrial, true, false}, {fota.OutcomeInstalled, true, false},
		{fota.OutcomeFailed, false, true},
	} {
		modem.outcome, modem.reason = test.outcome, nil
		if test.reverted {
			modem.reason = errors.New("the modem did not take it")
		}
		err := FirmwareTarget(both, state).Installed()
		if (err == nil) != test.ok || errors.Is(err, firmware.ErrReverted) != test.reverted || test.reverted && !errors.Is(err, modem.reason) {
			t.Errorf("outcome %d: %v", test.outcome, err)
		}
	}
	if err := FirmwareTarget(both[:1], state).Installed(); err == nil || !strings.Contains(err.Error(), "MODEM_DELTA") {
		t.Errorf("without the target: %v", err)
	}
	modem.Committed = nil
	for outcome, runs := range map[fota.Outcome]bool{fota.OutcomeFailed: false, fota.OutcomeTrial: true, fota.OutcomeInstalled: true} {
		modem.outcome, modem.reason = outcome, errors.New("the modem says so")
		if err := to.Staged(); errors.Is(err, firmware.ErrRuns) != runs || err == nil {
			t.Errorf("outcome %d, and nothing staged: %v", outcome, err)
		}
	}
	if err := to.Discard(); err != nil || app.forgotten != 1 || modem.forgotten != 1 {
		t.Errorf("%v; forgotten %d and %d times", err, app.forgotten, modem.forgotten)
	}
	// The next download is another image: what became of this one says nothing of it.
	modem.outcome = fota.OutcomeInstalled
	if err := put(to, delta[:40], 1000); err != nil {
		t.Fatal(err)
	}
	modem.Committed = nil
	if err := to.Staged(); err == nil || errors.Is(err, firmware.ErrRuns) {
		t.Errorf("an image that is gone: %v", err)
	}
}

func TestFirmwareErrors(t *testing.T) {
	for _, test := range []struct{ err, want error }{
		{fmt.Errorf("write: %w", syscall.ENOSPC), firmware.ErrNoSpace},
		{syscall.EDQUOT, firmware.ErrNoSpace},
		{fota.ErrTooBig, firmware.ErrNoSpace},
		{fmt.Errorf("%w: %w", fota.ErrRefused, &image.Refusal{Reason: image.TooLarge}), firmware.ErrNoSpace},
		{fota.ErrRefused, firmware.ErrUnsupported},
	} {
		if err := explained(test.err); !errors.Is(err, test.want) || !errors.Is(err, test.err) {
			t.Errorf("%v: %v", test.err, err)
		}
	}
	for _, each := range []error{nil, slots.ErrNoBootloader, slots.ErrUnconfirmed, syscall.EIO, context.Canceled} {
		if err := explained(each); !errors.Is(err, each) || errors.Is(err, firmware.ErrNoSpace) || errors.Is(err, firmware.ErrIntegrity) {
			t.Errorf("%v: %v", each, err)
		}
	}
	for reason := image.NotAnImage; reason <= image.TrailingGarbage; reason++ {
		if meaningOf(reason) == nil {
			t.Errorf("%v means nothing", reason)
		}
	}
}

// What is of no type that is known goes to the target of anything else, where there is one.
func TestFirmwareOfUnknownType(t *testing.T) {
	app, other := &fated{}, &fated{Target: fotatest.Target{Kinds: fota.TypeCustom}}
	to := FirmwareTarget([]fota.Target{app, other}, durable.Open(t.TempDir()))
	bundle := bytes.Repeat([]byte("bundle "), 20)
	if err := put(to, bundle, -1); err != nil || !bytes.Equal(other.Committed, bundle) {
		t.Errorf("%v: %q", err, other.Committed)
	}
	if err := to.Install(); err != nil || !bytes.Equal(other.Scheduled, bundle) {
		t.Error(err)
	}
}

// On a device without bootloader the server is told why nothing can be installed.
func TestFirmwareWithoutBootloader(t *testing.T) {
	target, err := application.New(application.Config{})
	if err != nil {
		t.Fatal(err)
	}
	to := FirmwareTarget([]fota.Target{target}, durable.Open(t.TempDir()))
	if err := put(to, imageOf(t, version(1), nil), -1); !errors.Is(err, slots.ErrNoBootloader) {
		t.Error(err)
	}
}
