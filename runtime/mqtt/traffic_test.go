package mqtt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestPublish(t *testing.T) {
	c, peer := connected(t, plainConfig)
	for _, p := range []Publication{
		{ID: 15000, Topic: "a/b", QoS: 1, Payload: []byte("one")},
		{ID: 15001, Topic: "a/b", QoS: 0, Payload: []byte("two")},
		{ID: 0, Topic: "a/c", QoS: 1, Retain: true},
		{ID: 15002, Topic: "a/d", QoS: 1, Payload: bytes.Repeat([]byte{0xff}, 100000)},
	} {
		if err := c.Publish(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	var ids []uint16
	for i, want := range []string{"a/b 1 false 3", "a/b 0 false 3", "a/c 1 true 0", "a/d 1 false 100000"} {
		got := peer.Publication()
		if text := fmt.Sprintf("%s %d %v %d", got.TopicName, got.Qos, got.Retain, len(got.Payload)); text != want {
			t.Errorf("publication %d is %s, want %s", i, text, want)
		}
		if got.Qos == 1 {
			ids = append(ids, got.MessageID)
		}
	}
	// Acknowledged in another order, twice, and with an identifier that was never used.
	peer.Puback(ids[2])
	peer.Puback(ids[2])
	peer.Puback(60000)
	peer.Puback(ids[1])
	peer.Puback(ids[0])
	for _, want := range []uint16{15002, 15000} {
		if got := next(t, c); got.Kind != EventAcknowledged || got.ID != want {
			t.Errorf("event %+v, want acknowledgement of %d", got, want)
		}
	}
}

// TestPublishOrder has many senders: each one's messages arrive in the order that it sent them, each acknowledged once under its own id.
func TestPublishOrder(t *testing.T) {
	const senders, each = 8, 50
	c, peer := connected(t, plainConfig)
	var wait sync.WaitGroup
	for sender := range senders {
		wait.Go(func() {
			for i := range each {
				id := uint16(1 + sender*each + i)
				if err := c.Publish(t.Context(), Publication{ID: id, Topic: fmt.Sprint("from/", sender), QoS: 1, Payload: fmt.Append(nil, id)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	acknowledged := make(chan map[uint16]int)
	go func() {
		got := make(map[uint16]int)
		for range senders * each {
			event, _ := c.Next()
			got[event.ID]++
		}
		acknowledged <- got
	}()
	last := make(map[string]int)
	for range senders * each {
		p := peer.Publication()
		var n int
		if _, err := fmt.Sscan(string(p.Payload), &n); err != nil || n <= last[p.TopicName] {
			t.Errorf("%s: %d after %d, %v", p.TopicName, n, last[p.TopicName], err)
		}
		last[p.TopicName] = n
		peer.Puback(p.MessageID)
	}
	wait.Wait()
	got := <-acknowledged
	for id := range uint16(senders * each) {
		if got[id+1] != 1 {
			t.Errorf("%d is acknowledged %d times", id+1, got[id+1])
		}
	}
}

func TestPublishRefusesWrongMessages(t *testing.T) {
	c, _ := connected(t, plainConfig)
	for says, p := range map[string]Publication{
		"topic is empty":       {},
		"wildcard":             {Topic: "a/#"},
		"quality of service 2": {Topic: "a", QoS: 2},
		"a packet takes":       {Topic: "a", Payload: make([]byte, maxPayload+1)},
	} {
		if err := c.Publish(t.Context(), p); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Publish(cancelled, Publication{Topic: "a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
}

func TestSubscribe(t *testing.T) {
	c, peer := connected(t, plainConfig)
	filters := make([]Filter, 10) // more than one SUBSCRIBE takes
	for i := range filters {
		filters[i] = Filter{Topic: fmt.Sprint("topic/", i), QoS: byte(i % 2)}
	}
	type answer struct {
		granted []byte
		err     error
	}
	result := make(chan answer, 1)
	go func() {
		granted, err := c.Subscribe(t.Context(), filters)
		result <- answer{granted, err}
	}()
	asked := peer.Grant()
	if len(asked) != maxFilters {
		t.Errorf("the first SUBSCRIBE has %d filters", len(asked))
	}
	rest := peer.Subscribe()
	codes := make([]byte, len(rest.Topics))
	for i, topic := range rest.Topics {
		asked[topic] = rest.Qoss[i]
		if topic == "topic/9" {
			codes[i] = subackFailure
		}
	}
	peer.Suback(rest.MessageID, codes...)
	got := <-result
	var refused *SubscribeError
	if !errors.As(got.err, &refused) || !reflect.DeepEqual(refused.Topics, []string{"topic/9"}) || !strings.Contains(got.err.Error(), "refuses the subscription to topic/9") {
		t.Errorf("error %v", got.err)
	}
	if want := []byte{0, 1, 0, 1, 0, 1, 0, 1, 0, subackFailure}; !bytes.Equal(got.granted, want) {
		t.Errorf("granted %x, want %x", got.granted, want)
	}
	want := make(map[string]byte)
	for _, f := range filters {
		want[f.Topic] = f.QoS
	}
	if !maps.Equal(asked, want) {
		t.Errorf("asked for %v, want %v", asked, want)
	}
	if _, err := c.Subscribe(t.Context(), []Filter{{Topic: "a/b#"}}); err == nil {
		t.Error("a wrong filter is asked for")
	}
	if _, err := c.Subscribe(t.Context(), []Filter{{Topic: "a", QoS: 2}}); err == nil {
		t.Error("quality 2 is asked for")
	}
}

func TestUnsubscribe(t *testing.T) {
	c, peer := connected(t, plainConfig)
	result := make(chan error, 1)
	go func() { result <- c.Unsubscribe(t.Context(), []string{"a", "b/#"}) }()
	if got := peer.Unsubscribe(); !reflect.DeepEqual(got, []string{"a", "b/#"}) {
		t.Errorf("UNSUBSCRIBE of %v", got)
	}
	if err := <-result; err != nil {
		t.Error(err)
	}
	if err := c.Unsubscribe(t.Context(), []string{""}); err == nil {
		t.Error("an empty filter is taken")
	}
}

// TestCloseAfterLoss: who closes because a call has failed learns why it did, although the report of the loss is still under way.
func TestCloseAfterLoss(t *testing.T) {
	for range 50 {
		c, peer := connected(t, plainConfig)
		result := make(chan error, 1)
		go func() {
			_, err := c.Subscribe(t.Context(), []Filter{{Topic: "a"}})
			c.Close()
			result <- err
		}()
		peer.Subscribe()
		peer.Close()
		if err := <-result; !errors.Is(err, ErrClosed) {
			t.Errorf("Subscribe: %v", err)
		}
		if lost, is := errors.AsType[*LostError](c.Err()); !is || lost.Loss != LossByBroker {
			t.Fatalf("ended because of %v", c.Err())
		}
	}
}

// TestSubscribeWithoutAnswer ends with the caller's context or with the connection, whichever comes first.
func TestSubscribeWithoutAnswer(t *testing.T) {
	c, peer := connected(t, plainConfig)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	ask := func(ctx context.Context) {
		_, err := c.Subscribe(ctx, []Filter{{Topic: "a"}})
		result <- err
	}
	go ask(ctx)
	id := peer.Subscribe().MessageID
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	peer.Suback(id, 0) // late, for nobody
	go ask(t.Context())
	peer.Subscribe()
	peer.Close()
	if err := <-result; !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
}

// TestWrongSuback: paho alone would panic on a surplus return code and take a foreign acknowledgement for success.
func TestWrongSuback(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(id uint16) []byte
		says   string
	}{
		"surplus code":    {func(id uint16) []byte { return []byte{0x90, 4, byte(id >> 8), byte(id), 0, 0} }, "SUBACK with 2 return codes for a request of 1"},
		"other id":        {func(id uint16) []byte { return []byte{0x90, 3, byte(id >> 8), byte(id + 1), 0} }, "SUBACK with 1 return codes for a request of 0"},
		"undefined code":  {func(id uint16) []byte { return []byte{0x90, 3, byte(id >> 8), byte(id), 3} }, "SUBACK with return code 0x3"},
		"no code":         {func(id uint16) []byte { return []byte{0x90, 2, byte(id >> 8), byte(id)} }, "SUBACK of 2 bytes"},
		"PUBACK in place": {func(id uint16) []byte { return []byte{0x40, 2, byte(id >> 8), byte(id)} }, "refuses the subscription to a"},
	} {
		t.Run(name, func(t *testing.T) {
			connection, peer := connected(t, plainConfig)
			result := make(chan error, 1)
			go func() {
				_, err := connection.Subscribe(t.Context(), []Filter{{Topic: "a", QoS: 1}})
				result <- err
			}()
			peer.Write(c.answer(peer.Subscribe().MessageID)...)
			if err := <-result; err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want %q", err, c.says)
			}
		})
	}
}

// TestReceive holds order, and that a message is acknowledged when its successor is asked for, not before.
func TestReceive(t *testing.T) {
	c, peer := connected(t, plainConfig)
	peer.Publish("a", 1, 7, []byte("one"))
	peer.Publish("b", 0, 0, nil)
	peer.PublishAgain("a", 7, []byte("one"))
	first := next(t, c)
	if first.Kind != EventMessage || first.Message.Topic != "a" || string(first.Message.Payload) != "one" || first.Message.QoS != 1 || first.Message.Duplicate {
		t.Errorf("first event %+v", first)
	}
	// Nothing may have been acknowledged by now: a ping's worth of traffic shows it, for what is sent keeps its order.
	if err := c.Publish(t.Context(), Publication{Topic: "mark"}); err != nil {
		t.Fatal(err)
	}
	if got := peer.Publication().TopicName; got != "mark" {
		t.Errorf("got %s", got)
	}
	second := next(t, c)
	if got := peer.Acknowledgement(); got != 7 {
		t.Errorf("acknowledges %d", got)
	}
	if second.Message.Topic != "b" || len(second.Message.Payload) != 0 {
		t.Errorf("second event %+v", second)
	}
	if third := next(t, c); !third.Message.Duplicate || third.Message.Topic != "a" {
		t.Errorf("third event %+v", third)
	}
	peer.Pong()
	if fourth := next(t, c); fourth.Kind != EventPingAnswered {
		t.Errorf("fourth event %+v", fourth)
	}
	if got := peer.Acknowledgement(); got != 7 {
		t.Errorf("acknowledges %d", got)
	}
}

// TestTooLargePayload: refused, reported, acknowledged; the connection stands.
func TestTooLargePayload(t *testing.T) {
	config := plainConfig
	config.PayloadMax = 100
	c, peer := connected(t, config)
	peer.Publish("fits", 0, 0, make([]byte, 100))
	peer.Publish("too/large", 1, 9, make([]byte, 101))
	peer.Publish("huge", 0, 0, make([]byte, 3<<20))
	peer.Publish("after", 0, 0, []byte("still here"))
	for _, want := range []Event{
		{Kind: EventMessage, Message: Message{Topic: "fits", Payload: make([]byte, 100)}},
		{Kind: EventRefused, Size: 101, Message: Message{Topic: "too/large"}},
		{Kind: EventRefused, Size: 3 << 20, Message: Message{Topic: "huge"}},
		{Kind: EventMessage, Message: Message{Topic: "after", Payload: []byte("still here")}},
	} {
		got := next(t, c)
		got.ack = nil
		if !reflect.DeepEqual(got, want) {
			t.Errorf("event %d on %q, size %d; want %d on %q, size %d", got.Kind, got.Message.Topic, got.Size, want.Kind, want.Message.Topic, want.Size)
		}
	}
	if got := peer.Acknowledgement(); got != 9 {
		t.Errorf("acknowledges %d", got)
	}
	if got := cap(c.link.in.buffer); got > 1<<16 {
		t.Errorf("keeps a buffer of %d bytes", got)
	}
}

// TestSlowConsumer: who does not call Next holds up reading, and nothing is lost.
func TestSlowConsumer(t *testing.T) {
	const count = 4 * eventBuffer
	c, peer := connected(t, plainConfig)
	for i := range count {
		peer.Publish("n", 0, 0, fmt.Append(nil, i))
	}
	peer.Close()
	for i := range count {
		if got := next(t, c); string(got.Message.Payload) != fmt.Sprint(i) {
			t.Fatalf("message %d is %q", i, got.Message.Payload)
		}
	}
	if event, ok := c.Next(); ok {
		t.Errorf("event %+v after the last one", event)
	}
	var lost *LostError
	if err := c.Err(); !errors.As(err, &lost) || lost.Loss != LossByBroker {
		t.Errorf("ended by %v", err)
	}
}

func TestKeepaliveOff(t *testing.T) {
	config := plainConfig
	config.KeepAlive = 0
	c, _ := connected(t, config)
	if got := c.KeepaliveTimeLeft(); got != -time.Second {
		t.Errorf("time left is %v", got)
	}
}

// TestNextOr: what came goes first, then the wake-up, and an ended connection is told as Next tells it.
func TestNextOr(t *testing.T) {
	c, conn := connected(t, plainConfig)
	wake := make(chan struct{}, 1)
	wake <- struct{}{}
	if event, ok := c.NextOr(wake); !ok || event.Kind != EventWoken {
		t.Errorf("woken: %+v, %v", event, ok)
	}
	conn.Publish("a", 1, 7, []byte("x"))
	if event, ok := c.NextOr(wake); !ok || event.Kind != EventMessage {
		t.Errorf("message: %+v, %v", event, ok)
	}
	wake <- struct{}{}
	if event, ok := c.NextOr(wake); !ok || event.Kind != EventWoken {
		t.Errorf("woken: %+v, %v", event, ok)
	}
	if got := conn.Acknowledgement(); got != 7 { // a wake-up takes the message before it for handled
		t.Errorf("acknowledges %d", got)
	}
	conn.Close()
	if event, ok := c.NextOr(wake); ok {
		t.Errorf("after the end: %+v", event)
	}
}
