package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/module"
	"github.com/cloudgen/cloudgen/runtime/mqtt/mqtttest"
)

// answering is a configuration in which the device hears every answer of the shadow service.
func answering() Config {
	config := shipped
	config.GetAccepted, config.UpdateAccepted, config.UpdateRejected, config.DeleteAccepted = true, true, true, true
	config.DesiredConfig = false // eight filters fit one SUBSCRIBE
	return config
}

// asked waits for a request on a topic and gives its token and the rest of its document.
func asked(t *testing.T, conn *mqtttest.Conn, topic string) (token string, document map[string]json.RawMessage) {
	t.Helper()
	p := conn.Publication()
	if p.TopicName != topic {
		t.Fatalf("publishes %s on %s, want %s", p.Payload, p.TopicName, topic)
	}
	if p.Qos == 1 {
		conn.Puback(p.MessageID)
	}
	if err := json.Unmarshal(p.Payload, &document); err != nil {
		t.Fatalf("%s: %v", p.Payload, err)
	}
	if raw, has := document["clientToken"]; has {
		if err := json.Unmarshal(raw, &token); err != nil || len(token) > 64 {
			t.Fatalf("token %s: %v", raw, err)
		}
		delete(document, "clientToken")
	}
	return token, document
}

var hour = data.Configuration{LocationTimeout: time.Hour}

// quiet is a time in which nothing happens, shorter than the keep-alive.
const quiet = 10 * time.Minute

const stateOfMinute = `{"desired":{"cfg":{"actwt":60}}}`

// TestTokens: each request has a token of its own; an answer with another client's is passed over, one with ours or with none is taken.
func TestTokens(t *testing.T) {
	inBubble(t, answering(), func(t *testing.T, d *device, service pipes) {
		conn := d.usable(service)
		seen := map[string]bool{}
		for _, c := range []struct {
			token string // of the answer; "own": the request's
			taken bool
		}{{"own", true}, {"", true}, {"other", false}, {d.requests.prefix, false}, {d.requests.prefix + "-x", false}, {d.requests.prefix + "-4294967296", false}, {"own", true}} {
			if err := d.RequestConfig(t.Context()); err != nil {
				t.Fatal(err)
			}
			token, rest := asked(t, conn, prefix+"get")
			if token == "" || seen[token] || len(rest) > 0 {
				t.Errorf("token %q, beside %v", token, rest)
			}
			seen[token] = true
			answer := c.token
			if answer == "own" {
				answer = token
			}
			conn.Publish(prefix+"get/accepted", 0, 0, fmt.Appendf(nil, `{"state":%s,"version":%d,"timestamp":1,"clientToken":%q}`, stateOfMinute, len(seen), answer))
			if c.taken {
				if got, is := d.received().(data.ConfigReceived); !is || *got.Change.ActiveWait != time.Minute {
					t.Errorf("answer with token %q: %+v", c.token, got)
				}
			} else {
				d.silent()
			}
		}
		// Rejections likewise: what other clients did wrong is not told.
		conn.Publish(prefix+"update/rejected", 0, 0, []byte(`{"code":400,"message":"m","clientToken":"other"}`))
		conn.Publish(prefix+"get/rejected", 0, 0, []byte(`{"code":404,"message":"m","clientToken":"other"}`))
		d.silent()
		conn.Close()
	})
}

// TestNoAnswer: a request for the shadow is made once more, and then it is told that nobody answers. The connection stands.
func TestNoAnswer(t *testing.T) {
	inBubble(t, shipped, func(t *testing.T, d *device, service pipes) {
		conn := d.usable(service)
		if err := d.RequestConfig(t.Context()); err != nil {
			t.Fatal(err)
		}
		first, _ := asked(t, conn, prefix+"get")
		pass(answerTimeout - time.Second)
		d.silent()
		pass(time.Second)
		second, _ := asked(t, conn, prefix+"get")
		if first == second {
			t.Error("the second request has the token of the first")
		}
		pass(answerTimeout)
		d.wantRejected(prefix+"get", "get was asked for 2 times and 30s passed since; has the account the rule")
		pass(quiet)
		d.silent()
		// An answer that comes after all is taken: it says what is so.
		conn.Publish(prefix+"get/accepted/desired/cfg", 0, 0, []byte(`{"cfg":{"actwt":60},"clientToken":"`+first+`"}`))
		if got := d.received(); fmt.Sprint(got) == "" || got.(data.ConfigReceived).Change.ActiveWait == nil {
			t.Errorf("late answer: %+v", got)
		}
		conn.Close()
	})
}

