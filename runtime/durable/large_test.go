package durable_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
)

// fetch fills a file that is fetched in pieces, with a small file that says how many bytes of it count. From wherever it was cut, fetch goes on
// there. acknowledged is called with each count that is safe.
func fetch(disk *durabletest.Disk, whole string, acknowledged func(int)) error {
	data, err := durable.MakeOn(disk, folder)
	if err != nil {
		return err
	}
	count, err := counted(data)
	if err != nil {
		return err
	}
	file, err := data.Edit("large")
	if errors.Is(err, fs.ErrNotExist) {
		if file, err = data.Create("large", 0o600); err == nil {
			err = data.Sync() // before the count, which must not get to the medium alone
		}
	}
	if err != nil {
		return err
	}
	if err := file.Truncate(int64(count)); err != nil {
		return err
	}
	for count < len(whole) {
		piece := whole[count:min(count+7, len(whole))]
		if _, err := file.WriteAt([]byte(piece), int64(count)); err != nil {
			return err
		}
		if err := file.Sync(); err != nil {
			return err
		}
		count += len(piece)
		if err := data.Write("count", []byte(strconv.Itoa(count))); err != nil {
			return err
		}
		acknowledged(count)
	}
	return file.Close()
}

func counted(data *durable.Folder) (int, error) {
	text, err := data.Read("count")
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

// enumerateFetch cuts the fetch at each operation, and once more the one that goes on after it, and looks whether what counts is there.
func enumerateFetch(start *durabletest.Disk, whole string, depth int) (crashes int, violation error) {
	for cut := 0; ; cut++ {
		disk := start.Clone()
		disk.CutAfter(cut)
		safe := 0
		err := fetch(disk, whole, func(count int) { safe = count })
		if err != nil && !errors.Is(err, durabletest.ErrCut) {
			return crashes, err
		}
		for booted := range disk.Crashes() {
			crashes++
			data := durable.OpenOn(booted, folder)
			count, err := counted(data)
			if err != nil || count < safe {
				return crashes, fmt.Errorf("cut after %d: %d bytes count, and %d were safe: %s", cut, count, safe, fmt.Sprint(err))
			}
			if count > 0 {
				if found, err := content(data, "large"); err != nil || len(found) < count || found[:count] != whole[:count] {
					return crashes, fmt.Errorf("cut after %d: %d bytes count, and there is %q, %s", cut, count, found, fmt.Sprint(err))
				}
			}
			if depth > 0 {
				further, violation := enumerateFetch(booted, whole, depth-1)
				if crashes += further; violation != nil {
					return crashes, violation
				}
			}
		}
		if err == nil {
			return crashes, nil
		}
	}
}

func content(data *durable.Folder, name string) (string, error) {
	file, err := data.Open(name)
	if err != nil {
		return "", err
	}
	size, err := file.Size()
	if err != nil {
		return "", err
	}
	all, err := io.ReadAll(io.NewSectionReader(file, 0, size))
	return string(all), errors.Join(err, file.Close())
}

const wholeFile = "seven..and seven"

func TestWhatCountsOfALargeFileIsThere(t *testing.T) {
	crashes, violation := enumerateFetch(durabletest.New(), wholeFile, 1)
	if violation != nil {
		t.Fatal(violation)
	}
	t.Logf("%d disks looked at", crashes)
	if crashes < 4000 {
		t.Errorf("only %d disks: the enumeration has lost cases", crashes)
	}
}

// TestEachSyncOfALargeFileIsNeeded drops them one at a time.
func TestEachSyncOfALargeFileIsNeeded(t *testing.T) {
	whole := durabletest.New()
	if err := fetch(whole, wholeFile, func(int) {}); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= whole.Syncs(); n++ {
		disk := durabletest.New()
		disk.SetFault(durabletest.Fault{DropNthSync: n})
		if _, violation := enumerateFetch(disk, wholeFile, 0); violation == nil {
			t.Errorf("sync %d of %d: not noticed", n, whole.Syncs())
		} else {
			t.Log(violation)
		}
	}
}

func TestOutcomesOfChangesInPlace(t *testing.T) {
	disk := durabletest.New()
	file, err := disk.Create("/f", 0o600)
	check(t, err)
	_, err = file.Write([]byte("abcdef"))
	check(t, err, file.Sync(), disk.SyncFolder("/"))
	_, err = file.WriteAt([]byte("XY"), 1)
	check(t, err)
	_, err = file.WriteAt([]byte("Z"), 5)
	check(t, err, file.Truncate(4))
	found := map[string]bool{}
	for booted := range disk.Crashes() {
		found[booted.Names()["/f"]] = true
	}
	for _, want := range []string{"abcdef", "aXYdef", "aXcdef", "abcdeZ", "aXYdeZ", "aXYd", "abcd", "aXcd", "a\x00\x00def", "aXYde\x00"} {
		if !found[want] {
			t.Errorf("%q is not among what a cut may leave", want)
		}
		delete(found, want)
	}
	for left := range found {
		if len(left) != 4 && len(left) != 6 || left[0] != 'a' {
			t.Errorf("a cut leaves %q", left)
		}
	}
}

func check(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// TestDiskIsLikeTheOperatingSystem does the same random operations on both and compares what they give.
func TestDiskIsLikeTheOperatingSystem(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	real, made := durable.Open(t.TempDir()), durable.OpenOn(durabletest.New(), "/")
	names := []string{"a", "b"}
	for step := range 3000 {
		name, other := names[random.IntN(2)], names[random.IntN(2)]
		at, size, kind := random.Int64N(40), random.IntN(9), random.IntN(6)
		do := func(data *durable.Folder) string {
			switch kind {
			case 0:
				return shown(nil, data.Discard(name))
			case 1:
				return shown(nil, data.Rename(name, other))
			case 2:
				return shown(nil, data.Write(name, bytes.Repeat([]byte{byte('0' + size)}, size)))
			case 3:
				file, err := data.Create(name, 0o600)
				if err != nil {
					return shown(nil, err)
				}
				first, err1 := file.Write([]byte("first"))
				second, err2 := file.Write([]byte("second"))
				return shown([]any{first, second}, errors.Join(err1, err2, file.Close()))
			}
			file, err := data.Edit(name)
			if err != nil {
				return shown(nil, err)
			}
			var truncated error
			if kind == 4 {
				truncated = file.Truncate(at)
			}
			n, written := file.WriteAt(bytes.Repeat([]byte{'x'}, size), at)
			read := make([]byte, 16)
			m, end := file.ReadAt(read, at/2)
			length, sized := file.Size()
			return shown([]any{n, m, end, string(read), length}, errors.Join(truncated, written, sized, file.Sync(), file.Close()))
		}
		want, got := do(real), do(made)
		if got != want {
			t.Fatalf("step %d, kind %d of %s and %s: %s; the operating system gives %s", step, kind, name, other, got, want)
		}
		for _, name := range names {
			want, wantErr := content(real, name)
			got, gotErr := content(made, name)
			if got != want || shown(nil, gotErr) != shown(nil, wantErr) {
				t.Fatalf("step %d, kind %d: %s holds %q, %v; on the operating system %q, %v", step, kind, name, got, gotErr, want, wantErr)
			}
		}
	}
}

func shown(values []any, err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		err = fs.ErrNotExist
	}
	return fmt.Sprint(values, err)
}

func TestRoom(t *testing.T) {
	if free, err := durable.Open(t.TempDir()).Free(); err != nil && !errors.Is(err, errors.ErrUnsupported) || err == nil && free <= 0 {
		t.Errorf("free: %d, %v", free, err)
	}
	disk := durabletest.New()
	disk.SetRoom(10)
	data := durable.OpenOn(disk, "/")
	check(t, data.Write("a", []byte("1234")))
	if free, err := data.Free(); free != 6 || err != nil {
		t.Errorf("free: %d, %v; want 6", free, err)
	}
	if err := data.Write("b", []byte("1234567")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a write beyond the room: %v", err)
	}
	check(t, data.Write("b", []byte("123456")))
}

func TestLargeRefusals(t *testing.T) {
	dir := t.TempDir()
	data := durable.Open(dir)
	for _, bad := range []string{"", ".hidden", "a/b"} {
		_, create := data.Create(bad, 0o600)
		_, edit := data.Edit(bad)
		_, open := data.Open(bad)
		for _, err := range []error{create, edit, open, data.Rename(bad, "x"), data.Rename("x", bad), data.Discard(bad)} {
			if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, bad)) && !strings.Contains(err.Error(), filepath.Join(dir, "x")) {
				t.Errorf("%q: %v", bad, err)
			}
		}
	}
	if _, err := data.Edit("missing"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := data.Open("missing"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := durable.Open(filepath.Join(dir, "missing")).Create("x", 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	check(t, data.Discard("missing"))
}
