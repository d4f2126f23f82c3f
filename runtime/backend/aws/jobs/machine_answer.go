package jobs

import (
	"fmt"
	"strings"
	"time"
)

// updateAnswered takes the answer to an update: JOB/update/accepted and JOB/update/rejected.
func (m *machine) updateAnswered(now time.Time, topic string, payload []byte) {
	job, kind, _ := strings.Cut(topic, "/update/")
	if job != m.current.job || m.flight == nil || m.flight.request == askNext {
		return
	}
	a, err := decodeAnswer(payload)
	f := m.answered(tellEnd, a.token)
	if f == nil {
		return
	}
	switch {
	case err != nil: // what it says is not known; whether the update was taken shows when it is repeated
		m.do(refuse{topic, err})
		m.retry(now)
	case kind == "accepted":
		m.accepted(now, f, a.state)
	case kind == "rejected":
		m.rejected(now, f, a)
	}
}

// accepted takes that an update was taken.
func (m *machine) accepted(now time.Time, f *flight, s *state) {
	m.failures, m.refusals = 0, 0
	switch {
	case s != nil && s.Version != nil:
		m.current.version = *s.Version
	case m.current.version >= 0:
		m.current.version++
	}
	switch f.request {
	case askNext:
	case tellStart:
		if m.phase == starting {
			m.begun(now)
		}
	case tellStill:
		switch {
		case m.phase == restarting && f.restart:
			m.restart()
		case m.phase == downloading:
			m.told, m.tellAt = f.percent, now.Add(tellPause)
			m.tell = m.percent/tellStep > m.told/tellStep
			m.renew(now)
		case m.renews():
			m.tell, m.tellAt = false, now.Add(tellPause)
			m.renew(now)
		}
	case tellEnd:
		if m.phase == ending {
			m.doneBy = time.Time{}
			m.reported()
		}
	}
}

// rejected takes that an update was refused.
func (m *machine) rejected(now time.Time, f *flight, a answer) {
	err := errorf("the service refuses the update of the job: %.40s: %.200s", detail(a.code), detail(a.message))
	m.do(note{"an update of the job is refused", m.current.job, err})
	switch a.code {
	case codeMismatch, codeTransition:
		m.compare(now, f, a)
	case codeNotFound, codeTerminal:
		m.gone("the service does not know it any more")
	case codeThrottled, codeInternal:
		m.retry(now)
	default:
		m.do(refuse{m.current.job + "/update", err})
		m.malformed(now, f)
	}
}

// compare finds out what an update has met that did not fit the execution's state.
func (m *machine) compare(now time.Time, f *flight, a answer) {
	wanted := inProgress
	if f.request == tellEnd {
		wanted = m.outcome.status
	}
	s := a.state
	switch {
	case s == nil && a.code == codeTransition:
		m.gone("it is over, as the service says")
	case s == nil: // the version is to be asked for
		m.ask, m.asked, m.current.version = true, false, -1
		m.retry(now)
	case s.Status == wanted: // it was taken before, and the answer lost
		m.accepted(now, f, s)
	case terminal(s.Status):
		m.gone(fmt.Sprintf("it is %s in the cloud", detail(cut(s.Status, 20))))
	case a.code == codeTransition && m.outcome.status == rejected && f.request == tellEnd:
		m.outcome.status = failed // from IN_PROGRESS on
		m.setVersion(s)
	case a.code == codeTransition:
		m.setVersion(s)
		m.malformed(now, f)
	default:
		m.setVersion(s)
		if m.failures > 0 {
			m.retry(now)
		} else {
			m.failures++ // the first time at once
		}
	}
}

func (m *machine) setVersion(s *state) {
	m.current.version = -1
	if s.Version != nil {
		m.current.version = *s.Version
	}
	m.asked = true
}

// malformed takes that the service finds nothing right in an update. It is tried without what is not needed, and then given up.
func (m *machine) malformed(now time.Time, f *flight) {
	m.plain = true
	m.refusals++
	switch {
	case f.request == tellStill && m.renews(): // it is not needed
		m.tell, m.told = false, f.percent
	case m.refusals >= maxRefusals:
		m.gone("the service refuses every update of it")
	default:
		m.retry(now)
	}
}