// TestAnswerByRule: what the account's rule republishes answers the request, with the token or without.
func TestAnswerByRule(t *testing.T) {
	for _, withToken := range []bool{true, false} {
		inBubble(t, shipped, func(t *testing.T, d *device, service pipes) {
			conn := d.usable(service)
			if err := d.RequestConfig(t.Context()); err != nil {
				t.Fatal(err)
			}
			token, _ := asked(t, conn, prefix+"get")
			answer := `{"cfg":{"actwt":60}}`
			if withToken {
				answer = `{"cfg":{"actwt":60},"version":7,"timestamp":1,"clientToken":"` + token + `"}`
			}
			conn.Publish(prefix+"get/accepted/desired/cfg", 0, 0, []byte(answer))
			if got, is := d.received().(data.ConfigReceived); !is {
				t.Errorf("says %+v", got)
			}
			pass(quiet)
			d.silent()
			conn.Close()
		})
	}
}

// TestBusyService: 429 and 500 are tried again after pauses that double, three times in all; whatever else is refused is told at once.
func TestBusyService(t *testing.T) {
	for _, code := range []int{codeThrottled, codeInternal} {
		inBubble(t, answering(), func(t *testing.T, d *device, service pipes) {
			conn := d.usable(service)
			if err := d.RequestConfig(t.Context()); err != nil {
				t.Fatal(err)
			}
			reject := func(token string) {
				t.Helper()
				conn.Publish(prefix+"get/rejected", 0, 0, fmt.Appendf(nil, `{"code":%d,"message":"m","clientToken":%q}`, code, token))
				synctest.Wait()
			}
			token, _ := asked(t, conn, prefix+"get")
			for _, pause := range []time.Duration{firstPause, 2 * firstPause} {
				reject(token)
				began := time.Now()
				token, _ = asked(t, conn, prefix+"get")
				if waited := time.Since(began); waited != pause {
					t.Errorf("asks again after %v, want %v", waited, pause)
				}
			}
			reject(token)
			d.received() // the last one
			pass(quiet)
			d.silent()
			conn.Close()
		})
	}
	inBubble(t, answering(), func(t *testing.T, d *device, service pipes) {
		conn := d.usable(service)
		for _, code := range []int{400, 401, 403, 413, 415, 999} {
			if err := d.RequestConfig(t.Context()); err != nil {
				t.Fatal(err)
			}
			token, _ := asked(t, conn, prefix+"get")
			conn.Publish(prefix+"get/rejected", 0, 0, fmt.Appendf(nil, `{"code":%d,"message":"m","clientToken":%q}`, code, token))
			if got, is := d.received().(data.InputRejected); !is || !strings.Contains(got.Err.Error(), strconv.Itoa(code)+", "+meaning(code)) {
				t.Errorf("%d: %+v", code, got)
			}
			pass(quiet)
			d.silent()
		}
		conn.Close()
	})
}

