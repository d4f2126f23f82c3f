package jobs

import (
	"errors"
	"fmt"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/fota"
)

// phase is what the machine is about.
type phase uint8

const (
	idle        phase = iota
	starting          // the execution is to be set IN_PROGRESS
	downloading       // the image comes
	pausing           // the download has broken off, and goes on after a while with a fresh document
	stopping          // the download was cancelled, its end is awaited
	restarting        // the image is scheduled; the service is told so, then the device restarts
	settling          // after the restart: the target is asked what has become of the image, and may not know for long
	ending            // the outcome is to be told
	waiting           // for the restart
)

var phaseNames = [...]string{"idle", "starting", "downloading", "pausing", "stopping", "restarting", "settling", "ending", "waiting"}

func (p phase) String() string { return phaseNames[p] }

// Times.
const (
	answerLimit  = 30 * time.Second // for the service to answer a request
	firstBackOff = time.Second      // after a request that was not answered or refused for the moment; doubled with each
	mostBackOff  = 5 * time.Minute
	tellPause    = 5 * time.Second  // between two tellings of the progress at least
	restartLimit = 10 * time.Second // for the service to learn of the restart
	reportLimit  = 10 * time.Minute // for the service to learn of the success before the restart (AWS_FOTA_REPORT_BEFORE_REBOOT)
	askPause     = time.Minute      // between two questions to the target, while it does not know yet
	fetchPause   = 10 * time.Second // after a download that has broken off; doubled with each
	firstRestart = time.Hour        // until the device restarts for an image that was put off; doubled with each
	mostRestart  = 24 * time.Hour
)

// Bounds of what is tried again.
const (
	maxFetches  = 3  // downloads that break off in a row without progress
	maxRestarts = 3  // for an image that waits to be installed
	maxRefusals = 3  // refusals of one update as malformed
	tellStep    = 10 // percent between two tellings of the progress
)

// request is what the service is asked.
type request uint8

const (
	askNext   request = iota // what is at the head of the queue
	tellStart                // IN_PROGRESS
	tellStill                // IN_PROGRESS, with the progress
	tellEnd                  // the outcome
)

// flight is a request whose answer is awaited.
type flight struct {
	request request
	token   string
	until   time.Time
	bare    bool // askNext: without documents
	restart bool // tellStill: that the device restarts
	percent int  // tellStill: that is told
}

// rules are what the options say to the machine.
type rules struct {
	limits
	status       int // bytes of an update
	stepTimeout  int // minutes; 0: none
	reportEarly  bool
	autoSchedule bool
	progress     bool   // CLOUD_EVT_FOTA_DL_PROGRESS is told
	running      string // version
	firmwareOnly bool   // images are firmware of this device, and nothing else
	tags         []int
}

// outcome is what is to be told at the end.
type outcome struct {
	status string
	reason string // "": none
	cause  string // of a failed download
	early  bool   // it is told before the restart, for an image that is scheduled
}

// fate is what has become of an image, as its target says.
type fate struct {
	is      fota.Outcome
	reason  error // fota.OutcomeFailed: why; fota.OutcomePending: why it waits for longer, nil: nothing is known of that
	restart bool  // fota.OutcomePending: another restart may help
}

// isFirmware tells whether images of these types are firmware of this device. What runs is a version of that.
func isFirmware(types fota.Type) bool { return types&^fota.TypeMCUboot == 0 }

