package lwm2m

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/firmware"
)

// flash is a firmware.Target in memory, with a program that runs. Images are made by newImage.
type flash struct {
	capacity int   // bytes; 0: no limit
	begin    error // of Begin; nil: none
	worn     bool  // Install fails

	mu      sync.Mutex
	staged  []byte
	next    []byte // installed, runs after the restart
	current []byte // runs
}

const imageMagic = "IMAGE"

// newImage makes an image of a size and a version of five letters.
func newImage(version string, size int) []byte {
	image := append([]byte(imageMagic+version), bytes.Repeat([]byte("cloudgen"), size/8+1)...)[:size-sha256.Size]
	sum := sha256.Sum256(image)
	return append(image, sum[:]...)
}

func newFlash() *flash { return &flash{current: newImage("1.0.0", 1000)} }

// boot starts what was installed, and gives its version.
func (f *flash) boot() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.next != nil {
		f.current, f.next = f.next, nil
	}
	return string(f.current[len(imageMagic):][:5])
}

func (f *flash) Begin(size int64) (firmware.Image, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.staged = nil
	if f.begin != nil {
		return nil, f.begin
	}
	if f.capacity > 0 && size > int64(f.capacity) {
		return nil, fmt.Errorf("%w: %d bytes", firmware.ErrNoSpace, size)
	}
	return &flashImage{flash: f, content: make([]byte, 0, min(max(0, size), 4<<20))}, nil
}

func (f *flash) Staged() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.staged == nil {
		return errors.New("nothing is staged")
	}
	return nil
}

func (f *flash) Install() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.worn {
		return errors.New("the flash is worn")
	}
	f.next = f.staged
	return nil
}

func (f *flash) Installed() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !bytes.Equal(f.current, f.staged) {
		return errors.New("something else runs")
	}
	return nil
}

func (f *flash) Discard() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.staged = nil
	return nil
}

type flashImage struct {
	flash   *flash
	content []byte
}

func (i *flashImage) Write(part []byte) (int, error) {
	i.content = append(i.content, part...)
	if n := min(len(i.content), len(imageMagic)); string(i.content[:n]) != imageMagic[:n] {
		return 0, firmware.ErrUnsupported
	}
	if limit := i.flash.capacity; limit > 0 && len(i.content) > limit {
		return 0, firmware.ErrNoSpace
	}
	return len(part), nil
}

func (i *flashImage) Commit() error {
	body := max(0, len(i.content)-sha256.Size)
	if sum := sha256.Sum256(i.content[:body]); !bytes.Equal(sum[:], i.content[body:]) {
		return firmware.ErrIntegrity
	}
	i.flash.mu.Lock()
	defer i.flash.mu.Unlock()
	i.flash.staged = i.content
	return nil
}

func (i *flashImage) Abort() {}