// TestVersionConflict: a report of the configuration that is refused for its version is made once more, with the version that the service
// tells; the second conflict is told.
func TestVersionConflict(t *testing.T) {
	config := answering()
	config.VersionedReports = true
	inBubble(t, config, func(t *testing.T, d *device, service pipes) {
		conn := d.usable(service)
		conn.Publish(prefix+"get/accepted", 0, 0, []byte(`{"state":`+stateOfMinute+`,"version":7,"timestamp":1}`))
		d.received()
		for round, secondCode := range []int{0, codeConflict, codeNotFound} {
			if err := d.ReportConfig(t.Context(), hour, module.Delivery{ID: 9, Acknowledged: true}); err != nil {
				t.Fatal(err)
			}
			token, document := asked(t, conn, prefix+"update")
			want := []string{"7", "8", "9"}[round]
			if string(document["version"]) != want || !strings.Contains(string(document["state"]), `"loct":3600`) {
				t.Errorf("reports %s, want version %s", document, want)
			}
			if got := d.received(); got != (data.Acknowledged{ID: 9}) {
				t.Errorf("says %+v", got)
			}
			conn.Publish(prefix+"update/rejected", 0, 0, fmt.Appendf(nil, `{"code":409,"message":"Version conflict","timestamp":1,"clientToken":%q}`, token))
			get, _ := asked(t, conn, prefix+"get")
			conn.Publish(prefix+"get/accepted", 0, 0, fmt.Appendf(nil, `{"state":%s,"version":%d,"timestamp":%d,"clientToken":%q}`, stateOfMinute, 8+round, 2+round, get))
			if got, is := d.received().(data.ConfigReceived); !is {
				t.Errorf("says %+v", got)
			}
			again, document := asked(t, conn, prefix+"update")
			if again == token || string(document["version"]) != strconv.Itoa(8+round) || !strings.Contains(string(document["state"]), `"loct":3600`) {
				t.Errorf("reports again with token %q: %s", again, document)
			}
			if secondCode == 0 {
				conn.Publish(prefix+"update/accepted", 0, 0, fmt.Appendf(nil, `{"state":{"reported":{}},"version":8,"timestamp":3,"clientToken":%q}`, again))
			} else {
				conn.Publish(prefix+"update/rejected", 0, 0, fmt.Appendf(nil, `{"code":%d,"message":"m","clientToken":%q}`, secondCode, again))
				if got, is := d.received().(data.InputRejected); !is || !strings.Contains(got.Err.Error(), meaning(secondCode)) {
					t.Errorf("says %+v", got)
				}
			}
			pass(quiet)
			d.silent()
		}
		conn.Close()
	})
}

// TestVersionUnknown: the version cannot be learned, as nobody answers.
func TestVersionUnknown(t *testing.T) {
	config := answering()
	config.VersionedReports = true
	inBubble(t, config, func(t *testing.T, d *device, service pipes) {
		conn := d.usable(service)
		if err := d.ReportConfig(t.Context(), hour, module.Delivery{}); err != nil {
			t.Fatal(err)
		}
		token, document := asked(t, conn, prefix+"update")
		if _, has := document["version"]; has {
			t.Errorf("a version nobody told: %s", document)
		}
		conn.Publish(prefix+"update/rejected", 0, 0, fmt.Appendf(nil, `{"code":409,"clientToken":%q}`, token))
		asked(t, conn, prefix+"get")
		pass(answerTimeout)
		asked(t, conn, prefix+"get")
		pass(answerTimeout)
		got, is := d.received().(data.InputRejected)
		if !is || !strings.Contains(got.Err.Error(), "could not be learned") || !strings.Contains(got.Err.Error(), "get was asked for 2 times") {
			t.Errorf("says %+v", got)
		}
		pass(quiet)
		d.silent()
		conn.Close()
	})
}

// TestReportWithoutAnswer: a report of the configuration is made once more, one of samples is not.
func TestReportWithoutAnswer(t *testing.T) {
	inBubble(t, answering(), func(t *testing.T, d *device, service pipes) {
		conn := d.usable(service)
		if err := d.Report(t.Context(), data.Update{Battery: &data.Battery{Percent: 1}}, module.Delivery{}); err != nil {
			t.Fatal(err)
		}
		asked(t, conn, prefix+"update")
		if err := d.ReportConfig(t.Context(), hour, module.Delivery{}); err != nil {
			t.Fatal(err)
		}
		asked(t, conn, prefix+"update")
		pass(answerTimeout)
		if _, document := asked(t, conn, prefix+"update"); !strings.Contains(string(document["state"]), "cfg") {
			t.Errorf("made again: %s", document)
		}
		pass(answerTimeout)
		d.wantRejected(prefix+"get", "update was asked for 2 times")
		conn.Close()
	})
}

