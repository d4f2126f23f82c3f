package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// session is one run of the command whose output can be watched.
type session struct {
	t      *testing.T
	lines  chan string
	status chan int
	stop   context.CancelFunc
	seen   bytes.Buffer
}

// start runs the command until stop. The output of both streams comes as lines.
func start(t *testing.T, args ...string) *session {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &session{t: t, lines: make(chan string, 1000), status: make(chan int, 1), stop: cancel}
	reader, writer := io.Pipe()
	var running sync.WaitGroup
	running.Go(func() {
		s.status <- run(ctx, args, writer, writer)
		writer.Close()
	})
	running.Go(func() {
		defer close(s.lines)
		scanner := bufio.NewScanner(reader)
		for scanner.Scan() {
			s.lines <- scanner.Text()
		}
	})
	t.Cleanup(func() {
		cancel()
		for range s.lines { // let the command's last words go
		}
		running.Wait()
	})
	return s
}

// want reads on until a line matches, and gives its submatches.
func (s *session) want(pattern string) []string {
	s.t.Helper()
	wanted := regexp.MustCompile(pattern)
	deadline := time.After(3 * time.Minute) // of a build on a slow machine
	for {
		select {
		case line, more := <-s.lines:
			if !more {
				s.t.Fatalf("the command ended before it said %q:\n%s", pattern, s.seen.String())
			}
			s.seen.WriteString(line + "\n")
			if match := wanted.FindStringSubmatch(line); match != nil {
				return match
			}
		case <-deadline:
			s.t.Fatalf("the command does not say %q:\n%s", pattern, s.seen.String())
		}
	}
}

// end stops the command and wants it to end with a status.
func (s *session) end(status int) {
	s.t.Helper()
	s.stop()
	for line := range s.lines {
		s.seen.WriteString(line + "\n")
	}
	if got := <-s.status; got != status {
		s.t.Errorf("exit status %d, want %d:\n%s", got, status, s.seen.String())
	}
}

// The README's first command: from an overlay to a firmware that is connected to the local cloud, and an orderly end.
func TestLab(t *testing.T) {
	dir := t.TempDir()
	s := start(t, "lab", "-overlay", "overlay-aws.hcl", "-o", filepath.Join(dir, "aws"), "-dir", filepath.Join(dir, "lab"))
	s.want(`^lab +\| mqtts://localhost:\d+`)
	s.want(`^cloud .* connected [0-9]{15} `)
	s.want(`^cloud .* received ([0-9]{15}) \$aws/things/[0-9]{15}/shadow/update .*"reported"`)
	s.end(exitDone)
	policy, err := os.ReadFile(filepath.Join(dir, "aws", "packaging", "aws", "policy.json"))
	if err != nil {
		t.Fatal(err)
	}
	state, err := os.ReadFile(filepath.Join(dir, "lab", "aws.json"))
	if held, encoded := json.Marshal(string(policy)); err != nil || encoded != nil || !bytes.Contains(state, held) {
		t.Errorf("the cloud does not hold the device to the policy of the output: %v, %v", err, encoded)
	}
	if refused := regexp.MustCompile(`(?m)^cloud .* refused .*\(rule \S*policy;.*$`).FindString(s.seen.String()); refused != "" {
		t.Errorf("the cloud has refused something: %s", refused)
	}
	// Who the cloud says has closed depends on whether it has read the device's farewell before it closes itself.
	for _, last := range []string{"event=CLOUD_EVT_CONNECTED", "event=CLOUD_EVT_SHUTDOWN_READY", " disconnected "} {
		if !strings.Contains(s.seen.String(), last) {
			t.Errorf("no %s in the end:\n%s", last, s.seen.String())
		}
	}
}

