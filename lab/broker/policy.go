package broker

import (
	"crypto/x509"
	"fmt"
	"time"
)

// Policy is what tells the broker of one cloud from that of another: what it accepts, and what it does when it does not.
//
// Its methods are called from the goroutines of the clients, many at once, and before the broker acts on the packet. A nil *Refusal
// accepts. Strings and byte slices that they are given must not be changed.
type Policy interface {
	// Hello decides about a TLS client hello, before a certificate is known.
	Hello(hello Hello) *Refusal
	// Certificate decides about the certificate of a client, whose key it has proven to hold; nil if it presents none and the TLS configuration
	// lets it. It is asked at the end of the handshake.
	Certificate(hello Hello, certificate *x509.Certificate) *Refusal
	// Connect decides about a CONNECT. It may change connect.KeepAlive: that is what the broker then holds the client to; and it may set
	// Principal and Local, which every later call has in its Client.
	Connect(client Client, connect *Connect) *Refusal
	// Publish decides about a PUBLISH of a client.
	Publish(client Client, publish Publish) *Refusal
	// Subscribe decides about a SUBSCRIBE as a whole, and then about each filter: the result has as many elements as there are
	// filters, or none if all are accepted. A refused filter gets a failure code in the SUBACK, whatever the refusal's Effect.
	Subscribe(client Client, subscribe Subscribe) (whole *Refusal, filters []*Refusal)
	// Matches tells whether a subscription to the filter gets messages of the topic. It is asked only about pairs that match by the
	// rules of MQTT, and may narrow them.
	Matches(filter, topic string) bool
	// Receive decides whether a message of a topic that the client has subscribed to is delivered. It is asked for absent clients with a
	// session too, whose Client then has no Local.
	Receive(client Client, topic string) *Refusal
	// Pace gives how long to wait after a packet of so many bytes, from or to the client.
	Pace(client Client, size int, outgoing bool) time.Duration
	// Connected is told of each client once its CONNACK is out.
	Connected(client Client)
	// Disconnected is told of the end of each client that was connected, with one of the reasons.
	Disconnected(client Client, reason string)
	// Published is told of each PUBLISH of a client that was accepted, after the subscribers and the client's acknowledgement. The
	// client's next packet waits until it returns.
	Published(client Client, publish Publish)
}

// Hello is what a TLS client says first.
type Hello struct {
	Port       string   // see Broker.Guarded; "" is the broker's own
	ServerName string   // SNI; "" if it sends none
	Protocols  []string // ALPN
	Versions   []uint16 // of TLS, as in crypto/tls
	Remote     string   // HOST:PORT
}

// Client is one connected client.
type Client struct {
	ID          string
	Version     byte              // of MQTT: 4 for 3.1.1, 5 for 5
	Certificate *x509.Certificate // of a key that it holds; nil if the listener does not demand one
	Principal   string            // as Policy.Connect has set it
	Local       any               // likewise
	ServerName  string            // SNI
	Protocol    string            // the negotiated ALPN protocol; "" for none
	Remote      string            // HOST:PORT
}

// Connect is a CONNECT packet.
type Connect struct {
	Username   string
	Password   []byte
	KeepAlive  uint16 // seconds; 0: no limit
	Clean      bool   // MQTT 3.1.1: clean session; MQTT 5: clean start
	Will       bool
	WillTopic  string
	WillQoS    byte
	WillRetain bool

	Principal string // set by the policy: who the client is
	Local     any    // set by the policy: what it keeps with the connection
}

// Publish is a PUBLISH packet of a client.
type Publish struct {
	Topic   string
	Payload []byte
	QoS     byte
	Retain  bool
	Alias   uint16 // MQTT 5: topic alias; 0: none
	Text    bool   // MQTT 5: the payload format indicator says UTF-8
}

// Subscribe is a SUBSCRIBE packet.
type Subscribe struct {
	Filters []Filter
	Held    int // subscriptions of the session if this request is accepted: those that it has and those that come new
}

// Filter is one topic filter of a SUBSCRIBE packet.
type Filter struct {
	Topic      string
	QoS        byte
	Identifier int // MQTT 5: subscription identifier; 0: none
}

// Effect is what the client sees of a refusal.
type Effect int

const (
	// Close ends the connection. A client of MQTT 5 is told the reason code first, one of 3.1.1 nothing.
	Close Effect = iota
	// Ignore leaves the packet unanswered; the connection stays.
	Ignore
)

// Refusal says which rule of a cloud a client broke. It is written for the developer of that client, who never sees it on the wire.
type Refusal struct {
	Rule   string // its name, for tests and searches: "publish/qos-2"
	Detail string // what this client did, in a sentence
	Source string // where the cloud's documentation says so
	Effect Effect
	Code   byte // reason code of MQTT 5, where there is one
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("%s (rule %s; source: %s)", r.Detail, r.Rule, r.Source)
}
