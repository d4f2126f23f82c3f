package jobs

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/backend/aws"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
	"github.com/cloudgen/cloudgen/runtime/module"
)

const updateTo2 = `{"operation":"app_fw_update","fwversion":"2.0.0","size":500,"location":{"protocol":"https","host":"files.example","path":"app/2.0.0.bin?sig=secret"}}`

func wantText(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

func TestUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{t: t}
		d := newDevice(t, options(), installed(t), s, &files{content: made(t, 2), broken: 200})
		d.boot()
		d.live(time.Minute, nil)
		job := s.add("J-1", updateTo2)
		d.disconnect()
		d.connect()
		d.live(time.Minute, nil)
		defer d.stop()
		wantText(t, "events", d.story(), "START DONE")
		wantText(t, "requests", onceInProgress(s.requests()), "$next/get $next/get J-1=IN_PROGRESS $next/get J-1=SUCCEEDED $next/get")
		if d.version != 2 || job.status != succeeded || job.details[detailVersion] != "2.0.0" || job.details[detailExpected] != "2.0.0" {
			t.Errorf("version %d runs; the job is %s, %v", d.version, job.status, job.details)
		}
		if len(d.refused) > 0 {
			t.Errorf("refused: %v", d.refused)
		}
	})
}

func TestUpdateThatComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{t: t}
		job := s.add("J-1", updateTo2)
		next := s.add("J-2", `{"location":{"url":"file:///etc/passwd"}}`)
		d := newDevice(t, options(), installed(t), s, &files{content: made(t, 2)})
		d.bad = true
		d.boot()
		d.live(time.Minute, nil)
		defer d.stop()
		wantText(t, "events", d.story(), "START DONE ERROR ERROR")
		if d.version != 1 || job.status != failed || !strings.Contains(job.details[detailReason], "reverted") || job.details[detailVersion] != "1.0.0" {
			t.Errorf("version %d runs; the job is %s, %v", d.version, job.status, job.details)
		}
		if next.status != rejected || !strings.Contains(next.details[detailReason], "https://host/path") && !strings.Contains(next.details[detailReason], "only https") {
			t.Errorf("the next job is %s, %v", next.status, next.details)
		}
	})
}

// variant is an update on a device in which the power is cut.
type variant struct {
	name   string
	early  bool
	bad    bool
	status string
	runs   uint8
	loose  bool // a fault, see locked
	from   int  // operations before the first cut
}

// TestPowerCuts cuts the power at every operation on the medium from the job's arrival to the report of its outcome: while it is downloaded, scheduled,
// tried, confirmed and reported. From each medium that may be found then the device goes on, and the job comes to the same end: the outcome was told once,
// what was to run runs, and after another restart nothing is done any more.
func TestPowerCuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, v := range []variant{
			{name: "an update", status: succeeded, runs: 2},
			{name: "an update that comes back", bad: true, status: failed, runs: 1},
			{name: "an update that is reported before the restart", early: true, status: succeeded, runs: 2},
		} {
			points, disks, violation := v.cuts(t, durabletest.Fault{})
			if violation != "" {
				t.Fatalf("%s: %s", v.name, violation)
			}
			t.Logf("%s: %d cut points, %d disks looked at", v.name, points, disks)
			if points < 80 || disks < 300 {
				t.Errorf("%s: the enumeration has lost cases", v.name)
			}
		}
	})
}

// TestThePowerCutsFindMissingSyncs shows that the test above can fail.
func TestThePowerCutsFindMissingSyncs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, test := range map[string]struct {
			fault durabletest.Fault
			loose bool
		}{
			"fsync of the record": {durabletest.Fault{DropSync: recordFolder + "/." + recordName + ".new"}, false},
			"fsync of its folder": {durabletest.Fault{}, true},
		} {
			v := variant{name: name, bad: true, status: failed, runs: 1, loose: test.loose, from: 100}
			if _, _, violation := v.cuts(t, test.fault); violation == "" {
				t.Errorf("without %s: not noticed", name)
			} else {
				t.Logf("without %s: %s", name, violation)
			}
		}
	})
}

// onceInProgress leaves out what of the progress is told while the update goes on: how much is a matter of chance.
func onceInProgress(requests string) string {
	const told = "J-1=IN_PROGRESS"
	for strings.Contains(requests, told+" "+told) {
		requests = strings.ReplaceAll(requests, told+" "+told, told)
	}
	return requests
}

// TestReportBeforeReboot is the SDK's order.
func TestReportBeforeReboot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := options()
		config.ReportBeforeReboot = true
		s := &service{t: t}
		job := s.add("J-1", updateTo2)
		d := newDevice(t, config, installed(t), s, &files{content: made(t, 2)})
		d.boot()
		d.live(time.Minute, func() bool { return d.wants() })
		if d.version != 1 || job.status != succeeded {
			t.Errorf("version %d runs, the job is %s", d.version, job.status)
		}
		d.live(time.Minute, nil)
		defer d.stop()
		wantText(t, "events", d.story(), "START DONE")
		wantText(t, "requests", onceInProgress(s.requests()), "$next/get J-1=IN_PROGRESS J-1=SUCCEEDED $next/get")
		if d.version != 2 {
			t.Errorf("version %d runs", d.version)
		}
	})
}

