package client_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
)

// roaming is a link whose device may have moved: the route to the server begins at 127.0.0.1.
type roaming struct {
	net.Conn
	mu      sync.Mutex
	local   string
	broken  bool
	rebinds int
}

func (r *roaming) LocalAddr() net.Addr {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &net.UDPAddr{IP: net.ParseIP(r.local), Port: 40000}
}

func (r *roaming) RemoteAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5683} }

func (r *roaming) Write(datagram []byte) (int, error) {
	r.mu.Lock()
	broken := r.broken
	r.mu.Unlock()
	if broken {
		return 0, &net.OpError{Op: "write", Net: "udp", Err: syscall.ENETUNREACH}
	}
	return r.Conn.Write(datagram)
}

func (r *roaming) set(local string, broken bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.local, r.broken = local, broken
}

// withID is a link with a DTLS Connection ID.
type withID struct{ *roaming }

func (r withID) HasConnectionID() bool { return true }

func (r withID) Rebind(context.Context) error {
	r.set("127.0.0.1", false)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rebinds++
	return nil
}

// roamer dials through a peer.
type roamer struct {
	*peer
	withID bool
	links  []*roaming
}

func (d *roamer) Dial(ctx context.Context, target client.Target) (net.Conn, error) {
	conn, err := d.peer.Dial(ctx, target)
	if err != nil {
		return nil, err
	}
	link := &roaming{Conn: conn, local: "127.0.0.1"}
	d.links = append(d.links, link)
	if d.withID {
		return withID{link}, nil
	}
	return link, nil
}

func TestAddressChanges(t *testing.T) {
	for name, hasID := range map[string]bool{"connection id": true, "no connection id": false} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				dialer := &roamer{withID: hasID}
				b := start(t, config(), func(o *client.Options) {
					dialer.peer, _ = o.Plain.(*peer)
					o.Plain = dialer
				})
				defer b.end()
				b.Start()
				b.wait(time.Minute)
				b.peer.expect(register)
				b.NetworkChanged() // it has not
				b.wait(time.Second)
				b.peer.expect()
				dialer.links[0].set("127.0.0.9", true)
				// The next message does not leave the device. It goes out over the new socket, or the new link.
				b.Update()
				b.wait(10 * time.Second)
				sent := b.peer.take1(true)
				if len(sent) == 0 || sent[0] != update {
					t.Errorf("requests %q", sent)
				}
				wantLinks, wantRebinds := 2, 0
				if hasID {
					wantLinks, wantRebinds = 1, 1
				}
				if len(dialer.links) != wantLinks || dialer.links[0].rebinds != wantRebinds {
					t.Errorf("%d links, %d rebinds", len(dialer.links), dialer.links[0].rebinds)
				}
				if got := b.peer.ask(coap.GET, "3303/0/5700", nil); got.code != 0x45 {
					t.Errorf("read: %v", got.Code)
				}
			})
		})
	}
}

// alerting is a link that the server ends with an alert.
type alerting struct {
	net.Conn
	ended chan struct{}
}

func (a alerting) Read(buffer []byte) (int, error) {
	n, err := a.Conn.Read(buffer)
	select {
	case <-a.ended:
		return 0, &client.AlertError{Code: 49, Err: errors.New("access_denied")}
	default:
		return n, err
	}
}

type alerter struct {
	*peer
	ended chan struct{}
}

func (d *alerter) Dial(ctx context.Context, target client.Target) (net.Conn, error) {
	conn, err := d.peer.Dial(ctx, target)
	if err != nil {
		return nil, err
	}
	d.ended = make(chan struct{})
	return alerting{conn, d.ended}, nil
}

func TestAlertEndsTheSession(t *testing.T) {
	run(t, func(t *testing.T) {
		dialer := &alerter{}
		b := start(t, config(), func(o *client.Options) {
			dialer.peer, _ = o.Plain.(*peer)
			o.Plain = dialer
		})
		defer b.end()
		b.Start()
		b.wait(2 * time.Minute)
		b.peer.expect(register)
		close(dialer.ended)
		b.peer.set(func() { _, _ = b.peer.link.Write([]byte{0x40, 0, 0, 1}) }) // so that its Read returns
		b.wait(time.Second)
		b.peer.expect(update)
		if code, _ := b.Tree().Get(lwm2m.NewPath(1, 0, 11)); code.Uint() != 49 {
			t.Errorf("alert code %v", code)
		}
		if b.peer.dials != 2 {
			t.Errorf("%d links", b.peer.dials)
		}
	})
}
