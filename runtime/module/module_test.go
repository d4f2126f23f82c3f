package module

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

func refuse(context.Context) (cloud.ConnectResult, error) { return cloud.ConnectErrCert, errTest }

func TestElevenAttempts(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		w.backend.onConnect = refuse
		w.run(context.Background(), testConfig(), nil)
		w.up()
		err := <-w.result
		if reason(t, err) != "CLOUD_EVT_ERROR" || !errors.Is(err, ErrRetriesExhausted) || !errors.Is(err, errTest) {
			t.Errorf("Run: %v", err)
		}
		var want []time.Duration
		for k := range 11 {
			want = append(want, 32*(1<<k-1)*time.Second)
		}
		if got := w.attempts(); !slices.Equal(got, want) {
			t.Errorf("attempts at %v, want %v", got, want)
		}
		for i, event := range w.events {
			if event.Type == EventError && w.times[i] != 65504*time.Second {
				t.Errorf("CLOUD_EVT_ERROR after %v, want 18h11m44s", w.times[i])
			}
		}
		if n := len(w.of(EventConnectFailed)); n != 11 {
			t.Errorf("%d times CLOUD_EVT_CONNECT_FAILED", n)
		}
		if calls := w.backend.Calls(); calls[len(calls)-1] != "Uninit" || !w.modem.ended {
			t.Errorf("left behind: backend %v, modem ended %t", calls, w.modem.ended)
		}
	})
}

func TestJitter(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		w.backend.onConnect = refuse
		config := testConfig()
		config.BackoffJitterPercent = 25
		w.run(context.Background(), config, nil)
		w.up()
		<-w.result
		attempts := w.attempts()
		exact := 0
		for k := range len(attempts) - 1 {
			gap, entry := attempts[k+1]-attempts[k], backoff[k]
			if gap < entry*3/4 || gap > entry {
				t.Errorf("attempt %d follows after %v, want %v to %v", k+2, gap, entry*3/4, entry)
			}
			if gap == entry {
				exact++
			}
		}
		if exact > 2 {
			t.Errorf("%d of %d delays are the table's entries: nothing is drawn", exact, len(attempts)-1)
		}
	})
}

// An attempt may last longer than its delay: the next one starts when it has ended.
func TestSlowAttempts(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		w.backend.onConnect = func(ctx context.Context) (cloud.ConnectResult, error) {
			time.Sleep(90 * time.Second)
			return cloud.ConnectErrTimeoutNoData, nil
		}
		w.run(context.Background(), testConfig(), nil)
		w.up()
		w.pass(400 * time.Second)
		want := []time.Duration{0, 90 * time.Second, 180 * time.Second, 308 * time.Second}
		if got := w.attempts(); !slices.Equal(got, want) {
			t.Errorf("attempts at %v, want %v", got, want)
		}
		if w.backend.overlap {
			t.Error("two attempts at a time")
		}
		w.end()
	})
}

