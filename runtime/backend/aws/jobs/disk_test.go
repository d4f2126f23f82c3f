package jobs

import (
	"errors"
	"io/fs"
	"sync"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
)

// locked is a disk for several goroutines, which tells when its power was cut.
type locked struct {
	mu      sync.Mutex
	disk    *durabletest.Disk
	dead    bool
	loose   bool   // a fault: the name of the record is not synced
	renamed string // last
}

func (l *locked) do(operation func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := operation()
	if errors.Is(err, durabletest.ErrCut) {
		l.dead = true
	}
	return err
}

func (l *locked) isDead() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}

func (l *locked) file(open func() (durable.File, error)) (durable.File, error) {
	var made durable.File
	err := l.do(func() (err error) { made, err = open(); return err })
	if err != nil {
		return nil, err
	}
	return &lockedFile{l, made}, nil
}

func (l *locked) Create(path string, mode fs.FileMode) (durable.File, error) {
	return l.file(func() (durable.File, error) { return l.disk.Create(path, mode) })
}

func (l *locked) Edit(path string) (durable.File, error) {
	return l.file(func() (durable.File, error) { return l.disk.Edit(path) })
}

func (l *locked) Open(path string) (r durable.Reader, err error) { // what it gives is a copy
	err = l.do(func() error { r, err = l.disk.Open(path); return err })
	return r, err
}

func (l *locked) Rename(from, to string) error {
	return l.do(func() error { l.renamed = to; return l.disk.Rename(from, to) })
}
func (l *locked) Remove(path string) error { return l.do(func() error { return l.disk.Remove(path) }) }
func (l *locked) MakeFolder(path string) error {
	return l.do(func() error { return l.disk.MakeFolder(path) })
}
func (l *locked) SyncFolder(path string) error {
	return l.do(func() error {
		if l.loose && path == recordFolder && l.renamed == recordFolder+"/"+recordName {
			l.renamed = ""
			return nil
		}
		return l.disk.SyncFolder(path)
	})
}
func (l *locked) Free(path string) (n int64, err error) {
	err = l.do(func() error { n, err = l.disk.Free(path); return err })
	return n, err
}

type lockedFile struct {
	*locked
	file durable.File
}

func (f *lockedFile) Write(p []byte) (n int, err error) {
	err = f.do(func() error { n, err = f.file.Write(p); return err })
	return n, err
}

func (f *lockedFile) WriteAt(p []byte, at int64) (n int, err error) {
	err = f.do(func() error { n, err = f.file.WriteAt(p, at); return err })
	return n, err
}

func (f *lockedFile) ReadAt(p []byte, at int64) (n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.ReadAt(p, at)
}

func (f *lockedFile) Size() (n int64, err error) {
	err = f.do(func() error { n, err = f.file.Size(); return err })
	return n, err
}
func (f *lockedFile) Truncate(size int64) error {
	return f.do(func() error { return f.file.Truncate(size) })
}
func (f *lockedFile) Sync() error  { return f.do(f.file.Sync) }
func (f *lockedFile) Close() error { return f.do(f.file.Close) }
