package module

import (
	"context"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/qos"
)

// The methods of this file hand a message to the cloud. They return when the transport has it, or, of a message that wants an
// acknowledgement (all but Report and RequestConfig; Send from QoS at least once on), when it has been tried once; from then on the module
// keeps it until the cloud has taken it (CLOUD_EVT_DATA_SENT) or it is given up (CLOUD_EVT_MESSAGE_DISCARDED).
//
// While queuePlaces messages wait to be handed out, or QOS_PENDING_MESSAGES_MAX for their acknowledgement, the caller waits. When ctx ends
// first, the error wraps its error and says whether the message may still be sent. Without a connection the error wraps
// cloud.ErrNotConnected at once; after the module has ended it wraps ErrShutdown; what the backend cannot do wraps cloud.ErrUnsupported.

// request is a message with the caller who waits for the outcome.
type request struct {
	content content
	outcome chan error // of one place: the owner never waits
}

// Send sends a message of the raw layer. Message.ID names it in the events; 0: the module gives it an id. Ids from qos.FirstID on are the
// module's own.
func (m *Module) Send(ctx context.Context, message cloud.Message) error {
	if message.QoS < 0 || message.QoS >= cloud.QoSCount {
		return errorf("send a message: %v: %w", message.QoS, cloud.ErrUnsupported)
	}
	if message.ID >= qos.FirstID {
		return errorf("send a message: its id is %d: ids from %d on are given out by the module", message.ID, qos.FirstID)
	}
	return m.send(ctx, "send a message", &rawContent{message})
}

// Report sends the newest samples. They are not repeated: samples that matter come again.
func (m *Module) Report(ctx context.Context, update data.Update) error {
	_, can := m.backend.(Reporter)
	return m.sendIf(ctx, can, "report samples", &updateContent{update})
}

// ReportBatch sends samples that were held back.
func (m *Module) ReportBatch(ctx context.Context, batch data.Batch) error {
	_, can := m.backend.(Batcher)
	return m.sendIf(ctx, can, "report a batch", &batchContent{batch})
}

// Alert sends a message about a button or an impact.
func (m *Module) Alert(ctx context.Context, alert data.Alert) error {
	_, can := m.backend.(Alerter)
	return m.sendIf(ctx, can, "send an alert", &alertContent{alert})
}

// ReportConfig tells the cloud the configuration that the device works with. A backend may take it before the connection is usable.
func (m *Module) ReportConfig(ctx context.Context, configuration data.Configuration) error {
	_, can := m.backend.(Configurer)
	return m.sendIf(ctx, can, "report the configuration", &configContent{configuration})
}

// RequestConfig asks the cloud for the configuration; the answer comes to OnConfig, or as CLOUD_EVT_CONFIG_EMPTY.
func (m *Module) RequestConfig(ctx context.Context) error {
	_, can := m.backend.(Configurer)
	return m.sendIf(ctx, can, "request the configuration", &configRequestContent{})
}

// RequestLocation asks the cloud where the device is. CLOUD_EVT_CLOUD_LOCATION_UNKNOWN follows at once when the cloud gives no answers.
func (m *Module) RequestLocation(ctx context.Context, location data.LocationRequest) error {
	locator, can := m.backend.(Locator)
	return m.sendIf(ctx, can, "request the location", &locationContent{location, can && locator.LocationAnswered()})
}

// RequestAGNSS asks for assistance data; they come as CLOUD_EVT_AGNSS_RECEIVED. Without a connection the latest request is kept for the next.
func (m *Module) RequestAGNSS(ctx context.Context, assistance data.AGNSSRequest) error {
	_, can := m.backend.(Assistant)
	return m.sendIf(ctx, can, "request A-GNSS data", &agnssContent{assistance})
}

// RequestPGPS asks for predictions; they come as CLOUD_EVT_PGPS_RECEIVED.
func (m *Module) RequestPGPS(ctx context.Context, predictions data.PGPSRequest) error {
	_, can := m.backend.(Assistant)
	return m.sendIf(ctx, can, "request P-GPS predictions", &pgpsContent{predictions})
}

// SendDiagnostics sends a chunk of diagnostic data, which belongs to the module from then on.
func (m *Module) SendDiagnostics(ctx context.Context, chunk []byte) error {
	_, can := m.backend.(Diagnoser)
	return m.sendIf(ctx, can, "send diagnostics", &diagnosticsContent{chunk})
}

// sendIf sends what the backend can send.
func (m *Module) sendIf(ctx context.Context, can bool, what string, c content) error {
	if !can {
		return errorf("%s: %w", what, cloud.ErrUnsupported)
	}
	return m.send(ctx, what, c)
}

func (m *Module) send(ctx context.Context, what string, c content) error {
	if err := ctx.Err(); err != nil {
		return errorf("%s: not sent: %w", what, err)
	}
	r := &request{content: c, outcome: make(chan error, 1)}
	select {
	case m.requests <- r:
	case <-ctx.Done():
		return errorf("%s: not sent, the module's queue is full: %w", what, ctx.Err())
	case <-m.done:
		return errorf("%s: %w", what, ErrShutdown)
	}
	select {
	case err := <-r.outcome:
		if err != nil {
			return errorf("%s: %w", what, err)
		}
		return nil
	case <-ctx.Done():
		return errorf("%s: it may still be sent: %w", what, ctx.Err())
	}
}
