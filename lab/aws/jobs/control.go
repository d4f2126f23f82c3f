package jobs

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maximumDeleting is how many jobs may be DELETION_IN_PROGRESS at a time (API reference, DeleteJob).
const maximumDeleting = 10

// Job is what DescribeJob tells ({"job":…}). Times are seconds since 1970.
type Job struct {
	JobARN             string              `json:"jobArn"`
	JobID              string              `json:"jobId"`
	TargetSelection    string              `json:"targetSelection"`
	Status             JobStatus           `json:"status"`
	ForceCanceled      bool                `json:"forceCanceled,omitempty"`
	ReasonCode         string              `json:"reasonCode,omitempty"`
	Comment            string              `json:"comment,omitempty"`
	Targets            []string            `json:"targets"`
	Description        string              `json:"description,omitempty"`
	PresignedURLConfig *PresignedURLConfig `json:"presignedUrlConfig,omitempty"`
	CreatedAt          int64               `json:"createdAt"`
	LastUpdatedAt      int64               `json:"lastUpdatedAt"`
	CompletedAt        int64               `json:"completedAt,omitempty"`
	ProcessDetails     ProcessDetails      `json:"jobProcessDetails"`
	TimeoutConfig      *TimeoutConfig      `json:"timeoutConfig,omitempty"`
	RetryConfig        *RetryConfig        `json:"jobExecutionsRetryConfig,omitempty"`
	IsConcurrent       bool                `json:"isConcurrent"` // never: the local cloud rolls out at once
}

// ProcessDetails counts the things of a job by the state of their latest execution.
type ProcessDetails struct {
	Canceled   int `json:"numberOfCanceledThings"`
	Succeeded  int `json:"numberOfSucceededThings"`
	Failed     int `json:"numberOfFailedThings"`
	Rejected   int `json:"numberOfRejectedThings"`
	Queued     int `json:"numberOfQueuedThings"`
	InProgress int `json:"numberOfInProgressThings"`
	Removed    int `json:"numberOfRemovedThings"`
	TimedOut   int `json:"numberOfTimedOutThings"`
}

// DescribeJob tells of a job. The error is an *Error.
func (s *Store) DescribeJob(id string) (Job, error) {
	j, ok := s.jobs[id]
	if !ok {
		return Job{}, noJob(id)
	}
	r := j.Request
	return Job{
		JobARN: s.config.ARN + "job/" + id, JobID: id, TargetSelection: r.TargetSelection, Status: j.Status, ForceCanceled: j.Forced,
		ReasonCode: j.ReasonCode, Comment: j.Comment, Targets: slices.Clone(r.Targets), Description: r.Description,
		PresignedURLConfig: r.PresignedURLConfig, CreatedAt: j.CreatedAt.Unix(), LastUpdatedAt: j.UpdatedAt.Unix(), CompletedAt: seconds(j.Completed),
		ProcessDetails: j.process(), TimeoutConfig: r.TimeoutConfig, RetryConfig: r.RetryConfig,
	}, nil
}

func (j *job) process() ProcessDetails {
	latest := map[string]Status{}
	for _, e := range j.Executions {
		latest[e.Thing] = e.Status
	}
	count := map[Status]int{}
	for _, status := range latest {
		count[status]++
	}
	return ProcessDetails{
		Canceled: count[Canceled], Succeeded: count[Succeeded], Failed: count[Failed], Rejected: count[Rejected],
		Queued: count[Queued], InProgress: count[InProgress], Removed: count[Removed], TimedOut: count[TimedOut],
	}
}

// GetJobDocument gives a job's document as it was given to CreateJob, with its placeholders. The error is an *Error.
func (s *Store) GetJobDocument(id string) (string, error) {
	j, ok := s.jobs[id]
	if !ok {
		return "", noJob(id)
	}
	return j.Request.Document, nil
}

// JobSummary is a line of ListJobs.
type JobSummary struct {
	JobARN          string    `json:"jobArn"`
	JobID           string    `json:"jobId"`
	TargetSelection string    `json:"targetSelection"`
	Status          JobStatus `json:"status"`
	CreatedAt       int64     `json:"createdAt"`
	LastUpdatedAt   int64     `json:"lastUpdatedAt"`
	CompletedAt     int64     `json:"completedAt,omitempty"`
	IsConcurrent    bool      `json:"isConcurrent"`
}

// JobFilter limits what ListJobs gives. Members that are "" do not.
type JobFilter struct {
	Status          JobStatus
	TargetSelection string
}

// JobList is the answer to ListJobs.
type JobList struct {
	Jobs      []JobSummary `json:"jobs"`
	NextToken string       `json:"nextToken,omitempty"`
}

// Page is a part of a list: at most MaxResults entries (1 to 250; 0: 250) from where the NextToken of the part before says.
type Page struct {
	MaxResults int
	NextToken  string
}

