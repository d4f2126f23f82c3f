package aws

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/modem/sim"
)

// delta begins as a patch of modem firmware does.
var delta = append([]byte{0, 0, 0, 0, 0x6d, 0x65, 0x44, 0x75}, bytes.Repeat([]byte("a patch "), 5000)...)

// custom is an image that only a hook knows.
var custom = bytes.Repeat([]byte("a bundle "), 5000)

// fullModem is the full modem image of reference gnss-and-fota.md D.8: two segments of 8 and 4 bytes, a signature of zeros.
func fullModem(t *testing.T) []byte {
	t.Helper()
	head, err := hex.DecodeString("d28444a1013824a0582f84010158209809697734ae2c13433c1508362496650805ecbb206ffe908ec4022f0bbbaa49498400081a0005000004590100")
	check(t, err)
	whole := append(head, make([]byte, 256)...)
	return append(append(whole, bytes.Repeat([]byte{0xaa}, 8)...), bytes.Repeat([]byte{0xbb}, 4)...)
}

// image makes the host offer an image, and the job of it. Its version is the one of the application that runs: that says nothing.
func (c *cloud) image(id string, content []byte) {
	c.Helper()
	c.put(id+".bin", content)
	c.job(id, c.update(1, id+".bin"))
}

// goesOn has the device do another job, which ends well, and looks at what it has told of both.
func (c *cloud) goesOn(d *device, told string) {
	c.Helper()
	c.put("app-2.img", made(c, 2, 20_000))
	c.job("next", c.update(2, "app-2.img"))
	c.awaitStatus("next", "SUCCEEDED")
	if d.runs() != 2 {
		c.Errorf("version %d runs", d.runs())
	}
	await(c, "the outcomes are told once: "+told, func() bool { return c.outcomes() == strings.TrimSpace(told+" next=SUCCEEDED") })
	c.wantNothingRefused()
}

// ended checks what a job of an image that is no firmware has come to.
func (c *cloud) ended(id, status, reason string) {
	c.Helper()
	await(c, id+" is over", func() bool { return c.status(id) != "QUEUED" && c.status(id) != "IN_PROGRESS" })
	e := c.execution(id)
	// The version that runs is the device's, and would say nothing.
	if string(e.Status) != status || !strings.Contains(detail(e, "reason"), reason) || detail(e, "version") != "" {
		c.Errorf("%s is %s, %v; want %s, %q", id, e.Status, e.StatusDetails, status, reason)
	}
}

// waits waits until the cloud knows that the device waits with an image, and why.
func (c *cloud) waits(id, why string) {
	c.Helper()
	await(c, id+" waits: "+why, func() bool {
		e := c.execution(id)
		return e.Status == "IN_PROGRESS" && detail(e, "step") == "wait" && strings.Contains(detail(e, "reason"), why)
	})
}

func TestModemImages(t *testing.T) {
	damaged := fullModem(t)
	damaged[len(damaged)-1]++
	for name, test := range map[string]struct {
		image          []byte
		update         sim.Update
		status, reason string
		updated        bool
	}{
		"delta":            {delta, sim.Update{Outcome: modem.UpdateDone}, "SUCCEEDED", "", true},
		"delta, rejected":  {delta, sim.Update{Outcome: modem.UpdateRejected}, "FAILED", "rejected", false},
		"delta, refused":   {delta, sim.Update{Refused: true}, "FAILED", "refuses the update", false},
		"full":             {fullModem(t), sim.Update{Outcome: modem.UpdateDone}, "SUCCEEDED", "", true},
		"full, rejected":   {fullModem(t), sim.Update{Outcome: modem.UpdateRejected}, "FAILED", "rejected", false},
		"full, damaged":    {damaged, sim.Update{Outcome: modem.UpdateDone}, "FAILED", "the modem image is damaged", false},
		"full, incomplete": {damaged[:100], sim.Update{Outcome: modem.UpdateDone}, "FAILED", "manifest", false},
	} {
		t.Run(name, func(t *testing.T) {
			c, d := setUp(t)
			d.becomes(test.update)
			d.start()
			c.image("J-1", test.image)
			c.ended("J-1", test.status, test.reason)
			if v := d.modemFirmware(); (v != "") != test.updated || d.runs() != 1 || d.keeps("modem-update") {
				t.Errorf("the modem runs %q, the device %d, the image is kept: %v", v, d.runs(), d.keeps("modem-update"))
			}
			c.goesOn(d, "J-1="+test.status)
		})
	}
}

