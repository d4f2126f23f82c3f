package client

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
)

// link is the connection's way to the network. Closing its gate stops the reading: what comes then waits in the socket, or in here.
type link struct {
	net.Conn
	watch  func(sent bool, size int)
	unsent func(err error) // told of a datagram that has not left the device

	mu     sync.Mutex
	open   chan struct{} // closed while reading goes on
	ended  chan struct{}
	ending sync.Once
}

func newLink(conn net.Conn, watch func(sent bool, size int), unsent func(err error)) *link {
	l := &link{Conn: conn, watch: watch, unsent: unsent, open: make(chan struct{}), ended: make(chan struct{})}
	close(l.open)
	return l
}

// sleep closes the gate.
func (l *link) sleep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.open:
		l.open = make(chan struct{})
	default:
	}
}

// wake opens it.
func (l *link) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.open:
	default:
		close(l.open)
	}
}

func (l *link) gate() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// Read gives one datagram, while the gate is open.
func (l *link) Read(buffer []byte) (int, error) {
	n, err := l.Conn.Read(buffer)
	if err == nil {
		l.watch(false, n)
	}
	select {
	case <-l.gate():
	case <-l.ended:
		return 0, io.ErrClosedPipe
	}
	return n, err
}

// Write sends one datagram, asleep too.
func (l *link) Write(datagram []byte) (int, error) {
	n, err := l.Conn.Write(datagram)
	switch {
	case err == nil:
		l.watch(true, len(datagram))
	case hasNoAddress(err):
		l.unsent(err)
	}
	return n, err
}

// Close closes the link, asleep too.
func (l *link) Close() error {
	l.ending.Do(func() { close(l.ended) })
	return l.Conn.Close()
}

// hasNoAddress tells whether an error of sending says that the device's address or route is gone.
func hasNoAddress(err error) bool {
	for _, each := range []error{syscall.ENETUNREACH, syscall.EADDRNOTAVAIL, syscall.EHOSTUNREACH, syscall.ENETDOWN, syscall.EINVAL} {
		if errors.Is(err, each) {
			return true
		}
	}
	return false
}

// moved tells whether the device would reach the peer from another address now than the link's. Nothing is sent to find out.
func (l *link) moved() bool {
	local, is := l.LocalAddr().(*net.UDPAddr)
	if !is {
		return false
	}
	probe, err := net.Dial("udp", l.RemoteAddr().String())
	if err != nil {
		return false // there is no route; whether the address is another one shows when there is
	}
	now, is := probe.LocalAddr().(*net.UDPAddr)
	if err := probe.Close(); err != nil || !is {
		return false
	}
	return !now.IP.Equal(local.IP)
}
