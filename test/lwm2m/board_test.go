package lwm2m

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/backend/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/application"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/firmware"
)

// The folders of a board.
const (
	dataFolder  = "/data"
	slotsFolder = "/data/" + slots.FolderName
)

// trialStarts is BOOT_TRIAL_STARTS: more than one, so that a power cut on trial does not give up the image.
const trialStarts = 3

// Versions that a board may run.
const (
	oldVersion = 1
	newVersion = 2
	badVersion = 9 // registers, and is never confirmed
)

// board is what of a device outlives its programs, and can lose its power: the disk, with two slots and what programs keep. It plays the
// bootloader between their runs.
type board struct {
	disk  *guarded
	state *durable.Folder // of the programs

	mu        sync.Mutex
	slots     *slots.Slots // as the program that runs sees them
	version   int          // of it
	confirmed int          // the newest version of which that was kept
}

// sealed is a key that signs and verifies fast: the signature is the digest.
type sealed struct{}

func (sealed) Hash() [32]byte    { return [32]byte{1} }
func (sealed) Signs() image.Type { return image.TypeEd25519 }
func (sealed) Verify(digest *[32]byte, signature []byte) bool {
	return bytes.Equal(digest[:], signature)
}
func (sealed) Sign(digest *[32]byte) ([]byte, error) { return bytes.Clone(digest[:]), nil }

// signed makes a signed image of a version and about a size.
func signed(t testing.TB, version, size int) []byte {
	t.Helper()
	line := fmt.Sprintf("the program of version %d. ", version)
	payload := strings.Repeat(line, size/len(line)+1)
	var out bytes.Buffer
	if err := image.Write(&out, strings.NewReader(payload), int64(len(payload)), image.Description{Version: image.Version{Major: uint8(version)}}, sealed{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// newBoard makes a board on which the old version is confirmed.
func newBoard(t testing.TB) *board {
	t.Helper()
	disk := durabletest.New()
	if _, err := durable.MakeOn(disk, slotsFolder); err != nil {
		t.Fatal(err)
	}
	b := boardOf(disk)
	loader, err := b.open(slots.None)
	if err == nil {
		content := signed(t, oldVersion, 100)
		err = loader.Install(bytes.NewReader(content), int64(len(content)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// boardOf gives the board that has this disk.
func boardOf(disk *durabletest.Disk) *board {
	guard := &guarded{disk: disk, cut: make(chan struct{})}
	return &board{disk: guard, state: durable.OpenOn(guard, dataFolder)}
}

func (b *board) open(running slots.Slot) (*slots.Slots, error) {
	config := slots.Config{Policy: image.Policy{Keys: []image.Key{sealed{}}, Board: ""}, NoDowngrade: true}
	return slots.Open(durable.OpenOn(b.disk, slotsFolder), config, running)
}

// start is the bootloader: it gives up a new version that was not confirmed in time, and starts what is to run. It gives its target of images.
func (b *board) start() (firmware.Target, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	loader, err := b.open(slots.None)
	if err != nil {
		return nil, err
	}
	if b.version == badVersion {
		if _, err := loader.Fail("it was not confirmed in time"); err != nil {
			return nil, err
		}
	}
	boot, err := loader.Boot(trialStarts)
	if err != nil {
		return nil, errors.Join(err, b.disk.power())
	}
	if b.slots, err = b.open(boot.Slot); err != nil {
		return nil, err
	}
	b.version = int(boot.Info.Header.Version.Major)
	return lwm2m.FirmwareTarget([]fota.Target{application.Of(b.slots)}, b.state), nil
}

// runs gives the version that runs.
func (b *board) runs() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.version
}

// registered is what the cloud module does when the cloud can be used: it confirms the firmware. False: this one has to be given up.
func (b *board) registered() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.version == badVersion {
		return false
	}
	if b.slots.Confirm() == nil {
		b.confirmed = max(b.confirmed, b.version)
	}
	return true
}

// wasConfirmed gives the newest version whose confirmation was kept.
func (b *board) wasConfirmed() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.confirmed
}

// slotState is what is kept of the slots.
func (b *board) slotState() slots.State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.slots.State()
}

// guarded is a disk for several goroutines that tells when its power is cut.
type guarded struct {
	mu   sync.Mutex
	disk *durabletest.Disk
	off  bool
	cut  chan struct{} // closed with the first operation that fails for want of power
}

// do carries out an operation.
func (g *guarded) do(operation func() error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	err := operation()
	if errors.Is(err, durabletest.ErrCut) && !g.off {
		g.off = true
		close(g.cut)
	}
	return err
}

// power is durabletest.ErrCut when there is none.
func (g *guarded) power() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.off {
		return durabletest.ErrCut
	}
	return nil
}

// setRoom limits how many bytes all files together may have.
func (g *guarded) setRoom(bytes int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.disk.SetRoom(bytes)
}

// clone gives what is on it now.
func (g *guarded) clone() *durabletest.Disk {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.disk.Clone()
}

func (g *guarded) Create(path string, mode fs.FileMode) (made durable.File, err error) {
	err = g.do(func() error { made, err = g.disk.Create(path, mode); return err })
	return &guardedFile{made, g}, err
}

func (g *guarded) Edit(path string) (opened durable.File, err error) {
	err = g.do(func() error { opened, err = g.disk.Edit(path); return err })
	return &guardedFile{opened, g}, err
}

func (g *guarded) Open(path string) (opened durable.Reader, err error) {
	err = g.do(func() error { opened, err = g.disk.Open(path); return err })
	return opened, err
}

func (g *guarded) Rename(from, to string) error {
	return g.do(func() error { return g.disk.Rename(from, to) })
}

func (g *guarded) Remove(path string) error {
	return g.do(func() error { return g.disk.Remove(path) })
}

func (g *guarded) MakeFolder(path string) error {
	return g.do(func() error { return g.disk.MakeFolder(path) })
}

func (g *guarded) SyncFolder(path string) error {
	return g.do(func() error { return g.disk.SyncFolder(path) })
}

func (g *guarded) Free(folder string) (free int64, err error) {
	err = g.do(func() error { free, err = g.disk.Free(folder); return err })
	return free, err
}

// guardedFile is a file of a guarded disk that is written.
type guardedFile struct {
	durable.File
	disk *guarded
}

func (f *guardedFile) Write(part []byte) (n int, err error) {
	err = f.disk.do(func() error { n, err = f.File.Write(part); return err })
	return n, err
}

func (f *guardedFile) WriteAt(part []byte, at int64) (n int, err error) {
	err = f.disk.do(func() error { n, err = f.File.WriteAt(part, at); return err })
	return n, err
}

func (f *guardedFile) ReadAt(part []byte, at int64) (n int, err error) {
	err = f.disk.do(func() error { n, err = f.File.ReadAt(part, at); return err })
	return n, err
}

func (f *guardedFile) Truncate(size int64) error {
	return f.disk.do(func() error { return f.File.Truncate(size) })
}

func (f *guardedFile) Size() (size int64, err error) {
	err = f.disk.do(func() error { size, err = f.File.Size(); return err })
	return size, err
}

func (f *guardedFile) Sync() error  { return f.disk.do(f.File.Sync) }
func (f *guardedFile) Close() error { return f.disk.do(f.File.Close) }
