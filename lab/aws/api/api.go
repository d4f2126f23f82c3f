// Package api serves a local AWS IoT Core over HTTP: with the paths and bodies of AWS's own REST interfaces, so that the AWS CLI and the SDKs work
// with an endpoint URL (signatures are taken unchecked), and with the lab's own below /lab/. docs/lab.md has the table.
//
// Data is for the port that clients reach from outside, and asks the policies of their certificates. Control has no security and belongs on a
// loopback address only.
package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws"
	"github.com/cloudgen/cloudgen/lab/aws/files"
	"github.com/cloudgen/cloudgen/lab/aws/jobs"
	"github.com/cloudgen/cloudgen/lab/aws/registry"
	"github.com/cloudgen/cloudgen/lab/pki"
)

// Config is what Control needs.
type Config struct {
	Cloud     *aws.Cloud
	Files     *files.Host
	FileHost  string         // URL of the file host, https://HOST:PORT
	Stream    *Stream        // of the cloud's events
	Authority *pki.Authority // issues certificates
	Endpoints Endpoints
}

// Endpoints are what DescribeEndpoint gives, HOST:PORT.
type Endpoints struct {
	Data string // iot:Data, iot:Data-ATS
	Jobs string // iot:Jobs
}

// largestBody bounds the bodies of requests, bytes; what is more than the service takes is refused by name.
const largestBody = 1 << 20

// failure is an error answer of AWS's REST interfaces.
type failure struct {
	code    string // ResourceNotFoundException
	status  int
	message string
	rule    string // of aws.Rules; "": api/CODE
}

func (f *failure) Error() string { return f.code + ": " + f.message }

func invalid(format string, args ...any) error {
	return &failure{code: "InvalidRequestException", status: http.StatusBadRequest, message: fmt.Sprintf(format, args...)}
}

// request is one call.
type request struct {
	*http.Request
	body []byte
}

func (r *request) query(name string) string { return r.URL.Query().Get(name) }

func (r *request) flag(name string) (bool, error) {
	switch text := r.query(name); text {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	default:
		return false, invalid("%s is %q: true or false", name, text)
	}
}

func (r *request) number(name string) (int64, error) {
	text := r.query(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, invalid("%s is %q: a number", name, text)
	}
	return n, nil
}

// decode reads the body. Members that are not known are ignored, as the service does.
func (r *request) decode(into any) error {
	if len(r.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.body, into); err != nil {
		return &failure{code: "SerializationException", status: http.StatusBadRequest, message: "the body is not the JSON of this request: " + err.Error(), rule: "api/InvalidRequestException"}
	}
	return nil
}

// raw is a body that is sent as it is.
type raw []byte

// call answers a request: with JSON, with raw, or with {} for nil.
type call func(r *request) (any, error)

// handler serves calls.
type handler struct {
	cloud *aws.Cloud
	now   func() time.Time
}

// serve makes an http.HandlerFunc of a call.
func (h *handler) serve(c call) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestBody))
		var result any
		q := &request{Request: r, body: body}
		if err != nil {
			err = &failure{code: "RequestEntityTooLargeException", status: http.StatusRequestEntityTooLarge, message: "the body is too large", rule: "http/payload"}
		} else {
			result, err = c(q)
		}
		w.Header().Set("X-Amzn-Requestid", fmt.Sprintf("%016x", h.now().UnixNano()))
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			h.fail(w, q, err)
			return
		}
		switch result := result.(type) {
		case nil:
			_, err = io.WriteString(w, "{}")
		case raw:
			_, err = w.Write(result)
		default:
			encoder := json.NewEncoder(w)
			encoder.SetEscapeHTML(false) // URLs stay as they are
			err = encoder.Encode(result)
		}
		_ = err // the caller is gone
	}
}

