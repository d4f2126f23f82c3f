package registration

import (
	"strings"
	"testing"
	"time"
)

func sleeper(idle Idle) Settings {
	settings := tracker()
	settings.QueueMode, settings.Uptime, settings.Idle = true, 30*time.Second, idle
	return settings
}

func TestQueueMode(t *testing.T) {
	for _, each := range []struct {
		name    string
		idle    Idle
		session Session
		atOnce  bool
		want    []string // from the end of the first time awake, with something to send at 1000 s
	}{
		{"stop polling", IdleStopPolling, SessionResumed, false, []string{"30s registration.Sleep", "30s sleeping",
			"16m40s registration.Wake", "16m40s awake", "16m40s UPDATE", "16m40s registration updated", "17m10s registration.Sleep", "17m10s sleeping"}},
		{"stop polling, at once", IdleStopPolling, SessionResumed, true, []string{"30s registration.Sleep", "30s sleeping",
			"16m40s registration.Wake", "16m40s awake", "17m10s registration.Sleep", "17m10s sleeping"}},
		{"close, resumed", IdleClose, SessionResumed, true, []string{"30s registration.Sleep", "30s registration.Disconnect", "30s sleeping",
			"16m40s registration.Wake", "16m40s awake", "16m40s connect 1", "16m40s UPDATE", "16m40s registration updated",
			"17m10s registration.Sleep", "17m10s registration.Disconnect", "17m10s sleeping"}},
		{"close, no DTLS", IdleClose, SessionNone, false, []string{"30s registration.Sleep", "30s registration.Disconnect", "30s sleeping",
			"16m40s registration.Wake", "16m40s awake", "16m40s connect 1", "16m40s UPDATE", "16m40s registration updated",
			"17m10s registration.Sleep", "17m10s registration.Disconnect", "17m10s sleeping"}},
		{"suspend, new session", IdleSuspend, SessionNew, false, []string{"30s registration.Sleep", "30s sleeping",
			"16m40s registration.Wake", "16m40s registration.Disconnect", "16m40s awake", "16m40s connect 1", "16m40s registration.Forget",
			"16m40s REGISTER", "16m40s registered", "17m10s registration.Sleep", "17m10s sleeping"}},
	} {
		t.Run(each.name, func(t *testing.T) {
			settings := sleeper(each.idle)
			settings.SendAtOnce = each.atOnce
			s := simulate(t, settings, only(server()))
			s.session = each.session
			s.step(Start{})
			s.run(0)
			s.log = nil
			s.run(1000 * time.Second)
			s.step(SendRequested{})
			s.run(time.Minute)
			s.expect(each.want...)
		})
	}
}

func TestAwakeWhileMessagesCome(t *testing.T) {
	s := simulate(t, sleeper(IdleListen), only(server()))
	s.step(Start{})
	s.run(0)
	s.log = nil
	for range 10 { // a firmware push
		s.run(20 * time.Second)
		s.step(Tick{Activity: s.now})
	}
	s.step(Tick{Activity: s.now, Busy: true})
	s.now = s.now.Add(10 * time.Minute) // something waits for its acknowledgement
	s.step(Tick{Activity: s.now.Add(-time.Minute), Busy: true})
	s.expect()
	s.step(Tick{})
	s.expect("13m20s registration.Sleep", "13m20s sleeping")
	s.run(5 * time.Second)
	s.step(Tick{Activity: s.now}) // the server writes although the device sleeps
	s.run(30 * time.Second)
	s.expect("13m25s registration.Wake", "13m25s awake", "13m55s registration.Sleep", "13m55s sleeping")
}

func TestWeekOfQueueMode(t *testing.T) {
	s := simulate(t, sleeper(IdleStopPolling), only(server()))
	s.step(Start{})
	s.run(7 * 24 * time.Hour)
	count := map[string]int{}
	for _, line := range s.log {
		_, what, _ := strings.Cut(line, " ")
		count[what]++
	}
	if count["REGISTER"] != 1 || count["UPDATE"] != 7*24 || count["sleeping"] != 7*24 || count["awake"] != 7*24 {
		t.Errorf("%v", count)
	}
}

func TestStopWhileAsleep(t *testing.T) {
	s := simulate(t, sleeper(IdleClose), only(server()))
	s.step(Start{})
	s.run(time.Minute)
	s.log = nil
	s.step(Stop{})
	s.run(time.Minute)
	s.expect("1m0s registration.Wake", "1m0s connect 1", "1m0s DEREGISTER", "1m0s registration.Disconnect", "1m0s registration.Forget",
		"1m0s de-registered", "1m0s stopped")
}

func TestLinkLostWhileAsleep(t *testing.T) {
	s := simulate(t, sleeper(IdleStopPolling), only(server()))
	s.session = SessionResumed
	s.step(Start{})
	s.run(time.Minute)
	s.log = nil
	s.step(LinkLost{errSilent})
	s.step(ObjectsChanged{})
	s.run(time.Second)
	s.expect("1m0s registration.Disconnect", "1m0s registration.Wake", "1m0s awake", "1m0s connect 1", "1m0s UPDATE+objects", "1m0s registration updated")
}

func TestUnacknowledgedNotification(t *testing.T) {
	s := simulate(t, tracker(), only(server()))
	s.step(Start{})
	s.run(time.Minute)
	s.log = nil
	s.step(ServerSilent{errSilent})
	s.run(time.Second)
	s.expect("1m0s server unreachable", "1m0s UPDATE", "1m0s registration updated")
}
