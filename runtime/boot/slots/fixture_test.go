package slots_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
)

// testKey signs and verifies fast: the signature is the digest.
type testKey struct{ hash byte }

func (k testKey) Hash() [32]byte    { return [32]byte{k.hash} }
func (k testKey) Signs() image.Type { return image.TypeEd25519 }
func (k testKey) Verify(digest *[32]byte, signature []byte) bool {
	return bytes.Equal(digest[:], signature)
}
func (k testKey) Sign(digest *[32]byte) ([]byte, error) { return bytes.Clone(digest[:]), nil }

var ours = testKey{1}

const folder = "/data/boot"

// made makes an image of this version.
func made(version uint8) []byte { return madeWith(version, ours, image.Claims{}) }

func madeWith(version uint8, key image.Signer, claims image.Claims) []byte {
	payload := fmt.Sprintf("the program of version %d, which is long enough", version)
	var out bytes.Buffer
	err := image.Write(&out, bytes.NewReader([]byte(payload)), int64(len(payload)), image.Description{Version: image.Version{Major: version}, Claims: claims}, key)
	if err != nil {
		panic(err)
	}
	return out.Bytes()
}

func config() slots.Config {
	return slots.Config{Policy: image.Policy{Keys: []image.Key{ours}}, NoDowngrade: true}
}

func open(disk durable.FS, running slots.Slot) (*slots.Slots, error) {
	data, err := durable.MakeOn(disk, folder)
	if err != nil {
		return nil, err
	}
	return slots.Open(data, config(), running)
}

// stage feeds an image in pieces of 48 bytes from where it goes on, up to a length. acknowledged is told how much is safe.
func stage(s *slots.Slots, id string, whole []byte, until int, acknowledged func(int64)) (*slots.Staging, error) {
	st, err := s.Stage(id, int64(len(whole)))
	if err != nil {
		return nil, err
	}
	for st.Offset() < int64(until) {
		piece := whole[st.Offset():min(st.Offset()+48, int64(until))]
		if _, err := st.Write(piece); err != nil {
			return nil, err
		}
		if (st.Offset()/48)%2 == 1 {
			if err := st.Checkpoint(); err != nil {
				return nil, err
			}
			acknowledged(st.Offset())
		}
	}
	return st, nil
}

func commit(s *slots.Slots, id string, whole []byte, acknowledged func(int64)) error {
	st, err := stage(s, id, whole, len(whole), acknowledged)
	if err != nil {
		return err
	}
	_, err = st.Commit()
	return err
}

func check(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// installed gives a disk on which version 1 is active, in slot a.
func installed(t *testing.T) *durabletest.Disk {
	disk := durabletest.New()
	s, err := open(disk, slots.None)
	check(t, err)
	check(t, s.Install(bytes.NewReader(made(1)), int64(len(made(1)))))
	return disk
}

// boot gives the slots after the next boot, as the firmware opens them, with what the bootloader has decided.
func boot(t *testing.T, disk durable.FS) (*slots.Slots, slots.Boot) {
	t.Helper()
	loader, err := open(disk, slots.None)
	check(t, err)
	b, err := loader.Boot(limit)
	check(t, err)
	firmware, err := open(disk, b.Slot)
	check(t, err)
	return firmware, b
}

// limit is how many starts a trial has in these tests.
const limit = 3

func versionOf(b slots.Boot) uint8 { return b.Info.Header.Version.Major }
