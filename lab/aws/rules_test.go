package aws_test

import (
	"crypto/tls"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws"
	"github.com/cloudgen/cloudgen/lab/aws/registry"
	"github.com/cloudgen/cloudgen/lab/internal/rawmqtt"
)

var update = flag.Bool("update", false, "write docs/aws-refusals.md")

// Every rule is broken once, over the wire, and the event of its refusal is there. A rule without a way to break it fails the test.
func TestEveryRule(t *testing.T) {
	ways := provocations()
	for _, rule := range aws.Rules() {
		provoke, ok := ways[rule.ID]
		if !ok {
			t.Errorf("no test breaks the rule %s", rule.ID)
			continue
		}
		delete(ways, rule.ID)
		t.Run(rule.ID, func(t *testing.T) {
			t.Parallel()
			s := newSiteWith(t, func(c *aws.Config) {
				if rule.ID == "mqtt/connect-timeout" { // alone: a busy machine takes its time for a handshake
					c.Hurry(5 * time.Second)
				}
			})
			provoke(s)
			s.refused(rule.ID)
		})
	}
	for id := range ways {
		t.Errorf("%s is no rule", id)
	}
}

// docs/aws-refusals.md is the table of the rules.
func TestRefusalsDocument(t *testing.T) {
	var b strings.Builder
	b.WriteString("# What the local AWS IoT Core refuses\n\nEach row is a refusal that AWS (or the protocol beneath) documents, what the lab does, and the test that breaks it over the wire.\n" +
		"Made by `go test ./lab/aws -run TestRefusalsDocument -update`; do not edit.\n\n| Rule | Refused | What the client sees | Source | Test |\n|---|---|---|---|---|\n")
	for _, rule := range aws.Rules() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | `TestEveryRule/%s` |\n", rule.ID, rule.Event, rule.Wire, rule.Source, rule.ID)
	}
	const path = "../../docs/aws-refusals.md"
	if *update {
		check(t, os.WriteFile(path, []byte(b.String()), 0o644))
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != b.String() {
		t.Errorf("%s is not what the rules say: run the test with -update (%v)", path, err)
	}
	if n := len(aws.Rules()); n < 60 {
		t.Errorf("%d rules", n)
	}
}

const shadowT = "$aws/things/t/shadow/"

// provocations say how to break each rule.
func provocations() map[string]func(*site) {
	all := map[string]func(*site){}
	for _, part := range []map[string]func(*site){handshakes(), packets(), connects(), publishes(), subscribes(), shadows(), jobRequests(), dataPlane(), controlPlane(), downloads()} {
		for id, provoke := range part {
			all[id] = provoke
		}
	}
	return all
}

func handshakes() map[string]func(*site) {
	with := func(change func(*site, *tls.Config)) func(*site) {
		return func(s *site) { s.handshake(s.Broker().Address(), func(c *tls.Config) { change(s, c) }) }
	}
	return map[string]func(*site){
		"tls/sni":                 with(func(_ *site, c *tls.Config) { c.ServerName = "127.0.0.1" }),
		"tls/version":             with(func(_ *site, c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS11, tls.VersionTLS11 }),
		"tls/certificate-missing": with(func(_ *site, c *tls.Config) { c.Certificates = nil }),
		"tls/certificate-unknown": with(func(s *site, c *tls.Config) {
			c.Certificates = []tls.Certificate{s.device(s.bench.authority, "stranger")}
		}),
		"tls/certificate-period": with(func(s *site, c *tls.Config) { c.Certificates = []tls.Certificate{s.expiredCertificate()} }),
		"tls/certificate-status": func(s *site) {
			id := registry.ID(s.tls.Certificates[0].Leaf)
			s.must("PUT", "/certificates/"+id+"?newStatus=INACTIVE", "")
			s.handshake(s.Broker().Address(), func(*tls.Config) {})
		},
		"tls/registered": func(s *site) {
			authority, certificate := s.ownAuthority()
			s.trust(certificate, "")
			s.handshake(s.Broker().Address(), func(c *tls.Config) { c.Certificates = []tls.Certificate{s.device(authority, "new")} })
		},
		"tls/provisioned": func(s *site) {
			authority, certificate := s.ownAuthority()
			s.trust(certificate, jitp)
			device := s.device(authority, "jitp")
			s.handshake(s.Broker().Address(), func(c *tls.Config) { c.Certificates = []tls.Certificate{device} })
			s.tls.Certificates = []tls.Certificate{device}
			s.connect("jitp") // the second time it is let in
		},
		"tls/alpn": func(s *site) { s.handshake(s.second, func(c *tls.Config) { c.NextProtos = []string{"h2"} }) },
	}
}

