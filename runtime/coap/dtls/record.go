package dtls

import "encoding/binary"

// Content types of records (RFC 5246, 6.2.1; RFC 9146, 3).
const (
	changeCipherSpec = 20
	handshakeRecord  = 22
	withConnectionID = 25
)

// recordHeader is type, version, epoch, sequence number and length (RFC 6347, 4.1).
const recordHeader = 13

// identified tells whether one of the records of a datagram that we send carries a Connection ID. Its header has no known length, but it
// is the last of its datagram: what comes before is of the handshake.
func identified(datagram []byte) bool {
	for len(datagram) >= recordHeader {
		if datagram[0] == withConnectionID {
			return true
		}
		datagram = datagram[min(recordHeader+int(binary.BigEndian.Uint16(datagram[11:])), len(datagram)):]
	}
	return false
}

// fit tells whether a datagram that arrives in an established session is fit for pion. Anybody who can forge the server's address can send
// unprotected records (epoch 0), and to some of them pion answers with a fatal alert that ends the session at the server. Only what the
// server may send again of its handshake is let through (RFC 6347, 4.2.4 and 4.1).
func fit(datagram []byte) bool {
	for len(datagram) > 0 {
		if len(datagram) < recordHeader {
			return false
		}
		length := int(binary.BigEndian.Uint16(datagram[11:]))
		if len(datagram) < recordHeader+length {
			return false
		}
		unprotected := binary.BigEndian.Uint16(datagram[3:]) == 0
		switch kind := datagram[0]; {
		case kind == changeCipherSpec: // pion takes it as it is in every epoch; the one that there is comes in epoch 0
			if !unprotected || length != 1 || datagram[recordHeader] != 1 {
				return false
			}
		case unprotected && kind != handshakeRecord:
			return false
		}
		datagram = datagram[recordHeader+length:]
	}
	return true
}
