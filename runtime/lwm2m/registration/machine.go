package registration

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// State is where the machine stands (see the package's diagram).
type State uint8

// The states.
const (
	Stopped State = iota
	Failed
	HoldOff
	BootstrapConnecting
	BootstrapRequesting
	Bootstrapping
	BootstrapFinishing
	Delaying
	Connecting
	Registering
	Registered
	Updating
	Sleeping
	Deregistering
	Disabled
	Paused
	stateCount
)

var stateNames = [stateCount]string{
	"stopped", "failed", "hold-off", "connecting to the bootstrap server", "requesting bootstrap", "bootstrapping", "bootstrap finishing",
	"delaying", "connecting", "registering", "registered", "updating", "sleeping", "de-registering", "disabled", "paused",
}

// String gives the state in words.
func (s State) String() string {
	if s >= stateCount {
		return fmt.Sprintf("State(%d)", uint8(s))
	}
	return stateNames[s]
}

// goal says what a connection is made for.
type goal uint8

const (
	goalRegister   goal = iota
	goalResume          // the registration stands: Update or Register, as the session says
	goalDeregister      // Stop
)

// Machine is the state. It belongs to one goroutine.
type Machine struct {
	settings Settings
	state    State
	effects  []Effect
	now      time.Time

	accounts  []Account // sorted
	bootstrap *Bootstrap
	current   int // index of the account in use

	operation uint64 // of the Connect or Request that runs; answers to others are late and mean nothing
	goal      goal
	connected bool
	linked    time.Time // when the connection was made
	until     time.Time // end of what the state waits for; zero: of nothing

	location []string // of the registration; nil: there is none
	told     Account  // what the server knows
	expires  time.Time
	updateAt time.Time
	changes  Changes // to tell
	telling  Changes // in the request that runs
	holding  bool    // nothing else is sent before the Update that runs is answered: it ends a sleep, or finds out whether the server is there
	wish     Event   // what the server has asked for whose answer to the Register is not here yet: BootstrapRequested or DisableRequested
	activity time.Time
	slept    time.Time
	busy     bool

	attempt  uint64 // failed ones in this sequence
	sequence uint64 // used up
	stopping bool   // the de-registering that runs, or is connected for, is a Stop's
	restart  bool   // a Start has come since

	bootstraps uint64 // begun since a registration stood last
	format     int    // index of the format that pct= names
	checkpoint bool   // Restore or Commit is due
	triggered  bool   // the bootstrap was asked for by a server, whose account is still of use
}

// New gives a machine that is Stopped and knows no accounts.
func New(settings Settings) *Machine { return &Machine{settings: settings} }

// State is where the machine stands.
func (m *Machine) State() State { return m.state }

// Ready tells whether notifications and Sends may go out now: a registration stands, and the device is awake.
func (m *Machine) Ready() bool {
	return m.state == Registered || m.state == Updating && !m.holding
}

// HasRegistration tells whether the client is registered as far as it knows, asleep or awake.
func (m *Machine) HasRegistration() bool {
	return m.location != nil && !m.stopping && m.state != Deregistering
}

// Account gives the account that is in use, or the one that would be tried first.
func (m *Machine) Account() (account Account, found bool) {
	if m.current < len(m.accounts) {
		return m.accounts[m.current], true
	}
	return Account{}, false
}

// Deadline is when a Tick is due, if nothing happens before; there is none for which found is false.
func (m *Machine) Deadline() (at time.Time, found bool) {
	consider := func(t time.Time) {
		if !t.IsZero() && (!found || t.Before(at)) {
			at, found = t, true
		}
	}
	consider(m.until)
	switch m.state {
	case Registered:
		consider(m.updateAt)
		if m.settings.QueueMode && !m.busy {
			consider(m.activity.Add(m.settings.Uptime))
		}
	case Sleeping:
		consider(m.updateAt)
	}
	if m.bootstrap != nil && !m.checkpoint {
		consider(m.bootstrap.Expires)
	}
	return at, found
}

// Step takes what has happened, and gives what is to be done.
func (m *Machine) Step(event Event, now time.Time) []Effect {
	m.effects, m.now = nil, now
	switch e := event.(type) {
	case Start:
		switch {
		case e.Bootstrap && m.canBootstrap() && (m.state == Stopped || m.state == Failed):
			m.reset()
			m.holdOff()
		case m.state == Stopped || m.state == Failed:
			m.begin()
		case m.stopping:
			m.restart = true
		}
	case Stop:
		m.stop()
	case Pause:
		m.pause()
	case Resume:
		m.resume()
	case Tick:
		m.tick(e)
	case Configured:
		m.configured(e.Configuration)
	case Connected:
		if m.isRunning(e.Operation) {
			m.linkUp(e.Session)
		}
	case ConnectFailed:
		if m.isRunning(e.Operation) {
			m.linkFailed(e)
		}
	case Answered:
		if m.isRunning(e.Operation) {
			m.answered(e)
		}
	case Unanswered:
		if m.isRunning(e.Operation) {
			m.unanswered(e.Err)
		}
	case LinkLost:
		m.linkLost(e.Err)
	case AddressChanged:
		m.addressChanged()
	case ServerSilent:
		m.serverSilent(e.Err)
	case BootstrapMessage:
		if m.state == BootstrapRequesting || m.state == Bootstrapping {
			m.until = now.Add(silence)
		}
	case BootstrapFinished:
		m.bootstrapFinished(e)
	case ObjectsChanged:
		m.change(Changes{Objects: true})
	case UpdateRequested:
		m.change(Changes{Asked: true})
	case BootstrapRequested:
		m.bootstrapRequested()
	case DisableRequested:
		m.disable()
	case SendRequested:
		if m.state == Sleeping {
			m.wake(!m.settings.SendAtOnce)
		}
	}
	return m.effects
}

