//go:build real

package real

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/pki"
)

// site is a place with a mosquitto that demands client certificates, and with credentials for a device and for the cloud's tools.
type site struct {
	*testing.T
	dir       string
	port      string
	authority *pki.Authority
	tools     string // folder of the tools' credentials
}

// newSite makes the certificates; serverMadeAt is the time at which the server's was made.
func newSite(t *testing.T, serverMadeAt time.Time) *site {
	t.Helper()
	s := &site{T: t, dir: t.TempDir(), port: freePort(t)}
	var err error
	s.authority, err = pki.Open(s.dir, time.Now().AddDate(-9, 0, 0)) // so old that certificates from years ago can be made with it
	s.check(err)
	s.tools, err = s.authority.Device(1, "tools", time.Now())
	s.check(err)
	server, err := s.authority.Server(nil, serverMadeAt)
	s.check(err)
	s.write("server-cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate[0]}))
	s.write("server-key.pem", keyPEM(s, server))
	s.write("mosquitto.conf", []byte(strings.Join([]string{
		"listener " + s.port + " 0.0.0.0",
		"cafile " + filepath.Join(s.dir, "ca.pem"),
		"certfile " + filepath.Join(s.dir, "server-cert.pem"),
		"keyfile " + filepath.Join(s.dir, "server-key.pem"),
		"require_certificate true",
		"allow_anonymous true", // the certificate is the authentication
		"log_type all",
		"",
	}, "\n")))
	// As root, mosquitto changes to a user of its own, which must be able to read the keys.
	if os.Geteuid() == 0 {
		s.append("mosquitto.conf", "user root\n")
	}
	return s
}

func keyPEM(s *site, certificate tls.Certificate) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	s.check(err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func (s *site) check(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *site) write(name string, content []byte) {
	s.Helper()
	s.check(os.WriteFile(filepath.Join(s.dir, name), content, 0o600))
}

func (s *site) append(name, content string) {
	s.Helper()
	old, err := os.ReadFile(filepath.Join(s.dir, name))
	s.check(err)
	s.write(name, append(old, content...))
}

// address gives HOST:PORT of the broker.
func (s *site) address() string { return "localhost:" + s.port }

// broker starts mosquitto and waits until it serves.
func (s *site) broker() *process {
	s.Helper()
	broker := start(s.T, "mosquitto", installed.mosquitto, "-c", filepath.Join(s.dir, "mosquitto.conf"))
	broker.awaitText("mosquitto version", "running")
	return broker
}

// credentials makes a folder for the firmware's -credentials with credentials of this place's authority, made at a time.
func (s *site) credentials(madeAt time.Time) string {
	s.Helper()
	dir, err := s.authority.Device(42, "device", madeAt)
	s.check(err)
	return filepath.Dir(dir)
}

// firmware starts the firmware.
func (s *site) firmware(credentials, endpoint string) *process {
	s.Helper()
	return start(s.T, "firmware", installed.firmware, "-credentials", credentials, "-data", filepath.Join(s.dir, "data"), "-endpoint", endpoint, "-log", "json", "-log-level", "debug")
}

// toolArguments are what mosquitto's tools need to connect here.
func (s *site) toolArguments() []string {
	return []string{"-h", "localhost", "-p", s.port, "--cafile", filepath.Join(s.tools, "ca.pem"), "--cert", filepath.Join(s.tools, "cert.pem"), "--key", filepath.Join(s.tools, "key.pem")}
}

// watch starts mosquitto_sub on everything. Its lines are TOPIC SPACE PAYLOAD in hex. It returns when the subscription stands.
func (s *site) watch(broker *process) *process {
	s.Helper()
	watcher := start(s.T, "mosquitto_sub", installed.mosquittoSub, append(s.toolArguments(), "-i", "watcher", "-q", "1", "-F", "%t %x", "-t", "#", "-t", "$aws/#")...)
	broker.awaitText("Sending SUBACK to watcher")
	return watcher
}

// publish sends a message as the cloud.
func (s *site) publish(topic, payload string) {
	s.Helper()
	command := exec.Command(installed.mosquittoPub, append(s.toolArguments(), "-q", "1", "-t", topic, "-m", payload)...)
	if output, err := command.CombinedOutput(); err != nil {
		s.Fatalf("%s: %v: %s", command, err, output)
	}
}

// awaitMessage waits for a message on a topic that ends like this, in whose JSON the path leads to the value, and gives it. Path "" compares the payload.
func awaitMessage(watcher *process, topicEnd, path, value string) []byte {
	watcher.Helper()
	return payloadOf(watcher.await(fmt.Sprintf("message on …%s with %s = %s", topicEnd, path, value), func(line string) bool { return isMessage(line, topicEnd, path, value) }))
}

// payloadOf gives the payload in a line of the watcher; nil if it is none.
func payloadOf(line string) []byte {
	_, payload, _ := strings.Cut(line, " ")
	content, err := hex.DecodeString(payload)
	if err != nil {
		return nil
	}
	return content
}

// has tells whether such a message has come so far.
func has(watcher *process, topicEnd, path, value string) bool {
	watcher.mu.Lock()
	defer watcher.mu.Unlock()
	return slices.ContainsFunc(watcher.lines, func(line string) bool { return isMessage(line, topicEnd, path, value) })
}

func isMessage(line, topicEnd, path, value string) bool {
	topic, payload, _ := strings.Cut(line, " ")
	content, err := hex.DecodeString(payload)
	if err != nil || !strings.HasSuffix(topic, topicEnd) {
		return false
	}
	if path == "" {
		return string(content) == value
	}
	got, ok := member(content, path)
	return ok && got == value
}

// member gives the JSON of what a path of names, separated by dots, leads to.
func member(document []byte, path string) (string, bool) {
	var value any
	if json.Unmarshal(document, &value) != nil {
		return "", false
	}
	for name := range strings.SplitSeq(path, ".") {
		object, ok := value.(map[string]any)
		if !ok {
			return "", false
		}
		if value, ok = object[name]; !ok {
			return "", false
		}
	}
	text, err := json.Marshal(value)
	return string(text), err == nil
}
