package jobs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of what devices say (API reference, iot-jobs-data).
const (
	maximumDetails      = 10   // pairs
	maximumDetailsKey   = 128  // characters
	maximumDetailsValue = 1024 // characters
)

// request is a decoded request of a device. Members that are absent or null are nil or "".
type request struct {
	clientToken     string
	status          Status
	details         map[string]string
	expectedVersion *int64
	executionNumber *int64
	includeState    bool
	includeDocument *bool
	stepTimeout     *int64 // minutes; -1 cancels the timer
}

// decodeRequest decodes the body of a request, which may be empty where no member is needed. A valid token is given back even if the rest is refused,
// for the answer. Members that the operation does not have are ignored (undocumented).
func decodeRequest(body []byte) (request, *failure) {
	var r request
	if len(bytes.TrimSpace(body)) == 0 {
		return r, nil
	}
	if !utf8.Valid(body) {
		return r, fail("InvalidJson", "the request is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil {
		return r, fail("InvalidJson", "the request is not JSON: %v", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return r, fail("InvalidJson", "something follows the JSON")
	}
	members, ok := root.(map[string]any)
	if !ok {
		return r, fail("InvalidRequest", "the request is no JSON object")
	}
	return r, r.take(members)
}

// take takes the members one by one; the token is the first.
func (r *request) take(members map[string]any) *failure {
	var status string
	for _, member := range []struct {
		name, what string
		take       func(any) bool
	}{
		{"clientToken", "a string", text(&r.clientToken)},
		{"status", "a string", text(&status)},
		{"expectedVersion", "an integer, or one in quotes", integer(&r.expectedVersion, true)}, // the guide's samples quote it
		{"executionNumber", "an integer", integer(&r.executionNumber, false)},
		{"stepTimeoutInMinutes", "an integer", integer(&r.stepTimeout, false)},
		{"includeJobExecutionState", "true or false", func(value any) (ok bool) { r.includeState, ok = value.(bool); return ok }},
		{"includeJobDocument", "true or false", func(value any) bool {
			include, ok := value.(bool)
			r.includeDocument = &include
			return ok
		}},
	} {
		if value := members[member.name]; value != nil && !member.take(value) {
			return fail("InvalidRequest", "%s is not %s", member.name, member.what)
		}
	}
	r.status = Status(status)
	if n := r.stepTimeout; n != nil && *n != -1 && (*n < 1 || *n > maximumMinutes) {
		return fail("InvalidRequest", "stepTimeoutInMinutes is 1 to %d, or -1 to cancel the timer", maximumMinutes)
	}
	return r.takeDetails(members["statusDetails"])
}

func (r *request) takeDetails(value any) *failure {
	if value == nil { // as if it were absent: the SDK of nRF Connect sends null
		return nil
	}
	pairs, ok := value.(map[string]any)
	if !ok {
		return fail("InvalidRequest", "statusDetails is no object")
	}
	r.details = map[string]string{}
	for name, value := range pairs {
		text, ok := value.(string)
		if !ok {
			return fail("InvalidRequest", "statusDetails: the value of %.128q is no string", name)
		}
		r.details[name] = text
	}
	if complaint := checkDetails(r.details); complaint != "" {
		return fail("InvalidRequest", "%s", complaint)
	}
	return nil
}

// checkDetails tells what is wrong with status details; "" if nothing.
func checkDetails(details map[string]string) string {
	if len(details) > maximumDetails {
		return "statusDetails has " + strconv.Itoa(len(details)) + " pairs; at most 10 are allowed"
	}
	for name, value := range details {
		switch {
		case !isName(name, maximumDetailsKey, ":_-"):
			return "statusDetails: a key has 1 to 128 of the characters a-z, A-Z, 0-9, :, _ and -"
		case value == "" || utf8.RuneCountInString(value) > maximumDetailsValue:
			return "statusDetails: the value of " + name + " has " + strconv.Itoa(utf8.RuneCountInString(value)) + " characters; 1 to 1024 are allowed"
		case !printable(value):
			return "statusDetails: the value of " + name + " has a control character"
		}
	}
	return ""
}

func text(target *string) func(any) bool {
	return func(value any) (ok bool) {
		*target, ok = value.(string)
		return ok
	}
}

// integer takes a JSON number without fraction and exponent that fits 64 bits.
func integer(target **int64, quoted bool) func(any) bool {
	return func(value any) bool {
		digits := ""
		switch value := value.(type) {
		case json.Number:
			digits = value.String()
		case string:
			if quoted && !strings.HasPrefix(value, "+") {
				digits = value
			}
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		*target = &n
		return err == nil
	}
}
