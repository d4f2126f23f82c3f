package mqtt

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/mqtt/mqtttest"
)

// TestLoss breaks the connection in one way each.
func TestLoss(t *testing.T) {
	for name, c := range map[string]struct {
		breakIt func(*mqtttest.Conn)
		loss    Loss
		says    string
	}{
		"closed":             {func(p *mqtttest.Conn) { p.Close() }, LossByBroker, "the broker closed the connection"},
		"in a packet":        {func(p *mqtttest.Conn) { p.Write(0x30, 0x20, 0, 1); p.Close() }, LossByBroker, "in the middle of a packet"},
		"in a length":        {func(p *mqtttest.Conn) { p.Write(0x30, 0x80); p.Close() }, LossByBroker, "in the middle of a packet"},
		"in a large payload": {func(p *mqtttest.Conn) { p.Write(0x30, 0xff, 0xff, 0x7f, 0, 1, 'a', 1); p.Close() }, LossByBroker, "in the middle of a packet"},
		"reset":              {func(p *mqtttest.Conn) { p.Reset() }, LossByBroker, "the broker"},
		"second CONNACK":     {func(p *mqtttest.Conn) { p.Connack(0, false) }, LossProtocol, "CONNACK comes first and only once"},
		"garbage":            {func(p *mqtttest.Conn) { p.Write([]byte("garbage garbage")...) }, LossProtocol, "broke the MQTT protocol"},
		"QoS 3":              {func(p *mqtttest.Conn) { p.Write(0x36, 0x05, 0, 1, 'a', 0, 1) }, LossProtocol, "quality of service 3"},
		"no topic":           {func(p *mqtttest.Conn) { p.Write(0x30, 0x02, 0, 0) }, LossProtocol, "topic is empty"},
		"wildcard in topic":  {func(p *mqtttest.Conn) { p.Write(0x30, 0x03, 0, 1, '#') }, LossProtocol, "wildcard"},
		"topic not UTF-8":    {func(p *mqtttest.Conn) { p.Write(0x30, 0x03, 0, 1, 0xff) }, LossProtocol, "not UTF-8"},
		"topic too long":     {func(p *mqtttest.Conn) { p.Write(0x30, 0x03, 0xff, 0xff, 'a') }, LossProtocol, "whose topic and id need 65537"},
		"packet id 0":        {func(p *mqtttest.Conn) { p.Write(0x32, 0x05, 0, 1, 'a', 0, 0) }, LossProtocol, "packet identifier 0"},
		"PINGRESP with body": {func(p *mqtttest.Conn) { p.Write(0xd0, 0x01, 0) }, LossProtocol, "PINGRESP of 1 bytes"},
		"PUBACK too long":    {func(p *mqtttest.Conn) { p.Write(0x40, 0x03, 0, 1, 0) }, LossProtocol, "PUBACK of 3 bytes"},
		"SUBACK for nothing": {func(p *mqtttest.Conn) { p.Write(0x90, 0x03, 0, 1, 0) }, LossProtocol, "for a request of 0"},
		"length too long":    {func(p *mqtttest.Conn) { p.Write(0x40, 0x80, 0x80, 0x80, 0x80, 0x01) }, LossProtocol, "more than four bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			connection, peer := connected(t, plainConfig)
			c.breakIt(peer)
			if event, ok := connection.Next(); ok {
				t.Errorf("event %+v", event)
			}
			<-connection.Done()
			var lost *LostError
			if err := connection.Err(); !errors.As(err, &lost) || lost.Loss != c.loss || !strings.Contains(err.Error(), c.says) {
				t.Errorf("ended by %v, want %q", err, c.says)
			}
			if err := connection.Publish(t.Context(), Publication{Topic: "a", QoS: 1}); !errors.Is(err, ErrClosed) {
				t.Errorf("publish: %v", err)
			}
			if _, err := connection.Subscribe(t.Context(), []Filter{{Topic: "a"}}); !errors.Is(err, ErrClosed) {
				t.Errorf("subscribe: %v", err)
			}
		})
	}
}