func (h *handler) fail(w http.ResponseWriter, r *request, err error) {
	f := describe(err)
	rule := f.rule
	if rule == "" {
		rule = "api/" + f.code
	}
	h.cloud.Refused(rule, "", r.RemoteAddr, r.Method+" "+r.URL.Path, f.Error())
	w.Header().Set("X-Amzn-Errortype", f.code)
	w.WriteHeader(f.status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": f.message}) // the caller is gone if it fails
}

// describe gives any error as AWS's interfaces do.
func describe(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	if e, ok := errors.AsType[*registry.Error](err); ok {
		return &failure{code: e.Code, status: e.HTTPStatus, message: e.Message}
	}
	if e, ok := errors.AsType[*jobs.Error](err); ok {
		f := &failure{code: e.Code, status: e.HTTPStatus, message: e.Message}
		switch e.Code {
		case "VersionConflictException", "ResourceNotFoundException", "InvalidRequestException", "InvalidStateTransitionException":
		case "TerminalStateException":
			f.rule = "jobs/TerminalStateReached"
		}
		return f
	}
	if e, ok := errors.AsType[*aws.RejectedError](err); ok {
		return &failure{code: shadowException(e.Code), status: e.Code, message: e.Message, rule: aws.ShadowRule(e)}
	}
	return &failure{code: "InternalFailureException", status: http.StatusInternalServerError, message: err.Error()}
}

// shadowException gives the name of an error of the data plane (AWS IoT data plane API reference, GetThingShadow and UpdateThingShadow).
func shadowException(code int) string {
	switch code {
	case http.StatusBadRequest:
		return "InvalidRequestException"
	case http.StatusNotFound:
		return "ResourceNotFoundException"
	case http.StatusConflict:
		return "ConflictException"
	case http.StatusRequestEntityTooLarge:
		return "RequestEntityTooLargeException"
	case http.StatusUnsupportedMediaType:
		return "UnsupportedDocumentEncodingException"
	case http.StatusTooManyRequests:
		return "ThrottlingException"
	}
	return "InternalFailureException"
}

// notFound answers paths that are no operation.
func (h *handler) unknown(r *request) (any, error) {
	return nil, &failure{
		code: "UnknownOperationException", status: http.StatusNotFound, rule: "http/operation",
		message: fmt.Sprintf("%s %s is no operation that the local cloud serves", r.Method, r.URL.Path),
	}
}

// sameOrigin turns away pages of other sites that a browser on this machine shows.
func sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); origin != "" {
			u, err := url.Parse(origin)
			// A name other than localhost may have been made to lead here (DNS rebinding).
			if err != nil || u.Host != r.Host || u.Hostname() != "localhost" && net.ParseIP(u.Hostname()) == nil {
				http.Error(w, "a page of another site must not drive the lab", http.StatusForbidden)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// signedFor gives the service that a request was signed for (AWS Signature Version 4: the scope of the credential); "" for none. The
// signature itself is not looked at.
func signedFor(r *http.Request) string {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !ok {
		return ""
	}
	for _, part := range strings.Split(text, ",") {
		if credential, ok := strings.CutPrefix(strings.TrimSpace(part), "Credential="); ok {
			if scope := strings.Split(credential, "/"); len(scope) >= 5 {
				return scope[len(scope)-2]
			}
		}
	}
	return ""
}

// seconds writes a time as AWS's JSON has it.
func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// page gives a part of a list; the token is the index of its first entry.
func page[T any](r *request, all []T, sizeName, tokenName string) (part []T, next string, err error) {
	size, err := r.number(sizeName)
	if err != nil {
		return nil, "", err
	}
	start := 0
	if token := r.query(tokenName); token != "" {
		if start, err = strconv.Atoi(token); err != nil || start < 0 || start > len(all) {
			return nil, "", invalid("%s is none that this list gave", tokenName)
		}
	}
	end := len(all)
	if size > 0 && start+int(min(size, 250)) < end {
		end = start + int(min(size, 250))
		next = strconv.Itoa(end)
	}
	return append([]T{}, all[start:end]...), next, nil
}
