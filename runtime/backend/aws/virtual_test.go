package aws

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/module"
	"github.com/cloudgen/cloudgen/runtime/mqtt/mqtttest"
)

// pipes is a network in memory: whoever dials gets one end of a pipe, the test the other.
type pipes chan net.Conn

func (p pipes) dial(ctx context.Context, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// deviceAt is a device whose service is at an endpoint.
func deviceAt(endpoint string) module.Device {
	return module.Device{ID: func(context.Context) (string, error) { return thing, nil }, Endpoint: endpoint}
}

// plain is a configuration without TLS.
func plain(config Config) Config {
	config.MQTT.TLS = false
	return config
}

// inBubble runs a test in virtual time, with a device whose service the test plays.
func inBubble(t *testing.T, config Config, test func(t *testing.T, d *device, service pipes)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &device{t: t, more: make(chan struct{}, 1)}
		backend, err := New(plain(config), module.Device{
			ID:     func(context.Context) (string, error) { return thing, nil },
			Logger: slog.New(slog.NewTextHandler(&d.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		if err != nil {
			t.Fatal(err)
		}
		service := make(pipes)
		d.Backend, backend.target.Dial = backend, service.dial
		backend.Bind(func(r data.Received) { d.note(r) })
		if err := backend.Init(t.Context(), func(_ cloud.Backend, e cloud.Event, _ any) { d.note(e) }); err != nil {
			t.Fatal(err)
		}
		test(t, d, service)
		if err := backend.Uninit(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("log:\n%s", d.log.String())
		}
	})
}

// accept is the service's side of the way up, with or without a session that it has kept.
func (p pipes) accept(t *testing.T, sessionPresent bool) *mqtttest.Conn {
	t.Helper()
	conn := mqtttest.NewConn(t, <-p)
	conn.Connect()
	conn.Connack(0, sessionPresent)
	if !sessionPresent {
		conn.Grant()
	}
	return conn
}

// usable brings a device in a bubble up.
func (d *device) usable(service pipes) *mqtttest.Conn {
	d.t.Helper()
	done := d.connect()
	conn := service.accept(d.t, false)
	if got := <-done; got.err != nil {
		d.t.Fatal(got.err)
	}
	d.want(cloud.Event{Type: cloud.EventConnected})
	d.want(cloud.Event{Type: cloud.EventReady})
	return conn
}

// pass lets time pass, and all happen that it brings.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// received takes what the backend says up to the next data.Received, and gives that.
func (d *device) received() data.Received {
	d.t.Helper()
	for {
		if r, is := d.take().(data.Received); is {
			return r
		}
	}
}

// silent holds that the backend says nothing.
func (d *device) silent() {
	d.t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, what := range d.reported {
		if r, is := what.(data.Received); is {
			d.t.Errorf("the backend says %T %+v", r, r)
		}
	}
	d.reported = nil
}
