// Package durable keeps small state files that survive a power cut: after one at any moment a file holds either its old content or its
// new one, whole.
//
// A file is replaced, never changed: write a temporary file, fsync it, rename it over the old one, fsync the folder. When Write has
// returned nil, the new content is what the next boot finds. Package durabletest has a disk that can be cut at every operation.
package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// FS is what this package needs of a filesystem. OS is the real one; tests put one in its place that they can cut.
type FS interface {
	// Create makes an empty file for writing, or empties the one that is there. Its mode is 0600.
	Create(path string) (File, error)
	// Rename gives a file a new name; a file that has this name is replaced in the same moment.
	Rename(from, to string) error
	// Remove deletes a file; a missing one is fs.ErrNotExist.
	Remove(path string) error
	// Open opens a file for reading; a missing one is fs.ErrNotExist.
	Open(path string) (io.ReadCloser, error)
	// MakeFolder makes a folder, mode 0700. It is fs.ErrExist that the folder is there and fs.ErrNotExist that the one above it is not;
	// something else of that name is another error.
	MakeFolder(path string) error
	// SyncFolder makes sure that the names in a folder are on the medium: files created, renamed and removed, folders made.
	SyncFolder(path string) error
}

// File is a file that is being written.
type File interface {
	io.Writer
	// Sync makes sure that what was written is on the medium.
	Sync() error
	Close() error
}

// MaxSize is the most that a file may hold, in bytes: the content is held in memory whole.
const MaxSize = 1 << 20

// Folder keeps files in one folder. It may be used from several goroutines. A file belongs to one Folder at a time:
// two of them, or two processes, must not write the same name.
type Folder struct {
	fs   FS
	path string

	mu sync.Mutex // writers take turns, for they share the temporary file's name
}

// Open gives the files in a folder of the operating system that exists already. That the folder is missing shows when a file is written.
func Open(path string) *Folder { return OpenOn(OS{}, path) }

// OpenOn is Open on a given filesystem.
func OpenOn(fs FS, path string) *Folder { return &Folder{fs: fs, path: path} }

// Make is Open of a folder that is made first if it is missing, with the missing ones above it. When it has returned, the next boot finds
// them: a file is only as durable as its folder.
func Make(path string) (*Folder, error) { return MakeOn(OS{}, path) }

// MakeOn is Make on a given filesystem.
func MakeOn(fs FS, path string) (*Folder, error) {
	if err := makeFolder(fs, path); err != nil {
		return nil, err
	}
	return OpenOn(fs, path), nil
}

func makeFolder(disk FS, path string) error {
	err := disk.MakeFolder(path)
	above := filepath.Dir(path)
	if errors.Is(err, fs.ErrNotExist) && above != path {
		if err := makeFolder(disk, above); err != nil {
			return err
		}
		err = disk.MakeFolder(path)
	}
	if errors.Is(err, fs.ErrExist) {
		// It may have been made by a process that was killed before it could sync. Folders above that are not ours may refuse to be synced;
		// then they are as durable as they are.
		for ; above != path; path, above = above, filepath.Dir(above) {
			if err := disk.SyncFolder(above); err != nil && !errors.Is(err, fs.ErrPermission) {
				return err
			}
		}
		return nil
	}
	if err != nil {
		return err
	}
	return disk.SyncFolder(above)
}

// Path is where a file is kept, for messages.
func (f *Folder) Path(name string) string { return filepath.Join(f.path, name) }

// Read gives a file's content. A missing file is fs.ErrNotExist; one above MaxSize is an error, for it was not written by Write.
func (f *Folder) Read(name string) (content []byte, err error) {
	if err := checkName(name); err != nil {
		return nil, errorf("read %s: %w", f.Path(name), err)
	}
	file, err := f.fs.Open(f.Path(name))
	if err != nil {
		return nil, err // names the path itself
	}
	defer func() { err = joined(err, file.Close()) }()
	content, err = io.ReadAll(io.LimitReader(file, MaxSize+1))
	if err != nil {
		return nil, err
	}
	if len(content) > MaxSize {
		return nil, errorf("read %s: larger than %d bytes: not a state file of ours", f.Path(name), MaxSize)
	}
	return content, nil
}

// Write replaces a file's content, or makes the file. After an error the file holds the old content or the new one, whole; which of them is
// not certain.
func (f *Folder) Write(name string, content []byte) error {
	err := checkName(name)
	if err == nil && len(content) > MaxSize {
		err = errorf("%d bytes are more than the %d that a state file may hold", len(content), MaxSize)
	}
	if err == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		err = f.replace(name, content)
	}
	if err != nil {
		return errorf("write %s: %w", f.Path(name), err)
	}
	return nil
}

func (f *Folder) replace(name string, content []byte) error {
	temporary := f.Path("." + name + ".new") // left over by a cut, it is emptied by the next write
	if err := f.fill(temporary, content); err != nil {
		return joined(err, ignoreMissing(f.fs.Remove(temporary)))
	}
	if err := f.fs.Rename(temporary, f.Path(name)); err != nil {
		return joined(err, ignoreMissing(f.fs.Remove(temporary)))
	}
	return f.fs.SyncFolder(f.path)
}

// fill writes a file and sees it onto the medium. The rename must not get there first: it would leave an empty or a torn file under the
// final name.
func (f *Folder) fill(path string, content []byte) error {
	file, err := f.fs.Create(path)
	if err != nil {
		return err
	}
	if _, err := file.Write(content); err != nil {
		return joined(err, file.Close())
	}
	if err := file.Sync(); err != nil {
		return joined(err, file.Close())
	}
	return file.Close()
}

// Remove deletes a file; that it is missing is no error. When it has returned nil, the next boot finds no such file.
func (f *Folder) Remove(name string) error {
	if err := checkName(name); err != nil {
		return errorf("remove %s: %w", f.Path(name), err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ignoreMissing(f.fs.Remove(f.Path(name))); err != nil {
		return err
	}
	return f.fs.SyncFolder(f.path) // also when it was missing: an earlier removal may not be on the medium yet
}

func checkName(name string) error {
	if name == "" || name[0] == '.' || filepath.Base(name) != name {
		return errors.New("the name must be that of a file in the folder and must not begin with a dot")
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// OS is the operating system's filesystem.
type OS struct{}

// Create implements FS.
func (OS) Create(path string) (File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
}

// Rename implements FS.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements FS.
func (OS) Remove(path string) error { return os.Remove(path) }

// Open implements FS.
func (OS) Open(path string) (io.ReadCloser, error) { return os.Open(path) }

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

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }

// joined is errors.Join as a call.
//
//go:noinline
func joined(errs ...error) error { return errors.Join(errs...) }
