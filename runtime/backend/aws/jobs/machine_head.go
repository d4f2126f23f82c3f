package jobs

import (
	"time"
)

// Topics below $aws/things/THING/jobs/.
const (
	topicNotify       = "notify-next"
	topicNextAccepted = "$next/get/accepted"
	topicNextRejected = "$next/get/rejected"
)

// message takes a message of a topic below $aws/things/THING/jobs/.
func (m *machine) message(now time.Time, topic string, payload []byte) {
	switch topic {
	case topicNotify:
		_, head, there, err := decodeHead(payload)
		if err != nil {
			m.do(refuse{topic, err})
			return
		}
		m.notified(now, head, there)
	case topicNextAccepted:
		token, head, there, err := decodeHead(payload)
		f := m.answered(askNext, token)
		switch {
		case f == nil:
			return
		case err != nil: // then there is no token either, as a rule
			m.untold(now, topic, err)
			return
		}
		m.failures = 0
		m.head(now, head, there, f.bare)
	case topicNextRejected:
		a, err := decodeAnswer(payload)
		f := m.answered(askNext, a.token)
		if f == nil {
			return
		}
		if err == nil {
			err = errorf("the service refuses to tell the next job: %.40s: %.200s", detail(a.code), detail(a.message))
		}
		m.untold(now, topic, err)
	default:
		m.updateAnswered(now, topic, payload)
	}
}

// untold takes that the head of the queue was not told.
func (m *machine) untold(now time.Time, topic string, err error) {
	m.do(refuse{topic, err})
	m.ask, m.asked = true, true // an outcome is told without it
	m.retry(now)
}

// answered gives the request that a token is of, if its answer is awaited: then it is not any more. The service gives every token back; one that is left
// out is taken for that of the only request there is.
func (m *machine) answered(r request, token string) *flight {
	f := m.flight
	if f == nil || (f.request == askNext) != (r == askNext) || token != f.token && token != "" {
		return nil
	}
	m.flight = nil
	return f
}

// oversized takes that a message was too large for the transport. What it is about is asked for without its document.
func (m *machine) oversized(topic string, bytes int) {
	if topic != topicNotify && topic != topicNextAccepted {
		return
	}
	if topic == topicNextAccepted {
		if m.flight == nil || m.flight.request != askNext || m.flight.bare {
			return
		}
		m.flight = nil
	}
	m.ask, m.bare, m.tooLarge = true, true, bytes
}

// notified takes that the head of the queue has changed. Messages may come late and more than once: only what was asked for counts.
func (m *machine) notified(now time.Time, head execution, there bool) {
	switch {
	case m.phase == idle && there && m.flight == nil && !m.retryAt.After(now):
		m.ask = false
		m.consider(now, head)
	case m.phase == idle && !there:
	case m.phase != idle && there && head.same(m.current):
	default:
		m.ask = true
	}
}

// head takes what is at the head of the queue, as the service answers.
func (m *machine) head(now time.Time, head execution, there, bare bool) {
	if !bare {
		m.bare = false
	}
	same := there && m.phase != idle && head.same(m.current)
	if same {
		m.current.version = head.version
		if m.current.number == 0 {
			m.current.number = head.number
		}
	}
	switch m.phase {
	case ending:
		m.asked = true
	case idle:
		m.take(now, head, there)
	case starting:
		switch {
		case !there:
			m.drop()
		case !same || head.document != "": // a document that is asked for again has a fresh signature in its URL
			m.phase = idle
			m.take(now, head, there)
		}
	case downloading, restarting, settling:
		switch {
		case same:
		case there && head.status == inProgress:
			m.tell, m.tellAt = true, time.Time{} // another one may be before ours; whether ours is still there shows when it is updated
		default: // those IN_PROGRESS come first in the queue (developer guide, "DescribeJobExecution")
			m.gone("it is not in the queue any more")
		}
	case pausing:
		if same {
			m.resume(now, head)
		} else {
			m.gone("it is not in the queue any more")
			m.ask = true
		}
	}
}

// take begins with the job at the head of the queue, if there is one.
func (m *machine) take(now time.Time, head execution, there bool) {
	if there {
		m.consider(now, head)
		return
	}
	m.bare, m.tooLarge = false, 0
	if m.record.stage == stageStarted {
		m.keep(record{})
	}
}

// consider decides what becomes of a job that is not handled yet.
func (m *machine) consider(now time.Time, head execution) {
	if !head.same(m.seen) {
		m.seen, m.repeats = head, 0
	} else if m.repeats++; m.repeats > 1 { // the service and the device do not agree about it
		m.hold(now, m.repeats)
	}
	if terminal(head.status) && head.status != "" { // it is over already
		m.ask = true
		return
	}
	known := m.record.stage != stageNone && m.record.execution.same(head)
	m.current, m.document, m.plain, m.refusals, m.started = head, document{}, false, 0, false
	m.percent, m.told, m.fetches, m.fetchedTo, m.kind = 0, 0, 0, 0, 0
	m.waits, m.startAt = false, time.Time{}
	if known && m.record.stage == stageReported {
		// The service has taken the outcome and forgotten it. It is told again; nothing is installed twice.
		m.document.version, m.kind = m.record.expected, m.record.kind
		m.end(outcome{status: m.record.status, reason: m.record.reason})
		return
	}
	d, err := m.documentOf(head)
	m.document = d
	switch {
	case err != nil:
		m.unsuitable(err)
	case !known && head.status == inProgress && m.firmwareOnly && isVersion(d.version, m.running):
		// It was begun by a run of which nothing is left, and what it was to install runs. Where it may have been a modem's, the version is not enough.
		m.end(outcome{status: succeeded, reason: "the version runs already"})
	default:
		m.phase = starting
		m.keep(record{stage: stageStarted, execution: execution{job: head.job, number: head.number, version: -1}, expected: d.version})
	}
}

// documentOf checks the document of an execution.
func (m *machine) documentOf(head execution) (document, error) {
	d, err := m.read(head.document)
	if head.document == "" && m.tooLarge > 0 {
		err = errorf("the job message has %d bytes: MQTT_HELPER_PAYLOAD_BUFFER_LEN of the firmware allows less", m.tooLarge)
	}
	m.bare, m.tooLarge = false, 0
	return d, err
}

// unsuitable refuses the current job. An execution that is IN_PROGRESS cannot become REJECTED any more.
func (m *machine) unsuitable(err error) {
	status := rejected
	if m.current.status == inProgress {
		status = failed
	}
	m.fail(err)
	m.end(outcome{status: status, reason: err.Error()})
}
