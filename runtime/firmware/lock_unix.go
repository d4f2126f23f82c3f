//go:build unix

package firmware

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// lockFile is the file in the data folder that is locked. It holds the process id of whoever has locked it, for messages only.
const lockFile = "lock"

// lock makes this process the only one that uses the folder, until the file is closed or the process ends, in whatever way.
func lock(folder string) (io.Closer, error) {
	file, err := os.OpenFile(filepath.Join(folder, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("another process uses it%s: end that one, or give this one a folder of its own with -data", holder(file))
	}
	if err == nil {
		err = file.Truncate(0)
	}
	if err == nil {
		_, err = fmt.Fprintln(file, os.Getpid())
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// holder names the process that has locked the file, as " (process 4711, firmware)", as far as it can be found out.
func holder(file io.Reader) string {
	content, err := io.ReadAll(io.LimitReader(file, 32))
	if err != nil {
		return ""
	}
	id, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil || id <= 0 {
		return ""
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", id))
	if err != nil {
		return fmt.Sprintf(" (process %d)", id)
	}
	return fmt.Sprintf(" (process %d, %s)", id, strings.TrimSpace(string(name)))
}
