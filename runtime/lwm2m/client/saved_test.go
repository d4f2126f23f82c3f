package client

import (
	"bytes"
	"crypto/sha256"
	"io/fs"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
)

type kept struct{ content []byte }

func (k *kept) Load() ([]byte, error) {
	if k.content == nil {
		return nil, fs.ErrNotExist
	}
	return k.content, nil
}

func (k *kept) Save(content []byte) error {
	k.content = content
	return nil
}

func newSaving(t testing.TB, store Store) *Client {
	t.Helper()
	c, err := New(Config{
		Lifetime: time.Minute, UpdateEarly: time.Second, SSID: 101, PeerPort: 5683, DNS: true, MaxObservations: 1, MaxAttributes: 1, MaxCompositePaths: 1,
	}, Options{Endpoint: "e", Accounts: []security.Account{{URI: "coap://h", Mode: security.NoSec}}, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSaved(t *testing.T) {
	store := &kept{}
	c := newSaving(t, store)
	if err := c.tree.Set(lwm2m.Item{Path: lwm2m.NewPath(1, 0, 1), Value: lwm2m.Integer(777)}, lwm2m.Item{Path: lwm2m.NewPath(0, 0, 5), Value: lwm2m.Opaque([]byte("key"))}); err != nil {
		t.Fatal(err)
	}
	c.save()
	first := bytes.Clone(store.content)
	if c.save(); !bytes.Equal(first, store.content) {
		t.Error("the same accounts are saved as different bytes")
	}
	again := newSaving(t, store)
	if got := again.server.Account(0).Lifetime; got != 777*time.Second {
		t.Errorf("lifetime %v", got)
	}
	if got := again.security.Account(0); string(got.Key) != "key" || got.URI != "coap://h" || got.SSID != 101 {
		t.Errorf("account %+v", got)
	}
	for i := range first {
		damaged := bytes.Clone(first)
		damaged[i] ^= 1
		if got := newSaving(t, &kept{damaged}).server.Account(0).Lifetime; got != time.Minute {
			t.Fatalf("a bit of byte %d changed: lifetime %v", i, got)
		}
	}
}

func FuzzDecodeSaved(f *testing.F) {
	store := &kept{}
	c := newSaving(f, store)
	c.save()
	factory := factorySum(c.options.Accounts)
	f.Add(store.content)
	f.Add(store.content[:len(store.content)-1])
	f.Add([]byte("LwM2M accounts 1\n"))
	f.Add(store.content[len(savedHeader)+2*sha256.Size:])
	f.Fuzz(func(_ *testing.T, content []byte) {
		sum := sha256.Sum256(content)
		whole := bytes.Join([][]byte{savedHeader, factory[:], sum[:], content}, nil) // so that it gets beyond the sums
		for _, each := range [][]byte{content, whole} {
			if items, err := decodeSaved(each, factory, c.tree); err == nil {
				_ = c.tree.Import(items, savedObjects...) // either way; it must not panic
			}
		}
	})
}
