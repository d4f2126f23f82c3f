package aws

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/files"
	"github.com/cloudgen/cloudgen/lab/aws/jobs"
	runtime "github.com/cloudgen/cloudgen/runtime/backend/aws/jobs"
)

// setUp makes a cloud that allows the device exactly what its topics need, and the device.
func setUp(t *testing.T) (*cloud, *device) {
	t.Helper()
	t.Parallel()
	c := newCloud(t, policy((&device{}).shipped(t)))
	return c, newDevice(t, c)
}

func (c *cloud) update(version int, key string) string {
	return fmt.Sprintf(`{"operation":"app_fw_update","fwversion":"%d.0.0","location":{"url":%q}}`, version, c.placeholder(key))
}

func (c *cloud) status(id string) string { return string(c.execution(id).Status) }

func (c *cloud) awaitStatus(id, status string) jobs.Execution {
	c.Helper()
	await(c, id+" becomes "+status, func() bool { return c.status(id) == status })
	return c.execution(id)
}

func number(n int64) *int64 { return &n }

// TestUpdate: while the image comes, its connection and that to the cloud break; while the device is off, nothing is lost.
func TestUpdate(t *testing.T) {
	c, d := setUp(t)
	c.put("app-2.img", made(t, 2, 200_000))
	check(t, c.files.SetFault("app-2.img", files.Fault{StallAt: number(60_000), Times: 1}))
	c.job("J-1", c.update(2, "app-2.img"))
	stop := d.start()
	c.awaitStatus("J-1", "IN_PROGRESS")
	await(t, "progress is told", func() bool { return len(detail(c.execution("J-1"), "progress")) > 1 })
	if !c.Broker().Cut(thing) {
		t.Error("the device was not connected")
	}
	stop() // in the middle of the image
	if d.runs() != 1 {
		t.Errorf("version %d runs", d.runs())
	}
	check(t, c.files.SetFault("app-2.img", files.Fault{CutAt: number(120_000), Times: 1}))
	stop = d.start()
	e := c.awaitStatus("J-1", "SUCCEEDED")
	if d.runs() != 2 || detail(e, "version") != "2.0.0" || detail(e, "expected") != "2.0.0" {
		t.Errorf("version %d runs, the execution: %+v, %v", d.runs(), e, e.StatusDetails)
	}
	stop()
	if running, err := d.slots(0).Boot(2); err != nil || running.Info.Header.Version.Major != 2 {
		t.Errorf("version %d is the one that stays: %v", running.Info.Header.Version.Major, err)
	}
	if got := d.story(); got != "FOTA_START FOTA_START FOTA_DONE" {
		t.Errorf("events: %s", got)
	}
	c.wantNothingRefused()
}

// TestUpdateThatComesBack: the new version does not reach the cloud.
func TestUpdateThatComesBack(t *testing.T) {
	c, d := setUp(t)
	d.bad = 2
	c.put("app-2.img", made(t, 2, 20_000))
	c.put("app-3.img", made(t, 3, 20_000))
	d.start()
	c.job("J-1", c.update(2, "app-2.img"))
	c.job("J-2", c.update(3, "app-3.img"))
	e := c.awaitStatus("J-1", "FAILED")
	if detail(e, "version") != "1.0.0" || !strings.Contains(detail(e, "reason"), "reverted") {
		t.Errorf("the execution: %v", e.StatusDetails)
	}
	e = c.awaitStatus("J-2", "SUCCEEDED")
	if d.runs() != 3 || detail(e, "version") != "3.0.0" {
		t.Errorf("version %d runs, the execution: %v", d.runs(), e.StatusDetails)
	}
	if got := d.story(); got != "FOTA_START FOTA_DONE FOTA_ERROR FOTA_START FOTA_DONE" {
		t.Errorf("events: %s", got)
	}
	c.wantNothingRefused()
}

// TestJobsThatAreRefused: one after the other, each with its reason.
func TestJobsThatAreRefused(t *testing.T) {
	c, d := setUp(t)
	c.put("foreign.img", []byte(strings.Repeat("no image ", 1000)))
	c.put("large.img", made(t, 2, 2<<20))
	damaged := made(t, 2, 20_000)
	damaged[10_000]++
	c.put("damaged.img", damaged)
	c.put("app-2.img", made(t, 2, 20_000))
	cases := []struct{ id, document, status, reason string }{
		{"another-host", `{"location":{"url":"https://evil.test/app.img"}}`, "REJECTED", `"evil.test", which is not in AWS_FOTA_ALLOWED_HOSTS`},
		{"a-file", `{"location":{"url":"file:///etc/passwd"}}`, "REJECTED", "https://host/path"},
		{"plain-http", `{"location":{"protocol":"http","host":"127.0.0.1","path":"app.img"}}`, "REJECTED", "AWS_FOTA_ALLOW_HTTP"},
		{"size", `{"size":9000000,"location":{"url":"https://127.0.0.1/app.img"}}`, "REJECTED", "AWS_FOTA_IMAGE_SIZE_MAX"},
		{"nothing", `{"operation":"reboot"}`, "REJECTED", "no location"},
		{"too-long", `{"x":"` + strings.Repeat("x", 1400) + `"}`, "REJECTED", "AWS_FOTA_PAYLOAD_SIZE allows 1350"},
		{"far-too-long", `{"x":"` + strings.Repeat("x", 20_000) + `"}`, "REJECTED", "MQTT_HELPER_PAYLOAD_BUFFER_LEN"},
		{"missing", c.update(2, "missing.img"), "FAILED", "404"},
		{"no-image", c.update(2, "foreign.img"), "FAILED", "no image"},
		{"too-large", c.update(2, "large.img"), "FAILED", "at most 1048576 are possible"},
		{"damaged", c.update(2, "damaged.img"), "FAILED", "not one that this device takes"},
	}
	d.start()
	for _, each := range cases {
		c.job(each.id, each.document)
	}
	c.job("last", c.update(2, "app-2.img"))
	for _, each := range cases {
		await(t, each.id+" is over", func() bool { return c.status(each.id) != "QUEUED" && c.status(each.id) != "IN_PROGRESS" })
		if e := c.execution(each.id); string(e.Status) != each.status || !strings.Contains(detail(e, "reason"), each.reason) {
			t.Errorf("%s is %s, %v; want %s, %q", each.id, e.Status, e.StatusDetails, each.status, each.reason)
		}
	}
	c.awaitStatus("last", "SUCCEEDED")
	if d.runs() != 2 {
		t.Errorf("version %d runs", d.runs())
	}
	c.wantNothingRefused()
}

