// Package jobs is the Jobs service of AWS IoT Device Management as a pure data structure: requests and a time in, messages out.
//
// Source, unless a line names another: AWS IoT Core developer guide, section "AWS IoT Jobs" (pages jobs-mqtt-api, jobs-comm-notifications,
// jobs-workflow-jobs-online, iot-jobs-lifecycle, jobs-configurations-details, manage-job-cli, job-limits), and the API reference of the two
// services iot and iot-jobs-data for patterns, lengths and names of exceptions. What they leave open is marked "undocumented" and says what was
// chosen.
package jobs

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Status is the state of a job execution.
type Status string

// The states of executions (iot-jobs-lifecycle). The last six are terminal.
const (
	Queued     Status = "QUEUED"
	InProgress Status = "IN_PROGRESS"
	Succeeded  Status = "SUCCEEDED"
	Failed     Status = "FAILED"
	TimedOut   Status = "TIMED_OUT"
	Rejected   Status = "REJECTED"
	Removed    Status = "REMOVED"
	Canceled   Status = "CANCELED"
)

func (s Status) pending() bool { return s == Queued || s == InProgress }

// known tells whether there is such a state.
func (s Status) known() bool {
	return s.pending() || slices.Contains([]Status{Succeeded, Failed, TimedOut, Rejected, Removed, Canceled}, s)
}

// JobStatus is the state of a job.
type JobStatus string

// The states of jobs (iot-jobs-lifecycle). SCHEDULED is missing: the local cloud schedules nothing.
const (
	JobInProgress JobStatus = "IN_PROGRESS"
	JobCompleted  JobStatus = "COMPLETED"
	JobCanceled   JobStatus = "CANCELED"
	JobDeleting   JobStatus = "DELETION_IN_PROGRESS"
)

// maximumListed is how many executions the service names in jobs/notify and in the answer to jobs/get, where no scheduling configuration is used
// (job-limits, "Maximum number of pending job executions").
const maximumListed = 10

// Message is something that the service publishes below $aws/things/THING/jobs/.
type Message struct {
	Thing   string
	Topic   string // "notify", "JOB/update/accepted"
	Payload []byte // JSON
	Unicast bool   // for the client that asked, whether it subscribed or not, and for nobody else; else published to subscribers
}

// Config is what a store needs to know of its surroundings.
type Config struct {
	ARN      string                                   // what ARNs begin with, "arn:aws:iot:REGION:ACCOUNT:"; "": arn:aws:iot:eu-central-1:000000000000:
	Known    func(thing string) bool                  // tells whether a thing is registered; nil: every thing is
	Members  func(group string) ([]string, bool)      // the things of a group, and whether there is such a group; nil: there are no groups
	Presign  func(url string, until time.Time) string // makes a URL that works until then, each time that a document is delivered; nil: the URL as it is
	Deletion time.Duration                            // how long a deleted job is shown as DELETION_IN_PROGRESS; 0: it is gone at once
}

// Store holds the jobs of an account. It is not safe for concurrent use. Whoever owns it calls Tick when NextDue says so.
type Store struct {
	config   Config
	jobs     map[string]*job
	things   map[string][]*execution // of all jobs, oldest first
	sequence int64                   // of the youngest execution or job
}

// job is a job. Its exported fields are the ones that Snapshot writes.
type job struct {
	ID         string           `json:"id"`
	Request    JobRequest       `json:"request"`
	Status     JobStatus        `json:"status"`
	Forced     bool             `json:"forceCanceled,omitempty"`
	ReasonCode string           `json:"reasonCode,omitempty"`
	Comment    string           `json:"comment,omitempty"`
	CreatedAt  time.Time        `json:"createdAt"`
	UpdatedAt  time.Time        `json:"lastUpdatedAt"`
	Completed  time.Time        `json:"completedAt,omitzero"`
	GoneAt     time.Time        `json:"goneAt,omitzero"` // of one that is being deleted
	Order      int64            `json:"order"`
	Executions []*execution     `json:"executions"` // oldest first
	Attempts   map[string]int64 `json:"numbers"`    // the highest execution number that each thing had
}

// execution is a job on a thing, once: a retry is another one, with the next number.
type execution struct {
	job *job

	Thing     string            `json:"thing"`
	Number    int64             `json:"executionNumber"`
	Status    Status            `json:"status"`
	Details   map[string]string `json:"statusDetails,omitempty"`
	Forced    bool              `json:"forceCanceled,omitempty"`
	QueuedAt  time.Time         `json:"queuedAt"`
	StartedAt time.Time         `json:"startedAt,omitzero"`
	UpdatedAt time.Time         `json:"lastUpdatedAt"`
	StepDue   time.Time         `json:"stepDue,omitzero"` // when the step timer runs out
	Version   int64             `json:"versionNumber"`
	Retries   map[string]int    `json:"retries,omitempty"` // retries before this execution, by failureType of the criterion that gave them
	Order     int64             `json:"order"`             // in the queue
}

