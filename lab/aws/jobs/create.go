package jobs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	snapshot   = "SNAPSHOT"
	continuous = "CONTINUOUS"
)

// Limits of requests (API reference; targets: AWS IoT Device Management endpoints and quotas).
const (
	maximumBody        = 256 << 10 // bytes of a request; ours: a document whose every byte is escaped fits
	maximumTargets     = 100
	maximumTarget      = 2048
	maximumDescription = 2028 // characters; of comments too
	maximumMinutes     = 7 * 24 * 60
	maximumRetries     = 10 // of both types together (jobs-configurations-details)
)

// JobRequest is the body of CreateJob. What the local cloud does not serve (documentSource, templates, schedules, rollout rates, abort criteria, tags,
// package versions) has no member here, so that it is refused and not ignored.
type JobRequest struct {
	Document           string              `json:"document"` // the job document, JSON, as a string
	Targets            []string            `json:"targets"`  // ARNs of things and of groups of things
	TargetSelection    string              `json:"targetSelection,omitempty"`
	Description        string              `json:"description,omitempty"`
	TimeoutConfig      *TimeoutConfig      `json:"timeoutConfig,omitempty"`
	RetryConfig        *RetryConfig        `json:"jobExecutionsRetryConfig,omitempty"`
	PresignedURLConfig *PresignedURLConfig `json:"presignedUrlConfig,omitempty"`
}

// TimeoutConfig is the in-progress timer: how long an execution may be IN_PROGRESS, in all.
type TimeoutConfig struct {
	InProgressTimeoutInMinutes int64 `json:"inProgressTimeoutInMinutes"` // 1 to 10080
}

// RetryConfig says which executions are tried again.
type RetryConfig struct {
	CriteriaList []RetryCriterion `json:"criteriaList"` // 1 or 2
}

// RetryCriterion is a kind of failure and how often it is retried.
type RetryCriterion struct {
	FailureType     string `json:"failureType"`     // FAILED, TIMED_OUT or ALL
	NumberOfRetries int    `json:"numberOfRetries"` // 0 to 10
}

// PresignedURLConfig is what placeholders in the document need.
type PresignedURLConfig struct {
	RoleARN      string `json:"roleArn,omitempty"`      // not looked at
	ExpiresInSec int64  `json:"expiresInSec,omitempty"` // 60 to 3600; 0: 3600
}

func (c *PresignedURLConfig) life() time.Duration {
	if c == nil || c.ExpiresInSec == 0 {
		return time.Hour
	}
	return time.Duration(c.ExpiresInSec) * time.Second
}

// DecodeJobRequest decodes the body of CreateJob. Members that the local cloud does not serve are refused. The error is an *Error.
func DecodeJobRequest(body []byte) (JobRequest, error) {
	var r JobRequest
	if err := decodeStrictly(body, &r); err != nil {
		return JobRequest{}, err
	}
	return r, nil
}

