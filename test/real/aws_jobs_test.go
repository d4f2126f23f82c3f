//go:build real

package real

import (
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
)

// product is a firmware with its bootloader, and the image of its next version.
type product struct {
	bootloader string
	next       []byte
}

// newProduct builds it as users do.
func newProduct(t *testing.T) product {
	t.Helper()
	dir := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		if log, err := exec.Command(installed.cloudgen, args...).CombinedOutput(); err != nil {
			t.Fatalf("cloudgen %q: %v\n%s", args, err, log)
		}
	}
	factory, next := filepath.Join(dir, "factory.img"), filepath.Join(dir, "next.img")
	for version, file := range map[string]string{"1.0.0": factory, "2.0.0": next} {
		output := filepath.Join(dir, version)
		run("-overlay", "overlay-aws.hcl", "-o", output, "-set", "BOOT_FACTORY_IMAGE="+factory, "-set", "ASSET_TRACKER_V2_APP_VERSION="+version)
		run("sign", "-lab", "-o", file, filepath.Join(output, "bin", "firmware"))
	}
	image, err := os.ReadFile(next)
	if err != nil {
		t.Fatal(err)
	}
	return product{bootloader: filepath.Join(dir, "1.0.0", "bin", "bootloader"), next: image}
}

// images serves files by HTTPS with a certificate of the site's authority, and gives the port.
func (s *site) images(files map[string][]byte) string {
	s.Helper()
	dir := filepath.Join(s.dir, "nginx")
	for _, each := range []string{"www", "temp"} {
		s.check(os.MkdirAll(filepath.Join(dir, each), 0o700))
	}
	for name, content := range files {
		s.check(os.WriteFile(filepath.Join(dir, "www", name), content, 0o600))
	}
	server, err := s.authority.Server(nil, time.Now())
	s.check(err)
	s.write("nginx/cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate[0]}))
	s.write("nginx/key.pem", keyPEM(s, server))
	port := freePort(s.T)
	s.write("nginx/nginx.conf", fmt.Appendf(nil, `
daemon off;
master_process off;
pid temp/nginx.pid;
error_log stderr notice;
events {}
http {
  access_log off;
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  server {
    listen 127.0.0.1:%s ssl;
    ssl_certificate %[2]s/cert.pem;
    ssl_certificate_key %[2]s/key.pem;
    root %[2]s/www;
  }
}
`, port, dir))
	program, err := exec.LookPath("nginx")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/nginx") // not on the PATH of Debian's users
	}
	s.check(err)
	start(s.T, "nginx", program, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"), "-e", "stderr").awaitText("notice", "nginx/")
	return port
}

// script is the Jobs service for one thing and one job at a time, played with the broker's tools: it answers what it is told to.
type script struct {
	*site
	watcher *process
	jobs    string // begin of the topics

	execution map[string]any // what the service has; nil: nothing
}

// describe answers a question for the head of the queue.
func (c *script) describe(question []byte) {
	c.Helper()
	token, ok := member(question, "clientToken")
	if !ok {
		c.Fatalf("the question for the next job has no token: %s", question)
	}
	answer := map[string]any{"clientToken": json.RawMessage(token), "timestamp": time.Now().Unix()}
	if c.execution != nil {
		answer["execution"] = c.execution
	}
	c.say("$next/get/accepted", answer)
}

// queue makes a job the head of the queue and tells the device.
func (c *script) queue(id string, document map[string]any) {
	c.Helper()
	c.execution = map[string]any{"jobId": id, "thingName": "thing", "jobDocument": document, "status": "QUEUED", "queuedAt": time.Now().Unix(),
		"lastUpdatedAt": time.Now().Unix(), "versionNumber": 1, "executionNumber": 1}
	c.say("notify-next", map[string]any{"timestamp": time.Now().Unix(), "execution": c.execution})
}

// drain says that nothing is left.
func (c *script) drain() {
	c.Helper()
	c.execution = nil
	c.say("notify-next", map[string]any{"timestamp": time.Now().Unix()})
}

func (c *script) say(topic string, document map[string]any) {
	c.Helper()
	payload, err := json.Marshal(document)
	c.check(err)
	c.publish(c.jobs+topic, string(payload))
}

// update is a request of the device.
type update struct {
	Status          string            `json:"status"`
	StatusDetails   map[string]string `json:"statusDetails"`
	ExpectedVersion json.Number       `json:"expectedVersion"`
	ClientToken     string            `json:"clientToken"`
}

// asked waits for the device's next update of the job, and answers the questions for the head of the queue that come before.
func (c *script) asked() update {
	c.Helper()
	next, job := "/jobs/$next/get ", fmt.Sprintf("/jobs/%s/update ", c.execution["jobId"])
	for {
		line := c.watcher.await("update of the job", func(line string) bool { return strings.Contains(line, next) || strings.Contains(line, job) })
		if strings.Contains(line, next) {
			c.describe(payloadOf(line))
			continue
		}
		var u update
		c.check(json.Unmarshal(payloadOf(line), &u))
		return u
	}
}

// accept carries an update out, as the service does, and answers it. The version has to be the right one.
func (c *script) accept(u update) {
	c.Helper()
	version := c.execution["versionNumber"].(int)
	if u.ExpectedVersion.String() != fmt.Sprint(version) {
		c.Fatalf("an update for version %s; the execution has version %d", u.ExpectedVersion, version)
	}
	c.execution["versionNumber"], c.execution["status"] = version+1, u.Status
	if u.StatusDetails != nil {
		c.execution["statusDetails"] = u.StatusDetails
	}
	c.say(fmt.Sprintf("%s/update/accepted", c.execution["jobId"]), map[string]any{"clientToken": u.ClientToken, "timestamp": time.Now().Unix(),
		"executionState": map[string]any{"status": u.Status, "statusDetails": c.execution["statusDetails"], "versionNumber": version + 1}})
}

// reject answers an update with an error that tells the execution's state.
func (c *script) reject(u update, code string) {
	c.Helper()
	c.say(fmt.Sprintf("%s/update/rejected", c.execution["jobId"]), map[string]any{"clientToken": u.ClientToken, "timestamp": time.Now().Unix(), "code": code,
		"message": "no", "executionState": map[string]any{"status": c.execution["status"], "versionNumber": c.execution["versionNumber"]}})
}

// Jobs from their notification to their end, on a broker and an HTTPS server that know nothing of AWS: one that is refused, and one that brings the next
// version, with a conflict of versions on the way. The script's answers follow the developer guide's "Jobs device MQTT API".
func TestJobs(t *testing.T) {
	t.Parallel()
	made := newProduct(t)
	s := newSite(t, time.Now())
	broker := s.broker()
	watcher := s.watch(broker)
	port := s.images(map[string][]byte{"next.img": made.next})
	firmware := start(t, "bootloader", made.bootloader, "-credentials", s.credentials(time.Now()), "-data", filepath.Join(s.dir, "data"), "-endpoint", s.address(), "-log", "json")
	line := broker.awaitText("New client connected", "(p2, c1, k1200")
	_, id, _ := strings.Cut(line, " as ")
	id, _, _ = strings.Cut(id, " ")
	c := &script{site: s, watcher: watcher, jobs: "$aws/things/" + id + "/jobs/"}

	document := func(url string) map[string]any {
		return map[string]any{"operation": "app_fw_update", "fwversion": "2.0.0", "size": len(made.next), "location": map[string]any{"url": url}}
	}
	c.queue("plain", document("http://localhost:"+port+"/next.img"))
	refused := c.asked()
	if refused.Status != "REJECTED" || !strings.Contains(refused.StatusDetails["reason"], "http") {
		t.Errorf("a job by plain http: %+v", refused)
	}
	c.accept(refused)
	c.drain()

	c.queue("update-1", document("https://localhost:"+port+"/next.img"))
	first := c.asked()
	if first.Status != "IN_PROGRESS" {
		t.Fatalf("the first update is %+v", first)
	}
	// Somebody was faster: the device learns the version and says it again.
	c.execution["versionNumber"] = 4
	c.reject(first, "VersionMismatch")
	var steps []string
	for len(steps) == 0 || strings.HasPrefix(steps[len(steps)-1], "IN_PROGRESS") {
		u := c.asked()
		c.accept(u)
		steps = append(steps, u.Status+" "+u.StatusDetails["step"])
	}
	c.drain()
	if story := strings.Join(slices.Compact(steps), ", "); story != "IN_PROGRESS download, IN_PROGRESS restart, SUCCEEDED " {
		t.Errorf("the steps of the update were: %s", story)
	}
	if !has(watcher, "/shadow/update", "state.reported.dev.v.appV", `"2.0.0+lab"`) { // or it comes
		awaitMessage(watcher, "/shadow/update", "state.reported.dev.v.appV", `"2.0.0+lab"`)
	}
	if status := firmware.terminate(); status != 0 {
		t.Errorf("the bootloader ended with status %d", status)
	}
}
