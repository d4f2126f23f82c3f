package rawmqtt

import (
	"io"
	"net"
	"time"
)

// nopConn is a connection that only takes what is written.
type nopConn struct {
	net.Conn
	io.Writer
}

func (c nopConn) Write(b []byte) (int, error)      { return c.Writer.Write(b) }
func (nopConn) SetWriteDeadline(_ time.Time) error { return nil }
