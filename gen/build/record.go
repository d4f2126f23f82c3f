package build

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/cloudgen/cloudgen/gen/folder"
)

// record says what a binary was made of, so that it is not made again. It stands beside the binary.
type record struct {
	Inputs string `json:"inputs"` // SHA-256 over the sources, flags and target
	Go     string `json:"go"`     // version of the toolchain
	SHA256 string `json:"sha256"` // of the binary
}

func readRecord(name string) (record, bool) {
	var read record
	text, err := os.ReadFile(name)
	return read, err == nil && json.Unmarshal(text, &read) == nil
}

func (r record) write(name string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return replace(name, append(text, '\n'))
}

// replace writes a file so that it is either the old or the new one whatever happens.
func replace(name string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return install(file.Name(), name)
}

// install renames a synced file into its place in the same folder.
func install(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return errors.Join(err, os.Remove(from))
	}
	parent, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(parent), parent.Close())
}

// built are the kinds of files that go build reads by itself.
var built = map[string]bool{".go": true, ".mod": true, ".sum": true, ".s": true, ".S": true, ".h": true, ".syso": true}

// hashSources gives a hash over all that go build reads below dir, the folder of a whole module. Sources that embed files make every file
// count.
func hashSources(dir string) (string, error) {
	sum, embeds, err := hashFiles(os.DirFS(dir), func(name string) bool { return built[path.Ext(name)] })
	if err == nil && embeds {
		sum, _, err = hashFiles(os.DirFS(dir), func(string) bool { return true })
	}
	return sum, err
}

func hashFiles(files fs.FS, counts func(name string) bool) (sum string, embeds bool, err error) {
	all := sha256.New()
	err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name == binFolder || (name != "." && strings.HasPrefix(entry.Name(), ".")) {
				return fs.SkipDir
			}
			return nil
		}
		if !counts(name) {
			return nil
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		embeds = embeds || bytes.Contains(data, []byte("//go:embed"))
		own := sha256.Sum256(data)
		_, err = io.WriteString(all, name+"\x00"+hex.EncodeToString(own[:])+"\n")
		return err
	})
	return hex.EncodeToString(all.Sum(nil)), embeds, err
}

func hashFile(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