// TestEventsBeforeLoss: what came before the end is given before it.
func TestEventsBeforeLoss(t *testing.T) {
	c, peer := connected(t, plainConfig)
	peer.Publish("a", 0, 0, []byte("last words"))
	peer.Close()
	<-c.Done()
	if got := next(t, c); string(got.Message.Payload) != "last words" {
		t.Errorf("event %+v", got)
	}
	if _, ok := c.Next(); ok {
		t.Error("an event after the last one")
	}
}

func TestClose(t *testing.T) {
	c, peer := connected(t, plainConfig)
	if err := c.Publish(t.Context(), Publication{Topic: "a", Payload: []byte("before")}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan bool, 1)
	go func() { _, ok := c.Next(); ended <- ok }()
	closed := make(chan struct{})
	go func() { c.Close(); c.Close(); close(closed) }()
	if got := peer.Publication(); string(got.Payload) != "before" {
		t.Errorf("publication %v", got)
	}
	peer.Disconnect()
	peer.Close()
	<-closed
	if <-ended {
		t.Error("Next gives an event")
	}
	var lost *LostError
	if err := c.Err(); !errors.As(err, &lost) || lost.Loss != LossClosed {
		t.Errorf("ended by %v", err)
	}
	if err := c.Publish(t.Context(), Publication{Topic: "a"}); !errors.Is(err, ErrClosed) {
		t.Errorf("publish: %v", err)
	}
}

// TestCloseWhileMessagesCome: none that was not taken is acknowledged, and DISCONNECT is read nevertheless.
func TestCloseWhileMessagesCome(t *testing.T) {
	c, peer := connected(t, plainConfig)
	for id := range uint16(2 * eventBuffer) {
		peer.Publish("a", 1, id+1, make([]byte, 1000))
	}
	next(t, c)
	closed := make(chan struct{})
	go func() { c.Close(); close(closed) }()
	peer.Disconnect()
	peer.Ended()
	peer.Close()
	<-closed
}

// piped gives a connection over a pipe, for tests with a clock of their own.
func piped(t *testing.T, config Config) (*Connection, *mqtttest.Conn) {
	t.Helper()
	near, far := net.Pipe()
	result := make(chan attempt, 1)
	go func() {
		c, err := open(context.Background(), config, Target{Host: "pipe", Port: 1, ClientID: "device-1"}, near, near)
		result <- attempt{c, err}
	}()
	peer := mqtttest.NewConn(t, far)
	peer.Connect()
	peer.Connack(0, false)
	got := <-result
	if got.err != nil {
		t.Fatal(got.err)
	}
	return got.connection, peer
}

func TestKeepalive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := piped(t, plainConfig)
		synctest.Wait()
		if got := c.KeepaliveTimeLeft(); got != 60*time.Second {
			t.Errorf("after CONNECT %v are left", got)
		}
		time.Sleep(20 * time.Second)
		if got := c.KeepaliveTimeLeft(); got != 40*time.Second {
			t.Errorf("after 20 s %v are left", got)
		}
		if err := c.Publish(t.Context(), Publication{Topic: "a"}); err != nil {
			t.Fatal(err)
		}
		peer.Publication()
		synctest.Wait()
		if got := c.KeepaliveTimeLeft(); got != 60*time.Second {
			t.Errorf("after a publication %v are left", got)
		}
		began := time.Now()
		events := make(chan Event, 1)
		go func() { event, _ := c.Next(); events <- event }()
		for range 4 { // mqtttest waits 20 s at a time at most
			time.Sleep(10 * time.Second)
		}
		peer.Ping()
		if waited := time.Since(began); waited > 65*time.Second {
			t.Errorf("the ping comes after %v", waited)
		}
		peer.Pong()
		if got := <-events; got.Kind != EventPingAnswered {
			t.Errorf("event %+v", got)
		}
		peer.Close()
		<-c.Done()
		c.Close()
	})
}

