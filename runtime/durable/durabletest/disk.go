// Package durabletest has a disk in memory that forgets what was not synced, for tests of whoever keeps state with package durable.
//
// A Disk follows what POSIX promises and no more. Written bytes, truncations, new names, renames and removals are at first in memory
// only. File.Sync carries one file's bytes to the medium, SyncFolder one folder's names. Until then a power cut may have let any part
// through: any choice of the writes and truncations of a file, one of them torn or with zeros in place of its bytes, and any choice of the
// names, in any order. Crashes lists these outcomes.
package durabletest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"path/filepath"
	"slices"

	"github.com/cloudgen/cloudgen/runtime/durable"
)

// ErrCut is what every operation returns from the cut on.
var ErrCut = errors.New("the power is cut")

// Fault is what is wrong with a Disk, to see whether a test notices. The zero value is none.
type Fault struct {
	DropSync         string // syncs of the file or folder of this path do nothing
	DropNthSync      int    // of the syncs since CutAfter that have something to carry to the medium, this one does nothing; 1 is the first. Gone with a cut
	RenameByCopying  bool   // Rename empties the target and writes the bytes into it
	RefuseOperations bool   // from CutAfter on an operation gives ErrRefused, and the power stays
}

// ErrRefused is what an operation returns under Fault.RefuseOperations, as a full or broken disk does.
var ErrRefused = errors.New("no space left on the disk")

// Disk implements durable.FS. It is for one goroutine. Make one with New.
type Disk struct {
	fault    Fault
	cutAfter int // operations that still succeed; negative: no cut
	done     int
	synced   int   // syncs that had something to carry
	room     int64 // bytes that all files together may have; negative: no limit

	names   map[string]*inode // as the running system sees them
	medium  map[string]*inode // as they are after a cut, less pending
	pending []change          // changes of names since the last SyncFolder
}

type inode struct {
	folder  bool
	content []byte // as the running system sees it
	medium  []byte // what is certain to be found after a cut
	edits   []edit // what makes content of medium, and may be lost
}

// change is one atomic change of names.
type change struct {
	folder string
	set    string // "" for none
	to     *inode
	remove string // "" for none
}

// New gives a disk with one folder, "/". Paths on it begin there.
func New() *Disk {
	root := &inode{folder: true}
	return &Disk{cutAfter: -1, room: -1, names: map[string]*inode{"/": root}, medium: map[string]*inode{"/": root}}
}

// inFolder refuses a path whose folder does not exist.
func (d *Disk) inFolder(operation, path string) error {
	if above := d.names[filepath.Dir(path)]; above == nil || !above.folder {
		return &fs.PathError{Op: operation, Path: path, Err: fs.ErrNotExist}
	}
	return nil
}

// MakeFolder implements durable.FS.
func (d *Disk) MakeFolder(path string) error {
	if err := d.step(); err != nil {
		return err
	}
	if err := d.inFolder("mkdir", path); err != nil {
		return err
	}
	if existing := d.names[path]; existing != nil {
		if !existing.folder {
			return &fs.PathError{Op: "mkdir", Path: path, Err: errors.New("not a folder")}
		}
		return &fs.PathError{Op: "mkdir", Path: path, Err: fs.ErrExist}
	}
	d.change(change{folder: filepath.Dir(path), set: path, to: &inode{folder: true}})
	return nil
}

// CutAfter cuts the power when a number of further operations have succeeded. The operation that it hits is not done; that a part of it
// has got through is among the Crashes of the operation before. A negative number means no cut.
func (d *Disk) CutAfter(operations int) { d.cutAfter, d.done, d.synced = operations, 0, 0 }

// Operations is how many operations have succeeded since New or CutAfter.
func (d *Disk) Operations() int { return d.done }

// Syncs is how many syncs had something to carry to the medium since New or CutAfter.
func (d *Disk) Syncs() int { return d.synced }

// SetRoom limits how many bytes all files together may have; a write beyond it gives syscall.ENOSPC. A negative number is no limit.
func (d *Disk) SetRoom(bytes int64) { d.room = bytes }

