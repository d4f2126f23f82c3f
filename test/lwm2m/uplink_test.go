package lwm2m

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/lab/packetnet"
)

// uplink is a device's socket behind a network address translation: the server sees it at an address that may change, of which the device does
// not learn.
type uplink struct {
	network *packetnet.Network
	remote  net.Addr
	local   net.Addr

	mu       sync.Mutex
	far      *packetnet.Conn
	deadline time.Time
}

func newUplink(network *packetnet.Network, address string) (*uplink, error) {
	far, err := network.Dial(address)
	if err != nil {
		return nil, err
	}
	return &uplink{network: network, remote: far.RemoteAddr(), local: far.LocalAddr(), far: far}, nil
}

// move gives the socket another address. What is under way to the old one is lost.
func (u *uplink) move() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	far, err := u.network.Dial(u.remote.String())
	if err != nil {
		return err
	}
	old := u.far
	u.far = far
	return errors.Join(far.SetReadDeadline(u.deadline), old.Close())
}

func (u *uplink) current() *packetnet.Conn {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.far
}

func (u *uplink) Read(buffer []byte) (int, error) {
	for {
		far := u.current()
		n, err := far.Read(buffer)
		if err == nil || far == u.current() {
			return n, err
		}
	}
}

func (u *uplink) Write(datagram []byte) (int, error) { return u.current().Write(datagram) }
func (u *uplink) Close() error                       { return u.current().Close() }
func (u *uplink) LocalAddr() net.Addr                { return u.local }
func (u *uplink) RemoteAddr() net.Addr               { return u.remote }

func (u *uplink) SetReadDeadline(t time.Time) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.deadline = t
	return u.far.SetReadDeadline(t)
}

func (u *uplink) SetWriteDeadline(time.Time) error { return nil }
func (u *uplink) SetDeadline(t time.Time) error    { return u.SetReadDeadline(t) }

var _ net.Conn = (*uplink)(nil)
