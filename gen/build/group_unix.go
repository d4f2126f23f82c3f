//go:build unix

package build

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// ownGroup puts a command and the compilers that it starts into a process group, which ends as a whole with the command's context. Ctrl-C
// on a terminal does not reach it but through the context.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
			return err
		}
		return os.ErrProcessDone
	}
}
