package filetarget

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/firmware/firmwaretest"
)

// The power may be cut at any operation on a file and at any change of the state that is kept, and whatever was not synced may be lost. After the
// next start the device never says that it downloads or updates; what it said was downloaded still is, and can be installed; it says success
// only if the new program runs; what would be started is always whole; nothing is left that is not needed; and the next update goes through.
func TestPowerCuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		crashes := 0
		for operations := 0; ; operations++ {
			before := newMemory()
			before.left = operations
			d := newCutDevice(t, before)
			d.scenario()
			d.stop()
			if before.left > 0 {
				break // the scenario has come to its end
			}
			for after := range before.crashes() {
				crashes++
				if survivor := newCutDevice(t, after); !survivor.survives() {
					t.Fatalf("cut after %d operations", operations)
				}
			}
		}
		if crashes < 500 {
			t.Errorf("%d crashes are too few to be all", crashes)
		}
	})
}

var (
	oldProgram = elf(machine{2, 1, 62})
	imageA     = append(elf(machine{2, 1, 62}), "A"...)
	imageB     = append(elf(machine{2, 1, 62}), "B"...)
)

// cutDevice is a device whose files, and what it keeps, are in a memory.
type cutDevice struct {
	*device
	memory   *memory
	expected []string // states and results that may be found after the start
}

const cutFolder = "/firmware"

func newCutDevice(t *testing.T, m *memory) *cutDevice {
	to := New(cutFolder)
	to.files = m
	to.running = func() (file, error) { return &content{*bytes.NewReader(m.program())}, nil }
	d := &cutDevice{device: &device{Server: firmwaretest.Server{T: t}, t: t, target: to, host: &host{kept: m.kept}}, memory: m}
	d.host.saving = m.step
	d.expected = expectation(t, m.kept["lwm2m-firmware"])
	d.start()
	return d
}

// expectation gives what may be found when a state and a result were kept.
func expectation(t *testing.T, kept []byte) []string {
	var last struct{ State, Result int }
	if len(kept) > 0 {
		if err := json.Unmarshal(kept, &last); err != nil {
			t.Fatal(err)
		}
	}
	switch last.State {
	case 1: // downloading
		return []string{"0/0"}
	case 3: // updating
		return []string{"0/1", "2/8"}
	}
	return []string{fmt.Sprintf("%d/%d", last.State, last.Result)}
}

// scenario is two updates, with a push that is aborted and one that is reset. It ends early with the power.
func (d *cutDevice) scenario() {
	steps := []func(){
		func() { d.Begin(0, string(imageA[:100])) },
		func() { d.Upload.Abort(errOther) },
		func() { d.push(imageA) },
		func() { d.Execute(); d.host.workers.Wait() },
		func() { d.restart() },
		func() { d.push(imageA) },
		func() { d.URI("") },
		func() { d.push(imageB) },
		func() { d.restart() },
		func() { d.Execute(); d.host.workers.Wait() },
		func() { d.restart() },
	}
	for _, step := range steps {
		if d.memory.left == 0 {
			return
		}
		step()
	}
}

// survives tells whether the device is in order after a cut.
func (d *cutDevice) survives() bool {
	defer d.stop()
	program, status := d.memory.program(), d.Status()
	if !slices.Contains(d.expected, status) {
		d.t.Errorf("state and result are %s, want one of %v", status, d.expected)
		return false
	}
	files := []string{}
	if status[0] == '2' {
		files = append(files, stagedFile, hashFile)
	}
	if status == "0/1" && bytes.Equal(program, oldProgram) {
		d.t.Error("success, and the old program runs")
		return false
	}
	if !slices.ContainsFunc([][]byte{oldProgram, imageA, imageB}, func(whole []byte) bool { return bytes.Equal(program, whole) }) {
		d.t.Errorf("the program that would be started has %d bytes", len(program))
		return false
	}
	if left := d.memory.list(); strings.Join(left, " ") != strings.Join(files, " ") {
		d.t.Errorf("in state %s there are %v", status, left)
		return false
	}
	if len(files) > 0 {
		staged := d.memory.names[filepath.Join(cutFolder, stagedFile)].content
		if !d.installs(staged) {
			return false
		}
	}
	if code := d.push(imageB); code != "2.04" {
		d.t.Errorf("the next push: %s", code)
		return false
	}
	return d.installs(imageB)
}

// installs tells whether the image that is downloaded is the given one and can be installed.
func (d *cutDevice) installs(image []byte) bool {
	code := d.Execute()
	d.host.workers.Wait()
	d.restart()
	if status := d.Status(); code != "2.04" || status != "0/1" || !bytes.Equal(d.memory.program(), image) {
		d.t.Errorf("Update: %s, then state and result are %s", code, status)
		return false
	}
	return true
}

