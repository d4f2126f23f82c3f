package aws

import (
	"context"
	"strings"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/module"
)

// JobsAgent carries out what AWS IoT Jobs asks of the device (developer guide, "Jobs"); package jobs has one, for updates of the firmware. The backend starts
// it at Init and stops it at Uninit. Of its methods only Start and Stop may wait.
type JobsAgent interface {
	// Start takes up what an earlier run of the program has left. Goroutines that it starts end with Stop.
	Start(host JobsHost) error
	// Usable tells that the cloud can be used, and that the running firmware was confirmed. It may be called again without Unusable in between.
	Usable()
	// Unusable tells that the connection is gone.
	Unusable()
	// Take takes a message of a topic of Jobs.
	Take(message JobsMessage)
	// Stop ends what Start has begun and waits for it. After it no method of the host is called.
	Stop()
}

// JobsHost is what a JobsAgent is given. Its functions may be called from any goroutine but those of Take, Usable and Unusable.
type JobsHost struct {
	Thing  string // name of the thing
	Device module.Device
	// Publish publishes at least once. The topic is what follows $aws/things/THING/jobs/. Without a connection the error wraps
	// cloud.ErrNotConnected.
	Publish func(ctx context.Context, topic string, payload []byte) error
	// Notify tells an event of the Cloud API.
	Notify func(event cloud.Event)
	// Reject tells that a message of a topic cannot be used.
	Reject func(topic string, err error)
}

// JobsMessage is a message that came by a topic of Jobs.
type JobsMessage struct {
	Topic   string // what follows $aws/things/THING/jobs/
	Payload []byte // belongs to the receiver
	Refused int    // bytes of a message that was not taken, as it exceeds MQTT_HELPER_PAYLOAD_BUFFER_LEN; 0: it was
}

// jobsPrefix is how topics of Jobs begin, before and after the name of the thing.
const jobsPrefix, jobsInfix = "$aws/things/", "/jobs/"

func (b *Backend) jobs() bool { return b.config.Jobs != nil }

// jobsHost is what the agent is given. The handler may be called before Init has set it: then events are dropped.
func (b *Backend) jobsHost(thing string) JobsHost {
	prefix := jobsPrefix + thing + jobsInfix
	return JobsHost{
		Thing: thing, Device: b.device,
		Publish: func(ctx context.Context, topic string, payload []byte) error {
			return b.publish(ctx, useJobsUpdate, prefix+topic, 1, 0, payload)
		},
		Notify: func(event cloud.Event) { b.NotifyEvent(b, event) },
		Reject: func(topic string, err error) { b.reject(prefix+topic, err) },
	}
}

// giveJobs hands a message to the agent if it is one of Jobs.
func (b *Backend) giveJobs(topic string, payload []byte, refused int) {
	if !b.jobs() {
		return
	}
	_, after, ours := strings.Cut(topic, jobsInfix)
	if ours && strings.HasPrefix(topic, jobsPrefix) {
		b.config.Jobs.Take(JobsMessage{Topic: after, Payload: payload, Refused: refused})
	}
}

// ReportUpdates implements module.UpdateReporter: from now on jobs are asked for and carried out.
func (b *Backend) ReportUpdates(context.Context) {
	if b.jobs() {
		b.config.Jobs.Usable()
	}
}
