package lwm2m

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/credentials/credentialstest"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/module"
	"github.com/cloudgen/cloudgen/runtime/qos"
)

// radio is a modem whose network the test brings up and down.
type radio struct{ events chan modem.EventType }

func (m radio) Run(ctx context.Context, notify func(modem.Event)) error {
	notify(modem.Event{Type: modem.EventInitialized})
	for {
		select {
		case <-ctx.Done():
			return nil
		case event := <-m.events:
			notify(modem.Event{Type: event})
		}
	}
}

func (radio) IMEI(context.Context) (string, error) { return imei, nil }

// firmwareRig is a cloud module on the backend, in virtual time.
type firmwareRig struct {
	*module.Module
	t       *testing.T
	server  *server
	network chan<- modem.EventType
	stop    context.CancelFunc
	ended   chan error

	mu     sync.Mutex
	events []string
}

func withModule(t *testing.T, config Config, test func(f *firmwareRig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(taken)) // before that the module takes the clock for unset
		dir := t.TempDir()
		credentialstest.WriteFile(t, dir, secTag, "psk", []byte(key))
		network := make(chan modem.EventType)
		f := &firmwareRig{t: t, server: &server{t: t}, network: network, ended: make(chan error, 1)}
		defer f.server.close()
		config.DTLS, config.Objects = f.server, objects()
		options := module.Options{
			Modem: radio{network}, Credentials: credentials.Open(dir), DataDir: t.TempDir(), Version: "1.2.3", Logger: slog.New(slog.DiscardHandler),
			OnEvent: func(e module.Event) {
				f.mu.Lock()
				defer f.mu.Unlock()
				text := strings.TrimPrefix(e.Type.String(), "CLOUD_EVT_")
				if e.Err != nil {
					text += ": " + e.Err.Error()
				}
				f.events = append(f.events, text)
			},
		}
		settings := module.Config{
			ClientIDUseCustom: true, ClientID: imei, ConnectRetries: 10,
			QoS: qos.Config{PendingMax: 10, NotifiedCountMax: 10, NotifyTimeout: 60 * time.Second},
		}
		device, err := module.NewDevice(settings, options)
		if err != nil {
			t.Fatal(err)
		}
		backend, err := New(config, device)
		if err != nil {
			t.Fatal(err)
		}
		if f.Module, err = module.New(settings, backend, options); err != nil {
			t.Fatal(err)
		}
		var ctx context.Context
		ctx, f.stop = context.WithCancel(context.Background())
		go func() { f.ended <- f.Run(ctx) }()
		network <- modem.EventLTEConnected
		test(f)
		f.stop()
		select {
		case err := <-f.ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Error("the module does not end")
		}
	})
}

func (f *firmwareRig) expect(want ...string) {
	f.t.Helper()
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Equal(f.events, want) {
		f.t.Errorf("events\n got  %q\n want %q", f.events, want)
	}
	f.events = nil
}

func TestModuleShutsDownWithADeregister(t *testing.T) {
	withModule(t, shipped(), func(f *firmwareRig) {
		f.expect("CONNECTING", "CONNECTED", "CONFIG_EMPTY")
		f.server.expect(register)
		begin := time.Now()
		f.stop()
		f.ended <- <-f.ended
		if took := time.Since(begin); took != 0 {
			t.Errorf("it took %v", took)
		}
		f.server.expect(remove)
	})
}

func TestModuleRestartsOnReboot(t *testing.T) {
	withModule(t, shipped(), func(f *firmwareRig) {
		f.expect("CONNECTING", "CONNECTED", "CONFIG_EMPTY")
		if got := f.server.ask(coap.POST, "/3/0/4", ""); got != "2.04" {
			t.Error(got)
		}
		if restart, is := errors.AsType[*module.RebootError](<-f.ended); !is || restart.Reason != "CLOUD_EVT_REBOOT_REQUEST" {
			t.Error(restart)
		}
		f.server.expect(register, remove)
		f.ended <- nil
	})
}

// The network goes while the client registers, and while it is registered; each time it registers as soon as the network is back.
func TestModuleLosesTheNetwork(t *testing.T) {
	withModule(t, shipped(), func(f *firmwareRig) {
		lose := func() {
			f.server.set(func() { f.server.silent, f.server.requests = true, nil })
			f.network <- modem.EventLTEDisconnected
			time.Sleep(time.Second)
		}
		back := func() {
			f.server.set(func() { f.server.silent = false })
			f.network <- modem.EventLTEConnected
			time.Sleep(stopLimit)
		}
		f.expect("CONNECTING", "CONNECTED", "CONFIG_EMPTY")
		lose()
		f.expect("DISCONNECTED")
		f.network <- modem.EventLTEConnected // but nothing goes through
		time.Sleep(10 * time.Second)
		f.expect("CONNECTING")
		lose()
		time.Sleep(time.Hour)
		back()
		f.expect("CONNECTING", "CONNECTED", "CONFIG_EMPTY")
		f.server.expect(register)
	})
}

// A server that refuses the registration: an attempt by the module's table each time, and no restart. A message that a disabled client cannot
// send is delivered when it is back.
func TestModuleIsPatient(t *testing.T) {
	withModule(t, shipped(), func(f *firmwareRig) {
		f.expect("CONNECTING", "CONNECTED", "CONFIG_EMPTY")
		if got := f.server.ask(coap.PUT, "/1/0/5", "100"); got != "2.04" {
			t.Error(got)
		}
		if got := f.server.ask(coap.POST, "/1/0/4", ""); got != "2.04" {
			t.Error(got)
		}
		if err := f.Alert(context.Background(), data.Alert{Button: &data.Button{Number: 1, Taken: taken}}); err != nil {
			t.Error(err)
		}
		time.Sleep(200 * time.Second)
		f.server.expectSent("/3347/0/5500 true", "/3347/0/5501 1", "/3347/0/5518 1767323045", "/3347/0/5750 Push button 1")
		f.mu.Lock()
		if !slices.Contains(f.events, "DATA_SENT") {
			t.Errorf("events %q", f.events)
		}
		f.events = nil
		f.mu.Unlock()

		f.server.set(func() { f.server.answer = func(string) coap.Code { return coap.Forbidden } })
		time.Sleep(3 * time.Hour)
		f.server.set(func() { f.server.answer = nil })
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		f.mu.Lock()
		defer f.mu.Unlock()
		if last := f.events[len(f.events)-2:]; !slices.Equal(last, []string{"CONNECTED", "CONFIG_EMPTY"}) {
			t.Errorf("events %q", f.events)
		}
	})
}