// ListJobs lists jobs by status, as the guide's example does; the youngest first among those of a status (undocumented). The error is an *Error.
func (s *Store) ListJobs(filter JobFilter, page Page) (JobList, error) {
	rank := []JobStatus{JobInProgress, JobCompleted, JobCanceled, JobDeleting}
	if filter.Status != "" && filter.Status != "SCHEDULED" && !slices.Contains(rank, filter.Status) {
		return JobList{}, invalid("%q is no status of a job", filter.Status)
	}
	if filter.TargetSelection != "" && filter.TargetSelection != snapshot && filter.TargetSelection != continuous {
		return JobList{}, invalid("targetSelection is SNAPSHOT or CONTINUOUS")
	}
	jobs := []JobSummary{}
	for _, status := range rank {
		for _, j := range slices.Backward(s.sorted()) {
			if j.Status != status || (filter.Status != "" && filter.Status != status) ||
				(filter.TargetSelection != "" && filter.TargetSelection != j.Request.TargetSelection) {
				continue
			}
			jobs = append(jobs, JobSummary{
				JobARN: s.config.ARN + "job/" + j.ID, JobID: j.ID, TargetSelection: j.Request.TargetSelection, Status: j.Status,
				CreatedAt: j.CreatedAt.Unix(), LastUpdatedAt: j.UpdatedAt.Unix(), CompletedAt: seconds(j.Completed),
			})
		}
	}
	part, next, err := paginate(jobs, page)
	return JobList{Jobs: part, NextToken: next}, err
}

// sorted gives the jobs, oldest first.
func (s *Store) sorted() []*job {
	return slices.SortedFunc(maps.Values(s.jobs), func(a, b *job) int { return cmp.Compare(a.Order, b.Order) })
}

// paginate gives a part of a list, and the token of the next one. The token is a position.
func paginate[T any](all []T, page Page) ([]T, string, error) {
	start := 0
	if page.NextToken != "" {
		var err error
		if start, err = strconv.Atoi(page.NextToken); err != nil || start < 0 {
			return nil, "", invalid("nextToken is none that the service gave")
		}
	}
	if page.MaxResults < 0 || page.MaxResults > 250 {
		return nil, "", invalid("maxResults is 1 to 250")
	}
	start = min(start, len(all))
	end := min(start+cmp.Or(page.MaxResults, 250), len(all))
	if end < len(all) {
		return all[start:end], strconv.Itoa(end), nil
	}
	return all[start:], "", nil
}

// CancelRequest is the body of CancelJob; force is a parameter of the query.
type CancelRequest struct {
	ReasonCode string `json:"reasonCode,omitempty"` // at most 128 upper case letters, digits and _
	Comment    string `json:"comment,omitempty"`
}

// DecodeCancelRequest decodes the body of CancelJob, which may be empty. The error is an *Error.
func DecodeCancelRequest(body []byte) (CancelRequest, error) {
	var r CancelRequest
	if err := decodeStrictly(body, &r); err != nil {
		return CancelRequest{}, err
	}
	return r, nil
}

// CancelJob cancels a job and its queued executions; with force those in progress too. The others go on, and no failure is retried any more. A job
// that is canceled can be canceled again, so that force reaches what was spared; one that is complete cannot be canceled (both undocumented).
// The error is an *Error.
func (s *Store) CancelJob(id string, r CancelRequest, force bool, now time.Time) (JobCreated, []Message, error) {
	upper := func(r rune) bool { return unicode.IsUpper(r) || unicode.IsDigit(r) || r == '_' }
	switch {
	case utf8.RuneCountInString(r.ReasonCode) > 128 || strings.ContainsFunc(r.ReasonCode, func(c rune) bool { return !upper(c) }):
		return JobCreated{}, nil, invalid("reasonCode has at most 128 characters: upper case letters, digits and _")
	case utf8.RuneCountInString(r.Comment) > maximumDescription || !printable(r.Comment):
		return JobCreated{}, nil, invalid("comment has at most %d characters, none of them a control character", maximumDescription)
	}
	j, ok := s.jobs[id]
	switch {
	case !ok:
		return JobCreated{}, nil, noJob(id)
	case j.Status != JobInProgress && j.Status != JobCanceled:
		return JobCreated{}, nil, invalid("the job %s is %s and cannot be canceled", id, j.Status)
	}
	messages := s.change(now, j.things(), func() {
		j.Status, j.UpdatedAt = JobCanceled, now // without completedAt, as in the guide's example of ListJobs
		j.Forced, j.ReasonCode, j.Comment = j.Forced || force, cmp.Or(r.ReasonCode, j.ReasonCode), cmp.Or(r.Comment, j.Comment)
		for _, e := range j.Executions {
			if e.Status == Queued || (force && e.Status == InProgress) {
				s.finish(e, Canceled, now)
				e.Forced = force
			}
		}
	})
	return s.created(j), messages, nil
}

func (j *job) things() []string { return slices.Sorted(maps.Keys(j.Attempts)) }

// DeleteJob deletes a job and its executions, at once; the job is shown as DELETION_IN_PROGRESS for the time that Config.Deletion says, and its id
// is taken that long. A job in progress is deleted with force alone. The error is an *Error.
func (s *Store) DeleteJob(id string, force bool, now time.Time) ([]Message, error) {
	j, ok := s.jobs[id]
	deleting := 0
	for _, other := range s.jobs {
		if other.Status == JobDeleting {
			deleting++
		}
	}
	switch {
	case !ok:
		return nil, noJob(id)
	case j.Status == JobDeleting:
		return nil, transition("the job %s is being deleted already", id)
	case j.Status == JobInProgress && !force:
		return nil, transition("the job %s is in progress, and force is not set", id)
	case deleting >= maximumDeleting:
		return nil, &Error{Code: "LimitExceededException", HTTPStatus: 410, Message: "10 jobs are being deleted; no more are allowed at a time"}
	}
	messages := s.change(now, j.things(), func() {
		for _, e := range slices.Clone(j.Executions) {
			s.remove(e)
		}
	})
	j.Status, j.UpdatedAt, j.GoneAt = JobDeleting, now, now.Add(s.config.Deletion)
	if s.config.Deletion <= 0 {
		delete(s.jobs, id)
	}
	return messages, nil
}
