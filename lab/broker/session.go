package broker

import (
	"cmp"
	"slices"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// endsWithConnection tells whether a client has no session that outlives its connection.
func endsWithConnection(client *mqtt.Client) bool {
	if client.Properties.ProtocolVersion == 5 {
		return client.Properties.Props.SessionExpiryInterval == 0
	}
	return client.Properties.Clean
}

// stored gives the messages that await a client or its acknowledgement, oldest first.
func stored(client *mqtt.Client) []packets.Packet {
	all := slices.DeleteFunc(client.State.Inflight.GetAll(false), func(p packets.Packet) bool { return p.FixedHeader.Type != packets.Publish })
	slices.SortStableFunc(all, func(x, y packets.Packet) int {
		return cmp.Or(cmp.Compare(x.Created, y.Created), cmp.Compare(x.PacketID, y.PacketID))
	})
	return all
}

// away notes that a client with a session has left. The session that is the longest without its client ends if there are too many.
func (b *Broker) away(client string) {
	b.mu.Lock()
	b.absent[client] = b.config.Now()
	oldest := client
	for id, since := range b.absent {
		if since.Before(b.absent[oldest]) {
			oldest = id
		}
	}
	full := len(b.absent) > b.config.Limits.Sessions
	if full {
		delete(b.absent, oldest)
	}
	b.mu.Unlock()
	if session, ok := b.server.Clients.Get(oldest); full && ok && session.Closed() {
		session.ClearInflights()
		b.server.UnsubscribeClient(session)
		b.server.Clients.Delete(oldest)
		b.settleWill(oldest, false)
		b.Notify(oldest, "", "its session is forgotten: there are too many")
	}
}

func (b *Broker) acknowledgeAfter() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ackDelay
}

// inherit takes what a client's earlier connection has left, before the library does: it ends a session that has expired by our clock, and
// takes the stored messages out, because the library would send them all at once.
func (b *Broker) inherit(c *connection, older *mqtt.Client, clean bool) {
	left, ok := older.Net.Conn.(*connection)
	if !ok {
		return
	}
	left.mu.Lock()
	resumed := left.resumed
	left.mu.Unlock()
	if resumed != nil {
		<-resumed
	}
	b.mu.Lock()
	since, away := b.absent[older.ID]
	delete(b.absent, older.ID)
	b.mu.Unlock()
	life := b.config.Limits.Session
	if older.Properties.ProtocolVersion == 5 {
		life = min(life, time.Duration(older.Properties.Props.SessionExpiryInterval)*time.Second)
	}
	if away && older.Closed() && b.config.Now().Sub(since) >= life {
		older.ClearInflights()
		b.server.UnsubscribeClient(older)
		b.server.Clients.Delete(older.ID)
		return
	}
	older.State.Inflight.Delete(0) // an acknowledgement that could not be sent, see enclose
	if clean || endsWithConnection(older) {
		return
	}
	left.mu.Lock()
	waiting := left.stored // not taken up, if the connection ended before it was established
	left.stored = nil
	left.mu.Unlock()
	waiting = slices.Concat(waiting, stored(older))
	c.mu.Lock()
	c.stored = waiting
	c.mu.Unlock()
	for _, p := range waiting {
		older.State.Inflight.Delete(p.PacketID)
	}
}

// OnClientExpired ends the subscriptions of a session, which the library forgets.
func (h *hook) OnClientExpired(client *mqtt.Client) {
	h.broker.server.UnsubscribeClient(client)
	h.broker.settleWill(client.ID, false)
	h.broker.mu.Lock()
	delete(h.broker.absent, client.ID)
	h.broker.mu.Unlock()
	h.broker.config.Changed()
}

// resume sends what was stored for the client, at the pace of Limits.Redelivery. What it cannot send goes back to the session.
func (b *Broker) resume(c *connection, client *mqtt.Client) {
	resumed := make(chan struct{})
	c.mu.Lock()
	if len(c.stored) == 0 {
		c.mu.Unlock()
		return
	}
	c.resumed = resumed
	c.mu.Unlock()
	b.work.Go(func() {
		defer close(resumed)
		for first := true; ; first = false {
			if !first && b.config.Limits.Redelivery > 0 {
				c.pause(time.Second / time.Duration(b.config.Limits.Redelivery))
			}
			p, ok := c.shift()
			if !ok {
				return
			}
			if !b.store(client, &p) {
				continue
			}
			if !client.Closed() { // else what remains is put back likewise
				_ = client.WritePacket(p) // it stays in the session until it is acknowledged
			}
		}
	})
}

