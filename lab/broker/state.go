package broker

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/storage"
	"github.com/mochi-mqtt/server/v2/packets"
)

// State is what a broker remembers of its clients: Config.Restore takes it, Broker.Snapshot gives it. It is made for encoding/json.
// Wills that are delayed are not in it.
type State struct {
	Sessions []Session `json:"sessions,omitempty"`
	Retained []Message `json:"retained,omitempty"`
}

// Session is the persistent session of a client.
type Session struct {
	Client        string         `json:"client"`
	Principal     string         `json:"principal,omitempty"`
	Version       byte           `json:"version"`          // of MQTT: 4 or 5
	Expiry        uint32         `json:"expiry,omitempty"` // MQTT 5: seconds
	Absent        time.Time      `json:"absent"`           // since when the client is away
	Subscriptions []Subscription `json:"subscriptions,omitempty"`
	Stored        []Message      `json:"stored,omitempty"` // waits for the client, or for its acknowledgement
}

// Subscription is one of a session.
type Subscription struct {
	Filter            string `json:"filter"`
	QoS               byte   `json:"qos"`
	NoLocal           bool   `json:"noLocal,omitempty"`
	RetainAsPublished bool   `json:"retainAsPublished,omitempty"`
}

// Message is one that is retained or stored.
type Message struct {
	Topic      string             `json:"topic"`
	Payload    []byte             `json:"payload,omitempty"`
	QoS        byte               `json:"qos"`
	Created    int64              `json:"created"` // seconds since 1970
	Properties packets.Properties `json:"properties"`
}

func messageOf(p packets.Packet) Message {
	return Message{Topic: p.TopicName, Payload: p.Payload, QoS: p.FixedHeader.Qos, Created: p.Created, Properties: p.Properties}
}

// check tells what is wrong with a state that was kept outside, where it may have been changed.
func (s State) check() error {
	seen := map[string]bool{}
	for _, session := range s.Sessions {
		switch {
		case session.Client == "" || seen[session.Client]:
			return fmt.Errorf("the session of the client %q: it has no id or is there twice", session.Client)
		case session.Version != 4 && session.Version != 5:
			return fmt.Errorf("the session of the client %q: MQTT has no version %d", session.Client, session.Version)
		case len(session.Stored) >= math.MaxUint16:
			return fmt.Errorf("the session of the client %q: %d stored messages", session.Client, len(session.Stored))
		}
		seen[session.Client] = true
		for _, f := range session.Subscriptions {
			if f.QoS > 1 || !mqtt.IsValidFilter(f.Filter, false) {
				return fmt.Errorf("the session of the client %q: the subscription to %q with QoS %d", session.Client, f.Filter, f.QoS)
			}
		}
		for _, m := range session.Stored {
			if m.QoS > 1 || !mqtt.IsValidFilter(m.Topic, true) {
				return fmt.Errorf("the session of the client %q: a stored message on %q with QoS %d", session.Client, m.Topic, m.QoS)
			}
		}
	}
	for _, m := range s.Retained {
		if m.QoS > 1 || !mqtt.IsValidFilter(m.Topic, true) {
			return fmt.Errorf("a retained message on %q with QoS %d", m.Topic, m.QoS)
		}
	}
	return nil
}

