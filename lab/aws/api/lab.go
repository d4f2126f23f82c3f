package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws"
	"github.com/cloudgen/cloudgen/lab/aws/files"
	"github.com/cloudgen/cloudgen/lab/aws/jobs"
)

// lab has the lab's own calls.
type lab struct {
	*handler
	config Config
}

func newLab(h *handler, config Config) *lab { return &lab{handler: h, config: config} }

func (l *lab) routes(mux *http.ServeMux) {
	handle := func(pattern string, c call) { mux.HandleFunc(pattern, l.serve(c)) }
	mux.Handle("GET /lab/events", l.config.Stream)
	handle("GET /lab/rules", func(*request) (any, error) { return shownRules(), nil })
	handle("GET /lab/connections", func(*request) (any, error) { return l.cloud.Connections(), nil })
	handle("POST /lab/connections/{client}/disconnect", l.drop(l.cloud.Broker().Disconnect))
	handle("POST /lab/connections/{client}/cut", l.drop(l.cloud.Broker().Cut))
	handle("POST /lab/broker/stop", func(*request) (any, error) {
		l.cloud.Broker().Stop()
		return nil, nil
	})
	handle("POST /lab/broker/start", func(*request) (any, error) { return nil, l.cloud.Broker().Start() })
	handle("POST /lab/faults", l.faults)
	handle("DELETE /lab/faults", func(*request) (any, error) {
		l.cloud.ClearFaults()
		l.config.Files.ClearFaults()
		return nil, nil
	})
	handle("GET /lab/limits", func(*request) (any, error) { return l.cloud.Limits(), nil })
	handle("PUT /lab/limits", l.limits)
	handle("GET /lab/clock", func(*request) (any, error) { return l.clock(), nil })
	handle("POST /lab/clock", l.advance)
	handle("POST /lab/certificates/{id}/expire", func(r *request) (any, error) { return nil, l.cloud.ExpireCertificate(r.PathValue("id")) })
	handle("POST /lab/jobs/{job}/things/{thing}", l.inject)
	handle("POST /lab/reset", func(*request) (any, error) {
		l.config.Files.ClearFaults()
		return nil, l.cloud.Reset()
	})
	handle("GET /lab/files", func(*request) (any, error) { return l.config.Files.List() })
	handle("GET /lab/files/{key...}", l.presign)
	mux.HandleFunc("PUT /lab/files/{key...}", l.upload)
	handle("DELETE /lab/files/{key...}", func(r *request) (any, error) { return nil, fileError(l.config.Files.Delete(r.PathValue("key"))) })
	handle("PUT /lab/file-faults/{key...}", l.fileFault)
}

type shownRule struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	Event  string `json:"event"`
	Wire   string `json:"wire"`
}

func shownRules() []shownRule {
	var all []shownRule
	for _, r := range aws.Rules() {
		all = append(all, shownRule{r.ID, r.Source, r.Event, r.Wire})
	}
	return all
}

