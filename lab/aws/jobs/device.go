package jobs

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"time"
)

// next stands for the first execution of the queue in the place of a job id.
const next = "$next"

// Device is the device side of the service, for one thing: the same four operations over MQTT and over HTTP.
type Device struct {
	store *Store
	thing string
}

// Device gives the device side for a thing.
func (s *Store) Device(thing string) Device { return Device{store: s, thing: thing} }

// Publish carries out a request that was published on $aws/things/THING/jobs/TOPIC. The first message is the answer.
func (d Device) Publish(topic string, body []byte, now time.Time) []Message {
	r, refused := decodeRequest(body)
	answered := &envelope{Timestamp: now.Unix(), ClientToken: r.clientToken}
	var content any
	var notifications []Message
	id, operation, _ := strings.Cut(topic, "/")
	var e *execution
	switch {
	case topic == "get":
		content = d.pendingAnswer(answered)
	case topic == "start-next":
		if refused == nil {
			e, notifications, refused = d.start(r, now)
			content = d.executionAnswer(e, true, asObject, answered, now)
		}
	case operation == "get" && (id == next || isJobID(id)):
		if refused == nil {
			e, refused = d.describe(id, r.executionNumber)
			content = d.executionAnswer(e, r.includeDocument == nil || *r.includeDocument, asObject, answered, now)
		}
	case operation == "update" && isJobID(id): // $next is none
		if refused == nil {
			content, notifications, refused = d.update(id, r, asObject, answered, now)
		}
	default:
		refused = fail("InvalidTopic", "the topic is of no operation: get, start-next, JOB/get, $next/get and JOB/update are")
	}
	outcome := "/accepted"
	if refused != nil {
		outcome = "/rejected"
		rejected := rejectedAnswer{Code: refused.code, Message: refused.text, envelope: answered}
		if refused.state != nil {
			rejected.ExecutionState = refused.state.state()
		}
		content = rejected
	}
	return append([]Message{{Thing: d.thing, Topic: topic + outcome, Payload: encode(content), Unicast: true}}, notifications...)
}

// GetPendingJobExecutions gives the answer to GET /things/THING/jobs.
func (d Device) GetPendingJobExecutions() []byte { return encode(d.pendingAnswer(nil)) }

// StartNextPendingJobExecution carries out PUT /things/THING/jobs/$next and gives the answer. The error is an *Error.
func (d Device) StartNextPendingJobExecution(body []byte, now time.Time) ([]byte, []Message, error) {
	r, refused := decodeRequest(body)
	if refused != nil {
		return nil, nil, refused.exception()
	}
	e, messages, refused := d.start(r, now)
	if refused != nil {
		return nil, nil, refused.exception()
	}
	return encode(d.executionAnswer(e, true, asString, nil, now)), messages, nil
}

// DescribeJobExecution carries out GET /things/THING/jobs/JOB, where JOB may be $next, with the parameters executionNumber and includeJobDocument of
// the query ("" if absent), and gives the answer. The error is an *Error.
func (d Device) DescribeJobExecution(id, executionNumber, includeJobDocument string, now time.Time) ([]byte, error) {
	if id != next && !isJobID(id) {
		return nil, invalid("jobId has 1 to 64 of the characters a-z, A-Z, 0-9, _ and -, or is $next")
	}
	var number *int64
	if executionNumber != "" {
		n, err := strconv.ParseInt(executionNumber, 10, 64)
		if err != nil {
			return nil, invalid("executionNumber is no integer")
		}
		number = &n
	}
	switch includeJobDocument {
	case "", "true", "false":
	default:
		return nil, invalid("includeJobDocument is neither true nor false")
	}
	e, refused := d.describe(id, number)
	if refused != nil {
		return nil, refused.exception()
	}
	return encode(d.executionAnswer(e, includeJobDocument != "false", asString, nil, now)), nil
}

// UpdateJobExecution carries out POST /things/THING/jobs/JOB and gives the answer. The error is an *Error.
func (d Device) UpdateJobExecution(id string, body []byte, now time.Time) ([]byte, []Message, error) {
	if !isJobID(id) {
		return nil, nil, invalid("jobId has 1 to 64 of the characters a-z, A-Z, 0-9, _ and -")
	}
	r, refused := decodeRequest(body)
	if refused != nil {
		return nil, nil, refused.exception()
	}
	content, messages, refused := d.update(id, r, asString, nil, now)
	if refused != nil {
		return nil, nil, refused.exception()
	}
	return encode(content), messages, nil
}