// TestDeferredModemUpdate: more restarts than an image is given, and the update is neither lost nor said to have failed.
func TestDeferredModemUpdate(t *testing.T) {
	for name, first := range map[string]modem.UpdateOutcome{"deferred": modem.UpdateDeferred, "broken": modem.UpdateBroken} {
		t.Run(name, func(t *testing.T) {
			c, d := setUp(t)
			d.becomes(sim.Update{Outcome: first})
			c.image("J-1", delta)
			for range 5 {
				stop := d.start()
				c.waits("J-1", name)
				stop()
				if !d.keeps("modem-update") {
					t.Fatal("the image is gone")
				}
			}
			d.becomes(sim.Update{Outcome: modem.UpdateDone})
			d.start()
			c.ended("J-1", "SUCCEEDED", "")
			if d.modemFirmware() == "" {
				t.Error("the modem is not updated")
			}
			c.goesOn(d, "J-1=SUCCEEDED")
		})
	}
}

// TestDeferredModemUpdateIsCancelled: it is taken back, and the next job begins.
func TestDeferredModemUpdateIsCancelled(t *testing.T) {
	c, d := setUp(t)
	d.becomes(sim.Update{Outcome: modem.UpdateDeferred})
	c.image("J-1", delta)
	stop := d.start()
	c.waits("J-1", "deferred")
	c.cancel("J-1")
	await(t, "it is given up", func() bool { return strings.HasSuffix(d.story(), "FOTA_ERROR") })
	stop()
	d.becomes(sim.Update{Outcome: modem.UpdateDone})
	d.start()
	c.goesOn(d, "")
	if v := d.modemFirmware(); v != "" || c.status("J-1") != "CANCELED" || d.keeps("modem-update") {
		t.Errorf("the modem runs %q, the job is %s, the image is kept: %v", v, c.status("J-1"), d.keeps("modem-update"))
	}
}

// TestLostAnswer: the power fails when the modem has answered, and before anybody has written that down.
func TestLostAnswer(t *testing.T) {
	for outcome, want := range map[modem.UpdateOutcome]struct{ status, reason string }{
		modem.UpdateDone: {"SUCCEEDED", ""}, modem.UpdateRejected: {"FAILED", "rejected"},
	} {
		t.Run(outcome.String(), func(t *testing.T) {
			c, d := setUp(t)
			d.becomes(sim.Update{Outcome: outcome})
			lost, restore := d.losing(t)
			c.image("J-1", delta)
			stop := d.start()
			<-lost
			stop()
			restore()
			if outcome == modem.UpdateDone { // a second application would fail
				d.becomes(sim.Update{Refused: true})
			}
			d.start()
			c.ended("J-1", want.status, want.reason)
			c.goesOn(d, "J-1="+want.status)
		})
	}
}

func TestHook(t *testing.T) {
	for name, test := range map[string]struct {
		install, status int
		want, reason    string
		told            string
	}{
		"confirmed":           {0, 0, "SUCCEEDED", "", "install status confirm"},
		"given up":            {0, 1, "FAILED", "given up", "install status"},
		"refused":             {65, 0, "FAILED", "the hook is told install", "install"},
		"cannot be installed": {3, 0, "FAILED", "the hook is told install", "install"},
	} {
		t.Run(name, func(t *testing.T) {
			c, d := setUp(t)
			d.hooked()
			d.answers("install", test.install)
			d.answers("status", test.status)
			d.start()
			c.image("J-1", custom)
			c.ended("J-1", test.want, test.reason)
			if got := d.told(); got != test.told || d.keeps("custom-update") {
				t.Errorf("the hook was told %q, want %q; the image is kept: %v", got, test.told, d.keeps("custom-update"))
			}
			c.goesOn(d, "J-1="+test.want)
		})
	}
}

