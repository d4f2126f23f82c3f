package durable

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// FS is what this package and those who keep large files need of a filesystem. OS is the real one; tests put one in its place that they can cut.
type FS interface {
	// Create makes an empty file for writing, or empties the one that is there. A new one has this mode.
	Create(path string, mode fs.FileMode) (File, error)
	// Edit opens a file for changing what it holds; a missing one is fs.ErrNotExist.
	Edit(path string) (File, error)
	// Rename gives a file a new name; a file that has this name is replaced in the same moment.
	Rename(from, to string) error
	// Remove deletes a file; a missing one is fs.ErrNotExist.
	Remove(path string) error
	// Open opens a file for reading; a missing one is fs.ErrNotExist.
	Open(path string) (Reader, error)
	// MakeFolder makes a folder, mode 0700. It is fs.ErrExist that the folder is there and fs.ErrNotExist that the one above it is not;
	// something else of that name is another error.
	MakeFolder(path string) error
	// SyncFolder makes sure that the names in a folder are on the medium: files created, renamed and removed, folders made.
	SyncFolder(path string) error
	// Free is how many bytes can still be written in a folder; errors.ErrUnsupported where that is not known.
	Free(folder string) (int64, error)
}

// File is a file that is being written. Nothing of what is done to it is certain to outlive a power cut before Sync: any of the changes
// since the last one may be lost, in any order and in part. One goroutine uses it at a time.
type File interface {
	// Write writes after what Write has written before, and the first time at the start of the file.
	io.Writer
	// WriteAt writes at an offset, over what is there. What it leaves out before the offset becomes zeros.
	io.WriterAt
	io.ReaderAt
	// Truncate cuts the file off at this size, or fills it up with zeros. It does not move where Write goes on.
	Truncate(size int64) error
	// Size is how many bytes the file has.
	Size() (int64, error)
	// Sync makes sure that what was written is on the medium. The name of a new file is not among it: see SyncFolder.
	Sync() error
	Close() error
}

// Reader is a file that is being read.
type Reader interface {
	io.Reader
	io.ReaderAt
	// Size is how many bytes the file has.
	Size() (int64, error)
	Close() error
}

// OS is the operating system's filesystem.
type OS struct{}

// osFile has the methods of File and Reader, and none of the twenty others of an os.File.
type osFile struct{ file *os.File }

func (f *osFile) Read(into []byte) (int, error)                 { return f.file.Read(into) }
func (f *osFile) ReadAt(into []byte, offset int64) (int, error) { return f.file.ReadAt(into, offset) }
func (f *osFile) Write(content []byte) (int, error)             { return f.file.Write(content) }
func (f *osFile) WriteAt(content []byte, offset int64) (int, error) {
	return f.file.WriteAt(content, offset)
}
func (f *osFile) Truncate(size int64) error { return f.file.Truncate(size) }
func (f *osFile) Sync() error               { return f.file.Sync() }
func (f *osFile) Close() error              { return f.file.Close() }

func (f *osFile) Size() (int64, error) {
	info, err := f.file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Create implements FS.
func (OS) Create(path string, mode fs.FileMode) (File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return nil, err
	}
	return &osFile{file}, nil
}

// Edit implements FS.
func (OS) Edit(path string) (File, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return &osFile{file}, nil
}

// Open implements FS.
func (OS) Open(path string) (Reader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &osFile{file}, nil
}

// Rename implements FS.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements FS.
func (OS) Remove(path string) error { return os.Remove(path) }

// MakeFolder implements FS.
func (OS) MakeFolder(path string) error {
	err := os.Mkdir(path, 0o700)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if info, statErr := os.Stat(path); statErr == nil && !info.IsDir() {
		return &fs.PathError{Op: "mkdir", Path: path, Err: errors.New("there is something of this name that is not a folder")}
	}
	return err
}

// SyncFolder implements FS.
func (OS) SyncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return joined(folder.Sync(), folder.Close())
}

// Free implements FS.
func (OS) Free(folder string) (int64, error) { return free(folder) }
