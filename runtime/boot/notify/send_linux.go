package notify

import (
	"errors"
	"os"
	"syscall"
)

func send(path, state string) error {
	if path[0] != '/' && path[0] != '@' {
		return errors.New(socketVariable + " is neither a path nor an abstract name")
	}
	socket, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	sent := syscall.Sendto(socket, []byte(state), syscall.MSG_NOSIGNAL, &syscall.SockaddrUnix{Name: path}) // an @ stands for the abstract names
	return errors.Join(os.NewSyscallError("sendto", sent), os.NewSyscallError("close", syscall.Close(socket)))
}
