package jobs

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// cloudJob is a job in the cloud, with its execution.
type cloudJob struct {
	id, document string
	status       string
	number       int64
	version      int64
	details      map[string]string
	ends         int // times that it was given a terminal status
}

// service is the Jobs of one thing, as strict as the developer guide. It is the test's own: it shares nothing with lab.
type service struct {
	mu      sync.Mutex
	t       testing.TB
	queue   []*cloudJob
	asked   []string // requests as TOPIC or JOB=STATUS
	trouble func(request string) (code string)
	deliver func(topic string, payload []byte) // to the device; nil: it is not connected
}

func (s *service) add(id, document string) *cloudJob {
	job := &cloudJob{id: id, document: document, status: queued, number: 1, version: 1}
	s.queue = append(s.queue, job)
	return job
}

// clone gives a service that goes on by itself, without a device.
func (s *service) clone() *service {
	other := &service{t: s.t, asked: slices.Clone(s.asked)}
	for _, each := range s.queue {
		job := *each
		job.details = maps.Clone(each.details)
		other.queue = append(other.queue, &job)
	}
	return other
}

func (s *service) head() *cloudJob {
	for _, status := range []string{inProgress, queued} {
		for _, each := range s.queue {
			if each.status == status {
				return each
			}
		}
	}
	return nil
}

func (s *service) describe(withDocument bool) map[string]any {
	body := map[string]any{"timestamp": time.Now().Unix()}
	if head := s.head(); head != nil {
		described := map[string]any{
			"jobId": head.id, "thingName": "thing", "status": head.status, "versionNumber": head.version, "executionNumber": head.number, "queuedAt": 1, "lastUpdatedAt": 1,
		}
		if withDocument {
			described["jobDocument"] = json.RawMessage(head.document)
		}
		body["execution"] = described
	}
	return body
}

// change changes jobs, and notifies the device if the head is another one then.
func (s *service) change(what func()) {
	s.mu.Lock()
	before := s.head()
	what()
	after := s.head()
	deliver, body := s.deliver, s.describe(true)
	s.mu.Unlock()
	if before != after && deliver != nil {
		deliver(topicNotify, marshal(body))
	}
}

// publish takes a request of the device.
func (s *service) publish(topic string, payload []byte) {
	var r struct {
		update
		IncludeDocument *bool `json:"includeJobDocument"`
	}
	if err := json.Unmarshal(payload, &r); err != nil {
		s.t.Errorf("%s: %v: %s", topic, err, payload)
	}
	if r.ClientToken == "" || len(r.ClientToken) > 64 {
		s.t.Errorf("%s: the token %q", topic, r.ClientToken)
	}
	request := topic
	id, isUpdate := strings.CutSuffix(topic, "/update")
	if isUpdate {
		request = id + "=" + r.Status
	}
	s.mu.Lock()
	s.asked = append(s.asked, request)
	trouble := s.trouble
	s.mu.Unlock()
	code := ""
	if trouble != nil {
		code = trouble(request)
	}
	body := map[string]any{}
	switch {
	case code == "lost":
		return
	case isUpdate:
		s.change(func() {
			if code == "" {
				code = s.update(id, r.update, body)
			}
		})
	case topic == "$next/get":
		s.mu.Lock()
		body = s.describe(r.IncludeDocument == nil || *r.IncludeDocument)
		s.mu.Unlock()
	default:
		s.t.Errorf("a request on %s", topic)
	}
	answer := topic + "/accepted"
	if code != "" {
		answer = topic + "/rejected"
		body["code"], body["message"] = code, "as the developer guide says"
	}
	body["clientToken"] = r.ClientToken
	s.mu.Lock()
	deliver := s.deliver
	s.mu.Unlock()
	if deliver != nil {
		deliver(answer, marshal(body))
	}
}

// update is UpdateJobExecution. It gives the code of a refusal.
func (s *service) update(id string, u update, body map[string]any) string {
	at := slices.IndexFunc(s.queue, func(j *cloudJob) bool { return j.id == id })
	if at < 0 {
		return codeNotFound
	}
	job := s.queue[at]
	if len(u.StatusDetails) > 10 {
		return "InvalidRequest"
	}
	for name, value := range u.StatusDetails {
		if name == "" || value == "" || len(value) > 1024 || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' }) {
			s.t.Errorf("statusDetails %q: %q", name, value)
			return "InvalidRequest"
		}
	}
	if u.ExecutionNumber != 0 && u.ExecutionNumber != job.number || u.Status == queued {
		return "InvalidRequest"
	}
	now := map[string]any{"status": job.status, "versionNumber": job.version, "statusDetails": job.details}
	switch {
	case terminal(job.status), u.Status == rejected && job.status != queued:
		body["executionState"] = now
		return codeTransition
	case u.ExpectedVersion != nil && *u.ExpectedVersion != job.version:
		body["executionState"] = now
		return codeMismatch
	}
	job.status = u.Status
	job.version++
	if u.StatusDetails != nil {
		job.details = u.StatusDetails
	}
	if terminal(job.status) {
		job.ends++
	}
	if u.IncludeState {
		body["executionState"] = map[string]any{"status": job.status, "versionNumber": job.version, "statusDetails": job.details}
	}
	return ""
}

func (s *service) requests() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.asked, " ")
}
