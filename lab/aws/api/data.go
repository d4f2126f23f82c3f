package api

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws"
	"github.com/cloudgen/cloudgen/lab/aws/access"
	"github.com/cloudgen/cloudgen/lab/aws/jobs"
)

const (
	largestPayload = 128 << 10 // bytes of a publish
	longestTopic   = 256       // bytes
	mostSlashes    = 7
)

// data are the data planes: iot-data and iot-jobs-data. check decides about a request; its error refuses it.
type data struct {
	*handler
	check func(r *request, action, resource string) error
}

// Data serves the data planes for clients with certificates, whose policies decide (AWS IoT data plane and jobs data plane API references). A
// request without a certificate has to be signed; whose signature it is does not count.
func Data(cloud *aws.Cloud) http.Handler {
	h := &handler{cloud: cloud, now: cloud.Clock().Now}
	d := &data{handler: h, check: func(r *request, action, resource string) error {
		if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
			if signedFor(r.Request) != "" {
				return nil
			}
			return &failure{
				code: "MissingAuthenticationTokenException", status: http.StatusForbidden, message: "Missing Authentication Token", rule: "http/certificate",
			}
		}
		if decision := cloud.Decide(*r.TLS, r.RemoteAddr, action, resource); !decision.Allowed {
			return &forbidden{decision.String()}
		}
		return nil
	}}
	mux := http.NewServeMux()
	d.things(mux)
	d.jobs(mux)
	mux.HandleFunc("/", h.serve(h.unknown))
	return mux
}

// forbidden is a request that policies refuse. What is told to the client says nothing of why.
type forbidden struct{ why string }

func (f *forbidden) Error() string { return f.why }

func (d *data) handle(mux *http.ServeMux, pattern string, c call) {
	mux.HandleFunc(pattern, d.serve(func(r *request) (any, error) {
		result, err := c(r)
		if f, ok := errors.AsType[*forbidden](err); ok {
			d.cloud.Refused("http/policy", "", r.RemoteAddr, r.Method+" "+r.URL.Path, f.why)
			return nil, &failure{code: "ForbiddenException", status: http.StatusForbidden, message: "Forbidden", rule: "http/policy"}
		}
		return result, err
	}))
}

// things has the calls of iot-data.
func (d *data) things(mux *http.ServeMux) {
	d.handle(mux, "GET /things/{thing}/shadow", func(r *request) (any, error) {
		return d.shadow(r, access.GetThingShadow, d.cloud.GetShadow)
	})
	d.handle(mux, "POST /things/{thing}/shadow", func(r *request) (any, error) {
		return d.shadow(r, access.UpdateThingShadow, func(thing, name string) ([]byte, error) { return d.cloud.UpdateShadow(thing, name, r.body) })
	})
	d.handle(mux, "DELETE /things/{thing}/shadow", func(r *request) (any, error) {
		return d.shadow(r, access.DeleteThingShadow, d.cloud.DeleteShadow)
	})
	d.handle(mux, "GET /api/things/shadow/ListNamedShadowsForThing/{thing}", func(r *request) (any, error) {
		thing := r.PathValue("thing")
		size, err := r.number("pageSize")
		if err == nil {
			err = d.check(r, access.ListNamedShadowsForThing, d.cloud.Account().Thing(thing))
		}
		if err != nil {
			return nil, err
		}
		return d.cloud.ListShadows(thing, r.query("nextToken"), int(size))
	})
	d.handle(mux, "POST /topics/{topic...}", d.publish)
	d.handle(mux, "GET /retainedMessage/{topic...}", d.retained)
	d.handle(mux, "GET /retainedMessage", d.retainedList)
}

func (d *data) shadow(r *request, action string, do func(thing, name string) ([]byte, error)) (any, error) {
	thing, name := r.PathValue("thing"), r.query("name")
	resource := d.cloud.Account().Thing(thing)
	if name != "" {
		resource = d.cloud.Account().NamedShadow(thing, name)
	}
	if err := d.check(r, action, resource); err != nil {
		return nil, err
	}
	answer, err := do(thing, name)
	return raw(answer), err
}

