//go:build real

package real

import (
	"net"
	"sync"
	"testing"
)

// link is a TCP connection's way through a network that can fail without a word: while it is cut, nothing arrives on either side, and nobody
// is told.
type link struct {
	listener net.Listener
	target   string
	work     sync.WaitGroup

	mu    sync.Mutex
	cut   bool
	pairs []*pair
}

// pair is one connection through the link. Once cut it stays dead, as a connection does whose network state was lost.
type pair struct {
	mu   sync.Mutex
	cut  bool
	ends [2]net.Conn
}

func newLink(t *testing.T, target string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{listener: listener, target: target}
	l.work.Go(l.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		l.mu.Lock()
		for _, p := range l.pairs {
			for _, end := range p.ends {
				if end != nil {
					_ = end.Close()
				}
			}
		}
		l.mu.Unlock()
		l.work.Wait()
	})
	return l
}

// address gives HOST:PORT under which the target's certificate is valid.
func (l *link) address() string {
	_, port, _ := net.SplitHostPort(l.listener.Addr().String())
	return net.JoinHostPort("localhost", port)
}

// set cuts the link, with every connection on it, or mends it for connections to come.
func (l *link) set(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
	for _, p := range l.pairs {
		p.mu.Lock()
		p.cut = p.cut || cut
		p.mu.Unlock()
	}
}

func (l *link) accept() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.mu.Lock()
		p := &pair{cut: l.cut, ends: [2]net.Conn{near, nil}}
		l.pairs = append(l.pairs, p)
		if !p.cut {
			if far, err := net.Dial("tcp", l.target); err != nil {
				_ = near.Close()
			} else {
				p.ends[1] = far
				l.work.Go(func() { p.copy(near, far) })
				l.work.Go(func() { p.copy(far, near) })
			}
		}
		l.mu.Unlock()
	}
}

func (p *pair) copy(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		cut := p.cut
		p.mu.Unlock()
		if cut && err == nil {
			continue // swallowed
		}
		if n > 0 {
			_, err = to.Write(buffer[:n])
		}
		if err != nil {
			if !cut {
				_ = to.Close()
			}
			return
		}
	}
}
