package loader

import "syscall"

// attributes has the firmware killed when the bootloader dies: nobody would watch it, and the next bootloader starts another one.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
