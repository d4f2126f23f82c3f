package write

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/cloudgen/cloudgen/gen/fault"
	"github.com/cloudgen/cloudgen/gen/folder"
)

var (
	first = []File{
		{Path: "config.go", Data: []byte("package one\n")},
		{Path: "cmd/firmware/main.go", Data: []byte("package main // one\n")},
		{Path: "third_party/old/deep/old.go", Data: []byte("package old\n")},
		{Path: "same.txt", Data: []byte("same\n")},
	}
	second = []File{
		{Path: "config.go", Data: []byte("package two\n")},
		{Path: "cmd/firmware/main.go", Data: []byte("package main // two\n")},
		{Path: "cmd/bootloader/main.go", Data: []byte("package main // bootloader\n")},
		{Path: "same.txt", Data: []byte("same\n")},
		{Path: "provision/42/psk", Data: []byte("00"), Mode: 0o600},
	}
)

// contents gives every file and folder (with a slash at the end) below dir.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(dir, name)
		if err != nil || relative == "." {
			return err
		}
		if entry.IsDir() {
			found[filepath.ToSlash(relative)+"/"] = ""
			return nil
		}
		if entry.Type() == fs.ModeSymlink {
			found[filepath.ToSlash(relative)], err = os.Readlink(name)
			return err
		}
		data, err := os.ReadFile(name)
		found[filepath.ToSlash(relative)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func apply(t *testing.T, dir string, files []File) Report {
	t.Helper()
	report, err := Apply(t.Context(), dir, files)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// reference is what a folder looks like after files were applied to an empty one.
func reference(t *testing.T, files []File) map[string]string {
	t.Helper()
	dir := t.TempDir()
	apply(t, dir, files)
	return contents(t, dir)
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestApplyReplacesRemovesAndLeavesTheRest(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "by", "apply")
	report := apply(t, dir, first)
	if want := []string{"cmd/firmware/main.go", "config.go", "same.txt", "third_party/old/deep/old.go"}; !slices.Equal(report.Written, want) {
		t.Errorf("written %v, want %v", report.Written, want)
	}
	put(t, dir, "mine.go", "package mine\n")
	put(t, dir, "third_party/mine.txt", "mine\n")

	report = apply(t, dir, second)
	if want := []string{"third_party/old/deep/old.go"}; !slices.Equal(report.Removed, want) {
		t.Errorf("removed %v, want %v", report.Removed, want)
	}
	if want := []string{"same.txt"}; !slices.Equal(report.Unchanged, want) {
		t.Errorf("unchanged %v, want %v", report.Unchanged, want)
	}
	want := reference(t, second)
	want["mine.go"], want["third_party/"], want["third_party/mine.txt"] = "package mine\n", "", "mine\n"
	if got := contents(t, dir); !maps.Equal(got, want) {
		t.Errorf("the folder holds\n%v\nwant\n%v", got, want)
	}
	info, err := os.Stat(filepath.Join(dir, "provision/42/psk"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("a secret has the mode %v", info.Mode())
	}
}

func TestApplyOfTheSameTouchesNothing(t *testing.T) {
	dir := t.TempDir()
	apply(t, dir, first)
	times := map[string]any{}
	walk := func(see func(name string, info fs.FileInfo)) {
		for name := range contents(t, dir) {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			see(name, info)
		}
	}
	walk(func(name string, info fs.FileInfo) {
		times[name] = [2]any{info.ModTime(), info.Sys().(*syscall.Stat_t).Ino}
	})
	report := apply(t, dir, first)
	if len(report.Written)+len(report.Removed) != 0 || len(report.Unchanged) != len(first) {
		t.Errorf("report %+v", report)
	}
	walk(func(name string, info fs.FileInfo) {
		if now := [2]any{info.ModTime(), info.Sys().(*syscall.Stat_t).Ino}; now != times[name] {
			t.Errorf("%s was touched", name)
		}
	})
}

func TestApplyMendsAReadableSecret(t *testing.T) {
	dir := t.TempDir()
	apply(t, dir, second)
	secret := filepath.Join(dir, "provision/42/psk")
	if err := os.Chmod(secret, 0o644); err != nil {
		t.Fatal(err)
	}
	apply(t, dir, second)
	if info, err := os.Stat(secret); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestApplyRefuses(t *testing.T) {
	outside := t.TempDir()
	tests := []struct {
		name   string
		change func(t *testing.T, dir string)
		says   []string // parts of the message
	}{
		{"an edited file", func(t *testing.T, dir string) { put(t, dir, "config.go", "package mine\n") }, []string{"edited by hand", "config.go", "delete the named files"}},
		{"an edited file that is no longer generated", func(t *testing.T, dir string) { put(t, dir, "third_party/old/deep/old.go", "x") }, []string{"edited by hand", "third_party/old/deep/old.go"}},
		{"all edited files at once", func(t *testing.T, dir string) {
			put(t, dir, "config.go", "package mine\n")
			put(t, dir, "cmd/firmware/main.go", "package mine\n")
		}, []string{"cmd/firmware/main.go, config.go"}},
		{"a file in the way", func(t *testing.T, dir string) {
			if err := os.MkdirAll(filepath.Join(dir, "cmd/bootloader"), 0o755); err != nil {
				t.Fatal(err)
			}
			put(t, dir, "cmd/bootloader/main.go", "package mine\n")
		}, []string{"not written by cloudgen", "cmd/bootloader/main.go"}},
		{"a link in place of a file", func(t *testing.T, dir string) {
			put(t, outside, "elsewhere.go", "package one\n")
			replaceByLink(t, filepath.Join(outside, "elsewhere.go"), filepath.Join(dir, "config.go"))
		}, []string{"edited by hand", "config.go"}},
		{"a link that leads out", func(t *testing.T, dir string) {
			replaceByLink(t, outside, filepath.Join(dir, "cmd"))
		}, []string{"cmd", "escapes"}},
		{"a damaged manifest", func(t *testing.T, dir string) { put(t, dir, ManifestName, "hello\n") }, []string{ManifestName, "damaged", "line 1"}},
		{"a manifest that names paths outside", func(t *testing.T, dir string) {
			put(t, dir, ManifestName, hashOf(nil)+"  ../../etc/passwd\n")
		}, []string{"damaged", "etc/passwd"}},
		{"a folder without manifest", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, ManifestName)); err != nil {
				t.Fatal(err)
			}
		}, []string{"not cloudgen's", ManifestName, "-o"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			apply(t, dir, first)
			test.change(t, dir)
			before := contents(t, dir)
			_, err := Apply(t.Context(), dir, second)
			if err == nil {
				t.Fatal("was not refused")
			}
			if !fault.IsEnvironment(err) {
				t.Errorf("%v is not a failure of the environment", err)
			}
			for _, part := range test.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the message does not say %q:\n%v", part, err)
				}
			}
			if after := contents(t, dir); !maps.Equal(before, after) {
				t.Errorf("the folder was changed from\n%v\nto\n%v", before, after)
			}
		})
	}
}