// Snapshot gives the sessions and what is retained.
func (b *Broker) Snapshot() State {
	var state State
	for id, client := range b.server.Clients.GetAll() {
		c, ok := client.Net.Conn.(*connection)
		if !ok || endsWithConnection(client) {
			continue
		}
		session := Session{Client: id, Principal: c.client.Principal, Version: client.Properties.ProtocolVersion, Expiry: client.Properties.Props.SessionExpiryInterval}
		b.mu.Lock()
		session.Absent = b.absent[id]
		b.mu.Unlock()
		if session.Absent.IsZero() {
			session.Absent = b.config.Now()
		}
		for _, s := range client.State.Subscriptions.GetAll() {
			session.Subscriptions = append(session.Subscriptions, Subscription{
				Filter: s.Filter, QoS: s.Qos, NoLocal: s.NoLocal, RetainAsPublished: s.RetainAsPublished,
			})
		}
		slices.SortFunc(session.Subscriptions, func(x, y Subscription) int { return cmp.Compare(x.Filter, y.Filter) })
		for _, p := range slices.Concat(c.pending(), stored(client)) {
			session.Stored = append(session.Stored, messageOf(p))
		}
		state.Sessions = append(state.Sessions, session)
	}
	slices.SortFunc(state.Sessions, func(x, y Session) int { return cmp.Compare(x.Client, y.Client) })
	for topic, p := range b.server.Topics.Retained.GetAll() {
		if len(topic) > 0 && topic[0] != '$' {
			state.Retained = append(state.Retained, messageOf(p))
		}
	}
	slices.SortFunc(state.Retained, func(x, y Message) int { return cmp.Compare(x.Topic, y.Topic) })
	return state
}

// Retained gives the retained message of a topic.
func (b *Broker) Retained(topic string) (Message, bool) {
	p, ok := b.server.Topics.Retained.Get(topic)
	return messageOf(p), ok
}

// restored gives a client that the library has made of a stored session what hooks need of it.
func (b *Broker) restored(client *mqtt.Client) {
	if client.Net.Inline {
		return
	}
	for _, s := range b.config.Restore.Sessions {
		if s.Client == client.ID {
			ended := make(chan struct{})
			close(ended)
			client.Net.Conn = &connection{broker: b, client: Client{ID: s.Client, Version: s.Version, Principal: s.Principal}, ended: ended, over: ended, finished: true}
			b.mu.Lock()
			b.absent[s.Client] = s.Absent
			b.mu.Unlock()
		}
	}
}

// StoredClients and the following give the library what Config.Restore has.
func (h *hook) StoredClients() ([]storage.Client, error) {
	var clients []storage.Client
	for _, s := range h.broker.config.Restore.Sessions {
		client := storage.Client{ID: s.Client, Listener: "tls", ProtocolVersion: s.Version}
		client.Properties.SessionExpiryInterval, client.Properties.SessionExpiryIntervalFlag = s.Expiry, s.Version == 5
		clients = append(clients, client)
	}
	return clients, nil
}

// StoredSubscriptions gives those of all sessions.
func (h *hook) StoredSubscriptions() ([]storage.Subscription, error) {
	var all []storage.Subscription
	for _, s := range h.broker.config.Restore.Sessions {
		for _, f := range s.Subscriptions {
			all = append(all, storage.Subscription{
				Client: s.Client, Filter: f.Filter, Qos: f.QoS, NoLocal: f.NoLocal, RetainAsPublished: f.RetainAsPublished,
			})
		}
	}
	return all, nil
}

// StoredInflightMessages gives the messages of all sessions.
func (h *hook) StoredInflightMessages() ([]storage.Message, error) {
	var all []storage.Message
	for _, s := range h.broker.config.Restore.Sessions {
		for i, m := range s.Stored {
			stored := m.stored()
			stored.Client, stored.PacketID = s.Client, uint16(i+1)
			all = append(all, stored)
		}
	}
	return all, nil
}

// StoredRetainedMessages gives what was retained.
func (h *hook) StoredRetainedMessages() ([]storage.Message, error) {
	var all []storage.Message
	for _, m := range h.broker.config.Restore.Retained {
		stored := m.stored()
		stored.FixedHeader.Retain = true
		all = append(all, stored)
	}
	return all, nil
}

func (m Message) stored() storage.Message {
	return storage.Message{
		TopicName: m.Topic, Payload: m.Payload, Created: m.Created,
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: m.QoS},
		Properties: storage.MessageProperties{
			CorrelationData: m.Properties.CorrelationData, User: m.Properties.User, ContentType: m.Properties.ContentType,
			ResponseTopic: m.Properties.ResponseTopic, MessageExpiryInterval: m.Properties.MessageExpiryInterval,
			PayloadFormat: m.Properties.PayloadFormat, PayloadFormatFlag: m.Properties.PayloadFormatFlag,
		},
	}
}
