package aws

import (
	"errors"
	"fmt"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/mqtt"
)

// take handles one event of the connection; it runs in the session's goroutine.
func (b *Backend) take(event mqtt.Event) {
	switch event.Kind {
	case mqtt.EventMessage:
		b.takeMessage(event.Message)
	case mqtt.EventRefused:
		b.giveJobs(event.Message.Topic, nil, event.Size)
		b.reject(event.Message.Topic, fmt.Errorf("a message of %d bytes, more than MQTT_HELPER_PAYLOAD_BUFFER_LEN = %d", event.Size, b.config.MQTT.PayloadMax))
	case mqtt.EventAcknowledged:
		b.NotifyEvent(b, cloud.Event{Type: cloud.EventDataSent, Message: cloud.Message{ID: event.ID}})
		b.give(data.Acknowledged{ID: event.ID})
	case mqtt.EventPingAnswered:
		b.give(data.PingAnswered{})
	}
}

func (b *Backend) give(received data.Received) {
	if b.receive != nil {
		b.receive(received)
	}
}

func (b *Backend) reject(source string, err error) {
	b.give(data.InputRejected{Source: source, Err: err})
}

func (b *Backend) takeMessage(m mqtt.Message) {
	b.mu.Lock()
	to, known := b.topics.incoming(m.Topic)
	if !known && b.isApplicationTopic(m.Topic) {
		to, known = useApplication, true
	}
	b.mu.Unlock()
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventDataReceived, Message: cloud.Message{
		Endpoint: cloud.Endpoint{Type: endpoint(to), Name: m.Topic}, QoS: cloud.QoS(m.QoS), Payload: m.Payload}})
	if !known { // a session that the service has kept may hold subscriptions of an earlier program
		b.logger.Debug("message on a topic that nobody has subscribed to", "topic", m.Topic, "bytes", len(m.Payload))
		return
	}
	switch to {
	case useConfig:
		b.takeShadow(m, "state")
	case useUpdateDelta:
		b.takeDelta(m)
	case useGetAccepted:
		b.takeShadow(m, "state", "desired")
	case useUpdateAccepted, useUpdateDocuments:
		b.takeUpdated(to, m)
	case useDeleteAccepted:
		b.takeDeleted(m)
	case useGetRejected, useUpdateRejected, useDeleteRejected:
		b.takeRejection(to, m)
	case useAGNSS, usePGPS:
		b.takeAssistance(to, m)
	case useJobsNotify, useJobsNextAccepted, useJobsNextRejected, useJobsUpdateAccepted, useJobsUpdateRejected:
		b.giveJobs(m.Topic, m.Payload, 0)
	case useApplication:
		b.give(data.CommandReceived{Source: m.Topic, Payload: m.Payload})
	}
}

func (b *Backend) isApplicationTopic(topic string) bool {
	for _, t := range b.application {
		if matches(t.name, topic) {
			return true
		}
	}
	return false
}

func endpoint(u use) cloud.EndpointType {
	switch u {
	case useUpdateAccepted, useUpdateRejected, useUpdateDelta, useUpdateDocuments:
		return cloud.EndpointState
	case useGetAccepted, useGetRejected, useConfig:
		return cloud.EndpointStateGet
	case useDeleteAccepted, useDeleteRejected:
		return cloud.EndpointStateDelete
	}
	return cloud.EndpointMsg
}

func (b *Backend) takeAssistance(to use, m mqtt.Message) {
	switch {
	case len(m.Payload) == 0:
		b.reject(m.Topic, errors.New("the message is empty"))
	case to == useAGNSS:
		b.give(data.AGNSSReceived{Payload: m.Payload})
	default:
		b.give(data.PGPSReceived{Payload: m.Payload})
	}
}
