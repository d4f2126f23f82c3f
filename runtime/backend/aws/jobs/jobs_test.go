package jobs

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
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
		wantText(t, "requests", s.requests(), "$next/get $next/get J-1=IN_PROGRESS J-1=IN_PROGRESS J-1=IN_PROGRESS $next/get J-1=SUCCEEDED $next/get")
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

// result tells what a job has come to on a device that was cut.
type variant struct {
	name   string
	early  bool
	bad    bool
	status string
	runs   uint8
}

// TestPowerCuts cuts the power at every operation on the medium from the job's arrival to the report of its outcome: while it is downloaded, scheduled,
// tried, confirmed and reported. From each medium that may be found then the device goes on, and the job comes to the same end: the outcome was told once,
// what was to run runs, and after another restart nothing is done any more.
func TestPowerCuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, v := range []variant{
			{"an update", false, false, succeeded, 2},
			{"an update that comes back", false, true, failed, 1},
			{"an update that is reported before the restart", true, false, succeeded, 2},
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
