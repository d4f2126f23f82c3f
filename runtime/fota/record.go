package fota

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// record is what is known of a download after a restart.
type record struct {
	key     string // names the file, see keyOf
	version Version
	kind    Type
	offset  int64 // bytes that are on the medium
}

// recordName is the file that holds a record: lines of NAME=VALUE.
const recordName = "download"

// keyOf names the file of a job. A URL goes in as a hash, for it may hold a secret.
func keyOf(job Job) string {
	if job.ID != "" {
		return "id:" + job.ID
	}
	sum := sha256.Sum256([]byte(job.URL))
	return "url:" + hex.EncodeToString(sum[:])
}

// id names the bytes that a record is about.
func (r record) id() string {
	return r.key + " " + r.version.Validator + " " + strconv.FormatInt(r.version.Size, 10)
}

func (r record) encode() []byte {
	return fmt.Appendf(nil, "version=1\nkey=%s\nvalidator=%s\nsize=%d\ntype=%d\noffset=%d\n", r.key, r.version.Validator, r.version.Size, r.kind, r.offset)
}

// decodeRecord reads a record. ok is false where it is none that this program has written and can use.
func decodeRecord(content []byte) (r record, ok bool) {
	values := map[string]string{}
	for line := range strings.Lines(string(content)) {
		name, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if _, twice := values[name]; !found || twice {
			return record{}, false
		}
		values[name] = value
	}
	size, errSize := strconv.ParseInt(values["size"], 10, 64)
	offset, errOffset := strconv.ParseInt(values["offset"], 10, 64)
	kind, errKind := strconv.ParseUint(values["type"], 10, 8)
	r = record{key: values["key"], version: Version{Size: size, Validator: values["validator"]}, kind: Type(kind), offset: offset}
	ok = len(values) == 6 && values["version"] == "1" && errSize == nil && errOffset == nil && errKind == nil &&
		r.key != "" && r.version.Validator != "" && r.offset > 0 && r.offset <= size && kind != 0
	if !ok {
		return record{}, false
	}
	return r, true
}
