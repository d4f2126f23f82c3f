package filetarget

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// files is what a Target needs of a filesystem. Tests have one whose power can be cut. Errors are those of package os.
type files interface {
	MakeFolder(path string) error     // and those above it
	Create(path string) (file, error) // empty, executable by its owner
	Open(path string) (file, error)   // for reading
	Rename(from, to string) error     // in place of what stands there
	Link(from, to string) error       // a second name
	Remove(path string) error         //
	SyncFolder(path string) error     // names are on the disk from then on
	Free(folder string) (int64, bool) // bytes; false if it is not known
}

type file interface {
	io.Reader
	io.ReaderAt
	io.Writer
	Sync() error
	Close() error
}

// disk is the filesystem of the system.
type disk struct{}

func (*disk) MakeFolder(path string) error {
	if err := os.Mkdir(path, 0o700); err == nil {
		return (&disk{}).SyncFolder(filepath.Dir(path))
	} else if !errors.Is(err, os.ErrNotExist) {
		if info, is := os.Stat(path); is == nil && info.IsDir() {
			return nil
		}
		return err
	}
	if err := (&disk{}).MakeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	return (&disk{}).MakeFolder(path)
}

func (*disk) Create(path string) (file, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o700) //nolint:gosec // an executable
}

func (*disk) Open(path string) (file, error) { return os.Open(path) }

func (*disk) Rename(from, to string) error { return os.Rename(from, to) }

func (*disk) Link(from, to string) error { return os.Link(from, to) }

func (*disk) Remove(path string) error { return os.Remove(path) }

func (*disk) SyncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return joined(folder.Sync(), folder.Close())
}

func (*disk) Free(folder string) (int64, bool) { return free(folder) }