// memory is a filesystem of one folder that forgets what was not synced, and a store of states that does not.
type memory struct {
	left    int // operations until the power is cut
	kept    map[string][]byte
	names   map[string]*inode
	medium  map[string]*inode         // those that are certain to be there after a cut
	pending []func(map[string]*inode) // what has changed since
}

type inode struct {
	content []byte
	medium  []byte // what is certain to be there after a cut
}

func newMemory() *memory {
	return &memory{left: 1 << 30, kept: map[string][]byte{}, names: map[string]*inode{}, medium: map[string]*inode{}}
}

var errCut = errors.New("the power is cut")

func (m *memory) step() error {
	if m.left == 0 {
		return errCut
	}
	m.left--
	return nil
}

// program is what is started: the installed one if there is one.
func (m *memory) program() []byte {
	if installed := m.names[filepath.Join(cutFolder, installedFile)]; installed != nil {
		return installed.content
	}
	return oldProgram
}

// list gives the names in the folder but those that an installation gives to the image, ascending.
func (m *memory) list() []string {
	var all []string
	for _, path := range slices.Sorted(maps.Keys(m.names)) {
		if name := filepath.Base(path); !strings.HasPrefix(name, installedFile) {
			all = append(all, name)
		}
	}
	return all
}

// crashes gives what may be found after a cut: any choice of the changes of names, with the bytes of files as they were written, as they
// were synced, or in part.
func (m *memory) crashes() func(yield func(*memory) bool) {
	return func(yield func(*memory) bool) {
		for choice := range 1 << len(m.pending) {
			for _, lost := range []func(*inode) []byte{
				func(i *inode) []byte { return i.content },
				func(i *inode) []byte { return i.medium },
				func(i *inode) []byte {
					if len(i.content) <= len(i.medium) {
						return i.medium
					}
					return i.content[:(len(i.content)+len(i.medium))/2]
				},
			} {
				names := maps.Clone(m.medium)
				for i, change := range m.pending {
					if choice>>i&1 == 1 {
						change(names)
					}
				}
				after := newMemory()
				after.kept = maps.Clone(m.kept)
				same := map[*inode]*inode{} // a file with two names is one
				for path, each := range names {
					if same[each] == nil {
						found := bytes.Clone(lost(each))
						same[each] = &inode{content: found, medium: found}
					}
					after.names[path] = same[each]
				}
				after.medium = maps.Clone(after.names)
				if !yield(after) {
					return
				}
			}
		}
	}
}

func (m *memory) change(change func(names map[string]*inode)) {
	change(m.names)
	m.pending = append(m.pending, change)
}

func (m *memory) MakeFolder(string) error   { return m.step() }
func (m *memory) Free(string) (int64, bool) { return 0, false }

func (m *memory) Create(path string) (file, error) {
	if err := m.step(); err != nil {
		return nil, err
	}
	if existing := m.names[path]; existing != nil {
		existing.content = nil
		return &memoryFile{memory: m, inode: existing}, nil
	}
	made := &inode{}
	m.change(func(names map[string]*inode) { names[path] = made })
	return &memoryFile{memory: m, inode: made}, nil
}

func (m *memory) Open(path string) (file, error) {
	existing := m.names[path]
	if existing == nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return &content{*bytes.NewReader(existing.content)}, nil
}

func (m *memory) Rename(from, to string) error {
	existing := m.names[from]
	if existing == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	if err := m.step(); err != nil {
		return err
	}
	m.change(func(names map[string]*inode) { names[to] = existing; delete(names, from) })
	return nil
}

func (m *memory) Link(from, to string) error {
	if err := m.step(); err != nil {
		return err
	}
	existing := m.names[from]
	m.change(func(names map[string]*inode) { names[to] = existing })
	return nil
}

func (m *memory) Remove(path string) error {
	if m.names[path] == nil {
		return &fs.PathError{Op: "remove", Path: path, Err: fs.ErrNotExist}
	}
	if err := m.step(); err != nil {
		return err
	}
	m.change(func(names map[string]*inode) { delete(names, path) })
	return nil
}

func (m *memory) SyncFolder(string) error {
	if err := m.step(); err != nil {
		return err
	}
	m.medium, m.pending = maps.Clone(m.names), nil
	return nil
}

type memoryFile struct {
	memory *memory
	inode  *inode
}

func (f *memoryFile) Read([]byte) (int, error) { return 0, errors.ErrUnsupported }

func (f *memoryFile) ReadAt(into []byte, at int64) (int, error) {
	return bytes.NewReader(f.inode.content).ReadAt(into, at)
}

func (f *memoryFile) Write(part []byte) (int, error) {
	if err := f.memory.step(); err != nil {
		return 0, err
	}
	f.inode.content = append(f.inode.content, part...)
	return len(part), nil
}

func (f *memoryFile) Sync() error {
	if err := f.memory.step(); err != nil {
		return err
	}
	f.inode.medium = bytes.Clone(f.inode.content)
	return nil
}

func (f *memoryFile) Close() error { return nil }
