package jobs

import (
	"maps"
	"slices"
	"time"
)

// Execution is what the control plane's DescribeJobExecution tells ({"execution":…}). Times are seconds since 1970.
type Execution struct {
	JobID             string         `json:"jobId"`
	Status            Status         `json:"status"`
	ForceCanceled     bool           `json:"forceCanceled,omitempty"`
	StatusDetails     *StatusDetails `json:"statusDetails,omitempty"`
	ThingARN          string         `json:"thingArn"`
	QueuedAt          int64          `json:"queuedAt"`
	StartedAt         int64          `json:"startedAt,omitempty"`
	LastUpdatedAt     int64          `json:"lastUpdatedAt"`
	ExecutionNumber   int64          `json:"executionNumber"`
	VersionNumber     int64          `json:"versionNumber"`
	SecondsBeforeTime *int64         `json:"approximateSecondsBeforeTimedOut,omitempty"`
}

// StatusDetails are the name-value pairs of an execution, as the control plane wraps them.
type StatusDetails struct {
	DetailsMap map[string]string `json:"detailsMap"`
}

// DescribeJobExecution tells of an execution; number 0 is the latest. The error is an *Error.
func (s *Store) DescribeJobExecution(thing, id string, number int64, now time.Time) (Execution, error) {
	e := s.find(thing, id, optional(number))
	if e == nil {
		return Execution{}, noExecution(thing, id)
	}
	x := Execution{
		JobID: id, Status: e.Status, ForceCanceled: e.Forced, ThingARN: s.config.ARN + "thing/" + thing, QueuedAt: e.QueuedAt.Unix(),
		StartedAt: seconds(e.StartedAt), LastUpdatedAt: e.UpdatedAt.Unix(), ExecutionNumber: e.Number, VersionNumber: e.Version,
		SecondsBeforeTime: e.secondsLeft(now),
	}
	if len(e.Details) > 0 {
		x.StatusDetails = &StatusDetails{DetailsMap: maps.Clone(e.Details)}
	}
	return x, nil
}

func optional(number int64) *int64 {
	if number == 0 {
		return nil
	}
	return &number
}

// ExecutionSummary is the control plane's JobExecutionSummary.
type ExecutionSummary struct {
	Status          Status `json:"status"`
	QueuedAt        int64  `json:"queuedAt"`
	StartedAt       int64  `json:"startedAt,omitempty"`
	LastUpdatedAt   int64  `json:"lastUpdatedAt"`
	ExecutionNumber int64  `json:"executionNumber"`
	RetryAttempt    int    `json:"retryAttempt,omitempty"` // how many retries came before
}

// ExecutionEntry is a line of the lists of executions: with ThingARN where they are a job's, with JobID where they are a thing's.
type ExecutionEntry struct {
	ThingARN string           `json:"thingArn,omitempty"`
	JobID    string           `json:"jobId,omitempty"`
	Summary  ExecutionSummary `json:"jobExecutionSummary"`
}

// ExecutionList is the answer to ListJobExecutionsForJob and ListJobExecutionsForThing.
type ExecutionList struct {
	Summaries []ExecutionEntry `json:"executionSummaries"`
	NextToken string           `json:"nextToken,omitempty"`
}

// ListJobExecutionsForJob lists a job's executions, oldest first; status "" is any. The error is an *Error.
func (s *Store) ListJobExecutionsForJob(id string, status Status, page Page) (ExecutionList, error) {
	j, ok := s.jobs[id]
	if !ok {
		return ExecutionList{}, noJob(id)
	}
	return list(j.Executions, status, page, func(e *execution) ExecutionEntry { return ExecutionEntry{ThingARN: s.config.ARN + "thing/" + e.Thing} })
}

// ListJobExecutionsForThing lists a thing's executions, oldest first, of one job or (id "") of all; status "" is any. The error is an *Error.
func (s *Store) ListJobExecutionsForThing(thing, id string, status Status, page Page) (ExecutionList, error) {
	if s.config.Known != nil && !s.config.Known(thing) {
		return ExecutionList{}, notFound("there is no thing %q", thing)
	}
	all := slices.DeleteFunc(slices.Clone(s.things[thing]), func(e *execution) bool { return id != "" && e.job.ID != id })
	return list(all, status, page, func(e *execution) ExecutionEntry { return ExecutionEntry{JobID: e.job.ID} })
}