func TestRetryAfterDrop(t *testing.T) {
	for _, test := range []struct {
		name   string
		lasted time.Duration
		next   time.Duration // after the start
	}{
		{"a connection that lasted", 61 * time.Second, 62 * time.Second},
		{"a short one: the table goes on", 5 * time.Second, 32 * time.Second},
		{"a short one beyond the table's delay", 40 * time.Second, 41 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, testStart, func(w *world) {
				w.connected(testConfig(), nil)
				w.pass(test.lasted)
				w.backend.drop()
				w.pass(time.Hour)
				if got := w.attempts(); len(got) != 2 || got[1] != test.next {
					t.Errorf("attempts at %v, the second is due at %v", got, test.next)
				}
				if lost := w.of(EventDisconnected); len(lost) != 1 || lost[0].Reason != cloud.DisconnectClosedByRemote || !errors.Is(lost[0].Err, errTest) {
					t.Errorf("disconnected: %+v", lost)
				}
				if err := w.end(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A cloud that takes the device and drops it at once uses up the table like one that refuses it.
func TestFlappingCloud(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		w.backend.onConnect = func(context.Context) (cloud.ConnectResult, error) {
			w.backend.NotifyEvent(w.backend, cloud.Event{Type: cloud.EventReady})
			w.backend.drop()
			return cloud.ConnectSuccess, nil
		}
		config := testConfig()
		config.ConnectRetries = 2
		w.run(context.Background(), config, nil)
		w.up()
		if got := reason(t, <-w.result); got != "CLOUD_EVT_ERROR" {
			t.Errorf("reason %q", got)
		}
		if got, want := w.attempts(), []time.Duration{0, 32 * time.Second, 96 * time.Second}; !slices.Equal(got, want) {
			t.Errorf("attempts at %v, want %v", got, want)
		}
	})
}

// A connection that never becomes usable is closed before the next attempt.
func TestNeverReady(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		w.backend.onConnect = func(context.Context) (cloud.ConnectResult, error) { return cloud.ConnectSuccess, nil }
		w.run(context.Background(), testConfig(), nil)
		w.up()
		w.pass(33 * time.Second)
		if got, want := w.backend.Calls(), []string{"Init", "Connect", "Disconnect", "Connect"}; !slices.Equal(got, want) {
			t.Errorf("calls %v, want %v", got, want)
		}
		if failed := w.of(EventConnectFailed); len(failed) != 1 || !errors.Is(failed[0].Err, ErrNotReady) {
			t.Errorf("failed: %+v", failed)
		}
		w.end()
	})
}

func TestEventBeforeInitialisationIsKept(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		w.run(context.Background(), testConfig(), nil)
		w.notify(modem.Event{Type: modem.EventLTEConnected})
		synctest.Wait()
		if calls := w.backend.Calls(); len(calls) != 0 {
			t.Errorf("calls before the modem is initialised: %v", calls)
		}
		w.notify(modem.Event{Type: modem.EventInitialized})
		synctest.Wait()
		if !w.saw(EventConnected) {
			t.Errorf("events %v", w.names())
		}
		w.end()
	})
}

func TestInitFails(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		w.backend.onInit = func(context.Context) error { return errTest }
		w.run(context.Background(), testConfig(), nil)
		w.up()
		if err := <-w.result; reason(t, err) != "CLOUD_EVT_ERROR" || !errors.Is(err, errTest) {
			t.Errorf("Run: %v", err)
		}
		if got, want := w.names(), []string{"CLOUD_EVT_ERROR", "CLOUD_EVT_SHUTDOWN_READY"}; !slices.Equal(got, want) {
			t.Errorf("events %v, want %v", got, want)
		}
	})
}

func TestRebootReasons(t *testing.T) {
	for want, trigger := range map[string]func(w *world){
		"CLOUD_EVT_FOTA_DONE":              func(w *world) { w.backend.NotifyEvent(w.backend, cloud.Event{Type: cloud.EventFOTADone}) },
		"CLOUD_EVT_REBOOT_REQUEST":         func(w *world) { w.backend.receive(data.RebootRequested{}) },
		"CLOUD_EVT_ERROR":                  func(w *world) { w.backend.receive(data.Failed{Err: errTest}) },
		"MODEM_EVT_CARRIER_REBOOT_REQUEST": func(w *world) { w.notify(modem.Event{Type: modem.EventCarrierReboot}) },
		"MODEM_EVT_ERROR":                  func(w *world) { w.modem.stop <- errTest },
		"": func(w *world) {
			for _, kind := range []cloud.EventType{cloud.EventError, cloud.EventFOTAError, cloud.EventFOTAErasePending, cloud.EventFOTADLProgress} {
				w.backend.NotifyEvent(w.backend, cloud.Event{Type: kind, Err: errTest})
			}
			w.backend.receive(data.InputRejected{Source: "topic", Err: errTest})
			synctest.Wait()
			w.module.Shutdown()
		},
	} {
		t.Run(want, func(t *testing.T) {
			inBubble(t, testStart, func(w *world) {
				w.connected(testConfig(), nil)
				trigger(w)
				if got := reason(t, <-w.result); got != want {
					t.Errorf("reason %q, want %q", got, want)
				}
				names := w.names()
				if names[len(names)-1] != "CLOUD_EVT_SHUTDOWN_READY" || !slices.Contains(names, "CLOUD_EVT_DISCONNECTED") {
					t.Errorf("events %v", names)
				}
				if calls := w.backend.Calls(); !slices.Equal(calls, []string{"Init", "Connect", "Disconnect", "Uninit"}) {
					t.Errorf("calls %v", calls)
				}
			})
		})
	}
}

