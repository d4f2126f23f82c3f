package jobs

import (
	"errors"
	"time"

	"github.com/cloudgen/cloudgen/runtime/fota"
)

// settled takes what has become of the image, after the restart.
func (m *machine) settled(now time.Time, found fate) {
	if m.phase != settling {
		return
	}
	switch found.is {
	case fota.OutcomeInstalled:
		m.do(note{"the update is installed", m.current.job, nil})
		m.end(outcome{status: succeeded})
	case fota.OutcomeFailed:
		if found.reason == nil {
			found.reason = errors.New("the new firmware was given up")
		}
		m.failed(found.reason)
	case fota.OutcomeNone: // the target has lost it
		m.do(note{"the image is lost: it is downloaded again", m.current.job, errors.New("the target knows of no image")})
		m.phase, m.ask = idle, true
		m.keep(record{stage: stageStarted, execution: m.record.execution, expected: m.record.expected})
	case fota.OutcomePending:
		switch {
		case !m.autoSchedule: // the application says when
			m.await(now, fate{reason: errNotYet})
		case found.reason != nil:
			m.await(now, found)
		case m.record.restarts >= maxRestarts:
			m.giveUp(now, errorf("the image was not installed by %d restarts", m.record.restarts))
		default:
			m.do(schedule{m.record.kind})
		}
	case fota.OutcomeTrial: // it waits to be confirmed
		m.waits = false
	}
}

var errNotYet = errors.New("the application says when it is installed")

// await waits for an image that may be installed yet, however long that takes: an outcome that is told is final. The service is told that the device
// waits, and why; it may want the job no more.
func (m *machine) await(now time.Time, found fate) {
	why := found.reason.Error()
	if !m.waits || m.why != why {
		m.waits, m.why, m.tell, m.ask = true, why, true, true
		m.do(note{"the image waits to be installed", m.current.job, found.reason})
		m.renew(now)
	}
	if found.restart && m.startAt.IsZero() {
		m.startAt = now.Add(min(firstRestart<<min(m.record.restarts, 16), mostRestart))
	}
}

// scheduled takes whether the image is scheduled, after settled has asked for it.
func (m *machine) scheduled(now time.Time, err error) {
	switch {
	case m.phase != settling:
	case err != nil:
		m.giveUp(now, err)
	default:
		again := m.record
		again.restarts++
		m.keep(again)
		m.phase, m.waits = restarting, false
		m.announce(now)
	}
}

// giveUp fails an image that cannot be installed, if it can be taken back: released tells.
func (m *machine) giveUp(now time.Time, err error) {
	m.phase, m.givenUp, m.askAt = settling, err, now.Add(askPause)
	m.do(release{m.record.kind})
}

// released takes whether the target still has an image that was given up. Then the image may be installed yet, and it would be wrong to say that the
// update has failed.
func (m *machine) released(now time.Time, held bool) {
	if m.phase != settling {
		return
	}
	if held {
		m.await(now, fate{reason: m.givenUp, restart: true})
		return
	}
	m.undo()
	m.failed(m.givenUp)
}