// pending gives what resume has not sent yet.
func (c *connection) pending() []packets.Packet {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.stored)
}

func (c *connection) shift() (packets.Packet, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.stored) == 0 {
		return packets.Packet{}, false
	}
	p := c.stored[0]
	c.stored = c.stored[1:]
	return p, true
}

// store puts a message into the session under a new packet id (AWS IoT developer guide, "MQTT": a message that is sent again may have another).
func (b *Broker) store(client *mqtt.Client, p *packets.Packet) bool {
	id, err := client.NextPacketID()
	if err != nil {
		b.tap.emit(Event{Kind: Lost, Client: client.ID, Topic: p.TopicName, QoS: p.FixedHeader.Qos})
		return false
	}
	p.PacketID, p.FixedHeader.Dup = uint16(id), false
	client.State.Inflight.Set(*p)
	return true
}

// OnQosPublish and OnQosComplete are told what is stored for a client, and what is not any more.
func (h *hook) OnQosPublish(client *mqtt.Client, packet packets.Packet, _ int64, _ int) {
	if packet.FixedHeader.Type == packets.Publish && !endsWithConnection(client) {
		h.broker.config.Changed()
	}
}

// OnQosComplete is the other end of OnQosPublish.
func (h *hook) OnQosComplete(client *mqtt.Client, packet packets.Packet) {
	if packet.FixedHeader.Type == packets.Puback && !endsWithConnection(client) {
		h.broker.config.Changed()
	}
}

// enter waits until the client may have one more message of QoS 1 unacknowledged, and counts this one.
//
// The library has a count of its own, which is not used: it forgets a message that waited once it is sent, and with it the room that its
// acknowledgement makes, and its look for such messages can lock itself out (Inflight.NextImmediate, v2.7.9).
func (c *connection) enter(id uint16) {
	for {
		c.mu.Lock()
		if _, again := c.unacknowledged[id]; again || len(c.unacknowledged) < c.window {
			c.unacknowledged[id] = struct{}{}
			c.mu.Unlock()
			return
		}
		left := c.left
		c.mu.Unlock()
		select {
		case <-left:
		case <-c.ended:
			return
		}
	}
}

// leave makes room for another message.
func (c *connection) leave(id uint16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.unacknowledged[id]; ok {
		delete(c.unacknowledged, id)
		close(c.left)
		c.left = make(chan struct{})
	}
}

// Send gives a message to one connected client, subscribed or not, once: with the QoS of its subscriptions that match, and 0 without one. The
// receiver's policy is not asked. It reports whether the client was connected.
func (b *Broker) Send(clientID, topic string, payload []byte) bool {
	client, ok := b.server.Clients.Get(clientID)
	if !ok || client.Closed() {
		return false
	}
	c, ok := client.Net.Conn.(*connection)
	if !ok {
		return false
	}
	p := packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Publish}, TopicName: topic, Payload: payload, Created: time.Now().Unix()}
	for filter, s := range client.State.Subscriptions.GetAll() {
		if c.matches(filter, topic) {
			p.FixedHeader.Qos = max(p.FixedHeader.Qos, min(s.Qos, 1))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.finished:
		return false
	case len(c.outbox) >= b.config.Limits.Queue:
		b.tap.emit(Event{Kind: Lost, Client: clientID, Topic: topic, QoS: p.FixedHeader.Qos})
		return true
	}
	c.outbox = append(c.outbox, p)
	if !c.sending {
		c.sending = true
		c.sends.Go(func() { b.empty(c, client) })
	}
	return true
}

// empty writes the outbox: not the caller of Send, who must not wait for a slow client.
func (b *Broker) empty(c *connection, client *mqtt.Client) {
	for {
		c.mu.Lock()
		if len(c.outbox) == 0 {
			c.sending = false
			c.mu.Unlock()
			return
		}
		p := c.outbox[0]
		c.outbox = c.outbox[1:]
		c.mu.Unlock()
		if p.FixedHeader.Qos > 0 && !b.store(client, &p) {
			continue
		}
		_ = client.WritePacket(p) // of a client that is gone
	}
}
