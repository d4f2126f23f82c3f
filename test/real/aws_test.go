//go:build real

package real

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/pki"
)

// record is a line of the firmware's log.
type record struct {
	Time    time.Time `json:"time"`
	Event   string    `json:"event"`
	Attempt int       `json:"attempt"`
	NextIn  string    `json:"next_in"`
	Result  string    `json:"result"`
	Error   string    `json:"error"`
}

// awaitEvent waits for an event of the cloud module.
func awaitEvent(firmware *process, event string) record {
	firmware.Helper()
	line := firmware.awaitText(`"event":"` + event + `"`)
	var r record
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		firmware.Fatalf("%v in %s", err, line)
	}
	return r
}

// deviceID finds the device's id in the broker's log of its connection.
func deviceID(broker *process) string {
	broker.Helper()
	connected := regexp.MustCompile(`New client connected from .* as ([0-9]{15}) \(p2, c1, k` + keepAlive)
	line := broker.await("connection of a device with MQTT 3.1.1, clean session and the keep-alive that is configured", connected.MatchString)
	return connected.FindStringSubmatch(line)[1]
}

// The firmware connects, subscribes, sends its data, takes configuration in both ways, and leaves in order.
func TestConversation(t *testing.T) {
	t.Parallel()
	s := newSite(t, time.Now())
	broker := s.broker()
	watcher := s.watch(broker)
	firmware := s.firmware(s.credentials(time.Now()), s.address())
	id := deviceID(broker)
	awaitEvent(firmware, "CLOUD_EVT_CONNECTED")
	shadow := "$aws/things/" + id + "/shadow/"

	awaitMessage(watcher, shadow+"get", "", "")
	awaitMessage(watcher, shadow+"update", "state.reported.dev.v.imei", `"`+id+`"`)

	s.publish(shadow+"get/accepted/desired/cfg", `{"cfg":{"act":false,"actwt":77}}`)
	awaitEvent(firmware, "CLOUD_EVT_CONFIG_RECEIVED")
	awaitMessage(watcher, shadow+"update", "state.reported.cfg.actwt", "77")

	s.publish(shadow+"update/delta", `{"version":5,"timestamp":1,"state":{"cfg":{"actwt":88}},"metadata":{}}`)
	awaitMessage(watcher, shadow+"update", "state.reported.cfg.actwt", "88")

	// An older version of the shadow is passed over: the next report answers the newer one.
	s.publish(shadow+"update/delta", `{"version":4,"timestamp":1,"state":{"cfg":{"actwt":99}},"metadata":{}}`)
	s.publish(shadow+"update/delta", `{"version":6,"timestamp":1,"state":{"cfg":{"loct":66}},"metadata":{}}`)
	awaitMessage(watcher, shadow+"update", "state.reported.cfg.loct", "66")
	if has(watcher, shadow+"update", "state.reported.cfg.actwt", "99") {
		t.Error("a delta of an older version was applied")
	}

	if status := firmware.terminate(); status != 0 {
		t.Errorf("the firmware ended with status %d", status)
	}
	broker.awaitText("Received DISCONNECT from " + id)
	if broker.has("Client " + id + " closed its connection") {
		t.Error("the firmware left without a DISCONNECT")
	}
}

// A broker that dies and comes back: the connection comes back when the table says so.
func TestBrokerKilled(t *testing.T) {
	t.Parallel()
	s := newSite(t, time.Now())
	broker := s.broker()
	firmware := s.firmware(s.credentials(time.Now()), s.address())
	first := awaitEvent(firmware, "CLOUD_EVT_CONNECTING")
	if first.Attempt != 1 || first.NextIn != "32s" {
		t.Errorf("first attempt: %+v", first)
	}
	awaitEvent(firmware, "CLOUD_EVT_CONNECTED")
	id := deviceID(broker)
	broker.kill()
	awaitEvent(firmware, "CLOUD_EVT_DISCONNECTED")

	broker = s.broker()
	comesBack(t, firmware, first)
	if again := deviceID(broker); again != id {
		t.Errorf("came back as %s, was %s", again, id)
	}
	if status := firmware.terminate(); status != 0 {
		t.Errorf("the firmware ended with status %d", status)
	}
}

// A link that dies without a word is noticed by the keep-alive.
func TestLinkCut(t *testing.T) {
	t.Parallel()
	s := newSite(t, time.Now())
	broker := s.broker()
	watcher := s.watch(broker)
	way := newLink(t, s.address())
	firmware := s.firmware(s.credentials(time.Now()), way.address())
	first := awaitEvent(firmware, "CLOUD_EVT_CONNECTING")
	awaitEvent(firmware, "CLOUD_EVT_CONNECTED")
	id := deviceID(broker)
	awaitMessage(watcher, "/shadow/update", "state.reported.dev.v.imei", `"`+id+`"`)
	broker.awaitText("Received PINGREQ from " + id)

	way.set(true)
	awaitEvent(firmware, "CLOUD_EVT_DISCONNECTED")
	way.set(false)
	comesBack(t, firmware, first)
	deviceID(broker)
	broker.awaitText("Received PINGREQ from " + id)
	if status := firmware.terminate(); status != 0 {
		t.Errorf("the firmware ended with status %d", status)
	}
}