// decodeStrictly decodes a JSON object; an empty body leaves the target as it is.
func decodeStrictly(body []byte, target any) error {
	if len(body) > maximumBody {
		return invalid("the request has %d bytes; at most %d are taken", len(body), maximumBody)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if !utf8.Valid(body) {
		return invalid("the request is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(target); err != nil {
		return invalid("the local cloud does not take the request: %v", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return invalid("something follows the JSON object")
	}
	return nil
}

// JobCreated is the answer to CreateJob and CancelJob.
type JobCreated struct {
	JobARN      string `json:"jobArn"`
	JobID       string `json:"jobId"`
	Description string `json:"description,omitempty"`
}

// CreateJob makes a job and an execution for each of its targets. Messages are for the things. The error is an *Error.
func (s *Store) CreateJob(id string, r JobRequest, now time.Time) (JobCreated, []Message, error) {
	if err := r.check(id); err != nil {
		return JobCreated{}, nil, err
	}
	if _, ok := s.jobs[id]; ok {
		return JobCreated{}, nil, &Error{Code: "ResourceAlreadyExistsException", HTTPStatus: 409, Message: "there is a job " + id + " already"}
	}
	things, err := s.expand(r.Targets)
	if err != nil {
		return JobCreated{}, nil, err
	}
	s.sequence++
	j := &job{ID: id, Request: r, Status: JobInProgress, CreatedAt: now, UpdatedAt: now, Order: s.sequence, Attempts: map[string]int64{}}
	j.Request.TargetSelection = r.selection()
	s.jobs[id] = j
	messages := s.change(now, things, func() {
		for _, thing := range things {
			s.queue(j, thing, nil, now)
		}
		j.settle(now) // one that has no things is done
	})
	return s.created(j), messages, nil
}

func (s *Store) created(j *job) JobCreated {
	return JobCreated{JobARN: s.config.ARN + "job/" + j.ID, JobID: j.ID, Description: j.Request.Description}
}

func (r JobRequest) selection() string {
	if r.TargetSelection == "" {
		return snapshot
	}
	return r.TargetSelection
}

// isJobID and isThing tell whether a text is a job id ([a-zA-Z0-9_-]{1,64}) or the name of a thing ([a-zA-Z0-9:_-]{1,128}).
func isJobID(text string) bool { return isName(text, 64, "_-") }
func isThing(text string) bool { return isName(text, 128, ":_-") }

func isName(text string, limit int, marks string) bool {
	return text != "" && len(text) <= limit && !strings.ContainsFunc(text, func(r rune) bool {
		letter, digit := 'a' <= r|0x20 && r|0x20 <= 'z' && r < 0x80, '0' <= r && r <= '9'
		return !letter && !digit && !strings.ContainsRune(marks, r)
	})
}

// check checks what does not depend on the store.
func (r JobRequest) check(id string) error {
	switch selection := r.selection(); {
	case !isJobID(id):
		return invalid("jobId has 1 to 64 of the characters a-z, A-Z, 0-9, _ and -")
	case len(r.Targets) == 0 || len(r.Targets) > maximumTargets:
		return invalid("targets has %d members; 1 to %d are allowed", len(r.Targets), maximumTargets)
	case selection != snapshot && selection != continuous:
		return invalid("targetSelection is SNAPSHOT or CONTINUOUS")
	case utf8.RuneCountInString(r.Description) > maximumDescription || !printable(r.Description):
		return invalid("description has at most %d characters, none of them a control character", maximumDescription)
	}
	if config := r.TimeoutConfig; config != nil && (config.InProgressTimeoutInMinutes < 1 || config.InProgressTimeoutInMinutes > maximumMinutes) {
		return invalid("inProgressTimeoutInMinutes is 1 to %d", maximumMinutes)
	}
	if config := r.PresignedURLConfig; config != nil {
		if config.ExpiresInSec != 0 && (config.ExpiresInSec < 60 || config.ExpiresInSec > 3600) {
			return invalid("expiresInSec is 60 to 3600")
		}
		if config.RoleARN != "" && (len(config.RoleARN) < 20 || len(config.RoleARN) > 2048) {
			return invalid("roleArn has 20 to 2048 characters")
		}
	}
	if complaint := checkDocument(r.Document, r.PresignedURLConfig != nil && r.PresignedURLConfig.RoleARN != ""); complaint != "" {
		return invalid("%s", complaint)
	}
	return r.checkRetries()
}

func (r JobRequest) checkRetries() error {
	if r.RetryConfig == nil {
		return nil
	}
	list := r.RetryConfig.CriteriaList
	if len(list) == 0 || len(list) > 2 {
		return invalid("criteriaList has %d members; 1 or 2 are allowed", len(list))
	}
	total := 0
	types := map[string]bool{}
	for _, criterion := range list {
		switch {
		case !slices.Contains([]string{"FAILED", "TIMED_OUT", "ALL"}, criterion.FailureType):
			return invalid("failureType is FAILED, TIMED_OUT or ALL")
		case criterion.NumberOfRetries < 0 || criterion.NumberOfRetries > maximumRetries:
			return invalid("numberOfRetries is 0 to %d", maximumRetries)
		case criterion.FailureType == "TIMED_OUT" && r.TimeoutConfig == nil:
			return invalid("retries of TIMED_OUT need a timeoutConfig")
		}
		types[criterion.FailureType] = true
		total += criterion.NumberOfRetries
	}
	switch {
	case len(types) < len(list) || types["ALL"] && len(list) > 1:
		return invalid("criteriaList names a failureType twice") // undocumented: which of the two would count
	case total > maximumRetries:
		return invalid("criteriaList allows %d retries; at most %d are allowed for both failure types combined", total, maximumRetries)
	}
	return nil
}

// printable is the pattern [^\p{C}]*: \p{C} is control, format, surrogate, private and unassigned characters.
func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z)
	})
}

