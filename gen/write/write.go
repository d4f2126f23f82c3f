// Package write puts the generator's files on disk. Everything that is to be written is known before the first byte is; a folder that is
// not ours and a file that somebody edited are refused before anything changes; and a run that is cut short at any point, by a full disk
// or a power failure, leaves a folder that the next run recognises and repairs.
//
// How: all changed files are written and synced in DIR/.cloudgen-staging first, so that a full disk is met while the old output is still
// whole. Then the manifest is replaced by one that lists, for each path, the old hash and the new one; then the files are renamed into place
// one by one; then what is no longer ours is removed; then the final manifest, which lists the new hashes alone, takes its place. Whatever
// file is found under a hash that the manifest lists is ours, in whichever half of the change it was cut.
package write

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/cloudgen/cloudgen/gen/fault"
	"github.com/cloudgen/cloudgen/gen/folder"
)

// ManifestName is the file that lists the files that are ours, in the format of sha256sum.
const ManifestName = ".cloudgen-manifest"

// stagingName is the folder in which changed files are made. What is in it is never of use after the run that made it.
const stagingName = ".cloudgen-staging"

// syncs bounds how many files are synced side by side: a journalling file system commits them together.
const syncs = 8

// File is one file of the output.
type File struct {
	Path string      // slash-separated, within the folder
	Data []byte      // content; not changed by this package
	Mode fs.FileMode // permission bits; 0 stands for 0644
}

func (f File) permissions() fs.FileMode {
	if f.Mode == 0 {
		return 0o644
	}
	return f.Mode.Perm()
}

// Report says what was done, each list sorted by path.
type Report struct {
	Written   []string `json:"written"`   // new or with new content
	Removed   []string `json:"removed"`   // no longer ours
	Unchanged []string `json:"unchanged"` // not touched
}

// EditedError names generated files that were changed by hand, and files in the way that were not generated. Nothing was written.
type EditedError struct {
	Dir     string
	Edited  []string // are in the manifest with another content
	Foreign []string // stand where a generated file belongs and are not in the manifest
}

// Error names the files and the way out.
func (e *EditedError) Error() string {
	var text strings.Builder
	if len(e.Edited) > 0 {
		fmt.Fprintf(&text, "generated files in %s were edited by hand, and would be lost: %s\n", e.Dir, strings.Join(e.Edited, ", "))
	}
	if len(e.Foreign) > 0 {
		fmt.Fprintf(&text, "files in %s stand where generated ones belong, and were not written by cloudgen: %s\n", e.Dir, strings.Join(e.Foreign, ", "))
	}
	text.WriteString("Nothing was written. Move your changes elsewhere (an overlay, or a program of your own that imports the package), delete the named files and run again, or write to another folder with -o.")
	return text.String()
}

// Apply makes the files of dir those given: changed ones are replaced, those that are no longer ours removed, all others left alone. The
// folder is made when it is missing. An error is a *fault.Environment, which may wrap an *EditedError, or ctx's; the old output is then
// intact unless the disk failed while files were being renamed, which the next run repairs.
func Apply(ctx context.Context, dir string, files []File) (_ Report, err error) {
	for _, file := range files {
		if !fs.ValidPath(file.Path) || file.Path == "." || file.Path == ManifestName || strings.HasPrefix(file.Path, stagingName) {
			return Report{}, fmt.Errorf("a generated file cannot be named %q", file.Path)
		}
	}
	_, missing := os.Lstat(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Report{}, &fault.Environment{Problem: "cannot make the output folder " + dir, Err: err, Fix: "Choose another folder with -o."}
	}
	defer func() {
		if err != nil && missing != nil {
			_ = os.Remove(dir) // made for nothing; it stays when there is something in it
		}
	}()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Report{}, &fault.Environment{Problem: "cannot open the output folder " + dir, Err: err, Fix: "Choose another folder with -o."}
	}
	defer func() { _ = root.Close() }()
	opened, err := root.Open(".")
	if err != nil {
		return Report{}, &fault.Environment{Problem: "cannot open the output folder " + dir, Err: err, Fix: "Choose another folder with -o."}
	}
	defer opened.Close()
	if err := folder.Lock(opened); err != nil {
		return Report{}, &fault.Environment{Problem: "another cloudgen is writing to " + dir, Err: err, Fix: "Wait for it to end."}
	}
	return (&writer{disk: rootDisk{root}, dir: dir}).apply(ctx, files)
}

// writer is one run of Apply on an opened folder.
type writer struct {
	disk disk
	dir  string // as the user named it, for messages
}

