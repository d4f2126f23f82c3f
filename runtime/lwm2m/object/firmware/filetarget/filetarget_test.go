package filetarget

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
)

// fileDevice is a device that keeps images in files, and of which the program that runs is given.
func fileDevice(t *testing.T, running []byte) (*device, *Target) {
	t.Helper()
	to := New(filepath.Join(t.TempDir(), "new", "firm[w]are"))
	to.running = func() (file, error) { return &content{*bytes.NewReader(running)}, nil }
	return newDevice(t, to), to
}

// content is a file that is read.
type content struct{ bytes.Reader }

func (*content) Write([]byte) (int, error) { return 0, syscall.EBADF }
func (*content) Sync() error               { return nil }
func (*content) Close() error              { return nil }

func names(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	var all []string
	for _, each := range entries {
		all = append(all, each.Name())
	}
	return strings.Join(all, " ")
}

// push pushes an image in blocks, and gives the last answer.
func (d *device) push(image []byte) string {
	d.Begin(uint32(len(image)), "")
	for block := range slices.Chunk(image, 1<<16) {
		if code := d.More(string(block)); code != "2.31" {
			return code
		}
	}
	return d.Last("")
}

func TestFileTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, image := elf(machine{2, 1, 62}), testProgram(t)
		running := &content{}
		d, to := fileDevice(t, old)
		if got, err := readMachine(bytes.NewReader(image)); err == nil {
			old = elf(got) // for the machine that the test runs on
		}
		to.running = func() (file, error) { running.Reset(old); return running, nil }
		equal(t, "push", d.push(image), "2.04")
		d.Want("push", "2/0")
		equal(t, "files", names(t, to.folder), "image image.sha256")
		sum := sha256.Sum256(image)
		if kept, err := os.ReadFile(to.path(hashFile)); err != nil || string(kept) != hex.EncodeToString(sum[:])+"\n" {
			t.Errorf("hash %q, %v", kept, err)
		}
		d.restart()
		d.Want("restart", "2/0")
		equal(t, "Update", d.Execute(), "2.04")
		d.Want("Update", "3/0")
		equal(t, "restarts", d.host.restarts, 1)
		info, err := os.Stat(to.path(installedFile))
		if err != nil || info.Mode().Perm() != 0o700 || info.Size() != int64(len(image)) {
			t.Errorf("installed: %v, %v", info, err)
		}
		d.restart() // the old program runs still
		d.Want("restart into the old program", "2/8")
		equal(t, "files", names(t, to.folder), "image image.installed image.sha256")
		equal(t, "Update", d.Execute(), "2.04")
		d.Want("Update", "3/0")
		to.running = func() (file, error) { return to.files.Open(to.path(installedFile)) }
		d.restart()
		d.Want("restart", "0/1")
		equal(t, "files", names(t, to.folder), "image.installed")
	})
}

// The images that a Target does not take, and what it leaves of them.
func TestFileTargetRefuses(t *testing.T) {
	here := machine{2, 1, 62}
	image := elf(here)
	for name, c := range map[string]struct {
		image  []byte
		change func(to *Target, disk *failing)
		answer string
		status string
	}{
		"whole":             {image, nil, "2.04", "2/0"},
		"truncated":         {image[:len(image)-1], nil, "2.04", "0/5"},
		"another machine":   {elf(machine{2, 1, 183}), nil, "2.04", "0/6"},
		"another word size": {elf(machine{1, 1, 62}), nil, "2.04", "0/6"},
		"text":              {[]byte("#!/bin/sh\nexit 0\n"), nil, "5.00", "0/6"},
		"magic alone":       {[]byte(elfMagic), nil, "2.04", "0/6"},
		"no program known":  {image, func(to *Target, _ *failing) { to.running = func() (file, error) { return nil, errOther } }, "2.04", "0/8"},
		"program of no ELF": {image, func(to *Target, _ *failing) {
			to.running = func() (file, error) { return &content{*bytes.NewReader([]byte("MZ"))}, nil }
		}, "2.04", "2/0"},
		"too big from start":  {image, func(_ *Target, disk *failing) { disk.free = 10 }, "4.13", "0/2"},
		"full when written":   {image, func(_ *Target, disk *failing) { disk.write = syscall.ENOSPC }, "4.13", "0/2"},
		"quota":               {image, func(_ *Target, disk *failing) { disk.write = syscall.EDQUOT }, "4.13", "0/2"},
		"full when created":   {image, func(_ *Target, disk *failing) { disk.create = syscall.ENOSPC }, "4.13", "0/2"},
		"full at the end":     {image, func(_ *Target, disk *failing) { disk.sync = syscall.ENOSPC }, "2.04", "0/2"},
		"full when renamed":   {image, func(_ *Target, disk *failing) { disk.rename = syscall.ENOSPC }, "2.04", "0/2"},
		"broken disk":         {image, func(_ *Target, disk *failing) { disk.write = syscall.EIO }, "5.00", "0/8"},
		"cannot remove":       {image, func(_ *Target, disk *failing) { disk.remove = syscall.EROFS }, "5.00", "0/8"},
		"folder is something": {image, func(to *Target, _ *failing) { to.folder = os.DevNull }, "5.00", "0/8"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, to := fileDevice(t, image)
				on := &failing{files: &disk{}, free: 1 << 40}
				to.files = on
				folder := to.folder
				if c.change != nil {
					c.change(to, on)
				}
				equal(t, "answer", d.push(c.image), c.answer)
				d.Want("push", c.status)
				if c.status != "2/0" {
					equal(t, "files", names(t, folder), "")
				}
				to.folder, to.files = folder, &disk{}
				to.running = func() (file, error) { return &content{*bytes.NewReader(image)}, nil }
				d.Pack("")
				equal(t, "next push", d.push(image), "2.04")
				d.Want("next push", "2/0")
			})
		})
	}
}

