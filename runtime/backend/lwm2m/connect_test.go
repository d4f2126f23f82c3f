package lwm2m

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/module"
)

func TestDisconnectDeregistersBeforeUninitEnds(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		if err := r.Disconnect(); err != nil {
			t.Error(err)
		}
		if err := r.Uninit(); err != nil {
			t.Error(err)
		}
		r.server.expect(remove)
		r.expect("DISCONNECTED USER_REQUEST")
	})
}

func TestUninitDoesNotWaitForASilentServer(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		r.server.set(func() { r.server.silent = true })
		if err := r.Disconnect(); err != nil {
			t.Error(err)
		}
		begin := time.Now()
		if err := r.Uninit(); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took != stopLimit {
			t.Errorf("Uninit took %v", took)
		}
		r.expect()
	})
}

func TestUninitWithoutDisconnectSaysNothing(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		if err := r.Uninit(); err != nil {
			t.Error(err)
		}
		r.server.expect()
		r.expect()
		if err := r.Uninit(); !errors.Is(err, cloud.ErrNotInitialized) {
			t.Errorf("a second time: %v", err)
		}
		r.wantConnect(context.Background(), cloud.ConnectErrNotInitd, "Init")
	})
}

// The objects are attached once more, to the tree of the new client.
func TestInitAgain(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		for range 3 {
			if err := r.Report(context.Background(), sample(), module.Delivery{}); err != nil {
				t.Error(err)
			}
			r.server.expectSent(sampleSent...)
			if err := errors.Join(r.Disconnect(), r.Uninit()); err != nil {
				t.Fatal(err)
			}
			r.expect("DISCONNECTED USER_REQUEST")
			r.server.expect(remove)
			r.init()
			r.connect()
		}
		if log := r.text(); strings.Contains(log, "ERROR") {
			t.Error(log)
		}
	})
}

func (r *rig) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

// A connection that is closed and wanted again at once, as where a network comes back: the De-register of the old one must not hold the new one up.
func TestConnectAfterDisconnect(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		if err := r.Disconnect(); err != nil {
			t.Error(err)
		}
		if result, err := r.Connect(context.Background()); err != nil {
			t.Fatal(result, err)
		}
		r.expect("DISCONNECTED USER_REQUEST", "CONNECTED", "READY", "ConfigEmpty")
		r.server.expect(remove, register)

		r.server.set(func() { r.server.silent = true })
		if err := r.Disconnect(); err != nil {
			t.Error(err)
		}
		begin := time.Now()
		time.AfterFunc(2500*time.Millisecond, func() { r.server.set(func() { r.server.silent = false }) })
		if result, err := r.Connect(context.Background()); err != nil {
			t.Fatal(result, err)
		}
		if took := time.Since(begin); took > stopLimit {
			t.Errorf("the connection took %v", took)
		}
		r.expect("DISCONNECTED USER_REQUEST", "CONNECTED", "READY", "ConfigEmpty")
		r.server.expect(register)
	})
}

func TestConnectTwice(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		r.wantConnect(context.Background(), cloud.ConnectErrAlreadyConnected, "exists")
	})
}

// cancelled connects and ends that after a time.
func (r *rig) cancelled(after time.Duration) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(after, cancel)
	r.wantConnect(ctx, cloud.ConnectErrMisc, "canceled")
}

func TestCancelledConnectStopsTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, shipped(), nil)
		defer r.close()
		r.server.set(func() { r.server.silent = true })
		r.cancelled(10 * time.Second)
		time.Sleep(time.Hour)
		r.server.set(func() { r.server.silent = false })
		time.Sleep(time.Hour)
		r.server.expect()
		r.expect()
		begin := time.Now()
		r.connect()
		if took := time.Since(begin); took != 0 {
			t.Errorf("the connection took %v", took)
		}
	})
}