func (w *writer) apply(ctx context.Context, files []File) (Report, error) {
	before, err := w.readManifest()
	if err != nil {
		return Report{}, err
	}
	change, err := w.compare(before, files)
	if err != nil {
		return Report{}, err
	}
	after := manifest{}
	for _, file := range files {
		after.add(file.Path, hashOf(file.Data))
	}
	if len(change.write) == 0 && len(change.remove) == 0 && before.equal(after) {
		return change.report, w.clean()
	}
	staged, err := w.stage(ctx, change.write, before.union(after), after)
	if err != nil {
		return Report{}, &fault.Environment{Problem: "cannot write to " + w.dir + ", which is as it was", Err: err, Fix: "Make room or make the folder writable, or choose another one with -o, and run again."}
	}
	if err := w.commit(staged, change); err != nil {
		return Report{}, &fault.Environment{Problem: "cannot finish writing to " + w.dir, Err: err, Fix: "Run again when the disk is well: it continues where this run ended."}
	}
	return change.report, nil
}

// clean removes what a run left that was cut at its very end.
func (w *writer) clean() error {
	if _, err := w.disk.Lstat(stagingName); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := w.disk.RemoveAll(stagingName); err != nil {
		return &fault.Environment{Problem: "cannot clean up in " + w.dir, Err: err}
	}
	return nil
}

// readManifest gives what the last run wrote: empty for a folder that is new, an error for one that is not ours.
func (w *writer) readManifest() (manifest, error) {
	text, err := w.disk.ReadFile(ManifestName)
	if errors.Is(err, fs.ErrNotExist) {
		found, err := w.firstFile(".")
		if err != nil {
			return nil, &fault.Environment{Problem: "cannot read the output folder " + w.dir, Err: err}
		}
		if found != "" {
			return nil, &fault.Environment{
				Problem: fmt.Sprintf("the folder %s is not cloudgen's: it holds %s and no %s", w.dir, found, ManifestName),
				Fix:     "Nothing was written. Choose a new or empty folder with -o.",
			}
		}
		return manifest{}, nil
	}
	if err != nil {
		return nil, &fault.Environment{Problem: "cannot read " + path.Join(w.dir, ManifestName), Err: err}
	}
	read, err := parseManifest(text)
	if err != nil {
		return nil, &fault.Environment{
			Problem: path.Join(w.dir, ManifestName) + " is damaged", Err: err,
			Fix: "Nothing was written. Without it cloudgen cannot tell its files from yours: delete the folder and run again, or choose another one with -o.",
		}
	}
	return read, nil
}

// firstFile gives any path within a folder that is not a folder, less what a cut first run leaves; "" where there is none.
func (w *writer) firstFile(within string) (string, error) {
	entries, err := w.disk.ReadDir(within)
	if err != nil {
		return "", err
	}
	for _, entry := range entries {
		name := path.Join(within, entry.Name())
		if name == stagingName {
			continue
		}
		if !entry.IsDir() {
			return name, nil
		}
		if found, err := w.firstFile(name); found != "" || err != nil {
			return found, err
		}
	}
	return "", nil
}

// change is the difference between the disk and the files wanted.
type change struct {
	write  []File
	remove []string
	gone   []string // no longer ours and not there any more
	report Report
}

func (w *writer) compare(before manifest, files []File) (change, error) {
	var result change
	refused := &EditedError{Dir: w.dir}
	wanted := map[string]bool{}
	for _, file := range files {
		if wanted[file.Path] {
			return change{}, fmt.Errorf("two generated files are named %s", file.Path)
		}
		wanted[file.Path] = true
		state, err := w.look(file.Path)
		if err != nil {
			return change{}, err
		}
		hashes, ours := before[file.Path]
		switch {
		case !state.exists:
			result.write = append(result.write, file)
		case state.hash == hashOf(file.Data):
			if state.tooOpen(file) {
				result.write = append(result.write, file)
			} else {
				result.report.Unchanged = append(result.report.Unchanged, file.Path)
			}
		case !ours:
			refused.Foreign = append(refused.Foreign, file.Path)
		case !slices.Contains(hashes, state.hash):
			refused.Edited = append(refused.Edited, file.Path)
		default:
			result.write = append(result.write, file)
		}
	}
	for name, hashes := range before {
		if wanted[name] {
			continue
		}
		state, err := w.look(name)
		if err != nil {
			return change{}, err
		}
		switch {
		case !state.exists:
			result.gone = append(result.gone, name)
		case !slices.Contains(hashes, state.hash):
			refused.Edited = append(refused.Edited, name)
		default:
			result.remove = append(result.remove, name)
		}
	}
	if len(refused.Edited)+len(refused.Foreign) > 0 {
		sort.Strings(refused.Edited)
		sort.Strings(refused.Foreign)
		return change{}, &fault.Environment{Problem: "the output folder was changed by hand", Err: refused}
	}
	sort.Strings(result.remove)
	sort.Strings(result.gone)
	for _, file := range result.write {
		result.report.Written = append(result.report.Written, file.Path)
	}
	result.report.Removed = result.remove
	sort.Strings(result.report.Written)
	sort.Strings(result.report.Unchanged)
	return result, nil
}

// fileState is what stands at a path. A symbolic link or a folder has the hash "", which no manifest lists.
type fileState struct {
	exists bool
	hash   string
	mode   fs.FileMode
}

