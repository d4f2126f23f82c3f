package api_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/lab/aws"
	"github.com/cloudgen/cloudgen/lab/aws/api"
	"github.com/cloudgen/cloudgen/lab/aws/files"
	"github.com/cloudgen/cloudgen/lab/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// scene is a cloud behind the control interface.
type scene struct {
	*testing.T
	cloud *aws.Cloud
	web   *httptest.Server
}

func newScene(t *testing.T) *scene {
	t.Helper()
	authority, err := pki.Open(t.TempDir(), time.Now())
	check(t, err)
	server, err := authority.Server(nil, time.Now())
	check(t, err)
	stream := api.NewStream()
	s := &scene{T: t}
	s.cloud, err = aws.Start(aws.Config{Listen: "localhost:0", Certificate: server, Observe: stream.Event})
	check(t, err)
	host, err := files.Open(files.Config{Dir: t.TempDir(), Secret: []byte("s"), Now: s.cloud.Clock().Now})
	check(t, err)
	s.web = httptest.NewServer(api.Control(api.Config{
		Cloud: s.cloud, Files: host, FileHost: "https://files.example", Stream: stream, Authority: authority,
		Endpoints: api.Endpoints{Data: "data.example:443", Jobs: "jobs.example:443"},
	}))
	t.Cleanup(func() {
		s.web.CloseClientConnections()
		s.web.Close()
		check(t, s.cloud.Close())
		check(t, host.Close())
	})
	return s
}