// asObject and asString are how a document stands in an answer: as JSON over MQTT, as a string over HTTP.
func asObject(document json.RawMessage) any { return document }
func asString(document json.RawMessage) any { return string(document) }

func (d Device) pendingAnswer(answered *envelope) pendingAnswer {
	byStatus := summaries(d.store.pending(d.thing))
	a := pendingAnswer{InProgressJobs: byStatus[InProgress], QueuedJobs: byStatus[Queued], envelope: answered}
	if a.InProgressJobs == nil {
		a.InProgressJobs = []summary{}
	}
	if a.QueuedJobs == nil {
		a.QueuedJobs = []summary{}
	}
	return a
}

// executionAnswer has no execution if e is nil.
func (d Device) executionAnswer(e *execution, document bool, as func(json.RawMessage) any, answered *envelope, now time.Time) executionAnswer {
	a := executionAnswer{envelope: answered}
	if e != nil {
		a.Execution = e.data(now)
		if document {
			a.Execution.JobDocument = as(d.store.document(e.job, now))
		}
	}
	return a
}

// start gives the first execution of the queue and starts it; nil if the queue is empty. One that is in progress stays as it is: its details do not
// change, nor (undocumented) its step timer.
func (d Device) start(r request, now time.Time) (*execution, []Message, *failure) {
	if r.stepTimeout != nil && *r.stepTimeout == -1 { // the API reference allows it for updates alone
		return nil, nil, fail("InvalidRequest", "stepTimeoutInMinutes is 1 to %d", maximumMinutes)
	}
	e := head(d.store.pending(d.thing))
	if e == nil || e.Status == InProgress {
		return e, nil, nil
	}
	messages := d.store.change(now, []string{d.thing}, func() { e.advance(InProgress, r, now) })
	return e, messages, nil
}

// describe gives an execution that is not at its end; nil for $next if the queue is empty.
func (d Device) describe(id string, number *int64) (*execution, *failure) {
	if id == next {
		return head(d.store.pending(d.thing)), nil
	}
	e := d.store.find(d.thing, id, number)
	switch {
	case e == nil:
		return nil, fail("ResourceNotFound", "the thing has no such execution of the job %s", id)
	case !e.Status.pending():
		return nil, fail("TerminalStateReached", "the execution is %s, which is terminal", e.Status)
	}
	return e, nil
}

// update changes an execution. The version is compared before the state (undocumented).
func (d Device) update(id string, r request, as func(json.RawMessage) any, answered *envelope, now time.Time) (updateAnswer, []Message, *failure) {
	switch r.status {
	case InProgress, Succeeded, Failed, Rejected:
	case "":
		return updateAnswer{}, nil, fail("InvalidRequest", "status is missing")
	default:
		return updateAnswer{}, nil, fail("InvalidRequest", "status is none that a device may set: IN_PROGRESS, SUCCEEDED, FAILED and REJECTED are")
	}
	e := d.store.find(d.thing, id, r.executionNumber)
	var refused *failure
	switch {
	case e == nil:
		return updateAnswer{}, nil, fail("ResourceNotFound", "the thing has no such execution of the job %s", id)
	case r.expectedVersion != nil && *r.expectedVersion != e.Version:
		refused = fail("VersionMismatch", "expectedVersion is %d, the version of the execution is %d", *r.expectedVersion, e.Version)
	case !e.Status.pending():
		refused = fail("InvalidStateTransition", "the execution is %s, which is terminal", e.Status)
	}
	if refused != nil {
		refused.state = e
		return updateAnswer{}, nil, refused
	}
	messages := d.store.change(now, []string{d.thing}, func() {
		e.advance(r.status, r, now)
		if !r.status.pending() {
			d.store.finish(e, r.status, now)
		}
	})
	answer := updateAnswer{envelope: answered}
	if r.includeState {
		answer.ExecutionState = e.state()
	}
	if r.includeDocument != nil && *r.includeDocument {
		answer.JobDocument = as(d.store.document(e.job, now))
	}
	return answer, messages, nil
}

// advance does what a device's request does to an execution.
func (e *execution) advance(status Status, r request, now time.Time) {
	if status == InProgress && e.Status == Queued {
		e.StartedAt = now
	}
	e.Status, e.UpdatedAt = status, now
	e.Version++
	if r.details != nil {
		e.Details = maps.Clone(r.details)
	}
	switch n := r.stepTimeout; {
	case n == nil:
	case *n == -1:
		e.StepDue = time.Time{}
	default:
		e.StepDue = now.Add(minutes(*n))
	}
}
