package dtls

// WriteRaw sends a datagram beside the session.
func (c *Conn) WriteRaw(datagram []byte) error {
	_, err := c.socket.conn().Write(datagram)
	return err
}
