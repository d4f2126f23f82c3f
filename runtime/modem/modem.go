// Package modem is what the device knows of its modem: an interface, and adapters that implement it. The cloud module takes the
// modem's events; identity and radio data come from here too.
package modem

import (
	"context"
	"errors"
)

// EventType tells what a modem reports. The names in String are those of the SDK's modem module.
type EventType int

// The events that concern the cloud side.
const (
	EventInitialized        EventType = iota // the modem can be used; its identity is known
	EventLTEConnecting                       // the modem searches for a network
	EventLTEConnected                        // the network is up
	EventLTEDisconnected                     // the network is gone
	EventCarrierFOTAPending                  // a carrier's update takes the link: close the connection
	EventCarrierFOTAStopped                  // it is over: connect again
	EventCarrierReboot                       // the carrier's library wants a reboot
	EventError                               // the modem has failed; Event.Err tells how
	eventCount
)

var eventNames = [eventCount]string{
	"MODEM_EVT_INITIALIZED", "MODEM_EVT_LTE_CONNECTING", "MODEM_EVT_LTE_CONNECTED", "MODEM_EVT_LTE_DISCONNECTED",
	"MODEM_EVT_CARRIER_FOTA_PENDING", "MODEM_EVT_CARRIER_FOTA_STOPPED", "MODEM_EVT_CARRIER_REBOOT_REQUEST", "MODEM_EVT_ERROR",
}

// String gives the SDK's name, as MODEM_EVT_LTE_CONNECTED.
func (t EventType) String() string {
	if t < 0 || t >= eventCount {
		return "MODEM_EVT(?)"
	}
	return eventNames[t]
}

// Event is one report of a modem.
type Event struct {
	Type EventType
	Err  error // EventError
}

// Modem is an adapter to one modem.
type Modem interface {
	// Run switches the modem on and reports its events until ctx ends or the modem cannot go on. It is called once. notify is called
	// from one goroutine at a time and does not block for long; after Run has returned it is not called again.
	Run(ctx context.Context, notify func(Event)) error
	// IMEI gives the 15 digits of the International Mobile Equipment Identity. It is valid from EventInitialized on.
	IMEI(ctx context.Context) (string, error)
}

// ErrNoNetwork is wrapped by calls that need a network while there is none.
var ErrNoNetwork = errors.New("the modem has no network")

// LinkController is implemented by a modem whose network can be brought up and taken down on request.
type LinkController interface {
	// RequestLink returns when the modem has taken the request; the outcome comes as events.
	RequestLink(ctx context.Context, up bool) error
}
