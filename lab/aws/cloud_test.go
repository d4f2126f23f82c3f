package aws_test

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws"
	"github.com/cloudgen/cloudgen/lab/aws/jobs"
	"github.com/cloudgen/cloudgen/lab/aws/registry"
	"github.com/cloudgen/cloudgen/lab/broker"
	"github.com/cloudgen/cloudgen/lab/internal/rawmqtt"
)

const thingT = "arn:aws:iot:us-east-1:000000000000:thing/t"

// inbox sorts the messages of a client by topic: an answer and a notification come in any order.
type inbox struct {
	*rawmqtt.Client
	t       *testing.T
	waiting map[string][]string
}

func newInbox(t *testing.T, client *rawmqtt.Client) *inbox {
	return &inbox{Client: client, t: t, waiting: map[string][]string{}}
}

// next gives the payload of the next message of a topic.
func (i *inbox) next(topic string) string {
	i.t.Helper()
	for len(i.waiting[topic]) == 0 {
		got, err := i.Read()
		check(i.t, err)
		if got.Type != rawmqtt.Publish {
			continue
		}
		if got.QoS > 0 {
			check(i.t, i.Ack(got.ID))
		}
		i.waiting[got.Topic] = append(i.waiting[got.Topic], string(got.Payload))
	}
	payload := i.waiting[topic][0]
	i.waiting[topic] = i.waiting[topic][1:]
	return payload
}

// A job from its creation to its end, as the SDK's aws_fota goes about it (mqtt-clouds reference 2.5): with the answers unsubscribed, then a
// second one whose time runs out on the lab's clock.
func TestJobs(t *testing.T) {
	s := newSite(t)
	device := newInbox(t, s.connect("t"))
	subscribe(t, device.Client, jobsT+"notify-next", jobsT+"$next/get/#")
	check(t, device.Publish(jobsT+"$next/get", `{"clientToken": ""}`, 1, 7))
	if got := device.next(jobsT + "$next/get/accepted"); strings.Contains(got, "execution") {
		t.Errorf("with no job: %s", got)
	}
	create := func(id, more string) {
		t.Helper()
		s.must("PUT", "/jobs/"+id, `{"targets":["`+thingT+`"],"document":"{\"operation\":\"app_fw_update\"}"`+more+`}`)
	}
	create("one", "")
	create("two", `,"timeoutConfig":{"inProgressTimeoutInMinutes":5}`)
	if got := device.next(jobsT + "notify-next"); !strings.Contains(got, `"jobDocument":{"operation":"app_fw_update"}`) || !strings.Contains(got, `"versionNumber":1`) {
		t.Errorf("notify-next %s", got)
	}
	check(t, device.Publish(jobsT+"one/update", `{"status":"IN_PROGRESS","statusDetails":null,"expectedVersion":"1","clientToken":""}`, 1, 8))
	device.next(jobsT + "one/update/accepted")
	check(t, device.Publish(jobsT+"one/update", `{"status":"SUCCEEDED","expectedVersion":"2","clientToken":"c"}`, 1, 9))
	if got := device.next(jobsT + "one/update/accepted"); !strings.Contains(got, `"clientToken":"c"`) {
		t.Errorf("accepted %s", got)
	}
	if got := device.next(jobsT + "notify-next"); !strings.Contains(got, `"jobId":"two"`) {
		t.Errorf("notify-next %s", got)
	}
	check(t, device.Publish(jobsT+"two/update", `{"status":"IN_PROGRESS"}`, 1, 10))
	device.next(jobsT + "two/update/accepted")
	check(t, s.Clock().Advance(6*time.Minute))
	if got := device.next(jobsT + "notify-next"); strings.Contains(got, "execution") {
		t.Errorf("after the time ran out: %s", got)
	}
	if got := s.must("GET", "/things/t/jobs/two", ""); !strings.Contains(got, `"status":"TIMED_OUT"`) {
		t.Errorf("execution %s", got)
	}
	// The laboratory's own: any state.
	s.must("POST", "/lab/jobs/two/things/t", `{"status":"QUEUED"}`)
	if got := device.next(jobsT + "notify-next"); !strings.Contains(got, `"jobId":"two"`) {
		t.Errorf("notify-next %s", got)
	}
}

