package firmware

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Files of a FileTarget.
const (
	partFiles     = "image.part-*"    // on their way; each has its own name, for an older one may still be being written
	stagedFile    = "image"           // whole
	hashFile      = "image.sha256"    // of the staged one, in hexadecimal
	installedFile = "image.installed" // what is to run after the restart
)

// FileTarget stages an image as a file and installs it under another name: what starts the firmware takes it from there. It takes ELF
// executables; the image that runs is told from another by its SHA-256.
type FileTarget struct {
	folder     string
	executable func() (io.ReadCloser, error) // the program that runs
}

// NewFileTarget makes a target that keeps its files in a folder, which is made when the first image comes.
func NewFileTarget(folder string) *FileTarget {
	return &FileTarget{folder: folder, executable: func() (io.ReadCloser, error) {
		path, err := os.Executable()
		if err != nil {
			return nil, err
		}
		return os.Open(path)
	}}
}

func (t *FileTarget) path(name string) string { return filepath.Join(t.folder, name) }

// Begin implements Target.
func (t *FileTarget) Begin(size int64) (Image, error) {
	if err := t.Discard(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(t.folder, 0o700); err != nil {
		return nil, space(err)
	}
	if free, known := available(t.folder); known && size > free {
		return nil, fmt.Errorf("%w: it has %d bytes, and %d are free in %s", ErrNoSpace, size, free, t.folder)
	}
	file, err := os.CreateTemp(t.folder, partFiles)
	if err != nil {
		return nil, space(err)
	}
	if err := file.Chmod(0o700); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &fileImage{target: t, file: file, announced: size, hash: sha256.New()}, nil
}

// space tells a full disk from other errors.
func space(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	}
	return err
}

type fileImage struct {
	target    *FileTarget
	file      *os.File
	announced int64
	size      int64
	hash      hash.Hash
	head      []byte // the first bytes, up to headSize
}

func (i *fileImage) Write(part []byte) (int, error) {
	if missing := headSize - len(i.head); missing > 0 {
		i.head = append(i.head, part[:min(missing, len(part))]...)
		if err := checkMagic(i.head); err != nil {
			return 0, err
		}
	}
	n, err := i.file.Write(part)
	i.size += int64(n)
	i.hash.Write(part[:n])
	return n, space(err)
}

// Commit checks the image and stages it: the file is whole on the disk before its hash is, and counts only with its hash.
func (i *fileImage) Commit() error {
	err := i.check()
	if err == nil {
		err = i.file.Sync()
	}
	if err := errors.Join(err, i.file.Close()); err != nil {
		os.Remove(i.file.Name())
		return space(err)
	}
	if err := os.Rename(i.file.Name(), i.target.path(stagedFile)); err != nil {
		return err
	}
	if err := syncFolder(i.target.folder); err != nil {
		return err
	}
	return i.target.replace(hashFile, []byte(hex.EncodeToString(i.hash.Sum(nil))+"\n"))
}

func (i *fileImage) check() error {
	if i.announced >= 0 && i.size != i.announced {
		return fmt.Errorf("%w: %d bytes have come of %d that were announced", ErrIntegrity, i.size, i.announced)
	}
	return checkELF(i.head, i.size)
}

func (i *fileImage) Abort() {
	i.file.Close()
	os.Remove(i.file.Name())
}

// replace writes a small file so that it is whole at any moment.
func (t *FileTarget) replace(name string, content []byte) error {
	temporary := t.path("." + name + ".new")
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return space(err)
	}
	if err := os.Rename(temporary, t.path(name)); err != nil {
		return err
	}
	return syncFolder(t.folder)
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Staged implements Target: it reads the whole image.
func (t *FileTarget) Staged() error { return t.compare(t.path(stagedFile)) }

func (t *FileTarget) compare(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return t.compareReader(file, path)
}

// compareReader tells whether content has the hash that was kept with the image.
func (t *FileTarget) compareReader(content io.Reader, name string) error {
	kept, err := os.ReadFile(t.path(hashFile))
	if err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, content); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != strings.TrimSpace(string(kept)) {
		return fmt.Errorf("%w: the SHA-256 of %s is %s, and that of the image is %s", ErrIntegrity, name, got, strings.TrimSpace(string(kept)))
	}
	return nil
}

// Install implements Target: the image is linked under the name that is started next, and stays staged until it is known to run.
func (t *FileTarget) Install() error {
	if err := t.Staged(); err != nil {
		return err
	}
	temporary := t.path("." + installedFile + ".new")
	if err := os.Remove(temporary); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Link(t.path(stagedFile), temporary); err != nil {
		return err
	}
	if err := os.Rename(temporary, t.path(installedFile)); err != nil {
		return err
	}
	return syncFolder(t.folder)
}

// Installed implements Target.
func (t *FileTarget) Installed() error {
	running, err := t.executable()
	if err != nil {
		return err
	}
	defer running.Close()
	return t.compareReader(running, "the program that runs")
}

// Discard implements Target. What was installed stays: it may be what runs.
func (t *FileTarget) Discard() error {
	parts, err := filepath.Glob(t.path(partFiles))
	errs := []error{err}
	for _, name := range append([]string{t.path(hashFile), t.path(stagedFile)}, parts...) {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// headSize is the size of the header of a 64-bit ELF file (ELF-64 object file format, 2).
const headSize = 64

const elfMagic = "\x7fELF"

func checkMagic(head []byte) error {
	n := min(len(head), len(elfMagic))
	if string(head[:n]) != elfMagic[:n] {
		return fmt.Errorf("%w: it does not begin as an ELF executable", ErrUnsupported)
	}
	return nil
}

// checkELF tells whether an executable is whole: its section headers, which linkers put last, end within it.
func checkELF(head []byte, size int64) error {
	if err := checkMagic(head); err != nil || len(head) < headSize {
		return errors.Join(err, fmt.Errorf("%w: %d bytes are no ELF executable", ErrUnsupported, size))
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[5] == 2 {
		order = binary.BigEndian
	}
	var offset uint64
	var entrySize, entries uint16
	switch head[4] {
	case 1: // 32 bits
		offset, entrySize, entries = uint64(order.Uint32(head[32:])), order.Uint16(head[46:]), order.Uint16(head[48:])
	case 2:
		offset, entrySize, entries = order.Uint64(head[40:]), order.Uint16(head[58:]), order.Uint16(head[60:])
	default:
		return fmt.Errorf("%w: an ELF file of class %d", ErrUnsupported, head[4])
	}
	if end := offset + uint64(entrySize)*uint64(entries); end < offset || end > uint64(size) {
		return fmt.Errorf("%w: it is %d bytes long, and its section headers end at %d", ErrIntegrity, size, end)
	}
	return nil
}