// jitp is a provisioning template (developer guide, "Just-in-time provisioning").
const jitp = `{"Parameters":{"AWS::IoT::Certificate::CommonName":{"Type":"String"},"AWS::IoT::Certificate::Id":{"Type":"String"}},"Resources":{
"thing":{"Type":"AWS::IoT::Thing","Properties":{"ThingName":{"Ref":"AWS::IoT::Certificate::CommonName"}}},
"certificate":{"Type":"AWS::IoT::Certificate","Properties":{"CertificateId":{"Ref":"AWS::IoT::Certificate::Id"},"Status":"ACTIVE"}},
"policy":{"Type":"AWS::IoT::Policy","Properties":{"PolicyName":"cloudgen-lab-device"}}}}`

func packets() map[string]func(*site) {
	connect := []byte("\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01x")
	send := func(packets ...[]byte) func(*site) {
		return func(s *site) {
			client := s.dial()
			for _, p := range packets {
				check(s.T, client.WriteRaw(p))
			}
		}
	}
	return map[string]func(*site){
		"mqtt/first-packet":   send([]byte("\xc0\x00")),
		"mqtt/second-connect": send(connect, connect),
		"mqtt/protocol":       send([]byte("\x10\x0f\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x01x")),
		"mqtt/client-id":      send([]byte("\x10\x0c\x00\x04MQTT\x04\x00\x00\x3c\x00\x00")),
		"mqtt/packet-size":    send(connect, []byte("\x30\xff\xff\xff\x7f")),
		"mqtt/malformed":      send(connect, []byte("\x00\x00")),
		"mqtt/topic":          send(connect, []byte("\x30\x05\x00\x03a/#")),
		"mqtt/no-filter":      send(connect, []byte("\x82\x02\x00\x01")),
		"mqtt/filter":         send(connect, []byte("\x82\x0a\x00\x01\x00\x05a/#/b\x00")),
		"mqtt/keep-alive": func(s *site) {
			s.ShortenKeepAlive() // 45 s are long
			s.session(rawmqtt.Session{ID: "x", KeepAlive: 1})
		},
		"mqtt/connect-timeout": func(s *site) { s.dial() },
	}
}

func connects() map[string]func(*site) {
	will := func(topic string) rawmqtt.Session { return rawmqtt.Session{ID: "x", WillTopic: topic, Will: "gone"} }
	return map[string]func(*site){
		"connect/client-id": func(s *site) { s.session(rawmqtt.Session{ID: strings.Repeat("x", 129)}) },
		"connect/rate": func(s *site) {
			s.session(rawmqtt.Session{ID: "x"})
			_, _, _ = s.dial().Connect(rawmqtt.Session{ID: "x"}) // in the same second
		},
		"connect/will-topic":    func(s *site) { s.session(will(strings.Repeat("x", 257))) },
		"connect/will-reserved": func(s *site) { s.session(will("$aws/things/t/shadow/update")) },
		"connect/will-qos":      func(s *site) { s.session(rawmqtt.Session{ID: "x", WillTopic: "w", WillQoS: 2}) },
		"connect/policy": func(s *site) {
			s.restrict(allow("iot:Connect", "arn:aws:iot:*:*:client/other"))
			s.session(rawmqtt.Session{ID: "x"})
		},
		"connect/will-policy": func(s *site) {
			s.restrict(allow("iot:Connect", "*"))
			s.session(will("w"))
		},
	}
}

