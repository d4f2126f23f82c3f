package module

import (
	"context"
	"log/slog"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

// Backend is the part that every cloud backend has: the Cloud API, and a way to hand over what it receives, decoded.
//
// Connection state and updates travel as cloud events (the module takes cloud.EventReady, not EventConnected, for "usable"), content as
// data.Received: of an event that says what a data.Received says too (data, pairing) the module takes no notice.
type Backend interface {
	cloud.Backend
	// Bind sets the function that takes what the cloud sends. It is called once, before Init. The function may be called from any
	// goroutine of the backend and does not block for long.
	Bind(receive func(data.Received))
}

// Delivery says how the module wants a message delivered.
type Delivery struct {
	ID           uint16 // given back in data.Acknowledged; 0 where no acknowledgement is wanted
	Acknowledged bool   // at least once with acknowledgement (MQTT: QoS 1); false: at most once
}

// The interfaces below are what a backend may implement as its protocol allows. Their methods return as soon as the message is handed
// to the transport (its acknowledgement comes as data.Acknowledged) and end early with their context.

// Reporter takes the newest samples (SDK: cloud_wrap_data_send).
type Reporter interface {
	Report(ctx context.Context, update data.Update, delivery Delivery) error
}

// Batcher takes samples that were held back (SDK: cloud_wrap_batch_send).
type Batcher interface {
	ReportBatch(ctx context.Context, batch data.Batch, delivery Delivery) error
}

// Alerter takes messages about buttons and impacts (SDK: cloud_wrap_ui_send).
type Alerter interface {
	Alert(ctx context.Context, alert data.Alert, delivery Delivery) error
}

// Configurer exchanges the real-time configuration (SDK: cloud_wrap_state_get and cloud_wrap_state_send).
type Configurer interface {
	RequestConfig(ctx context.Context) error
	ReportConfig(ctx context.Context, configuration data.Configuration, delivery Delivery) error
}

// Locator asks the cloud for the location (SDK: cloud_wrap_cloud_location_send).
type Locator interface {
	RequestLocation(ctx context.Context, request data.LocationRequest, delivery Delivery) error
	// LocationAnswered tells whether an answer will come (SDK: cloud_wrap_cloud_location_response_wait).
	LocationAnswered() bool
}

// Assistant asks the cloud for satellite assistance data (SDK: cloud_wrap_agnss_request_send and cloud_wrap_pgps_request_send).
type Assistant interface {
	RequestAGNSS(ctx context.Context, request data.AGNSSRequest, delivery Delivery) error
	RequestPGPS(ctx context.Context, request data.PGPSRequest, delivery Delivery) error
}

// Diagnoser takes chunks of diagnostic data (SDK: cloud_wrap_memfault_data_send).
type Diagnoser interface {
	SendDiagnostics(ctx context.Context, chunk []byte, delivery Delivery) error
}

// Resender is implemented by a backend whose transport neither repeats nor acknowledges what it is given, so that only the cloud's own
// answer tells that a message has arrived. Pending messages are then handed out again every QOS_MESSAGE_NOTIFY_TIMEOUT_SECONDS until
// data.Acknowledged comes for them. Without it a message is handed out once per connection.
type Resender interface {
	NeedsResend() bool
}

// EarlyConfigurer is implemented by a backend that takes Configurer.ReportConfig before cloud.EventReady, from cloud.EventConnected on,
// because its cloud asks for the configuration while the connection is still being set up (nRF Cloud).
type EarlyConfigurer interface {
	ReportsConfigEarly() bool
}

// UpdateReporter is implemented by a backend whose cloud is told what has become of an update. ReportUpdates is called whenever the cloud can be used,
// after the running firmware was confirmed, in a goroutine of the module's; it ends with ctx.
type UpdateReporter interface {
	ReportUpdates(ctx context.Context)
}

// Device is what a backend is given of the device that it runs on.
type Device struct {
	// ID gives the client id; it asks the modem at most once. Call it in Init, not before: the modem may still be starting.
	ID          func(ctx context.Context) (string, error)
	Modem       modem.Modem // run by the module; a backend asks it what it knows (modem.Identifier, modem.Radio), where it does
	Credentials *credentials.Store
	Endpoint    string // HOST:PORT that takes the place of the configured one; "" for the configured one
	DataDir     string // folder for state that outlives the process
	Version     string // version of the application
	Logger      *slog.Logger
	Targets     []fota.Target // where new firmware goes; the module opens them before Init
}