//go:noinline // it is called all over the machine, with effects that are made for it
func (m *Machine) do(effect Effect) { m.effects = append(m.effects, effect) }

func (m *Machine) report(notice Notice, err error) { m.reportUntil(notice, err, time.Time{}) }

func (m *Machine) reportUntil(notice Notice, err error, until time.Time) {
	report := Report{Notice: notice, Err: err, Until: until}
	switch m.state {
	case HoldOff, BootstrapConnecting, BootstrapRequesting, Bootstrapping, BootstrapFinishing:
	default:
		if account, found := m.Account(); found {
			report.SSID = account.SSID
		}
	}
	m.do(report)
}

// enter changes the state; whatever ran or was waited for before is over.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func (m *Machine) enter(state State) {
	m.state = state
	m.until = time.Time{}
	m.operation++
}

func (m *Machine) isRunning(operation uint64) bool {
	switch m.state {
	case BootstrapConnecting, BootstrapRequesting, Connecting, Registering, Updating, Deregistering:
		return operation == m.operation
	}
	return false
}

func (m *Machine) waitUntil(state State, at time.Time) {
	m.enter(state)
	m.until = at
}

// reset forgets all attempts.
func (m *Machine) reset() {
	m.attempt, m.sequence, m.bootstraps, m.current = 0, 0, 0, 0
	m.triggered, m.stopping, m.restart = false, false, false
}

// begin is the order of 3.1.
func (m *Machine) begin() {
	m.reset()
	switch {
	case len(m.accounts) > 0:
		m.delay()
	case m.canBootstrap():
		m.holdOff()
	default:
		m.fail(NoticeRegistrationFailed, errors.New("object 1 names no server, and there is no bootstrap server to ask"))
	}
}

// delay waits for the Initial Registration Delay of the first account.
func (m *Machine) delay() {
	m.attempt, m.sequence, m.current = 0, 0, 0
	m.goal = goalRegister
	if wait := m.accounts[0].InitialDelay; wait > 0 {
		m.waitUntil(Delaying, m.now.Add(wait))
		return
	}
	m.connect(goalRegister)
}

func (m *Machine) fail(notice Notice, err error) {
	m.enter(Failed)
	m.report(notice, err)
}

func (m *Machine) disconnect() {
	if m.connected || m.state == Connecting || m.state == BootstrapConnecting {
		m.do(Disconnect{})
	}
	m.connected = false
	m.holding = false
}

// forget ends the registration as far as this side goes.
func (m *Machine) forget() {
	if m.location != nil {
		m.do(Forget{})
	}
	m.location = nil
}

func (m *Machine) tick(tick Tick) {
	m.busy = tick.Busy
	if tick.Activity.After(m.activity) {
		m.activity = tick.Activity
	}
	if b := m.bootstrap; b != nil && !m.checkpoint && !b.Expires.IsZero() && !m.now.Before(b.Expires) {
		m.bootstrap = nil
		m.do(RemoveBootstrap{})
	}
	switch m.state {
	case Registered:
		m.tickRegistered()
		return
	case Sleeping:
		m.tickSleeping()
		return
	}
	if m.until.IsZero() || m.now.Before(m.until) {
		return
	}
	switch m.state {
	case HoldOff:
		m.connectBootstrap()
	case BootstrapRequesting, Bootstrapping:
		m.bootstrapFailed(errorf("the bootstrap server has been silent for %v", silence))
	case BootstrapFinishing:
		m.disconnect()
		if len(m.accounts) == 0 { // taken away in this second
			m.begin()
			return
		}
		m.delay()
	case Delaying:
		m.connect(m.goal)
	case Disabled:
		m.connect(goalRegister)
	}
}

// configured takes the accounts. What the server has to know of a change is told with an Update.
func (m *Machine) configured(configuration Configuration) {
	if m.checkpoint {
		return // the bootstrap server is at work; Finish or Restore says what holds
	}
	before, had := m.Account()
	m.accounts = sorted(configuration.Accounts)
	m.bootstrap = configuration.Bootstrap
	m.current = 0
	if !had {
		return
	}
	i := slices.IndexFunc(m.accounts, func(a Account) bool { return a.SSID == before.SSID })
	if i >= 0 {
		m.current = i
		if m.location != nil {
			m.change(m.differences())
		}
		return
	}
	switch m.state {
	case Stopped, Failed, HoldOff, BootstrapConnecting, BootstrapRequesting, Bootstrapping, BootstrapFinishing:
		return
	case Paused:
		m.forget()
		return
	}
	m.disconnect()
	m.forget()
	if m.stopping {
		m.stopping = false
		m.enter(Stopped)
		m.report(NoticeStopped, nil)
		return
	}
	m.begin()
}

func (m *Machine) differences() Changes {
	account := m.accounts[m.current]
	return Changes{Lifetime: account.Lifetime != m.told.Lifetime, Binding: account.Binding != m.told.Binding}
}

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }
