package broker_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/broker"
	"github.com/cloudgen/cloudgen/lab/internal/rawmqtt"
)

// watch subscribes to all wills.
func watch(b *bench) *rawmqtt.Client {
	b.Helper()
	watcher := b.connect(rawmqtt.Session{ID: "watcher"})
	_, err := watcher.Subscribe(1, 1, "will/#")
	check(b.T, err)
	return watcher
}

// wills gives what has been published as a will so far.
func wills(b *bench, watcher *rawmqtt.Client) []string {
	b.Helper()
	check(b.T, b.Publish("will/so-far", nil, 0, false))
	var all []string
	for {
		got, err := watcher.Expect(rawmqtt.Publish)
		check(b.T, err)
		if got.QoS > 0 {
			check(b.T, watcher.Ack(got.ID))
		}
		if got.Topic == "will/so-far" {
			return all
		}
		all = append(all, string(got.Payload))
	}
}

func wantWills(b *bench, watcher *rawmqtt.Client, want ...string) {
	b.Helper()
	if got := wills(b, watcher); !slices.Equal(got, want) {
		b.Errorf("wills %q, want %q", got, want)
	}
}

// Who takes a client id over gets what is published, also if the older connection has no session and is just ending.
func TestTakeoverReceives(t *testing.T) {
	b := start(t, rules{}, broker.Limits{})
	for i := range 10 {
		for _, version := range []byte{4, 5} {
			older := b.connect(rawmqtt.Session{ID: "same", Version: version})
			if i%2 == 1 {
				check(t, older.Close()) // its end meets the takeover
			}
			newer := b.dial()
			_, present, err := newer.Connect(rawmqtt.Session{ID: "same", Version: version, Keep: version == 5})
			check(t, err)
			if present {
				t.Error("there is a session of a connection that had none")
			}
			_, err = newer.Subscribe(1, 1, "t")
			check(t, err)
			closed(t, older)
			check(t, b.Publish("t", []byte("x"), 1, false))
			got, err := newer.Expect(rawmqtt.Publish)
			check(t, err)
			check(t, newer.Ack(got.ID))
			check(t, newer.Disconnect())
			closed(t, newer)
		}
	}
}

// The will of a connection that is taken over is published once, whatever the connection is doing, and before the next one is accepted.
func TestTakeoverWill(t *testing.T) {
	b := start(t, rules{}, broker.Limits{})
	watcher := watch(b)
	for i := range 5 {
		for _, version := range []byte{4, 5} {
			for name, before := range map[string]func(*rawmqtt.Client) error{
				"idle": func(*rawmqtt.Client) error { return nil },
				"busy": func(c *rawmqtt.Client) error {
					for id := range uint16(50) {
						if err := c.Publish("elsewhere", "x", 1, id+1); err != nil {
							return err
						}
					}
					return nil
				},
				"lost": (*rawmqtt.Client).Close,
			} {
				will := fmt.Sprint(name, " ", version, " ", i)
				session := rawmqtt.Session{ID: "same", Version: version, Keep: i%2 == 0}
				older := b.dial()
				session.WillTopic, session.Will, session.WillQoS = "will/same", will, 1
				_, _, err := older.Connect(session)
				check(t, err)
				check(t, before(older))
				newer := b.dial()
				session.WillTopic = ""
				_, _, err = newer.Connect(session)
				check(t, err)
				wantWills(b, watcher, will)
				check(t, newer.Disconnect())
				closed(t, newer)
			}
		}
	}
}

// A DISCONNECT takes the will away; one of MQTT 5 with another code than 0 does not (MQTT 5 section 3.14.4).
func TestTakeoverAfterDisconnect(t *testing.T) {
	b := start(t, rules{}, broker.Limits{})
	watcher := watch(b)
	disconnect := func(codes ...byte) func(*rawmqtt.Client) error {
		return func(c *rawmqtt.Client) error { return c.Write(rawmqtt.Disconnect<<4, codes) }
	}
	for _, c := range []struct {
		version byte
		say     func(*rawmqtt.Client) error
		wills   []string
	}{
		{4, disconnect(), nil},
		{5, disconnect(), nil},
		{5, disconnect(0x00, 0), nil},
		{5, disconnect(0x04, 0), []string{"gone"}},
		{5, disconnect(0x80, 0), []string{"gone"}},
	} {
		client := b.connect(rawmqtt.Session{ID: "same", Version: c.version, WillTopic: "will/same", Will: "gone"})
		check(t, c.say(client))
		closed(t, client)
		newer := b.dial()
		_, _, err := newer.Connect(rawmqtt.Session{ID: "same", Version: c.version})
		check(t, err)
		wantWills(b, watcher, c.wills...)
		if e := b.await(broker.Disconnected, "same"); e.Detail != broker.ReasonClient || e.Err != nil {
			t.Errorf("disconnected because of %s: %v", e.Detail, e.Err)
		}
		check(t, newer.Disconnect())
		closed(t, newer)
		b.await(broker.Disconnected, "same")
	}
}

