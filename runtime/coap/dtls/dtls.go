// Package dtls opens DTLS 1.2 links with pre-shared keys (RFC 6347, 4279), on pion/dtls, which only this package imports. It is a client;
// certificates and raw public keys are not offered.
//
// A link survives a change of its own address when the server gave it a Connection ID (RFC 9146): Rebind exchanges the socket. A new link
// to the same server takes one round trip less when the server kept the session (RFC 5246, 7.3).
//
// The two do not go together: pion sends the Finished of a resumed handshake without the Connection ID that was just agreed on, and a server
// that goes by RFC 9146, 4 drops it. So with both options on, a server that gives Connection IDs gets full handshakes, and any other one
// resumptions.
//
// pion starts two goroutines for each link, and a short-lived one for each datagram; Close ends them. It holds one received datagram back,
// and up to 100 during the handshake; all others wait in the socket. It may log nothing.
package dtls

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	pion "github.com/pion/dtls/v3"
)

// Config is what the options say about DTLS.
type Config struct {
	ConnectionID   bool `kconfig:"LWM2M_DTLS_CID"`            // offer to send the server's Connection ID
	SessionCaching bool `kconfig:"LWM2M_TLS_SESSION_CACHING"` // remember sessions and resume them
}

// Target is a server and who connects to it.
type Target struct {
	Address  string // HOST:PORT
	Identity []byte // PSK identity; not empty
	Key      []byte // pre-shared key; not empty

	// CipherSuites are the IANA numbers of the only suites to offer, the best first. None: all of the table in suites.
	CipherSuites []uint16
	ServerName   string // sent as Server Name Indication; empty, or an address: not sent
}

// suites are the cipher suites in the order in which they are offered. The first is mandatory for LwM2M (OMA Transport 1.1, 5.2.4).
func suites() []pion.CipherSuiteID {
	return []pion.CipherSuiteID{
		pion.TLS_PSK_WITH_AES_128_CCM_8, pion.TLS_PSK_WITH_AES_128_CCM, pion.TLS_PSK_WITH_AES_128_GCM_SHA256, pion.TLS_PSK_WITH_AES_128_CBC_SHA256,
	}
}

// Dialer opens links and remembers their sessions, in memory only. It may be used by several goroutines.
type Dialer struct {
	config   Config
	sessions sessions
	open     Open
}

// Open opens a socket to HOST:PORT, of which one Read and one Write are one datagram each. The deadlines of Read have to work. ctx bounds the
// time until it is open, not its life. Its type has to be comparable, as pointers are.
type Open func(ctx context.Context, address string) (net.Conn, error)

// New makes a Dialer over UDP. It has no errors now.
func New(config Config) (*Dialer, error) { return NewOver(config, openUDP), nil }

// NewOver makes a Dialer over sockets of another kind: of a modem, or in memory.
func NewOver(config Config, open Open) *Dialer { return &Dialer{config: config, open: open} }

// FlushSessionCache forgets all sessions: the next link to each server takes a full handshake.
func (d *Dialer) FlushSessionCache() { d.sessions.flush() }

// Dial looks the address up and does the handshake, which it repeats with growing waits for as long as ctx lets it; without a deadline,
// for ever. Errors: *AlertError when the server refused, *TimeoutError when ctx ended before the handshake did, others as they come.
func (d *Dialer) Dial(ctx context.Context, target Target) (*Conn, error) {
	options, err := check(target)
	if err != nil {
		return nil, err
	}
	socket, err := newSocket(ctx, d.open, target.Address)
	if err != nil {
		return nil, errorf("dtls: %w", err)
	}
	key := sessionKey{string(target.Identity), socket.remote.String()}
	conn := &Conn{socket: socket, forget: func() { d.sessions.forget(key) }}
	options = append(options, pion.WithLoggerFactory(listener{&conn.alert}))
	store := d.sessions.of(key)
	if d.config.SessionCaching {
		options = append(options, pion.WithSessionStore(store))
	}
	if d.config.ConnectionID && !store.holds() {
		options = append(options, pion.WithConnectionIDGenerator(pion.OnlySendCIDGenerator()))
	}
	offered := d.config.SessionCaching && store.holds()
	conn.session, err = pion.ClientWithOptions(socket, socket.remote, options...)
	if err == nil {
		err = conn.session.HandshakeContext(ctx)
	}
	if err == nil {
		conn.alert.armed.Store(true)
		socket.established.Store(true)
		conn.resumed = offered && !store.refused.Load() && !store.replaced.Load()
		if d.config.ConnectionID && (conn.HasConnectionID() || store.refused.Load()) {
			conn.forget() // the next handshake is to be a full one, with a Connection ID
		}
		return conn, nil
	}
	_ = socket.Close() // pion may have done so, or have never begun
	if alert, is := alertOf(err); is {
		conn.forget() // RFC 5246, 7.2: no session outlives a fatal alert
		return nil, errorf("dtls: handshake with %s: %w", target.Address, alert)
	}
	if ctx.Err() != nil {
		return nil, &TimeoutError{Address: target.Address, Cause: joined(context.Cause(ctx), socket.trouble())}
	}
	return nil, errorf("dtls: handshake with %s: %w", target.Address, err)
}

// check gives the options of pion for a target.
func check(target Target) ([]pion.ClientOption, error) {
	if len(target.Identity) == 0 || len(target.Key) == 0 {
		return nil, errors.New("dtls: the identity or the pre-shared key is empty: both are needed")
	}
	offered := suites()
	if len(target.CipherSuites) > 0 {
		offered = nil
		for _, number := range target.CipherSuites {
			id := pion.CipherSuiteID(number)
			if !slices.Contains(suites(), id) {
				return nil, errorf("dtls: cipher suite 0x%04X is not supported: with pre-shared keys 0xC0A8, 0xC0A4, 0x00A8 and 0x00AE are", number)
			}
			offered = append(offered, id)
		}
	}
	key := slices.Clone(target.Key)
	options := []pion.ClientOption{
		pion.WithPSK(func([]byte) ([]byte, error) { return key, nil }),
		pion.WithPSKIdentityHint(target.Identity),
		pion.WithCipherSuites(offered...),
	}
	if target.ServerName != "" && net.ParseIP(target.ServerName) == nil {
		options = append(options, pion.WithServerName(target.ServerName))
	}
	return options, nil
}

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }

// joined is errors.Join as a call.
//
//go:noinline
func joined(errs ...error) error { return errors.Join(errs...) }
