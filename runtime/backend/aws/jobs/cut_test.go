package jobs

import (
	"fmt"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
)

// device makes a device of this variant.
func (v variant) device(t *testing.T, disk *durabletest.Disk, s *service) *device {
	config := options()
	config.ReportBeforeReboot = v.early
	d := newDevice(t, config, disk, s, &files{content: made(t, 2), broken: 200})
	d.bad, d.disk.loose = v.bad, v.loose
	return d
}

// over tells whether the device has nothing more to do: the service has the outcome, and the image is tried.
func (v variant) over(d *device) func() bool {
	return func() bool {
		d.service.mu.Lock()
		defer d.service.mu.Unlock()
		return terminal(d.service.queue[0].status) && d.version == v.runs && !d.wants()
	}
}

// cuts gives the number of cut points, that of disks looked at, and the first violation.
func (v variant) cuts(t *testing.T, fault durabletest.Fault) (points, disks int, violation string) {
	start := installed(t)
	for at := v.from; ; at++ {
		disk := start.Clone()
		disk.SetFault(fault)
		disk.CutAfter(at)
		s := &service{t: t}
		s.add("J-1", updateTo2)
		d := v.device(t, disk, s)
		if d.boot() {
			d.live(time.Hour, v.over(d))
			d.live(5*time.Second, nil) // what it does after that
		}
		if d.jobs != nil {
			d.stop()
		}
		if !d.disk.isDead() {
			return points, disks, ""
		}
		points++
		for found := range disk.Crashes() {
			disks++
			if violation := v.survives(t, found, s.clone()); violation != "" {
				return points, disks, fmt.Sprintf("cut after %d operations: %s", at, violation)
			}
		}
	}
}

// survives goes on from what was found after a cut.
func (v variant) survives(t *testing.T, disk *durabletest.Disk, s *service) string {
	d := v.device(t, disk, s)
	d.boot()
	tried := d.slots.State().Last.Outcome != slots.NoOutcome
	d.live(time.Hour, v.over(d))
	d.live(time.Minute, nil)
	d.stop()
	job := s.queue[0]
	if tried && len(d.files.asked) > 0 {
		return "the image was tried, and is downloaded again: " + s.requests()
	}
	if job.status != v.status || job.ends != 1 || d.version != v.runs {
		return fmt.Sprintf("the job is %s, told %d times, and version %d runs: %s", job.status, job.ends, d.version, s.requests())
	}
	before, downloads := len(s.asked), len(d.files.asked)
	d.boot()
	d.live(time.Minute, nil)
	d.stop()
	if done := s.asked[before:]; len(done) != 1 || len(d.files.asked) != downloads || d.version != v.runs {
		return fmt.Sprintf("after another restart version %d runs, %d downloads, requests: %v", d.version, len(d.files.asked)-downloads, done)
	}
	return ""
}