func (d *data) publish(r *request) (any, error) {
	topic := r.PathValue("topic")
	bad := func(rule, format string, args ...any) error {
		return &failure{code: "InvalidRequestException", status: http.StatusBadRequest, rule: rule, message: fmt.Sprintf(format, args...)}
	}
	qos := cmp.Or(r.query("qos"), "0")
	retain, err := r.flag("retain")
	switch {
	case err != nil:
		return nil, err
	case len(r.body) > largestPayload:
		return nil, &failure{code: "RequestEntityTooLargeException", status: http.StatusRequestEntityTooLarge, rule: "http/payload", message: "the payload has more than 128 KiB"}
	case topic == "" || len(topic) > longestTopic || strings.Count(topic, "/") > mostSlashes || strings.ContainsAny(topic, "+#"):
		return nil, bad("http/topic", "the topic is empty, too long, too deep, or has wildcards")
	case strings.HasPrefix(topic, "$") && !aws.Publishable(topic):
		return nil, bad("http/topic", "the topic is reserved for the service")
	case qos != "0" && qos != "1":
		return nil, bad("http/qos", "qos is %q: 0 or 1", qos)
	}
	if err := d.check(r, access.Publish, d.cloud.Account().Topic(topic)); err != nil {
		return nil, err
	}
	if retain {
		if err := d.check(r, access.RetainPublish, d.cloud.Account().Topic(topic)); err != nil {
			return nil, err
		}
	}
	if err := d.cloud.Publish(topic, r.body, qos[0]-'0', retain); err != nil {
		return nil, err
	}
	return map[string]string{"message": "OK", "traceId": fmt.Sprintf("%016x", d.now().UnixNano())}, nil
}

func (d *data) retained(r *request) (any, error) {
	topic := r.PathValue("topic")
	if err := d.check(r, access.GetRetainedMessage, d.cloud.Account().Topic(topic)); err != nil {
		return nil, err
	}
	m, ok := d.cloud.Broker().Retained(topic)
	if !ok {
		return nil, &failure{code: "ResourceNotFoundException", status: http.StatusNotFound, rule: "http/retained", message: "no message is retained on the topic"}
	}
	return map[string]any{"topic": topic, "payload": m.Payload, "qos": m.QoS, "lastModifiedTime": m.Created * 1000}, nil
}

func (d *data) retainedList(r *request) (any, error) {
	if err := d.check(r, access.ListRetainedMessages, "*"); err != nil {
		return nil, err
	}
	type entry struct {
		Topic    string `json:"topic"`
		Size     int    `json:"payloadSize"`
		QoS      byte   `json:"qos"`
		Modified int64  `json:"lastModifiedTime"`
	}
	all := []entry{}
	for _, m := range d.cloud.Broker().Snapshot().Retained {
		all = append(all, entry{m.Topic, len(m.Payload), m.QoS, m.Created * 1000})
	}
	part, next, err := page(r, all, "maxResults", "nextToken")
	if err != nil {
		return nil, err
	}
	return struct {
		Topics []entry `json:"retainedTopics"`
		Next   string  `json:"nextToken,omitempty"`
	}{part, next}, nil
}

// jobs has the calls of iot-jobs-data.
func (d *data) jobs(mux *http.ServeMux) {
	d.handle(mux, "GET /things/{thing}/jobs", d.pending)
	d.handle(mux, "PUT /things/{thing}/jobs/{job}", d.startNext)
	d.handle(mux, "GET /things/{thing}/jobs/{job}", d.describe)
	d.handle(mux, "POST /things/{thing}/jobs/{job}", d.update)
}

func (d *data) device(r *request, action string, f func(dev jobs.Device, now time.Time) ([]byte, []jobs.Message, error)) (any, error) {
	thing := r.PathValue("thing")
	if err := d.check(r, action, d.cloud.Account().Thing(thing)); err != nil {
		return nil, err
	}
	answer, err := d.cloud.JobsDevice(thing, f)
	return raw(answer), err
}

func (d *data) pending(r *request) (any, error) {
	return d.device(r, access.GetPendingJobExecutions, func(dev jobs.Device, _ time.Time) ([]byte, []jobs.Message, error) {
		return dev.GetPendingJobExecutions(), nil, nil
	})
}

func (d *data) startNext(r *request) (any, error) {
	if r.PathValue("job") != "$next" {
		return d.unknown(r)
	}
	return d.device(r, access.StartNextPendingJobExecution, func(dev jobs.Device, now time.Time) ([]byte, []jobs.Message, error) {
		return dev.StartNextPendingJobExecution(r.body, now)
	})
}

func (d *data) describe(r *request) (any, error) {
	return d.device(r, access.DescribeJobExecution, func(dev jobs.Device, now time.Time) ([]byte, []jobs.Message, error) {
		answer, err := dev.DescribeJobExecution(r.PathValue("job"), r.query("executionNumber"), r.query("includeJobDocument"), now)
		return answer, nil, err
	})
}

func (d *data) update(r *request) (any, error) {
	return d.device(r, access.UpdateJobExecution, func(dev jobs.Device, now time.Time) ([]byte, []jobs.Message, error) {
		return dev.UpdateJobExecution(r.PathValue("job"), r.body, now)
	})
}
