package durable

import "io/fs"

// Create makes an empty file in the folder for writing, or empties the one that is there. A new one has this mode. Its name is certain to outlive
// a power cut after the next Sync, Write or Remove in the folder. The caller closes it.
func (f *Folder) Create(name string, mode fs.FileMode) (File, error) {
	if err := checkName(name); err != nil {
		return nil, f.failed("create", name, err)
	}
	return f.fs.Create(f.Path(name), mode)
}

// Edit opens a file of the folder for changing what it holds; a missing one is fs.ErrNotExist. The caller closes it.
func (f *Folder) Edit(name string) (File, error) {
	if err := checkName(name); err != nil {
		return nil, f.failed("open", name, err)
	}
	return f.fs.Edit(f.Path(name))
}

// Open opens a file of the folder for reading; a missing one is fs.ErrNotExist. The caller closes it.
func (f *Folder) Open(name string) (Reader, error) {
	if err := checkName(name); err != nil {
		return nil, f.failed("open", name, err)
	}
	return f.fs.Open(f.Path(name))
}

// Rename gives a file of the folder another name, in place of the file that has it. After a power cut it has the one or the other; that
// it is the new one is certain after the next Sync, Write or Remove in the folder.
func (f *Folder) Rename(from, to string) error {
	if err := joined(checkName(from), checkName(to)); err != nil {
		return f.failed("rename", from, err)
	}
	return f.fs.Rename(f.Path(from), f.Path(to))
}

// Discard deletes a file whose coming back after a power cut does no harm; that it is missing is no error.
func (f *Folder) Discard(name string) error {
	if err := checkName(name); err != nil {
		return f.failed("remove", name, err)
	}
	return ignoreMissing(f.fs.Remove(f.Path(name)))
}

// Sync makes sure that the names of the folder's files are on the medium: those created, renamed and discarded.
func (f *Folder) Sync() error { return f.fs.SyncFolder(f.path) }

// Free is how many bytes can still be written in the folder; errors.ErrUnsupported where that is not known.
func (f *Folder) Free() (int64, error) { return f.fs.Free(f.path) }