func publishes() map[string]func(*site) {
	on := func(topic, payload string, qos byte) func(*site) {
		return func(s *site) { check(s.T, s.connect("x").Publish(topic, payload, qos, 1)) }
	}
	return map[string]func(*site){
		"publish/qos-2":           on("a", "", 2),
		"publish/payload":         on("a", strings.Repeat("x", 128<<10+1), 0),
		"publish/topic-length":    on(strings.Repeat("x", 257), "", 0),
		"publish/topic-depth":     on("1/2/3/4/5/6/7/8/9", "", 0),
		"publish/reserved":        on("$nothing", "", 0),
		"publish/reserved-answer": on(shadowT+"update/accepted", "", 0),
		"publish/reserved-retain": func(s *site) { check(s.T, s.connect("x").PublishRetained(shadowT+"update", "{}", 0, 0)) },
		"publish/policy": func(s *site) {
			s.restrict(allow("iot:Connect", "*") + "," + allow("iot:Publish", "arn:aws:iot:*:*:topic/b"))
			check(s.T, s.connect("x").Publish("a", "", 0, 0))
		},
		"publish/retain-policy": func(s *site) {
			s.restrict(allow("iot:Connect", "*") + "," + allow("iot:Publish", "*"))
			check(s.T, s.connect("x").PublishRetained("a", "", 0, 0))
		},
		"publish/rate": func(s *site) {
			client := s.connect("x")
			for range 101 {
				check(s.T, client.Publish("a", "", 0, 0))
			}
			quiet(s.T, client) // it stays
		},
		"publish/throughput": func(s *site) {
			check(s.T, s.SetLimits(aws.Limits{Throughput: 1000}))
			check(s.T, s.connect("x").Publish("a", strings.Repeat("x", 1100), 0, 0))
		},
		"publish/topic-alias": func(s *site) {
			check(s.T, s.five("x").WriteRaw([]byte("\x30\x07\x00\x01a\x03\x23\x00\x09")))
		},
		"publish/payload-format": func(s *site) {
			check(s.T, s.five("x").WriteRaw([]byte("\x30\x07\x00\x01a\x02\x01\x01\xff")))
		},
		"receive/policy": func(s *site) {
			s.restrict(allow("iot:Connect", "*") + "," + allow("iot:Subscribe", "*") + "," + allow("iot:Receive", "arn:aws:iot:*:*:topic/b"))
			client := s.connect("x")
			subscribe(s.T, client, "#")
			check(s.T, s.Broker().Publish("a", nil, 1, false))
			check(s.T, s.Broker().Publish("b", []byte("1"), 1, false))
			expect(s.T, client, "b", "1")
		},
		"receive/rate": func(s *site) {
			client := s.connect("x")
			subscribe(s.T, client, "a")
			for range 101 {
				check(s.T, s.Broker().Publish("a", nil, 0, false))
			}
		},
	}
}

