//go:build real

package leshan

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// devices numbers the devices of a run, for the names of their endpoints.
var devices atomic.Int64

// device is the firmware with its debug console.
type device struct {
	t        testing.TB
	endpoint string
	folder   string   // where the firmware keeps its files
	setup    []string // commands that make the accounts
	slotted  bool     // a bootloader starts the firmware
	starts   int      // of the firmware by the bootloader that runs
	*program
}

// newDevice starts a firmware that waits for the command start.
func newDevice(t testing.TB) *device {
	t.Helper()
	d := named(t)
	d.boot()
	return d
}

// newSlotted is newDevice with a bootloader, so that the firmware can be updated.
func newSlotted(t testing.TB) *device {
	t.Helper()
	d := named(t)
	d.slotted = *clientUnderTest != "leshan"
	d.boot()
	return d
}

// named makes a device that is off.
func named(t testing.TB) *device {
	t.Helper()
	name := strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(t.Name(), "TestETS_"), "Test"))
	if parts := strings.SplitN(name, "_", 3); len(parts) == 3 {
		name = parts[0] + "-" + parts[1]
	}
	name = name[:min(len(name), 20)] // an endpoint name has at most 32 bytes
	return &device{t: t, endpoint: fmt.Sprintf("%s-%d", name, devices.Add(1)), folder: t.TempDir()}
}

// boot starts the firmware, again if it has run before.
func (d *device) boot() {
	d.t.Helper()
	if *clientUnderTest == "leshan" {
		d.program = start(d.t, d.folder, d.endpoint, "java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
			"-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dqueue=true", "-cp", built.m18, "Client", built.models)
		return
	}
	if !d.slotted {
		d.program = start(d.t, d.folder, d.endpoint, built.firmware, "-data", d.folder)
		return
	}
	d.program, d.starts = start(d.t, d.folder, d.endpoint, built.bootloader, "-data", d.folder), 0
	d.started()
}

// started waits until the bootloader has started the firmware once more.
func (d *device) started() {
	d.t.Helper()
	d.starts++
	for deadline := time.Now().Add(patience); d.program.count(`msg="firmware started"`) < d.starts; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.t.Fatalf("%s: the bootloader has not started the firmware", d.endpoint)
		}
	}
}

// command gives a command of the console and returns what it answers, and its code.
func (d *device) command(format string, args ...any) ([]string, int) {
	d.t.Helper()
	line := "lwm2m " + fmt.Sprintf(format, args...)
	if err := d.say(line); err != nil {
		d.t.Fatalf("%s: %v", d.endpoint, err)
	}
	var answer []string
	for {
		text, err := d.line()
		if err != nil {
			d.t.Fatalf("%s: %v", line, err)
		}
		if code, last := strings.CutPrefix(text, "= "); last {
			number, err := strconv.Atoi(code)
			if err != nil {
				d.t.Fatalf("%s: %q", line, text)
			}
			return answer, number
		}
		answer = append(answer, text)
	}
}

// must is command for one that has to succeed.
func (d *device) must(format string, args ...any) []string {
	d.t.Helper()
	answer, code := d.command(format, args...)
	if code != 0 {
		d.t.Fatalf("lwm2m %s: code %d: %q", fmt.Sprintf(format, args...), code, answer)
	}
	return answer
}

// credentials are what the device and a server share. Identity and key are text, as the console takes it.
type credentials struct{ identity, key string }

// own makes credentials of the device's own.
func (d *device) own() credentials {
	return credentials{identity: "id-" + d.endpoint, key: "0123456789abcdef"}
}

// prepare gives a command that has to be given again after a restart: a console that starts by hand remembers no accounts.
func (d *device) prepare(format string, args ...any) {
	d.t.Helper()
	line := fmt.Sprintf(format, args...)
	d.must("%s", line)
	d.setup = append(d.setup, line)
}

// account writes an instance of object 0. A zero SSID stands for a bootstrap server, empty credentials for no security.
func (d *device) account(instance, ssid int, host, port string, with credentials) {
	d.t.Helper()
	at := fmt.Sprintf("/0/%d", instance)
	if instance > 0 {
		d.prepare("create %s", at)
	}
	scheme, mode := "coaps", 0
	if with == (credentials{}) {
		scheme, mode = "coap", 3
	}
	d.prepare("write %s/0 -s %s://%s:%s", at, scheme, host, port)
	d.prepare("write %s/1 -b %d", at, map[bool]int{true: 1, false: 0}[ssid == 0])
	d.prepare("write %s/2 -u8 %d", at, mode)
	if mode == 0 {
		d.prepare("write %s/3 -s %s", at, with.identity)
		d.prepare("write %s/5 -s %s", at, with.key)
	}
	if ssid != 0 {
		d.prepare("write %s/10 -u16 %d", at, ssid)
	}
}

// serverObject makes an instance of object 1 as configuration C.1 has it.
func (d *device) serverObject(instance, ssid, lifetime int) {
	d.t.Helper()
	at := fmt.Sprintf("/1/%d", instance)
	d.prepare("create %s", at)
	d.prepare("write %s/0 -u16 %d", at, ssid)
	d.prepare("write %s/1 -u32 %d", at, lifetime)
	d.prepare("write %s/6 -b 0", at)
	d.prepare("write %s/7 -s U", at)
}

// client is a device that a server knows.
type client struct {
	*device
	server     *server
	registered event // its last registration
}

// c1 is a device in configuration C.1, registered over DTLS with a pre-shared key.
func c1(t testing.TB) *client {
	t.Helper()
	d := newDevice(t)
	return d.register(86400, d.own())
}