// What is wrong with the credentials is told at once, and once they are right they are taken without a restart.
func TestCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, shipped(), nil)
		defer r.close()
		file := filepath.Join(r.dir, strconv.Itoa(secTag), "psk")
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		r.wantConnect(context.Background(), cloud.ConnectErrPrvKey, file)
		r.key(key + "zz")
		r.wantConnect(context.Background(), cloud.ConnectErrPrvKey, "hexadecimal")
		r.key(key)
		if err := os.Chmod(file, 0o644); err != nil {
			t.Fatal(err)
		}
		r.wantConnect(context.Background(), cloud.ConnectErrPrvKey, file)
		if err := os.Chmod(file, 0o600); err != nil {
			t.Fatal(err)
		}
		r.connect()
		if err := r.Disconnect(); err != nil {
			t.Error(err)
		}
		r.expect("DISCONNECTED USER_REQUEST")
		r.server.expect(remove)

		r.key("ff00")
		r.server.set(func() { r.server.refuse = &client.AlertError{Code: 51} })
		r.wantConnect(context.Background(), cloud.ConnectErrPrvKey, "decrypt_error")
		r.key("ff01")
		r.server.set(func() { r.server.refuse = nil })
		r.connect()
		r.server.set(func() {
			var keys []string
			for _, target := range r.server.targets {
				keys = append(keys, string(target.Identity)+" "+strconv.Itoa(len(target.Key))+" "+target.Address)
			}
			want := strings.Repeat(endpoint+" 16 server.example:5684\n", 1) + strings.Repeat(endpoint+" 2 server.example:5684\n", 2)
			if got := strings.Join(keys, "\n") + "\n"; got != want {
				t.Errorf("targets\n%s\nwant\n%s", got, want)
			}
		})
	})
}

// A key that the options do not have room for is told each time, and is no end of the backend: its objects can be attached anew.
func TestKeyThatIsTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, shipped(), nil)
		defer r.close()
		r.key(strings.Repeat("00", 40))
		for range 2 {
			r.wantConnect(context.Background(), cloud.ConnectErrBackend, "LWM2M_SECURITY_KEY_SIZE")
		}
		r.key(key)
		r.connect()
	})
}

func TestConnectFailures(t *testing.T) {
	for _, test := range []struct {
		name   string
		refuse error
		answer coap.Code
		silent bool
		result cloud.ConnectResult
		says   string
		within time.Duration
	}{
		{"unknown host", &net.DNSError{Err: "no such host", Name: "server.example", IsNotFound: true}, 0, false, cloud.ConnectErrNetwork, "no such host", 0},
		{"no route", &net.OpError{Op: "dial", Err: errors.New("network is unreachable")}, 0, false, cloud.ConnectErrNetwork, "unreachable", 0},
		{"alert", &client.AlertError{Code: 115}, 0, false, cloud.ConnectErrPrvKey, "unknown_psk_identity", 0},
		{"silent handshake", context.DeadlineExceeded, 0, false, cloud.ConnectErrTimeoutNoData, "security tag 42", 0},
		{"refused", nil, coap.Forbidden, false, cloud.ConnectErrBackend, "4.03", 0},
		{"silent", nil, 0, true, cloud.ConnectErrTimeoutNoData, "another key", connectLimit},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, shipped(), nil)
				defer r.close()
				r.server.set(func() {
					r.server.refuse, r.server.silent = test.refuse, test.silent
					r.server.answer = func(string) coap.Code { return test.answer }
				})
				begin := time.Now()
				r.wantConnect(context.Background(), test.result, test.says)
				if took := time.Since(begin); took > test.within {
					t.Errorf("it took %v", took)
				}
				r.expect()
				r.server.set(func() { r.server.refuse, r.server.silent, r.server.answer, r.server.requests = nil, false, nil, nil })
				if result, err := r.Connect(context.Background()); err != nil { // it waits for the client's next attempt
					t.Fatal(result, err)
				}
				r.expect("CONNECTED", "READY", "ConfigEmpty")
				r.server.expect(register)
			})
		})
	}
}

// The client goes on between two attempts of the module, by its own retry parameters.
func TestClientRegistersBetweenConnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, shipped(), nil)
		defer r.close()
		r.server.set(func() { r.server.answer = func(string) coap.Code { return coap.Forbidden } })
		r.wantConnect(context.Background(), cloud.ConnectErrBackend, "4.03")
		r.server.set(func() { r.server.answer = nil })
		time.Sleep(61 * time.Second)
		r.expect("CONNECTED", "READY", "ConfigEmpty")
		r.server.expect(register, register)
	})
}

