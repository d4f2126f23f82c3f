package module

import (
	"context"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/qos"
)

// content is a message on its way to the cloud. Each kind of message is one type of this file, by pointer; the machine asks only how it is to be
// treated, the sender makes the call that it stands for.
type content interface {
	treatment() (qos.Type, qos.Flags)
	send(ctx context.Context, backend Backend, delivery Delivery) error
}

// The kinds of messages, with the treatment that the SDK's cloud module gives each (reference: actions in SUB_STATE_CLOUD_CONNECTED).
type (
	updateContent        struct{ update data.Update }
	batchContent         struct{ batch data.Batch }
	alertContent         struct{ alert data.Alert }
	configContent        struct{ configuration data.Configuration }
	configRequestContent struct{}
	locationContent      struct {
		request  data.LocationRequest
		answered bool // whether the backend says that an answer will come
	}
	agnssContent       struct{ request data.AGNSSRequest }
	pgpsContent        struct{ request data.PGPSRequest }
	diagnosticsContent struct{ chunk []byte }
	rawContent         struct{ message cloud.Message }
)

func (*updateContent) treatment() (qos.Type, qos.Flags) { return qos.TypeGeneric, qos.FlagAckDisabled }
func (*batchContent) treatment() (qos.Type, qos.Flags)  { return qos.TypeBatch, qos.FlagAckRequired }
func (*alertContent) treatment() (qos.Type, qos.Flags)  { return qos.TypeUI, qos.FlagAckRequired }
func (*configContent) treatment() (qos.Type, qos.Flags) { return qos.TypeConfig, qos.FlagAckRequired }
func (*configRequestContent) treatment() (qos.Type, qos.Flags) {
	return qos.TypeConfig, qos.FlagAckDisabled
}
func (*locationContent) treatment() (qos.Type, qos.Flags) {
	return qos.TypeCloudLocation, qos.FlagAckRequired
}
func (*agnssContent) treatment() (qos.Type, qos.Flags) {
	return qos.TypeAGNSSRequest, qos.FlagAckRequired
}
func (*pgpsContent) treatment() (qos.Type, qos.Flags) {
	return qos.TypePGPSRequest, qos.FlagAckRequired
}
func (*diagnosticsContent) treatment() (qos.Type, qos.Flags) {
	return qos.TypeMemfault, qos.FlagAckRequired
}
func (c *rawContent) treatment() (qos.Type, qos.Flags) {
	if c.message.QoS == cloud.QoSAtMostOnce {
		return qos.TypeGeneric, qos.FlagAckDisabled
	}
	return qos.TypeGeneric, qos.FlagAckRequired
}

// The sends below may assert the type: the module's methods refuse what the backend does not implement.

func (c *updateContent) send(ctx context.Context, backend Backend, delivery Delivery) error {
	return backend.(Reporter).Report(ctx, c.update, delivery)
}

func (c *batchContent) send(ctx context.Context, backend Backend, delivery Delivery) error {
	return backend.(Batcher).ReportBatch(ctx, c.batch, delivery)
}

func (c *alertContent) send(ctx context.Context, backend Backend, delivery Delivery) error {
	return backend.(Alerter).Alert(ctx, c.alert, delivery)
}

func (c *configContent) send(ctx context.Context, backend Backend, delivery Delivery) error {
	return backend.(Configurer).ReportConfig(ctx, c.configuration, delivery)
}

func (*configRequestContent) send(ctx context.Context, backend Backend, _ Delivery) error {
	return backend.(Configurer).RequestConfig(ctx)
}

func (c *locationContent) send(ctx context.Context, backend Backend, delivery Delivery) error {
	return backend.(Locator).RequestLocation(ctx, c.request, delivery)
}

func (c *agnssContent) send(ctx context.Context, backend Backend, delivery Delivery) error {
	return backend.(Assistant).RequestAGNSS(ctx, c.request, delivery)
}

func (c *pgpsContent) send(ctx context.Context, backend Backend, delivery Delivery) error {
	return backend.(Assistant).RequestPGPS(ctx, c.request, delivery)
}

func (c *diagnosticsContent) send(ctx context.Context, backend Backend, delivery Delivery) error {
	return backend.(Diagnoser).SendDiagnostics(ctx, c.chunk, delivery)
}

func (c *rawContent) send(ctx context.Context, backend Backend, delivery Delivery) error {
	message := c.message
	message.ID = delivery.ID
	return backend.Send(ctx, message)
}