func replaceByLink(t *testing.T, target, name string) {
	t.Helper()
	if err := os.RemoveAll(name); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func TestApplyOverAFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "file", "x")
	_, err := Apply(t.Context(), filepath.Join(dir, "file"), first)
	if !fault.IsEnvironment(err) {
		t.Errorf("got %v", err)
	}
}

func TestApplyOfTheHandMadeEditItselfIsAccepted(t *testing.T) {
	dir := t.TempDir()
	apply(t, dir, first)
	put(t, dir, "config.go", "package two\n") // what the next run writes anyway
	apply(t, dir, second)
	if got, want := contents(t, dir), reference(t, second); !maps.Equal(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
}

func TestApplyOfADeletedFileWritesItAgain(t *testing.T) {
	dir := t.TempDir()
	apply(t, dir, first)
	for _, name := range []string{"config.go", "third_party"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	apply(t, dir, second)
	if got, want := contents(t, dir), reference(t, second); !maps.Equal(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
}

func TestApplyTakesNoPathOutside(t *testing.T) {
	for _, name := range []string{"../x", "/x", "", ".", ManifestName, stagingName + "/0"} {
		if _, err := Apply(t.Context(), t.TempDir(), []File{{Path: name}}); err == nil {
			t.Errorf("%q was accepted", name)
		}
	}
	if _, err := Apply(t.Context(), t.TempDir(), []File{{Path: "a"}, {Path: "a"}}); err == nil {
		t.Error("the same path twice was accepted")
	}
}

func TestApplyStopsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	apply(t, dir, first)
	before := contents(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Apply(ctx, dir, second); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if after := contents(t, dir); !maps.Equal(before, after) {
		t.Errorf("the folder was changed from\n%v\nto\n%v", before, after)
	}
}

func TestTwoRunsAtOnceAreRefused(t *testing.T) {
	dir := t.TempDir()
	apply(t, dir, first)
	other, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Lock(other); err != nil {
		t.Fatal(err)
	}
	if _, err := Apply(t.Context(), dir, second); !fault.IsEnvironment(err) || !strings.Contains(err.Error(), "another cloudgen") {
		t.Errorf("got %v", err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	apply(t, dir, second)
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(manifestHeader + hashOf(nil) + "  a/b.go\n"))
	f.Add([]byte("  \n#\n\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := parseManifest(text)
		if err != nil {
			return
		}
		again, err := parseManifest(read.encode())
		if err != nil || !read.equal(again) {
			t.Errorf("%v became %v, %v", read, again, err)
		}
	})
}
