package client

import (
	"fmt"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
)

// Event is something that the program may want to know.
type Event struct {
	Kind  EventKind
	SSID  uint16    // the server it is about; 0: none, or the bootstrap server
	Err   error     // with failures: what went wrong
	Until time.Time // with waits: when it goes on
}

// EventKind says what has happened.
type EventKind uint8

// The kinds.
const (
	Connecting                EventKind = iota // to a server, to register
	Registered                                 // a new registration stands
	RegistrationUpdated                        // the server has taken an Update
	UpdateFailed                               // an Update was refused or not answered; the client registers anew
	RegistrationAttemptFailed                  // the next attempt is at Until
	RegistrationFailed                         // all attempts are used up: the client waits for Start
	BootstrapStarted                           // the client asks its bootstrap server at Until
	BootstrapFinished                          // what it has written is valid
	BootstrapAttemptFailed                     // the next attempt is at Until
	BootstrapFailed                            // all attempts are used up: the client waits for Start, or registers with what it had before
	Deregistered                               // after Stop, or because the server wished it
	DeregisterFailed                           // as before, but the server did not confirm
	Disabled                                   // by the server, until Until
	Sleeping                                   // queue mode
	Awake                                      // queue mode
	ServerUnreachable                          // something was not acknowledged; an Update finds out more
	Stopped                                    // after Stop: everything has ended
	SendFailed                                 // a Send; its caller has the same error
	eventCount
)

var eventNames = [eventCount]string{
	"connecting", "registered", "registration updated", "update failed", "registration attempt failed", "registration failed",
	"bootstrap started", "bootstrap finished", "bootstrap attempt failed", "bootstrap failed", "de-registered", "de-register failed",
	"disabled", "sleeping", "awake", "server unreachable", "stopped", "send failed",
}

// String gives the kind in words.
func (k EventKind) String() string {
	if k >= eventCount {
		return fmt.Sprintf("EventKind(%d)", uint8(k))
	}
	return eventNames[k]
}

var kinds = [...]EventKind{
	registration.NoticeConnecting:                Connecting,
	registration.NoticeRegistered:                Registered,
	registration.NoticeRegistrationUpdated:       RegistrationUpdated,
	registration.NoticeUpdateFailed:              UpdateFailed,
	registration.NoticeRegistrationAttemptFailed: RegistrationAttemptFailed,
	registration.NoticeRegistrationFailed:        RegistrationFailed,
	registration.NoticeBootstrapStarted:          BootstrapStarted,
	registration.NoticeBootstrapFinished:         BootstrapFinished,
	registration.NoticeBootstrapAttemptFailed:    BootstrapAttemptFailed,
	registration.NoticeBootstrapFailed:           BootstrapFailed,
	registration.NoticeDeregistered:              Deregistered,
	registration.NoticeDeregisterFailed:          DeregisterFailed,
	registration.NoticeDisabled:                  Disabled,
	registration.NoticeSleeping:                  Sleeping,
	registration.NoticeAwake:                     Awake,
	registration.NoticeServerUnreachable:         ServerUnreachable,
	registration.NoticeStopped:                   Stopped,
}

// State is where the client stands.
type State = registration.State

func (c *Client) emit(event *Event) {
	attributes := []any{"event", event.Kind.String()}
	if event.SSID != 0 {
		attributes = append(attributes, "server", event.SSID)
	}
	if !event.Until.IsZero() {
		attributes = append(attributes, "in", time.Until(event.Until).Round(time.Second).String())
	}
	if event.Err != nil {
		c.logger.Warn("lwm2m", append(attributes, "error", event.Err)...)
	} else {
		c.logger.Info("lwm2m", attributes...)
	}
	if c.options.Events != nil {
		c.options.Events(*event)
	}
}
