//go:build unix

package loader

import (
	"strconv"
	"syscall"
	"time"
)

// statusReboot is how the firmware ends when it wants to be started again (docs/firmware.md).
const statusReboot = 75

// ending is how a run of the firmware has ended.
type ending struct {
	status syscall.WaitStatus
	asked  bool // to end, by a signal to the bootloader
	late   bool // it was ended because it was not confirmed in time
	trial  bool // it was on trial when it started
}

// verdict is what comes of it.
type verdict struct {
	restart bool
	fail    string // not "": the image on trial is given up for this, unless it has been confirmed meanwhile
	status  int    // of the bootloader, where it does not restart
}

// judge decides. Where the image was confirmed meanwhile, confirmed is true.
//
// A confirmed image that fails is not started again here: whoever has started the bootloader has its own rules for that. It gets the
// firmware's status, and 128 and the number of the signal that it has died of.
func (e ending) judge(confirmed bool, within time.Duration) verdict {
	status := e.status.ExitStatus()
	if e.status.Signaled() {
		status = 128 + int(e.status.Signal())
	}
	switch {
	case e.asked:
		return verdict{status: status}
	case e.late && !confirmed:
		return verdict{restart: true, fail: "it was not confirmed within " + within.String()}
	case e.late || status == statusReboot:
		return verdict{restart: true}
	case status == 0:
		return verdict{}
	case e.trial && !confirmed:
		return verdict{restart: true, fail: "it has failed with " + e.text()}
	}
	return verdict{status: status}
}

func (e ending) text() string {
	if e.status.Signaled() {
		return "signal " + strconv.Itoa(int(e.status.Signal())) + " (" + e.status.Signal().String() + ")"
	}
	return "exit status " + strconv.Itoa(e.status.ExitStatus())
}

// pace keeps a firmware that ends at once from taking the whole processor. A run that is not short is restarted at once, and so is the first
// short one after it.
type pace struct{ short int }

const (
	shortRun  = 10 * time.Second
	firstWait = time.Second
	mostWait  = time.Minute
)

// wait is how long to wait after a run of this length.
func (p *pace) wait(ran time.Duration) time.Duration {
	if ran >= shortRun {
		p.short = 0
		return 0
	}
	p.short++
	if p.short == 1 {
		return 0
	}
	return min(mostWait, firstWait<<min(p.short-2, 10))
}