// A DISCONNECT that comes when the connection has been taken over is too late: SDKs of AWS send one when they see their connection closed.
func TestTakeoverBeforeDisconnect(t *testing.T) {
	for _, version := range []byte{4, 5} {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			arrived, goOn := make(chan struct{}), make(chan struct{})
			b := startWith(t, rules{pace: func(size int, outgoing bool) time.Duration {
				if size == 2 && !outgoing { // the DISCONNECT
					close(arrived)
					<-goOn
				}
				return 0
			}}, func(*broker.Config) {})
			watcher := watch(b)
			older := b.connect(rawmqtt.Session{ID: "same", Version: version, WillTopic: "will/same", Will: "gone"})
			check(t, older.Disconnect())
			<-arrived
			newer := b.dial()
			accepted := make(chan error)
			go func() {
				_, _, err := newer.Connect(rawmqtt.Session{ID: "same", Version: version})
				accepted <- err
			}()
			closed(t, older)
			close(goOn)
			check(t, <-accepted)
			wantWills(b, watcher, "gone")
		})
	}
}

// A will that is delayed is not published if its session goes on, and at once if it ends (MQTT 5 section 3.1.3.2.2).
func TestTakeoverDelayedWill(t *testing.T) {
	b := start(t, rules{}, broker.Limits{})
	watcher := watch(b)
	delayed := rawmqtt.Session{ID: "same", Version: 5, Keep: true, Expiry: 600, WillTopic: "will/same", WillDelay: 600}
	next := func(s rawmqtt.Session, want ...string) {
		t.Helper()
		_, _, err := b.dial().Connect(s)
		check(t, err)
		wantWills(b, watcher, want...)
	}
	change := func(f func(*rawmqtt.Session)) rawmqtt.Session {
		s := delayed
		f(&s)
		return s
	}
	next(change(func(s *rawmqtt.Session) { s.Will = "a" }))
	next(change(func(s *rawmqtt.Session) { s.Will = "b" }))                      // goes on
	next(change(func(s *rawmqtt.Session) { s.Will, s.Keep = "c", false }), "b")  // begins anew
	next(change(func(s *rawmqtt.Session) { s.Will, s.WillDelay = "d", 0 }))      // goes on
	next(change(func(s *rawmqtt.Session) { s.Will, s.Expiry = "e", 0 }), "d")    // was not delayed
	next(change(func(s *rawmqtt.Session) { s.Will, s.WillDelay = "f", 1 }), "e") // ended with its connection
	if !b.Cut("same") {
		t.Fatal("nobody to cut off")
	}
	got, err := watcher.Expect(rawmqtt.Publish) // after a second
	check(t, err)
	if string(got.Payload) != "f" {
		t.Errorf("got %+v", got)
	}
	next(change(func(s *rawmqtt.Session) { s.Will = "g" }))
}

// Of several that connect with one id at once, the last one stays, and each of the others leaves its will once.
func TestTakeoverCrowd(t *testing.T) {
	b := start(t, rules{}, broker.Limits{})
	watcher := watch(b)
	const n = 6
	for round := range 4 {
		clients := make([]*rawmqtt.Client, n)
		var crowd sync.WaitGroup
		for i := range clients {
			clients[i] = b.dial()
			crowd.Go(func() {
				_, _, err := clients[i].Connect(rawmqtt.Session{
					ID: "same", Version: byte(4 + i%2), Keep: round%2 == 1, WillTopic: "will/same", Will: fmt.Sprint(i), WillQoS: 1,
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		crowd.Wait()
		left := wills(b, watcher)
		stays := -1
		for i := range clients {
			if !slices.Contains(left, fmt.Sprint(i)) {
				stays = i
			}
		}
		slices.Sort(left)
		if len(slices.Compact(left)) != n-1 || len(left) != n-1 || stays < 0 {
			t.Fatalf("wills of %q", left)
		}
		for i, client := range clients {
			if i != stays {
				closed(t, client)
			}
		}
		_, err := clients[stays].Subscribe(1, 1, "t")
		check(t, err)
		check(t, b.Publish("t", nil, 0, false))
		_, err = clients[stays].Expect(rawmqtt.Publish)
		check(t, err)
		check(t, clients[stays].Disconnect())
		closed(t, clients[stays])
	}
}
