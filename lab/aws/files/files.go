// Package files is the host of firmware images of a local AWS: as much of Amazon S3's REST interface as downloads need. Objects are read with
// ranges, ETag and If-Range, by presigned URLs that expire; refusals have S3's status and XML. Each object can be given faults.
//
// Source, unless a line names another: Amazon S3 API reference, "GetObject", "Error responses" and "Authenticating Requests: Using Query
// Parameters (AWS Signature Version 4)".
package files

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// Largest is how big an object may be, bytes.
const Largest = 256 << 20

// longestKey bounds the key of an object ("Creating object key names"), bytes.
const longestKey = 1024

// Config is what Open needs. Dir and Secret are required.
type Config struct {
	Dir     string           // holds the objects; made if needed
	Bucket  string           // "": firmware
	Region  string           // "": us-east-1
	KeyID   string           // access key id of presigned URLs; "": AKIALAB
	Secret  []byte           // signs them
	Now     func() time.Time // nil: time.Now
	Observe func(Access)     // called for each request once it is answered; may be called from many goroutines at once. nil: nobody looks
}

// Access is one request that was answered.
type Access struct {
	Remote string // HOST:PORT of the client
	Method string
	Key    string // of the object; "" where the path names none
	Range  string // of the request
	Status int
	Bytes  int64  // of the body
	Rule   string // why it was refused, for example "files/expired"; "" if it was not
	Fault  string // which fault was injected, for example "cutAfter"; "" for none
	Detail string // of a refusal
}

// Object is one that is stored.
type Object struct {
	Key      string    `json:"key"`
	Size     int64     `json:"size"`
	ETag     string    `json:"etag"` // with its quotes
	Modified time.Time `json:"modified"`
}

// Host is the store and its http.Handler. Its methods may be called from any goroutine.
type Host struct {
	config Config
	root   *os.Root

	mu     sync.Mutex
	etags  map[string]Object // as of the object's size and time
	faults map[string]Fault
}

// ErrNoObject is for keys that the store does not have.
var ErrNoObject = errors.New("there is no such object")

// Open opens a store. The caller closes it.
func Open(config Config) (*Host, error) {
	if config.Dir == "" || len(config.Secret) == 0 {
		return nil, errors.New("files: a folder and a secret are needed")
	}
	config.Bucket = orElse(config.Bucket, "firmware")
	config.Region = orElse(config.Region, "us-east-1")
	config.KeyID = orElse(config.KeyID, "AKIALAB")
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Observe == nil {
		config.Observe = func(Access) {}
	}
	if err := os.MkdirAll(config.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of images: %w", err)
	}
	root, err := os.OpenRoot(config.Dir)
	if err != nil {
		return nil, fmt.Errorf("opening the folder of images: %w", err)
	}
	return &Host{config: config, root: root, etags: map[string]Object{}, faults: map[string]Fault{}}, nil
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// Close closes the store. Requests that are being served fail.
func (h *Host) Close() error { return h.root.Close() }

// Bucket gives the bucket's name.
func (h *Host) Bucket() string { return h.config.Bucket }

// CheckKey tells whether a key can be stored: at most 1024 bytes, parts of letters, digits and !-_.*'() between slashes, none of them beginning
// with a dot.
func CheckKey(key string) error {
	if key == "" || len(key) > longestKey {
		return fmt.Errorf("a key has 1 to %d bytes, %q has %d", longestKey, shorten(key), len(key))
	}
	for _, part := range strings.Split(key, "/") {
		if part == "" || part[0] == '.' || len(part) > 200 {
			return fmt.Errorf("a part of the key %q is empty, begins with a dot or is longer than 200 bytes", shorten(key))
		}
		for _, r := range part {
			if !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!-_.*'()", r) {
				return fmt.Errorf("the key %q has %q; letters, digits, slashes and !-_.*'() are allowed", shorten(key), r)
			}
		}
	}
	return nil
}

func shorten(text string) string { return text[:min(len(text), 80)] }

// Put stores an object, in the place of an older one. A power cut leaves the old or the new one.
func (h *Host) Put(key string, content io.Reader) (Object, error) {
	if err := CheckKey(key); err != nil {
		return Object{}, err
	}
	if dir := path.Dir(key); dir != "." {
		if err := h.root.MkdirAll(dir, 0o755); err != nil {
			return Object{}, fmt.Errorf("storing %s: %w", key, err)
		}
	}
	temporary := path.Join(path.Dir(key), fmt.Sprintf(".%s.%d", path.Base(key), time.Now().UnixNano()))
	file, err := h.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return Object{}, fmt.Errorf("storing %s: %w", key, err)
	}
	n, err := io.Copy(file, io.LimitReader(content, Largest+1))
	if err == nil && n > Largest {
		err = fmt.Errorf("it is larger than %d bytes", Largest)
	}
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = h.root.Rename(temporary, key)
	}
	if err != nil {
		return Object{}, errors.Join(fmt.Errorf("storing %s: %w", key, err), h.root.Remove(temporary))
	}
	if err := h.syncDir(path.Dir(key)); err != nil {
		return Object{}, err
	}
	return h.stat(key)
}

// syncDir makes a rename last.
func (h *Host) syncDir(dir string) error {
	d, err := h.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Delete removes an object and its fault; the error is ErrNoObject if there is none.
func (h *Host) Delete(key string) error {
	if CheckKey(key) != nil {
		return ErrNoObject
	}
	h.mu.Lock()
	delete(h.faults, key)
	delete(h.etags, key)
	h.mu.Unlock()
	if err := h.root.Remove(key); err != nil {
		return ErrNoObject
	}
	return nil
}

// List gives all objects by key.
func (h *Host) List() ([]Object, error) {
	objects := []Object{}
	err := fs.WalkDir(h.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || CheckKey(name) != nil {
			return err
		}
		object, err := h.stat(name)
		if err != nil {
			return err
		}
		objects = append(objects, object)
		return nil
	})
	slices.SortFunc(objects, func(x, y Object) int { return strings.Compare(x.Key, y.Key) })
	return objects, err
}

// stat describes an object. Its ETag is the MD5 of the content, as that of S3's objects of one part.
func (h *Host) stat(key string) (Object, error) {
	file, object, err := h.open(key)
	if err != nil {
		return Object{}, err
	}
	return object, file.Close()
}

func (h *Host) open(key string) (*os.File, Object, error) {
	if CheckKey(key) != nil {
		return nil, Object{}, ErrNoObject
	}
	file, err := h.root.Open(key)
	if err != nil {
		return nil, Object{}, ErrNoObject
	}
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		return nil, Object{}, errors.Join(ErrNoObject, file.Close())
	}
	h.mu.Lock()
	object, known := h.etags[key]
	h.mu.Unlock()
	if known && object.Size == info.Size() && object.Modified.Equal(info.ModTime()) {
		return file, object, nil
	}
	digest := md5.New()
	if _, err := io.Copy(digest, file); err != nil {
		return nil, Object{}, errors.Join(fmt.Errorf("reading %s: %w", key, err), file.Close())
	}
	object = Object{Key: key, Size: info.Size(), ETag: `"` + hex.EncodeToString(digest.Sum(nil)) + `"`, Modified: info.ModTime()}
	h.mu.Lock()
	h.etags[key] = object
	h.mu.Unlock()
	return file, object, nil
}

// PutBytes is Put with a content that is there already.
func (h *Host) PutBytes(key string, content []byte) (Object, error) {
	return h.Put(key, bytes.NewReader(content))
}