func (s *scene) do(method, path, body string, header ...string) (int, string) {
	s.Helper()
	request, err := http.NewRequestWithContext(s.Context(), method, s.web.URL+path, strings.NewReader(body))
	check(s.T, err)
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := s.web.Client().Do(request)
	check(s.T, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	check(s.T, err)
	if response.StatusCode >= 300 && response.Header.Get("X-Amzn-Errortype") != "" {
		return response.StatusCode, response.Header.Get("X-Amzn-Errortype") + " " + string(text)
	}
	return response.StatusCode, strings.TrimSpace(string(text))
}

// get decodes an answer that has to be a success.
func (s *scene) get(into any, method, path, body string, header ...string) {
	s.Helper()
	status, text := s.do(method, path, body, header...)
	if status != http.StatusOK {
		s.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	check(s.T, json.Unmarshal([]byte(text), into))
}

const arn = "arn:aws:iot:us-east-1:000000000000:"

// A device's identity is made as the SDK's samples make it: keys, policy, thing, and what is attached to what.
func TestIdentity(t *testing.T) {
	s := newScene(t)
	var made struct {
		CertificateArn, CertificateID, CertificatePem string
		KeyPair                                       struct{ PublicKey, PrivateKey string }
	}
	s.get(&made, "POST", "/keys-and-certificate?setAsActive=true", "")
	if _, err := tls.X509KeyPair([]byte(made.CertificatePem), []byte(made.KeyPair.PrivateKey)); err != nil || made.CertificateArn != arn+"cert/"+made.CertificateID {
		t.Errorf("%+v: %v", made, err)
	}
	steps := []struct {
		method, path, body string
		header             []string
		status             int
		want               string
	}{
		{"POST", "/things/lamp", `{"attributePayload":{"attributes":{"room":"1"}}}`, nil, 200, `"thingArn":"` + arn + `thing/lamp"`},
		{"POST", "/things/lamp", `{"attributePayload":{"attributes":{"room":"1"}}}`, nil, 200, `"thingName":"lamp"`},
		{"PATCH", "/things/lamp", `{"attributePayload":{"attributes":{"floor":"2"},"merge":true}}`, nil, 200, `{}`},
		{"GET", "/things/lamp", "", nil, 200, `"attributes":{"floor":"2","room":"1"},"version":2`},
		{"GET", "/things?maxResults=1", "", nil, 200, `"things":[{"thingName":"lamp"`},
		{"POST", "/policies/p", `{"policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"iot:Connect\",\"Resource\":\"*\"}]}"}`, nil, 200, `"policyVersionId":"1"`},
		{"GET", "/policies/p", "", nil, 200, `"defaultVersionId":"1"`},
		{"PUT", "/target-policies/p", `{"target":"` + made.CertificateArn + `"}`, nil, 200, `{}`},
		{"POST", "/attached-policies/" + url.PathEscape(made.CertificateArn), "", nil, 200, `"policyName":"p"`},
		{"POST", "/policy-targets/p", "", nil, 200, made.CertificateArn},
		{"PUT", "/things/lamp/principals", "", []string{"x-amzn-principal", made.CertificateArn}, 200, `{}`},
		{"GET", "/things/lamp/principals", "", nil, 200, made.CertificateArn},
		{"GET", "/principals/things", "", []string{"x-amzn-principal", made.CertificateArn}, 200, `{"things":["lamp"]}`},
		{"DELETE", "/things/lamp", "", nil, 200, ""},
		{"GET", "/certificates", "", nil, 200, `"status":"ACTIVE"`},
		{"GET", "/certificates/" + made.CertificateID, "", nil, 200, `"certificateDescription"`},
		{"PUT", "/certificates/" + made.CertificateID + "?newStatus=INACTIVE", "", nil, 200, `{}`},
		{"POST", "/target-policies/p", `{"target":"` + made.CertificateArn + `"}`, nil, 200, `{}`},
		{"GET", "/endpoint?endpointType=iot:Data-ATS", "", nil, 200, `{"endpointAddress":"data.example:443"}`},
		{"GET", "/endpoint?endpointType=iot:Jobs", "", nil, 200, `{"endpointAddress":"jobs.example:443"}`},
		{"GET", "/endpoint?endpointType=x", "", nil, 400, `InvalidRequestException`},
		{"GET", "/registrationcode", "", nil, 200, `"registrationCode":"`},
		{"GET", "/nothing", "", nil, 404, `UnknownOperationException`},
		{"POST", "/things/lamp", `{`, nil, 400, `SerializationException`},
		{"GET", "/certificates?pageSize=x", "", nil, 400, `InvalidRequestException`},
	}
	for _, step := range steps {
		if step.method == "DELETE" {
			if status, text := s.do("DELETE", step.path, ""); status != 200 && !strings.Contains(text, "DeleteConflict") && !strings.Contains(text, "InvalidRequest") {
				t.Errorf("DELETE %s: %d %s", step.path, status, text)
			}
			continue
		}
		if status, text := s.do(step.method, step.path, step.body, step.header...); status != step.status || !strings.Contains(text, step.want) {
			t.Errorf("%s %s: %d %s; want %d %s", step.method, step.path, status, text, step.status, step.want)
		}
	}
}

// A certificate for a key that the device made itself.
func TestSigningRequest(t *testing.T) {
	s := newScene(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	raw, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	check(t, err)
	csr := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: raw}))
	var made struct{ CertificatePem string }
	s.get(&made, "POST", "/certificates?setAsActive=true", fmt.Sprintf(`{"certificateSigningRequest":%q}`, csr))
	block, _ := pem.Decode([]byte(made.CertificatePem))
	certificate, err := x509.ParseCertificate(block.Bytes)
	check(t, err)
	if !key.PublicKey.Equal(certificate.PublicKey) {
		t.Error("the certificate is for another key")
	}
	if status, text := s.do("POST", "/certificates", `{"certificateSigningRequest":"x"}`); status != 400 {
		t.Errorf("%d %s", status, text)
	}
}

