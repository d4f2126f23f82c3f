// Package filetarget stages images of object 5 as files and installs them under another name, for a program of your own that is started by
// something else than cloudgen's bootloader. Firmware that cloudgen generates does not use it.
package filetarget

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/firmware"
)

// Files of a Target.
const (
	partFile      = "image.part"      // on its way
	stagedFile    = "image"           // whole
	hashFile      = "image.sha256"    // of the staged one, in hexadecimal
	installedFile = "image.installed" // what is to run after the restart
)

// Target stages an image as a file and installs it under another name: what starts the firmware takes it from there. It takes ELF
// executables for the machine that it runs on; the image that runs is told from another by its SHA-256.
type Target struct {
	folder  string
	files   files
	running func() (file, error) // the program that runs
}

// New makes a target that keeps its files in a folder, which is made when the first image comes.
func New(folder string) *Target {
	return &Target{folder: folder, files: &disk{}, running: program}
}

// program opens the program that runs, on Linux also if its file has another name by now, or none (proc(5)).
func program() (file, error) {
	if opened, err := os.Open("/proc/self/exe"); err == nil {
		return opened, nil
	}
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

func (t *Target) path(name string) string { return filepath.Join(t.folder, name) }

// Begin implements firmware.Target.
func (t *Target) Begin(size int64) (firmware.Image, error) {
	if err := t.Discard(); err != nil {
		return nil, err
	}
	if err := t.files.MakeFolder(t.folder); err != nil {
		return nil, space(err)
	}
	if free, known := t.files.Free(t.folder); known && size > free {
		return nil, errorf("%w: it has %d bytes, and %d are free in %s", firmware.ErrNoSpace, size, free, t.folder)
	}
	created, err := t.files.Create(t.path(partFile))
	if err != nil {
		return nil, space(err)
	}
	return &fileImage{target: t, file: created, announced: size, hash: sha256.New()}, nil
}

// space tells a full disk from other errors.
func space(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return errorf("%w: %w", firmware.ErrNoSpace, err)
	}
	return err
}

type fileImage struct {
	target    *Target
	file      file
	announced int64
	size      int64
	hash      hash.Hash
	head      []byte // the first bytes, up to the length of elfMagic
}

// Write implements io.Writer. What is no image is refused with its first bytes, what is larger than was announced with the first byte too many.
func (i *fileImage) Write(part []byte) (int, error) {
	if missing := len(elfMagic) - len(i.head); missing > 0 {
		i.head = append(i.head, part[:min(missing, len(part))]...)
		if !strings.HasPrefix(elfMagic, string(i.head)) {
			return 0, errorf("%w: it does not begin as an ELF executable", firmware.ErrUnsupported)
		}
	}
	if i.announced >= 0 && i.size+int64(len(part)) > i.announced {
		return 0, errorf("%w: more has come than the %d bytes that were announced", firmware.ErrIntegrity, i.announced)
	}
	n, err := i.file.Write(part)
	i.size += int64(n)
	i.hash.Write(part[:n])
	return n, space(err)
}

// Commit implements firmware.Image. The file is whole on the disk before its hash is, and counts only with its hash.
func (i *fileImage) Commit() error {
	t := i.target
	err := i.check()
	if err == nil {
		err = i.file.Sync()
	}
	if err := joined(err, i.file.Close()); err != nil {
		return space(joined(err, t.remove(partFile)))
	}
	if err := t.rename(partFile, stagedFile); err != nil {
		return space(err)
	}
	return space(t.replace(hashFile, hex.EncodeToString(i.hash.Sum(nil))+"\n"))
}

func (i *fileImage) check() error {
	if i.announced >= 0 && i.size != i.announced {
		return errorf("%w: %d bytes have come of %d that were announced", firmware.ErrIntegrity, i.size, i.announced)
	}
	image, err := readELF(i.file, i.size)
	if err != nil {
		return err
	}
	running, err := i.target.running()
	if err != nil {
		return err
	}
	here, err := readMachine(running)
	if err := running.Close(); err != nil {
		return err
	}
	if err == nil && here != image { // otherwise the system runs programs of another kind
		return errorf("%w: it is for another machine: %v, and this one is %v", firmware.ErrUnsupported, image, here)
	}
	return nil
}

// Abort implements firmware.Image. A file that cannot be removed is so by the next Begin.
func (i *fileImage) Abort() {
	_ = i.file.Close()
	_ = i.target.remove(partFile)
}

// rename gives a file of the folder another name, for good.
func (t *Target) rename(from, to string) error {
	if err := t.files.Rename(t.path(from), t.path(to)); err != nil {
		return err
	}
	return t.files.SyncFolder(t.folder)
}

// remove is no error if there is nothing to remove.
func (t *Target) remove(name string) error {
	if err := t.files.Remove(t.path(name)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// replace writes a small file so that it is whole at any moment.
func (t *Target) replace(name, content string) error {
	created, err := t.files.Create(t.path(name + ".new"))
	if err != nil {
		return err
	}
	_, err = io.WriteString(created, content)
	if err == nil {
		err = created.Sync()
	}
	if err := joined(err, created.Close()); err != nil {
		return err
	}
	return t.rename(name+".new", name)
}

// Staged implements firmware.Target: it reads the whole image.
func (t *Target) Staged() error {
	staged, err := t.files.Open(t.path(stagedFile))
	if err != nil {
		return err
	}
	return joined(t.compare(staged, "the staged file"), staged.Close())
}

// compare tells whether content has the hash that was kept with the image.
func (t *Target) compare(content io.Reader, name string) error {
	kept, err := t.files.Open(t.path(hashFile))
	if err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(kept, 2*sha256.Size+1))
	if err := joined(err, kept.Close()); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, content); err != nil {
		return err
	}
	if got, want := hex.EncodeToString(sum.Sum(nil)), strings.TrimSpace(string(text)); got != want {
		return errorf("%w: the SHA-256 of %s is %s, and that of the image is %s", firmware.ErrIntegrity, name, got, want)
	}
	return nil
}

// Install implements firmware.Target: the image is linked under the name that is started next, and stays staged until it is known to run.
func (t *Target) Install() error {
	if err := t.Staged(); err != nil {
		return err
	}
	const made = installedFile + ".new"
	if err := t.remove(made); err != nil {
		return err
	}
	if err := t.files.Link(t.path(stagedFile), t.path(made)); err != nil {
		return err
	}
	return t.rename(made, installedFile)
}

// Installed implements firmware.Target.
func (t *Target) Installed() error {
	running, err := t.running()
	if err != nil {
		return err
	}
	return joined(t.compare(running, "the program that runs"), running.Close())
}

// Discard implements firmware.Target. What was installed stays: it may be what runs. The hash goes first: without it nothing counts as staged.
func (t *Target) Discard() error {
	return joined(t.remove(hashFile), t.remove(hashFile+".new"), t.remove(stagedFile), t.remove(partFile), t.remove(installedFile+".new"))
}

var _ firmware.Target = (*Target)(nil)

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }

// joined is errors.Join as a call.
//
//go:noinline
func joined(errs ...error) error { return errors.Join(errs...) }
