// Package replace writes the lab's files so that a power cut leaves them whole.
package replace

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// File replaces a file as a whole: after a power cut it holds its old or its new content, never a part. The mode is exact, whatever the
// umask, and no moment exists at which others could read more than it allows.
func File(path string, content []byte, mode os.FileMode) error {
	dir := filepath.Dir(path)
	file, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*") // created with mode 0600
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Chmod(mode)
	}
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", path, err), os.Remove(file.Name()))
	}
	return syncFolder(dir)
}

// syncFolder makes the rename itself last.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
