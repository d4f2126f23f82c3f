package host

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

const (
	bufferSize   = 32 << 10 // the kernel's datagrams are no larger
	dumpLimit    = 2        // s: for each datagram of a dump
	dumpAttempts = 3        // of a dump that is interrupted by changes

	// The groups of notifications: links, routes and addresses as RTMGRP_… masks, next hops as RTNLGRP_NEXTHOP.
	groups = 0x1 | 0x10 | 0x40 | 0x100 | 0x400 | 1<<(32-1)
)

// table is the routing table behind a netlink socket. One goroutine reads notifications, from watchRoutes to close.
type table struct {
	file    *os.File
	tokens  chan struct{}
	running sync.WaitGroup
	failure error // set before tokens is closed
}

// watchRoutes starts to listen for changes. The caller closes.
func watchRoutes() (routes, error) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, syscall.NETLINK_ROUTE)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK, Groups: groups}); err != nil {
		return nil, errors.Join(os.NewSyscallError("bind", err), syscall.Close(fd))
	}
	t := &table{file: os.NewFile(uintptr(fd), "rtnetlink"), tokens: make(chan struct{}, 1)} // non-blocking: the file can be closed under a read
	socket, err := t.file.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, t.file.Close())
	}
	t.running.Go(func() { t.listen(socket) })
	return t, nil
}

func (t *table) changed() <-chan struct{} { return t.tokens }
func (t *table) err() error               { return t.failure }

func (t *table) close() error {
	err := t.file.Close()
	t.running.Wait()
	return err
}

// listen gives tokens until the socket is closed.
func (t *table) listen(socket syscall.RawConn) {
	defer close(t.tokens)
	buffer := make([]byte, bufferSize)
	for {
		var n int
		var from syscall.Sockaddr
		var err error
		closed := socket.Read(func(fd uintptr) bool {
			n, from, err = syscall.Recvfrom(int(fd), buffer, 0)
			return !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR)
		})
		switch {
		case closed != nil:
			t.failure = closed
			return
		case errors.Is(err, syscall.ENOBUFS): // notifications were lost
		case err != nil:
			t.failure = os.NewSyscallError("recvfrom", err)
			return
		case !fromKernel(from) || !relevant(buffer[:n]):
			continue
		}
		select {
		case t.tokens <- struct{}{}:
		default: // the one that is there is enough
		}
	}
}

func fromKernel(from syscall.Sockaddr) bool {
	address, ok := from.(*syscall.SockaddrNetlink)
	return ok && address.Pid == 0
}

// best asks for IPv4's default route and, where there is none, for IPv6's: a route that both have must not change when one of them does.
func (t *table) best() (int, error) {
	for _, family := range []uint8{familyIPv4, familyIPv6} {
		found, err := lookUp(family)
		if err != nil || found.ifIndex != 0 {
			return found.ifIndex, err
		}
	}
	return 0, nil
}

func lookUp(family uint8) (route, error) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.NETLINK_ROUTE)
	if err != nil {
		return route{}, os.NewSyscallError("socket", err)
	}
	defer func() { _ = syscall.Close(fd) }() // nothing was written that could be lost
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &syscall.Timeval{Sec: dumpLimit}); err != nil {
		return route{}, os.NewSyscallError("setsockopt", err)
	}
	buffer := make([]byte, bufferSize)
	var answer dump
	for attempt := range uint32(dumpAttempts) {
		answer = dump{family: family, sequence: attempt + 1}
		if err := exchange(fd, buffer, &answer); err != nil {
			return route{}, fmt.Errorf("read the routes of family %d: %w", family, err)
		}
		if !answer.interrupted {
			break
		}
	}
	return answer.best, nil // interrupted to the end: another notification follows
}

// exchange sends the request of a dump and takes the answer.
func exchange(fd int, buffer []byte, answer *dump) error {
	if err := syscall.Sendto(fd, request(answer.family, answer.sequence), 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return os.NewSyscallError("sendto", err)
	}
	for !answer.done {
		n, from, err := syscall.Recvfrom(fd, buffer, 0)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			return os.NewSyscallError("recvfrom", err)
		case !fromKernel(from):
			continue
		}
		if err := answer.take(buffer[:n]); err != nil {
			return err
		}
	}
	return nil
}