// TestLossWithRequests: what waits for its answer is forgotten with the connection, and no timer outlives it.
func TestLossWithRequests(t *testing.T) {
	inBubble(t, answering(), func(t *testing.T, d *device, service pipes) {
		conn := d.usable(service)
		if err := d.RequestConfig(t.Context()); err != nil {
			t.Fatal(err)
		}
		asked(t, conn, prefix+"get")
		conn.Close()
		pass(quiet)
		d.silent()
		if next := d.requests.next(); !next.IsZero() {
			t.Errorf("still waits until %v", next)
		}
		if err := d.RequestConfig(t.Context()); err == nil || !d.requests.next().IsZero() {
			t.Errorf("without a connection: %v, and waits until %v", err, d.requests.next())
		}
	})
}

// TestNamedShadow: all topics are those of the named shadow.
func TestNamedShadow(t *testing.T) {
	config := answering()
	config.ShadowName = "tracker"
	const prefix = "$aws/things/" + thing + "/shadow/name/tracker/"
	inBubble(t, config, func(t *testing.T, d *device, service pipes) {
		done := d.connect()
		conn := mqtttest.NewConn(t, <-service)
		conn.Connect()
		conn.Connack(0, false)
		topics := conn.Grant()
		for _, topic := range []string{"get/accepted", "get/rejected", "update/accepted", "update/rejected", "update/delta", "delete/accepted"} {
			if topics[prefix+topic] != 1 {
				t.Errorf("subscribes to %v, not to %s", topics, topic)
			}
		}
		if got := <-done; got.err != nil {
			t.Fatal(got.err)
		}
		if err := d.RequestConfig(t.Context()); err != nil {
			t.Fatal(err)
		}
		token, _ := asked(t, conn, prefix+"get")
		conn.Publish(prefix+"get/rejected", 0, 0, fmt.Appendf(nil, `{"code":404,"message":"No shadow exists with name: '%s~tracker'","clientToken":%q}`, thing, token))
		if got := d.received(); got != (data.ConfigEmpty{}) {
			t.Errorf("says %+v", got)
		}
		if err := d.ReportConfig(t.Context(), hour, module.Delivery{}); err != nil {
			t.Fatal(err)
		}
		asked(t, conn, prefix+"update")
		conn.Publish(prefix+"update/delta", 0, 0, []byte(`{"state":{"cfg":{"actwt":60}},"version":1,"timestamp":1}`))
		if got, is := d.received().(data.ConfigReceived); !is {
			t.Errorf("says %+v", got)
		}
		if err := d.Send(t.Context(), cloud.Message{Endpoint: cloud.Endpoint{Type: cloud.EndpointStateDelete}}); err != nil {
			t.Fatal(err)
		}
		if p := conn.Publication(); p.TopicName != prefix+"delete" || len(p.Payload) != 0 {
			t.Errorf("publishes %v", p)
		}
		conn.Close()
	})
}

// TestVersions: which documents are news. The rows follow each other.
func TestVersions(t *testing.T) {
	inBubble(t, answering(), func(t *testing.T, d *device, service pipes) {
		conn := d.usable(service)
		for i, c := range []struct {
			topic, document string
			news            bool
		}{
			{"update/delta", `{"version":5,"timestamp":50,"state":{"cfg":{"actwt":60}}}`, true},
			{"update/delta", `{"version":5,"timestamp":50,"state":{"cfg":{"actwt":60}}}`, false},                // again
			{"get/accepted", `{"version":5,"timestamp":51,"state":{"desired":{"cfg":{"actwt":60}}}}`, true},     // was asked for
			{"get/accepted", `{"version":4,"timestamp":40,"state":{"desired":{"cfg":{"actwt":60}}}}`, false},    // overtaken by the delta
			{"update/accepted", `{"version":6,"timestamp":60,"state":{"desired":{"cfg":{"actwt":60}}}}`, false}, // no document to act upon
			{"update/delta", `{"version":6,"timestamp":60,"state":{"cfg":{"actwt":60}}}`, true},                 // of the same update
			{"update/delta", `{"version":7,"timestamp":70,"state":{"cfg":{"actwt":60}}`, false},                 // cut off
			{"update/delta", `{"version":7,"timestamp":70,"state":{"cfg":{"actwt":60}}}`, true},                 // and whole
			{"delete/accepted", `{"version":7,"timestamp":71}`, false},
			{"update/delta", `{"version":2,"timestamp":72,"state":{"cfg":{"actwt":60}}}`, true}, // of a new shadow
			{"update/delta", `{"version":1,"timestamp":71,"state":{"cfg":{"actwt":60}}}`, false},
			{"update/delta", `{"state":{"cfg":{"actwt":60}}}`, true},
		} {
			conn.Publish(prefix+c.topic, 0, 0, []byte(c.document))
			synctest.Wait()
			d.mu.Lock()
			news := slices.ContainsFunc(d.reported, func(what any) bool { _, is := what.(data.ConfigReceived); return is })
			d.reported = nil
			d.mu.Unlock()
			if news != c.news {
				t.Errorf("row %d, %s: news is %v", i, c.document, news)
			}
		}
		conn.Close()
	})
}

