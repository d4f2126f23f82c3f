package packaging

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	cloudmodule "github.com/cloudgen/cloudgen/examples/aws"
	lab "github.com/cloudgen/cloudgen/lab/aws"
	"github.com/cloudgen/cloudgen/lab/aws/jobs"
	"github.com/cloudgen/cloudgen/lab/broker"
	"github.com/cloudgen/cloudgen/lab/pki"
	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem/sim"
	"github.com/cloudgen/cloudgen/runtime/module"
)

const (
	securityTag = 42 // of examples/aws
	patience    = 30 * time.Second
)

// account is the lab's AWS IoT Core with a device whose certificate has a policy.
type account struct {
	*lab.Cloud
	credentials string

	mu        sync.Mutex
	changed   chan struct{} // closed at the next event
	events    []broker.Event
	connected bool // the firmware says so
}

func newAccount(t testing.TB, policy string) *account {
	t.Helper()
	a := &account{credentials: t.TempDir(), changed: make(chan struct{})}
	authority, err := pki.Open(a.credentials, time.Now())
	check(t, err)
	server, err := authority.Server(nil, time.Now())
	check(t, err)
	folder, err := authority.Device(securityTag, "a device", time.Now())
	check(t, err)
	device, err := tls.LoadX509KeyPair(filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"))
	check(t, err)
	a.Cloud, err = lab.Start(lab.Config{
		Listen: "localhost:0", Certificate: server, Device: &lab.FirstDevice{Certificate: device.Leaf, Policy: policy}, Observe: a.observe,
	})
	check(t, err)
	t.Cleanup(func() { check(t, a.Close()) })
	return a
}

func (a *account) observe(e broker.Event) {
	a.note(func() { a.events = append(a.events, e) })
}

// note notes something, and wakes who waits.
func (a *account) note(what func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	what()
	close(a.changed)
	a.changed = make(chan struct{})
}

// await waits until something is so, which is asked again at each event.
func (a *account) await(t testing.TB, what string, is func([]broker.Event) bool) {
	t.Helper()
	end := time.After(patience)
	for {
		a.mu.Lock()
		so, changed := is(a.events), a.changed
		a.mu.Unlock()
		if so {
			return
		}
		select {
		case <-changed:
		case <-end:
			t.Fatalf("in vain: %s", what)
		}
	}
}

// byPolicy gives the refusals for want of a statement.
func byPolicy(events []broker.Event) []*broker.Refusal {
	var refusals []*broker.Refusal
	for _, e := range events {
		if refusal, is := errors.AsType[*broker.Refusal](e.Err); is && e.Kind == broker.Refused && strings.HasSuffix(refusal.Rule, "policy") {
			refusals = append(refusals, refusal)
		}
	}
	return refusals
}

// firmware runs the generated package against an account until the test ends.
func firmware(t testing.TB, a *account) *cloudmodule.Module {
	t.Helper()
	folder := t.TempDir()
	m, err := cloudmodule.New(cloudmodule.Options{
		Modem: sim.New(sim.Options{DataDir: folder}), Credentials: credentials.Open(a.credentials), DataDir: folder, Endpoint: a.Broker().Address(),
		Logger: slog.New(slog.DiscardHandler),
		OnEvent: func(e module.Event) {
			if e.Type == module.EventConnected {
				a.note(func() { a.connected = true })
			}
		},
	})
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := m.Run(ctx); err != nil && ctx.Err() == nil {
			t.Errorf("the firmware has ended: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return m
}

// doEverything has the firmware and the cloud send each other all that they can. It gives what could not be sent, as after a refusal.
func doEverything(ctx context.Context, a *account, m *cloudmodule.Module) error {
	now := time.Now()
	battery := data.Battery{Percent: 80, Taken: now}
	id, err := m.ID()
	if err != nil {
		return err
	}
	var failed error
	for _, send := range []func() error{
		func() error { return m.Report(ctx, data.Update{Battery: &battery}) },
		func() error { return m.ReportBatch(ctx, data.Batch{Battery: []data.Battery{battery}}) },
		func() error { return m.Alert(ctx, data.Alert{Button: &data.Button{Number: 1, Taken: now}}) },
		func() error {
			return m.RequestLocation(ctx, data.LocationRequest{Cell: &data.Cell{MCC: 242, MNC: 2, ID: 1, AreaCode: 2, Taken: now}})
		},
		func() error { return m.RequestAGNSS(ctx, data.AGNSSRequest{MCC: 242, MNC: 2, Types: []int{1}}) },
		func() error {
			return m.RequestPGPS(ctx, data.PGPSRequest{Predictions: 42, Interval: 4 * time.Hour, GPSDay: 16000})
		},
		func() error { return m.SendDiagnostics(ctx, []byte("a chunk")) },
		func() error { return a.Publish(id+"/agnss", []byte("assistance"), 0, false) },
		func() error { return a.Publish(id+"/pgps", []byte("predictions"), 0, false) },
		func() error {
			_, err := a.UpdateShadow(id, "", []byte(`{"state":{"desired":{"cfg":{"act":false}}}}`))
			return err
		},
		func() error { return m.RequestConfig(ctx) },
		func() error {
			return m.Send(ctx, cloud.Message{Endpoint: cloud.Endpoint{Type: cloud.EndpointStateDelete}})
		},
		func() error {
			return a.Jobs(func(s *jobs.Store, now time.Time) ([]jobs.Message, error) {
				_, messages, err := s.CreateJob("J-1", jobs.JobRequest{Document: `{"operation":"none of ours"}`, Targets: []string{a.Account().Thing(id)}}, now)
				return messages, err
			})
		},
	} {
		failed = errors.Join(failed, send())
	}
	return failed
}

func (a *account) seen() []broker.Event {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]broker.Event{}, a.events...)
}
