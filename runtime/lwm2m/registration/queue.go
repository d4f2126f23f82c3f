package registration

// change notes what an Update has to tell, and sends it where that can be done now.
func (m *Machine) change(changes Changes) {
	if !changes.any() {
		return
	}
	switch m.state {
	case Registered:
		m.changes = m.changes.or(changes)
		m.update()
	case Sleeping:
		m.changes = m.changes.or(changes)
		m.wake(true)
	case Updating, Registering:
		m.changes = m.changes.or(changes) // told when the answer is here
	default:
		if m.location != nil {
			m.changes = m.changes.or(changes)
		}
	}
}

// expired tells whether the server has forgotten the registration for sure. An Update too late does no harm: 4.04 leads to a Register.
func (m *Machine) expired() bool { return m.now.After(m.expires) }

func (m *Machine) tickRegistered() {
	switch {
	case !m.now.Before(m.updateAt):
		m.update()
	case m.settings.QueueMode && !m.busy && !m.now.Before(m.activity.Add(m.settings.Uptime)):
		m.sleep()
	}
}

// sleep is the end of the time awake (5).
func (m *Machine) sleep() {
	m.enter(Sleeping)
	m.slept = m.now
	m.do(Sleep{})
	if m.settings.Idle == IdleClose {
		m.disconnect()
	}
	m.report(NoticeSleeping, nil)
}

func (m *Machine) tickSleeping() {
	switch {
	case !m.now.Before(m.updateAt):
		m.wake(true)
	case m.settings.Idle == IdleListen && m.activity.After(m.slept):
		m.enter(Registered)
		m.do(Wake{})
		m.report(NoticeAwake, nil)
	}
}

// wake ends the sleep. Over a new connection, or to tell something, a request comes first; see 4.6.
func (m *Machine) wake(telling bool) {
	m.do(Wake{})
	if m.settings.Idle == IdleSuspend {
		m.disconnect()
	}
	m.report(NoticeAwake, nil)
	switch {
	case !m.connected:
		m.connect(goalResume)
	case m.expired():
		m.register()
	case telling:
		m.holding = true
		m.update()
	default:
		m.enter(Registered)
		m.activity = m.now
	}
}