func TestContextEndsInOrder(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		ctx, cancel := context.WithCancel(context.Background())
		w.run(ctx, testConfig(), nil)
		w.up()
		w.backend.onDisconnect = func() error {
			time.Sleep(3 * time.Second) // it says good-bye; the modem has to stay on
			w.modem.mu.Lock()
			defer w.modem.mu.Unlock()
			if w.modem.ended {
				t.Error("the modem was switched off before the connection was closed")
			}
			return nil
		}
		cancel()
		if err := <-w.result; err != nil {
			t.Error(err)
		}
		if err := w.module.Run(context.Background()); err == nil {
			t.Error("Run twice")
		}
	})
}

func TestShutdownWhileConnecting(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		w.backend.onConnect = func(ctx context.Context) (cloud.ConnectResult, error) {
			<-ctx.Done()
			return cloud.ConnectErrMisc, ctx.Err()
		}
		w.run(context.Background(), testConfig(), nil)
		w.up()
		before := time.Now()
		if err := w.end(); err != nil || time.Since(before) != 0 {
			t.Errorf("Run: %v after %v", err, time.Since(before))
		}
		if got, want := w.names(), []string{"CLOUD_EVT_CONNECTING", "CLOUD_EVT_SHUTDOWN_READY"}; !slices.Equal(got, want) {
			t.Errorf("events %v, want %v", got, want)
		}
	})
}

func TestShutdownBeforeRun(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		m, err := New(testConfig(), w.backend, Options{Modem: w.modem})
		if err != nil {
			t.Fatal(err)
		}
		m.Shutdown()
		m.Shutdown()
		if err := m.Run(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// A backend that does not return is waited for within limits; what is late is dropped.
func TestBackendThatDoesNotReturn(t *testing.T) {
	stuck := func(release <-chan struct{}) func(context.Context) (cloud.ConnectResult, error) {
		return func(context.Context) (cloud.ConnectResult, error) {
			<-release
			return cloud.ConnectSuccess, nil
		}
	}
	t.Run("shutdown", func(t *testing.T) {
		inBubble(t, testStart, func(w *world) {
			release := make(chan struct{})
			w.backend.onConnect = stuck(release)
			w.run(context.Background(), testConfig(), nil)
			w.up()
			before := time.Now()
			if err := w.end(); err != nil {
				t.Error(err)
			}
			if took := time.Since(before); took > 25*time.Second {
				t.Errorf("Run took %v to end", took)
			}
			if ready := w.of(EventShutdownReady); len(ready) != 1 || !errors.Is(ready[0].Err, ErrBackendStuck) {
				t.Errorf("ready: %+v", ready)
			}
			if !strings.Contains(w.log.String(), "Backend.Connect") {
				t.Errorf("the log does not name the call:\n%s", w.log.String())
			}
			close(release)
		})
	})
	t.Run("retries run out", func(t *testing.T) {
		inBubble(t, testStart, func(w *world) {
			release := make(chan struct{})
			w.backend.onConnect = stuck(release)
			w.run(context.Background(), testConfig(), nil)
			w.up()
			if err := <-w.result; reason(t, err) != "CLOUD_EVT_ERROR" || !errors.Is(err, ErrBackendStuck) {
				t.Errorf("Run: %v", err)
			}
			if n := len(w.attempts()); n != 1 {
				t.Errorf("Connect was called %d times, side by side", n)
			}
			close(release)
		})
	})
	t.Run("it comes back", func(t *testing.T) {
		inBubble(t, testStart, func(w *world) {
			release := make(chan struct{})
			w.backend.onConnect = stuck(release)
			w.run(context.Background(), testConfig(), nil)
			w.up()
			w.pass(10 * time.Minute)
			w.backend.onConnect = nil
			close(release)
			w.pass(time.Hour)
			if got, want := w.backend.Calls(), []string{"Init", "Connect", "Disconnect", "Connect"}; !slices.Equal(got, want) {
				t.Errorf("calls %v, want %v", got, want)
			}
			if !w.saw(EventConnected) {
				t.Errorf("events %v", w.names())
			}
			w.end()
		})
	})
}

func TestNoClock(t *testing.T) {
	for _, test := range []struct {
		name  string
		start time.Time
		after time.Duration // start of the attempt
	}{
		{"it is set in time", time.Date(2025, 12, 31, 23, 58, 0, 0, time.UTC), 2 * time.Minute},
		{"it is not", time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC), clockLimit},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, test.start, func(w *world) {
				w.run(context.Background(), testConfig(), nil)
				w.up()
				if got := w.of(EventTimeWait); len(got) != 1 || got[0].Delay != clockLimit {
					t.Errorf("CLOUD_EVT_TIME_WAIT: %+v", got)
				}
				w.pass(time.Hour)
				if got := w.attempts(); !slices.Equal(got, []time.Duration{test.after}) {
					t.Errorf("attempts at %v, want one at %v", got, test.after)
				}
				if n := len(w.of(EventTimeWait)); n != 1 {
					t.Errorf("waited %d times", n)
				}
				w.end()
			})
		})
	}
}