// A device that had no network does not wait for the client's next attempt when it has one.
func TestConnectWhenThereIsANetworkAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, shipped(), nil)
		defer r.close()
		r.server.set(func() { r.server.refuse = &net.DNSError{Err: "no such host", Name: "server.example"} })
		r.wantConnect(context.Background(), cloud.ConnectErrNetwork, "no such host")
		time.Sleep(200 * time.Second) // the client has tried twice more, and waits for 4 minutes
		r.server.set(func() { r.server.refuse = nil })
		begin := time.Now()
		r.connect()
		if took := time.Since(begin); took != 0 {
			t.Errorf("the connection took %v", took)
		}
	})
}

// When all attempts of the client are used up, Connect begins anew.
func TestAttemptsUsedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, shipped(), nil)
		defer r.close()
		r.server.set(func() { r.server.answer = func(string) coap.Code { return coap.Forbidden } })
		r.wantConnect(context.Background(), cloud.ConnectErrBackend, "4.03")
		time.Sleep(time.Hour)
		r.server.set(func() { r.server.answer, r.server.requests = nil, nil })
		r.expect()
		r.connect()
	})
}

// A server that forgets the client, a link that ends, an Update that is not answered: the module sees the connection stand.
func TestRegistrationLostAndFoundAgain(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		r.server.set(func() {
			r.server.answer = func(request string) coap.Code {
				if request == update {
					return coap.NotFound
				}
				return 0
			}
		})
		time.Sleep(3601 * time.Second)
		r.server.expect(update, register)
		r.expect()
		if err := r.Report(context.Background(), sample(), module.Delivery{ID: 7}); err != nil {
			t.Error(err)
		}
		r.expect("DATA_SENT 7", "Acknowledged {ID:7}")
	})
}

func TestRegistrationLost(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		r.server.set(func() { r.server.answer = func(string) coap.Code { return coap.Forbidden } })
		time.Sleep(2 * time.Hour)
		r.expect("DISCONNECTED MISC: the server refuses the registration with 4.03")
		if err := r.Report(context.Background(), sample(), module.Delivery{}); !errors.Is(err, cloud.ErrNotConnected) {
			t.Errorf("report: %v", err)
		}
		r.server.set(func() { r.server.answer, r.server.requests = nil, nil })
		r.connect()
	})
}

// The server wants not to hear of the client for a while: the module sees the connection stand, but nothing can be sent.
func TestDisabled(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		if got := r.server.ask(coap.PUT, "/1/0/5", "600"); got != "2.04" {
			t.Error(got)
		}
		if got := r.server.ask(coap.POST, "/1/0/4", ""); got != "2.04" {
			t.Error(got)
		}
		r.server.expect(remove)
		if err := r.Report(context.Background(), sample(), module.Delivery{ID: 1}); !errors.Is(err, cloud.ErrNotConnected) {
			t.Errorf("report: %v", err)
		}
		r.expect()
		time.Sleep(601 * time.Second)
		r.server.expect(register)
		r.expect()
		if err := r.Report(context.Background(), sample(), module.Delivery{ID: 1}); err != nil {
			t.Error(err)
		}
	})
}

func TestConfigurationIsChecked(t *testing.T) {
	device := module.Device{ID: func(context.Context) (string, error) { return imei, nil }}
	for says, change := range map[string]func(*Config, *module.Device){
		"source of its id":                     func(_ *Config, d *module.Device) { d.ID = nil },
		"LWM2M_CONN_HOLD_TIME_RSRP":            func(c *Config, _ *module.Device) { c.FollowModem, c.ModemPause = true, -1 },
		"LWM2M_CLIENT_UTILS_SERVER":            func(c *Config, _ *module.Device) { c.Server = "http://server.example" },
		"LWM2M_CLIENT_UTILS_SERVER: parse":     func(c *Config, _ *module.Device) { c.Server = "coap://a b" },
		"LWM2M_DTLS_SUPPORT":                   func(c *Config, _ *module.Device) { c.DTLS = nil },
		"coaps://other:1 needs DTLS":           func(c *Config, d *module.Device) { c.DTLS, d.Endpoint = nil, "other:1" },
		"the port is a number from 1 to 65535": func(_ *Config, d *module.Device) { d.Endpoint = "other:0" },
	} {
		config, device := shipped(), device
		config.DTLS = &server{}
		change(&config, &device)
		if _, err := New(config, device); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}
