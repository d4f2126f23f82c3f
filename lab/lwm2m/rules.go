package lwm2m

import (
	"fmt"

	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
)

// The operations, as events and errors name them.
const (
	opRead             = "Read"
	opDiscover         = "Discover"
	opWrite            = "Write"
	opWritePartial     = "Write (partial update)"
	opWriteAttributes  = "Write-Attributes"
	opExecute          = "Execute"
	opCreate           = "Create"
	opDelete           = "Delete"
	opReadComposite    = "Read-Composite"
	opWriteComposite   = "Write-Composite"
	opObserve          = "Observe"
	opObserveComposite = "Observe-Composite"
	opCancel           = "Cancel Observation"
	opRaw              = "request"
)

// CodeError is an answer of a client that is no success.
type CodeError struct {
	Operation  string
	Path       string
	Code       coap.Code
	Diagnostic string // payload of the answer
	Rule       string // what the documents say about the code; "" if they give it no meaning for the operation
}

func (e *CodeError) Error() string {
	text := fmt.Sprintf("the client answers %v", e.Code)
	if e.Diagnostic != "" {
		text += fmt.Sprintf(" %q", e.Diagnostic)
	}
	if e.Rule != "" {
		return text + ": " + e.Rule
	}
	return text + ": a code that the documents do not give for this operation"
}

// rule says what a code means as the answer to an operation: OMA-TS-Core 1.1.1 section 6, as reference 7 sums it up.
func rule(operation string, code coap.Code) string {
	composite := operation == opReadComposite || operation == opWriteComposite || operation == opObserveComposite
	writes := operation == opWrite || operation == opWritePartial || operation == opCreate || operation == opWriteComposite
	reads := operation == opRead || operation == opObserve || operation == opReadComposite || operation == opObserveComposite
	switch code {
	case coap.BadRequest:
		switch {
		case operation == opWriteAttributes:
			return "an attribute is unknown, out of range, not for this level or type, or in contradiction with another"
		case operation == opExecute:
			return "the arguments do not follow the grammar"
		case operation == opCreate:
			return "the payload cannot be read, the instance exists, or a mandatory resource is missing"
		case writes:
			return "the payload cannot be read, or a value is of another type or out of range"
		}
		return "the request cannot be understood"
	case coap.Unauthorized:
		return "the object is hidden from servers (/0, /21), or access control denies it"
	case coap.NotFound:
		if operation == opReadComposite || operation == opObserveComposite {
			return "against the documents: what does not exist is left out of a composite answer"
		}
		return "the object, instance, resource or resource instance does not exist"
	case coap.MethodNotAllowed:
		switch {
		case reads:
			return "the resource cannot be read"
		case operation == opExecute:
			return "the resource cannot be executed, or not in its present state"
		case operation == opCreate:
			return "the object has one instance only"
		case operation == opDelete:
			return "the instance must not be deleted, or the path is none of an instance"
		case writes:
			return "the resource cannot be written, or not in its present state"
		}
		return "the operation is not allowed on this path"
	case coap.NotAcceptable:
		return "the client cannot answer in the format that Accept asks for"
	case coap.Incomplete:
		return "a block is missing"
	case coap.TooLarge:
		return "the body or the block is too large"
	case coap.UnsupportedContent:
		if writes || composite || operation == opExecute {
			return "the client cannot read the payload's format"
		}
	case coap.InternalServerError:
		return "the client could not do it"
	case coap.ServiceUnavailable:
		return "the client is busy"
	case coap.BadOption:
		return "the client does not know a critical option"
	}
	return ""
}
