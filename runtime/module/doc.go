// Package module is the cloud module: it makes and keeps the connection to the cloud, and carries all data over it, whichever backend is
// below (SDK: asset_tracker_v2, cloud_module.c, with the Cloud wrapper API as Backend and its optional interfaces).
//
// It is a pure machine (step, in machine*.go) and one goroutine that owns it (Run). The states are those of the SDK:
//
//	                  STATE_LTE_INIT
//	                       |  MODEM_EVT_INITIALIZED, and the backend's Init has ended well
//	                       v
//	   +------> STATE_LTE_DISCONNECTED
//	   |                   |  MODEM_EVT_LTE_CONNECTED, also one that came before: connect
//	   |                   v
//	   |           STATE_LTE_CONNECTED
//	   |           +------------------------------------------------------------------------+
//	   |  MODEM_   |  SUB_STATE_              cloud.EventReady                SUB_STATE_    |
//	   |  EVT_LTE_ |  CLOUD_      --------- (CLOUD_EVT_CONNECTED) -------->    CLOUD_       |
//	   |  DISCON-  |  DISCONNECTED                                             CONNECTED    |
//	   |  NECTED   |   |      ^   <------ (CLOUD_EVT_DISCONNECTED) --------                 |
//	   +-----------|   +------+     cloud.EventDisconnected: connect in 1 s                 |
//	               |  CLOUD_EVT_CONNECTION_TIMEOUT: connect                                 |
//	               |                  MODEM_EVT_CARRIER_FOTA_PENDING: close and wait        |
//	               |  MODEM_EVT_CARRIER_FOTA_STOPPED: connect                               |
//	               +------------------------------------------------------------------------+
//	                       |
//	from every state       |  Shutdown, the end of Run's context, CLOUD_EVT_ERROR, CLOUD_EVT_REBOOT_REQUEST,
//	                       |  CLOUD_EVT_FOTA_DONE, MODEM_EVT_CARRIER_REBOOT_REQUEST, MODEM_EVT_ERROR: close
//	                       v
//	                 STATE_SHUTDOWN   CLOUD_EVT_SHUTDOWN_READY once the connection is closed; Run returns
//
// An attempt starts 32 s, 64 s, 128 s and so on (see backoff) after the start of the last one, but not before that has ended: there is one
// at a time. After CLOUD_CONNECT_RETRIES + 1 attempts and the last one's delay comes CLOUD_EVT_ERROR, by which the device restarts.
// A connection that lasted 60 s begins the table anew and is followed by the next attempt in 1 s; after a shorter one the table goes on.
//
// docs/cloud-module.md lists the events and tells where this module differs from the SDK's, and why.
package module
