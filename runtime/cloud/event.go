package cloud

import "fmt"

// EventType tells what a backend notifies asynchronously (enum cloud_event_type).
type EventType int

// The events. The names in String are the original ones.
const (
	EventConnecting       EventType = iota // the backend is connecting to its cloud
	EventConnected                         // the transport is up; not yet usable
	EventDisconnected                      // the connection is gone; Event.Reason tells why
	EventReady                             // all resources of the connection are in place: data can be sent
	EventError                             // Event.Err tells which
	EventDataSent                          // the cloud has taken the message Event.Message.ID
	EventDataReceived                      // Event.Message holds what came
	EventPairRequest                       // the device is not associated with a user yet
	EventPairDone                          // the user has associated the device
	EventFOTAStart                         // an update has started
	EventFOTADone                          // an update has finished
	EventFOTAErasePending                  // an image must be erased first
	EventFOTAEraseDone                     // the image is erased
	EventFOTADLProgress                    // Event.FOTAProgress percent are downloaded
	EventFOTAError                         // the update failed; Event.Err tells why
	EventCount                             // number of events; not an event
)

var eventNames = [EventCount]string{
	"CLOUD_EVT_CONNECTING", "CLOUD_EVT_CONNECTED", "CLOUD_EVT_DISCONNECTED", "CLOUD_EVT_READY", "CLOUD_EVT_ERROR",
	"CLOUD_EVT_DATA_SENT", "CLOUD_EVT_DATA_RECEIVED", "CLOUD_EVT_PAIR_REQUEST", "CLOUD_EVT_PAIR_DONE",
	"CLOUD_EVT_FOTA_START", "CLOUD_EVT_FOTA_DONE", "CLOUD_EVT_FOTA_ERASE_PENDING", "CLOUD_EVT_FOTA_ERASE_DONE",
	"CLOUD_EVT_FOTA_DL_PROGRESS", "CLOUD_EVT_FOTA_ERROR",
}

// String gives the original name, as CLOUD_EVT_READY.
func (t EventType) String() string { return name(eventNames[:], int(t), "CLOUD_EVT") }

// DisconnectReason tells why a connection ended (enum cloud_disconnect_reason).
type DisconnectReason int

// The reasons.
const (
	DisconnectUserRequest    DisconnectReason = iota // this side closed it
	DisconnectClosedByRemote                         // the cloud closed it
	DisconnectInvalidRequest                         // the connection is no longer valid
	DisconnectMisc                                   // anything else
	DisconnectCount                                  // number of reasons; not a reason
)

var disconnectNames = [DisconnectCount]string{
	"CLOUD_DISCONNECT_USER_REQUEST", "CLOUD_DISCONNECT_CLOSED_BY_REMOTE", "CLOUD_DISCONNECT_INVALID_REQUEST", "CLOUD_DISCONNECT_MISC",
}

// String gives the original name, as CLOUD_DISCONNECT_MISC.
func (r DisconnectReason) String() string {
	return name(disconnectNames[:], int(r), "CLOUD_DISCONNECT")
}

// QoS is the quality of service that a message asks for (enum cloud_qos).
type QoS int

// The qualities. A backend refuses the ones that its cloud does not offer.
const (
	QoSAtMostOnce QoS = iota
	QoSAtLeastOnce
	QoSExactlyOnce
	QoSCount // number of qualities; not a quality
)

var qosNames = [QoSCount]string{"CLOUD_QOS_AT_MOST_ONCE", "CLOUD_QOS_AT_LEAST_ONCE", "CLOUD_QOS_EXACTLY_ONCE"}

// String gives the original name, as CLOUD_QOS_AT_LEAST_ONCE.
func (q QoS) String() string { return name(qosNames[:], int(q), "CLOUD_QOS") }

// ConnectResult is the outcome of a request to connect (enum cloud_connect_result).
type ConnectResult int

// The results.
const (
	ConnectSuccess             ConnectResult = iota
	ConnectErrNotInitd                       // the backend is not initialised
	ConnectErrInvalidParam                   // the request has invalid parameters
	ConnectErrNetwork                        // the host cannot be reached with the available network interfaces
	ConnectErrBackend                        // an error that only this backend knows
	ConnectErrMisc                           // the cause cannot be told
	ConnectErrNoMem                          // no memory for the buffers of the connection
	ConnectErrPrvKey                         // invalid private key
	ConnectErrCert                           // invalid CA or client certificate
	ConnectErrCertMisc                       // anything else about certificates, as one that has expired
	ConnectErrTimeoutNoData                  // no answer in time; typically a SIM card without data
	ConnectErrAlreadyConnected               // a connection exists or is being made
	ConnectResultCount                       // number of results; not a result
)

var connectNames = [ConnectResultCount]string{
	"CLOUD_CONNECT_RES_SUCCESS", "CLOUD_CONNECT_RES_ERR_NOT_INITD", "CLOUD_CONNECT_RES_ERR_INVALID_PARAM",
	"CLOUD_CONNECT_RES_ERR_NETWORK", "CLOUD_CONNECT_RES_ERR_BACKEND", "CLOUD_CONNECT_RES_ERR_MISC",
	"CLOUD_CONNECT_RES_ERR_NO_MEM", "CLOUD_CONNECT_RES_ERR_PRV_KEY", "CLOUD_CONNECT_RES_ERR_CERT",
	"CLOUD_CONNECT_RES_ERR_CERT_MISC", "CLOUD_CONNECT_RES_ERR_TIMEOUT_NO_DATA", "CLOUD_CONNECT_RES_ERR_ALREADY_CONNECTED",
}

// String gives the original name, as CLOUD_CONNECT_RES_ERR_CERT.
func (r ConnectResult) String() string { return name(connectNames[:], int(r), "CLOUD_CONNECT_RES") }

// EndpointType says where in the cloud a message goes (enum cloud_endpoint_type).
type EndpointType int

// The endpoints that all backends share, and the range in which a backend may define its own.
const (
	EndpointMsg         EndpointType = iota // messages to the cloud
	EndpointState                           // updates the state that the cloud keeps of the device
	EndpointStateDelete                     // deletes that state
	EndpointStateGet                        // asks for that state
	EndpointPair                            // associates the device with a user
	EndpointCommonCount                     // number of shared endpoints; not an endpoint
)

// The private range: [EndpointPrivStart, EndpointPrivEnd].
const (
	EndpointPrivStart = EndpointCommonCount
	EndpointPrivEnd   = EndpointType(1<<15 - 1)
)

var endpointNames = [EndpointCommonCount]string{
	"CLOUD_EP_MSG", "CLOUD_EP_STATE", "CLOUD_EP_STATE_DELETE", "CLOUD_EP_STATE_GET", "CLOUD_EP_PAIR",
}

// String gives the original name, as CLOUD_EP_STATE, and CLOUD_EP_PRIV_START+n for a private endpoint.
func (t EndpointType) String() string {
	if t >= EndpointPrivStart && t <= EndpointPrivEnd {
		return fmt.Sprintf("CLOUD_EP_PRIV_START+%d", int(t-EndpointPrivStart))
	}
	return name(endpointNames[:], int(t), "CLOUD_EP")
}

func name(names []string, i int, kind string) string {
	if i < 0 || i >= len(names) {
		return fmt.Sprintf("%s(%d)", kind, i)
	}
	return names[i]
}