// Free implements durable.FS.
func (d *Disk) Free(string) (int64, error) {
	if err := d.step(); err != nil {
		return 0, err
	}
	if d.room < 0 {
		return 0, errors.ErrUnsupported
	}
	return d.free(), nil
}

func (d *Disk) free() int64 {
	left := d.room
	for _, node := range d.names {
		left -= int64(len(node.content))
	}
	return left
}

// SetFault makes the disk a faulty one; its clones and crashes are too.
func (d *Disk) SetFault(fault Fault) { d.fault = fault }

func (d *Disk) step() error {
	if d.cutAfter >= 0 && d.done >= d.cutAfter {
		if d.fault.RefuseOperations {
			return ErrRefused
		}
		return ErrCut
	}
	d.done++
	return nil
}

// Create implements durable.FS. There are no modes on this disk.
func (d *Disk) Create(path string, _ fs.FileMode) (durable.File, error) {
	if err := d.step(); err != nil {
		return nil, err
	}
	if err := d.inFolder("create", path); err != nil {
		return nil, err
	}
	if existing := d.names[path]; existing != nil && existing.folder {
		return nil, &fs.PathError{Op: "create", Path: path, Err: errors.New("a folder")}
	}
	return &file{disk: d, path: path, inode: d.create(path)}, nil
}

func (d *Disk) create(path string) *inode {
	if existing := d.names[path]; existing != nil {
		existing.edit(edit{truncate: true})
		return existing
	}
	node := &inode{}
	d.change(change{folder: filepath.Dir(path), set: path, to: node})
	return node
}

// Edit implements durable.FS.
func (d *Disk) Edit(path string) (durable.File, error) {
	if err := d.step(); err != nil {
		return nil, err
	}
	node, err := d.file("open", path)
	if err != nil {
		return nil, err
	}
	return &file{disk: d, path: path, inode: node}, nil
}

func (d *Disk) file(operation, path string) (*inode, error) {
	node := d.names[path]
	if node == nil {
		return nil, &fs.PathError{Op: operation, Path: path, Err: fs.ErrNotExist}
	}
	if node.folder {
		return nil, &fs.PathError{Op: operation, Path: path, Err: errors.New("a folder")}
	}
	return node, nil
}

// Rename implements durable.FS.
func (d *Disk) Rename(from, to string) error {
	if err := d.step(); err != nil {
		return err
	}
	if err := d.inFolder("rename", to); err != nil {
		return err
	}
	node := d.names[from]
	if node == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	if d.fault.RenameByCopying {
		content := bytes.Clone(node.content)
		d.create(to).edit(edit{data: content})
		d.change(change{folder: filepath.Dir(from), remove: from})
		return nil
	}
	d.change(change{folder: filepath.Dir(to), set: to, to: node, remove: from})
	return nil
}

// Remove implements durable.FS.
func (d *Disk) Remove(path string) error {
	if err := d.step(); err != nil {
		return err
	}
	if d.names[path] == nil {
		return &fs.PathError{Op: "remove", Path: path, Err: fs.ErrNotExist}
	}
	d.change(change{folder: filepath.Dir(path), remove: path})
	return nil
}

// Open implements durable.FS.
func (d *Disk) Open(path string) (durable.Reader, error) {
	if err := d.step(); err != nil {
		return nil, err
	}
	node, err := d.file("open", path)
	if err != nil {
		return nil, err
	}
	return reader{bytes.NewReader(bytes.Clone(node.content))}, nil
}

type reader struct{ *bytes.Reader }

func (r reader) Size() (int64, error) { return r.Reader.Size(), nil }
func (r reader) Close() error         { return nil }

// SyncFolder implements durable.FS.
func (d *Disk) SyncFolder(path string) error {
	if err := d.step(); err != nil {
		return err
	}
	if d.fault.DropSync == path {
		return nil
	}
	if err := d.inFolder("sync", filepath.Join(path, "x")); err != nil {
		return err
	}
	carries := slices.ContainsFunc(d.pending, func(c change) bool { return c.folder == path })
	if carries && d.drops() {
		return nil
	}
	kept := d.pending[:0]
	for _, c := range d.pending {
		if c.folder == path {
			c.apply(d.medium)
		} else {
			kept = append(kept, c)
		}
	}
	d.pending = kept
	return nil
}