// machine carries out one job after the other. Its methods take what has happened; effects gives what is to be done. It is for one goroutine.
// What is called from many places is kept from being inlined, which would be a fifth more code.
type machine struct {
	rules
	random func() float64 // from 0 to below 1
	name   string         // of this run of the program, for tokens

	connected bool
	phase     phase
	current   execution // that is handled, except when idle
	document  document  // of it, as last told
	record    record    // as kept
	outcome   outcome   // ending
	stopped   string    // stopping, why
	seen      execution // that was considered last
	repeats   int       // how often it was considered again since the connection stands
	started   bool      // CLOUD_EVT_FOTA_START was told for the current execution
	kind      fota.Type // of the current execution's image; 0: not known
	waits     bool      // settling: the image may be installed yet, and there is nothing to do but wait
	why       string    // waits, as the target says; "": that is not known
	givenUp   error     // settling: the image is released, for this

	flight   *flight
	tokens   uint64
	ask      bool // the head of the queue is to be asked for
	bare     bool // without documents: one is too large for the transport
	tooLarge int  // bytes of that message
	asked    bool // ending: it was asked for, and so the version is known or never will
	tell     bool // the progress is to be told
	plain    bool // without statusDetails: the service has refused them
	refusals int
	failures int // in a row, of requests

	percent, told int // of the image that are here; that were told
	fetches       int // that broke off without progress
	fetchedTo     int // percent, when the download was begun last

	retryAt time.Time // no request before
	tellAt  time.Time // no progress before
	renewAt time.Time // the progress is told then, to wind up the service's timer
	fetchAt time.Time // pausing
	askAt   time.Time // settling
	doneBy  time.Time // the restart comes then, whether the service knows or not
	startAt time.Time // waits: the device restarts then for another try

	out []effect
}

// newMachine makes a machine that goes on from what an earlier run has kept.
func newMachine(r rules, kept record, random func() float64) *machine {
	m := &machine{rules: r, record: kept, random: random, name: fmt.Sprintf("%08x", uint32(random()*(1<<32)))}
	if kept.stage == stageScheduled {
		m.phase, m.current, m.document.version, m.kind = settling, kept.execution, kept.expected, kept.kind
	}
	return m
}

// usable takes that the cloud can be used, and that the running firmware was confirmed.
func (m *machine) usable() {
	m.connected, m.flight, m.failures, m.retryAt = true, nil, 0, time.Time{}
	m.ask, m.asked = true, false
	m.askAt, m.repeats = time.Time{}, 0
}

// unusable takes that the connection is gone.
func (m *machine) unusable() { m.connected, m.flight = false, nil }

// unsent takes that the last request could not be published.
func (m *machine) unsent(now time.Time, err error) {
	if errors.Is(err, cloud.ErrNotConnected) {
		m.unusable()
		return
	}
	m.unanswered(now)
	m.do(note{"a request to AWS IoT Jobs was not sent", m.current.job, err})
}

// unanswered takes that there will be no answer to the last request.
func (m *machine) unanswered(now time.Time) {
	if m.flight != nil && m.flight.request == askNext {
		m.ask, m.asked = true, true // an outcome is told without it
	}
	m.flight = nil
	m.retry(now)
}

// retry puts off the next request.
//
//go:noinline
func (m *machine) retry(now time.Time) {
	m.hold(now, m.failures)
	m.failures++
}

// hold puts off the next request, longer each time.
//
//go:noinline
func (m *machine) hold(now time.Time, times int) {
	wait := min(firstBackOff<<min(times, 16), mostBackOff)
	// From 75 % to 100 %, so that a fleet does not come back at the same moment.
	m.retryAt = now.Add(wait - time.Duration(m.random()*float64(wait)/4))
}

//go:noinline
func (m *machine) do(e effect) { m.out = append(m.out, e) }

// keep makes a record the current one.
//
//go:noinline
func (m *machine) keep(r record) {
	if m.record != r {
		m.record = r
		m.do(keep{r})
	}
}

// effects gives what is to be done, in its order. Results are told to the machine, and then it is asked again.
func (m *machine) effects(now time.Time) []effect {
	if len(m.out) == 0 {
		m.advance(now)
	}
	out := m.out
	m.out = nil
	return out
}

