// Package packetnet is a datagram network in memory. It needs no sockets and waits on channels and timers only, so that clients and servers run on
// it in a bubble of testing/synctest; what happens to each datagram can be chosen.
package packetnet

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

// Address is an address of a Network. It is comparable.
type Address string

// Network gives the name of the network: net.Addr.
func (Address) Network() string { return "memory" }

// String gives the address: net.Addr.
func (a Address) String() string { return string(a) }

// Fate says what becomes of a datagram: the delay of each copy that arrives. None: it is lost.
type Fate []time.Duration

// Network is a network. The zero value is one that delivers all at once.
type Network struct {
	mu    sync.Mutex
	next  int
	conns map[Address]*Conn
	fate  func(from, to Address, datagram []byte) Fate
}

// largestBacklog is how many datagrams may wait for a reader. What comes beyond is lost.
const largestBacklog = 1024

// SetFate has a function decide what becomes of each datagram; nil: all arrive at once. It must not call the network, and not keep the datagram.
func (n *Network) SetFate(fate func(from, to Address, datagram []byte) Fate) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fate = fate
}

// Listen takes an address, as server:5683; "" takes a new one.
func (n *Network) Listen(address string) (*Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conns == nil {
		n.conns = map[Address]*Conn{}
	}
	if address == "" {
		n.next++
		address = "10.0.0." + strconv.Itoa(n.next) + ":40000"
	}
	if n.conns[Address(address)] != nil {
		return nil, fmt.Errorf("the address %s is taken", address)
	}
	c := &Conn{
		network: n, address: Address(address), packets: make(chan packet, largestBacklog), closed: make(chan struct{}), changed: make(chan struct{}),
	}
	n.conns[c.address] = c
	return c, nil
}

// Dial takes a new address and gives a connection to another: it reads only what comes from there.
func (n *Network) Dial(remote string) (*Conn, error) {
	c, err := n.Listen("")
	if err != nil {
		return nil, err
	}
	c.remote = Address(remote)
	return c, nil
}

type packet struct {
	data []byte
	from Address
}

// Conn is one end: a net.PacketConn and, if it was dialled, a net.Conn.
type Conn struct {
	network *Network
	address Address
	remote  Address // "": not dialled
	packets chan packet
	closed  chan struct{}

	mu       sync.Mutex
	isClosed bool
	deadline time.Time
	changed  chan struct{} // closed when the deadline changes
}

func (n *Network) send(from, to Address, data []byte) {
	n.mu.Lock()
	fate := Fate{0}
	if n.fate != nil {
		fate = n.fate(from, to, data)
	}
	n.mu.Unlock()
	for _, delay := range fate {
		p := packet{data: append([]byte(nil), data...), from: from}
		if delay > 0 {
			time.AfterFunc(delay, func() { n.arrive(to, p) })
			continue
		}
		n.arrive(to, p)
	}
}

func (n *Network) arrive(to Address, p packet) {
	n.mu.Lock()
	c := n.conns[to]
	n.mu.Unlock()
	if c == nil || c.remote != "" && c.remote != p.from {
		return
	}
	select {
	case c.packets <- p:
	default:
	}
}

// ReadFrom gives the next datagram: net.PacketConn.
func (c *Conn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		c.mu.Lock()
		deadline, changed := c.deadline, c.changed
		c.mu.Unlock()
		var expired <-chan time.Time
		stop := func() bool { return true }
		if !deadline.IsZero() {
			left := time.Until(deadline)
			if left <= 0 {
				return 0, nil, os.ErrDeadlineExceeded
			}
			timer := time.NewTimer(left)
			expired, stop = timer.C, timer.Stop
		}
		select {
		case p := <-c.packets:
			stop()
			return copy(b, p.data), p.from, nil
		case <-c.closed:
			stop()
			return 0, nil, net.ErrClosed
		case <-changed:
			stop()
		case <-expired:
			return 0, nil, os.ErrDeadlineExceeded
		}
	}
}

// Read gives the next datagram: net.Conn.
func (c *Conn) Read(b []byte) (int, error) {
	n, _, err := c.ReadFrom(b)
	return n, err
}

// WriteTo sends a datagram: net.PacketConn. Nobody at the address is no error.
func (c *Conn) WriteTo(b []byte, to net.Addr) (int, error) {
	c.mu.Lock()
	closed := c.isClosed
	c.mu.Unlock()
	if closed {
		return 0, net.ErrClosed
	}
	c.network.send(c.address, Address(to.String()), b)
	return len(b), nil
}

// Write sends a datagram to the other end: net.Conn.
func (c *Conn) Write(b []byte) (int, error) {
	if c.remote == "" {
		return 0, errors.New("the connection was not dialled: it has no other end")
	}
	return c.WriteTo(b, c.remote)
}

// Close gives the address back.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isClosed {
		return nil
	}
	c.isClosed = true
	close(c.closed)
	c.network.mu.Lock()
	defer c.network.mu.Unlock()
	delete(c.network.conns, c.address)
	return nil
}

// LocalAddr gives the own address.
func (c *Conn) LocalAddr() net.Addr { return c.address }

// RemoteAddr gives the other end; nil if the connection was not dialled.
func (c *Conn) RemoteAddr() net.Addr {
	if c.remote == "" {
		return nil
	}
	return c.remote
}

// SetReadDeadline bounds reads, also those that wait.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	close(c.changed)
	c.changed = make(chan struct{})
	return nil
}

// SetWriteDeadline does nothing, because writes do not wait.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline bounds reads.
func (c *Conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }
