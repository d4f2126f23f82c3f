package broker

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"
)

// hook stands between the library and the policy. The library calls it from the goroutine of the client concerned, except OnACLCheck and
// OnPacketEncode for messages, which may come from that of the sender.
type hook struct {
	mqtt.HookBase
	broker *Broker
}

func (h *hook) ID() string { return "cloud" }

func (h *hook) Provides(b byte) bool {
	return bytes.IndexByte([]byte{
		mqtt.OnPacketRead, mqtt.OnPacketProcessed, mqtt.OnConnect, mqtt.OnConnectAuthenticate, mqtt.OnACLCheck, mqtt.OnSessionEstablish, mqtt.OnSessionEstablished,
		mqtt.OnDisconnect, mqtt.OnSubscribe, mqtt.OnSubscribed, mqtt.OnUnsubscribed, mqtt.OnPublish, mqtt.OnPublished, mqtt.OnPublishDropped, mqtt.OnPacketEncode,
		mqtt.OnPacketSent, mqtt.OnQosPublish, mqtt.OnQosComplete, mqtt.OnRetainMessage, mqtt.OnClientExpired,
		mqtt.StoredClients, mqtt.StoredSubscriptions, mqtt.StoredInflightMessages, mqtt.StoredRetainedMessages,
	}, b) >= 0
}

// OnPacketRead asks the policy before the library looks at the packet. The library ends the connection if the result is ErrRejectPacket,
// and takes any other error for none.
func (h *hook) OnPacketRead(client *mqtt.Client, packet packets.Packet) (packets.Packet, error) {
	c := client.Net.Conn.(*connection)
	policy := h.broker.config.Policy
	c.pause(policy.Pace(c.client, packet.FixedHeader.Remaining+2, false))
	var refusal *Refusal
	topic := ""
	switch packet.FixedHeader.Type {
	case packets.Connect:
		if c.client.Version != 0 {
			return packet, nil // a second one, which the library refuses
		}
		return h.connect(c, client, packet)
	case packets.Publish:
		topic = packet.TopicName
		if topic == "" && packet.Properties.TopicAlias > 0 {
			topic = client.State.TopicAliases.Inbound.Set(packet.Properties.TopicAlias, "") // reads it
		}
		refusal = policy.Publish(c.client, publishOf(packet, topic))
	case packets.Puback:
		c.leave(packet.PacketID)
	case packets.Subscribe:
		if len(packet.Filters) == 0 {
			return packet, nil // the library refuses it
		}
		topic = packet.Filters[0].Filter
		var filters []*Refusal
		refusal, filters = policy.Subscribe(c.client, subscribeOf(client, packet))
		for i, f := range filters {
			if refusal == nil && f != nil && i < len(packet.Filters) {
				h.broker.refuse(c, packet.Filters[i].Filter, f)
				packet.Filters[i].Filter = refusedFilter
			}
		}
	}
	if refusal == nil {
		return c.enclose(packet), nil
	}
	h.broker.refuse(c, topic, refusal)
	if refusal.Effect == Ignore {
		return ignored(packet), nil
	}
	c.because(ReasonForbidden)
	if client.Properties.ProtocolVersion == 5 {
		_ = h.broker.server.DisconnectClient(client, codeOf(refusal)) // gives the code back as its error
	}
	return packet, packets.ErrRejectPacket
}

// refusedFilter is put in the place of a filter that the policy refused: the library refuses it in turn, because it breaks the syntax of
// MQTT, and gives it a failure code in the right place of the SUBACK.
const refusedFilter = "#/refused"

// ignored gives a packet that the library answers with nothing: an acknowledgement of a message that it never sent.
func ignored(packet packets.Packet) packets.Packet {
	return packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Puback}, ProtocolVersion: packet.ProtocolVersion}
}

func (h *hook) connect(c *connection, client *mqtt.Client, packet packets.Packet) (packets.Packet, error) {
	if packet.ProtocolVersion != 4 && packet.ProtocolVersion != 5 {
		return packet, nil // the library refuses 3.1 and whatever else there is
	}
	c.client.ID, c.client.Version = packet.Connect.ClientIdentifier, packet.ProtocolVersion
	connect := Connect{
		Username: string(packet.Connect.Username), Password: packet.Connect.Password, KeepAlive: packet.Connect.Keepalive, Clean: packet.Connect.Clean,
		Will: packet.Connect.WillFlag, WillTopic: packet.Connect.WillTopic, WillQoS: packet.Connect.WillQos, WillRetain: packet.Connect.WillRetain,
	}
	refusal := h.broker.config.Policy.Connect(c.client, &connect)
	if refusal == nil {
		c.client.Principal, c.client.Local = connect.Principal, connect.Local
		client.State.ServerKeepalive = connect.KeepAlive != packet.Connect.Keepalive // MQTT 5 tells the client
		packet.Connect.Keepalive = connect.KeepAlive
		c.window = min(cmp.Or(int(packet.Properties.ReceiveMaximum), h.broker.config.Limits.Window), h.broker.config.Limits.Window)
		packet.Properties.ReceiveMaximum = 0 // not for the library, see enter
		return packet, nil
	}
	h.broker.refuse(c, "", refusal)
	c.because(ReasonForbidden)
	if packet.ProtocolVersion == 5 {
		client.Properties.ProtocolVersion = 5
		_ = h.broker.server.SendConnack(client, codeOf(refusal), false, nil) // the connection ends whether or not it arrives
	}
	return packet, packets.ErrRejectPacket
}

func codeOf(refusal *Refusal) packets.Code {
	code := packets.Code{Code: refusal.Code, Reason: refusal.Detail}
	if code.Code == 0 {
		code.Code = packets.ErrNotAuthorized.Code
	}
	return code
}

func publishOf(packet packets.Packet, topic string) Publish {
	return Publish{
		Topic: topic, Payload: packet.Payload, QoS: packet.FixedHeader.Qos, Retain: packet.FixedHeader.Retain,
		Alias: packet.Properties.TopicAlias, Text: packet.Properties.PayloadFormat == 1,
	}
}

func subscribeOf(client *mqtt.Client, packet packets.Packet) Subscribe {
	held := client.State.Subscriptions.GetAll()
	subscribe := Subscribe{Filters: make([]Filter, len(packet.Filters))}
	for i, f := range packet.Filters {
		subscribe.Filters[i] = Filter{Topic: f.Filter, QoS: f.Qos, Identifier: f.Identifier}
		held[f.Filter] = f
	}
	subscribe.Held = len(held)
	return subscribe
}

// OnConnectAuthenticate accepts: TLS and OnPacketRead have decided.
func (h *hook) OnConnectAuthenticate(*mqtt.Client, packets.Packet) bool { return true }

// OnConnect takes the id that the library gave to a client without one.
func (h *hook) OnConnect(client *mqtt.Client, _ packets.Packet) error {
	client.Net.Conn.(*connection).client.ID = client.ID
	return nil
}

func (h *hook) OnSessionEstablished(client *mqtt.Client, packet packets.Packet) {
	c := client.Net.Conn.(*connection)
	h.broker.passTurn(c)
	c.mu.Lock()
	c.established = true
	c.mu.Unlock()
	version, session := "MQTT 3.1.1", "persistent session"
	if c.client.Version == 5 {
		version = "MQTT 5"
	}
	if packet.Connect.Clean {
		session = "clean session"
	}
	detail := fmt.Sprintf("%s, %s, keep-alive %d s", version, session, client.State.Keepalive)
	h.broker.tap.emit(Event{Kind: Connected, Client: client.ID, Remote: c.client.Remote, Detail: detail})
	h.broker.resume(c, client)
	h.broker.config.Changed()
	h.broker.config.Policy.Connected(c.client)
}

func (h *hook) OnDisconnect(client *mqtt.Client, err error, expire bool) {
	c, ok := client.Net.Conn.(*connection)
	if !ok {
		h.broker.restored(client)
		return
	}
	reason := disconnectReason(c, client, err)
	if !expire && reason != ReasonTakeover {
		h.broker.away(client.ID)
	}
	if reason == ReasonClient {
		err = nil
	}
	h.broker.bequeath(c)
	if rule := broken(reason, err); rule != nil {
		h.broker.refuse(c, "", rule)
	}
	h.broker.tap.emit(Event{Kind: Disconnected, Client: client.ID, Remote: c.client.Remote, Detail: reason, Err: err})
	h.broker.config.Changed()
	h.broker.config.Policy.Disconnected(c.client, reason)
}

// OnACLCheck is asked for filters that a client subscribes to, for messages on their way to it, and for messages from it.
func (h *hook) OnACLCheck(client *mqtt.Client, topic string, write bool) bool {
	c, ok := client.Net.Conn.(*connection)
	return write || !ok || c.mayReceive(client, topic)
}

// OnPacketSent comes after each packet, in the goroutine that has written it.
func (h *hook) OnPacketSent(client *mqtt.Client, _ packets.Packet, sent []byte) {
	if c, ok := client.Net.Conn.(*connection); ok {
		c.pause(h.broker.config.Policy.Pace(c.client, len(sent), true))
	}
}

// OnRetainMessage is told of each change of what is retained.
func (h *hook) OnRetainMessage(*mqtt.Client, packets.Packet, int64) { h.broker.config.Changed() }

func (h *hook) OnSubscribe(client *mqtt.Client, packet packets.Packet) packets.Packet {
	c, ok := client.Net.Conn.(*connection)
	if !ok {
		return packet
	}
	var filters []string
	for i := range packet.Filters {
		filter := &packet.Filters[i]
		if filter.Filter == refusedFilter {
			continue
		}
		filters = append(filters, filter.Filter)
		if hasWildcard(filter.Filter) {
			filter.RetainHandling = 2 // none at all: AWS IoT gives retained messages to exact filters only (developer guide, "MQTT retained messages")
		}
	}
	c.setSubscribing(filters)
	return packet
}

func (h *hook) OnSubscribed(client *mqtt.Client, packet packets.Packet, codes []byte) {
	c, ok := client.Net.Conn.(*connection)
	if !ok {
		return
	}
	c.setSubscribing(nil)
	h.broker.config.Changed()
	for i, filter := range packet.Filters {
		switch {
		case filter.Filter == refusedFilter && client.Properties.ProtocolVersion == 5:
			codes[i] = packets.ErrNotAuthorized.Code
		case filter.Filter == refusedFilter: // MQTT 3.1.1 has one failure code, and the library has set it
		case codes[i] >= packets.ErrUnspecifiedError.Code:
			h.broker.refuse(c, filter.Filter, rule("mqtt/filter", explainFilter(filter, codes[i])))
		default:
			h.broker.tap.emit(Event{Kind: Subscribed, Client: client.ID, Topic: filter.Filter, QoS: codes[i]})
		}
	}
}

// explainFilter says why the library has refused a filter.
func explainFilter(filter packets.Subscription, code byte) string {
	switch {
	case !mqtt.IsValidFilter(filter.Filter, false):
		return fmt.Sprintf("the filter breaks the syntax of MQTT: code 0x%02X", code)
	case filter.NoLocal && mqtt.IsSharedFilter(filter.Filter):
		return fmt.Sprintf("No Local is set, which a shared subscription does not allow (MQTT 5 section 3.8.3.1): code 0x%02X", code)
	}
	return fmt.Sprintf("the subscription is refused with the code 0x%02X", code)
}