func TestFlappingNetwork(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		w.backend.onConnect = func(ctx context.Context) (cloud.ConnectResult, error) {
			w.backend.NotifyEvent(w.backend, cloud.Event{Type: cloud.EventConnected, PersistentSession: true})
			select {
			case <-ctx.Done():
				return cloud.ConnectErrNetwork, ctx.Err()
			case <-time.After(2 * time.Second):
				w.backend.NotifyEvent(w.backend, cloud.Event{Type: cloud.EventReady})
				return cloud.ConnectSuccess, nil
			}
		}
		w.run(context.Background(), testConfig(), nil)
		w.up()
		for i := range 1000 {
			w.notify(modem.Event{Type: modem.EventLTEDisconnected})
			if i%3 != 0 {
				w.pass(time.Duration(i%7) * 500 * time.Millisecond)
			}
			w.notify(modem.Event{Type: modem.EventLTEConnecting})
			w.notify(modem.Event{Type: modem.EventLTEConnected})
			w.pass(time.Duration(i%5) * time.Second)
		}
		w.pass(time.Minute)
		if w.backend.overlap {
			t.Error("two attempts at a time")
		}
		ups, downs := len(w.of(EventConnected)), len(w.of(EventDisconnected))
		if !w.of(EventConnected)[0].PersistentSession {
			t.Error("the resumed session is not reported")
		}
		if ups != downs+1 || ups < 100 {
			t.Errorf("connected %d times, disconnected %d times", ups, downs)
		}
		if err := w.end(); err != nil {
			t.Error(err)
		}
	})
}

func TestCarrierUpdate(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		w.connected(testConfig(), nil)
		w.notify(modem.Event{Type: modem.EventCarrierFOTAPending})
		w.pass(time.Hour)
		if got, want := w.backend.Calls(), []string{"Init", "Connect", "Disconnect"}; !slices.Equal(got, want) {
			t.Errorf("calls %v, want %v", got, want)
		}
		w.notify(modem.Event{Type: modem.EventCarrierFOTAStopped})
		synctest.Wait()
		if n := len(w.of(EventConnected)); n != 2 {
			t.Errorf("connected %d times", n)
		}
		w.end()
	})
}

// A full queue makes the callers wait, and nothing is lost or restarts.
func TestSendWaits(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		release := make(chan struct{})
		w.backend.onSend = func(context.Context, string, Delivery) error {
			<-release
			return nil
		}
		w.connected(testConfig(), nil)
		const callers = 1 + queuePlaces + 5
		outcomes := make(chan error, callers)
		for range callers {
			go func() {
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				defer cancel()
				outcomes <- w.module.Report(ctx, data.Update{})
			}()
		}
		synctest.Wait()
		if got := len(w.backend.Calls()); got != 3 { // Init, Connect, Report
			t.Errorf("%d calls", got)
		}
		w.pass(11 * time.Second)
		full, maybe := 0, 0
		for range callers {
			err := <-outcomes
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("outcome %v", err)
			}
			if strings.Contains(err.Error(), "queue is full") {
				full++
			} else {
				maybe++
			}
		}
		if full != 5 || maybe != 1+queuePlaces {
			t.Errorf("%d callers found the queue full, %d were in it", full, maybe)
		}
		close(release)
		synctest.Wait()
		if err := w.module.Report(context.Background(), data.Update{}); err != nil {
			t.Error(err)
		}
		if w.saw(EventError) {
			t.Error("CLOUD_EVT_ERROR")
		}
		w.end()
	})
}