// slotted is C.1 on a device whose firmware can be updated.
func slotted(t testing.TB) *client {
	t.Helper()
	d := newSlotted(t)
	return d.register(86400, d.own())
}

// c4 is C.1 with the power sources that C.4 adds: two, so that each of the three resources has two instances. Nothing but the console sets
// them, while the battery's level (/3/0/9) is measured.
func c4(t testing.TB) *client {
	t.Helper()
	c := c1(t)
	for path, values := range map[string][2]string{"/3/0/6": {"1", "5"}, "/3/0/7": {"3800", "5000"}, "/3/0/8": {"125", "900"}} {
		for instance, value := range values {
			c.fill(fmt.Sprintf("%s/%d", path, instance), value)
		}
	}
	return c
}

// fill sets a value that the device itself may not have, or not yet.
func (d *device) fill(path, value string) {
	d.t.Helper()
	if _, code := d.command("write %s %s", path, value); code != 0 {
		d.must("create %s", path)
		d.must("write %s %s", path, value)
	}
}

// c3 is C.1 with the default periods that C.3 adds.
func c3(t testing.TB) *client {
	t.Helper()
	c := c1(t)
	c.replace("/1/0/2", text, "1").want(t, 204)
	c.replace("/1/0/3", text, "10").want(t, 204)
	c.replace("/1/0/5", text, "86400").want(t, 204)
	return c
}

// register writes one account and starts the client.
func (d *device) register(lifetime int, with credentials) *client {
	d.t.Helper()
	port := built.server.coap
	if with != (credentials{}) {
		built.server.security(d.t, d.endpoint, with.identity, []byte(with.key))
		port = built.server.coaps
	}
	d.account(0, 1, "127.0.0.1", port, with)
	d.serverObject(0, 1, lifetime)
	return d.registerAt(built.server)
}

// registerAt starts the client, and waits for its registration.
func (d *device) registerAt(s *server) *client {
	d.t.Helper()
	c := d.at(s)
	mark := c.now()
	d.must("start %s -b 0", d.endpoint)
	c.awaitRegistration(mark)
	return c
}

// awaitRegistration waits until the server has registered the device, and the device knows.
func (c *client) awaitRegistration(mark int) {
	c.t.Helper()
	c.registered = c.await(mark, "registered", anything)
	c.read("/1/0/0", none).want(c.t, 205)
}

// at is the device as a server sees it, registered or not. The trace is shown if the test fails.
func (d *device) at(s *server) *client {
	d.t.Helper()
	d.t.Cleanup(func() {
		if !d.t.Failed() {
			return
		}
		var trace strings.Builder
		var mine []event
		for _, e := range s.since(0) {
			if e.Endpoint == d.endpoint || e.Kind == "handshake-failed" || e.Identity == d.own().identity {
				mine = append(mine, e)
			}
		}
		for _, e := range mine[max(0, len(mine)-200):] {
			fmt.Fprintf(&trace, "%s\n", e)
		}
		d.t.Logf("the last of %d events of %s at %s (all: build/leshan/logs):\n%s", len(mine), d.endpoint, s.program.name, trace.String())
	})
	return &client{device: d, server: s}
}

func anything(event) bool { return true }

// now is a mark: the place in the server's events.
func (c *client) now() int { return c.server.now() }

// await waits for an event of this client after a mark.
func (c *client) await(mark int, kind string, good func(event) bool) event {
	c.t.Helper()
	return c.within(mark, patience, kind, good)
}

// within is await with a limit of its own.
func (c *client) within(mark int, limit time.Duration, kind string, good func(event) bool) event {
	c.t.Helper()
	return c.server.await(c.t, mark, limit, kind+" of "+c.endpoint, func(e event) bool {
		return e.Kind == kind && (e.Endpoint == c.endpoint || e.Endpoint == "") && good(e)
	})
}

// arrived waits for a CoAP request from this client.
func (c *client) arrived(mark, code int, path string) event {
	c.t.Helper()
	return c.await(mark, "coap", func(e event) bool { return e.Direction == "in" && e.Code == code && e.Path == path })
}

// none checks that between two marks there was no such event of this client.
func (c *client) none(mark int, kind string, bad func(event) bool) {
	c.t.Helper()
	for _, e := range c.server.since(mark) {
		if e.Kind == kind && e.Endpoint == c.endpoint && bad(e) {
			c.t.Errorf("%s", e)
		}
	}
}

// location is the path of the registration.
func (c *client) location() string { return "/rd/" + c.registered.Registration.ID }

// local reads a text by the console.
func (d *device) local(path string) string {
	d.t.Helper()
	return strings.Join(d.must("read %s -s", path), "\n")
}

// restarted waits for the device to restart, with what supervises it, and for its registration. A bootloader may have started it so often.
func (c *client) restarted(mark, starts int) {
	c.t.Helper()
	switch {
	case *clientUnderTest == "leshan":
	case c.slotted:
		for range starts {
			c.started()
		}
		c.again()
	default:
		select {
		case <-c.ended:
		case <-time.After(patience):
			c.t.Fatalf("%s does not end for its restart", c.endpoint)
		}
		c.boot()
		c.again()
	}
	c.awaitRegistration(mark)
}

// again makes the accounts once more, and starts the client.
func (d *device) again() {
	d.t.Helper()
	for _, line := range d.setup {
		d.must("%s", line)
	}
	d.must("start %s -b 0", d.endpoint)
}
