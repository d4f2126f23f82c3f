//go:build unix

// Package folder locks and syncs folders, where the system can.
package folder

import (
	"os"
	"syscall"
)

// Lock takes an exclusive lock on an open folder without waiting. It ends when the file is closed, or the process ends.
func Lock(folder *os.File) error {
	return syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// Sync makes the names in an open folder survive a power failure.
func Sync(folder *os.File) error { return folder.Sync() }