// Callers wait too while QOS_PENDING_MESSAGES_MAX messages wait for their acknowledgement.
func TestSendWaitsForAcknowledgements(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		w.backend.onSend = func(context.Context, string, Delivery) error { return nil }
		w.connected(testConfig(), nil)
		outcomes := make(chan error, 12)
		for range 12 {
			go func() { outcomes <- w.module.Alert(context.Background(), data.Alert{}) }()
		}
		w.pass(time.Hour) // nothing is sent twice on a connection, and nothing is given up
		ids := w.backend.IDs()
		if len(ids) != 10 || len(outcomes) != 10 {
			t.Fatalf("%d sent, %d callers back, want 10", len(ids), len(outcomes))
		}
		for _, id := range ids[:2] {
			w.backend.NotifyEvent(w.backend, cloud.Event{Type: cloud.EventDataSent, Message: cloud.Message{ID: id}})
		}
		synctest.Wait()
		if ids = w.backend.IDs(); len(ids) != 12 || len(outcomes) != 12 {
			t.Errorf("%d sent, %d callers back, want 12", len(ids), len(outcomes))
		}
		w.backend.drop()
		w.pass(2 * time.Second)
		if ids = w.backend.IDs(); len(ids) != 22 {
			t.Errorf("%d sent on two connections, want 22", len(ids))
		}
		w.end()
		if n := len(w.of(EventMessageDiscarded)); n != 10 {
			t.Errorf("%d messages reported as given up at the end, want 10", n)
		}
	})
}

// Where the transport gives no acknowledgement the list's timer repeats messages, and gives them up with an event.
func TestResend(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		var times []time.Duration
		w.backend.onSend = func(context.Context, string, Delivery) error {
			times = append(times, time.Since(w.start))
			return nil
		}
		w.connected(testConfig(), resendingBackend{w.backend})
		if err := w.module.Send(context.Background(), cloud.Message{ID: 7, QoS: cloud.QoSAtLeastOnce}); err != nil {
			t.Error(err)
		}
		w.pass(10 * time.Minute)
		if want := []time.Duration{0, 16 * time.Second, 32 * time.Second}; !slices.Equal(times, want) {
			t.Errorf("sent at %v, want %v", times, want)
		}
		if lost := w.of(EventMessageDiscarded); len(lost) != 1 || lost[0].MessageID != 7 || lost[0].Count != 3 {
			t.Errorf("given up: %+v", lost)
		}
		w.end()
	})
}

// A message that the transport refuses is tried again; what the backend cannot do is the caller's to know.
func TestRefusedMessages(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		tries := 0
		w.backend.onSend = func(_ context.Context, what string, d Delivery) error {
			switch what {
			case "ReportConfig":
				return fmt.Errorf("no configuration: %w", cloud.ErrUnsupported)
			case "Report":
				return errTest
			}
			if tries++; tries == 1 {
				return errTest
			}
			w.backend.receive(data.Acknowledged{ID: d.ID})
			return nil
		}
		w.connected(testConfig(), nil)
		if err := w.module.ReportConfig(context.Background(), data.Configuration{}); !errors.Is(err, cloud.ErrUnsupported) {
			t.Errorf("ReportConfig: %v", err)
		}
		if err := w.module.Report(context.Background(), data.Update{}); !errors.Is(err, errTest) {
			t.Errorf("Report: %v", err)
		}
		if err := w.module.ReportBatch(context.Background(), data.Batch{}); err != nil {
			t.Errorf("ReportBatch: %v", err)
		}
		w.pass(17 * time.Second)
		if sent := w.of(EventDataSent); tries != 2 || len(sent) != 1 {
			t.Errorf("tried %d times, sent %+v", tries, sent)
		}
		if got := w.of(EventSendFailed); len(got) != 2 {
			t.Errorf("CLOUD_EVT_SEND_FAILED: %+v", got)
		}
		w.end()
	})
}