func subscribes() map[string]func(*site) {
	to := func(qos byte, filters ...string) func(*site) {
		return func(s *site) { check(s.T, s.connect("x").SendSubscribe(1, qos, filters...)) }
	}
	return map[string]func(*site){
		"subscribe/qos-2":    to(2, "a"),
		"subscribe/reserved": to(1, "$SYS/#"),
		"subscribe/filters":  to(1, strings.Fields("1 2 3 4 5 6 7 8 9")...),
		"subscribe/subscriptions": func(s *site) {
			client := s.connect("x")
			for i := range 51 {
				check(s.T, client.SendSubscribe(uint16(i+1), 0, fmt.Sprint("a", i)))
			}
		},
		"subscribe/filter-length": to(1, strings.Repeat("x", 257)),
		"subscribe/filter-depth":  to(1, "1/2/3/4/5/6/7/8/9"),
		"subscribe/policy": func(s *site) {
			s.restrict(allow("iot:Connect", "*") + "," + allow("iot:Subscribe", "arn:aws:iot:*:*:topicfilter/b"))
			codes, err := s.connect("x").Subscribe(1, 1, "a", "b")
			if err != nil || string(codes) != "\x80\x01" {
				s.Errorf("SUBACK %v, %v", codes, err)
			}
		},
		"subscribe/identifier": func(s *site) {
			check(s.T, s.five("x").WriteRaw([]byte("\x82\x09\x00\x01\x02\x0b\x07\x00\x01a\x00")))
		},
	}
}

func shadows() map[string]func(*site) {
	// The rejection arrives, with its token.
	send := func(operation, body string, before ...string) func(*site) {
		return func(s *site) {
			client := s.connect("x")
			subscribe(s.T, client, shadowT+operation+"/rejected")
			for _, b := range append(before, body) {
				check(s.T, client.Publish(shadowT+operation, b, 0, 0))
			}
			if got, err := client.Expect(rawmqtt.Publish); err != nil || !strings.Contains(string(got.Payload), `"code":`) {
				s.Errorf("got %s, %v", got.Payload, err)
			}
		}
	}
	deep := strings.Repeat(`{"a":`, 9) + "1" + strings.Repeat("}", 9)
	return map[string]func(*site){
		"shadow/json":     send("update", `{"state":`),
		"shadow/no-state": send("update", `{}`),
		"shadow/state":    send("update", `{"state":1}`),
		"shadow/section":  send("update", `{"state":{"reported":1}}`),
		"shadow/version":  send("update", `{"state":{"reported":{}},"version":"x"}`),
		"shadow/token":    send("update", `{"state":{"reported":{}},"clientToken":1}`),
		"shadow/depth":    send("update", `{"state":{"reported":`+deep+`}}`),
		"shadow/node":     send("update", `{"state":{"reported":{"a":[null]}}}`),
		"shadow/conflict": send("update", `{"state":{"reported":{}},"version":7}`, `{"state":{"reported":{"a":1}}}`),
		"shadow/encoding": send("update", "{\"state\":{\"reported\":{\"a\":\"\xff\"}}}"),
		"shadow/size":     send("update", `{"state":{"reported":{"a":"`+strings.Repeat("x", 8<<10)+`"}}}`),
		"shadow/none":     send("get", ""),
		"shadow/thing": func(s *site) {
			check(s.T, s.connect("x").Publish("$aws/things/unknown/shadow/get", "", 0, 0))
		},
		"shadow/in-flight": func(s *site) {
			s.DelayAnswers(time.Minute)
			client := s.connect("x")
			subscribe(s.T, client, shadowT+"get/rejected")
			for range 11 {
				check(s.T, client.Publish(shadowT+"get", `{"clientToken":"k"}`, 0, 0))
			}
			if got, err := client.Expect(rawmqtt.Publish); err != nil || !strings.Contains(string(got.Payload), `"code":429`) || !strings.Contains(string(got.Payload), `"clientToken":"k"`) {
				s.Errorf("got %s, %v", got.Payload, err)
			}
			check(s.T, s.Clock().Advance(2*time.Minute)) // the answers to the others
			for range 10 {
				if got, err := client.Expect(rawmqtt.Publish); err != nil || !strings.Contains(string(got.Payload), `"code":404`) {
					s.Errorf("got %s, %v", got.Payload, err)
				}
			}
		},
		"shadow/rate": func(s *site) {
			client := s.connect("x")
			for range 21 {
				check(s.T, client.Publish(shadowT+"get", "", 0, 0))
			}
		},
	}
}

const jobsT = "$aws/things/t/jobs/"