func list(all []*execution, status Status, page Page, entry func(*execution) ExecutionEntry) (ExecutionList, error) {
	if status != "" && !status.known() {
		return ExecutionList{}, invalid("%q is no status of an execution", status)
	}
	entries := []ExecutionEntry{}
	for _, e := range all {
		if status != "" && e.Status != status {
			continue
		}
		line := entry(e)
		line.Summary = ExecutionSummary{
			Status: e.Status, QueuedAt: e.QueuedAt.Unix(), StartedAt: seconds(e.StartedAt), LastUpdatedAt: e.UpdatedAt.Unix(),
			ExecutionNumber: e.Number, RetryAttempt: e.retryAttempt(),
		}
		entries = append(entries, line)
	}
	part, next, err := paginate(entries, page)
	return ExecutionList{Summaries: part, NextToken: next}, err
}

// CancelExecutionRequest is the body of CancelJobExecution; force is a parameter of the query.
type CancelExecutionRequest struct {
	ExpectedVersion *int64            `json:"expectedVersion,omitempty"`
	StatusDetails   map[string]string `json:"statusDetails,omitempty"` // nil: they stay
}

// DecodeCancelExecutionRequest decodes the body of CancelJobExecution, which may be empty. The error is an *Error.
func DecodeCancelExecutionRequest(body []byte) (CancelExecutionRequest, error) {
	var r CancelExecutionRequest
	if err := decodeStrictly(body, &r); err != nil {
		return CancelExecutionRequest{}, err
	}
	return r, nil
}

// CancelJobExecution cancels the latest execution of a job on a thing: a queued one, with force one in progress too. The error is an *Error.
func (s *Store) CancelJobExecution(thing, id string, r CancelExecutionRequest, force bool, now time.Time) ([]Message, error) {
	if complaint := checkDetails(r.StatusDetails); complaint != "" {
		return nil, invalid("%s", complaint)
	}
	e := s.latest(thing, id)
	switch {
	case e == nil:
		return nil, noExecution(thing, id)
	case r.ExpectedVersion != nil && *r.ExpectedVersion != e.Version:
		return nil, versionConflict(*r.ExpectedVersion, e.Version)
	case !e.Status.pending():
		return nil, transition("the execution is %s, which is terminal", e.Status)
	case e.Status == InProgress && !force:
		return nil, transition("the execution is in progress, and force is not set")
	}
	return s.change(now, []string{thing}, func() {
		if r.StatusDetails != nil {
			e.Details = maps.Clone(r.StatusDetails)
		}
		e.Forced = force
		s.finish(e, Canceled, now)
	}), nil
}

// DeleteJobExecution deletes an execution: one in a terminal state, with force any. The error is an *Error.
func (s *Store) DeleteJobExecution(thing, id string, number int64, force bool, now time.Time) ([]Message, error) {
	e := s.find(thing, id, &number)
	switch {
	case e == nil:
		return nil, noExecution(thing, id)
	case e.Status.pending() && !force:
		return nil, transition("the execution is %s, and force is not set", e.Status)
	}
	return s.change(now, []string{thing}, func() {
		s.remove(e)
		e.job.settle(now)
	}), nil
}

// Inject is the laboratory's own: it brings an execution (number 0: the latest) to any state, a terminal one back to life too, counts its version up
// and, unless details are nil, replaces its details. Nothing is retried. What the service publishes for such a change is published. The error is an
// *Error.
func (s *Store) Inject(thing, id string, number int64, status Status, details map[string]string, now time.Time) ([]Message, error) {
	e := s.find(thing, id, optional(number))
	switch {
	case e == nil:
		return nil, noExecution(thing, id)
	case !status.known():
		return nil, invalid("%q is no status of an execution", status)
	}
	if complaint := checkDetails(details); complaint != "" {
		return nil, invalid("%s", complaint)
	}
	return s.change(now, []string{thing}, func() {
		if status == InProgress && e.Status != InProgress {
			e.StartedAt = now
		}
		if status != InProgress {
			e.StepDue = time.Time{}
		}
		e.Status, e.UpdatedAt = status, now
		e.Version++
		if details != nil {
			e.Details = maps.Clone(details)
		}
		if status.pending() && e.job.Status == JobCompleted {
			e.job.Status, e.job.Completed = JobInProgress, time.Time{}
		}
		e.job.settle(now)
	}), nil
}
