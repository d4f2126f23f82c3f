package broker

import (
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// The library (v2.7.9) has wills of its own, which are not used: it drops the will of a connection that is cut off while it works on a packet of
// it, that of a DISCONNECT with a reason, and a delayed one whose session ends, and it leaves most of the properties out.

// will is what a connection leaves behind if it ends without a DISCONNECT (MQTT 3.1.1 section 3.1.2.5).
type will struct {
	message packets.Packet
	delay   time.Duration
}

// postponed is a will of a connection that has ended, until its delay has passed (MQTT 5 section 3.1.3.2.2).
type postponed struct {
	message packets.Packet
	settled chan struct{} // closed when somebody has taken it
}

// willOf gives the will of a CONNECT; nil if there is none.
func willOf(connect packets.Packet, client string) *will {
	said := connect.Connect
	if !said.WillFlag {
		return nil
	}
	properties := said.WillProperties
	delay := time.Duration(properties.WillDelayInterval) * time.Second
	properties.WillDelayInterval = 0
	return &will{delay: delay, message: packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: said.WillQos, Retain: said.WillRetain},
		Connect:     packets.ConnectParams{ClientIdentifier: client}, // for OnPublish
		TopicName:   said.WillTopic, Payload: said.WillPayload, Properties: properties,
		PacketID: uint16(said.WillQos), // nobody looks at it, but there has to be one
	}}
}

// OnPacketProcessed forgets the will of a client that has said goodbye. With another reason than 0 the will stays (MQTT 5 section 3.14.4), and
// also if it was we who ended the connection: some clients answer the end with a DISCONNECT, which may still be read.
func (h *hook) OnPacketProcessed(client *mqtt.Client, packet packets.Packet, err error) {
	c, ok := client.Net.Conn.(*connection)
	if !ok || packet.FixedHeader.Type != packets.Disconnect || packet.ReasonCode != 0 || err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason == "" {
		c.will = nil
	}
}

// bequeath publishes what a connection that has ended leaves behind, or sees to it that it will be.
func (b *Broker) bequeath(c *connection) {
	left := c.will
	c.will = nil
	if left == nil {
		return
	}
	delay := time.Duration(0)
	if c.session.Properties.ProtocolVersion == 5 { // the end of the session ends the delay
		delay = min(left.delay, time.Duration(c.session.Properties.Props.SessionExpiryInterval)*time.Second)
	}
	if delay == 0 {
		b.publishWill(left.message)
		return
	}
	p := &postponed{message: left.message, settled: make(chan struct{})}
	b.mu.Lock()
	b.wills[c.client.ID] = p // another is not there: it was settled when this connection began
	b.mu.Unlock()
	b.delays.Go(func() {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
			if b.takeWill(c.client.ID, p) {
				b.publishWill(p.message)
			}
		case <-p.settled:
		}
	})
}

// takeWill tells whether the will is still to be decided about, which the caller then does.
func (b *Broker) takeWill(client string, p *postponed) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p == nil || b.wills[client] != p {
		return false
	}
	delete(b.wills, client)
	close(p.settled)
	return true
}

// settleWill decides about a delayed will before its time: it is dropped if its session goes on with a new connection, and published if the
// session has ended.
func (b *Broker) settleWill(client string, goesOn bool) {
	b.mu.Lock()
	p := b.wills[client]
	b.mu.Unlock()
	if b.takeWill(client, p) && !goesOn {
		b.publishWill(p.message)
	}
}

// dropWills forgets all that are delayed.
func (b *Broker) dropWills() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.wills {
		close(p.settled)
	}
	clear(b.wills)
}

func (b *Broker) publishWill(message packets.Packet) {
	if err := b.server.InjectPacket(b.inline, message); err != nil {
		b.log.Warn("publishing a will", "client", message.Connect.ClientIdentifier, "topic", message.TopicName, "error", err)
	}
}
