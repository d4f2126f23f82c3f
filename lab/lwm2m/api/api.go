// Package api drives a local LwM2M server over HTTP and JSON: docs/lab.md has the table of its resources. It has no security and belongs on a
// loopback address only.
package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
)

const (
	largestBody    = 1 << 20  // of JSON, bytes
	largestImage   = 64 << 20 // bytes
	defaultTimeout = 2 * time.Minute
)

// failure is the body of answers that are no success.
type failure struct {
	Error string `json:"error"`
	Code  string `json:"code,omitempty"` // of the device's answer
	Rule  string `json:"rule,omitempty"` // what the documents say about the code
}

// inputError is a mistake of the caller.
type inputError struct{ error }

func (e inputError) Unwrap() error { return e.error }

// errNoDevice is for an endpoint that never registered.
var errNoDevice = errors.New("no device of this endpoint has registered")

// Handler serves the interface for a server.
func Handler(server *lwm2m.Server) http.Handler {
	h := &handler{server: server}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/devices", h.json(h.devices))
	mux.HandleFunc("GET /api/devices/{endpoint}", h.json(h.device))
	mux.HandleFunc("GET /api/devices/{endpoint}/sent", h.json(h.sent))
	mux.HandleFunc("GET /api/devices/{endpoint}/observations", h.json(h.observations))
	mux.HandleFunc("POST /api/devices/{endpoint}/push", h.push)
	mux.HandleFunc("POST /api/devices/{endpoint}/{operation}", h.json(h.operate))
	mux.HandleFunc("GET /api/credentials", h.json(h.credentials))
	mux.HandleFunc("PUT /api/credentials/{identity}", h.json(h.addCredential))
	mux.HandleFunc("DELETE /api/credentials/{identity}", h.json(h.removeCredential))
	mux.HandleFunc("GET /api/bootstrap/{endpoint}", h.json(h.plan))
	mux.HandleFunc("PUT /api/bootstrap/{endpoint}", h.json(h.setPlan))
	mux.HandleFunc("DELETE /api/bootstrap/{endpoint}", h.json(h.removePlan))
	mux.HandleFunc("GET /api/images", h.json(func(*http.Request) (any, error) { return server.Images(), nil }))
	mux.HandleFunc("PUT /api/images/{name}", h.json(h.addImage))
	mux.HandleFunc("DELETE /api/images/{name}", h.json(h.removeImage))
	mux.HandleFunc("POST /api/faults", h.json(h.faults))
	mux.HandleFunc("GET /api/definitions", h.json(func(*http.Request) (any, error) { return server.Definitions().Objects(), nil }))
	mux.HandleFunc("GET /api/events", h.events)
	return sameOrigin(mux)
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

type handler struct{ server *lwm2m.Server }

// json serves a function whose result is the body; nil is 204.
func (h *handler) json(f func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		result, err := f(r)
		if err != nil {
			fail(w, err)
			return
		}
		if result == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(result) // the caller is gone if it fails
	}
}

func fail(w http.ResponseWriter, err error) {
	status, body := describe(err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // as above
}

func describe(err error) (int, failure) {
	body := failure{Error: err.Error()}
	if answer, ok := errors.AsType[*lwm2m.CodeError](err); ok {
		body.Code, body.Rule = answer.Code.String(), answer.Rule
		return http.StatusBadGateway, body
	}
	_, timedOut := errors.AsType[*coap.TimeoutError](err)
	_, input := errors.AsType[inputError](err)
	switch {
	case input:
		return http.StatusBadRequest, body
	case errors.Is(err, errNoDevice):
		return http.StatusNotFound, body
	case errors.Is(err, lwm2m.ErrNotRegistered), errors.Is(err, lwm2m.ErrNoSession):
		return http.StatusConflict, body
	case timedOut, errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, body
	case errors.Is(err, lwm2m.ErrClosed):
		return http.StatusServiceUnavailable, body
	}
	return http.StatusBadGateway, body
}

// read reads a JSON body.
func read(r *http.Request, into any) error {
	d := json.NewDecoder(io.LimitReader(r.Body, largestBody))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return inputError{fmt.Errorf("the body is not the JSON of this request: %w", err)}
	}
	return nil
}

func (h *handler) find(r *http.Request) (*lwm2m.Device, error) {
	device, ok := h.server.Device(r.PathValue("endpoint"))
	if !ok {
		return nil, fmt.Errorf("%w: %q", errNoDevice, r.PathValue("endpoint"))
	}
	return device, nil
}

func (h *handler) devices(*http.Request) (any, error) {
	all := h.server.Registrations()
	if all == nil {
		all = []lwm2m.Registration{}
	}
	return all, nil
}

func (h *handler) device(r *http.Request) (any, error) {
	device, err := h.find(r)
	if err != nil {
		return nil, err
	}
	registration, ok := device.Registration()
	if !ok {
		return nil, lwm2m.ErrNotRegistered
	}
	return registration, nil
}

func (h *handler) sent(r *http.Request) (any, error) {
	device, err := h.find(r)
	if err != nil {
		return nil, err
	}
	sent := device.Sent()
	if sent == nil {
		sent = []lwm2m.Sending{}
	}
	return sent, nil
}

// observed is an observation, as the interface shows it.
type observed struct {
	ID    string        `json:"id"`
	Path  string        `json:"path"`
	Items []format.Item `json:"items"` // the first answer
}

func show(o *lwm2m.Observation) observed {
	return observed{ID: o.ID(), Path: o.Path(), Items: o.First().Items}
}

func (h *handler) observations(r *http.Request) (any, error) {
	device, err := h.find(r)
	if err != nil {
		return nil, err
	}
	all := []observed{}
	for _, o := range device.Observations() {
		all = append(all, show(o))
	}
	return all, nil
}

// limit bounds an operation by ?timeout=SECONDS.
func limit(r *http.Request) (context.Context, context.CancelFunc, error) {
	timeout := defaultTimeout
	if text := r.URL.Query().Get("timeout"); text != "" {
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil || seconds <= 0 || seconds > 1e6 {
			return nil, nil, inputError{fmt.Errorf("timeout=%s is no number of seconds", text)}
		}
		timeout = time.Duration(seconds * float64(time.Second))
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	return ctx, cancel, nil
}
