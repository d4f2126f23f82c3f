package lwm2m

import (
	"net"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
)

// Faults is what can be made to go wrong. Its methods may be called from any goroutine.
type Faults struct {
	mu           sync.Mutex
	dropIn       int
	dropOut      int
	refuseCode   coap.Code
	refuseNumber int
	answerDelay  time.Duration
}

func newFaults() *Faults { return &Faults{} }

// Drop has the next datagrams from clients, and to clients, lost; of all clients together, handshakes included. A negative number: all, until
// the next call.
func (f *Faults) Drop(fromClients, toClients int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dropIn, f.dropOut = fromClients, toClients
}

// RefuseRegistrations has the next n Register and Update requests refused with a code; negative: all, until the next call.
func (f *Faults) RefuseRegistrations(code coap.Code, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuseCode, f.refuseNumber = code, n
}

// DelayAnswers has answers to clients come later by a time; 0 ends it.
func (f *Faults) DelayAnswers(by time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answerDelay = max(0, by)
}

func (f *Faults) delay() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.answerDelay
}

// take counts one down and tells whether it was there.
func take(n *int) bool {
	if *n > 0 {
		*n--
		return true
	}
	return *n < 0
}

func (f *Faults) refusal() (coap.Code, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refuseCode, take(&f.refuseNumber)
}

func (f *Faults) drops(n *int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return take(n)
}

// faulty is a socket that loses what Faults says.
type faulty struct {
	net.PacketConn
	faults *Faults
}

func (f *faulty) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := f.PacketConn.ReadFrom(b)
		if err != nil || !f.faults.drops(&f.faults.dropIn) {
			return n, from, err
		}
	}
}

func (f *faulty) WriteTo(b []byte, to net.Addr) (int, error) {
	if f.faults.drops(&f.faults.dropOut) {
		return len(b), nil
	}
	return f.PacketConn.WriteTo(b, to)
}