// A local cloud alone, with a firmware started by hand as docs/lab.md says.
func TestLabServe(t *testing.T) {
	dir := t.TempDir()
	output, labDir := filepath.Join(dir, "aws"), filepath.Join(dir, "lab")
	var said bytes.Buffer
	if status := run(t.Context(), []string{"-overlay", "overlay-aws.hcl", "-o", output}, &said, &said); status != exitDone {
		t.Fatalf("exit status %d:\n%s", status, said.String())
	}
	s := start(t, "lab", "serve", "aws", "-dir", labDir, "-listen", "localhost:0")
	endpoint := s.want(`^mqtts://(localhost:\d+)$`)[1]

	firmware := exec.Command(filepath.Join(output, "bin", "firmware"), "-credentials", labDir, "-data", filepath.Join(dir, "data"), "-endpoint", endpoint, "-log", "json")
	var log bytes.Buffer
	firmware.Stderr = &log
	if err := firmware.Start(); err != nil {
		t.Fatal(err)
	}
	s.want(`^cloud .* received [0-9]{15} \$aws/things/[0-9]{15}/shadow/update`)
	if err := firmware.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := firmware.Wait(); err != nil {
		t.Errorf("the firmware ended with %v:\n%s", err, log.String())
	}
	if !strings.Contains(log.String(), `"event":"CLOUD_EVT_CONNECTED"`) {
		t.Errorf("the firmware was not connected:\n%s", log.String())
	}
	s.end(exitDone)
	if _, err := os.Stat(filepath.Join(labDir, "ca.pem")); err != nil {
		t.Error(err)
	}
}

// From an overlay to a firmware that is registered at the local LwM2M server over DTLS with a Connection ID, sends its data, and answers while it
// is awake.
func TestLabLwM2M(t *testing.T) {
	dir := t.TempDir()
	s := start(t, "lab", "-overlay", "overlay-lwm2m.hcl", "-o", filepath.Join(dir, "lwm2m"), "-dir", filepath.Join(dir, "lab"))
	s.want(`^lab +\| coaps://localhost:\d+$`)
	web := s.want(`^lab +\| (http://localhost:\d+/api/)$`)[1]
	s.want(`^cloud .* secured .* with Connection ID`)
	endpoint := s.want(`^cloud .* registered (urn:imei:\d{15}) lwm2m=1.1&`)[1]
	s.want(`^cloud .* sent ` + endpoint + ` /dp `)
	response, err := http.Post(web+"devices/"+endpoint+"/read", "application/json", strings.NewReader(`{"path":"/3/0"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	imei := strings.TrimPrefix(endpoint, "urn:imei:")
	if body, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(body), `{"path":"/3/0/2","value":"`+imei+`"}`) {
		t.Errorf("Read /3/0: %s %s, %v", response.Status, body, err)
	}
	http.DefaultClient.CloseIdleConnections()
	s.want(`^cloud .* requested ` + endpoint + ` /3/0 2.05 Read$`)
	s.end(exitDone)
}

// A firmware without DTLS that begins at the bootstrap server is sent to that server's coap, and leaves in order.
func TestLabLwM2MBootstrapWithoutDTLS(t *testing.T) {
	dir := t.TempDir()
	s := start(t, "lab", "-overlay", "overlay-lwm2m.hcl", "-set", "LWM2M_DTLS_SUPPORT=n", "-set", "LWM2M_RD_CLIENT_SUPPORT_BOOTSTRAP=y",
		"-o", filepath.Join(dir, "lwm2m"), "-dir", filepath.Join(dir, "lab"))
	endpoint := s.want(`^cloud .* bootstrapped (urn:imei:\d{15})$`)[1]
	s.want(`^cloud .* registered ` + endpoint + ` lwm2m=1.1&`)
	s.want(`^cloud .* sent ` + endpoint + ` /dp `)
	s.end(exitDone)
	// The lines of cloud and device come by two pipes: which is first says nothing.
	for _, line := range []string{"event=CLOUD_EVT_CONNECTED", " deregistered " + endpoint} {
		if !strings.Contains(s.seen.String(), line) {
			t.Errorf("no %s:\n%s", line, s.seen.String())
		}
	}
}

// The LwM2M server alone: its endpoints one per line, its HTTP interface answers, the device's keys are where docs/lab.md says.
func TestLabServeLwM2M(t *testing.T) {
	labDir := filepath.Join(t.TempDir(), "lab")
	s := start(t, "lab", "serve", "lwm2m", "-dir", labDir, "-listen", "localhost:0")
	s.want(`^coaps://localhost:\d+$`)
	s.want(`^coap://localhost:\d+$`)
	web := s.want(`^(http://localhost:\d+/api/)$`)[1]
	s.want(`^coaps://localhost:\d+$`)
	s.want(`^coap://localhost:\d+$`)
	response, err := http.Get(web + "devices")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || strings.TrimSpace(string(body)) != "[]" {
		t.Errorf("devices: %s, %v", body, err)
	}
	http.DefaultClient.CloseIdleConnections()
	s.end(exitDone)
	for _, file := range []string{"35724861/psk", "35724862/psk", "lwm2m.json"} {
		if info, err := os.Stat(filepath.Join(labDir, file)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", file, err)
		}
	}
}