// Shadows, messages and jobs; the jobs data plane for requests that are signed for it.
func TestDataAndJobs(t *testing.T) {
	s := newScene(t)
	device := []string{"Authorization", "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/iot-jobs-data/aws4_request, SignedHeaders=host, Signature=x"}
	steps := []struct {
		method, path, body string
		header             []string
		status             int
		want               string
	}{
		{"POST", "/things/t", "{}", nil, 200, ""},
		{"GET", "/things/t/shadow", "", nil, 404, `ResourceNotFoundException {"message":"No shadow exists with name: 't'"}`},
		{"POST", "/things/t/shadow", `{"state":{"desired":{"a":1}}}`, nil, 200, `"version":1`},
		{"POST", "/things/t/shadow", `{"state":{"desired":{"a":1}},"version":9}`, nil, 409, `ConflictException`},
		{"POST", "/things/t/shadow?name=n", `{"state":{"reported":{"b":2}}}`, nil, 200, `"version":1`},
		{"GET", "/things/t/shadow", "", nil, 200, `"delta":{"a":1}`},
		{"GET", "/api/things/shadow/ListNamedShadowsForThing/t", "", nil, 200, `"results":["n"]`},
		{"DELETE", "/things/t/shadow?name=n", "", nil, 200, `"version":1`},
		{"GET", "/things/unknown/shadow", "", nil, 404, `ResourceNotFoundException`},
		{"POST", "/topics/a%2Fb?qos=1&retain=true", `{"x":1}`, nil, 200, `"message":"OK"`},
		{"GET", "/retainedMessage/a%2Fb", "", nil, 200, `"payload":"eyJ4IjoxfQ=="`},
		{"GET", "/retainedMessage", "", nil, 200, `"retainedTopics":[{"topic":"a/b","payloadSize":7`},

		{"PUT", "/jobs/j", `{"targets":["` + arn + `thing/t"],"document":"{\"v\":1}"}`, nil, 200, `"jobArn":"` + arn + `job/j"`},
		{"GET", "/jobs/j", "", nil, 200, `"status":"IN_PROGRESS"`},
		{"GET", "/jobs/j/job-document", "", nil, 200, `{"document":"{\"v\":1}"}`},
		{"GET", "/jobs?status=IN_PROGRESS", "", nil, 200, `"jobId":"j"`},
		{"GET", "/jobs/j/things", "", nil, 200, `"status":"QUEUED"`},
		{"GET", "/things/t/jobs", "", nil, 200, `"executionSummaries":[{"jobId":"j"`},
		{"GET", "/things/t/jobs", "", device, 200, `"queuedJobs":[{"jobId":"j"`},
		{"PUT", "/things/t/jobs/$next", "{}", device, 200, `"jobDocument":"{\"v\":1}"`},
		{"GET", "/things/t/jobs/j", "", device, 200, `"status":"IN_PROGRESS"`},
		{"POST", "/things/t/jobs/j", `{"status":"SUCCEEDED"}`, device, 200, `{}`},
		{"GET", "/things/t/jobs/j", "", nil, 200, `"execution":{"jobId":"j","status":"SUCCEEDED"`},
		{"POST", "/lab/jobs/j/things/t", `{"status":"FAILED","statusDetails":{"why":"x"}}`, nil, 200, `{}`},
		{"GET", "/things/t/jobs/j", "", nil, 200, `"status":"FAILED","statusDetails":{"detailsMap":{"why":"x"}}`},
		{"DELETE", "/things/t/jobs/j/executionNumber/1", "", nil, 200, `{}`},
		{"PUT", "/jobs/k", `{"targets":["` + arn + `thing/t"],"document":"{}"}`, nil, 200, ""},
		{"PUT", "/things/t/jobs/k/cancel", "", nil, 200, `{}`},
		{"PUT", "/jobs/l", `{"targets":["` + arn + `thing/t"],"document":"{}"}`, nil, 200, ""},
		{"PUT", "/jobs/l/cancel?force=true", "", nil, 200, `"jobId":"l"`},
		{"DELETE", "/jobs/l?force=true", "", nil, 200, `{}`},
		{"PUT", "/jobs/m", `{"targets":["` + arn + `thing/unknown"],"document":"{}"}`, nil, 404, `ResourceNotFoundException`},
		{"GET", "/jobs/j?x", "", nil, 200, ""},
		{"DELETE", "/things/t", "", nil, 200, `{}`},
	}
	for _, step := range steps {
		if status, text := s.do(step.method, step.path, step.body, step.header...); status != step.status || !strings.Contains(text, step.want) {
			t.Errorf("%s %s: %d %s; want %d %s", step.method, step.path, status, text, step.status, step.want)
		}
	}
}

