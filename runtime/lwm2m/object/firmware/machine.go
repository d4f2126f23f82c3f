package firmware

import (
	"fmt"
	"strconv"
	"strings"
)

// state is the value of resource 3.
type state int64

// The states.
const (
	idle        state = 0
	downloading state = 1
	downloaded  state = 2
	updating    state = 3
)

func (s state) String() string {
	names := [...]string{"idle", "downloading", "downloaded", "updating"}
	if s < 0 || int(s) >= len(names) {
		return fmt.Sprintf("state %d", int64(s))
	}
	return names[s]
}

// result is the value of resource 5.
type result int64

// The results of object 5, version 1.0.
const (
	resultInitial             result = 0
	resultSuccess             result = 1
	resultNoSpace             result = 2
	resultNoMemory            result = 3
	resultConnectionLost      result = 4
	resultIntegrity           result = 5
	resultUnsupportedPackage  result = 6
	resultInvalidURI          result = 7
	resultUpdateFailed        result = 8
	resultUnsupportedProtocol result = 9
)

// status is what servers see: state and result.
type status struct {
	State  state
	Result result
}

// encode gives the form in which it is kept: JSON, of exactly these bytes.
func (s status) encode() string { return fmt.Sprintf(`{"State":%d,"Result":%d}`, s.State, s.Result) }

func decodeStatus(text string) (status, error) {
	first, second, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(text, `{"State":`), "}"), `,"Result":`)
	number, _ := strconv.ParseInt(first, 10, 64) // what is no number is not written like this
	code, _ := strconv.ParseInt(second, 10, 64)
	kept := status{State: state(number), Result: result(code)}
	if kept.encode() != text {
		return status{}, errorf("%.60q is no status of an update", text)
	}
	return kept, nil
}

// signal is what moves the state.
type signal int

// The signals.
const (
	begun          signal = iota // an image has begun to come, or its URI was written
	arrived                      // it is whole and staged
	spoiled                      // it did not come, or is no good: with a result
	reset                        // empty package or URI
	refusedURI                   // the URI cannot be used: with a result
	started                      // Update was executed
	failed                       // it could not be installed, and is still staged
	lost                         // it could not be installed, or was given up after all, and is gone: with a result
	succeeded                    // the installed image runs
	bootUnfinished               // the device has restarted in the middle of a download
)

// transitions is the table of LwM2M Core 1.1.1, E.6.1 (figure and table of the states of object 5): what each signal does in each state. What is
// not there is refused, and changes nothing. Ours are what a restart corrects: see Object.review.
var transitions = []struct {
	from state
	what signal
	to   state
	with result // keep: the one that the signal brings
}{
	{idle, begun, downloading, resultInitial},
	{idle, reset, idle, resultInitial},
	{idle, refusedURI, idle, keep},
	{idle, lost, idle, keep},
	{idle, succeeded, idle, resultSuccess},

	{downloading, arrived, downloaded, resultInitial},
	{downloading, spoiled, idle, keep},
	{downloading, reset, idle, resultInitial},
	{downloading, bootUnfinished, idle, resultInitial},

	{downloaded, started, updating, resultInitial},
	{downloaded, reset, idle, resultInitial},
	{downloaded, lost, idle, keep},
	{downloaded, succeeded, idle, resultSuccess},

	{updating, failed, downloaded, resultUpdateFailed},
	{updating, lost, idle, keep},
	{updating, succeeded, idle, resultSuccess},
}

const keep result = -1

// step gives the status after a signal, and whether the signal is possible. brought is the result that comes with it.
func (s status) step(what signal, brought result) (status, bool) {
	for _, next := range transitions {
		if next.from != s.State || next.what != what {
			continue
		}
		if next.with == keep {
			next.with = brought
		}
		return status{next.to, next.with}, true
	}
	return s, false
}
