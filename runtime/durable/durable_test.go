package durable_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
)

const folder, name = "/var/data", "state"

var errMissing = errors.New("the file is missing")

// read gives what a freshly booted device finds.
func read(disk *durabletest.Disk) (string, error) {
	content, err := durable.OpenOn(disk, folder).Read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", errMissing
	}
	return string(content), err
}

// write is what a device does that has just started: it makes the folder if it is missing, and writes.
func write(disk *durabletest.Disk, content string) error {
	state, err := durable.MakeOn(disk, folder)
	if err != nil {
		return err
	}
	return state.Write(name, []byte(content))
}

// enumerate writes a content, cuts the power at every operation of the write and looks at every disk that may be found afterwards. From
// each of them the device goes on with the next content, which is cut in the same way. It gives the number of disks and the first
// violation: content that is neither old nor new, or old after Write has said that the new one is safe.
func enumerate(start *durabletest.Disk, contents []string) (crashes int, violation error) {
	if len(contents) == 0 {
		return 0, nil
	}
	old, oldErr := read(start.Clone())
	for cut := 0; ; cut++ {
		disk := start.Clone()
		disk.CutAfter(cut)
		err := write(disk, contents[0])
		if err != nil && !errors.Is(err, durabletest.ErrCut) {
			return crashes, err
		}
		for booted := range disk.Crashes() {
			found, readErr := read(booted)
			isNew := readErr == nil && found == contents[0]
			isOld := found == old && errors.Is(readErr, oldErr)
			if !isNew && (err == nil || !isOld) {
				return crashes, fmt.Errorf("write of %q, cut after %d operations (Write: %s): found %q, %s", contents[0], cut, fmt.Sprint(err), found, fmt.Sprint(readErr))
			}
			further, violation := enumerate(booted, contents[1:])
			crashes += 1 + further
			if violation != nil {
				return crashes, violation
			}
		}
		if err == nil {
			return crashes, nil
		}
	}
}

var history = []string{"first", "second, longer", "3"}

func TestEveryCutLeavesOldOrNew(t *testing.T) {
	crashes, violation := enumerate(durabletest.New(), history)
	if violation != nil {
		t.Fatal(violation)
	}
	t.Logf("%d disks looked at", crashes)
	if crashes < 1000 {
		t.Errorf("only %d disks: the enumeration has lost cases", crashes)
	}
}

// TestTheCutsFindMissingSyncs shows that the test above can fail: it does when a sync, or the atomic rename, is taken away.
func TestTheCutsFindMissingSyncs(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault durabletest.Fault
	}{
		{"fsync of the file", durabletest.Fault{DropSync: "/var/data/.state.new"}},
		{"fsync of its folder", durabletest.Fault{DropSync: "/var/data"}},
		{"fsync of the folder above", durabletest.Fault{DropSync: "/var"}},
		{"fsync of the root", durabletest.Fault{DropSync: "/"}},
		{"atomic rename", durabletest.Fault{RenameByCopying: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			disk := durabletest.New()
			disk.SetFault(test.fault)
			if _, violation := enumerate(disk, history); violation == nil {
				t.Error("not noticed")
			} else {
				t.Log(violation)
			}
		})
	}
}

func TestARefusedOperationKeepsTheOldContent(t *testing.T) {
	for refused := 0; ; refused++ {
		disk := durabletest.New()
		state := durable.OpenOn(disk, folder)
		if err := write(disk, "old"); err != nil {
			t.Fatal(err)
		}
		disk.SetFault(durabletest.Fault{RefuseOperations: true})
		disk.CutAfter(refused)
		err := state.Write(name, []byte("new"))
		disk.CutAfter(-1)
		found, readErr := read(disk)
		if err == nil {
			if found != "new" {
				t.Errorf("written, but found %q, %v", found, readErr)
			}
			return
		}
		if !errors.Is(err, durabletest.ErrRefused) || !strings.Contains(err.Error(), "/var/data/state") {
			t.Errorf("refused after %d: the error does not tell file and cause: %v", refused, err)
		}
		if readErr != nil || found != "old" && found != "new" {
			t.Errorf("refused after %d: found %q, %v", refused, found, readErr)
		}
	}
}

func TestRemoveIsDurable(t *testing.T) {
	for cut := 0; ; cut++ {
		disk := durabletest.New()
		state := durable.OpenOn(disk, folder)
		if err := write(disk, "old"); err != nil {
			t.Fatal(err)
		}
		disk.CutAfter(cut)
		err := state.Remove(name)
		for booted := range disk.Crashes() {
			found, readErr := read(booted)
			gone := errors.Is(readErr, errMissing)
			if !gone && (err == nil || found != "old") {
				t.Errorf("cut after %d (Remove: %v): found %q, %v", cut, err, found, readErr)
			}
		}
		if err == nil {
			break
		}
	}
	if err := durable.OpenOn(durabletest.New(), "/").Remove(name); err != nil {
		t.Errorf("removing a missing file: %v", err)
	}
}

func TestOnTheOperatingSystem(t *testing.T) {
	dir := t.TempDir()
	state := durable.Open(dir)
	if _, err := state.Read(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read before the first write: %v", err)
	}
	for _, content := range history {
		if err := state.Write(name, []byte(content)); err != nil {
			t.Fatal(err)
		}
		found, err := state.Read(name)
		if err != nil || string(found) != content {
			t.Errorf("found %q, %v; want %q", found, err, content)
		}
	}
	info, err := os.Stat(filepath.Join(dir, name))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("temporary files are left: %v, %v", entries, err)
	}
	if err := state.Remove(name); err != nil {
		t.Error(err)
	}
	if err := durable.Open(filepath.Join(dir, "missing")).Write(name, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("write into a missing folder: %v", err)
	}
}

func TestMakeOnTheOperatingSystem(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 2 { // made, and there
		state, err := durable.Make(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := state.Write(name, []byte("x")); err != nil {
			t.Error(err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v; want 0700", info.Mode(), err)
	}
	t.Chdir(t.TempDir())
	if _, err := durable.Make("relative/b"); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{filepath.Join(dir, name), filepath.Join(dir, name, "below"), ""} {
		if _, err := durable.Make(bad); err == nil {
			t.Errorf("%q was made", bad)
		}
	}
}

func TestWritersTakeTurns(t *testing.T) {
	state := durable.Open(t.TempDir())
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			if err := state.Write(name, bytes.Repeat([]byte{byte('a' + i)}, 4096)); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	found, err := state.Read(name)
	if err != nil || len(found) != 4096 || !bytes.Equal(found, bytes.Repeat(found[:1], 4096)) {
		t.Errorf("mixed content of %d bytes, %v", len(found), err)
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	state := durable.Open(dir)
	for _, bad := range []string{"", ".", "..", ".hidden", "a/b", "../a", "/a"} {
		if err := state.Write(bad, nil); err == nil {
			t.Errorf("Write took the name %q", bad)
		}
		if _, err := state.Read(bad); err == nil {
			t.Errorf("Read took the name %q", bad)
		}
		if err := state.Remove(bad); err == nil {
			t.Errorf("Remove took the name %q", bad)
		}
	}
	if err := state.Write(name, make([]byte, durable.MaxSize+1)); err == nil {
		t.Error("Write took more than MaxSize")
	}
	if err := os.WriteFile(filepath.Join(dir, "huge"), make([]byte, durable.MaxSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := state.Read("huge"); err == nil {
		t.Error("Read took more than MaxSize")
	}
}
