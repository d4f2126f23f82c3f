package registration

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Response codes that the machine tells apart (RFC 7252, 12.1.2).
const (
	created           = 0x41
	deleted           = 0x42
	changed           = 0x44
	notFound          = 0x84
	unsupportedFormat = 0x8f
)

func codeText(code uint8) string { return fmt.Sprintf("%d.%02d", code>>5, code&0x1f) }

func (m *Machine) connectFirst() {
	m.attempt, m.sequence, m.current = 0, 0, 0
	m.connect(goalRegister)
}

func (m *Machine) connect(purpose goal) {
	account := m.accounts[m.current]
	if purpose == goalRegister {
		m.forget()
	}
	m.goal = purpose
	m.enter(Connecting)
	m.do(Connect{Operation: m.operation, Security: account.Security})
	if purpose != goalDeregister {
		m.report(NoticeConnecting, nil)
	}
}

func (m *Machine) linkUp(session Session) {
	m.connected, m.linked = true, m.now
	switch {
	case m.state == BootstrapConnecting:
		m.requestBootstrap()
	case m.state != Connecting:
	case m.goal == goalDeregister:
		m.deregister()
	case m.goal == goalResume && m.location != nil && session != SessionNew && !m.expired():
		m.holding = true
		m.update()
	default:
		m.register()
	}
}

func (m *Machine) linkFailed(e ConnectFailed) {
	switch {
	case m.state == BootstrapConnecting:
		if e.Refused {
			m.bootstraps = math.MaxUint64 // no attempt is left
		}
		m.bootstrapFailed(e.Err)
	case m.state != Connecting:
	case m.goal == goalDeregister:
		m.deregistered(e.Err)
	default:
		m.attemptFailed(e.Err, e.Refused)
	}
}

// register sends a Register. From here on the old registration is void on both sides (4.4).
func (m *Machine) register() {
	m.forget()
	m.enter(Registering)
	m.holding, m.wish = false, nil
	m.telling, m.changes = Changes{}, Changes{}
	m.told = m.accounts[m.current]
	m.do(Request{Operation: m.operation, Kind: RequestRegister, Account: m.told})
}

func (m *Machine) update() {
	account := m.accounts[m.current]
	m.enter(Updating)
	m.telling = m.changes.or(m.differences())
	m.changes = Changes{}
	m.told = account
	m.do(Request{Operation: m.operation, Kind: RequestUpdate, Account: account, Location: m.location, Changes: m.telling})
}

func (m *Machine) deregister() {
	m.enter(Deregistering)
	m.do(Request{Operation: m.operation, Kind: RequestDeregister, Account: m.accounts[m.current], Location: m.location})
}

func (m *Machine) answered(e Answered) {
	switch m.state {
	case BootstrapRequesting:
		m.bootstrapAnswered(e.Code)
	case Registering:
		switch {
		case e.Code != created:
			m.attemptFailed(errorf("the server refuses the registration with %s", codeText(e.Code)), false)
		case len(e.Location) == 0:
			m.attemptFailed(errors.New("the server's answer to the registration has no Location-Path"), false)
		default:
			m.location = e.Location
			m.bootstraps = 0
			m.registered(NoticeRegistered)
		}
	case Updating:
		if e.Code == changed {
			m.registered(NoticeRegistrationUpdated)
			return
		}
		m.report(NoticeUpdateFailed, errorf("the server answers the update with %s", codeText(e.Code)))
		m.register()
	case Deregistering:
		if e.Code == deleted || e.Code == notFound {
			m.deregistered(nil)
			return
		}
		m.deregistered(errorf("the server refuses to de-register with %s", codeText(e.Code)))
	}
}

func (m *Machine) unanswered(err error) {
	switch m.state {
	case BootstrapRequesting:
		m.bootstrapFailed(err)
	case Registering:
		m.attemptFailed(err, false)
	case Updating:
		m.report(NoticeUpdateFailed, err)
		m.disconnect()
		m.connect(goalRegister)
	case Deregistering:
		m.deregistered(err)
	}
}

// registered is where a Register or an Update has been taken.
func (m *Machine) registered(notice Notice) {
	m.attempt, m.sequence = 0, 0
	m.enter(Registered)
	m.holding = false
	m.activity = m.now
	m.expires = m.now.Add(m.told.Lifetime)
	m.updateAt = m.now.Add(m.settings.updateAfter(m.told.Lifetime))
	m.report(notice, nil)
	wish := m.wish
	m.wish = nil
	switch wish.(type) {
	case BootstrapRequested:
		m.bootstrapRequested()
	case DisableRequested:
		m.disable()
	}
	if m.state != Registered {
		return
	}
	if m.changes = m.changes.or(m.differences()); m.changes.any() {
		m.update()
	}
}