// strict reads a body of the lab's own, in which nothing is ignored.
func strict(r *request, into any) error {
	d := json.NewDecoder(strings.NewReader(string(r.body)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return invalid("the body is not the JSON of this request: %v", err)
	}
	return nil
}

func (l *lab) drop(do func(client string) bool) call {
	return func(r *request) (any, error) {
		if !do(r.PathValue("client")) {
			return nil, &failure{code: "ResourceNotFoundException", status: http.StatusNotFound, message: fmt.Sprintf("%q is not connected", r.PathValue("client"))}
		}
		return nil, nil
	}
}

// duration reads seconds.
func duration(seconds float64) (time.Duration, error) {
	if seconds < 0 || seconds > 100*366*24*3600 {
		return 0, invalid("%v is no number of seconds between 0 and 100 years", seconds)
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

func (l *lab) faults(r *request) (any, error) {
	var body struct {
		RefuseConnects *aws.ConnectRefusal `json:"refuseConnects"`
		AnswerDelay    *float64            `json:"answerDelay"`
		AckDelay       *float64            `json:"ackDelay"`
	}
	if err := strict(r, &body); err != nil {
		return nil, err
	}
	for _, delay := range []struct {
		seconds *float64
		set     func(time.Duration)
	}{{body.AnswerDelay, l.cloud.DelayAnswers}, {body.AckDelay, l.cloud.Broker().DelayAcks}} {
		if delay.seconds == nil {
			continue
		}
		d, err := duration(*delay.seconds)
		if err != nil {
			return nil, err
		}
		delay.set(d)
	}
	if body.RefuseConnects != nil {
		l.cloud.RefuseConnects(*body.RefuseConnects)
	}
	return nil, nil
}

func (l *lab) limits(r *request) (any, error) {
	limits := l.cloud.Limits()
	if err := strict(r, &limits); err != nil {
		return nil, err
	}
	if err := l.cloud.SetLimits(limits); err != nil {
		return nil, invalid("%v", err)
	}
	return l.cloud.Limits(), nil
}

type shownClock struct {
	Now   time.Time `json:"now"`
	Ahead float64   `json:"ahead"` // seconds
}

func (l *lab) clock() shownClock {
	return shownClock{l.now(), l.cloud.Clock().Ahead().Seconds()}
}

func (l *lab) advance(r *request) (any, error) {
	var body struct {
		Advance float64 `json:"advance"` // seconds
	}
	if err := strict(r, &body); err != nil {
		return nil, err
	}
	d, err := duration(body.Advance)
	if err == nil {
		err = l.cloud.Clock().Advance(d)
	}
	if err != nil {
		return nil, invalid("%v", err)
	}
	return l.clock(), nil
}

func (l *lab) inject(r *request) (any, error) {
	var body struct {
		Status  jobs.Status       `json:"status"`
		Details map[string]string `json:"statusDetails"`
		Number  int64             `json:"executionNumber"`
	}
	if err := strict(r, &body); err != nil {
		return nil, err
	}
	return nil, l.cloud.Jobs(func(s *jobs.Store, now time.Time) ([]jobs.Message, error) {
		return s.Inject(r.PathValue("thing"), r.PathValue("job"), body.Number, body.Status, body.Details, now)
	})
}

// shownFile is an object with a URL that works for a time.
type shownFile struct {
	files.Object
	URL string `json:"url"`
}

const usualLife = time.Hour

func (l *lab) show(object files.Object, life time.Duration) (any, error) {
	url, err := l.config.Files.Presign(l.config.FileHost, object.Key, life)
	if err != nil {
		return nil, invalid("%v", err)
	}
	return shownFile{object, url}, nil
}

func (l *lab) presign(r *request) (any, error) {
	seconds, err := r.number("expires")
	if err != nil {
		return nil, err
	}
	life := usualLife
	if seconds > 0 {
		life = time.Duration(min(seconds, 1<<30)) * time.Second
	}
	objects, err := l.config.Files.List()
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		if object.Key == r.PathValue("key") {
			return l.show(object, life)
		}
	}
	return nil, fileError(files.ErrNoObject)
}

func (l *lab) upload(w http.ResponseWriter, r *http.Request) {
	object, err := l.config.Files.Put(r.PathValue("key"), r.Body)
	l.serve(func(*request) (any, error) {
		if err != nil {
			return nil, invalid("%v", err)
		}
		return l.show(object, usualLife)
	})(w, withoutBody(r))
}

func withoutBody(r *http.Request) *http.Request {
	short := r.Clone(r.Context())
	short.Body = http.NoBody
	return short
}

func (l *lab) fileFault(r *request) (any, error) {
	var fault files.Fault
	if err := strict(r, &fault); err != nil {
		return nil, err
	}
	if err := l.config.Files.SetFault(r.PathValue("key"), fault); err != nil {
		return nil, invalid("%v", err)
	}
	return nil, nil
}

func fileError(err error) error {
	if errors.Is(err, files.ErrNoObject) {
		return &failure{code: "ResourceNotFoundException", status: http.StatusNotFound, message: err.Error()}
	}
	return err
}
