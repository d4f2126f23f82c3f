package write

import (
	"errors"
	"fmt"
	"go.uber.org/goleak"
	"io/fs"
	"maps"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/cloudgen/cloudgen/gen/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errPower = errors.New("the power is off")

// cutDisk is a disk that fails at the step-th change. With power set nothing works from then on, and the content that is being written is
// torn; otherwise only that write fails, as on a full disk.
type cutDisk struct {
	disk
	power bool

	mutex sync.Mutex
	steps int
	dead  bool
}

func (d *cutDisk) fails() (fail, dead bool) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.dead {
		return true, true
	}
	d.steps--
	if d.steps >= 0 {
		return false, false
	}
	d.dead = d.power
	if d.power {
		return true, true
	}
	return d.steps == -1, false
}

func (d *cutDisk) change(do func() error) error {
	if d.power {
		if fail, _ := d.fails(); fail {
			return errPower
		}
	}
	return do()
}

func (d *cutDisk) WriteFile(name string, data []byte, mode fs.FileMode) error {
	fail, _ := d.fails()
	if !fail {
		return d.disk.WriteFile(name, data, mode)
	}
	err := errPower
	if !d.power {
		err = &fs.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}
	}
	return errors.Join(err, d.disk.WriteFile(name, data[:len(data)/2], mode))
}

func (d *cutDisk) Mkdir(name string, mode fs.FileMode) error {
	return d.change(func() error { return d.disk.Mkdir(name, mode) })
}

func (d *cutDisk) Rename(from, to string) error {
	return d.change(func() error { return d.disk.Rename(from, to) })
}

func (d *cutDisk) Remove(name string) error {
	return d.change(func() error { return d.disk.Remove(name) })
}

func (d *cutDisk) RemoveAll(name string) error {
	return d.change(func() error { return d.disk.RemoveAll(name) })
}

// cutApply is Apply with a disk that fails at the given step.
func cutApply(t *testing.T, dir string, files []File, step int, power bool) error {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	w := &writer{disk: &cutDisk{disk: rootDisk{root}, power: power, steps: step}, dir: dir}
	_, err = w.apply(t.Context(), files)
	return err
}

// files drops the folders: a run that was cut while it made folders leaves them, and they do no harm.
func files(found map[string]string) map[string]string {
	maps.DeleteFunc(found, func(name, _ string) bool { return strings.HasSuffix(name, "/") && name != stagingName+"/" })
	return found
}

func TestPowerCutAtAnyStepIsRepairedByTheNextRun(t *testing.T) {
	starts := map[string][]File{"new folder": nil, "changed output": first}
	nexts := map[string][]File{"the same again": second, "back to the old": first}
	for startName, start := range starts {
		for nextName, next := range nexts {
			t.Run(startName+", "+nextName, func(t *testing.T) {
				want := files(reference(t, next))
				for step := 0; ; step++ {
					dir := t.TempDir()
					if start != nil {
						apply(t, dir, start)
					}
					err := cutApply(t, dir, second, step, true)
					if err == nil {
						if step < 10 {
							t.Fatalf("only %d steps were cut", step)
						}
						return
					}
					if !errors.Is(err, errPower) || !fault.IsEnvironment(err) {
						t.Fatalf("step %d: %v", step, err)
					}
					if _, err := Apply(t.Context(), dir, next); err != nil {
						t.Fatalf("after a cut at step %d: %v", step, err)
					}
					if got := files(contents(t, dir)); !maps.Equal(got, want) {
						t.Fatalf("after a cut at step %d:\n%v\nwant\n%v", step, got, want)
					}
				}
			})
		}
	}
}

func TestHandEditAfterAPowerCutIsStillRefused(t *testing.T) {
	for step := 0; ; step++ {
		dir := t.TempDir()
		apply(t, dir, first)
		if cutApply(t, dir, second, step, true) == nil {
			return
		}
		put(t, dir, "config.go", "package mine\n")
		_, err := Apply(t.Context(), dir, second)
		if edited, is := errors.AsType[*EditedError](err); !is || fmt.Sprint(edited.Edited) != "[config.go]" {
			t.Fatalf("after a cut at step %d: %v", step, err)
		}
	}
}

func TestFullDiskLeavesTheOldOutput(t *testing.T) {
	for _, test := range []struct {
		start  []File
		writes int // changed files and two manifests
	}{{nil, 5 + 2}, {first, 4 + 2}} {
		start := test.start
		for step := 0; ; step++ {
			dir := t.TempDir()
			if start != nil {
				apply(t, dir, start)
			}
			before := contents(t, dir)
			err := cutApply(t, dir, second, step, false)
			if err == nil {
				if step != test.writes {
					t.Errorf("%d writes were cut", step)
				}
				break
			}
			if !fault.IsEnvironment(err) || !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("write %d: %v", step, err)
			}
			if after := contents(t, dir); !maps.Equal(before, after) {
				t.Errorf("write %d: the folder was changed from\n%v\nto\n%v", step, before, after)
			}
		}
	}
}