// attemptFailed is where an attempt to register, or to come back to a registration, has failed (4.5).
func (m *Machine) attemptFailed(err error, refused bool) {
	m.disconnect()
	account := m.accounts[m.current]
	retry := account.Retry.schedule(m.settings.MaxRetries)
	m.attempt++
	wait := time.Duration(-1)
	switch {
	case refused:
	case m.attempt < retry.Count:
		wait = retry.wait(m.attempt)
	case m.sequence+1 < retry.Sequences && retry.SequenceDelay < Never:
		wait = retry.SequenceDelay
		m.sequence++
		m.attempt = 0
	}
	if wait >= 0 {
		m.waitUntil(Delaying, m.now.Add(wait))
		m.reportUntil(NoticeRegistrationAttemptFailed, err, m.until)
		return
	}
	m.forget()
	m.attempt, m.sequence = 0, 0
	if !account.FailureBlock && m.current+1 < len(m.accounts) {
		m.reportUntil(NoticeRegistrationAttemptFailed, err, m.now)
		m.current++
		m.connect(goalRegister)
		return
	}
	if account.BootstrapOnFailure && m.canBootstrap() && m.bootstraps < (Retry{}).schedule(m.settings.MaxRetries).Count {
		m.reportUntil(NoticeRegistrationAttemptFailed, err, m.now)
		m.triggered = false
		m.holdOff()
		return
	}
	m.fail(NoticeRegistrationFailed, err)
}

// linkLost is where the link has ended. Where a registration stands, a new one is made at once; but not again and again.
func (m *Machine) linkLost(err error) {
	if !m.connected {
		return
	}
	switch m.state {
	case BootstrapRequesting, Bootstrapping:
		m.bootstrapFailed(err)
	case Registering:
		m.attemptFailed(err, false)
	case Registered, Updating:
		retry := m.accounts[m.current].Retry.schedule(m.settings.MaxRetries)
		m.changes = m.changes.or(m.telling)
		m.goal = goalResume
		if m.state == Updating || m.now.Sub(m.linked) < retry.Timer {
			m.attemptFailed(err, false)
			return
		}
		m.disconnect()
		m.connect(goalResume)
	case Deregistering:
		m.deregistered(err)
	default: // Sleeping: the next wake connects. BootstrapFinishing: all has been said.
		m.disconnect()
	}
}

func (m *Machine) serverSilent(err error) {
	switch m.state {
	case Registered, Sleeping:
		m.report(NoticeServerUnreachable, err)
		m.change(Changes{Asked: true})
		m.holding = true
	}
}

// addressChanged makes a new connection, under the registration that stands.
func (m *Machine) addressChanged() {
	if !m.connected {
		return
	}
	switch m.state {
	case Updating:
		m.changes = m.changes.or(m.telling)
		fallthrough
	case Registered:
		m.disconnect()
		m.connect(goalResume)
	case Sleeping:
		m.disconnect()
	}
}

// stop ends everything. A standing registration is ended at the server, over a new connection where there is none.
func (m *Machine) stop() {
	switch m.state {
	case Stopped:
		return
	case Deregistering:
		m.stopping, m.restart = true, false
		return
	case Registered, Updating, Sleeping, Paused:
		if m.location == nil { // paused before it was registered
			break
		}
		m.stopping = true
		if m.state == Sleeping {
			m.do(Wake{})
			if m.settings.Idle == IdleSuspend {
				m.disconnect()
			}
		}
		if !m.connected {
			m.connect(goalDeregister)
			return
		}
		m.deregister()
		return
	case Connecting:
		m.restart = false
		if m.goal == goalDeregister {
			return
		}
		if m.location != nil {
			m.goal, m.stopping = goalDeregister, true
			return
		}
	}
	m.abandonBootstrap()
	m.forget()
	m.enter(Stopped)
	m.report(NoticeStopped, nil)
}

// disable is the server's wish not to hear of the client for a while (4.3).
func (m *Machine) disable() {
	switch m.state {
	case Registered, Updating:
	case Registering:
		m.wish = DisableRequested{}
		return
	default:
		return
	}
	m.stopping = false
	m.deregister()
}

// deregistered is where the de-registering has ended, one way or the other.
func (m *Machine) deregistered(err error) {
	m.disconnect()
	m.forget()
	if err != nil {
		m.report(NoticeDeregisterFailed, err)
	} else {
		m.report(NoticeDeregistered, nil)
	}
	if m.stopping {
		m.enter(Stopped)
		m.report(NoticeStopped, nil)
		again := m.restart
		m.stopping, m.restart = false, false
		if again {
			m.begin()
		}
		return
	}
	m.attempt, m.sequence = 0, 0
	m.waitUntil(Disabled, m.now.Add(m.accounts[m.current].DisableTimeout))
	m.reportUntil(NoticeDisabled, nil, m.until)
}

// pause ends all traffic. A bootstrap is given up, and a de-registering that runs is done as far as this side goes.
func (m *Machine) pause() {
	switch m.state {
	case Stopped, Failed, Paused:
		return
	case Deregistering:
		m.forget()
	case Updating:
		m.changes = m.changes.or(m.telling)
	}
	if m.stopping {
		m.disconnect()
		m.forget()
		m.stopping, m.restart = false, false
		m.enter(Stopped)
		m.report(NoticeStopped, nil)
		return
	}
	m.abandonBootstrap()
	m.enter(Paused)
}

// resume goes on where pause has stopped: with the registration if it stands, else from the beginning.
func (m *Machine) resume() {
	if m.state != Paused {
		return
	}
	if m.location != nil && !m.expired() {
		m.connect(goalResume)
		return
	}
	m.forget()
	m.begin()
}
