package module

import (
	"fmt"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/qos"
)

// EventType tells what the cloud module reports (SDK: enum cloud_module_event_type). These are the events of the module, not those of
// the Cloud API (cloud.EventType) whose names they share: here CONNECTED means that data can be sent, there that the transport is up.
type EventType int

// The events of the SDK's cloud module.
const (
	EventConnecting             EventType = iota // an attempt starts: Attempt, Delay until the next one
	EventConnected                               // data can be sent: Attempt, PersistentSession
	EventDisconnected                            // the connection that was usable is gone: Reason, Err, Delay until the next attempt (0: none is planned)
	EventConnectionTimeout                       // the time until the next attempt is over
	EventLTEConnect                              // the backend wants the network up
	EventLTEDisconnect                           // the backend wants the network down
	EventUserAssociationRequest                  // the device waits for its user to claim it: Delay is how long
	EventUserAssociated                          // the user has claimed it
	EventRebootRequest                           // the cloud wants the device to restart
	EventConfigReceived                          // Config holds what the cloud wants changed
	EventConfigEmpty                             // the cloud has no configuration for this device
	EventCloudLocationReceived                   // Location
	EventCloudLocationError                      // the location service failed
	EventCloudLocationUnknown                    // no location will come
	EventFOTAStart                               // an update has started
	EventFOTADone                                // an update is installed; the device restarts
	EventFOTAError                               // an update failed: Err. The device goes on
	EventDataSendQoS                             // a message is handed out: MessageID, MessageType, Count
	EventShutdownReady                           // the module has closed the connection and stopped; Err if that took too long
	EventError                                   // fatal: Err. The device restarts
)

// The events that only this implementation has. Where a name of the Cloud API says it, that name is used.
const (
	EventConnectFailed    EventType = iota + EventError + 1 // an attempt failed: Attempt, Result or Reason, Err, Delay until the next one
	EventTimeWait                                           // no clock yet: the attempt waits for it, at most Delay
	EventDataSent                                           // the cloud has taken the message MessageID
	EventDataReceived                                       // a message for the application came: Source, Payload
	EventMessageDiscarded                                   // the message MessageID is given up: MessageType, Count, Err
	EventSendFailed                                         // a message was not taken by the transport: MessageID (0: not stored), MessageType, Err
	EventInputRejected                                      // the cloud sent something unusable: Source, Err. Nothing was changed by it
	EventBackendError                                       // the backend reports an error that it can go on with: Err
	EventAGNSSReceived                                      // assistance data: Payload
	EventPGPSReceived                                       // predictions: Payload
	eventCount
)

var eventNames = [eventCount]string{
	EventConnecting:             "CLOUD_EVT_CONNECTING",
	EventConnected:              "CLOUD_EVT_CONNECTED",
	EventDisconnected:           "CLOUD_EVT_DISCONNECTED",
	EventConnectionTimeout:      "CLOUD_EVT_CONNECTION_TIMEOUT",
	EventLTEConnect:             "CLOUD_EVT_LTE_CONNECT",
	EventLTEDisconnect:          "CLOUD_EVT_LTE_DISCONNECT",
	EventUserAssociationRequest: "CLOUD_EVT_USER_ASSOCIATION_REQUEST",
	EventUserAssociated:         "CLOUD_EVT_USER_ASSOCIATED",
	EventRebootRequest:          "CLOUD_EVT_REBOOT_REQUEST",
	EventConfigReceived:         "CLOUD_EVT_CONFIG_RECEIVED",
	EventConfigEmpty:            "CLOUD_EVT_CONFIG_EMPTY",
	EventCloudLocationReceived:  "CLOUD_EVT_CLOUD_LOCATION_RECEIVED",
	EventCloudLocationError:     "CLOUD_EVT_CLOUD_LOCATION_ERROR",
	EventCloudLocationUnknown:   "CLOUD_EVT_CLOUD_LOCATION_UNKNOWN",
	EventFOTAStart:              "CLOUD_EVT_FOTA_START",
	EventFOTADone:               "CLOUD_EVT_FOTA_DONE",
	EventFOTAError:              "CLOUD_EVT_FOTA_ERROR",
	EventDataSendQoS:            "CLOUD_EVT_DATA_SEND_QOS",
	EventShutdownReady:          "CLOUD_EVT_SHUTDOWN_READY",
	EventError:                  "CLOUD_EVT_ERROR",
	EventConnectFailed:          "CLOUD_EVT_CONNECT_FAILED",
	EventTimeWait:               "CLOUD_EVT_TIME_WAIT",
	EventDataSent:               "CLOUD_EVT_DATA_SENT",
	EventDataReceived:           "CLOUD_EVT_DATA_RECEIVED",
	EventMessageDiscarded:       "CLOUD_EVT_MESSAGE_DISCARDED",
	EventSendFailed:             "CLOUD_EVT_SEND_FAILED",
	EventInputRejected:          "CLOUD_EVT_INPUT_REJECTED",
	EventBackendError:           "CLOUD_EVT_BACKEND_ERROR",
	EventAGNSSReceived:          "CLOUD_EVT_AGNSS_RECEIVED",
	EventPGPSReceived:           "CLOUD_EVT_PGPS_RECEIVED",
}

// String gives the SDK's name, as CLOUD_EVT_CONNECTED.
func (t EventType) String() string {
	if t < 0 || t >= eventCount {
		return fmt.Sprintf("CLOUD_EVT(%d)", int(t))
	}
	return eventNames[t]
}

// Event is one report of the cloud module. Members beyond Type are set as the type says; whoever receives an event does not change what
// it refers to.
type Event struct {
	Type              EventType
	Err               error
	Attempt           int           // number of the attempt since the counter was last reset, from 1
	Delay             time.Duration // see the type
	Result            cloud.ConnectResult
	Reason            cloud.DisconnectReason
	PersistentSession bool // the cloud resumed an earlier session
	MessageID         uint16
	MessageType       qos.Type
	Count             int // times that the message has been handed out
	Config            data.ConfigurationChange
	Location          data.LocationFound
	Source            string // topic or path
	Payload           []byte
}
