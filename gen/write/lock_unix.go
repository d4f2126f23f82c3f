//go:build unix

package write

import (
	"os"
	"syscall"
)

// lock keeps a second run from writing to the same folder at the same time; the kernel lets go of it when the process ends.
func lock(root *os.Root) (unlock func() error, err error) {
	folder, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = folder.Close()
		return nil, err
	}
	return folder.Close, nil
}

func syncFolder(folder *os.File) error { return folder.Sync() }
