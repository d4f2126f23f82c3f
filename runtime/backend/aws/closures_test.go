package aws

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/module"
	"github.com/cloudgen/cloudgen/runtime/mqtt/mqtttest"
	"github.com/cloudgen/cloudgen/runtime/qos"
)

func TestClosures(t *testing.T) {
	var c closures
	for i, step := range []struct {
		lasted    time.Duration
		byService bool
		told      bool
	}{
		{time.Second, true, false},                      // the first one may be anything
		{59 * time.Second, true, true}, {0, true, true}, // again
		{time.Second, false, false}, {time.Second, true, true}, // a loss by the network in between changes nothing
		{time.Minute, true, false}, {time.Second, true, false}, {time.Second, true, true}, // one that lasted clears
		{time.Hour, false, false}, {time.Second, true, false},
	} {
		err := c.ended(step.lasted, step.byService, thing)
		if (err != nil) != step.told {
			t.Errorf("step %d: %v", i, err)
		}
		if err != nil && (!errors.Is(err, ErrClosedAgain) || !strings.Contains(err.Error(), `client id "`+thing+`"`) || !strings.Contains(err.Error(), "presence/disconnected/"+thing)) {
			t.Errorf("step %d: %v", i, err)
		}
	}
}

// TestClosedAgain: the error of the second early end says what it may mean, whether it ends the attempt or the connection.
func TestClosedAgain(t *testing.T) {
	inBubble(t, shipped, func(t *testing.T, d *device, service pipes) {
		for round := range 3 {
			conn := d.usable(service)
			pass(2 * time.Second)
			conn.Close()
			event, is := d.take().(cloud.Event)
			if !is || event.Type != cloud.EventDisconnected || event.Reason != cloud.DisconnectClosedByRemote || errors.Is(event.Err, ErrClosedAgain) != (round > 0) {
				t.Errorf("round %d: %+v", round, event)
			}
		}
		done := d.connect()
		conn := mqtttest.NewConn(t, <-service)
		conn.Connect()
		conn.Connack(0, false)
		conn.Subscribe()
		conn.Close()
		if got := <-done; got.result != cloud.ConnectErrBackend || !errors.Is(got.err, ErrClosedAgain) || !strings.Contains(got.err.Error(), "4 in a row") {
			t.Errorf("while subscribing: %+v", got)
		}
	})
}

// takeover is a service that keeps the newest connection of a client id, as AWS IoT Core does, and says nothing to the older one.
type takeover struct {
	mu       sync.Mutex
	newest   *mqtttest.Conn
	accepted []time.Time
}

// serve takes one connection and keeps it until it is closed.
func (s *takeover) serve(conn *mqtttest.Conn) {
	conn.Connect()
	s.mu.Lock()
	older := s.newest
	s.newest = conn
	s.accepted = append(s.accepted, time.Now())
	s.mu.Unlock()
	if older != nil {
		older.Close()
	}
	conn.Connack(0, false)
	conn.Grant()
}

// stillModem has its network at once and for ever.
type stillModem struct{}

func (stillModem) Run(ctx context.Context, notify func(modem.Event)) error {
	notify(modem.Event{Type: modem.EventInitialized})
	notify(modem.Event{Type: modem.EventLTEConnected})
	<-ctx.Done()
	return nil
}

func (stillModem) IMEI(context.Context) (string, error) { return thing, nil }

// TestTwoDevicesOfOneID: two whole devices with one client id take each other's connection away. They do not storm the service: it sees a
// handful of connects a minute at most, in the long run fewer than two of both together, and each device says why.
func TestTwoDevicesOfOneID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const devices, span = 2, 2 * time.Hour
		service := &takeover{}
		ctx, cancel := context.WithCancel(t.Context())
		network := make(pipes)
		var running sync.WaitGroup
		running.Go(func() {
			for {
				select {
				case far := <-network:
					service.serve(mqtttest.NewConn(t, far))
				case <-ctx.Done():
					return
				}
			}
		})
		time.Sleep(time.Until(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))) // the module waits for a clock
		start := time.Now()
		config := plain(shipped)
		config.MQTT.KeepAlive = maxKeepAlive
		var mu sync.Mutex
		var modules []*module.Module
		told := make([]int, devices)
		for i := range devices {
			backend, err := New(config, module.Device{ID: func(context.Context) (string, error) { return thing, nil }})
			if err != nil {
				t.Fatal(err)
			}
			backend.target.Dial = network.dial
			m, err := module.New(module.Config{
				ClientIDUseCustom: true, ClientID: thing, ConnectRetries: 10, BackoffJitterPercent: 25,
				QoS: qos.Config{PendingMax: 10, NotifiedCountMax: 3, NotifyTimeout: 16 * time.Second},
			}, backend, module.Options{Modem: stillModem{}, OnEvent: func(event module.Event) {
				mu.Lock()
				defer mu.Unlock()
				if event.Type == module.EventDisconnected && errors.Is(event.Err, ErrClosedAgain) {
					told[i]++
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			modules = append(modules, m)
			running.Go(func() {
				if err := m.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("device %d: %v", i, err)
				}
			})
			time.Sleep(500 * time.Millisecond)
		}
		time.Sleep(span - time.Since(start))
		service.mu.Lock()
		accepted := service.accepted
		service.mu.Unlock()
		for _, m := range modules {
			m.Shutdown()
		}
		time.Sleep(10 * time.Second)
		cancel()
		running.Wait()
		most, from := 0, 0
		for i := range accepted {
			for accepted[i].Sub(accepted[from]) >= time.Minute {
				from++
			}
			most = max(most, i-from+1)
		}
		t.Logf("%d connects in %v, %d in the worst minute; ErrClosedAgain told %v times", len(accepted), span, most, told)
		if most > 8 {
			t.Errorf("%d connects in one minute", most)
		}
		if perMinute := float64(len(accepted)) / span.Minutes(); perMinute > 2 || len(accepted) < 10 {
			t.Errorf("%d connects in %v", len(accepted), span)
		}
		if told[0]+told[1] < 2 {
			t.Errorf("told %v times", told)
		}
	})
}
