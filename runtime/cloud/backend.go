// Package cloud is the Cloud API of the nRF Connect SDK (include/net/cloud.h) as Go types: what every cloud backend offers to those
// who want to send messages of their own. docs/cloud-api.md maps each original name.
//
// The cloud module (runtime/module) drives a backend; an application that only has samples to report needs nothing of this package.
package cloud

import (
	"context"
	"errors"
	"time"
)

// Endpoint is a place in the cloud that messages go to or come from (struct cloud_endpoint).
type Endpoint struct {
	Type EndpointType
	Name string // MQTT topic or LwM2M path; "" is the backend's own one of this type
}

// Message is what is sent to or received from a cloud (struct cloud_msg).
type Message struct {
	// ID comes back in EventDataSent when the cloud has taken the message; 0: the sender does not want to know. Used with
	// QoSAtLeastOnce and above.
	ID       uint16
	Endpoint Endpoint
	QoS      QoS
	Payload  []byte // not changed by the receiver and not changed by the sender after handing it over
}

// Event is what a backend notifies (struct cloud_event). Members beyond Type are set as the type says.
type Event struct {
	Type              EventType
	Message           Message          // EventDataReceived, EventDataSent (ID only)
	Reason            DisconnectReason // EventDisconnected
	Err               error            // EventError, EventFOTAError; EventDisconnected where a cause is known
	FOTAProgress      int              // EventFOTADLProgress: percent, 0 to 100
	PersistentSession bool             // EventConnected: the cloud resumed an earlier session
}

// Handler takes the events of a backend (cloud_evt_handler_t). A backend calls it from one goroutine at a time; it must not block
// for long and must not call Connect or Uninit.
type Handler func(backend Backend, event Event, userData any)

// Backend is the driver of one cloud (struct cloud_api). Methods may be called from any goroutine.
type Backend interface {
	// Init configures the backend and sets who takes its events (cloud_init). It may ask the modem for the device's identity and ends
	// early with ctx.
	Init(ctx context.Context, handler Handler) error
	// Uninit closes the connection and frees what the backend holds (cloud_uninit). Afterwards no event comes and no goroutine of the
	// backend runs.
	Uninit() error
	// Connect makes a connection (cloud_connect) and returns when the cloud has accepted or refused it, or with ctx. EventConnected, and
	// EventReady once the connection is usable, follow from here on. The error says more than the result; it is nil with ConnectSuccess.
	Connect(ctx context.Context) (ConnectResult, error)
	// Disconnect closes the connection in an orderly way (cloud_disconnect). EventDisconnected with DisconnectUserRequest follows.
	Disconnect() error
	// Send hands a message to the transport (cloud_send). For a quality or an endpoint that the cloud does not offer the error wraps
	// ErrUnsupported; without a connection it wraps ErrNotConnected.
	Send(ctx context.Context, message Message) error
	// KeepaliveTimeLeft tells when the next keep-alive is due (cloud_keepalive_time_left); negative: keep-alive is off.
	KeepaliveTimeLeft() time.Duration
	// Input processes incoming data (cloud_input). Our transports read by themselves, so it does nothing.
	Input() error
	// SubscriptionsAdd subscribes to further endpoints, now if connected and with each later connection (cloud_ep_subscriptions_add).
	SubscriptionsAdd(endpoints []Endpoint) error
	// SubscriptionsRemove ends subscriptions (cloud_ep_subscriptions_remove).
	SubscriptionsRemove(endpoints []Endpoint) error
	// ID is the id that the cloud knows this device by (cloud_get_id); it is known after Init.
	ID() (string, error)
}

// Pinger is implemented by a backend that can ask its cloud for a sign of life (cloud_ping; optional).
type Pinger interface {
	Ping(ctx context.Context) error
}

// UserDataSetter is implemented by a backend that hands a value of its user to the handler (cloud_user_data_set; optional).
type UserDataSetter interface {
	SetUserData(userData any)
}

// Ping asks a backend's cloud for a sign of life. With a backend that has no ping there is nothing to do, and no error.
func Ping(ctx context.Context, backend Backend) error {
	if pinger, ok := backend.(Pinger); ok {
		return pinger.Ping(ctx)
	}
	return nil
}

// SetUserData sets the value that a backend hands to its handler. The error wraps ErrUnsupported when the backend hands over none.
func SetUserData(backend Backend, userData any) error {
	setter, ok := backend.(UserDataSetter)
	if !ok {
		return errorf("set user data: %w", ErrUnsupported)
	}
	setter.SetUserData(userData)
	return nil
}

// Errors that calls of a backend wrap.
var (
	ErrNotInitialized = errors.New("backend is not initialised: call Init first")
	ErrNotConnected   = errors.New("not connected to the cloud")
	ErrUnsupported    = errors.New("not supported by this cloud")
)
