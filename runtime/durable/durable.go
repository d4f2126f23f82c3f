// Package durable keeps state that survives a power cut.
//
// Small files are replaced, never changed: write a temporary file, fsync it, rename it over the old one, fsync the folder. After a cut at any
// moment such a file holds either its old content or its new one, whole; when Write has returned nil, it is the new one.
//
// Files that are too large for that, like images and downloads, are written in place through the same FS: their owner says when what
// they hold must be on the medium, and records in a small file how far it counts. Package durabletest has a disk that can be cut at every
// operation.
package durable

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"sync"
)

// MaxSize is the most that a file may hold, in bytes: the content is held in memory whole.
const MaxSize = 1 << 20

// Folder keeps files in one folder: small ones with Read and Write, large ones with Create, Edit and Open. It may be used from several
// goroutines. A file belongs to one Folder at a time: two of them, or two processes, must not write the same name.
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

// failed says what was done to which file. Package fmt would be a tenth of a bootloader.
func (f *Folder) failed(operation, name string, err error) error {
	return &fs.PathError{Op: operation, Path: f.Path(name), Err: err}
}

// Path is where a file is kept, for messages.
func (f *Folder) Path(name string) string { return filepath.Join(f.path, name) }

// Read gives a file's content. A missing file is fs.ErrNotExist; one above MaxSize is an error, for it was not written by Write.
func (f *Folder) Read(name string) (content []byte, err error) {
	if err := checkName(name); err != nil {
		return nil, f.failed("read", name, err)
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
		return nil, f.failed("read", name, errors.New("larger than "+strconv.Itoa(MaxSize)+" bytes: not a state file of ours"))
	}
	return content, nil
}

// Write replaces a file's content, or makes the file. After an error the file holds the old content or the new one, whole; which of them is
// not certain.
func (f *Folder) Write(name string, content []byte) error {
	err := checkName(name)
	if err == nil && len(content) > MaxSize {
		err = errors.New(strconv.Itoa(len(content)) + " bytes are more than the " + strconv.Itoa(MaxSize) + " that a state file may hold")
	}
	if err == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		err = f.replace(name, content)
	}
	if err != nil {
		return f.failed("write", name, err)
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
	file, err := f.fs.Create(path, 0o600)
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
		return f.failed("remove", name, err)
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

// joined is errors.Join as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func joined(errs ...error) error { return errors.Join(errs...) }
