package lab

import "syscall"

// ownGroup keeps the terminal's Ctrl-C from the firmware, which is told to stop by us and would take a second signal for impatience; and it
// ends the firmware if we are killed.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