// advance decides what is due.
func (m *machine) advance(now time.Time) {
	due := func(at time.Time) bool { return !at.IsZero() && !at.After(now) }
	switch {
	case m.phase == settling && m.connected && !m.askAt.After(now):
		m.askAt = now.Add(askPause)
		m.do(inquire{m.record.kind})
		return
	case m.phase == settling && m.waits && due(m.startAt):
		m.startAt = time.Time{}
		m.do(schedule{m.record.kind})
		return
	case due(m.doneBy):
		m.restart()
		return
	case m.phase == pausing && due(m.fetchAt):
		m.fetchAt, m.ask = time.Time{}, true
	case m.renews() && due(m.renewAt):
		m.renewAt, m.tell = time.Time{}, true
	}
	if m.flight != nil && due(m.flight.until) {
		m.do(note{"AWS IoT Jobs has not answered in time", m.current.job, errNoAnswer})
		m.unanswered(now)
	}
	if m.connected && m.flight == nil && !m.retryAt.After(now) {
		m.send(now)
	}
}

// renews tells whether the service's timer is to be wound up.
func (m *machine) renews() bool { return m.phase == downloading || m.phase == settling && m.waits }

var errNoAnswer = errorf("no answer in %v", answerLimit)

// send publishes the request that is due, if one is.
func (m *machine) send(now time.Time) {
	switch {
	case m.phase == stopping, m.phase == settling && !m.waits, m.phase == waiting:
	case m.phase == ending && (m.asked || m.current.version >= 0):
		m.update(now, tellEnd)
	case m.ask, m.phase == ending:
		f := m.fly(now, askNext)
		f.bare = m.bare
		m.ask = false
		m.do(publish{"$next/get", encodeNext(f.token, f.bare)})
	case m.phase == starting:
		m.update(now, tellStart)
	case m.tell && !m.tellAt.After(now) && (m.renews() || m.phase == restarting):
		m.update(now, tellStill)
	}
}

func (m *machine) fly(now time.Time, r request) *flight {
	m.tokens++
	m.flight = &flight{request: r, token: fmt.Sprintf("%s-%d", m.name, m.tokens), until: now.Add(answerLimit)}
	return m.flight
}

// update publishes an UpdateJobExecution request.
func (m *machine) update(now time.Time, r request) {
	f := m.fly(now, r)
	u := update{Status: inProgress, ExecutionNumber: m.current.number, IncludeState: true, ClientToken: f.token, StatusDetails: map[string]string{}}
	if m.current.version >= 0 {
		u.ExpectedVersion = &m.current.version
	}
	if m.document.version != "" {
		u.StatusDetails[detailExpected] = m.document.version
	}
	switch {
	case r == tellEnd:
		u.Status = m.outcome.status
		u.StatusDetails[detailReason], u.StatusDetails[detailCause] = m.outcome.reason, m.outcome.cause
		if isFirmware(m.kind) {
			u.StatusDetails[detailVersion] = m.running
		}
	case m.phase == settling:
		u.StatusDetails[detailStep], u.StatusDetails[detailReason] = "wait", m.why
	case m.phase == restarting:
		f.restart = true
		u.StatusDetails[detailStep], u.StatusDetails[detailProgress] = "restart", "100"
	default:
		f.percent = m.percent
		u.StatusDetails[detailStep], u.StatusDetails[detailProgress] = "download", fmt.Sprint(m.percent)
	}
	if r != tellEnd {
		u.StepTimeout = m.stepTimeout
	}
	if m.plain {
		u.StatusDetails = nil
	}
	m.do(publish{m.current.job + "/update", u.encode(m.status)})
}

// deadline is when effects has to be asked again though nothing has happened; zero: never.
func (m *machine) deadline(now time.Time) (next time.Time) {
	answer := time.Time{}
	if m.flight != nil {
		answer = m.flight.until
	}
	for _, each := range []struct {
		at      time.Time
		matters bool
	}{
		{answer, true}, {m.retryAt, m.connected}, {m.tellAt, m.connected && m.tell}, {m.renewAt, m.renews()}, {m.fetchAt, m.phase == pausing},
		{m.askAt, m.phase == settling && m.connected}, {m.doneBy, true}, {m.startAt, m.phase == settling && m.waits},
	} {
		if each.matters && each.at.After(now) && (next.IsZero() || each.at.Before(next)) {
			next = each.at
		}
	}
	return next
}