// TestCancelWhileDownloading: the job is cancelled in the cloud, then it is made anew.
func TestCancelWhileDownloading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{t: t}
		job := s.add("J-1", updateTo2)
		d := newDevice(t, options(), installed(t), s, &files{content: made(t, 2), pause: time.Second})
		d.boot()
		defer func() { d.stop() }()
		d.live(5*time.Second, nil)
		s.change(func() { job.status, job.version = "CANCELED", job.version+1 })
		d.live(time.Minute, nil)
		wantText(t, "events", d.story(), "START ERROR")
		if d.version != 1 || job.ends != 0 || len(d.files.asked) != 1 {
			t.Errorf("version %d runs, the job %+v, asked for %v", d.version, job, d.files.asked)
		}
		s.change(func() { s.add("J-2", updateTo2) })
		d.live(time.Minute, nil)
		wantText(t, "events", d.story(), "START ERROR START DONE")
		if d.version != 2 || s.queue[1].status != succeeded {
			t.Errorf("version %d runs, the job is %s", d.version, s.queue[1].status)
		}
	})
}

// TestCancelBeforeTheRestart: the image is marked already, and is not tried.
func TestCancelBeforeTheRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{t: t}
		job := s.add("J-1", updateTo2)
		d := newDevice(t, options(), installed(t), s, &files{content: made(t, 2)})
		s.trouble = func(string) string {
			if job.status == inProgress && d.slots.State().Trial == slots.Marked {
				job.status, job.version = "CANCELED", job.version+1
			}
			return ""
		}
		d.boot()
		d.live(time.Minute, nil)
		d.stop()
		d.boot()
		d.live(time.Minute, nil)
		d.stop()
		wantText(t, "events", d.story(), "START ERROR")
		if d.version != 1 || job.status != "CANCELED" || d.slots.State().Trial != slots.NoTrial {
			t.Errorf("version %d runs, the job %+v, the other image is %v", d.version, job, d.slots.State().Trial)
		}
	})
}

// TestConnectionsBreak: the connection to the cloud comes and goes every few seconds, answers are lost, and requests throttled.
func TestConnectionsBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{t: t}
		job := s.add("J-1", updateTo2)
		requests := 0
		s.trouble = func(string) string {
			requests++
			return [...]string{"", "lost", codeThrottled, "", codeInternal}[requests%5]
		}
		d := newDevice(t, options(), installed(t), s, &files{content: made(t, 2), pause: 3 * time.Second, broken: 250})
		d.boot()
		defer func() { d.stop() }()
		for n := range 60 {
			d.live(time.Duration(5+n%7)*time.Second, nil)
			d.disconnect()
			d.live(time.Duration(n%3)*time.Second, nil)
			d.connect()
		}
		d.live(time.Hour, nil)
		if d.version != 2 || job.status != succeeded || job.ends != 1 {
			t.Errorf("version %d runs, the job: %+v", d.version, job)
		}
		if asked := len(s.requests()); asked > 4000 {
			t.Errorf("%d bytes of requests: %s", asked, s.requests())
		}
	})
}

// TestStop: what runs ends with Stop, and goes on with the next Start from where it was.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{t: t}
		s.add("J-1", updateTo2)
		d := newDevice(t, options(), installed(t), s, &files{content: made(t, 2), pause: time.Second})
		d.boot()
		d.live(5*time.Second, nil)
		d.stop()
		d.jobs.Stop() // once more does nothing
		d.jobs.Usable()
		d.boot()
		d.live(time.Minute, nil)
		defer func() { d.stop() }()
		if asked := d.files.asked; d.version != 2 || len(asked) != 2 || asked[1] < 100 {
			t.Errorf("version %d runs, asked for %v", d.version, asked)
		}
	})
}

func TestNewChecks(t *testing.T) {
	for says, change := range map[string]func(*Config){
		"AWS_FOTA_ALLOWED_HOSTS is empty":    func(c *Config) { c.AllowedHosts = " " },
		"AWS_FOTA_ALLOWED_HOSTS: \"https://": func(c *Config) { c.AllowedHosts = "https://files.example" },
		"AWS_FOTA_PAYLOAD_SIZE is 0":         func(c *Config) { c.DocumentMax = 0 },
		"AWS_FOTA_PAYLOAD_SIZE is 32769":     func(c *Config) { c.DocumentMax = 32769 },
		"UPDATE_JOB_PAYLOAD_LEN is 511":      func(c *Config) { c.StatusMax = 511 },
		"AWS_FOTA_IMAGE_SIZE_MAX is 0":       func(c *Config) { c.ImageMax = 0 },
		"AWS_FOTA_STEP_TIMEOUT is 10081":     func(c *Config) { c.StepTimeout = 10081 },
		"DOWNLOAD_CLIENT_HTTP_FRAG_SIZE is":  func(c *Config) { c.HTTP.FragmentSize = "" },
	} {
		config := options()
		change(&config)
		if _, err := New(config); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %s", err, says)
		}
	}
	jobs, err := New(options())
	if err != nil {
		t.Fatal(err)
	}
	if err := jobs.Start(aws.JobsHost{Thing: strings.Repeat("x", 65)}); err == nil || !strings.Contains(err.Error(), "CLIENT_ID_MAX_LEN") {
		t.Errorf("error %v", err)
	}
	if err := jobs.Start(aws.JobsHost{Thing: "thing", Device: module.Device{DataDir: t.TempDir()}}); err != nil {
		t.Error(err)
	}
	jobs.Stop()
	if err := jobs.Start(aws.JobsHost{Thing: "thing"}); err == nil || !strings.Contains(err.Error(), "data folder") {
		t.Errorf("error %v", err)
	}
}
