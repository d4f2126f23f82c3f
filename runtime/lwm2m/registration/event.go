package registration

import (
	"fmt"
	"time"
)

// Event is what has happened: one of the types below.
type Event interface{ event() }

type (
	// Start begins: bootstrap where no account is configured, else register. It starts a Failed machine anew, waits for a Stop that is under way,
	// and changes nothing elsewhere.
	Start struct {
		Bootstrap bool // bootstrap first, also where an account is configured
	}
	// Stop de-registers where a registration stands, and ends everything.
	Stop struct{}
	// Pause ends the connection without a word to the server and stops all else; the registration is kept as far as its lifetime goes.
	Pause struct{}
	// Resume ends the pause.
	Resume struct{}
	// Tick says that time has passed, that a message went over the link, or that Busy has changed.
	Tick struct {
		Activity time.Time // of the last message in either direction; zero: unknown
		Busy     bool      // something is being sent or waited for: not the moment to sleep
	}
	// Configured gives the accounts: at the beginning, and whenever a value of objects 0 or 1 has changed outside a bootstrap.
	Configured struct{ Configuration Configuration }
	// Connected says that a Connect has succeeded.
	Connected struct {
		Operation uint64
		Session   Session
	}
	// ConnectFailed says that a Connect has failed.
	ConnectFailed struct {
		Operation uint64
		Err       error
		Refused   bool // the server does not know the client's identity or key: trying again is of no use
	}
	// Answered is the response to a Request.
	Answered struct {
		Operation uint64
		Code      uint8    // as CoAP has it, class in the upper three bits
		Location  []string // Location-Path options of the answer to a Register
	}
	// Unanswered says that there will be no response to a Request.
	Unanswered struct {
		Operation uint64
		Err       error
	}
	// LinkLost says that the link has ended by itself.
	LinkLost struct{ Err error }
	// AddressChanged says that the device has another address now, so that the link is of no use.
	AddressChanged struct{}
	// ServerSilent says that a notification or a Send was not acknowledged.
	ServerSilent struct{ Err error }
	// BootstrapMessage is any request of the bootstrap server.
	BootstrapMessage struct{}
	// BootstrapFinished is its last one. Err says why the configuration cannot be used (4.06 has been answered); else it is the new one.
	BootstrapFinished struct {
		Configuration Configuration
		Err           error
	}
	// ObjectsChanged says that an instance came or went.
	ObjectsChanged struct{}
	// UpdateRequested asks for an Update: Execute of /1/x/8, an address that has changed, or the owner's own wish.
	UpdateRequested struct{}
	// BootstrapRequested asks for a bootstrap: Execute of /1/x/9.
	BootstrapRequested struct{}
	// DisableRequested asks to stay away for the account's Disable Timeout: Execute of /1/x/4.
	DisableRequested struct{}
	// SendRequested says that something is to be sent to the server: a sleeping device wakes.
	SendRequested struct{}
)

func (Start) event()              {}
func (Stop) event()               {}
func (Pause) event()              {}
func (Resume) event()             {}
func (Tick) event()               {}
func (Configured) event()         {}
func (Connected) event()          {}
func (ConnectFailed) event()      {}
func (Answered) event()           {}
func (Unanswered) event()         {}
func (LinkLost) event()           {}
func (AddressChanged) event()     {}
func (ServerSilent) event()       {}
func (BootstrapMessage) event()   {}
func (BootstrapFinished) event()  {}
func (ObjectsChanged) event()     {}
func (UpdateRequested) event()    {}
func (BootstrapRequested) event() {}
func (DisableRequested) event()   {}
func (SendRequested) event()      {}

// Session says what a new connection has of an old one.
type Session uint8

// The kinds of sessions (4.6).
const (
	SessionNone    Session = iota // no DTLS
	SessionResumed                // an abbreviated handshake: the server knows the client
	SessionNew                    // a full handshake
)

// Effect is what is to be done: one of the types below, in their order.
type Effect interface{ effect() }

