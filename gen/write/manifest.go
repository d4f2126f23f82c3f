package write

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// manifest is the hashes under which a path is ours. While a change is under way a path has two.
type manifest map[string][]string

func (m manifest) add(name, hash string) {
	if !slices.Contains(m[name], hash) {
		m[name] = append(m[name], hash)
	}
}

func (m manifest) union(other manifest) manifest {
	both := manifest{}
	for _, each := range []manifest{m, other} {
		for name, hashes := range each {
			for _, hash := range hashes {
				both.add(name, hash)
			}
		}
	}
	return both
}

func (m manifest) equal(other manifest) bool {
	return maps.EqualFunc(m, other, slices.Equal)
}

const manifestHeader = "# Files that cloudgen wrote, and their SHA-256; sha256sum -c reads it. Do not edit.\n"

func (m manifest) encode() []byte {
	var text bytes.Buffer
	text.WriteString(manifestHeader)
	for _, name := range slices.Sorted(maps.Keys(m)) {
		for _, hash := range m[name] {
			fmt.Fprintf(&text, "%s  %s\n", hash, name)
		}
	}
	return text.Bytes()
}

func parseManifest(text []byte) (manifest, error) {
	read := manifest{}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		hash, name, found := strings.Cut(line, "  ")
		if sum, err := hex.DecodeString(hash); !found || err != nil || len(sum) != 32 {
			return nil, fmt.Errorf("line %d is not a SHA-256 and a path", number)
		}
		if !fs.ValidPath(name) || name == "." {
			return nil, fmt.Errorf("line %d: %q is not a path within the folder", number, name)
		}
		read.add(name, strings.ToLower(hash))
	}
	return read, nil
}