func TestMethods(t *testing.T) {
	methods := map[string]func(*Module, context.Context) error{
		"Report":          func(m *Module, ctx context.Context) error { return m.Report(ctx, data.Update{}) },
		"ReportBatch":     func(m *Module, ctx context.Context) error { return m.ReportBatch(ctx, data.Batch{}) },
		"Alert":           func(m *Module, ctx context.Context) error { return m.Alert(ctx, data.Alert{}) },
		"ReportConfig":    func(m *Module, ctx context.Context) error { return m.ReportConfig(ctx, data.Configuration{}) },
		"RequestConfig":   func(m *Module, ctx context.Context) error { return m.RequestConfig(ctx) },
		"RequestLocation": func(m *Module, ctx context.Context) error { return m.RequestLocation(ctx, data.LocationRequest{}) },
		"RequestAGNSS":    func(m *Module, ctx context.Context) error { return m.RequestAGNSS(ctx, data.AGNSSRequest{}) },
		"RequestPGPS":     func(m *Module, ctx context.Context) error { return m.RequestPGPS(ctx, data.PGPSRequest{}) },
		"SendDiagnostics": func(m *Module, ctx context.Context) error { return m.SendDiagnostics(ctx, nil) },
		"Send":            func(m *Module, ctx context.Context) error { return m.Send(ctx, cloud.Message{}) },
	}
	for name, method := range methods {
		t.Run(name, func(t *testing.T) {
			inBubble(t, testStart, func(w *world) {
				ctx := context.Background()
				w.run(ctx, testConfig(), nil)
				err := method(w.module, ctx)
				if buffered := name == "RequestAGNSS"; buffered != (err == nil) || !buffered && !errors.Is(err, cloud.ErrNotConnected) {
					t.Errorf("before the connection: %v", err)
				}
				w.up()
				if err := method(w.module, ctx); err != nil {
					t.Errorf("connected: %v", err)
				}
				if calls := w.backend.Calls(); !slices.Contains(calls, name) {
					t.Errorf("calls %v", calls)
				}
				if w.saw(EventCloudLocationUnknown) != (name == "RequestLocation") {
					t.Errorf("events %v", w.names())
				}
				ended, cancel := context.WithCancel(ctx)
				cancel()
				if err := method(w.module, ended); !errors.Is(err, context.Canceled) {
					t.Errorf("with a context that has ended: %v", err)
				}
				w.end()
				if err := method(w.module, ctx); !errors.Is(err, ErrShutdown) {
					t.Errorf("after the end: %v", err)
				}
			})
			inBubble(t, testStart, func(w *world) {
				w.connected(testConfig(), plainBackend{w.backend})
				if err := method(w.module, context.Background()); name != "Send" && !errors.Is(err, cloud.ErrUnsupported) {
					t.Errorf("with a backend that lacks the interface: %v", err)
				}
				w.end()
			})
		})
	}
}

func TestSendRefusesBadMessages(t *testing.T) {
	m, err := New(testConfig(), &scriptedBackend{}, Options{Modem: newScriptedModem()})
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range []cloud.Message{{QoS: -1}, {QoS: cloud.QoSCount}} {
		if err := m.Send(context.Background(), message); !errors.Is(err, cloud.ErrUnsupported) {
			t.Errorf("%+v: %v", message, err)
		}
	}
	if err := m.Send(context.Background(), cloud.Message{ID: 15000}); err == nil || !strings.Contains(err.Error(), "15000") {
		t.Errorf("an id of the module's: %v", err)
	}
}

// Ten thousand events at once: each is reported, in order, and the module keeps its wits.
func TestFlood(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		w.connected(testConfig(), nil)
		slow := w.module.Events(10)
		const senders, each = 10, 1000
		var done sync.WaitGroup
		for s := range senders {
			done.Go(func() {
				for i := range each {
					w.backend.receive(data.CommandReceived{Source: fmt.Sprint(s), Payload: []byte(fmt.Sprint(i))})
				}
			})
		}
		done.Go(func() {
			for range each {
				w.notify(modem.Event{Type: modem.EventLTEConnecting})
			}
		})
		done.Wait()
		synctest.Wait()
		next := map[string]int{}
		for _, event := range w.of(EventDataReceived) {
			if string(event.Payload) != fmt.Sprint(next[event.Source]) {
				t.Fatalf("from %s came %s, expected %d", event.Source, event.Payload, next[event.Source])
			}
			next[event.Source]++
		}
		for s := range senders {
			if got := next[fmt.Sprint(s)]; got != each {
				t.Errorf("sender %d: %d events", s, got)
			}
		}
		if got := slow.Dropped(); got != senders*each-10 {
			t.Errorf("the tap dropped %d", got)
		}
		if err := w.module.Report(context.Background(), data.Update{}); err != nil {
			t.Error(err)
		}
		w.end()
		n := 0
		for range slow.C { // closed by the end
			n++
		}
		if n != 10 {
			t.Errorf("the tap held %d events", n)
		}
	})
}