// NewStore makes an empty store.
func NewStore(config Config) *Store {
	config.ARN = cmp.Or(config.ARN, "arn:aws:iot:eu-central-1:000000000000:")
	return &Store{config: config, jobs: map[string]*job{}, things: map[string][]*execution{}}
}

// queue makes an execution and puts it at the end of the thing's queue. The one before it, if it is a retry, hands its count of retries on.
func (s *Store) queue(j *job, thing string, retries map[string]int, now time.Time) {
	s.sequence++
	j.Attempts[thing]++
	e := &execution{
		job: j, Thing: thing, Number: j.Attempts[thing], Status: Queued,
		QueuedAt: now, UpdatedAt: now, Version: 1, Retries: retries, Order: s.sequence,
	}
	j.Executions = append(j.Executions, e)
	s.things[thing] = append(s.things[thing], e)
}

// remove takes an execution out of the store.
func (s *Store) remove(e *execution) {
	is := func(other *execution) bool { return other == e }
	e.job.Executions = slices.DeleteFunc(e.job.Executions, is)
	if left := slices.DeleteFunc(s.things[e.Thing], is); len(left) > 0 {
		s.things[e.Thing] = left
	} else {
		delete(s.things, e.Thing)
	}
}

// latest gives the youngest execution of a job on a thing; nil if there is none.
func (s *Store) latest(thing, jobID string) *execution {
	for _, e := range slices.Backward(s.things[thing]) {
		if e.job.ID == jobID {
			return e
		}
	}
	return nil
}

// find gives an execution by its number; number nil: the latest.
func (s *Store) find(thing, jobID string, number *int64) *execution {
	if number == nil {
		return s.latest(thing, jobID)
	}
	for _, e := range s.things[thing] {
		if e.job.ID == jobID && e.Number == *number {
			return e
		}
	}
	return nil
}

// pending gives a thing's queue: what is in progress, then what is queued, each in the order in which it was queued.
func (s *Store) pending(thing string) []*execution {
	var pending []*execution
	for _, status := range []Status{InProgress, Queued} {
		for _, e := range s.things[thing] {
			if e.Status == status {
				pending = append(pending, e)
			}
		}
	}
	return pending
}

// change carries out f, which may change executions of the things, and gives the notifications that follow.
func (s *Store) change(now time.Time, things []string, f func()) []Message {
	before := make([][]*execution, len(things))
	for i, thing := range things {
		before[i] = s.pending(thing)
	}
	f()
	var messages []Message
	for i, thing := range things {
		messages = append(messages, s.notifications(thing, before[i], s.pending(thing), now)...)
	}
	return messages
}

// notifications: jobs/notify whenever an execution comes into the list of pending ones or leaves it, jobs/notify-next whenever another one, or none,
// becomes the first. The pages disagree about a plain move from QUEUED to IN_PROGRESS: jobs-comm-notifications lists it among the criteria, and
// publishes nothing for it in its example; so does the live service (ministackorg/ministack, iot_jobs_data.py, from a capture).
func (s *Store) notifications(thing string, before, after []*execution, now time.Time) []Message {
	var messages []Message
	if !sameSet(before, after) {
		messages = append(messages, Message{Thing: thing, Topic: "notify", Payload: encode(listNotification{Timestamp: now.Unix(), Jobs: summaries(after)})})
	}
	if head(before) != head(after) {
		next := nextNotification{Timestamp: now.Unix()}
		if e := head(after); e != nil {
			next.Execution = e.data(now)
			next.Execution.ThingName = "" // the examples of jobs-comm-notifications have none
			next.Execution.JobDocument = s.document(e.job, now)
		}
		messages = append(messages, Message{Thing: thing, Topic: "notify-next", Payload: encode(next)})
	}
	return messages
}

func head(queue []*execution) *execution {
	if len(queue) == 0 {
		return nil
	}
	return queue[0]
}

func sameSet(a, b []*execution) bool {
	byOrder := func(a, b *execution) int { return cmp.Compare(a.Order, b.Order) }
	return slices.Equal(slices.SortedFunc(slices.Values(a), byOrder), slices.SortedFunc(slices.Values(b), byOrder))
}

// encode gives compact JSON. It cannot fail: it is given structs of numbers, strings and documents that were checked to be JSON.
func encode(content any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // URLs stay as they are
	if err := encoder.Encode(content); err != nil {
		panic(fmt.Sprintf("jobs: encoding our own message: %v", err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