// expand gives the things of targets, each once, in order.
func (s *Store) expand(targets []string) ([]string, error) {
	var things []string
	seen := map[string]bool{}
	add := func(thing string) {
		if !seen[thing] {
			seen[thing] = true
			things = append(things, thing)
		}
	}
	for _, target := range targets {
		parts := strings.SplitN(target, ":", 6)
		if len(target) > maximumTarget || len(parts) != 6 || parts[0] != "arn" || parts[2] != "iot" {
			return nil, invalid("the target %q is no ARN of a thing or of a thing group; one is %sthing/NAME", target, s.config.ARN)
		}
		kind, name, _ := strings.Cut(parts[5], "/")
		switch {
		case !isThing(name) || (kind != "thing" && kind != "thinggroup"):
			return nil, invalid("the target %q is no ARN of a thing or of a thing group; one is %sthing/NAME", target, s.config.ARN)
		case kind == "thing":
			if s.config.Known != nil && !s.config.Known(name) {
				return nil, notFound("there is no thing %q", name)
			}
			add(name)
		default:
			members, ok := []string(nil), false
			if s.config.Members != nil {
				members, ok = s.config.Members(name)
			}
			if !ok {
				return nil, notFound("there is no thing group %q", name)
			}
			for _, thing := range members {
				add(thing)
			}
		}
	}
	return things, nil
}

// GroupsChanged is called after things joined or left groups. A continuous job comes to those that joined, and leaves those that are no longer a
// target: what they have not finished is REMOVED (iot-jobs-lifecycle). Retries count afresh for those that come back. A snapshot job stays with the
// things that it found.
func (s *Store) GroupsChanged(now time.Time) []Message {
	var messages []Message
	for _, j := range s.sorted() {
		if j.Status != JobInProgress || j.Request.TargetSelection != continuous {
			continue
		}
		things, err := s.expand(j.Request.Targets)
		if err != nil {
			continue // a group was deleted: its members stay (undocumented)
		}
		targets := map[string]bool{}
		for thing := range j.Attempts {
			targets[thing] = false
		}
		for _, thing := range things {
			targets[thing] = true
		}
		touched := slices.Sorted(maps.Keys(targets))
		messages = append(messages, s.change(now, touched, func() {
			for _, thing := range touched {
				e := s.latest(thing, j.ID)
				switch {
				case targets[thing] && (j.Attempts[thing] == 0 || e != nil && e.Status == Removed): // not one whose execution was deleted
					s.queue(j, thing, nil, now)
				case !targets[thing] && e != nil && e.Status.pending():
					s.finish(e, Removed, now)
				}
			}
		})...)
	}
	return messages
}

// ThingDeleted is called after a thing was deleted: what it has not finished is REMOVED. Nothing is published, since it is gone.
func (s *Store) ThingDeleted(thing string, now time.Time) {
	for _, e := range s.pending(thing) {
		s.finish(e, Removed, now)
	}
}
