package mqtt

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
)

// Failure tells why a connection did not come about.
type Failure int

// The failures.
const (
	FailureParameter         Failure = iota + 1 // the configuration cannot be used
	FailureCancelled                            // the caller's context was cancelled
	FailureDNS                                  // the broker's name cannot be looked up
	FailureNetwork                              // the broker cannot be reached
	FailureTimeout                              // the caller's time was up
	FailureServerCertificate                    // the broker's certificate is not from a CA that we trust, or for another name
	FailureServerValidity                       // the broker's certificate is out of its time
	FailureClientCertificate                    // the broker does not take our certificate
	FailureTLSClosed                            // the broker closed the connection within the TLS handshake, without a word
	FailureTLS                                  // anything else in the TLS handshake
	FailureRefused                              // CONNACK says no; ConnectError.Code tells which
	FailureClosed                               // the broker closed the connection in place of an answer
	FailureProtocol                             // what the broker sent is no MQTT
)

// ConnectError tells why a connection did not come about.
type ConnectError struct {
	Failure Failure
	Server  string // HOST:PORT
	Code    byte   // FailureRefused: return code of CONNACK
	Problem string // one plain sentence
	Err     error  // the cause, or nil
}

// Error gives server and sentence.
func (e *ConnectError) Error() string { return "connect to " + e.Server + ": " + e.Problem }

// Unwrap gives the cause.
func (e *ConnectError) Unwrap() error { return e.Err }

// errRefused makes paho stop after a CONNACK with a return code other than 0.
var errRefused = errors.New("the broker refused the connection")

// errAbandoned is a link's cause when paho closes it on its own: it does so when a keep-alive ping stays unanswered.
var errAbandoned = errors.New("no answer to a keep-alive ping")

// refusals are the return codes of CONNACK (MQTT 3.1.1, table 3.1).
var refusals = [...]string{
	1: "it does not speak MQTT 3.1.1",
	2: "it does not allow this client id",
	3: "the service is unavailable",
	4: "user name or password are malformed or wrong",
	5: "this client is not authorised",
}

func refusalText(code byte) string {
	if int(code) < len(refusals) && refusals[code] != "" {
		return fmt.Sprintf("the broker refuses the connection: %s (CONNACK return code %d)", refusals[code], code)
	}
	return fmt.Sprintf("the broker refuses the connection (CONNACK return code %d, which MQTT 3.1.1 does not define)", code)
}

// Loss tells why a connection ended.
type Loss int

// The losses.
const (
	LossClosed      Loss = iota + 1 // Close was called
	LossByBroker                    // the broker closed it
	LossNetwork                     // the network broke it
	LossNoAnswer                    // a keep-alive ping was not answered
	LossSendTimeout                 // the broker took nothing for the send timeout
	LossProtocol                    // what the broker sent is no MQTT
)

// LostError tells why a connection ended.
type LostError struct {
	Loss    Loss
	Err     error // the cause, or nil
	problem string
}

// Error gives one sentence.
func (e *LostError) Error() string { return e.problem }

// Unwrap gives the cause.
func (e *LostError) Unwrap() error { return e.Err }

// ErrClosed is wrapped by the errors of calls on a connection that has ended.
var ErrClosed = errors.New("the MQTT connection is closed")

// lossOf classifies what reading or writing gave.
func lossOf(err error) error {
	var lost *LostError
	var protocol *protocolError
	switch {
	case errors.As(err, &lost):
		return lost
	case errors.Is(err, errRefused):
		return err
	case errors.As(err, &protocol):
		return &LostError{Loss: LossProtocol, Err: err, problem: protocol.Error()}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &LostError{Loss: LossByBroker, Err: err, problem: "the broker closed the connection in the middle of a packet"}
	case errors.Is(err, io.EOF):
		return &LostError{Loss: LossByBroker, Err: err, problem: "the broker closed the connection"}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return &LostError{Loss: LossByBroker, Err: err, problem: "the broker reset the connection"}
	}
	if alert, ok := remoteAlert(err); ok {
		return &LostError{Loss: LossByBroker, Err: err, problem: "the broker ended TLS: " + alert}
	}
	return &LostError{Loss: LossNetwork, Err: err, problem: "the network broke the connection: " + plain(err)}
}

// remoteAlert gives the text of a TLS alert that the peer sent. crypto/tls marks such an error only by the operation's name.
func remoteAlert(err error) (string, bool) {
	var operation *net.OpError
	if errors.As(err, &operation) && operation.Op == "remote error" {
		return strings.TrimPrefix(operation.Err.Error(), "tls: "), true
	}
	return "", false
}

// plain takes operation and addresses out of a network error; they are told elsewhere.
func plain(err error) string {
	var operation *net.OpError
	if errors.As(err, &operation) && operation.Err != nil {
		return operation.Err.Error()
	}
	return err.Error()
}
