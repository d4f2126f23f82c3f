// Package secure lets an LwM2M client reach its servers by coaps: it makes a client.Dialer of package dtls. A build without DTLS leaves it out,
// and pion with it.
package secure

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap/dtls"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
)

// Config is what the options say about DTLS.
type Config struct {
	DTLS dtls.Config
}

// Dialer makes links with pre-shared keys. It may be used by several goroutines.
type Dialer struct {
	dialer *dtls.Dialer
}

var _ client.Dialer = (*Dialer)(nil)

// New makes a Dialer.
func New(config Config) (*Dialer, error) {
	dialer, err := dtls.New(config.DTLS)
	if err != nil {
		return nil, err
	}
	return &Dialer{dialer}, nil
}

// NewOver makes a Dialer over sockets of another kind than UDP.
func NewOver(config Config, open dtls.Open) *Dialer { return &Dialer{dtls.NewOver(config.DTLS, open)} }

// FlushSessionCache forgets all sessions: the next link to each server takes a full handshake.
func (d *Dialer) FlushSessionCache() { d.dialer.FlushSessionCache() }

// Dial implements client.Dialer.
func (d *Dialer) Dial(ctx context.Context, target client.Target) (net.Conn, error) {
	conn, err := d.dialer.Dial(ctx, dtls.Target{
		Address: target.Address, Identity: target.Identity, Key: target.Key, CipherSuites: target.CipherSuites, ServerName: target.ServerName,
	})
	if err != nil {
		return nil, translated(err)
	}
	return &link{conn}, nil
}

// link is a connection whose errors are the client's.
type link struct{ conn *dtls.Conn }

func (l *link) Read(buffer []byte) (int, error) {
	n, err := l.conn.Read(buffer)
	return n, translated(err)
}

func (l *link) Write(datagram []byte) (int, error) {
	n, err := l.conn.Write(datagram)
	return n, translated(err)
}

func (l *link) Close() error                       { return l.conn.Close() }
func (l *link) LocalAddr() net.Addr                { return l.conn.LocalAddr() }
func (l *link) RemoteAddr() net.Addr               { return l.conn.RemoteAddr() }
func (l *link) SetDeadline(t time.Time) error      { return l.conn.SetDeadline(t) }
func (l *link) SetReadDeadline(t time.Time) error  { return l.conn.SetReadDeadline(t) }
func (l *link) SetWriteDeadline(t time.Time) error { return l.conn.SetWriteDeadline(t) }
func (l *link) Resumed() bool                      { return l.conn.Resumed() }
func (l *link) HasConnectionID() bool              { return l.conn.HasConnectionID() }
func (l *link) Rebind(ctx context.Context) error   { return l.conn.Rebind(ctx) }

// translated gives an alert as the client knows it.
func translated(err error) error {
	if alert, is := errors.AsType[*dtls.AlertError](err); is {
		return &client.AlertError{Code: alert.Code, Err: err}
	}
	return err
}
