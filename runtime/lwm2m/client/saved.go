package client

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
)

// What is saved begins with a line that says what it is, the sum of the factory's accounts, and the sum of the rest, which is SenML CBOR.
var savedHeader = []byte("LwM2M accounts 1\n")

// The saved objects: accounts, and what was agreed on with their servers.
var savedObjects = []uint16{0, 1}

// savedCodec is independent of which formats servers may use.
var savedCodec = format.New(format.Config{SenMLCBOR: true})

// factorySum tells whether what is saved came from these accounts: other accounts of the factory make it void.
func factorySum(accounts []security.Account) [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%#v", accounts))
}

// save keeps the accounts over a restart.
func (c *Client) save() {
	if c.options.Store == nil {
		return
	}
	items := c.tree.Export(savedObjects...)
	body, err := savedCodec.Append(nil, format.SenMLCBOR, lwm2m.Path{}, items, c.tree)
	if err == nil {
		sum, factory := sha256.Sum256(body), factorySum(c.options.Accounts)
		err = c.options.Store.Save(append(append(append(slices.Clone(savedHeader), factory[:]...), sum[:]...), body...))
	}
	if err != nil {
		c.logger.Error("lwm2m: the accounts are not saved; after a restart those of the factory hold", "error", err)
	}
}

// errOtherFactory says that the program has other accounts than the one that saved.
var errOtherFactory = errors.New("they were saved under other accounts of the factory")

// load brings the saved accounts back. found is false if there are none, or none that can be used; the error then says why.
func (c *Client) load() (found bool, err error) {
	if c.options.Store == nil {
		return false, nil
	}
	content, err := c.options.Store.Load()
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	items, err := decodeSaved(content, factorySum(c.options.Accounts), c.tree)
	if err != nil {
		return false, err
	}
	if err := c.tree.Import(items, savedObjects...); err != nil {
		return false, err
	}
	return true, nil
}

// decodeSaved reads what save has written.
func decodeSaved(content []byte, factory [sha256.Size]byte, definitions format.Definitions) ([]lwm2m.Item, error) {
	rest, is := bytes.CutPrefix(content, savedHeader)
	if !is || len(rest) < 2*sha256.Size {
		return nil, errors.New("the content is none of this version")
	}
	of, sum, body := rest[:sha256.Size], rest[sha256.Size:2*sha256.Size], rest[2*sha256.Size:]
	if got := sha256.Sum256(body); !bytes.Equal(sum, got[:]) {
		return nil, errors.New("the content is damaged")
	}
	if !bytes.Equal(of, factory[:]) {
		return nil, errOtherFactory
	}
	if len(body) > maxSaved {
		return nil, errorf("the content has %d bytes, at most %d are possible", len(body), maxSaved)
	}
	return savedCodec.Decode(format.SenMLCBOR, lwm2m.Path{}, body, definitions)
}

// maxSaved bounds what is read.
const maxSaved = 256 << 10
