package broker

import (
	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// Client and server number their packets independently of each other (MQTT 3.1.1 section 2.3.1, MQTT 5 section 2.2.1), but the library (v2.7.9)
// keeps both in one table (Client.State.Inflight). Left alone, it refuses a SUBSCRIBE whose identifier is that of a message that the client has
// not acknowledged yet, and forgets the message at a PUBLISH with it. So the identifiers of clients stay out of the table: inside the library
// every request of a client has the identifier 0, which no packet on the wire may have and which the library never gives to one of its own.
// The library answers a request before it reads the next one, so one number is enough.

// request is the packet of a client that the library is working on.
type request struct {
	id  uint16 // as the client has numbered it
	qos byte   // of a PUBLISH
}

// enclose takes the identifier out of a request. It comes last before the library gets the packet.
func (c *connection) enclose(packet packets.Packet) packets.Packet {
	switch packet.FixedHeader.Type {
	case packets.Publish, packets.Pubrel, packets.Subscribe, packets.Unsubscribe:
	default:
		return packet // no identifier, or one that the server has given
	}
	c.request = request{}
	if packet.PacketID == 0 {
		return packet // QoS 0, or the library refuses it
	}
	c.request = request{id: packet.PacketID, qos: packet.FixedHeader.Qos}
	// The library takes an identifier of 0 where the QoS is 0, and looks at its table before it calls OnPublish. In the other packets these bits
	// of the header mean nothing.
	packet.PacketID, packet.FixedHeader.Qos = 0, 0
	return packet
}

// OnPublish gives a message of a client its QoS back, and a will the client that it is of, which does not get it where No Local is set.
func (h *hook) OnPublish(client *mqtt.Client, packet packets.Packet) (packets.Packet, error) {
	if c, ok := client.Net.Conn.(*connection); ok {
		packet.FixedHeader.Qos = min(c.request.qos, h.broker.server.Options.Capabilities.MaximumQos)
	} else if packet.Connect.ClientIdentifier != "" {
		packet.Origin = packet.Connect.ClientIdentifier
	}
	return packet, nil
}

// disclose gives the answer to a request the identifier of the request. It is called in the client's own goroutine.
func (c *connection) disclose(answer packets.Packet) packets.Packet {
	if answer.PacketID == 0 {
		answer.PacketID = c.request.id
	}
	return answer
}