// A callback may use the module; one that does not return costs commands, and says so, but not the connection.
func TestCallbacks(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		release := make(chan struct{})
		var commands []string
		var modes []bool
		m, err := New(testConfig(), w.backend, Options{Modem: w.modem, OnEvent: func(e Event) { w.events = append(w.events, e) }})
		if err != nil {
			t.Fatal(err)
		}
		w.module = m
		m.OnCommand(func(c data.CommandReceived) {
			commands = append(commands, c.Source)
			if err := m.Alert(context.Background(), data.Alert{}); err != nil {
				t.Error(err)
			}
			if c.Source == "stop" {
				<-release
			}
		})
		m.OnConfig(func(c data.ConfigurationChange) { modes = append(modes, *c.ActiveMode) })
		w.result = make(chan error, 1)
		go func() { w.result <- m.Run(context.Background()) }()
		w.notify = <-w.modem.notify
		w.up()
		w.backend.receive(data.CommandReceived{Source: "a"})
		w.backend.receive(data.ConfigReceived{Change: data.ConfigurationChange{ActiveMode: new(true)}})
		w.backend.receive(data.CommandReceived{Source: "stop"})
		synctest.Wait()
		for range callbackPlaces + 3 {
			w.backend.receive(data.CommandReceived{Source: "late"})
		}
		synctest.Wait()
		if got := len(w.of(EventInputRejected)); got != 3 {
			t.Errorf("%d commands refused, want 3", got)
		}
		if !slices.Equal(commands, []string{"a", "stop"}) || !slices.Equal(modes, []bool{true}) {
			t.Errorf("commands %v, modes %v", commands, modes)
		}
		close(release)
		synctest.Wait()
		if len(commands) != 2+callbackPlaces {
			t.Errorf("%d commands", len(commands))
		}
		w.end()
	})
}

func TestLinkRequests(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		w.connected(testConfig(), nil)
		w.backend.receive(data.LinkRequested{Up: false})
		synctest.Wait()
		w.backend.receive(data.LinkRequested{Up: true})
		synctest.Wait()
		if down, up := <-w.modem.links, <-w.modem.links; down || !up {
			t.Errorf("link %t, %t", down, up)
		}
		w.end()
	})
}

// Every event of the module is one record; what a message holds is in none.
func TestLog(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		w.backend.onConnect = refuse
		w.run(context.Background(), testConfig(), nil)
		w.up()
		w.backend.mu.Lock()
		w.backend.onConnect = nil
		w.backend.mu.Unlock()
		w.pass(33 * time.Second)
		w.backend.receive(data.CommandReceived{Source: "topic", Payload: []byte("SECRET")})
		synctest.Wait()
		w.end()
		var logged []string
		var failed map[string]any
		backend := 0
		for line := range strings.Lines(w.log.String()) {
			var record map[string]any
			if err := json.Unmarshal([]byte(line), &record); err != nil {
				t.Fatal(err)
			}
			if name, ok := record["event"].(string); ok {
				logged = append(logged, name)
				if name == "CLOUD_EVT_CONNECT_FAILED" {
					failed = record
				}
			}
			if _, ok := record["backend_event"]; ok {
				backend++
				if record["level"] != "DEBUG" {
					t.Errorf("level of %v", record)
				}
			}
		}
		if want := w.names(); !slices.Equal(logged, want) {
			t.Errorf("logged %v, events %v", logged, want)
		}
		if backend == 0 {
			t.Error("no event of the backend is logged")
		}
		for key, want := range map[string]any{
			"level": "WARN", "attempt": 1.0, "result": "CLOUD_CONNECT_RES_ERR_CERT", "next_in": "32s", "error": errTest.Error(),
		} {
			if failed[key] != want {
				t.Errorf("%s is %v, want %v", key, failed[key], want)
			}
		}
		if strings.Contains(w.log.String(), "SECRET") {
			t.Error("the log holds what a message holds")
		}
	})
}