// What was there before a restart is there after it: things, certificates, policies, shadows, jobs, sessions with their messages, and the clock.
func TestRestart(t *testing.T) {
	state := filepath.Join(t.TempDir(), "aws.json")
	keep := func(c *aws.Config) { c.State = state }
	b := startWith(t, keep)
	client := b.dialSession(rawmqtt.Session{ID: "t", Keep: true, KeepAlive: 60})
	subscribe(t, client, "a/+")
	check(t, client.Close())
	b.await("the end of t", func(e broker.Event) bool { return e.Kind == broker.Disconnected })
	check(t, b.Broker().Publish("a/b", []byte(`"stored"`), 1, false))
	check(t, b.Broker().Publish("kept", []byte(`"retained"`), 1, true))
	_, err := b.UpdateShadow("t", "", []byte(`{"state":{"desired":{"a":1}}}`))
	check(t, err)
	check(t, b.Jobs(func(s *jobs.Store, now time.Time) ([]jobs.Message, error) {
		_, messages, err := s.CreateJob("j", jobs.JobRequest{Targets: []string{thingT}, Document: "{}"}, now)
		return messages, err
	}))
	check(t, b.Clock().Advance(time.Minute))
	check(t, b.Close())
	if info, err := os.Stat(state); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("state file: %v, %v", info, err)
	}

	again := startWith(t, func(c *aws.Config) {
		keep(c)
		c.Device.Certificate = b.tls.Certificates[0].Leaf
	})
	again.tls = again.tls.Clone()
	again.tls.Certificates = b.tls.Certificates
	if ahead := again.Clock().Ahead(); ahead != time.Minute {
		t.Errorf("the clock is ahead by %v", ahead)
	}
	if document, err := again.GetShadow("t", ""); err != nil || !strings.Contains(string(document), `"desired":{"a":1}`) {
		t.Errorf("shadow %s, %v", document, err)
	}
	check(t, again.Jobs(func(s *jobs.Store, _ time.Time) ([]jobs.Message, error) {
		_, err := s.DescribeJob("j")
		return nil, err
	}))
	client = again.dialSession(rawmqtt.Session{ID: "t", Keep: true, KeepAlive: 60})
	expect(t, client, "a/b", `"stored"`)
	subscribe(t, client, "kept")
	expect(t, client, "kept", `"retained"`)
}

