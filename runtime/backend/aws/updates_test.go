package aws

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/module"
)

// agent is a JobsAgent that notes what it is told.
type agent struct {
	host   JobsHost
	told   chan any
	refuse error
}

func newAgent() *agent { return &agent{told: make(chan any, 16)} }

func (a *agent) Start(host JobsHost) error {
	a.host = host
	a.told <- "start"
	return a.refuse
}
func (a *agent) Usable()                  { a.told <- "usable" }
func (a *agent) Unusable()                { a.told <- "unusable" }
func (a *agent) Take(message JobsMessage) { a.told <- message }
func (a *agent) Stop()                    { a.told <- "stop" }

func (a *agent) want(t *testing.T, want any) {
	t.Helper()
	select {
	case got := <-a.told:
		if !reflect.DeepEqual(got, want) {
			t.Errorf("the agent is told %+v, want %+v", got, want)
		}
	case <-time.After(patience):
		t.Fatalf("the agent is told nothing, want %+v", want)
	}
}

const jobsTopics = "$aws/things/" + thing + "/jobs/"

func TestJobs(t *testing.T) {
	a := newAgent()
	config := shipped
	config.FOTA, config.Jobs, config.MQTT.PayloadMax = true, a, 500
	d := newDevice(t, config)
	a.want(t, "start")
	if a.host.Thing != thing || a.host.Device.Logger == nil {
		t.Errorf("the agent is given %+v", a.host)
	}
	if err := a.host.Publish(t.Context(), "$next/get", []byte("{}")); !errors.Is(err, cloud.ErrNotConnected) {
		t.Errorf("a request before there is a connection: %v", err)
	}
	done := d.connect()
	conn := d.service.Accept()
	conn.Connect()
	conn.Connack(0, false)
	asked := conn.Grant()
	for topic, qos := range conn.Grant() {
		asked[topic] = qos
	}
	for _, topic := range []string{"notify-next", "$next/get/accepted", "$next/get/rejected", "+/update/accepted", "+/update/rejected"} {
		if asked[jobsTopics+topic] != 1 {
			t.Errorf("%s is not subscribed to at QoS 1: %v", topic, asked)
		}
	}
	if got := <-done; got.err != nil {
		t.Fatal(got.err)
	}
	d.want(cloud.Event{Type: cloud.EventConnected})
	d.want(cloud.Event{Type: cloud.EventReady})
	var reporter module.UpdateReporter = d.Backend
	reporter.ReportUpdates(t.Context())
	a.want(t, "usable")

	published := make(chan error, 1)
	go func() { published <- a.host.Publish(t.Context(), "J-1/update", []byte(`{"status":"IN_PROGRESS"}`)) }()
	if p := conn.Publication(); p.TopicName != jobsTopics+"J-1/update" || p.Qos != 1 || string(p.Payload) != `{"status":"IN_PROGRESS"}` {
		t.Errorf("published: %v", p)
	} else {
		conn.Puback(p.MessageID)
	}
	if err := <-published; err != nil {
		t.Error(err)
	}
	for _, topic := range []string{"notify-next", "$next/get/accepted", "$next/get/rejected", "J-1/update/accepted", "J-1/update/rejected"} {
		conn.Publish(jobsTopics+topic, 0, 0, []byte("{}"))
		a.want(t, JobsMessage{Topic: topic, Payload: []byte("{}")})
	}
	conn.Publish(jobsTopics+"notify-next", 0, 0, []byte(strings.Repeat("x", 501)))
	a.want(t, JobsMessage{Topic: "notify-next", Refused: 501})
	// Neither are these for the agent.
	conn.Publish(thing+"/agnss/jobs/x", 0, 0, []byte("{}"))
	conn.Publish("$aws/things/other/jobs/notify-next", 0, 0, []byte("{}"))
	conn.Publish(thing+"/agnss", 0, 0, []byte(strings.Repeat("x", 501)))
	a.host.Notify(cloud.Event{Type: cloud.EventFOTADLProgress, FOTAProgress: 10})
	a.host.Reject("notify-next", errors.New("it is no JSON"))
	for found := false; !found; {
		event, is := d.take().(cloud.Event)
		found = is && event.Type == cloud.EventFOTADLProgress && event.FOTAProgress == 10
	}

	conn.Close()
	a.want(t, "unusable")
	if err := d.Uninit(); err != nil {
		t.Error(err)
	}
	a.want(t, "stop")
	if len(a.told) > 0 {
		t.Errorf("the agent is told more: %v", <-a.told)
	}
}

func TestJobsDoNotStart(t *testing.T) {
	a := newAgent()
	a.refuse = errors.New("no folder")
	config := shipped
	config.FOTA, config.Jobs = true, a
	device := module.Device{ID: func(context.Context) (string, error) { return thing, nil }}
	backend, err := New(config, device)
	if err != nil {
		t.Fatal(err)
	}
	if err := backend.Init(t.Context(), nil); !errors.Is(err, a.refuse) {
		t.Errorf("Init: %v", err)
	}
	for _, wrong := range []func(*Config){func(c *Config) { c.Jobs = nil }, func(c *Config) { c.FOTA = false }} {
		config := config
		wrong(&config)
		if _, err := New(config, device); err == nil || !strings.Contains(err.Error(), "AWS_FOTA") {
			t.Errorf("error %v", err)
		}
	}
	without, err := New(shipped, device)
	if err != nil {
		t.Fatal(err)
	}
	without.ReportUpdates(t.Context()) // there is nothing to report
}