// TestCancelledJob: the download ends, and the next job begins.
func TestCancelledJob(t *testing.T) {
	c, d := setUp(t)
	c.put("app-2.img", made(t, 2, 20_000))
	c.put("app-3.img", made(t, 3, 20_000))
	check(t, c.files.SetFault("app-2.img", files.Fault{StallAt: number(5_000)}))
	d.start()
	c.job("J-1", c.update(2, "app-2.img"))
	c.awaitStatus("J-1", "IN_PROGRESS")
	c.job("J-2", c.update(3, "app-3.img"))
	c.cancel("J-1")
	c.awaitStatus("J-2", "SUCCEEDED")
	if d.runs() != 3 || c.status("J-1") != "CANCELED" {
		t.Errorf("version %d runs, J-1 is %s", d.runs(), c.status("J-1"))
	}
	if got := d.story(); got != "FOTA_START FOTA_ERROR FOTA_START FOTA_DONE" {
		t.Errorf("events: %s", got)
	}
}

// TestReportBeforeReboot is the SDK's order: the image that comes back was reported as a success.
func TestReportBeforeReboot(t *testing.T) {
	c, d := setUp(t)
	d.bad = 2
	d.config = func(c *runtime.Config) { c.ReportBeforeReboot = true }
	c.put("app-2.img", made(t, 2, 20_000))
	c.job("J-1", c.update(2, "app-2.img"))
	d.start()
	c.awaitStatus("J-1", "SUCCEEDED")
	await(t, "version 1 runs again", func() bool { return d.slots(0).State().Last.Reason != "" && d.runs() == 1 })
	if c.status("J-1") != "SUCCEEDED" {
		t.Errorf("J-1 is %s", c.status("J-1"))
	}
	c.wantNothingRefused()
}

// TestExpiredURL: when the download is taken up again, the URL has expired. The document that is asked for then has a fresh one.
func TestExpiredURL(t *testing.T) {
	c, d := setUp(t)
	d.config = func(c *runtime.Config) { c.HTTP.Timeout = time.Second }
	c.put("app-2.img", made(t, 2, 200_000))
	check(t, c.files.SetFault("app-2.img", files.Fault{StallAt: number(60_000), Times: 1}))
	d.start()
	c.job("J-1", c.update(2, "app-2.img"))
	await(t, "progress is told", func() bool { return len(detail(c.execution("J-1"), "progress")) > 1 })
	check(t, c.Clock().Advance(11*time.Minute))
	await(t, "the download has broken off", func() bool { return d.logged("taken up again after a while") })
	if e := c.awaitStatus("J-1", "SUCCEEDED"); d.runs() != 2 {
		t.Errorf("version %d runs, the execution: %+v", d.runs(), e)
	}
	if got := d.story(); got != "FOTA_START FOTA_DONE" {
		t.Errorf("events: %s", got)
	}
}

// TestTimeout: the service gives the execution up, and so does the device.
func TestTimeout(t *testing.T) {
	c, d := setUp(t)
	c.put("app-2.img", made(t, 2, 20_000))
	check(t, c.files.SetFault("app-2.img", files.Fault{StallAt: number(5_000)}))
	d.start()
	c.job("J-1", c.update(2, "app-2.img"))
	c.awaitStatus("J-1", "IN_PROGRESS")
	check(t, c.Clock().Advance(61*time.Minute))
	c.awaitStatus("J-1", "TIMED_OUT")
	await(t, "the device gives it up", func() bool { return d.story() == "FOTA_START FOTA_ERROR" })
	if d.runs() != 1 {
		t.Errorf("version %d runs", d.runs())
	}
}

// TestStepTimeout: the device winds the service's timer up.
func TestStepTimeout(t *testing.T) {
	c, d := setUp(t)
	d.config = func(c *runtime.Config) { c.StepTimeout = 5 }
	c.put("app-2.img", made(t, 2, 20_000))
	check(t, c.files.SetFault("app-2.img", files.Fault{StallAt: number(5_000)}))
	stop := d.start()
	c.job("J-1", c.update(2, "app-2.img"))
	e := c.awaitStatus("J-1", "IN_PROGRESS")
	if left := e.SecondsBeforeTime; left == nil || *left > 300 || *left < 200 {
		t.Errorf("the step's timer: %v", left)
	}
	stop() // it is off for too long
	check(t, c.Clock().Advance(6*time.Minute))
	c.awaitStatus("J-1", "TIMED_OUT")
}