func (h *hook) OnUnsubscribed(client *mqtt.Client, packet packets.Packet) {
	if client.Net.Inline || client.Closed() {
		return // the library forgets a session
	}
	h.broker.config.Changed()
	for _, filter := range packet.Filters {
		h.broker.tap.emit(Event{Kind: Unsubscribed, Client: client.ID, Topic: filter.Filter})
	}
}

func (h *hook) OnPublished(client *mqtt.Client, packet packets.Packet) {
	c, ok := client.Net.Conn.(*connection)
	if !ok {
		return // the broker's own
	}
	publish := publishOf(packet, packet.TopicName)
	h.broker.tap.emit(Event{Kind: Received, Client: client.ID, Topic: publish.Topic, QoS: publish.QoS, Payload: publish.Payload})
	h.broker.config.Policy.Published(c.client, publish)
}

func (h *hook) OnPublishDropped(client *mqtt.Client, packet packets.Packet) {
	h.broker.tap.emit(Event{Kind: Lost, Client: client.ID, Topic: packet.TopicName, QoS: packet.FixedHeader.Qos})
}

// OnPacketEncode comes right before a packet is written, so that whoever gets the message finds its event on the stream.
func (h *hook) OnPacketEncode(client *mqtt.Client, packet packets.Packet) packets.Packet {
	switch packet.FixedHeader.Type {
	case packets.Publish:
		if c, ok := client.Net.Conn.(*connection); ok && packet.FixedHeader.Qos > 0 {
			c.enter(packet.PacketID)
		}
		h.broker.tap.emit(Event{Kind: Sent, Client: client.ID, Topic: packet.TopicName, QoS: packet.FixedHeader.Qos, Payload: packet.Payload})
	case packets.Puback:
		if c, ok := client.Net.Conn.(*connection); ok {
			c.pause(h.broker.acknowledgeAfter())
			return c.disclose(packet)
		}
	case packets.Pubcomp, packets.Suback, packets.Unsuback:
		if c, ok := client.Net.Conn.(*connection); ok {
			return c.disclose(packet)
		}
	case packets.Connack:
		// What the library leaves out and clients adapt to (MQTT 5 section 3.2.2.3).
		if packet.ReasonCode < packets.ErrUnspecifiedError.Code {
			p := &packet.Properties
			p.TopicAliasMaximum, p.MaximumPacketSize = topicAliases, h.broker.config.Limits.Packet
			p.RetainAvailable, p.RetainAvailableFlag = 1, true
			p.WildcardSubAvailable, p.WildcardSubAvailableFlag = 1, true
			p.SubIDAvailable, p.SubIDAvailableFlag = 0, true
			p.SharedSubAvailable, p.SharedSubAvailableFlag = 1, true
			if client.Properties.Props.SessionExpiryInterval > 0 {
				p.SessionExpiryInterval, p.SessionExpiryIntervalFlag = client.Properties.Props.SessionExpiryInterval, true
			}
		}
	}
	return packet
}

// libraryHandler takes the library's own log: its news about itself are of interest only at debug level (ours are the events), and
// whole packets do not belong into a log.
type libraryHandler struct{ slog.Handler }

func (h libraryHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.Handler.Enabled(ctx, quieter(level))
}

func (h libraryHandler) Handle(ctx context.Context, record slog.Record) error {
	quiet := slog.NewRecord(record.Time, quieter(record.Level), "mqtt library: "+record.Message, record.PC)
	record.Attrs(func(a slog.Attr) bool {
		if !slices.Contains([]string{"pk", "packet", "will"}, a.Key) {
			quiet.AddAttrs(a)
		}
		return true
	})
	return h.Handler.Handle(ctx, quiet)
}

func (h libraryHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return libraryHandler{h.Handler.WithAttrs(attrs)}
}

func (h libraryHandler) WithGroup(name string) slog.Handler {
	return libraryHandler{h.Handler.WithGroup(name)}
}

func quieter(level slog.Level) slog.Level {
	if level >= slog.LevelError {
		return level
	}
	return slog.LevelDebug
}