func jobRequests() map[string]func(*site) {
	send := func(topic, body string, before ...string) func(*site) {
		return func(s *site) {
			s.must("PUT", "/jobs/j", `{"targets":["arn:aws:iot:us-east-1:000000000000:thing/t"],"document":"{}"}`)
			client := s.connect("x")
			for i := 0; i < len(before); i += 2 {
				check(s.T, client.Publish(jobsT+before[i], before[i+1], 0, 0))
			}
			check(s.T, client.Publish(jobsT+topic, body, 0, 0))
			for {
				got, err := client.Expect(rawmqtt.Publish)
				check(s.T, err)
				if got.Topic == jobsT+topic+"/rejected" {
					return
				}
			}
		}
	}
	return map[string]func(*site){
		"jobs/InvalidTopic":           send("$next/update", `{"status":"IN_PROGRESS"}`),
		"jobs/InvalidJson":            send("j/update", `{`),
		"jobs/InvalidRequest":         send("j/update", `{}`),
		"jobs/InvalidStateTransition": send("j/update", `{"status":"IN_PROGRESS"}`, "j/update", `{"status":"SUCCEEDED"}`),
		"jobs/ResourceNotFound":       send("other/update", `{"status":"IN_PROGRESS"}`),
		"jobs/VersionMismatch":        send("j/update", `{"status":"IN_PROGRESS","expectedVersion":"7"}`),
		"jobs/TerminalStateReached":   send("j/get", ``, "j/update", `{"status":"SUCCEEDED"}`),
	}
}

func dataPlane() map[string]func(*site) {
	status := func(want int, ask func(s *site) (int, string)) func(*site) {
		return func(s *site) {
			if got, text := ask(s); got != want {
				s.Errorf("%d %s, want %d", got, text, want)
			}
		}
	}
	return map[string]func(*site){
		"http/certificate": status(403, func(s *site) (int, string) {
			config := s.tls.Clone()
			config.Certificates = nil
			return s.https(config, "GET", "/things/t/shadow", "")
		}),
		"http/policy": status(403, func(s *site) (int, string) {
			s.restrict(allow("iot:Connect", "*"))
			return s.https(s.tls, "POST", "/topics/a", "x")
		}),
		"http/payload": status(413, func(s *site) (int, string) {
			return s.https(s.tls, "POST", "/topics/a", strings.Repeat("x", 128<<10+1))
		}),
		"http/topic":     status(400, func(s *site) (int, string) { return s.https(s.tls, "POST", "/topics/$SYS", "x") }),
		"http/qos":       status(400, func(s *site) (int, string) { return s.https(s.tls, "POST", "/topics/a?qos=2", "x") }),
		"http/retained":  status(404, func(s *site) (int, string) { return s.https(s.tls, "GET", "/retainedMessage/a", "") }),
		"http/operation": status(404, func(s *site) (int, string) { return s.https(s.tls, "GET", "/nothing", "") }),
	}
}

