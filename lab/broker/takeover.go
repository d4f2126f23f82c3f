package broker

import (
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// Connections with the same client id follow one another, and never overlap in what they do with the session: each waits for the end of the one
// before. Left alone, the library (v2.7.9) forgets the newer connection in the last step of the older one's end, if that had no session; two
// that come at the same time both stay; and a session may be copied while the older one still changes it.

// OnSessionEstablish is called when a CONNECT is accepted, before the library looks for the session. It cuts off an older connection of the same
// id, because the library would do it with a DISCONNECT packet that MQTT 3.1.1 does not have from a server, and waits for its end.
func (h *hook) OnSessionEstablish(client *mqtt.Client, packet packets.Packet) {
	b, c := h.broker, client.Net.Conn.(*connection)
	b.takeTurn(c)
	c.session = client
	c.will, client.Properties.Will = willOf(packet, client.ID), mqtt.Will{}
	older, ok := b.server.Clients.Get(client.ID)
	if ok {
		if !older.Closed() {
			b.end(older, ReasonTakeover, packets.ErrSessionTakenOver)
		}
		if left, ok := older.Net.Conn.(*connection); ok {
			<-left.over
		}
		older, ok = b.server.Clients.Get(client.ID) // not, if it had no session
	}
	if ok {
		b.inherit(c, older, packet.Connect.Clean)
		_, ok = b.server.Clients.Get(client.ID) // not, if the session has expired
	}
	b.settleWill(client.ID, ok && !packet.Connect.Clean)
}

// takeTurn waits until no other connection with the client id of this one is between the acceptance of its CONNECT and its place in the library's
// table of clients.
func (b *Broker) takeTurn(c *connection) {
	turn := make(chan struct{})
	for {
		b.mu.Lock()
		other, taken := b.turns[c.client.ID]
		if !taken {
			b.turns[c.client.ID] = turn
		}
		b.mu.Unlock()
		if !taken {
			c.turn = turn
			return
		}
		<-other
	}
}

// passTurn ends takeTurn. It does nothing if that was done.
func (b *Broker) passTurn(c *connection) {
	if c.turn == nil {
		return
	}
	b.mu.Lock()
	delete(b.turns, c.client.ID)
	b.mu.Unlock()
	close(c.turn)
	c.turn = nil
}

// abandon ends a connection whose CONNECT was accepted, and that ended before the client could be told: the library does nothing more about it.
func (b *Broker) abandon(c *connection) {
	b.bequeath(c)
	if !endsWithConnection(c.session) {
		b.away(c.client.ID)
		return
	}
	c.session.ClearInflights()
	b.server.UnsubscribeClient(c.session)
	b.server.Clients.Delete(c.client.ID)
}

// farewell bounds how long the end of a connection may take to tell the client, which may have stopped to read.
const farewell = 5 * time.Second

// end closes a client's connection; one of MQTT 5 is told the reason first, MQTT 3.1.1 knows no such packet (its section 3.14).
func (b *Broker) end(client *mqtt.Client, reason string, code packets.Code) {
	c, ok := client.Net.Conn.(*connection)
	if !ok {
		return
	}
	c.because(reason)
	if client.Properties.ProtocolVersion < 5 {
		client.Stop(code)
		return
	}
	late := time.AfterFunc(farewell, func() { _ = c.raw.Close() }) // nothing is to be done if it was closed
	defer late.Stop()
	_ = b.server.DisconnectClient(client, code) // gives the code back as its error
}
