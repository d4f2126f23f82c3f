package jobs

import "fmt"

// Error is an exception of the service, as the API reference names it.
type Error struct {
	Code       string // "InvalidRequestException"; an answer over HTTP has it in the header x-amzn-ErrorType
	HTTPStatus int
	Message    string // an answer over HTTP has it as {"message":"…"}
}

func (e *Error) Error() string {
	return fmt.Sprintf("the jobs service refuses the request: %s: %s", e.Code, e.Message)
}

func invalid(format string, args ...any) *Error {
	return &Error{Code: "InvalidRequestException", HTTPStatus: 400, Message: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) *Error {
	return &Error{Code: "ResourceNotFoundException", HTTPStatus: 404, Message: fmt.Sprintf(format, args...)}
}

func transition(format string, args ...any) *Error {
	return &Error{Code: "InvalidStateTransitionException", HTTPStatus: 409, Message: fmt.Sprintf(format, args...)}
}

func noJob(id string) *Error { return notFound("there is no job %q", id) }

func noExecution(thing, id string) *Error {
	return notFound("there is no such execution of the job %q on the thing %q", id, thing)
}

func versionConflict(expected, version int64) *Error {
	return &Error{Code: "VersionConflictException", HTTPStatus: 409, Message: fmt.Sprintf("expectedVersion is %d, the version of the execution is %d", expected, version)}
}

// failure is why a request of a device is rejected, with the code that answers over MQTT have (jobs-api, "ErrorResponse").
type failure struct {
	code  string
	text  string
	state *execution // with InvalidStateTransition and VersionMismatch: whose state the answer tells
}

func fail(code, format string, args ...any) *failure {
	return &failure{code: code, text: fmt.Sprintf(format, args...)}
}

// exception gives the failure as answers over HTTP have it. The API reference of iot-jobs-data lists no exception for a version mismatch
// (undocumented): it has the name that the control plane gives it.
func (f *failure) exception() *Error {
	e := &Error{Code: f.code + "Exception", HTTPStatus: 400, Message: f.text}
	switch f.code {
	case "InvalidJson":
		e.Code = "InvalidRequestException"
	case "InvalidStateTransition":
		e.HTTPStatus = 409
	case "VersionMismatch":
		e.Code, e.HTTPStatus = "VersionConflictException", 409
	case "ResourceNotFound":
		e.HTTPStatus = 404
	case "TerminalStateReached":
		e.Code, e.HTTPStatus = "TerminalStateException", 410
	}
	return e
}
