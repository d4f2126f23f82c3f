package registration

import (
	"errors"
	"time"
)

const (
	// silence is the longest time between two messages of the bootstrap server: EXCHANGE_LIFETIME (reference: 3.2; RFC 7252, 4.8.2).
	silence = 247 * time.Second
	// finishing is how long the connection stands after Finish, and after the Execute that asked for a bootstrap, so that the server can repeat
	// them if the answer is lost (reference: 3.4).
	finishing = time.Second
)

func (m *Machine) canBootstrap() bool { return m.settings.Bootstrap && m.bootstrap != nil }

// holdOff begins a bootstrap, or its next attempt.
func (m *Machine) holdOff() {
	wait := m.bootstrap.HoldOff
	if m.bootstraps > 0 {
		wait = max(wait, Retry{}.schedule(m.settings.MaxRetries).wait(m.bootstraps))
	}
	if m.connected {
		wait = max(wait, finishing)
	}
	m.bootstraps++
	m.format = 0
	m.waitUntil(HoldOff, m.now.Add(wait))
	m.reportUntil(NoticeBootstrapStarted, nil, m.until)
	if wait <= 0 {
		m.connectBootstrap()
	}
}

func (m *Machine) connectBootstrap() {
	m.disconnect()
	if m.bootstrap == nil { // removed while the hold-off time ran
		m.fail(NoticeBootstrapFailed, errors.New("the account of the bootstrap server is no more"))
		return
	}
	m.enter(BootstrapConnecting)
	m.do(Connect{Operation: m.operation, Security: m.bootstrap.Security, Bootstrap: true})
}

func (m *Machine) requestBootstrap() {
	if !m.checkpoint {
		m.checkpoint = true
		m.do(Checkpoint{})
	}
	m.enter(BootstrapRequesting)
	request := Request{Operation: m.operation, Kind: RequestBootstrap}
	if m.format < len(m.settings.BootstrapFormats) {
		request.Format, request.HasFormat = m.settings.BootstrapFormats[m.format], true
	}
	m.do(request)
}

// bootstrapAnswered takes the answer to the Bootstrap-Request. A server that does not know a format is asked with the next one, and without
// any at the end.
func (m *Machine) bootstrapAnswered(code uint8) {
	switch {
	case code == changed:
		m.waitUntil(Bootstrapping, m.now.Add(silence))
	case code == unsupportedFormat && m.format < len(m.settings.BootstrapFormats):
		m.format++
		m.requestBootstrap()
	default:
		m.bootstrapFailed(errorf("the bootstrap server refuses with %s", codeText(code)))
	}
}

func (m *Machine) bootstrapFinished(e BootstrapFinished) {
	if m.state != Bootstrapping && m.state != BootstrapRequesting {
		return
	}
	if e.Err != nil {
		m.bootstrapFailed(errorf("what the bootstrap server wrote cannot be used: %w", e.Err))
		return
	}
	if len(e.Configuration.Accounts) == 0 {
		m.bootstrapFailed(errors.New("the bootstrap server wrote no account of a server"))
		return
	}
	m.checkpoint = false
	m.accounts, m.current = sorted(e.Configuration.Accounts), 0
	m.bootstrap = e.Configuration.Bootstrap
	m.triggered = false
	m.do(Commit{})
	m.report(NoticeBootstrapFinished, nil)
	m.waitUntil(BootstrapFinishing, m.now.Add(finishing))
}

// abandonBootstrap undoes what the bootstrap server has written.
func (m *Machine) abandonBootstrap() {
	m.disconnect()
	if m.checkpoint {
		m.checkpoint = false
		m.do(Restore{})
	}
}

func (m *Machine) bootstrapFailed(err error) {
	m.abandonBootstrap()
	retry := Retry{}.schedule(m.settings.MaxRetries)
	switch {
	case m.canBootstrap() && m.bootstraps < retry.Count:
		m.reportUntil(NoticeBootstrapAttemptFailed, err, m.now.Add(max(retry.wait(m.bootstraps), m.bootstrap.HoldOff)))
		m.holdOff()
	case m.triggered && len(m.accounts) > 0:
		// The server that asked for it is still there.
		m.report(NoticeBootstrapFailed, err)
		m.triggered = false
		m.connectFirst()
	default:
		m.fail(NoticeBootstrapFailed, err)
	}
}

func (m *Machine) bootstrapRequested() {
	switch m.state {
	case Registered, Updating, Sleeping:
	case Registering:
		m.wish = BootstrapRequested{}
		return
	default:
		return
	}
	if !m.canBootstrap() {
		return
	}
	if m.state == Sleeping {
		m.disconnect()
	}
	m.forget()
	m.bootstraps, m.triggered = 0, true
	m.holdOff()
}
