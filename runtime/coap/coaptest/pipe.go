// Package coaptest is a datagram link in memory that loses, duplicates, delays and reorders, for tests of what runs over CoAP. It works
// under testing/synctest.
package coaptest

import (
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"
)

// Impairments are what a link does to datagrams, in both directions alike. The zero value is a perfect link.
type Impairments struct {
	Loss, Duplication, Reordering float64 // probabilities from 0 to 1; a reordered datagram is held back by Delay and up to 2*Jitter + 50 ms more
	Delay, Jitter                 time.Duration
	Seed                          uint64 // of all that is random: equal seeds do equal things to equal sequences of datagrams

	// Drop, if not nil, loses every datagram for which it is true. It is called in the writer's goroutine.
	Drop func(fromClient bool, datagram []byte) bool
	// Tap, if not nil, sees every datagram that is written, before anything happens to it. The same goroutine; it must not keep the bytes.
	Tap func(fromClient bool, datagram []byte)
}

const queueLength = 1024 // datagrams that wait to be read; what comes beyond is lost, as in a socket

// Pipe makes a link with its two ends. Closing one end is not seen at the other, whose datagrams are lost then, as with UDP. Deadlines
// are supported for reading; writing never blocks.
func Pipe(impairments Impairments) (client, server net.Conn) {
	shared := &link{impairments: impairments, random: rand.New(rand.NewPCG(impairments.Seed, 1))}
	a := &end{link: shared, client: true, queue: make(chan []byte, queueLength), closed: make(chan struct{}), deadline: newDeadline()}
	b := &end{link: shared, queue: make(chan []byte, queueLength), closed: make(chan struct{}), deadline: newDeadline()}
	a.peer, b.peer = b, a
	return a, b
}

type link struct {
	impairments Impairments
	mu          sync.Mutex
	random      *rand.Rand
}

// fates decides how many copies arrive, and after which delays.
func (l *link) fates() (delays [2]time.Duration, copies int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.impairments
	// All are drawn in any case, so that one fate does not change the next.
	lost, twice := l.random.Float64() < i.Loss, l.random.Float64() < i.Duplication
	for n := range delays {
		delays[n] = i.Delay + time.Duration(l.random.Float64()*float64(i.Jitter))
		late := time.Duration(l.random.Float64() * float64(2*i.Jitter+50*time.Millisecond))
		if l.random.Float64() < i.Reordering {
			delays[n] += late + i.Delay
		}
	}
	switch {
	case lost:
		return delays, 0
	case twice:
		return delays, 2
	}
	return delays, 1
}

type end struct {
	link      *link
	peer      *end
	client    bool
	queue     chan []byte
	closeOnce sync.Once
	closed    chan struct{}
	deadline  *deadline
}

// Write hands the link one datagram. It keeps a copy.
func (e *end) Write(datagram []byte) (int, error) {
	select {
	case <-e.closed:
		return 0, e.failure("write", net.ErrClosed)
	default:
	}
	if tap := e.link.impairments.Tap; tap != nil {
		tap(e.client, datagram)
	}
	if drop := e.link.impairments.Drop; drop != nil && drop(e.client, datagram) {
		return len(datagram), nil
	}
	delays, copies := e.link.fates()
	for _, delay := range delays[:copies] {
		held := append([]byte(nil), datagram...)
		if delay <= 0 {
			e.peer.deliver(held)
			continue
		}
		time.AfterFunc(delay, func() { e.peer.deliver(held) })
	}
	return len(datagram), nil
}

func (e *end) deliver(datagram []byte) {
	select {
	case <-e.closed:
		return
	default:
	}
	select {
	case e.queue <- datagram:
	default: // the queue is full
	}
}

// Read gives one datagram. What does not fit into the buffer is lost, as with UDP.
func (e *end) Read(buffer []byte) (int, error) {
	select {
	case <-e.closed:
		return 0, e.failure("read", net.ErrClosed)
	case <-e.deadline.passed():
		return 0, e.failure("read", os.ErrDeadlineExceeded)
	default:
	}
	select {
	case datagram := <-e.queue:
		return copy(buffer, datagram), nil
	case <-e.closed:
		return 0, e.failure("read", net.ErrClosed)
	case <-e.deadline.passed():
		return 0, e.failure("read", os.ErrDeadlineExceeded)
	}
}

func (e *end) failure(operation string, err error) error {
	return &net.OpError{Op: operation, Net: "memory", Source: e.LocalAddr(), Addr: e.RemoteAddr(), Err: err}
}

func (e *end) Close() error {
	e.closeOnce.Do(func() {
		close(e.closed)
		e.deadline.set(time.Time{})
	})
	return nil
}

func (e *end) LocalAddr() net.Addr  { return address(e.client) }
func (e *end) RemoteAddr() net.Addr { return address(!e.client) }

func (e *end) SetDeadline(t time.Time) error      { return e.SetReadDeadline(t) }
func (e *end) SetReadDeadline(t time.Time) error  { e.deadline.set(t); return nil }
func (e *end) SetWriteDeadline(_ time.Time) error { return nil }

// address is that of an end: true for the client's.
type address bool

func (address) Network() string { return "memory" }

func (a address) String() string {
	if a {
		return "client"
	}
	return "server"
}

// deadline is a channel that is closed when a time has passed.
type deadline struct {
	mu     sync.Mutex
	timers int // set so far: one that fires late must not count for the next
	timer  *time.Timer
	done   chan struct{}
}

func newDeadline() *deadline { return &deadline{done: make(chan struct{})} }

func (d *deadline) passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.done
}

// set replaces the time, also for a Read that waits already.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timers++
	select {
	case <-d.done:
		d.done = make(chan struct{})
	default:
	}
	wait := time.Until(t)
	switch {
	case t.IsZero():
	case wait <= 0:
		close(d.done)
	default:
		number := d.timers
		d.timer = time.AfterFunc(wait, func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.timers == number {
				close(d.done)
			}
		})
	}
}
