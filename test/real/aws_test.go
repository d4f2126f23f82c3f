//go:build real

package real

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
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

	// Without a shadow, the device learns so and reports what it has.
	token := tokenOf(watcher, shadow+"get")
	s.publish(shadow+"get/rejected", `{"code":404,"message":"No shadow exists with name: '`+id+`'","timestamp":1,"clientToken":`+token+`}`)
	awaitEvent(firmware, "CLOUD_EVT_CONFIG_EMPTY")
	awaitMessage(watcher, shadow+"update", "state.reported.dev.v.imei", `"`+id+`"`)

	// What the account's rule republishes of an answer.
	s.publish(shadow+"get/accepted/desired/cfg", `{"cfg":{"act":false,"actwt":77},"version":1,"timestamp":1}`)
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

	// What cannot be used is told and leaves the connection as it is.
	for _, hostile := range []string{`{"version":7,"state":{"cfg":{"actwt":-1}}}`, `{"version":8,"state":[`, `[]`, `{"version":9,"state":{"cfg":{"actwt":1e300}}}`} {
		s.publish(shadow+"update/delta", hostile)
		awaitEvent(firmware, "CLOUD_EVT_INPUT_REJECTED")
	}
	s.publish(shadow+"update/delta", `{"version":10,"timestamp":1,"state":{"cfg":{"loct":67}},"metadata":{}}`)
	awaitMessage(watcher, shadow+"update", "state.reported.cfg.loct", "67")

	if status := firmware.terminate(); status != 0 {
		t.Errorf("the firmware ended with status %d", status)
	}
	broker.awaitText("Received DISCONNECT from " + id)
	if broker.has("Client " + id + " closed its connection") {
		t.Error("the firmware left without a DISCONNECT")
	}
}

// The configuration is reported for a version of the shadow, where that is switched on: a report that is refused for it (409) is made once more for the
// version that the service has by then.
func TestVersionConflict(t *testing.T) {
	t.Parallel()
	output := filepath.Join(t.TempDir(), "aws")
	build := exec.Command(installed.cloudgen, "-overlay", "overlay-aws.hcl", "-o", output, "-set", "AWS_IOT_SHADOW_VERSIONED_REPORTS=y")
	if log, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build, err, log)
	}
	s := newSite(t, time.Now())
	broker := s.broker()
	watcher := s.watch(broker)
	firmware := start(t, "firmware", filepath.Join(output, "bin", "firmware"), "-credentials", s.credentials(time.Now()), "-data", filepath.Join(s.dir, "data"),
		"-endpoint", s.address(), "-log", "json")
	const get, update = "/shadow/get", "/shadow/update"
	id := strings.Split(broker.awaitText("Received SUBSCRIBE from "), " ")[4]
	shadow := "$aws/things/" + id + "/shadow/"
	cfg := `{"state":{"desired":{"cfg":{"actwt":%d}}},"metadata":{},"version":%d,"timestamp":1,"clientToken":%s}`

	s.publish(shadow+"get/accepted", fmt.Sprintf(cfg, 77, 20, tokenOf(watcher, get)))
	first := awaitMessage(watcher, update, "state.reported.cfg.actwt", "77")
	if version, _ := member(first, "version"); version != "20" {
		t.Errorf("the report is for version %s; want 20, in %s", version, first)
	}
	token, _ := member(first, "clientToken")
	s.publish(shadow+"update/rejected", `{"code":409,"message":"Version conflict","timestamp":1,"clientToken":`+token+`}`)
	s.publish(shadow+"get/accepted", fmt.Sprintf(cfg, 77, 23, tokenOf(watcher, get)))
	second := awaitMessage(watcher, update, "state.reported.cfg.actwt", "77")
	if version, _ := member(second, "version"); version != "23" {
		t.Errorf("the report after the conflict is for version %s; want 23, in %s", version, second)
	}
	again, _ := member(second, "clientToken")
	if again == token {
		t.Error("both reports have the same token")
	}
	s.publish(shadow+"update/accepted", `{"state":{"reported":{"cfg":{"actwt":77}}},"metadata":{},"version":24,"timestamp":1,"clientToken":`+again+`}`)
	// A delta of an older version is passed over, the next one is for the newest report.
	s.publish(shadow+"update/delta", `{"version":22,"timestamp":1,"state":{"cfg":{"actwt":99}},"metadata":{}}`)
	// Another client's update: the service tells all of it, and then the difference.
	s.publish(shadow+"update/accepted", `{"state":{"desired":{"cfg":{"loct":66}}},"metadata":{},"version":25,"timestamp":1,"clientToken":"other-1"}`)
	s.publish(shadow+"update/delta", `{"version":25,"timestamp":1,"state":{"cfg":{"loct":66}},"metadata":{}}`)
	third := awaitMessage(watcher, update, "state.reported.cfg.loct", "66")
	if version, _ := member(third, "version"); version != "25" {
		t.Errorf("the report of the delta is for version %s; want 25, in %s", version, third)
	}
	if wait, _ := member(third, "state.reported.cfg.actwt"); wait != "77" {
		t.Errorf("the older delta was applied: actwt is %s", wait)
	}
	if status := firmware.terminate(); status != 0 {
		t.Errorf("the firmware ended with status %d", status)
	}
}

// tokenOf waits for a request on a topic that ends like this and gives its clientToken, as JSON.
func tokenOf(watcher *process, topicEnd string) string {
	watcher.Helper()
	request := payloadOf(watcher.await("request on …"+topicEnd, func(line string) bool {
		topic, _, _ := strings.Cut(line, " ")
		return strings.HasSuffix(topic, topicEnd)
	}))
	token, ok := member(request, "clientToken")
	if !ok {
		watcher.Fatalf("the request on …%s has no token: %s", topicEnd, request)
	}
	return token
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
