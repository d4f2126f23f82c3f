package api

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
	"github.com/cloudgen/cloudgen/lab/packetnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scene is a server with one client behind the interface.
type scene struct {
	t      *testing.T
	server *lwm2m.Server
	web    *httptest.Server
	client *coap.Session

	mu     sync.Mutex
	answer func(*coap.Message) coap.Response
	last   *coap.Message
}

func newScene(t *testing.T) *scene {
	t.Helper()
	network := &packetnet.Network{}
	socket, err := network.Listen("server:5683")
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{t: t}
	if s.server, err = lwm2m.Start(lwm2m.Config{Plain: socket}); err != nil {
		t.Fatal(err)
	}
	s.web = httptest.NewServer(Handler(s.server))
	conn, err := network.Dial("server:5683")
	if err != nil {
		t.Fatal(err)
	}
	s.client, err = coap.NewSession(coap.Config{}, coap.Hooks{
		Send: func(b []byte) error {
			_, err := conn.Write(b)
			return err
		},
		Serve: func(m *coap.Message) coap.Response {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.last = m
			return s.answer(m)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() { read := make([]byte, 4096); receive(conn, read, s.client) })
	t.Cleanup(func() {
		s.client.Close()
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		reading.Wait()
		s.web.CloseClientConnections()
		s.web.Close()
		if err := s.server.Close(); err != nil {
			t.Error(err)
		}
	})
	register := coap.Message{Code: coap.Post, Payload: []byte("</1/0>,</3/0>,</5/0>")}
	register.SetPath("/rd")
	register.AddUint(coap.ContentFormat, 40)
	register.AddString(coap.URIQuery, "ep=urn:dev:1", "lwm2m=1.1")
	if answer, err := s.client.Do(t.Context(), register, coap.Options{}); err != nil || answer.Code != coap.Created {
		t.Fatalf("%+v, %v", answer, err)
	}
	return s
}

func receive(conn net.Conn, b []byte, session *coap.Session) {
	for {
		n, err := conn.Read(b)
		if err != nil {
			return
		}
		session.Receive(b[:n])
	}
}

func reply(code coap.Code, f format.Format, payload string, more ...coap.Option) func(*coap.Message) coap.Response {
	return func(*coap.Message) coap.Response {
		r := coap.Response{Message: coap.Message{Code: code, Payload: []byte(payload), Options: more}}
		if code == coap.Content {
			r.AddUint(coap.ContentFormat, uint32(f))
		}
		return r
	}
}

func (s *scene) do(method, path, body string) (int, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.web.URL+"/api/"+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := s.web.Client().Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(string(text))
}

func TestOperations(t *testing.T) {
	s := newScene(t)
	observe := coap.Option{ID: coap.Observe, Value: []byte{5}}
	tests := []struct {
		operation, body string
		answer          func(*coap.Message) coap.Response
		sent            string // code, path, payload of the request
		status          int
		want            string // in the answer
	}{
		{"read", `{"path":"/3/0/9","accept":"text"}`, reply(coap.Content, format.Text, "80"), "GET /3/0/9 ", 200, `"items":[{"path":"/3/0/9","value":80}]`},
		{"read", `{"path":"/3/0/9"}`, reply(coap.Content, format.Text, "x"), "GET /3/0/9 ", 200, `"error":"Read /3/0/9`},
		{"read", `{"path":"/3/0/4"}`, reply(coap.MethodNotAllowed, 0, ""), "GET /3/0/4 ", 502, `"code":"4.05","rule":"the resource cannot be read"`},
		{"read-composite", `{"paths":["/3/0/9"],"format":"senml-json"}`, reply(coap.Content, format.SenMLJSON, `[{"n":"/3/0/9","v":80}]`), `FETCH / [{"n":"/3/0/9"}]`, 200, `"value":80`},
		{"discover", `{"path":"/3"}`, reply(coap.Content, format.LinkFormat, `</3>;pmin=1`), "GET /3 ", 200, `[{"target":"/3","attributes":[{"name":"pmin","value":"1"}]}]`},
		{"write", `{"path":"/1/0/1","format":"text","value":60}`, reply(coap.Changed, 0, ""), "PUT /1/0/1 60", 204, ""},
		{"write", `{"path":"/3303/0/5700","format":"tlv","value":2}`, reply(coap.Changed, 0, ""), "PUT /3303/0/5700 \xe4\x16\x44\x40\x00\x00\x00", 204, ""},
		{"write", `{"path":"/5/0/0","format":"opaque","payload":"AQI="}`, reply(coap.Changed, 0, ""), "PUT /5/0/0 \x01\x02", 204, ""},
		{"write-partial", `{"path":"/1/0","items":[{"path":"/1/0/1","value":60}]}`, reply(coap.Changed, 0, ""), "POST /1/0 \xc1\x01\x3c", 204, ""},
		{"write-composite", `{"format":"senml-json","items":[{"path":"/1/0/6","value":true}]}`, reply(coap.Changed, 0, ""), `iPATCH / [{"n":"/1/0/6","vb":true}]`, 204, ""},
		{"write-attributes", `{"path":"/3/0/9","attributes":["pmin=1","gt"]}`, reply(coap.Changed, 0, ""), "PUT /3/0/9 ", 204, ""},
		{"execute", `{"path":"/3/0/4","arguments":"0='x'"}`, reply(coap.Changed, 0, ""), "POST /3/0/4 0='x'", 204, ""},
		{"create", `{"path":"/16","items":[{"path":"/16/65535/0/0","value":"a"}]}`, reply(coap.Created, 0, "", coap.Option{ID: coap.LocationPath, Value: []byte("16")}, coap.Option{ID: coap.LocationPath, Value: []byte("7")}), "POST /16 \x83\x00\x41\x00a", 200, `{"path":"/16/7"}`},
		{"delete", `{"path":"/16/7"}`, reply(coap.Deleted, 0, ""), "DELETE /16/7 ", 204, ""},
		{"observe", `{"path":"/3/0/9"}`, reply(coap.Content, format.Text, "80", observe), "GET /3/0/9 ", 200, `"id":"`},
		{"observe-composite", `{"paths":["/3/0/9"]}`, reply(coap.Content, format.SenMLCBOR, "\x80", observe), "FETCH / \x81\xa1\x00\x66/3/0/9", 200, `"path":"/"`},
		{"cancel", `{"id":"none"}`, nil, "", 400, "no observation"},
		{"nonsense", `{"value":1}`, nil, "", 400, "no operation"}, {"read", `{"path":"x"}`, nil, "", 400, "does not begin with /"},
		{"read", `{"pth":"/3"}`, nil, "", 400, "unknown field"}, {"write", `{"path":"/3"}`, nil, "", 400, "no value"}, {"read", `{"path":"/3","accept":"x"}`, nil, "", 400, "no content format"},
		{"forget-session", ``, nil, "", 502, "no DTLS"},
		{"forget", ``, nil, "", 204, ""}, {"read", `{"path":"/3"}`, nil, "", 409, "not registered"},
	}
	for _, test := range tests {
		s.mu.Lock()
		s.answer, s.last = test.answer, nil
		s.mu.Unlock()
		status, got := s.do("POST", "devices/urn:dev:1/"+test.operation, test.body)
		sent := ""
		if s.last != nil {
			sent = fmt.Sprintf("%v %s %s", s.last.Code, s.last.Path(), s.last.Payload)
		}
		if status != test.status || !strings.Contains(got, test.want) || sent != test.sent {
			t.Errorf("%s %s: sent %q, answered %d %s; want %q, %d %s", test.operation, test.body, sent, status, got, test.sent, test.status, test.want)
		}
		if test.operation == "observe-composite" {
			if status, got := s.do("GET", "devices/urn:dev:1/observations", ""); status != 200 || strings.Count(got, `"id"`) != 2 {
				t.Errorf("observations: %d %s", status, got)
			}
		}
	}
	if status, got := s.do("POST", "devices/nobody/read", "{}"); status != 404 {
		t.Errorf("nobody: %d %s", status, got)
	}
}

func TestResources(t *testing.T) {
	s := newScene(t)
	s.answer = reply(coap.Changed, 0, "")
	steps := []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "devices", "", 200, `[{"endpoint":"urn:dev:1","location":"/rd/`}, {"GET", "devices/urn:dev:1", "", 200, `"lifetime":86400`}, {"GET", "devices/urn:dev:1/sent", "", 200, "[]"},
		{"PUT", "credentials/id", `{"endpoint":"ep","key":"00ff"}`, 204, ""}, {"GET", "credentials", "", 200, `[{"endpoint":"ep","identity":"id"}]`},
		{"PUT", "credentials/id", `{"key":"secret"}`, 400, "hex"}, {"DELETE", "credentials/id", "", 204, ""}, {"GET", "credentials", "", 200, "[]"},
		{"GET", "bootstrap/ep", "", 404, "no bootstrap plan"}, {"PUT", "bootstrap/ep", `{}`, 400, "accounts or steps"},
		{"PUT", "bootstrap/ep", `{"accounts":[{"uri":"coap://h","shortServerID":1,"key":"00ff"}]}`, 204, ""}, {"GET", "bootstrap/ep", "", 200, `{"accounts":[{"uri":"coap://h","shortServerID":1,"storeNotifications":false}]}`},
		{"DELETE", "bootstrap/ep", "", 204, ""},
		{"PUT", "images/a.bin", "content", 200, `{"urls":["coap://server:5683/images/a.bin"]}`}, {"GET", "images", "", 200, `["a.bin"]`}, {"DELETE", "images/a.bin", "", 204, ""},
		{"GET", "definitions", "", 200, `"name":"Device"`},
		{"POST", "faults", `{"refuseCode":"4.03","refuseCount":1,"answerDelay":0,"dropToClients":1,"stopDropping":true}`, 204, ""}, {"POST", "faults", `{"refuseCode":"2.04"}`, 400, "no code of an error"},
		{"POST", "faults", `{"answerDelay":-1}`, 400, "seconds"}, {"POST", "faults", `{"stopDropping":true}`, 204, ""},
		{"POST", "devices/urn:dev:1/push", strings.Repeat("x", 3000), 200, `{"done":true}`}, {"POST", "devices/urn:dev:1/read?timeout=x", "{}", 400, "timeout=x"},
		{"POST", "devices/nobody/push", "x", 404, "nobody"},
	}
	for _, step := range steps {
		if status, got := s.do(step.method, step.path, step.body); status != step.status || !strings.Contains(got, step.want) || strings.Contains(got, "00ff") || strings.Contains(got, "secret") {
			t.Errorf("%s %s: %d %s; want %d %s", step.method, step.path, status, got, step.status, step.want)
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.web.URL+"/api/devices", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []struct{ origin, host string }{{"http://elsewhere.example", ""}, {"http://rebound.example", "rebound.example"}, {":", ""}} {
		request.Header.Set("Origin", other.origin)
		request.Host = other.host
		response, err := s.web.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusForbidden {
			t.Errorf("a page of %s: %s, %v", other.origin, response.Status, err)
		}
	}
}

func TestEvents(t *testing.T) {
	s := newScene(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.web.URL+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := s.web.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	s.answer = reply(coap.Content, format.Text, "80")
	if status, _ := s.do("POST", "devices/urn:dev:1/read", `{"path":"/3/0/9"}`); status != 200 {
		t.Errorf("%d", status)
	}
	lines := bufio.NewScanner(response.Body)
	var got []string
	for len(got) < 2 && lines.Scan() {
		got = append(got, lines.Text())
	}
	var event lwm2m.Event
	if len(got) != 2 || got[0] != "event: requested" || json.Unmarshal([]byte(strings.TrimPrefix(got[1], "data: ")), &event) != nil || event.Path != "/3/0/9" || event.Code != "2.05" {
		t.Errorf("%q", got)
	}
}