// failing is a disk that refuses some operations.
type failing struct {
	files
	free                                int64
	create, write, sync, rename, remove error
}

func (f *failing) Free(string) (int64, bool) { return f.free, true }

func (f *failing) Create(path string) (file, error) {
	if f.create != nil {
		return nil, &os.PathError{Op: "create", Path: path, Err: f.create}
	}
	created, err := f.files.Create(path)
	return &failingFile{created, f}, err
}

func (f *failing) Rename(from, to string) error {
	if f.rename != nil {
		return f.rename
	}
	return f.files.Rename(from, to)
}

func (f *failing) Remove(path string) error {
	if f.remove != nil {
		return f.remove
	}
	return f.files.Remove(path)
}

type failingFile struct {
	file
	disk *failing
}

func (f *failingFile) Write(part []byte) (int, error) {
	if f.disk.write != nil {
		return 0, f.disk.write
	}
	return f.file.Write(part)
}

func (f *failingFile) Sync() error {
	if f.disk.sync != nil {
		return f.disk.sync
	}
	return f.file.Sync()
}

func TestSizeThatWasAnnounced(t *testing.T) {
	image := elf(machine{2, 1, 62})
	for size, want := range map[int]string{len(image): "2/0", len(image) + 1: "0/5", len(image) - 1: "0/5", 1: "0/5"} {
		synctest.Test(t, func(t *testing.T) {
			d, _ := fileDevice(t, image)
			if d.Begin(uint32(size), string(image[:2])) == "2.31" {
				d.Last(string(image[2:]))
			}
			d.Want(fmt.Sprint(size, " of ", len(image)), want)
		})
	}
}

// The staged file is damaged after the download.
func TestStagedFileIsDamaged(t *testing.T) {
	image := elf(machine{2, 1, 62})
	damage := map[string]func(to *Target) error{
		"byte": func(to *Target) error {
			return os.WriteFile(to.path(stagedFile), append(image[:100:100], make([]byte, 300)...), 0o700)
		},
		"gone":    func(to *Target) error { return os.Remove(to.path(stagedFile)) },
		"no hash": func(to *Target) error { return os.Remove(to.path(hashFile)) },
	}
	for name, want := range map[string]string{"byte": "0/5", "gone": "0/8", "no hash": "0/8"} {
		for _, restart := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				d, to := fileDevice(t, image)
				d.push(image)
				if err := damage[name](to); err != nil {
					t.Fatal(err)
				}
				if restart {
					d.restart()
				} else {
					equal(t, "Update", d.Execute(), "2.04")
				}
				d.Want(name, want)
				equal(t, "restarts", d.host.restarts, 0)
				equal(t, "files", names(t, to.folder), "")
			})
		}
	}
}

func TestNewFileTargetKnowsItsProgram(t *testing.T) {
	to := New(t.TempDir())
	program, err := to.running()
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	if _, err := readMachine(program); err != nil {
		t.Error(err)
	}
	if free, known := to.files.Free(to.folder); known && free <= 0 {
		t.Errorf("%d bytes are free", free)
	}
}