// comesBack follows the second attempt: a connection that lasted less than 60 s does not begin the table anew, so it comes 32 s after the first.
func comesBack(t *testing.T, firmware *process, first record) {
	t.Helper()
	second := awaitEvent(firmware, "CLOUD_EVT_CONNECTING")
	if after := second.Time.Sub(first.Time); after < 31900*time.Millisecond || after > 37*time.Second {
		t.Errorf("the second attempt came %v after the first; the table says 32 s", after)
	}
	if second.NextIn != "1m4s" {
		t.Errorf("the third attempt would come %s after the second; the table says 64 s", second.NextIn)
	}
	awaitEvent(firmware, "CLOUD_EVT_CONNECTED")
}

// Who must not be trusted is not, on either side, and the log says why. The firmware goes on trying.
func TestRefused(t *testing.T) {
	t.Parallel()
	years := func(n int) time.Time { return time.Now().AddDate(-n, 0, 0) }
	tests := map[string]struct {
		serverMadeAt time.Time
		credentials  func(s *site) string
		endpoint     func(s *site) string
		result       string // of the connect, in the firmware's log
		reason       string // likewise
		broker       string // in the broker's log; "" where the firmware does not get so far
	}{
		"broker of another authority": {
			credentials: func(s *site) string { return s.stranger(true) },
			result:      "CLOUD_CONNECT_RES_ERR_CERT",
			reason:      "expected one that comes from a CA certificate of security tag 42",
			broker:      "alert bad certificate",
		},
		"broker's certificate expired": {
			serverMadeAt: years(3),
			result:       "CLOUD_CONNECT_RES_ERR_CERT_MISC",
			reason:       "that the server presents was valid until " + years(3).AddDate(0, 0, 397).UTC().Format(time.DateOnly),
			broker:       "alert bad certificate",
		},
		"broker under another name": {
			endpoint: func(s *site) string { return "127.0.0.2:" + s.port },
			result:   "CLOUD_CONNECT_RES_ERR_CERT",
			reason:   `the server's certificate is for localhost, 127.0.0.1, ::1; expected "127.0.0.2"`,
			broker:   "alert bad certificate",
		},
		"device of another authority": {
			credentials: func(s *site) string { return s.stranger(false) },
			result:      "CLOUD_CONNECT_RES_ERR_CERT",
			reason:      `the server does not take this device's certificate: it answers "unknown certificate authority"`,
			broker:      "certificate verify failed",
		},
		"device's certificate expired": {
			credentials: func(s *site) string { return s.credentials(years(7)) },
			result:      "CLOUD_CONNECT_RES_ERR_CERT_MISC",
			reason:      filepath.Join("42", "cert.pem") + `: the certificate of "CN=device" was valid until`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.serverMadeAt.IsZero() {
				test.serverMadeAt = time.Now()
			}
			s := newSite(t, test.serverMadeAt)
			broker := s.broker()
			endpoint := s.address()
			if test.endpoint != nil {
				endpoint = test.endpoint(s)
			}
			if test.credentials == nil {
				test.credentials = func(s *site) string { return s.credentials(time.Now()) }
			}
			firmware := s.firmware(test.credentials(s), endpoint)
			awaitEvent(firmware, "CLOUD_EVT_CONNECTING")
			failed := awaitEvent(firmware, "CLOUD_EVT_CONNECT_FAILED")
			if failed.Result != test.result || !strings.Contains(failed.Error, test.reason) {
				t.Errorf("%s, %s; want %s, %s", failed.Result, failed.Error, test.result, test.reason)
			}
			if test.broker != "" {
				broker.awaitText(test.broker)
			}
			if firmware.has("CLOUD_EVT_CONNECTED") {
				t.Error("the firmware connected all the same")
			}
			if status := firmware.terminate(); status != 0 {
				t.Errorf("the firmware ended with status %d", status)
			}
		})
	}
}

// stranger makes device credentials of which one part is of another authority: what the device trusts, or what it shows.
func (s *site) stranger(trust bool) string {
	s.Helper()
	dir := s.TempDir()
	other, err := pki.Open(dir, time.Now())
	s.check(err)
	_, err = other.Device(42, "stranger", time.Now())
	s.check(err)
	replaced := []string{"ca.pem"}
	if trust {
		replaced = []string{"cert.pem", "key.pem"}
	}
	own := s.credentials(time.Now())
	for _, name := range replaced {
		content, err := os.ReadFile(filepath.Join(own, "42", name))
		s.check(err)
		s.check(os.WriteFile(filepath.Join(dir, "42", name), content, 0o600))
	}
	return dir
}