// The lab's own calls.
func TestLab(t *testing.T) {
	s := newScene(t)
	steps := []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/lab/rules", "", 200, `"id":"tls/sni"`},
		{"GET", "/lab/connections", "", 200, `[]`},
		{"POST", "/lab/connections/nobody/cut", "", 404, `not connected`},
		{"GET", "/lab/clock", "", 200, `"ahead":0`},
		{"POST", "/lab/clock", `{"advance":3600}`, 200, `"ahead":3600`},
		{"POST", "/lab/clock", `{"advance":-1}`, 400, `seconds`},
		{"POST", "/lab/clock", `{"advanced":1}`, 400, `unknown field`},
		{"GET", "/lab/limits", "", 200, `"publishesIn":100`},
		{"PUT", "/lab/limits", `{"publishesIn":5}`, 200, `"publishesIn":5`},
		{"PUT", "/lab/limits", `{"publishesIn":-5}`, 400, `publishesIn`},
		{"POST", "/lab/faults", `{"refuseConnects":{"times":1},"answerDelay":0.5,"ackDelay":0.1}`, 200, `{}`},
		{"DELETE", "/lab/faults", "", 200, `{}`},
		{"PUT", "/lab/files/app/v2.bin", "0123456789", 200, `"url":"https://files.example/firmware/app/v2.bin?X-Amz-`},
		{"GET", "/lab/files", "", 200, `"key":"app/v2.bin","size":10`},
		{"GET", "/lab/files/app/v2.bin?expires=60", "", 200, `X-Amz-Expires=60`},
		{"GET", "/lab/files/none", "", 404, `no such object`},
		{"PUT", "/lab/file-faults/app/v2.bin", `{"cutAt":5,"times":2}`, 200, `{}`},
		{"PUT", "/lab/file-faults/app/v2.bin", `{"status":404}`, 400, `500 to 599`},
		{"DELETE", "/lab/files/app/v2.bin", "", 200, `{}`},
		{"POST", "/lab/broker/stop", "", 200, `{}`},
		{"POST", "/lab/broker/start", "", 200, `{}`},
		{"POST", "/lab/certificates/none/expire", "", 404, `ResourceNotFoundException`},
		{"POST", "/things/t", "{}", 200, ""},
		{"POST", "/topics/kept?retain=true", "x", 200, ""},
		{"POST", "/lab/reset", "", 200, `{}`},
		{"GET", "/things/t", "", 404, ""},
		{"GET", "/retainedMessage/kept", "", 404, ""},
		{"GET", "/lab/limits", "", 200, `"publishesIn":100`},
	}
	for _, step := range steps {
		if status, text := s.do(step.method, step.path, step.body); status != step.status || !strings.Contains(text, step.want) {
			t.Errorf("%s %s: %d %s; want %d %s", step.method, step.path, status, text, step.status, step.want)
		}
	}
	if status, _ := s.do("GET", "/lab/connections", "", "Origin", "https://elsewhere.example"); status != http.StatusForbidden {
		t.Errorf("a page of another site: %d", status)
	}
}

// The stream has what was refused before, and what is refused while somebody watches.
func TestStream(t *testing.T) {
	s := newScene(t)
	s.do("GET", "/things/first", "")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.web.URL+"/lab/events?follow=true&kind=refused", nil)
	check(t, err)
	response, err := s.web.Client().Do(request)
	check(t, err)
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for _, want := range []string{"first", "second"} {
		if want == "second" {
			s.do("GET", "/things/second", "")
		}
		if !lines.Scan() {
			t.Fatal(lines.Err())
		}
		var e api.Event
		check(t, json.Unmarshal(lines.Bytes(), &e))
		if e.Rule != "api/ResourceNotFoundException" || e.Topic != "GET /things/"+want || e.Source == "" || !strings.Contains(e.Error, want) {
			t.Errorf("%s", lines.Text())
		}
	}
}