// drops counts a sync that has something to carry, and tells whether it is the one that does nothing.
func (d *Disk) drops() bool {
	d.synced++
	return d.synced == d.fault.DropNthSync
}

func (d *Disk) change(c change) {
	c.apply(d.names)
	d.pending = append(d.pending, c)
}

func (c change) apply(names map[string]*inode) {
	if c.remove != "" {
		delete(names, c.remove)
	}
	if c.set != "" {
		names[c.set] = c.to
	}
}

// Names lists what the running system sees, for messages of tests.
func (d *Disk) Names() map[string]string {
	out := make(map[string]string, len(d.names))
	for name, node := range d.names {
		if !node.folder {
			out[name] = string(node.content)
		}
	}
	return out
}

// Clone gives a disk that continues from here by itself, without a cut. Files that are open stay with the original.
func (d *Disk) Clone() *Disk {
	copies := map[*inode]*inode{}
	copyOf := func(node *inode) *inode {
		if node == nil {
			return nil
		}
		if copies[node] == nil {
			copies[node] = &inode{folder: node.folder, content: bytes.Clone(node.content), medium: bytes.Clone(node.medium), edits: slices.Clone(node.edits)}
		}
		return copies[node]
	}
	clone := New()
	clone.fault, clone.room = d.fault, d.room
	for name, node := range d.names {
		clone.names[name] = copyOf(node)
	}
	for name, node := range d.medium {
		clone.medium[name] = copyOf(node)
	}
	for _, c := range d.pending {
		c.to = copyOf(c.to)
		clone.pending = append(clone.pending, c)
	}
	return clone
}

// maxPending bounds the outcomes that Crashes lists: 2 to the power of the changes of names times the outcomes of each unsynced file.
const maxPending = 12

// Crashes lists every disk that may be found when the power is cut now and the device boots again. It panics when so much is unsynced that
// the list would not end in reasonable time, which a test that cuts at each operation does not come near.
func (d *Disk) Crashes() iter.Seq[*Disk] {
	if len(d.pending) > maxPending {
		panic(fmt.Sprintf("durabletest: %d unsynced changes of names are more than %d", len(d.pending), maxPending))
	}
	restart := func(names map[string]*inode, found map[*inode][]byte) *Disk {
		booted := New()
		booted.fault, booted.room = d.fault, d.room
		booted.fault.DropNthSync = 0
		for name, node := range names {
			if !reachable(names, name) {
				continue
			}
			content := found[node]
			copied := &inode{folder: node.folder, content: bytes.Clone(content), medium: bytes.Clone(content)}
			booted.names[name], booted.medium[name] = copied, copied
		}
		return booted
	}
	return func(yield func(*Disk) bool) {
		for choice := range 1 << len(d.pending) {
			names := maps.Clone(d.medium)
			for i, c := range d.pending {
				if choice&(1<<i) != 0 {
					c.apply(names)
				}
			}
			var nodes []*inode
			seen := map[*inode]bool{}
			for _, node := range names {
				if !seen[node] {
					seen[node] = true
					nodes = append(nodes, node)
				}
			}
			if !contents(nodes, map[*inode][]byte{}, func(found map[*inode][]byte) bool { return yield(restart(names, found)) }) {
				return
			}
		}
	}
}

// reachable tells whether all folders above a name are there: a folder that is lost takes its files along.
func reachable(names map[string]*inode, path string) bool {
	for path != "/" {
		path = filepath.Dir(path)
		if above := names[path]; above == nil || !above.folder {
			return false
		}
	}
	return true
}

// contents calls use with each combination of what the nodes may hold.
func contents(nodes []*inode, found map[*inode][]byte, use func(map[*inode][]byte) bool) bool {
	if len(nodes) == 0 {
		return use(found)
	}
	for _, content := range nodes[0].outcomes() {
		found[nodes[0]] = content
		if !contents(nodes[1:], found, use) {
			return false
		}
	}
	return true
}
