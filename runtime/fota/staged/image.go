package staged

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"

	"github.com/cloudgen/cloudgen/runtime/durable"
)

// Image is an image on its way: fota.Image.
type Image struct {
	store  *Store
	file   durable.File
	sum    hash.Hash
	state  state
	size   int64 // announced; -1: not known
	offset int64
	whole  bool // it was staged before
}

// takeUp goes on with bytes that are there. Anything odd about them is a reason to begin anew: then there is no file.
func (i *Image) takeUp(keep int64) error {
	file, err := i.store.folder.Edit(imageFile)
	if err != nil {
		return nil //nolint:nilerr // it begins anew
	}
	has, err := file.Size()
	sum := sha256.New()
	if err == nil && has >= keep {
		if err = file.Truncate(keep); err == nil {
			err = readBack(file, keep, sum)
		}
	}
	if err != nil || has < keep {
		return file.Close()
	}
	i.file, i.sum, i.offset = file, sum, keep
	return nil
}

// Offset implements fota.Image.
func (i *Image) Offset() int64 { return i.offset }

// Write implements fota.Image.
func (i *Image) Write(part []byte) (int, error) {
	if i.whole {
		return 0, errWhole
	}
	n, err := i.file.WriteAt(part, i.offset)
	if err != nil {
		return n, err
	}
	i.hash().Write(part)
	i.offset += int64(n)
	return n, nil
}

func (i *Image) hash() hash.Hash {
	if i.sum == nil {
		i.sum = sha256.New()
	}
	return i.sum
}

// Sync implements fota.Image. The name of a new file is on the medium with it.
func (i *Image) Sync() error {
	if i.whole {
		return nil
	}
	return errors.Join(i.file.Sync(), i.store.folder.Sync())
}

// Commit implements fota.Image: the image is checked and staged.
func (i *Image) Commit() error {
	if i.whole {
		return nil
	}
	err := i.Sync()
	if err == nil && i.store.check != nil {
		err = i.store.check(i.file, i.state.Type, i.offset)
	}
	if err := errors.Join(err, i.file.Close()); err != nil {
		return err
	}
	i.state.Size, i.state.SHA256 = i.offset, hex.EncodeToString(i.hash().Sum(nil))
	return i.store.save(i.state)
}

// Close implements fota.Image.
func (i *Image) Close() error {
	if i.whole {
		return nil
	}
	return errors.Join(i.file.Sync(), i.file.Close())
}
