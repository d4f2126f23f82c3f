//go:build !linux

package lab

import "syscall"

// ownGroup: see process_linux.go. Elsewhere the firmware shares our group.
func ownGroup() *syscall.SysProcAttr { return nil }