func TestTaps(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		w.run(context.Background(), testConfig(), nil)
		closed, open := w.module.Events(0), w.module.Events(100)
		closed.Close()
		closed.Close()
		w.up()
		if _, more := <-closed.C; more {
			t.Error("a closed tap gave an event")
		}
		if got := (<-open.C).Type; got != EventConnecting || open.Dropped() != 0 {
			t.Errorf("the first event is %v, %d dropped", got, open.Dropped())
		}
		w.end()
		for range open.C { // ends
		}
		open.Close()
		if _, more := <-w.module.Events(1).C; more {
			t.Error("a tap that was opened after the end gave an event")
		}
	})
}

// The cloud waits for the device's user: no attempts meanwhile, and a limit.
func TestUserAssociation(t *testing.T) {
	for _, claimed := range []bool{true, false} {
		inBubble(t, testStart, func(w *world) {
			w.backend.onConnect = func(context.Context) (cloud.ConnectResult, error) {
				if len(w.attempts()) == 1 {
					w.backend.receive(data.UserAssociationRequested{})
				} else {
					w.backend.NotifyEvent(w.backend, cloud.Event{Type: cloud.EventReady})
				}
				return cloud.ConnectSuccess, nil
			}
			config := testConfig()
			config.UserAssociationTimeout = 300 * time.Second
			w.run(context.Background(), config, nil)
			w.up()
			w.pass(200 * time.Second)
			if got := w.attempts(); len(got) != 1 {
				t.Errorf("attempts at %v", got)
			}
			if !claimed {
				if err := <-w.result; reason(t, err) != "CLOUD_EVT_ERROR" || !errors.Is(err, ErrAssociationTimeout) || time.Since(w.start) != 300*time.Second {
					t.Errorf("Run: %v after %v", err, time.Since(w.start))
				}
				return
			}
			w.backend.receive(data.UserAssociated{})
			w.pass(time.Hour)
			if got, want := w.attempts(), []time.Duration{0, 205 * time.Second}; !slices.Equal(got, want) {
				t.Errorf("attempts at %v, want %v", got, want)
			}
			if w.saw(EventConnectFailed) || !w.saw(EventConnected) || !w.saw(EventUserAssociated) {
				t.Errorf("events %v", w.names())
			}
			w.end()
		})
	}
}

// earlyBackend takes the configuration before the connection is usable.
type earlyBackend struct{ *scriptedBackend }

func (earlyBackend) ReportsConfigEarly() bool { return true }

func TestEarlyConfiguration(t *testing.T) {
	inBubble(t, testStart, func(w *world) {
		w.backend.onSend = func(context.Context, string, Delivery) error { return nil }
		w.backend.onConnect = func(context.Context) (cloud.ConnectResult, error) {
			time.Sleep(time.Second)
			w.backend.NotifyEvent(w.backend, cloud.Event{Type: cloud.EventConnected})
			return cloud.ConnectSuccess, nil
		}
		w.run(context.Background(), testConfig(), earlyBackend{w.backend})
		w.up()
		outcome := make(chan error, 1)
		go func() { outcome <- w.module.ReportConfig(context.Background(), data.Configuration{}) }()
		synctest.Wait()
		if len(w.backend.IDs()) != 0 {
			t.Error("sent without a transport")
		}
		w.pass(2 * time.Second)
		if err := <-outcome; err != nil || len(w.backend.IDs()) != 1 {
			t.Errorf("outcome %v, sent %v", err, w.backend.IDs())
		}
		if err := w.module.Alert(context.Background(), data.Alert{}); !errors.Is(err, cloud.ErrNotConnected) {
			t.Errorf("anything else: %v", err)
		}
		w.backend.NotifyEvent(w.backend, cloud.Event{Type: cloud.EventReady})
		w.pass(time.Minute)
		if ids := w.backend.IDs(); len(ids) != 1 {
			t.Errorf("sent twice on one connection: %v", ids)
		}
		w.backend.drop()
		w.pass(3 * time.Second)
		if ids := w.backend.IDs(); len(ids) != 2 || ids[0] != ids[1] {
			t.Errorf("on the next connection: %v", ids)
		}
		w.end()
	})
}
