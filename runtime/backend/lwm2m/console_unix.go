//go:build unix

package lwm2m

import (
	"io"
	"os"
	"syscall"
)

// interruptible gives a pipe or socket whose Read ends when it is closed. A terminal stays as it is: it would become non-blocking for those who
// write to it too.
func interruptible(file *os.File) io.ReadCloser {
	info, err := file.Stat()
	if err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 {
		return file
	}
	duplicate, err := syscall.Dup(int(file.Fd()))
	if err != nil {
		return file
	}
	if err := syscall.SetNonblock(duplicate, true); err != nil {
		_ = syscall.Close(duplicate)
		return file
	}
	return os.NewFile(uintptr(duplicate), file.Name())
}