// tooOpen tells whether others may do what they may not do with file.
func (s fileState) tooOpen(file File) bool {
	return s.mode.Perm()&^file.permissions()&0o077 != 0 && file.permissions()&0o077 == 0
}

func (w *writer) look(name string) (fileState, error) {
	failed := func(err error) (fileState, error) {
		return fileState{}, &fault.Environment{Problem: "cannot read " + path.Join(w.dir, name), Err: err, Fix: "Nothing was written."}
	}
	info, err := w.disk.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fileState{}, nil
	}
	if err != nil {
		return failed(err)
	}
	if !info.Mode().IsRegular() {
		return fileState{exists: true}, nil
	}
	data, err := w.disk.ReadFile(name)
	if err != nil {
		return failed(err)
	}
	return fileState{exists: true, hash: hashOf(data), mode: info.Mode()}, nil
}

// staging is what stage has made and commit puts into place.
type staging struct {
	files      []File
	names      []string // where the content of files[i] is
	transition string
	final      string
}

// stage writes all new content beside the old output, and makes the folders. When it fails it takes back what it did.
func (w *writer) stage(ctx context.Context, files []File, transition, final manifest) (_ *staging, err error) {
	if err := w.disk.RemoveAll(stagingName); err != nil {
		return nil, err
	}
	var made []string // folders, outer ones first
	defer func() {
		if err == nil {
			return
		}
		// What cannot be taken back now does no harm: empty folders are nobody's, and the next run removes the staging folder.
		err = errors.Join(err, w.disk.RemoveAll(stagingName))
		for _, each := range slices.Backward(made) {
			err = errors.Join(err, w.disk.Remove(each))
		}
	}()
	if err := w.disk.Mkdir(stagingName, 0o700); err != nil {
		return nil, err
	}
	for _, file := range files {
		for _, parent := range parents(file.Path) {
			switch err := w.disk.Mkdir(parent, folderMode(parent, files)); {
			case err == nil:
				made = append(made, parent)
			case !errors.Is(err, fs.ErrExist):
				return nil, err
			}
		}
	}
	staged := &staging{files: files, transition: path.Join(stagingName, "transition"), final: path.Join(stagingName, "manifest")}
	writes := []File{{Path: staged.transition, Data: transition.encode()}, {Path: staged.final, Data: final.encode()}}
	for i, file := range files {
		name := path.Join(stagingName, fmt.Sprint(i))
		staged.names = append(staged.names, name)
		writes = append(writes, File{Path: name, Data: file.Data, Mode: file.Mode})
	}
	return staged, w.writeAll(ctx, writes)
}

func (w *writer) writeAll(ctx context.Context, files []File) error {
	failures := make([]error, len(files))
	slots := make(chan struct{}, syncs)
	var running sync.WaitGroup
	for i, file := range files {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			if failures[i] = ctx.Err(); failures[i] == nil {
				failures[i] = w.disk.WriteFile(file.Path, file.Data, file.permissions())
			}
		})
	}
	running.Wait()
	for _, err := range failures {
		if err != nil {
			return err // the first says enough: a full disk fails them all alike
		}
	}
	return nil
}

// commit puts the staged files into place. It does not stop for a context: what is left to do is short and better done.
func (w *writer) commit(staged *staging, change change) error {
	if err := w.disk.Rename(staged.transition, ManifestName); err != nil {
		return err
	}
	if err := w.disk.SyncDir("."); err != nil {
		return err
	}
	folders := map[string]bool{".": true}
	for i, file := range staged.files {
		if err := w.disk.Rename(staged.names[i], file.Path); err != nil {
			return err
		}
		folders[path.Dir(file.Path)] = true
		for _, parent := range parents(file.Path) {
			folders[path.Dir(parent)] = true
		}
	}
	for _, name := range change.remove {
		if err := w.disk.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		folders[path.Dir(name)] = true
	}
	for each := range folders {
		if err := w.disk.SyncDir(each); err != nil {
			return err
		}
	}
	for _, name := range slices.Concat(change.remove, change.gone) {
		for _, parent := range slices.Backward(parents(name)) {
			if w.disk.Remove(parent) != nil { // not empty, or gone
				break
			}
		}
	}
	if err := w.disk.Rename(staged.final, ManifestName); err != nil {
		return err
	}
	if err := w.disk.RemoveAll(stagingName); err != nil {
		return err
	}
	return w.disk.SyncDir(".")
}

// folderMode gives the permissions of a new folder: one that gets nothing but files that their owner alone may read is for the owner alone.
func folderMode(folder string, files []File) fs.FileMode {
	for _, file := range files {
		if strings.HasPrefix(file.Path, folder+"/") && file.permissions()&0o077 != 0 {
			return 0o755
		}
	}
	return 0o700
}

// parents gives the folders above a path, outer ones first, without ".".
func parents(name string) []string {
	var above []string
	for parent := path.Dir(name); parent != "."; parent = path.Dir(parent) {
		above = append(above, parent)
	}
	slices.Reverse(above)
	return above
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
