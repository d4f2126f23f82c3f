package broker_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/broker"
	"github.com/cloudgen/cloudgen/lab/internal/rawmqtt"
	"github.com/cloudgen/cloudgen/lab/pki"
)

func TestPublishAndReceive(t *testing.T) {
	b := start(t, rules{}, broker.Limits{})
	sub, pub := b.connect(rawmqtt.Session{ID: "sub"}), b.connect(rawmqtt.Session{ID: "pub", Version: 5})
	codes, err := sub.Subscribe(7, 1, "a/+", "b/#", "exact")
	check(t, err)
	if !slices.Equal(codes, []byte{1, 1, 1}) {
		t.Errorf("SUBACK %v", codes)
	}
	for _, filter := range []string{"a/+", "b/#", "exact"} {
		if e := b.await(broker.Subscribed, "sub"); e.Topic != filter || e.QoS != 1 {
			t.Errorf("event %+v, want %s", e, filter)
		}
	}
	for i, topic := range []string{"a/1", "b", "b/x/y", "exact"} {
		check(t, pub.Publish(topic, "payload "+topic, 1, uint16(i+1)))
		ack, err := pub.Expect(rawmqtt.Puback)
		check(t, err)
		if ack.ID != uint16(i+1) {
			t.Errorf("PUBACK %d", ack.ID)
		}
		got, err := sub.Expect(rawmqtt.Publish)
		check(t, err)
		if got.Topic != topic || string(got.Payload) != "payload "+topic || got.QoS != 1 {
			t.Errorf("got %+v", got)
		}
		check(t, sub.Ack(got.ID))
	}
	check(t, pub.Publish("elsewhere", "", 0, 0))
	check(t, pub.Publish("a/1/2", "", 0, 0))
	quiet(t, pub) // both were handled
	quiet(t, sub)
	if e := b.await(broker.Received, "pub"); e.Topic != "a/1" || string(e.Payload) != "payload a/1" || e.QoS != 1 {
		t.Errorf("event %+v", e)
	}
	check(t, b.Publish("exact", []byte("from the cloud"), 1, false))
	got, err := sub.Expect(rawmqtt.Publish)
	check(t, err)
	if got.Topic != "exact" || string(got.Payload) != "from the cloud" || got.QoS != 1 {
		t.Errorf("got %+v", got)
	}
	if ids := b.Clients(); !slices.Equal(ids, []string{"pub", "sub"}) {
		t.Errorf("clients %v", ids)
	}
}

// Everybody who is turned away leaves a reason that a developer can act on.
func TestHandshakeRefusals(t *testing.T) {
	b := start(t, rules{hello: func(h broker.Hello) *broker.Refusal {
		if h.ServerName == "" {
			return &broker.Refusal{Rule: "hello/sni", Detail: "no SNI", Source: "the docs"}
		}
		return nil
	}}, broker.Limits{})
	foreign, err := pki.Open(t.TempDir(), time.Now())
	check(t, err)
	dir, err := foreign.Device(1, "stranger", time.Now())
	check(t, err)
	stranger, err := tls.LoadX509KeyPair(dir+"/cert.pem", dir+"/key.pem")
	check(t, err)
	cases := map[string]struct {
		change func(*tls.Config)
		reason string
	}{
		"no certificate":       {func(c *tls.Config) { c.Certificates = nil }, "didn't provide a certificate"},
		"foreign certificate":  {func(c *tls.Config) { c.Certificates = []tls.Certificate{stranger} }, "unknown authority"},
		"old TLS":              {func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS11, tls.VersionTLS11 }, "unsupported versions"},
		"no SNI":               {func(c *tls.Config) { c.ServerName = "127.0.0.1" }, "no SNI (rule hello/sni; source: the docs)"},
		"server not trusted":   {func(c *tls.Config) { c.RootCAs = foreign.Pool() }, "bad certificate"},
		"wrong name of server": {func(c *tls.Config) { c.ServerName = "cloud.example" }, "bad certificate"},
	}
	for name, c := range cases {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(fmt.Sprintf("%s, %s", name, tls.VersionName(version)), func(t *testing.T) {
				config := b.client.Clone()
				config.MaxVersion = version
				c.change(config)
				client, err := rawmqtt.Dial(t.Context(), b.Address(), config)
				if err == nil { // TLS 1.3 tells a client only when it reads
					_, _, err = client.Connect(rawmqtt.Session{ID: "refused"})
					_ = client.Close()
				}
				if err == nil {
					t.Error("the client could connect")
				}
				if e := b.await(broker.Refused, ""); !strings.Contains(e.Err.Error(), c.reason) || e.Remote == "" {
					t.Errorf("refused from %q because of %q, want %q", e.Remote, e.Err, c.reason)
				}
			})
		}
	}
	t.Run("not TLS", func(t *testing.T) {
		conn, err := net.Dial("tcp", b.Address())
		check(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, "\x10\x0c\x00\x04MQTT\x04\x02\x00\x00\x00\x00")
		check(t, err)
		if e := b.await(broker.Refused, ""); !strings.Contains(e.Err.Error(), "does not speak TLS") {
			t.Error(e.Err)
		}
	})
}

