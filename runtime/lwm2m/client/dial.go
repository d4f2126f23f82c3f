package client

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
)

// Target is whom to connect to, and as whom.
type Target struct {
	Address      string // HOST:PORT
	Identity     []byte // of the pre-shared key
	Key          []byte
	CipherSuites []uint16 // none: the dialer's own
	ServerName   string   // SNI; "": none
}

// Dialer makes links, of which one Read and one Write are one datagram each. ctx bounds the time until the link stands, not its life.
//
// A link of coaps may say more about itself by having one of these methods:
//
//	Resumed() bool                     // its session is an old one: the handshake was an abbreviated one. Without the method, a new one
//	Rebind(ctx context.Context) error  // goes on from a new local address
//	HasConnectionID() bool             // the server knows the session again when it comes from there
//
// and its errors, like those of Dial, about an alert of the server by being an *AlertError.
type Dialer interface {
	Dial(ctx context.Context, target Target) (net.Conn, error)
}

// AlertError is an alert with which a server has ended a session, or refused it.
type AlertError struct {
	Code uint8 // RFC 5246, 7.2; RFC 4279, 2
	Err  error // what the DTLS library says; may be nil
}

func (e *AlertError) Error() string {
	text := fmt.Sprintf("the server has sent the DTLS alert %d", e.Code)
	if name := e.refusal(); name != "" {
		text += " (" + name + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the library's error.
func (e *AlertError) Unwrap() error { return e.Err }

// refusal gives the name of an alert that says that the account is wrong, so that another attempt is of no use (reference: 13.1); "" for any other.
func (e *AlertError) refusal() string {
	switch e.Code {
	case 40:
		return "handshake_failure"
	case 51:
		return "decrypt_error"
	case 115:
		return "unknown_psk_identity"
	}
	return ""
}

// udp is the dialer of coap.
type udp struct{}

func (*udp) Dial(ctx context.Context, target Target) (net.Conn, error) {
	return coap.DialUDP(ctx, target.Address)
}

// dial opens the link of an account.
func (c *Client) dial(ctx context.Context, account *security.Account) (net.Conn, registration.Session, error) {
	if err := c.checkAccount(account); err != nil {
		return nil, 0, err
	}
	at, err := security.ParseURI(account.URI, c.config.PeerPort)
	if err != nil {
		return nil, 0, err
	}
	target := Target{Address: at.Address()}
	dialer := c.options.Plain
	if at.Secure {
		dialer = c.options.Secure
		target.Identity, target.Key, target.CipherSuites, target.ServerName = account.Identity, account.Key, account.CipherSuites, account.ServerName
	}
	conn, err := dialer.Dial(ctx, target)
	if err != nil {
		return nil, 0, errorf("%s: %w", account.URI, err)
	}
	if !at.Secure {
		return conn, registration.SessionNone, nil
	}
	if session, tells := conn.(interface{ Resumed() bool }); tells && session.Resumed() {
		return conn, registration.SessionResumed, nil
	}
	return conn, registration.SessionNew, nil
}

// noteAlert brings the alert of a failure to /1/x/11.
func (c *Client) noteAlert(err error) (refused bool) {
	alert, is := errors.AsType[*AlertError](err)
	if !is {
		return false
	}
	account, found := c.machine.Account()
	if found && c.bootstrapping == nil {
		if err := c.server.SetAlert(account.Server, alert.Code); err != nil {
			c.logger.Debug("lwm2m: the alert code is not kept", "error", err)
		}
	}
	return alert.refusal() != ""
}
