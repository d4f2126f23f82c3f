package aws

import (
	"context"
	"errors"
	"fmt"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/codec/tracker"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/module"
	"github.com/cloudgen/cloudgen/runtime/mqtt"
)

// Send publishes a message of the application: EndpointMsg on the topic Endpoint.Name ("": <id>/messages), EndpointState, EndpointStateGet
// and EndpointStateDelete on the topics of the device's own shadow. The payload goes as it is, so a clientToken in it is the application's:
// the answer is given as cloud.EventDataReceived, and only one without token is acted upon besides.
func (b *Backend) Send(ctx context.Context, message cloud.Message) error {
	qos, err := quality(message.QoS)
	if err != nil {
		return fmt.Errorf("aws: send: %w", err)
	}
	var to use
	switch message.Endpoint.Type {
	case cloud.EndpointMsg:
		to = useMessages
	case cloud.EndpointState:
		to = useShadowUpdate
	case cloud.EndpointStateGet:
		to = useShadowGet
	case cloud.EndpointStateDelete:
		to = useShadowDelete
	case cloud.EndpointPair:
		return fmt.Errorf("aws: send: %w: AWS IoT Core does not associate devices with users, so there is no %v", cloud.ErrUnsupported, cloud.EndpointPair)
	default:
		return fmt.Errorf("aws: send: %w: this backend has no endpoint %v", cloud.ErrUnsupported, message.Endpoint.Type)
	}
	if message.Endpoint.Type != cloud.EndpointMsg && message.Endpoint.Name != "" {
		return fmt.Errorf("aws: send: %w: %v has the name %q, but only the device's own shadow is offered; leave the name empty",
			cloud.ErrUnsupported, message.Endpoint.Type, message.Endpoint.Name)
	}
	return b.publish(ctx, to, message.Endpoint.Name, qos, message.ID, message.Payload)
}

func quality(q cloud.QoS) (byte, error) {
	switch q {
	case cloud.QoSAtMostOnce:
		return 0, nil
	case cloud.QoSAtLeastOnce:
		return 1, nil
	case cloud.QoSExactlyOnce:
		return 0, fmt.Errorf("%w: AWS IoT Core never acknowledges %v; use %v", cloud.ErrUnsupported, q, cloud.QoSAtLeastOnce)
	}
	return 0, fmt.Errorf("%w: %v is not a quality of service", cloud.ErrUnsupported, q)
}

// publish sends on the topic of a use, or on a name of its own.
func (b *Backend) publish(ctx context.Context, to use, name string, qos byte, id uint16, payload []byte) error {
	conn, err := b.connection()
	if err != nil {
		return err
	}
	if name == "" {
		name = b.topics.names[to]
	}
	if to == useShadowUpdate {
		if size := stateSize(payload); size > maxShadow {
			return fmt.Errorf("aws: a shadow update with a state of %d bytes: AWS IoT Core takes at most %d", size, maxShadow)
		}
	}
	if err := checkPublication(name, payload); err != nil {
		return fmt.Errorf("aws: %w", err)
	}
	err = conn.Publish(ctx, mqtt.Publication{ID: id, Topic: name, QoS: qos, Payload: payload})
	if errors.Is(err, mqtt.ErrClosed) {
		return fmt.Errorf("aws: %w: %w", cloud.ErrNotConnected, err)
	}
	if err != nil {
		return fmt.Errorf("aws: %w", err)
	}
	return nil
}

// newBuffer has room for most documents, so that encoding one allocates once. The transport keeps it until it is sent.
func newBuffer() []byte { return make([]byte, 0, 512) }

func (b *Backend) deliver(ctx context.Context, to use, payload []byte, delivery module.Delivery) error {
	if len(payload) == 0 {
		return errors.New("aws: nothing to send: no value can be written as JSON")
	}
	qos := byte(0)
	if delivery.Acknowledged {
		qos = 1
	}
	return b.publish(ctx, to, "", qos, delivery.ID, payload)
}

// Report updates the reported state of the shadow with the newest samples.
func (b *Backend) Report(ctx context.Context, update data.Update, delivery module.Delivery) error {
	return b.report(ctx, tracker.AppendUpdate(newReport(), update), delivery, false)
}

// ReportBatch sends samples that were held back on <id>/batch.
func (b *Backend) ReportBatch(ctx context.Context, batch data.Batch, delivery module.Delivery) error {
	return b.deliver(ctx, useBatch, tracker.AppendBatch(newBuffer(), batch), delivery)
}

// Alert sends a button press or a shock on <id>/messages.
func (b *Backend) Alert(ctx context.Context, alert data.Alert, delivery module.Delivery) error {
	return b.deliver(ctx, useMessages, tracker.AppendAlert(newBuffer(), alert), delivery)
}

// RequestConfig asks for the shadow. An answer that does not come is asked for once more; that there is none in the end is reported as
// data.InputRejected.
func (b *Backend) RequestConfig(ctx context.Context) error { return b.fetch(ctx) }

// ReportConfig updates the reported state of the shadow with the configuration.
func (b *Backend) ReportConfig(ctx context.Context, configuration data.Configuration, delivery module.Delivery) error {
	return b.report(ctx, tracker.AppendConfiguration(newReport(), configuration), delivery, true)
}

// RequestLocation sends cells and access points on <id>/ground-fix.
func (b *Backend) RequestLocation(ctx context.Context, request data.LocationRequest, delivery module.Delivery) error {
	return b.deliver(ctx, useGroundFix, tracker.AppendLocationRequest(newBuffer(), request), delivery)
}

// LocationAnswered is false: the cloud keeps the location for itself.
func (b *Backend) LocationAnswered() bool { return false }

// RequestAGNSS asks on <id>/agnss/get; the answer comes by <id>/agnss.
func (b *Backend) RequestAGNSS(ctx context.Context, request data.AGNSSRequest, delivery module.Delivery) error {
	return b.deliver(ctx, useAGNSSRequest, tracker.AppendAGNSSRequest(newBuffer(), request), delivery)
}

// RequestPGPS asks on <id>/pgps/get; the answer comes by <id>/pgps.
func (b *Backend) RequestPGPS(ctx context.Context, request data.PGPSRequest, delivery module.Delivery) error {
	return b.deliver(ctx, usePGPSRequest, tracker.AppendPGPSRequest(newBuffer(), request), delivery)
}

// SendDiagnostics sends a chunk on <id>/memfault, or on <id>/memfault/KEY with MEMFAULT_NCS_PROJECT_KEY.
func (b *Backend) SendDiagnostics(ctx context.Context, chunk []byte, delivery module.Delivery) error {
	return b.deliver(ctx, useDiagnostics, chunk, delivery)
}
