package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
)

// credentials shows the PSK store without its keys.
func (h *handler) credentials(*http.Request) (any, error) {
	all := []lwm2m.Credential{}
	for _, c := range h.server.Store().List() {
		c.Key = nil
		all = append(all, c)
	}
	return all, nil
}

func (h *handler) addCredential(r *http.Request) (any, error) {
	var c lwm2m.Credential
	if err := read(r, &c); err != nil {
		return nil, err
	}
	c.Identity = r.PathValue("identity")
	if c.Endpoint == "" {
		c.Endpoint = c.Identity
	}
	if err := h.server.Store().Add(c); err != nil {
		return nil, inputError{err}
	}
	return nil, nil
}

func (h *handler) removeCredential(r *http.Request) (any, error) {
	return nil, h.server.Store().Remove(r.PathValue("identity"))
}

func (h *handler) plan(r *http.Request) (any, error) {
	plan, ok := h.server.Store().Plan(r.PathValue("endpoint"))
	if !ok {
		return nil, fmt.Errorf("%w, or it has no bootstrap plan", errNoDevice)
	}
	for i := range plan.Accounts {
		if plan.Accounts[i].Key != nil {
			plan.Accounts = append([]lwm2m.Account(nil), plan.Accounts...)
			plan.Accounts[i].Key = nil
		}
	}
	return plan, nil
}

func (h *handler) setPlan(r *http.Request) (any, error) {
	var plan lwm2m.BootstrapPlan
	if err := read(r, &plan); err != nil {
		return nil, err
	}
	if err := h.server.Store().SetPlan(r.PathValue("endpoint"), plan); err != nil {
		return nil, inputError{err}
	}
	return nil, nil
}

func (h *handler) removePlan(r *http.Request) (any, error) {
	return nil, h.server.Store().RemovePlan(r.PathValue("endpoint"))
}

// image reads a body that is an image.
func image(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	content, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestImage))
	if err != nil {
		return nil, inputError{fmt.Errorf("reading the image: %w", err)}
	}
	return content, nil
}

func (h *handler) addImage(r *http.Request) (any, error) {
	content, err := image(nil, r)
	if err != nil {
		return nil, err
	}
	if err := h.server.AddImage(r.PathValue("name"), content); err != nil {
		return nil, inputError{err}
	}
	var urls []string
	for _, base := range h.server.URLs() {
		urls = append(urls, base+"/images/"+r.PathValue("name"))
	}
	return map[string][]string{"urls": urls}, nil
}

func (h *handler) removeImage(r *http.Request) (any, error) {
	h.server.RemoveImage(r.PathValue("name"))
	return nil, nil
}

// faults is the body of POST /api/faults; what is absent stays as it is.
type faults struct {
	DropFromClients int      `json:"dropFromClients"` // datagrams; negative: all
	DropToClients   int      `json:"dropToClients"`
	RefuseCode      string   `json:"refuseCode"` // for Register and Update, as 4.03
	RefuseCount     int      `json:"refuseCount"`
	AnswerDelay     *float64 `json:"answerDelay"` // seconds
	StopDropping    bool     `json:"stopDropping"`
}

func (h *handler) faults(r *http.Request) (any, error) {
	var f faults
	if err := read(r, &f); err != nil {
		return nil, err
	}
	if f.RefuseCode != "" {
		code, err := coap.ParseCode(f.RefuseCode)
		if err != nil || code.Success() {
			return nil, inputError{fmt.Errorf("refuseCode %q is no code of an error", f.RefuseCode)}
		}
		h.server.Faults().RefuseRegistrations(code, f.RefuseCount)
	}
	if f.AnswerDelay != nil {
		if *f.AnswerDelay < 0 || *f.AnswerDelay > 3600 {
			return nil, inputError{errors.New("answerDelay is 0 to 3600 seconds")}
		}
		h.server.Faults().DelayAnswers(time.Duration(*f.AnswerDelay * float64(time.Second)))
	}
	if f.StopDropping || f.DropFromClients != 0 || f.DropToClients != 0 {
		h.server.Faults().Drop(f.DropFromClients, f.DropToClients)
	}
	return nil, nil
}

// push writes an image to /5/0/0. Its answer is one JSON object a line: {"sent", "total"} as it goes, then {"done": true} or a failure.
func (h *handler) push(w http.ResponseWriter, r *http.Request) {
	device, err := h.find(r)
	var content []byte
	if err == nil {
		content, err = image(w, r)
	}
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/jsonl")
	out := json.NewEncoder(w)
	control := http.NewResponseController(w)
	tell := func(line any) {
		_ = out.Encode(line) // a caller that is gone ends the request's context
		_ = control.Flush()
	}
	last := time.Time{}
	// No time limit of ours: it takes what it takes, and ends with the caller.
	err = device.PushFirmware(r.Context(), content, lwm2m.Progress(func(sent, total int) {
		if now := time.Now(); sent == total || now.Sub(last) >= 200*time.Millisecond {
			last = now
			tell(map[string]int{"sent": sent, "total": total})
		}
	}))
	if err != nil {
		_, body := describe(err)
		tell(body)
		return
	}
	tell(map[string]bool{"done": true})
}

// events streams events as server-sent events, from now on: `event` is the kind, `data` the event in JSON.
func (h *handler) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	subscription := h.server.Subscribe()
	defer subscription.Close()
	w.WriteHeader(http.StatusOK)
	control := http.NewResponseController(w)
	if err := control.Flush(); err != nil {
		return
	}
	for {
		event, err := subscription.Next(r.Context(), nil)
		if err != nil {
			return
		}
		data, err := json.Marshal(event)
		if err != nil {
			data = []byte(`{"error":"an event has no JSON"}`)
		}
		if _, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event.Kind, data); err != nil {
			return
		}
		if err := control.Flush(); err != nil {
			return
		}
	}
}
