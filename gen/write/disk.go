package write

import (
	"errors"
	"io/fs"
	"os"

	"github.com/cloudgen/cloudgen/gen/folder"
)

// disk is what the writer does to a folder: an interface so that tests can cut it at any step. Paths are slash-separated, within the
// folder; what leads out of it, a symbolic link included, is an error.
type disk interface {
	Lstat(name string) (fs.FileInfo, error)
	ReadFile(name string) ([]byte, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	Mkdir(name string, mode fs.FileMode) error
	WriteFile(name string, data []byte, mode fs.FileMode) error // makes a new file; synced on return
	Rename(from, to string) error
	Remove(name string) error
	RemoveAll(name string) error
	SyncDir(name string) error
}

// rootDisk is the disk: os.Root guards the paths.
type rootDisk struct{ root *os.Root }

func (d rootDisk) Lstat(name string) (fs.FileInfo, error)    { return d.root.Lstat(name) }
func (d rootDisk) ReadFile(name string) ([]byte, error)      { return d.root.ReadFile(name) }
func (d rootDisk) Mkdir(name string, mode fs.FileMode) error { return d.root.Mkdir(name, mode) }
func (d rootDisk) Rename(from, to string) error              { return d.root.Rename(from, to) }
func (d rootDisk) Remove(name string) error                  { return d.root.Remove(name) }
func (d rootDisk) RemoveAll(name string) error               { return d.root.RemoveAll(name) }

func (d rootDisk) ReadDir(name string) ([]fs.DirEntry, error) {
	opened, err := d.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	return opened.ReadDir(-1)
}

func (d rootDisk) WriteFile(name string, data []byte, mode fs.FileMode) error {
	file, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

func (d rootDisk) SyncDir(name string) error {
	opened, err := d.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(opened), opened.Close())
}
