//go:build real

package real

import (
	"strconv"
	"syscall"
	"testing"
)

// freePort keeps a port of TCP for a server until the test ends, also while the server is not there. A socket is bound to it that does not listen: so
// the system gives the port to nobody who wants any, and a server that sets SO_REUSEADDR, as all do, can listen there.
func freePort(t *testing.T) string {
	t.Helper()
	syscall.ForkLock.RLock() // no process that is started meanwhile gets the socket
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(socket)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(socket) })
	if err := syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{}); err != nil {
		t.Fatal(err)
	}
	address, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(address.(*syscall.SockaddrInet4).Port)
}