func controlPlane() map[string]func(*site) {
	ask := func(want int, method, path, body string, before ...string) func(*site) {
		return func(s *site) {
			for i := 0; i < len(before); i += 3 {
				s.must(before[i], before[i+1], before[i+2])
			}
			if got, text := s.do(method, path, body); got != want {
				s.Errorf("%d %s, want %d", got, text, want)
			}
		}
	}
	const version = "/policies/p/version"
	all := `{"policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"iot:*\",\"Resource\":\"*\"}]}"}`
	arn := func(s *site) string {
		return "arn:aws:iot:us-east-1:000000000000:cert/" + registry.ID(s.tls.Certificates[0].Leaf)
	}
	return map[string]func(*site){
		"api/InvalidRequestException":        ask(400, "POST", "/things/not%20a%20name", "{}"),
		"api/ResourceNotFoundException":      ask(404, "GET", "/things/nothing", ""),
		"api/ResourceAlreadyExistsException": ask(409, "POST", "/things/t", `{"attributePayload":{"attributes":{"a":"b"}}}`),
		"api/VersionConflictException":       ask(409, "DELETE", "/things/t?expectedVersion=7", ""),
		"api/DeleteConflictException":        ask(409, "DELETE", "/policies/"+aws.FirstPolicy, ""),
		"api/MalformedPolicyException":       ask(400, "POST", "/policies/p", `{"policyDocument":"{"}`),
		"api/VersionsLimitExceededException": ask(409, "POST", version, all, "POST", "/policies/p", all, "POST", version, all, "POST", version, all, "POST", version, all, "POST", version, all),
		"api/CertificateStateException": func(s *site) {
			ask(406, "DELETE", "/certificates/"+registry.ID(s.tls.Certificates[0].Leaf), "")(s)
		},
		"api/CertificateValidationException": func(s *site) {
			authority, _ := s.ownAuthority()
			body := fmt.Sprintf(`{"certificatePem":%q}`, pemOf(s.device(authority, "x").Certificate[0]))
			ask(400, "POST", "/certificate/register", body)(s)
		},
		"api/RegistrationCodeValidationException": func(s *site) {
			authority, ca := s.ownAuthority()
			body := fmt.Sprintf(`{"caCertificate":%q,"verificationCertificate":%q}`, ca, pemOf(s.device(authority, "no code").Certificate[0]))
			ask(400, "POST", "/cacertificate", body)(s)
		},
		"api/LimitExceededException": func(s *site) {
			for i := range 10 {
				name := fmt.Sprint("/policies/p", i)
				s.must("POST", name, all)
				status, _ := s.do("PUT", strings.Replace(name, "policies", "target-policies", 1), fmt.Sprintf(`{"target":%q}`, arn(s)))
				if want := map[bool]int{true: 200, false: http.StatusGone}[i < 9]; status != want { // it has its own policy too
					s.Errorf("policy %d: %d, want %d", i, status, want)
				}
			}
		},
		"api/InvalidStateTransitionException": func(s *site) {
			s.must("PUT", "/jobs/j", `{"targets":["arn:aws:iot:us-east-1:000000000000:thing/t"],"document":"{}"}`)
			ask(409, "DELETE", "/jobs/j", "")(s)
		},
	}
}

func downloads() map[string]func(*site) {
	get := func(want int, change func(url string) string, header ...string) func(*site) {
		return func(s *site) {
			if w := s.fetch("GET", change(s.presigned("app.bin")), header...); w.Code != want {
				s.Errorf("%d %s, want %d", w.Code, w.Body, want)
			}
		}
	}
	same := func(url string) string { return url }
	replace := func(old, with string) func(string) string {
		return func(url string) string { return strings.Replace(url, old, with, 1) }
	}
	later := func(d time.Duration, want int) func(*site) {
		return func(s *site) {
			url := s.presigned("app.bin")
			s.clock.advance(d)
			if w := s.fetch("GET", url); w.Code != want {
				s.Errorf("%d %s, want %d", w.Code, w.Body, want)
			}
		}
	}
	return map[string]func(*site){
		"files/unsigned":     get(403, func(url string) string { url, _, _ = strings.Cut(url, "?"); return url }),
		"files/expired":      later(time.Hour, 403),
		"files/not-yet":      later(-time.Hour, 403),
		"files/key-id":       get(403, replace("AKIALAB", "AKIAOTHER")),
		"files/signature":    get(403, replace("app.bin", "other.bin")),
		"files/bucket":       get(404, replace("/firmware/", "/other/")),
		"files/key":          func(s *site) { s.fetch("GET", s.presigned("none")) },
		"files/method":       func(s *site) { s.fetch("PUT", s.presigned("app.bin")) },
		"files/precondition": get(412, same, "If-Match", `"other"`),
		"files/range":        get(416, same, "Range", "bytes=10-"),
		"files/parameters":   get(400, replace("X-Amz-Date=", "X-Amz-When=")),
	}
}