// TestDocumentsTellTheVersion: update/documents tells the version that the next report is for.
func TestDocumentsTellTheVersion(t *testing.T) {
	config := answering()
	config.VersionedReports, config.UpdateDocuments, config.DeleteAccepted = true, true, false
	inBubble(t, config, func(t *testing.T, d *device, service pipes) {
		conn := d.usable(service)
		conn.Publish(prefix+"update/documents", 0, 0,
			[]byte(`{"previous":{"state":{},"metadata":{},"version":41},"current":{"state":{},"metadata":{},"version":42},"timestamp":1}`))
		d.silent()
		if err := d.ReportConfig(t.Context(), hour, module.Delivery{}); err != nil {
			t.Fatal(err)
		}
		if _, document := asked(t, conn, prefix+"update"); string(document["version"]) != "42" {
			t.Errorf("reports %s", document)
		}
		conn.Close()
	})
}

// TestManyRequests: more requests than are followed go without token, and their answers do no harm.
func TestManyRequests(t *testing.T) {
	inBubble(t, answering(), func(t *testing.T, d *device, service pipes) {
		conn := d.usable(service)
		tokens := 0
		for i := range maxRequests + 3 {
			if err := d.Report(t.Context(), data.Update{Battery: &data.Battery{Percent: i}}, module.Delivery{}); err != nil {
				t.Fatal(err)
			}
			if token, _ := asked(t, conn, prefix+"update"); token != "" {
				tokens++
			}
		}
		if tokens != maxRequests {
			t.Errorf("%d of the requests have a token", tokens)
		}
		conn.Publish(prefix+"update/rejected", 0, 0, []byte(`{"code":429,"message":"slow down"}`))
		d.received()
		pass(answerTimeout)
		d.silent()
		if next := d.requests.next(); !next.IsZero() {
			t.Errorf("still waits until %v", next)
		}
		conn.Close()
	})
}

// TestDocuments holds what the device publishes on the shadow's topics against golden files.
func TestDocuments(t *testing.T) {
	config := answering()
	config.VersionedReports = true
	inBubble(t, config, func(t *testing.T, d *device, service pipes) {
		conn := d.usable(service)
		for _, c := range []struct {
			name string
			send func(context.Context) error
		}{
			{"get", d.RequestConfig},
			{"update", func(ctx context.Context) error {
				return d.Report(ctx, data.Update{Battery: &data.Battery{Percent: 87, Taken: taken}}, module.Delivery{})
			}},
			{"configuration", func(ctx context.Context) error { return d.ReportConfig(ctx, hour, module.Delivery{}) }},
			{"configuration-versioned", func(ctx context.Context) error {
				d.noteVersion(envelope{Version: pointer(int64(41))})
				return d.ReportConfig(ctx, hour, module.Delivery{})
			}},
		} {
			if err := c.send(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(string(conn.Publication().Payload), d.requests.prefix, "PREFIX") + "\n"
			path := filepath.Join("testdata", c.name+".json")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s:\n got %s want %s", c.name, got, want)
			}
		}
		conn.Close()
	})
}
