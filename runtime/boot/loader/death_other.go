//go:build unix && !linux

package loader

import "syscall"

// attributes cannot tie the firmware to the bootloader here: the next one waits for the firmware's lock.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
