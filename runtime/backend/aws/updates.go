package aws

import (
	"context"

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