// TestSilentPeer: the link is cut without a word. The keep-alive finds it within keep-alive and ping timeout.
func TestSilentPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := plainConfig
		config.KeepAlive = 20 * time.Second
		near, far := net.Pipe()
		silent := &silentConn{Conn: near}
		result := make(chan attempt, 1)
		go func() {
			c, err := open(context.Background(), config, Target{Host: "pipe", Port: 1}, silent, silent)
			result <- attempt{c, err}
		}()
		peer := mqtttest.NewConn(t, far)
		peer.Connect()
		peer.Connack(0, false)
		c := (<-result).connection
		silent.cut.Store(true)
		began := time.Now()
		<-c.Done()
		if waited := time.Since(began); waited < 40*time.Second || waited > 51*time.Second {
			t.Errorf("found after %v", waited)
		}
		var lost *LostError
		if err := c.Err(); !errors.As(err, &lost) || lost.Loss != LossNoAnswer || !strings.Contains(err.Error(), "within 20s") {
			t.Errorf("ended by %v", err)
		}
		closing := time.Now()
		c.Close()
		if took := time.Since(closing); took > 0 {
			t.Errorf("Close takes %v after a loss", took)
		}
		_ = far.Close()
	})
}

// silentConn swallows what is written once it is cut, as a network does that loses packets.
type silentConn struct {
	net.Conn
	cut atomic.Bool
}

func (s *silentConn) Write(p []byte) (int, error) {
	if s.cut.Load() {
		return len(p), nil
	}
	return s.Conn.Write(p)
}

// TestSendTimeout: the peer keeps the connection but takes nothing.
func TestSendTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := plainConfig
		config.SendTimeoutTime = 7 * time.Second
		config.KeepAlive = 0
		c, _ := piped(t, config)
		began := time.Now()
		if err := c.Publish(t.Context(), Publication{Topic: "a", Payload: make([]byte, 200000)}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		// The send buffer takes a little; then the sender waits for the peer, as long as it wants.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var err error
		for range 5 { // the mark, what is within paho, and one more
			synctest.Wait()
			if err = c.Publish(ctx, Publication{Topic: "b", Payload: make([]byte, 50000)}); err != nil {
				break
			}
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a sender with a full buffer gets %v", err)
		}
		waiting := make(chan error, 1)
		go func() { waiting <- c.Publish(t.Context(), Publication{Topic: "c"}) }()
		<-c.Done()
		if waited := time.Since(began); waited != 7*time.Second {
			t.Errorf("given up after %v", waited)
		}
		if err := <-waiting; !errors.Is(err, ErrClosed) {
			t.Errorf("who waits gets %v", err)
		}
		var lost *LostError
		if err := c.Err(); !errors.As(err, &lost) || lost.Loss != LossSendTimeout || !strings.Contains(err.Error(), "took nothing for 7s") {
			t.Errorf("ended by %v", err)
		}
		c.Close()
	})
}

// TestCloseWithDeafPeer: also without a send timeout Close ends, within flush and linger time.
func TestCloseWithDeafPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := plainConfig
		config.SendTimeout = false
		c, _ := piped(t, config)
		if err := c.Publish(t.Context(), Publication{Topic: "a", Payload: make([]byte, 100)}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		began := time.Now()
		c.Close()
		if took := time.Since(began); took > flushTimeout+lingerTimeout {
			t.Errorf("Close takes %v", took)
		}
	})
}

// TestFloodOfUnreadAcknowledgements: a peer that only sends is given up before our answers fill the memory.
func TestFloodOfUnreadAcknowledgements(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	l := newLink(near, near, 10, 0, func() {})
	puback := make([]byte, 4)
	var err error
	writes := 0
	for ; err == nil && writes < 1<<20; writes++ {
		_, err = l.Write(puback)
	}
	var lost *LostError
	if !errors.As(err, &lost) || lost.Loss != LossSendTimeout {
		t.Errorf("after %d writes: %v", writes, err)
	}
	<-l.done
	if _, err := l.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("read: %v", err)
	}
}
