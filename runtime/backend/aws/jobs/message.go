package jobs

import (
	"encoding/json"
	"errors"
	"strings"
)

// What an execution may be (developer guide, "Job execution states").
const (
	queued     = "QUEUED"
	inProgress = "IN_PROGRESS"
	succeeded  = "SUCCEEDED"
	failed     = "FAILED"
	rejected   = "REJECTED"
)

// terminal tells whether an execution of this status never gets another one. A status that is not known is taken for one: nothing can be done about it.
func terminal(status string) bool { return status != queued && status != inProgress }

// execution is a job for this device, as the service describes it.
type execution struct {
	job      string
	number   int64  // of the execution, among those of the job on this device; 0: not told
	version  int64  // grows with each change; below 0: not known
	status   string // "": not told
	document string // JSON; "": it was left out
}

// same tells whether two are one execution.
func (e execution) same(other execution) bool {
	return e.job == other.job && (e.number == other.number || e.number == 0 || other.number == 0)
}

// envelope is what the members of all messages of the service are, as far as they are of use.
type envelope struct {
	ClientToken    string          `json:"clientToken"`
	Execution      json.RawMessage `json:"execution"`
	ExecutionState *state          `json:"executionState"`
	Code           string          `json:"code"`
	Message        string          `json:"message"`
}

// state is what an execution has come to.
type state struct {
	Status  string `json:"status"`
	Version *int64 `json:"versionNumber"`
}

var errNotJSON = errors.New("it is not the JSON object that the service sends")

func open(payload []byte) (e envelope, err error) {
	if err := json.Unmarshal(payload, &e); err != nil {
		return envelope{}, errorf("%w: %w", errNotJSON, err)
	}
	return e, nil
}

// decodeHead reads the execution at the head of the queue (notify-next, $next/get/accepted). there is false where no job waits.
func decodeHead(payload []byte) (token string, head execution, there bool, err error) {
	e, err := open(payload)
	if err != nil || len(e.Execution) == 0 || string(e.Execution) == "null" {
		return e.ClientToken, execution{}, false, err
	}
	var x struct {
		JobID    string          `json:"jobId"`
		Version  *int64          `json:"versionNumber"`
		Number   int64           `json:"executionNumber"`
		Status   string          `json:"status"`
		Document json.RawMessage `json:"jobDocument"`
	}
	if err := json.Unmarshal(e.Execution, &x); err != nil {
		return e.ClientToken, execution{}, false, errorf("the execution cannot be read: %w", err)
	}
	if err := checkJobID(x.JobID); err != nil {
		return e.ClientToken, execution{}, false, err
	}
	head = execution{job: x.JobID, number: max(x.Number, 0), version: -1, status: x.Status, document: string(x.Document)}
	if x.Version != nil {
		head.version = *x.Version
	}
	return e.ClientToken, head, true, nil
}

// checkJobID tells whether a name is that of a job (API reference, CreateJob: [a-zA-Z0-9_-]{1,64}). It goes into topics and files.
func checkJobID(id string) error {
	if id == "" || len(id) > maxJobID {
		return errorf("the execution's jobId has %d bytes: 1 to %d are possible", len(id), maxJobID)
	}
	for _, b := range []byte(id) {
		if !(b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_' || b == '-') {
			return errorf("the execution's jobId %q holds %q: letters, digits, _ and - are possible", id, b)
		}
	}
	return nil
}

// answer is the service's answer to an update.
type answer struct {
	token   string
	state   *state // nil: not told
	code    string // of a refusal
	message string // of a refusal, for people
}

func decodeAnswer(payload []byte) (answer, error) {
	e, err := open(payload)
	return answer{token: e.ClientToken, state: e.ExecutionState, code: e.Code, message: e.Message}, err
}

// Codes of refusals (developer guide, "Jobs ErrorResponse").
const (
	codeTransition = "InvalidStateTransition"
	codeMismatch   = "VersionMismatch"
	codeNotFound   = "ResourceNotFound"
	codeTerminal   = "TerminalStateReached"
	codeThrottled  = "RequestThrottled"
	codeInternal   = "InternalError"
)

// update is an UpdateJobExecution request.
type update struct {
	Status          string            `json:"status"`
	StatusDetails   map[string]string `json:"statusDetails,omitempty"`
	ExpectedVersion *int64            `json:"expectedVersion,omitempty"`
	ExecutionNumber int64             `json:"executionNumber,omitempty"`
	IncludeState    bool              `json:"includeJobExecutionState"`
	StepTimeout     int               `json:"stepTimeoutInMinutes,omitempty"`
	ClientToken     string            `json:"clientToken"`
}

// encode gives the request, of at most limit bytes: the reason in its details is cut for that.
func (u update) encode(limit int) []byte {
	details := make(map[string]string, len(u.StatusDetails))
	for name, value := range u.StatusDetails {
		if value = detail(value); value != "" { // the service takes no empty ones
			details[name] = value
		}
	}
	u.StatusDetails = details
	for {
		payload := marshal(u)
		reason := details[detailReason]
		if len(payload) <= limit || reason == "" {
			return payload
		}
		if details[detailReason] = cut(reason, len(reason)*3/4); details[detailReason] == "" {
			delete(details, detailReason)
		}
	}
}

// Names in statusDetails.
const (
	detailStep     = "step"     // what the device does
	detailProgress = "progress" // percent of the image that are here
	detailExpected = "expected" // version that the job's document announces
	detailVersion  = "version"  // version that runs
	detailCause    = "cause"    // of a failed download, by the SDK's name
	detailReason   = "reason"   // for people
)

// detail gives a text as the service takes it: up to 1024 characters, none of them a control character (API reference, UpdateJobExecution).
func detail(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r == '\ufeff' || r == '\u00ad' || r >= 0xd800 && r < 0xf900 || r >= 0xe0000 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	return strings.TrimSpace(cut(text, maxDetail))
}

// cut gives at most so many bytes of a text, in whole characters.
func cut(text string, bytes int) string {
	if len(text) <= bytes {
		return text
	}
	for bytes > 0 && text[bytes]&0xc0 == 0x80 {
		bytes--
	}
	return text[:bytes]
}

// encodeNext is a DescribeJobExecution request for the head of the queue. bare leaves out the document.
func encodeNext(token string, bare bool) []byte {
	return marshal(struct {
		IncludeDocument bool   `json:"includeJobDocument"`
		ClientToken     string `json:"clientToken"`
	}{!bare, token})
}

// marshal writes what always can be written: texts, numbers and maps of texts.
func marshal(value any) []byte {
	payload, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	return payload
}
