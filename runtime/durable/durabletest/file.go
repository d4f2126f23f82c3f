package durabletest

import (
	"bytes"
	"errors"
	"io/fs"
	"syscall"
)

// file is an open file of a Disk.
type file struct {
	disk   *Disk
	path   string
	inode  *inode
	at     int64 // where Write goes on
	closed bool
}

// begin is what every operation on the file begins with.
func (f *file) begin() error {
	if f.closed {
		return fs.ErrClosed
	}
	return f.disk.step()
}

func (f *file) Write(p []byte) (int, error) {
	n, err := f.WriteAt(p, f.at)
	f.at += int64(n)
	return n, err
}

func (f *file) WriteAt(p []byte, at int64) (int, error) {
	if err := f.begin(); err != nil {
		return 0, err
	}
	if at < 0 {
		return 0, errors.New("a negative offset")
	}
	if more := at + int64(len(p)) - int64(len(f.inode.content)); f.disk.room >= 0 && more > f.disk.free() {
		return 0, &fs.PathError{Op: "write", Path: f.path, Err: syscall.ENOSPC}
	}
	if len(p) > 0 { // POSIX: nothing else
		f.inode.edit(edit{at: at, data: bytes.Clone(p)})
	}
	return len(p), nil
}

func (f *file) ReadAt(p []byte, at int64) (int, error) {
	if err := f.begin(); err != nil {
		return 0, err
	}
	return bytes.NewReader(f.inode.content).ReadAt(p, at)
}

func (f *file) Truncate(size int64) error {
	if err := f.begin(); err != nil {
		return err
	}
	f.inode.edit(edit{at: size, truncate: true})
	return nil
}

func (f *file) Size() (int64, error) {
	if err := f.begin(); err != nil {
		return 0, err
	}
	return int64(len(f.inode.content)), nil
}

func (f *file) Sync() error {
	if err := f.begin(); err != nil {
		return err
	}
	if f.disk.fault.DropSync == f.path || len(f.inode.edits) > 0 && f.disk.drops() {
		return nil
	}
	f.inode.medium, f.inode.edits = bytes.Clone(f.inode.content), nil
	return nil
}

func (f *file) Close() error {
	if f.closed {
		return fs.ErrClosed
	}
	f.closed = true
	return f.disk.step()
}

// edit is one change of what a file holds.
type edit struct {
	at       int64
	data     []byte // written at this offset
	truncate bool   // or: the file ends at this offset
}

func (e edit) apply(content []byte) []byte {
	end := e.at + int64(len(e.data))
	if e.truncate && end < int64(len(content)) {
		return content[:end:end]
	}
	out := bytes.Clone(content)
	if grow := end - int64(len(out)); grow > 0 {
		out = append(out, make([]byte, grow)...)
	}
	copy(out[e.at:], e.data)
	return out
}

// torn is what else may come of an edit than all or nothing: a prefix of the bytes, as a disk writes block by block; and their room with
// zeros in it, as a filesystem leaves it that writes the size before the bytes.
func (e edit) torn() []edit {
	if e.truncate {
		return nil
	}
	torn := []edit{{at: e.at, data: make([]byte, len(e.data))}}
	for length := 1; length < len(e.data); length++ {
		if length <= everyByte || length == len(e.data)/2 || length == len(e.data)-1 || length%sector == 0 {
			torn = append(torn, edit{at: e.at, data: e.data[:length]})
		}
	}
	return torn
}

const (
	everyByte = 4 // so many bytes at the start of a write are torn at each of them
	sector    = 512

	// maxSubsets is up to how many edits every choice of them is an outcome; of more it is those up to each of them, and all but each of them.
	maxSubsets = 5
)

func (n *inode) edit(e edit) {
	n.content = e.apply(n.content)
	n.edits = append(n.edits, e)
}

// outcomes are the contents that a cut may leave, each once.
func (n *inode) outcomes() [][]byte {
	var out [][]byte
	seen := map[string]bool{}
	add := func(with func(i int) (edit, bool)) {
		content := n.medium
		for i := range n.edits {
			if e, done := with(i); done {
				content = e.apply(content)
			}
		}
		if !seen[string(content)] {
			seen[string(content)] = true
			out = append(out, content)
		}
	}
	if len(n.edits) <= maxSubsets {
		for choice := range 1 << len(n.edits) {
			add(func(i int) (edit, bool) { return n.edits[i], choice>>i&1 == 1 })
		}
	}
	for odd := range n.edits {
		add(func(i int) (edit, bool) { return n.edits[i], i < odd })
		add(func(i int) (edit, bool) { return n.edits[i], i != odd })
		for _, torn := range n.edits[odd].torn() {
			add(func(i int) (edit, bool) { // the others are done up to it
				if i == odd {
					return torn, true
				}
				return n.edits[i], i < odd
			})
			add(func(i int) (edit, bool) { // the others are all done
				if i == odd {
					return torn, true
				}
				return n.edits[i], true
			})
		}
	}
	add(func(i int) (edit, bool) { return n.edits[i], true })
	return out
}
