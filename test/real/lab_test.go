//go:build real

package real

import (
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// lab is the local AWS IoT Core as a user starts it.
type lab struct {
	*process
	dir, port, control string
	clients            int
}

func startLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{dir: t.TempDir()}
	l.process = start(t, "cloudgen", installed.cloudgen, "lab", "serve", "aws", "-dir", l.dir, "-listen", "localhost:0")
	_, l.port, _ = strings.Cut(l.awaitText("mqtts://localhost:"), "mqtts://localhost:")
	l.control = l.awaitText("http://localhost:")
	return l
}

// call makes a request of AWS's control plane.
func (l *lab) call(path, body string) {
	l.Helper()
	answer, err := http.Post(strings.TrimSuffix(l.control, "/")+path, "application/json", strings.NewReader(body))
	if err != nil {
		l.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		l.Fatalf("POST %s: %s", path, answer.Status)
	}
}

// open lets the lab's first device act as any client and on any topic, and registers a thing.
func (l *lab) open(thing string) {
	l.Helper()
	l.call("/policies/cloudgen-lab-device/version?setAsDefault=true",
		`{"policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"iot:*\",\"Resource\":\"*\"}]}"}`)
	l.call("/things/"+thing, "{}")
}

// arguments are what mosquitto's tools need to connect as the lab's first device.
func (l *lab) arguments(version, id string) []string {
	tag := filepath.Join(l.dir, "42")
	return []string{
		"-h", "localhost", "-p", l.port, "-V", version, "-i", id,
		"--cafile", filepath.Join(tag, "ca.pem"), "--cert", filepath.Join(tag, "cert.pem"), "--key", filepath.Join(tag, "key.pem"),
	}
}

// publish publishes by a client with an id of its own: one id may connect once a second.
func (l *lab) publish(version, topic, payload string, more ...string) error {
	l.clients++
	arguments := append(l.arguments(version, fmt.Sprint("publisher-", l.clients)), append([]string{"-q", "1", "-t", topic, "-m", payload}, more...)...)
	output, err := exec.Command(installed.mosquittoPub, arguments...).CombinedOutput()
	if err != nil {
		return errors.New(string(output))
	}
	return nil
}

// A client that is not ours talks with the lab's shadow service, in both versions of MQTT.
func TestLabShadow(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"311", "5"} {
		t.Run("MQTT "+version, func(t *testing.T) {
			t.Parallel()
			l := startLab(t)
			l.open("thing")
			watcher := start(t, "mosquitto_sub", installed.mosquittoSub, append(l.arguments(version, "watcher"), "-q", "1", "-F", "%t %x", "-t", "$aws/things/+/shadow/#")...)
			l.awaitText("subscribed", "watcher")
			const shadow = "$aws/things/thing/shadow/"
			publish := func(topic, payload string) {
				t.Helper()
				if err := l.publish(version, topic, payload); err != nil {
					t.Fatal(err)
				}
			}
			publish(shadow+"get", `{"clientToken":"a"}`)
			awaitMessage(watcher, shadow+"get/rejected", "code", "404")
			publish(shadow+"update", `{"state":{"desired":{"led":1,"cfg":{"act":true}}}}`)
			awaitMessage(watcher, shadow+"update/accepted", "version", "1")
			awaitMessage(watcher, shadow+"update/delta", "state.led", "1")
			awaitMessage(watcher, shadow+"update/documents", "current.version", "1")
			publish(shadow+"update", `{"state":{"reported":{"led":1}},"version":1}`)
			awaitMessage(watcher, shadow+"update/delta", "state", `{"cfg":{"act":true}}`)
			publish(shadow+"update", `{"state":{"reported":{"led":2}},"version":1}`)
			awaitMessage(watcher, shadow+"update/rejected", "code", "409")
			publish(shadow+"get", `{"clientToken":"a"}`)
			awaitMessage(watcher, shadow+"get/accepted", "clientToken", `"a"`)
			awaitMessage(watcher, shadow+"get/accepted/desired/cfg", "cfg", `{"act":true}`)
			publish(shadow+"delete", "{}")
			awaitMessage(watcher, shadow+"delete/accepted", "version", "2")
			if status := l.terminate(); status != 0 {
				t.Errorf("the lab ended with status %d", status)
			}
		})
	}
}

// What AWS IoT refuses the lab refuses, and it says which rule was broken.
func TestLabRefuses(t *testing.T) {
	t.Parallel()
	l := startLab(t)
	l.open("t")
	stranger := startLab(t)
	for rule, attempt := range map[string]func() error{
		"publish/reserved":        func() error { return l.publish("5", "$nothing", "x") },
		"publish/reserved-answer": func() error { return l.publish("311", "$aws/things/t/shadow/update/delta", "{}") },
		"publish/topic-depth":     func() error { return l.publish("5", "1/2/3/4/5/6/7/8/9", "x") },
		"publish/reserved-retain": func() error { return l.publish("311", "$aws/things/t/shadow/update", "{}", "-r") },
		"connect/client-id":       func() error { return l.publish("5", "t", "x", "-i", strings.Repeat("x", 129)) },
		"tls/certificate-unknown": func() error {
			tag := filepath.Join(stranger.dir, "42")
			return l.publish("5", "t", "x", "--cert", filepath.Join(tag, "cert.pem"), "--key", filepath.Join(tag, "key.pem"))
		},
	} {
		if err := attempt(); err == nil {
			t.Errorf("%s: the client was not told", rule)
		}
		l.await(rule, func(line string) bool { return strings.Contains(line, "refused") && strings.Contains(line, rule) })
	}
}