type (
	// Connect asks for a connection to the server of an instance of object 0. The answer is Connected or ConnectFailed.
	Connect struct {
		Operation uint64
		Security  uint16
		Bootstrap bool // it is the bootstrap server
	}
	// Disconnect closes the connection, or ends the Connect that runs. Requests that run end without an event.
	Disconnect struct{}
	// Request asks for a request over the connection. The answer is Answered or Unanswered. A request that ran before is ended.
	Request struct {
		Operation uint64
		Kind      RequestKind
		Account   Account  // with all but RequestBootstrap
		Location  []string // Update, Deregister
		Changes   Changes  // Update: what it tells
		Format    uint16   // Bootstrap: for pct=, with HasFormat
		HasFormat bool
	}
	// Checkpoint keeps the configuration as it is: a bootstrap begins, and the bootstrap server may write from now on.
	Checkpoint struct{}
	// Restore brings the configuration of the Checkpoint back: the bootstrap has failed.
	Restore struct{}
	// Commit makes the configuration that the bootstrap server wrote the valid one. What the old servers set is void.
	Commit struct{}
	// RemoveBootstrap removes the bootstrap server's account: its time is over.
	RemoveBootstrap struct{}
	// Forget makes all observations void: the registration they belong to is no more.
	Forget struct{}
	// Sleep stops reading the link, as far as Settings.Idle says so.
	Sleep struct{}
	// Wake reads the link again.
	Wake struct{}
	// Report tells the owner.
	Report struct {
		Notice Notice
		SSID   uint16    // 0: of no server, or of the bootstrap server
		Err    error     // with failures
		Until  time.Time // with a wait: when it ends
	}
)

func (Connect) effect()         {}
func (Disconnect) effect()      {}
func (Request) effect()         {}
func (Checkpoint) effect()      {}
func (Restore) effect()         {}
func (Commit) effect()          {}
func (RemoveBootstrap) effect() {}
func (Forget) effect()          {}
func (Sleep) effect()           {}
func (Wake) effect()            {}
func (Report) effect()          {}

// RequestKind says which request it is.
type RequestKind uint8

// The requests of the interfaces bootstrap and registration.
const (
	RequestBootstrap RequestKind = iota
	RequestRegister
	RequestUpdate
	RequestDeregister
)

// Changes are what an Update has to tell (4.2).
type Changes struct {
	Lifetime, Binding, Objects bool
	Asked                      bool // an Update was asked for, though nothing has changed
}

func (c Changes) any() bool { return c != Changes{} }

func (c Changes) or(other Changes) Changes {
	return Changes{c.Lifetime || other.Lifetime, c.Binding || other.Binding, c.Objects || other.Objects, c.Asked || other.Asked}
}

// Notice is what the owner is told.
type Notice uint8

// The notices.
const (
	NoticeConnecting                Notice = iota // to a server, to register
	NoticeRegistered                              // a new registration stands
	NoticeRegistrationUpdated                     // the server has taken an Update
	NoticeUpdateFailed                            // the server has refused an Update or not answered; registering follows
	NoticeRegistrationAttemptFailed               // the next one is at Until
	NoticeRegistrationFailed                      // all attempts are used up, and there is no bootstrap to follow; the machine is Failed
	NoticeBootstrapStarted                        // the hold-off time ends at Until
	NoticeBootstrapFinished                       // the new configuration is valid
	NoticeBootstrapAttemptFailed                  // the next one is at Until
	NoticeBootstrapFailed                         // all attempts are used up
	NoticeDeregistered                            // as asked, or because of Disable
	NoticeDeregisterFailed                        // the server did not confirm; the client is gone all the same
	NoticeDisabled                                // by the server, until Until
	NoticeSleeping                                // queue mode
	NoticeAwake                                   // queue mode
	NoticeServerUnreachable                       // something was not acknowledged; an Update finds out
	NoticeStopped                                 // everything has ended, as asked
	noticeCount
)

var noticeNames = [noticeCount]string{
	"connecting", "registered", "registration updated", "update failed", "registration attempt failed", "registration failed",
	"bootstrap started", "bootstrap finished", "bootstrap attempt failed", "bootstrap failed", "de-registered", "de-register failed",
	"disabled", "sleeping", "awake", "server unreachable", "stopped",
}

// String gives the notice in words.
func (n Notice) String() string {
	if n >= noticeCount {
		return fmt.Sprintf("Notice(%d)", uint8(n))
	}
	return noticeNames[n]
}