func TestBadPackets(t *testing.T) {
	b := start(t, rules{}, broker.Limits{Packet: 2000})
	send := func(name string, packets ...[]byte) {
		t.Run(name, func(t *testing.T) {
			client := b.dial()
			for _, p := range packets {
				check(t, client.WriteRaw(p))
			}
			closed(t, client)
		})
	}
	connect := []byte("\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01x")
	send("something else first", []byte("\xc0\x00"))
	send("endless length", slices.Repeat([]byte{0x80}, 100))
	send("CONNECT that is too large", []byte("\x10\xff\xff\xff\x7f"))
	send("second CONNECT", connect, connect)
	send("SUBSCRIBE to nothing", connect, []byte("\x82\x02\x00\x01"))
	send("PUBLISH on a wildcard", connect, []byte("\x30\x05\x00\x03a/#"))
	send("reserved type", connect, []byte("\x00\x00"))
	b.connect(rawmqtt.Session{ID: "still serving"})
}

// Who does not come to the end of a CONNECT is closed. The limit is for the TLS handshake too, which may take a busy machine longer than what is
// short enough to wait for: then a longer one is tried.
func TestNoConnect(t *testing.T) {
	for name, bytes := range map[string]string{"nothing": "", "half a CONNECT": "\x10\x0d\x00\x04MQT"} {
		t.Run(name, func(t *testing.T) {
			for limit := 100 * time.Millisecond; ; limit *= 4 {
				b := start(t, rules{}, broker.Limits{Connecting: limit})
				client, err := rawmqtt.Dial(t.Context(), b.Address(), b.client)
				if err == nil {
					defer client.Close()
					if err := client.WriteRaw([]byte(bytes)); err == nil {
						closed(t, client)
					}
				}
				e := b.await(broker.Refused, "")
				switch {
				case strings.Contains(e.Err.Error(), "no CONNECT in time"):
					return
				case !strings.Contains(e.Err.Error(), "did not finish the TLS handshake in time") || limit > 10*time.Second:
					t.Fatalf("with a limit of %v: %v", limit, e.Err)
				}
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	refuse := func(rule string, effect broker.Effect, code byte) *broker.Refusal {
		return &broker.Refusal{Rule: rule, Detail: "not like this", Source: "the docs", Effect: effect, Code: code}
	}
	policy := rules{
		connect: func(c broker.Client, p *broker.Connect) *broker.Refusal {
			if c.Certificate == nil || c.Certificate.Subject.CommonName != "device" || c.ServerName != "localhost" {
				t.Errorf("client %+v", c)
			}
			if strings.HasPrefix(c.ID, "bad") {
				return refuse("connect/id", broker.Close, 0x85)
			}
			p.KeepAlive = max(p.KeepAlive, 30)
			return nil
		},
		publish: func(_ broker.Client, p broker.Publish) *broker.Refusal {
			switch {
			case p.QoS == 2:
				return refuse("publish/qos", broker.Ignore, 0)
			case p.Topic == "forbidden":
				return refuse("publish/topic", broker.Close, 0x87)
			}
			return nil
		},
		subscribe: func(_ broker.Client, s broker.Subscribe) (*broker.Refusal, []*broker.Refusal) {
			each := make([]*broker.Refusal, len(s.Filters))
			for i, f := range s.Filters {
				switch {
				case f.QoS == 2:
					return refuse("subscribe/qos", broker.Ignore, 0), nil
				case f.Topic == "$SYS/#":
					return refuse("subscribe/system", broker.Close, 0x8f), nil
				case f.Topic == "no":
					each[i] = refuse("subscribe/filter", broker.Close, 0)
				}
			}
			if s.Held > 4 {
				return refuse("subscribe/held", broker.Close, 0x97), nil
			}
			return nil, each
		},
	}
	for _, version := range []byte{4, 5} {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			b := start(t, policy, broker.Limits{})
			refused := func(rule, topic string) {
				t.Helper()
				e := b.await(broker.Refused, "")
				var refusal *broker.Refusal
				if !errors.As(e.Err, &refusal) || refusal.Rule != rule || e.Topic != topic {
					t.Errorf("event %+v, want %s of %q", e, rule, topic)
				}
			}
			// Told by MQTT 5, silent in 3.1.1.
			ends := func(client *rawmqtt.Client, code byte) {
				t.Helper()
				packets := closed(t, client)
				switch {
				case version == 4 && len(packets) != 0:
					t.Errorf("a 3.1.1 client was sent %+v", packets)
				case version == 5 && (len(packets) != 1 || packets[0].Type != rawmqtt.Disconnect || packets[0].Codes[0] != code):
					t.Errorf("a client of MQTT 5 was sent %+v, want DISCONNECT %#x", packets, code)
				}
			}
			client := b.dial()
			code, _, err := client.Connect(rawmqtt.Session{ID: "bad id", Version: version})
			if version == 4 && err == nil || version == 5 && code != 0x85 {
				t.Errorf("CONNACK %#x, %v", code, err)
			}
			refused("connect/id", "")

			client = b.connect(rawmqtt.Session{ID: "x", Version: version})
			check(t, client.Publish("t", "", 2, 9))
			refused("publish/qos", "t")
			check(t, client.SendSubscribe(10, 2, "t"))
			refused("subscribe/qos", "t")
			quiet(t, client) // neither PUBREC nor SUBACK
			codes, err := client.Subscribe(11, 1, "yes", "no", "yes/too")
			check(t, err)
			failure := map[byte]byte{4: 0x80, 5: 0x87}[version]
			if !slices.Equal(codes, []byte{1, failure, 1}) {
				t.Errorf("SUBACK %#x", codes)
			}
			refused("subscribe/filter", "no")
			check(t, b.Publish("no", []byte("not for you"), 1, false))
			quiet(t, client)
			check(t, client.Publish("forbidden", "", 0, 0))
			refused("publish/topic", "forbidden")
			ends(client, 0x87)
			if e := b.await(broker.Disconnected, "x"); e.Detail != broker.ReasonForbidden {
				t.Errorf("disconnected because of %s", e.Detail)
			}

			client = b.connect(rawmqtt.Session{ID: "y", Version: version})
			check(t, client.SendSubscribe(1, 0, "$SYS/#"))
			refused("subscribe/system", "$SYS/#")
			ends(client, 0x8f)

			client = b.connect(rawmqtt.Session{ID: "z", Version: version})
			_, err = client.Subscribe(1, 0, "1", "2", "3", "4")
			check(t, err)
			_, err = client.Subscribe(2, 0, "1", "2", "3", "4") // the same ones are not new
			check(t, err)
			check(t, client.SendSubscribe(3, 0, "5"))
			refused("subscribe/held", "5")
			ends(client, 0x97)
		})
	}
}

// The policy may hold a subscription back from topics that MQTT gives it.
func TestMatchesNarrows(t *testing.T) {
	b := start(t, rules{matches: func(filter, topic string) bool { return filter != topic+"/#" }}, broker.Limits{})
	client := b.connect(rawmqtt.Session{ID: "x"})
	_, err := client.Subscribe(1, 1, "a/#")
	check(t, err)
	check(t, b.Publish("a", nil, 1, false))
	quiet(t, client)
	check(t, b.Publish("a/b", nil, 1, false))
	if got, err := client.Expect(rawmqtt.Publish); err != nil || got.Topic != "a/b" {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = client.Subscribe(2, 1, "a")
	check(t, err)
	check(t, b.Publish("a", nil, 1, false))
	if got, err := client.Expect(rawmqtt.Publish); err != nil || got.Topic != "a" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTakeover(t *testing.T) {
	b := start(t, rules{}, broker.Limits{})
	watcher := b.connect(rawmqtt.Session{ID: "watcher"})
	_, err := watcher.Subscribe(1, 0, "will")
	check(t, err)
	for _, version := range []byte{4, 5} {
		first := b.connect(rawmqtt.Session{ID: "same", Version: version, WillTopic: "will", Will: "gone"})
		second := b.dial()
		code, _, err := second.Connect(rawmqtt.Session{ID: "same", Version: version})
		check(t, err)
		if code != 0 {
			t.Errorf("CONNACK %d", code)
		}
		for _, packet := range closed(t, first) {
			if version == 4 || packet.Codes[0] != 0x8e {
				t.Errorf("version %d was sent %+v", version, packet)
			}
		}
		if got, err := watcher.Expect(rawmqtt.Publish); err != nil || string(got.Payload) != "gone" {
			t.Errorf("will: %+v, %v", got, err)
		}
		if e := b.await(broker.Disconnected, "same"); e.Detail != broker.ReasonTakeover {
			t.Errorf("disconnected because of %s", e.Detail)
		}
		quiet(t, second)
		check(t, second.Disconnect())
		closed(t, second)
		if e := b.await(broker.Disconnected, "same"); e.Detail != broker.ReasonClient || e.Err != nil {
			t.Errorf("disconnected because of %s: %v", e.Detail, e.Err)
		}
	}
	quiet(t, watcher) // no will after a DISCONNECT
}

func TestDisconnect(t *testing.T) {
	b := start(t, rules{}, broker.Limits{})
	client := b.connect(rawmqtt.Session{ID: "x"})
	if !b.Disconnect("x") {
		t.Error("x is not connected")
	}
	if packets := closed(t, client); len(packets) != 0 {
		t.Errorf("was sent %+v", packets)
	}
	if e := b.await(broker.Disconnected, "x"); e.Detail != broker.ReasonServer {
		t.Errorf("disconnected because of %s", e.Detail)
	}
	if b.Disconnect("x") || b.Disconnect("inline") || b.Disconnect("") {
		t.Error("somebody who is not connected was disconnected")
	}
	lost := b.connect(rawmqtt.Session{ID: "lost"})
	check(t, lost.Close())
	if e := b.await(broker.Disconnected, "lost"); e.Detail != broker.ReasonLost {
		t.Errorf("disconnected because of %s", e.Detail)
	}
}

func TestKeepAlive(t *testing.T) {
	b := start(t, rules{}, broker.Limits{})
	client := b.connect(rawmqtt.Session{ID: "silent", KeepAlive: 1, WillTopic: "will", Will: "gone"})
	closed(t, client)
	if e := b.await(broker.Disconnected, "silent"); e.Detail != broker.ReasonKeepAlive {
		t.Errorf("disconnected because of %s: %v", e.Detail, e.Err)
	}
}

// An outage: the port closes, clients are cut off, and after it sessions and messages are still there, on the same port.
func TestStopAndStart(t *testing.T) {
	b := start(t, rules{}, broker.Limits{})
	address := b.Address()
	client := b.connect(rawmqtt.Session{ID: "x", Keep: true})
	_, err := client.Subscribe(1, 1, "t")
	check(t, err)
	b.Stop()
	if packets := closed(t, client); len(packets) != 0 {
		t.Errorf("was sent %+v", packets)
	}
	b.await(broker.Stopped, "")
	if conn, err := net.Dial("tcp", address); err == nil {
		_ = conn.Close()
		t.Error("the port is still open")
	}
	b.Stop()
	check(t, b.Publish("t", []byte("meanwhile"), 1, false))
	check(t, b.Start())
	check(t, b.Start())
	if b.Address() != address {
		t.Errorf("address %s, was %s", b.Address(), address)
	}
	client = b.dial()
	code, present, err := client.Connect(rawmqtt.Session{ID: "x", Keep: true})
	check(t, err)
	if code != 0 || !present {
		t.Errorf("CONNACK %d, session present %v", code, present)
	}
	if got, err := client.Expect(rawmqtt.Publish); err != nil || string(got.Payload) != "meanwhile" {
		t.Errorf("got %+v, %v", got, err)
	}
	check(t, b.Close())
	check(t, b.Close())
	if err := b.Start(); err == nil {
		t.Error("a closed broker was started")
	}
	if err := b.Publish("t", nil, 0, false); err == nil {
		t.Error("a closed broker published")
	}
}

// A client that does not read costs a bounded amount: what does not fit is dropped and said so, and the others do not wait.
func TestSlowClient(t *testing.T) {
	b := start(t, rules{}, broker.Limits{Queue: 4})
	slow := b.connect(rawmqtt.Session{ID: "slow"})
	_, err := slow.Subscribe(1, 0, "t")
	check(t, err)
	payload := make([]byte, 100<<10)
	for lost := false; !lost; { // until the kernel's buffers are full as well
		check(t, b.Publish("t", payload, 0, false))
		b.mu.Lock()
		lost = slices.ContainsFunc(b.events, func(e broker.Event) bool { return e.Kind == broker.Lost && e.Client == "slow" })
		b.mu.Unlock()
	}
	quick := b.connect(rawmqtt.Session{ID: "quick"})
	quiet(t, quick)
}

func TestSharedPortOfLocalhost(t *testing.T) {
	b := start(t, rules{}, broker.Limits{})
	_, port, err := net.SplitHostPort(b.Address())
	check(t, err)
	if !strings.HasPrefix(b.Address(), "localhost:") || port == "0" {
		t.Errorf("address %s", b.Address())
	}
	if _, err := broker.Open(broker.Config{Listen: "localhost:" + port, TLS: &tls.Config{}, Policy: rules{}}); err == nil || !strings.Contains(err.Error(), port) {
		t.Errorf("a second broker on the port: %v", err)
	}
	for _, address := range []string{"", "localhost", "8883", "nowhere.invalid:1"} {
		if _, err := broker.Open(broker.Config{Listen: address, TLS: &tls.Config{}, Policy: rules{}}); err == nil {
			t.Errorf("listening on %q worked", address)
		}
	}
}

// Many clients come, talk and go at once, while the broker is stopped and started: for the race detector and the leak check.
func TestCrowd(t *testing.T) {
	b := start(t, rules{published: func(broker.Client, broker.Publish) {}}, broker.Limits{})
	var crowd sync.WaitGroup
	for i := range 8 {
		crowd.Go(func() {
			for n := range 6 {
				client, err := rawmqtt.Dial(t.Context(), b.Address(), b.client)
				if err != nil {
					continue // stopped just now
				}
				_, _, err = client.Connect(rawmqtt.Session{ID: fmt.Sprint("c", (i+n)%5), Keep: i%2 == 0, WillTopic: "w", Will: "gone"})
				if err == nil {
					_, _ = client.Subscribe(1, 1, "all/#", "w")
					_ = client.Publish(fmt.Sprint("all/", i), "hello", 1, 2)
					_, _ = client.Read()
				}
				_ = client.Close()
			}
		})
	}
	for range 3 {
		b.Stop()
		check(t, b.Start())
		check(t, b.Publish("all/0", []byte("x"), 1, true))
	}
	crowd.Wait()
}
