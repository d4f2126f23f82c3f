package jobs

import (
	"encoding/json"
	"time"
)

// The messages of the device side (jobs-mqtt-https-api, "data types"). Times are seconds since 1970: the 13 digits in samples of the guide mislead.
type (
	// executionData is the data type JobExecution.
	executionData struct {
		JobID              string            `json:"jobId"`
		ThingName          string            `json:"thingName,omitempty"`
		Status             Status            `json:"status"`
		StatusDetails      map[string]string `json:"statusDetails,omitempty"`
		QueuedAt           int64             `json:"queuedAt"`
		StartedAt          int64             `json:"startedAt,omitempty"`
		LastUpdatedAt      int64             `json:"lastUpdatedAt"`
		VersionNumber      int64             `json:"versionNumber"`
		ExecutionNumber    int64             `json:"executionNumber"`
		SecondsBeforeTimed *int64            `json:"approximateSecondsBeforeTimedOut,omitempty"`
		JobDocument        any               `json:"jobDocument,omitempty"` // an object over MQTT, a string over HTTP
	}
	// summary is the data type JobExecutionSummary.
	summary struct {
		JobID           string `json:"jobId"`
		QueuedAt        int64  `json:"queuedAt"`
		StartedAt       int64  `json:"startedAt,omitempty"`
		LastUpdatedAt   int64  `json:"lastUpdatedAt"`
		VersionNumber   int64  `json:"versionNumber"`
		ExecutionNumber int64  `json:"executionNumber"`
	}
	// executionState is the data type JobExecutionState.
	executionState struct {
		Status        Status            `json:"status"`
		StatusDetails map[string]string `json:"statusDetails"`
		VersionNumber int64             `json:"versionNumber"`
	}

	// envelope is what answers over MQTT have and answers over HTTP lack.
	envelope struct {
		Timestamp   int64  `json:"timestamp"`
		ClientToken string `json:"clientToken,omitempty"`
	}
	pendingAnswer struct {
		InProgressJobs []summary `json:"inProgressJobs"`
		QueuedJobs     []summary `json:"queuedJobs"`
		*envelope
	}
	executionAnswer struct {
		Execution *executionData `json:"execution,omitempty"`
		*envelope
	}
	updateAnswer struct {
		ExecutionState *executionState `json:"executionState,omitempty"`
		JobDocument    any             `json:"jobDocument,omitempty"`
		*envelope
	}
	rejectedAnswer struct {
		Code           string          `json:"code"`
		Message        string          `json:"message"`
		ExecutionState *executionState `json:"executionState,omitempty"`
		*envelope
	}
	listNotification struct {
		Timestamp int64                `json:"timestamp"`
		Jobs      map[Status][]summary `json:"jobs"`
	}
	nextNotification struct {
		Timestamp int64          `json:"timestamp"`
		Execution *executionData `json:"execution,omitempty"`
	}
)

// data gives what the device is told of an execution, without the document.
func (e *execution) data(now time.Time) *executionData {
	return &executionData{
		JobID: e.job.ID, ThingName: e.Thing, Status: e.Status, StatusDetails: e.Details,
		QueuedAt: e.QueuedAt.Unix(), StartedAt: seconds(e.StartedAt), LastUpdatedAt: e.UpdatedAt.Unix(),
		VersionNumber: e.Version, ExecutionNumber: e.Number, SecondsBeforeTimed: e.secondsLeft(now),
	}
}

func (e *execution) state() *executionState {
	details := e.Details
	if details == nil {
		details = map[string]string{}
	}
	return &executionState{Status: e.Status, StatusDetails: details, VersionNumber: e.Version}
}

// summaries gives the first of a queue, by status. A status without executions is left out.
func summaries(queue []*execution) map[Status][]summary {
	all := map[Status][]summary{}
	for _, e := range queue[:min(len(queue), maximumListed)] {
		all[e.Status] = append(all[e.Status], summary{
			JobID: e.job.ID, QueuedAt: e.QueuedAt.Unix(), StartedAt: seconds(e.StartedAt), LastUpdatedAt: e.UpdatedAt.Unix(),
			VersionNumber: e.Version, ExecutionNumber: e.Number,
		})
	}
	return all
}

// seconds gives 0 for no time.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// document gives a job's document as it is delivered at the time.
func (s *Store) document(j *job, now time.Time) json.RawMessage {
	return json.RawMessage(replace(j.Request.Document, func(url string) string {
		if s.config.Presign == nil {
			return url
		}
		return s.config.Presign(url, now.Add(j.Request.PresignedURLConfig.life()))
	}))
}
