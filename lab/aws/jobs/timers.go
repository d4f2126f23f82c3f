package jobs

import (
	"cmp"
	"slices"
	"time"
)

// deadline tells when an execution times out: when the in-progress timer or the step timer runs out, whichever is first
// (jobs-configurations-details, "How timers work for job timeouts").
func (e *execution) deadline() (time.Time, bool) {
	if e.Status != InProgress {
		return time.Time{}, false
	}
	due := e.StepDue
	if config := e.job.Request.TimeoutConfig; config != nil && !e.StartedAt.IsZero() {
		if limit := e.StartedAt.Add(minutes(config.InProgressTimeoutInMinutes)); due.IsZero() || limit.Before(due) {
			due = limit
		}
	}
	return due, !due.IsZero()
}

// secondsLeft is approximateSecondsBeforeTimedOut: nil where no timer runs.
func (e *execution) secondsLeft(now time.Time) *int64 {
	due, ok := e.deadline()
	if !ok {
		return nil
	}
	left := max(0, int64(due.Sub(now)/time.Second))
	return &left
}

func minutes(n int64) time.Duration { return time.Duration(n) * time.Minute }

// NextDue gives the time at which Tick has something to do; false if nothing waits for a time. The service may be up to 60 seconds late, the store
// is not.
func (s *Store) NextDue() (time.Time, bool) {
	var next time.Time
	sooner := func(t time.Time, ok bool) {
		if ok && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, j := range s.jobs {
		sooner(j.GoneAt, !j.GoneAt.IsZero())
		for _, e := range j.Executions {
			sooner(e.deadline())
		}
	}
	return next, !next.IsZero()
}

// Tick does what is due: executions time out, deleted jobs disappear.
func (s *Store) Tick(now time.Time) []Message {
	type expiry struct {
		due time.Time
		e   *execution
	}
	var expired []expiry
	for id, j := range s.jobs {
		if !j.GoneAt.IsZero() && !j.GoneAt.After(now) {
			delete(s.jobs, id)
		}
		for _, e := range j.Executions {
			if due, ok := e.deadline(); ok && !due.After(now) {
				expired = append(expired, expiry{due, e})
			}
		}
	}
	slices.SortFunc(expired, func(a, b expiry) int { return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.e.Order, b.e.Order)) })
	var messages []Message
	for _, x := range expired {
		messages = append(messages, s.change(now, []string{x.e.Thing}, func() { s.finish(x.e, TimedOut, now) })...)
	}
	return messages
}

// finish brings an execution to a terminal state. It is retried if the job's criteria say so (jobs-configurations-details, "Job execution retry
// configuration"), unless the job was canceled. The version counts updates by the device, so that it stays where the service made the change
// (API reference, JobExecution: versions "are incremented each time they are updated by a device").
func (s *Store) finish(e *execution, status Status, now time.Time) {
	e.Status, e.UpdatedAt, e.StepDue = status, now, time.Time{}
	if failureType, ok := e.retry(); ok {
		retries := map[string]int{failureType: 1}
		for name, n := range e.Retries {
			retries[name] += n
		}
		s.queue(e.job, e.Thing, retries, now)
	}
	e.job.settle(now)
}

// retry tells whether a failed execution is tried again, and which criterion allows it.
func (e *execution) retry() (failureType string, ok bool) {
	if e.job.Status != JobInProgress || e.job.Request.RetryConfig == nil || (e.Status != Failed && e.Status != TimedOut) {
		return "", false
	}
	for _, criterion := range e.job.Request.RetryConfig.CriteriaList {
		if criterion.FailureType == "ALL" || criterion.FailureType == string(e.Status) {
			return criterion.FailureType, e.Retries[criterion.FailureType] < criterion.NumberOfRetries
		}
	}
	return "", false
}

// retryAttempt is how many retries came before the execution, of both types.
func (e *execution) retryAttempt() int {
	total := 0
	for _, n := range e.Retries {
		total += n
	}
	return total
}

// settle completes a snapshot job whose executions have all come to an end. A continuous one goes on (iot-jobs-lifecycle, "Job states").
func (j *job) settle(now time.Time) {
	if j.Status != JobInProgress || j.Request.TargetSelection == continuous {
		return
	}
	if slices.ContainsFunc(j.Executions, func(e *execution) bool { return e.Status.pending() }) {
		return
	}
	j.Status, j.UpdatedAt, j.Completed = JobCompleted, now, now
}
