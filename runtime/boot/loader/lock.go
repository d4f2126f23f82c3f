//go:build unix

package loader

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// firmwareLock is the file in the data folder that a firmware locks while it runs (package firmware).
const firmwareLock = "lock"

// How long another process may take to let go of the data: a bootloader that was killed has done so at once, a firmware is killed after it.
const (
	waitForBootloader = 2 * time.Second
	waitForFirmware   = 10 * time.Second
)

// lock waits until nobody else has locked the file and locks it, until it is closed or the process ends. flags are more for opening it.
func (l *loader) lock(path string, flags int, within time.Duration) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|flags, 0o600)
	if err != nil {
		return nil, err
	}
	for waited := time.Duration(0); ; {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) || waited >= within {
			return nil, errors.Join(&os.PathError{Op: "lock", Path: path, Err: err}, file.Close())
		}
		if waited == 0 {
			l.log.info("waits for another process to end", attribute{"lock", path})
		}
		const interval = 20 * time.Millisecond
		if err := l.pause(interval); err != nil {
			return nil, errors.Join(err, file.Close())
		}
		waited += interval
	}
}

// firmwareGone waits until no firmware runs on the data folder. One that was started by hand is not waited for without an end: the new one
// says then what is wrong.
func (l *loader) firmwareGone() error {
	lock, err := l.lock(filepath.Join(l.data, firmwareLock), 0, waitForFirmware)
	switch {
	case errors.Is(err, errAsked):
		return err
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		l.log.warn("another firmware runs on this data folder: end it", attribute{"error", err.Error()})
		return nil
	}
	return lock.Close()
}