// A process that is killed between two changes leaves a file that is whole; a file that is not is refused, and stays.
func TestStateFile(t *testing.T) {
	dir := t.TempDir()
	state := filepath.Join(dir, "aws.json")
	b := startWith(t, func(c *aws.Config) { c.State = state })
	_, err := b.UpdateShadow("t", "", []byte(`{"state":{"reported":{"n":0}}}`))
	check(t, err)
	deadline := time.Now().Add(20 * time.Second)
	for n := 0; n < 20; { // read the file while it is replaced again and again, as a restart after a kill would
		text, err := os.ReadFile(state)
		if err == nil {
			var any map[string]json.RawMessage
			if err := json.Unmarshal(text, &any); err != nil {
				t.Fatalf("a torn file: %v", err)
			}
			n++
		}
		b.clock.advance(time.Second)
		_, err = b.UpdateShadow("t", "", fmt.Appendf(nil, `{"state":{"reported":{"n":%d}}}`, n))
		check(t, err)
		if time.Now().After(deadline) {
			t.Fatal("the state is not saved")
		}
	}
	check(t, b.Close())
	if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
	for name, text := range map[string]string{"half": `{"format":1,"regis`, "other format": `{"format":2}`, "wrong registry": `{"format":1,"registry":{"things":null}}`} {
		check(t, os.WriteFile(state, []byte(text), 0o600))
		cloud, err := aws.Start(aws.Config{Listen: "localhost:0", Certificate: b.server, State: state})
		if err == nil {
			t.Errorf("%s: started", name)
			check(t, cloud.Close())
			continue
		}
		if !strings.Contains(err.Error(), "delete") {
			t.Errorf("%s: %v", name, err)
		}
		if after, _ := os.ReadFile(state); string(after) != text {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

// MQTT on the second port, for who asks for it by ALPN; requests over HTTPS there, with the client's certificate.
func TestSecondPort(t *testing.T) {
	s := newSite(t)
	config := s.tls.Clone()
	config.NextProtos = []string{"x-amzn-mqtt-ca"}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		s.clock.advance(time.Second)
		config.MaxVersion = version
		client, err := rawmqtt.Dial(t.Context(), s.second, config)
		check(t, err)
		code, _, err := client.Connect(rawmqtt.Session{ID: "made", KeepAlive: 60})
		check(t, err)
		if code != 0 {
			t.Errorf("CONNACK %d", code)
		}
		subscribe(t, client, "a")
		for _, protocol := range []string{"x-amzn-http-ca", "http/1.1"} {
			web := s.tls.Clone()
			web.NextProtos = []string{protocol}
			if status, text := s.https(web, "POST", "/topics/a?qos=1", `"x"`); status != 200 || !strings.Contains(text, `"message":"OK"`) {
				t.Errorf("%s: %d %s", protocol, status, text)
			}
			expect(t, client, "a", `"x"`)
		}
		if got := s.Connections(); len(got) != 1 || got[0].Protocol != "x-amzn-mqtt-ca" || got[0].Thing != "made" {
			t.Errorf("connections %+v", got)
		}
		check(t, client.Disconnect())
		check(t, client.Close())
		s.await("the end", func(e broker.Event) bool { return e.Kind == broker.Disconnected })
	}
	// Without a certificate, signed requests are taken.
	web := s.tls.Clone()
	web.Certificates = nil
	status, text := s.https(web, "GET", "/things/t/shadow", "", "Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/iotdata/aws4_request, Signature=x")
	if status != 404 || !strings.Contains(text, "No shadow exists") {
		t.Errorf("%d %s", status, text)
	}
}

// Presence events tell who came and went, and why.
func TestPresence(t *testing.T) {
	s := newSite(t)
	watcher := newInbox(t, s.connect("watcher"))
	subscribe(t, watcher.Client, "$aws/events/presence/#")
	client := s.connect("t")
	var event struct {
		ClientID, EventType, PrincipalIdentifier, DisconnectReason, IPAddress string
		ClientInitiatedDisconnect                                             *bool
		VersionNumber                                                         int
	}
	check(t, json.Unmarshal([]byte(watcher.next("$aws/events/presence/connected/t")), &event))
	if event.ClientID != "t" || event.EventType != "connected" || len(event.PrincipalIdentifier) != 64 || event.IPAddress == "" || event.VersionNumber != 1 {
		t.Errorf("%+v", event)
	}
	check(t, client.Disconnect())
	check(t, json.Unmarshal([]byte(watcher.next("$aws/events/presence/disconnected/t")), &event))
	if event.DisconnectReason != "CLIENT_INITIATED_DISCONNECT" || !*event.ClientInitiatedDisconnect || event.VersionNumber != 1 {
		t.Errorf("%+v", event)
	}
}

// A certificate that is deactivated, or told to be expired, loses its connections, and makes no others.
func TestDeactivation(t *testing.T) {
	for _, how := range []struct{ method, path, rule string }{
		{"PUT", "/certificates/ID?newStatus=REVOKED", "tls/certificate-status"}, {"POST", "/lab/certificates/ID/expire", "tls/certificate-period"},
	} {
		s := newSite(t)
		client := s.connect("t")
		s.must(how.method, strings.Replace(how.path, "ID", registry.ID(s.tls.Certificates[0].Leaf), 1), "")
		if _, err := client.Read(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("still connected: %v", err)
		}
		s.handshake(s.Broker().Address(), func(*tls.Config) {})
		s.refused(how.rule)
	}
}

// The policy that the lab gives its first device lets it do what a device does, as itself, and nothing as another.
func TestDefaultPolicy(t *testing.T) {
	b := startWith(t, func(c *aws.Config) { c.Device.Policy = "" })
	const me = "350000000000017"
	device := newInbox(t, b.connect(me))
	subscribe(t, device.Client, me+"/agnss", me+"/pgps", "$aws/things/"+me+"/shadow/get/accepted/desired/cfg", "$aws/things/"+me+"/jobs/notify-next", "$aws/things/"+me+"/jobs/$next/get/#")
	for _, topic := range []string{me + "/batch", me + "/agnss/get", "$aws/things/" + me + "/shadow/update", "$aws/things/" + me + "/jobs/$next/get", "$aws/rules/r/x"} {
		check(t, device.Publish(topic, "{}", 0, 0))
	}
	device.next("$aws/things/" + me + "/jobs/$next/get/accepted")
	codes, err := device.Subscribe(2, 1, "other/agnss", "#", "$aws/things/other/shadow/#")
	if err != nil || string(codes) != "\x80\x80\x80" {
		t.Errorf("SUBACK %v, %v", codes, err)
	}
	refused := b.refused("subscribe/policy")
	if text := refused.Err.Error(); !strings.Contains(text, "iot:Subscribe") || !strings.Contains(text, "missing statement") {
		t.Errorf("the refusal does not say which statement is missing: %s", text)
	}
	check(t, device.Publish("other/batch", "{}", 0, 0))
	b.refused("publish/policy")
	if _, err := device.Read(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("still connected: %v", err)
	}
	check(t, b.ReadRegistry(func(r *registry.Registry) error {
		_, err := r.Thing(me)
		return err
	}))
}

// Connections are refused as often as the lab is told, and then no more.
func TestRefuseConnects(t *testing.T) {
	s := newSite(t)
	s.must("POST", "/lab/faults", `{"refuseConnects":{"times":2,"code":151}}`)
	for range 2 {
		s.clock.advance(time.Second)
		client := s.dial()
		if code, _, err := client.Connect(rawmqtt.Session{ID: "t", Version: 5}); err != nil || code != 0x97 {
			t.Errorf("CONNACK %#x, %v", code, err)
		}
	}
	s.connect("t")
}