// TestHookThatWaits: the firmware restarts again and again, and the machine does not. The hook installs once, and the outcome is told when there is one.
func TestHookThatWaits(t *testing.T) {
	for _, test := range []struct {
		status       int
		want, reason string
	}{{0, "SUCCEEDED", ""}, {1, "FAILED", "given up"}} {
		t.Run(test.want, func(t *testing.T) {
			c, d := setUp(t)
			d.hooked().answers("status", 75)
			c.image("J-1", custom)
			for range 5 {
				stop := d.start()
				c.waits("J-1", "the restart of the machine")
				stop()
			}
			if told := d.told(); strings.Count(told, "install") != 1 || !d.keeps("custom-update") {
				t.Errorf("the hook was told %s; the image is kept: %v", told, d.keeps("custom-update"))
			}
			d.answers("status", test.status)
			d.start()
			c.ended("J-1", test.want, test.reason)
			if told := d.told(); strings.Count(told, "install") != 1 {
				t.Errorf("the hook was told %s", told)
			}
			c.goesOn(d, "J-1="+test.want)
		})
	}
}

// TestHookThatWaitsIsCancelled: what the hook has, it has. The next image takes its place.
func TestHookThatWaitsIsCancelled(t *testing.T) {
	c, d := setUp(t)
	d.hooked().answers("status", 75)
	c.image("J-1", custom)
	d.start()
	c.waits("J-1", "the restart of the machine")
	d.answers("status", 0)
	c.cancel("J-1")
	c.image("J-2", append([]byte("another "), custom...))
	c.ended("J-2", "SUCCEEDED", "")
	if told := d.told(); strings.Count(told, "install") != 2 || c.status("J-1") != "CANCELED" || d.keeps("custom-update") {
		t.Errorf("J-1 is %s, the hook was told %s; the image is kept: %v", c.status("J-1"), told, d.keeps("custom-update"))
	}
	c.goesOn(d, "J-2=SUCCEEDED")
}

// TestRestarts: the firmware ends at each line of its log, or each second or fourth, and begins anew. An outcome whose answer was not
// awaited is told again; it is the same.
func TestRestarts(t *testing.T) {
	for name, test := range map[string]struct {
		image          []byte
		update         sim.Update
		hook           int // the status of status; -1: there is no hook
		stride         int // lines from one end to the next
		status, reason string
	}{
		"delta":            {delta, sim.Update{Outcome: modem.UpdateDone}, -1, 1, "SUCCEEDED", ""},
		"delta, rejected":  {delta, sim.Update{Outcome: modem.UpdateRejected}, -1, 4, "FAILED", "rejected"},
		"full":             {fullModem(t), sim.Update{Outcome: modem.UpdateDone}, -1, 4, "SUCCEEDED", ""},
		"custom":           {custom, sim.Update{}, 0, 2, "SUCCEEDED", ""},
		"custom, given up": {custom, sim.Update{}, 1, 4, "FAILED", "given up"},
	} {
		t.Run(name, func(t *testing.T) {
			c, d := setUp(t)
			d.becomes(test.update)
			if test.hook >= 0 {
				d.hooked().answers("status", test.hook)
			}
			stops := 0
			for at := 1; ; at += test.stride {
				id := fmt.Sprintf("J-%d", at)
				c.image(id, test.image)
				d.mu.Lock()
				d.stopAt = at
				d.mu.Unlock()
				stop := d.start()
				await(t, id+" is over, or the device off", func() bool { return d.stopped() || c.status(id) == test.status })
				off := d.stopped()
				stop()
				d.mu.Lock()
				d.stopAt = 0
				d.mu.Unlock()
				if off {
					stops++
				}
				stop = d.start()
				c.ended(id, test.status, test.reason)
				stop()
				if !off {
					break
				}
			}
			t.Logf("%d restarts", stops)
			if stops < 12/test.stride {
				t.Error("there were less restarts than steps")
			}
			d.start()
			c.put("app-2.img", made(t, 2, 20_000))
			c.job("next", c.update(2, "app-2.img"))
			c.awaitStatus("next", "SUCCEEDED")
			for outcome := range strings.FieldsSeq(c.outcomes()) {
				if job, status, _ := strings.Cut(outcome, "="); job != "next" && status != test.status {
					t.Errorf("told %s", outcome)
				}
			}
			if test.hook >= 0 && strings.Count(d.told(), "install") > stops+3 {
				t.Errorf("the hook was told %s", d.told())
			}
			c.wantNothingRefused("InvalidStateTransition", "VersionMismatch") // of what is told again, for the answer was not awaited
		})
	}
}

// stopped tells whether the device has switched itself off.
func (d *device) stopped() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stopAt > 0 && d.lines >= d.stopAt
}
