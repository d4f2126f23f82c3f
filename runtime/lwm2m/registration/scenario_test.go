package registration

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var errSilent = errors.New("no answer")

func TestRegisterAndUpdate(t *testing.T) {
	s := simulate(t, tracker(), only(server()))
	s.latency = time.Second
	s.step(Start{})
	s.run(2 * time.Hour)
	s.expect("0s connect 1", "1s REGISTER", "2s registered", "1h0m2s UPDATE", "1h0m3s registration updated")
	s.step(Stop{})
	s.run(time.Minute)
	s.expect("2h0m0s DEREGISTER", "2h0m1s registration.Disconnect", "2h0m1s registration.Forget", "2h0m1s de-registered", "2h0m1s stopped")
	if _, found := s.machine.Deadline(); found {
		t.Error("a stopped machine waits for something")
	}
}

// The worked example of reference 4.5: attempts at 0, 60, 180, 420 and 900 s, each plus the time that those before it took.
func TestRetriesOfTheStandard(t *testing.T) {
	configuration := only(server())
	configuration.Bootstrap = &Bootstrap{Security: 0, HoldOff: 10 * time.Second}
	s := simulate(t, tracker(), configuration)
	s.connect = func(c Connect) error {
		if c.Security == 0 {
			return nil
		}
		return errSilent
	}
	s.step(Start{})
	s.run(920 * time.Second)
	s.expect("0s connect 1", "0s registration.Disconnect", "0s registration attempt failed",
		"1m0s connect 1", "1m0s registration.Disconnect", "1m0s registration attempt failed",
		"3m0s connect 1", "3m0s registration.Disconnect", "3m0s registration attempt failed",
		"7m0s connect 1", "7m0s registration.Disconnect", "7m0s registration attempt failed",
		"15m0s connect 1", "15m0s registration.Disconnect", "15m0s registration attempt failed",
		"15m0s bootstrap started", "15m10s connect 0", "15m10s registration.Checkpoint", "15m10s BS")
	if s.machine.State() != Bootstrapping {
		t.Errorf("state %v", s.machine.State())
	}
}

func TestRetriesOfTheServer(t *testing.T) {
	account := server()
	account.BootstrapOnFailure = false
	account.Retry = Retry{Count: 2, Timer: 10 * time.Second, SequenceDelay: time.Hour, Sequences: 2}
	configuration := only(account)
	configuration.Bootstrap = &Bootstrap{}
	s := simulate(t, tracker(), configuration)
	s.latency = time.Second
	s.answer = func(Request) (uint8, error) { return 0, errSilent }
	s.step(Start{})
	s.run(100 * time.Hour)
	var attempts []string
	for _, line := range s.log {
		if strings.Contains(line, "REGISTER") {
			attempts = append(attempts, line)
		}
	}
	want := "1s REGISTER, 13s REGISTER, 1h0m15s REGISTER, 1h0m27s REGISTER"
	if got := strings.Join(attempts, ", "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if s.log[len(s.log)-1] != "1h0m28s registration failed" || s.machine.State() != Failed {
		t.Errorf("it ends with %s in state %v", s.log[len(s.log)-1], s.machine.State())
	}
	s.log = nil
	s.answer = nil
	s.step(Start{})
	s.run(3 * time.Second)
	s.expect("100h0m0s connect 1", "100h0m1s REGISTER", "100h0m2s registered")
}

func TestRetryLimits(t *testing.T) {
	for _, each := range []struct {
		retry   Retry
		retries int
		want    uint64
	}{{Retry{}, 0, 1}, {Retry{}, 2, 3}, {Retry{}, 5, 5}, {Retry{}, 1000, 5}, {Retry{Count: 9}, 2, 9}, {Retry{}, -3, 1}} {
		if got := each.retry.schedule(each.retries).Count; got != each.want {
			t.Errorf("%+v with LWM2M_RD_CLIENT_MAX_RETRIES = %d: %d attempts, want %d", each.retry, each.retries, got, each.want)
		}
	}
	long := Retry{Timer: Never - 1}
	for _, attempt := range []uint64{1, 2, 40, 1 << 63} {
		if wait := long.wait(attempt); wait <= 0 || wait > Never {
			t.Errorf("attempt %d waits %v", attempt, wait)
		}
	}
	account := server()
	account.Retry = Retry{Count: 1, SequenceDelay: Never, Sequences: 3}
	s := simulate(t, tracker(), only(account))
	s.connect = func(Connect) error { return errSilent }
	s.step(Start{})
	if s.run(time.Hour); s.machine.State() != Failed {
		t.Errorf("a sequence that never comes is waited for: %v", s.machine.State())
	}
}

func TestPriorityOrder(t *testing.T) {
	one, two := uint64(1), uint64(2)
	accounts := []Account{{SSID: 3, Security: 3, Lifetime: time.Hour}, {SSID: 2, Security: 2, Priority: &two, Lifetime: time.Hour}, {SSID: 1, Security: 1, Priority: &one, Lifetime: time.Hour}}
	for i := range accounts {
		accounts[i].Retry.Count = 1
	}
	s := simulate(t, tracker(), Configuration{Accounts: accounts})
	s.connect = func(c Connect) error {
		if c.Security == 3 {
			return nil
		}
		return errSilent
	}
	s.step(Start{})
	s.run(time.Second)
	s.expect("0s connect 1", "0s registration.Disconnect", "0s registration attempt failed", "0s connect 2", "0s registration.Disconnect",
		"0s registration attempt failed", "0s connect 3", "0s REGISTER", "0s registered")

	accounts[2].FailureBlock = true
	s = simulate(t, tracker(), Configuration{Accounts: accounts})
	s.connect = func(Connect) error { return errSilent }
	s.step(Start{})
	s.expect("0s connect 1")
	s.run(time.Second)
	s.expect("0s registration.Disconnect", "0s registration failed")
}

func TestInitialDelay(t *testing.T) {
	account := server()
	account.InitialDelay = 30 * time.Second
	s := simulate(t, tracker(), only(account))
	s.step(Start{})
	s.run(time.Minute)
	s.expect("30s connect 1", "30s REGISTER", "30s registered")
}

func TestUpdateAnswers(t *testing.T) {
	refuse := func(code uint8, err error) func(Request) (uint8, error) {
		return func(r Request) (uint8, error) {
			if r.Kind == RequestUpdate {
				return code, err
			}
			return 0, nil
		}
	}
	for name, each := range map[string]struct {
		answer func(Request) (uint8, error)
		want   []string
	}{
		"4.04":    {refuse(notFound, nil), []string{"1h0m0s UPDATE", "1h0m0s update failed", "1h0m0s registration.Forget", "1h0m0s REGISTER", "1h0m0s registered"}},
		"4.00":    {refuse(0x80, nil), []string{"1h0m0s UPDATE", "1h0m0s update failed", "1h0m0s registration.Forget", "1h0m0s REGISTER", "1h0m0s registered"}},
		"silence": {refuse(0, errSilent), []string{"1h0m0s UPDATE", "1h0m0s update failed", "1h0m0s registration.Disconnect", "1h0m0s registration.Forget", "1h0m0s connect 1", "1h0m0s REGISTER", "1h0m0s registered"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := simulate(t, tracker(), only(server()))
			s.step(Start{})
			s.run(time.Minute)
			s.log = nil
			s.answer = each.answer
			s.run(time.Hour)
			s.expect(each.want...)
		})
	}
}

func TestWhatAnUpdateTells(t *testing.T) {
	s := simulate(t, tracker(), only(server()))
	s.latency = time.Second
	s.step(Start{})
	s.run(10 * time.Second)
	s.log = nil
	changed := server()
	changed.Lifetime = 100 * time.Second
	s.step(Configured{only(changed)})
	s.step(ObjectsChanged{}) // while the Update runs
	s.step(ObjectsChanged{})
	s.run(30 * time.Second)
	s.expect("10s UPDATE+lt", "11s registration updated", "11s UPDATE+objects", "12s registration updated")
	s.run(15 * time.Second) // 100 - 60 s after the answer
	s.expect("52s UPDATE", "53s registration updated")
	changed.Binding = "UT"
	s.step(Configured{only(changed)})
	s.step(UpdateRequested{})
	s.run(5 * time.Second)
	s.expect("55s UPDATE+b", "56s registration updated", "56s UPDATE", "57s registration updated")
}

func TestShortLifetimes(t *testing.T) {
	for _, each := range []struct{ lifetime, period, early, want time.Duration }{ // s, want in ms
		{30, 0, 10, 20e3}, {43200, 3600, 60, 3600e3}, {43200, 0, 60, 43140e3}, {60, 3600, 59, 15e3}, {30, 0, 60, 15e3},
		{15, 0, 10, 7500}, {20, 0, 60, 10e3}, {5, 0, 1, 7500}, {0, 0, 60, 7500}, // within the lifetime, but not all the time
	} {
		settings := Settings{UpdatePeriod: each.period * time.Second, UpdateEarly: each.early * time.Second}
		if got := settings.updateAfter(each.lifetime * time.Second); got != each.want*time.Millisecond {
			t.Errorf("%+v: %v", each, got)
		}
	}
	account := server()
	account.Lifetime = 0
	s := simulate(t, Settings{}, only(account))
	s.step(Start{})
	s.run(time.Minute)
	if len(s.log) > 20 { // each with a notice
		t.Errorf("%d messages in a minute", len(s.log))
	}
}

func TestDisable(t *testing.T) {
	account := server()
	account.DisableTimeout = 500 * time.Second
	s := simulate(t, tracker(), only(account))
	s.latency = time.Second
	s.step(Start{})
	s.run(10 * time.Second)
	s.log = nil
	s.step(DisableRequested{})
	s.step(DisableRequested{})
	s.run(time.Minute)
	s.step(UpdateRequested{})
	s.step(SendRequested{})
	s.run(time.Hour)
	s.expect("10s DEREGISTER", "11s registration.Disconnect", "11s registration.Forget", "11s de-registered", "11s disabled",
		"8m31s connect 1", "8m32s REGISTER", "8m33s registered")
}

// A server may ask for something before its answer to the Register is here. It has said 2.04 to it, so it is done when the answer is here, once.
func TestAskedBeforeTheAnswer(t *testing.T) {
	for _, each := range []struct {
		asked Event
		want  []string
	}{
		{DisableRequested{}, []string{"2s registered", "2s DEREGISTER", "3s registration.Disconnect", "3s registration.Forget", "3s de-registered", "3s disabled"}},
		{BootstrapRequested{}, []string{"2s registered", "2s registration.Forget", "2s bootstrap started"}},
		{UpdateRequested{}, []string{"2s registered", "2s UPDATE", "3s registration updated"}},
	} {
		configuration := only(server())
		configuration.Bootstrap = &Bootstrap{HoldOff: time.Minute}
		s := simulate(t, tracker(), configuration)
		s.latency = time.Second
		s.step(Start{})
		s.run(time.Second)
		s.step(each.asked)
		s.step(each.asked)
		s.log = nil
		s.run(30 * time.Second)
		s.expect(each.want...)
	}
	// An attempt that fails takes the wish with it: the server has never known the client.
	s := simulate(t, tracker(), only(server()))
	s.latency = time.Second
	s.step(Start{})
	s.run(time.Second)
	s.step(DisableRequested{})
	s.step(Answered{s.machine.operation, 0xa0, nil})
	s.run(10 * time.Minute)
	if s.machine.State() != Registered {
		t.Errorf("%v after the second attempt", s.machine.State())
	}
}

func TestLinkLost(t *testing.T) {
	s := simulate(t, tracker(), only(server()))
	s.session = SessionResumed
	s.step(Start{})
	s.run(10 * time.Minute)
	s.log = nil
	s.step(LinkLost{errSilent})
	s.run(time.Second)
	s.step(LinkLost{errSilent}) // again: not at once
	s.session = SessionNew
	s.run(10 * time.Minute)
	s.expect("10m0s registration.Disconnect", "10m0s connect 1", "10m0s UPDATE", "10m0s registration updated",
		"10m1s registration.Disconnect", "10m1s registration attempt failed", "11m1s connect 1", "11m1s registration.Forget", "11m1s REGISTER", "11m1s registered")
}

func TestAddressChanged(t *testing.T) {
	s := simulate(t, tracker(), only(server()))
	s.step(Start{})
	s.run(time.Second)
	s.log = nil
	s.session = SessionResumed
	s.step(AddressChanged{})
	s.step(AddressChanged{}) // there is no link yet
	s.run(time.Second)
	s.expect("1s registration.Disconnect", "1s connect 1", "1s UPDATE", "1s registration updated")
}

func TestStartWhileStopping(t *testing.T) {
	s := simulate(t, tracker(), only(server()))
	s.latency = time.Second
	s.step(Start{})
	s.run(10 * time.Second)
	s.log = nil
	s.step(Stop{})
	s.step(Start{})
	s.run(10 * time.Second)
	s.expect("10s DEREGISTER", "11s registration.Disconnect", "11s registration.Forget", "11s de-registered", "11s stopped",
		"11s connect 1", "12s REGISTER", "13s registered")
}

func TestPause(t *testing.T) {
	account := server()
	account.Lifetime = 1000 * time.Second
	s := simulate(t, tracker(), only(account))
	s.session = SessionResumed
	s.step(Start{})
	s.run(time.Second)
	s.log = nil
	s.step(Pause{})
	s.step(SendRequested{})
	s.step(ObjectsChanged{})
	s.run(900 * time.Second)
	s.expect("1s registration.Disconnect")
	s.step(Resume{})
	s.run(time.Second)
	s.expect("15m1s connect 1", "15m1s UPDATE+objects", "15m1s registration updated")
	s.step(Pause{})
	s.run(time.Hour)
	s.log = nil
	s.step(Resume{})
	s.run(time.Second)
	s.expect("1h15m2s registration.Forget", "1h15m2s connect 1", "1h15m2s REGISTER", "1h15m2s registered")
}

func TestStartWithBootstrap(t *testing.T) {
	configuration := only(server())
	configuration.Bootstrap = &Bootstrap{}
	s := simulate(t, tracker(), configuration)
	s.step(Start{Bootstrap: true})
	s.run(0)
	s.expect("0s bootstrap started", "0s connect 0", "0s registration.Checkpoint", "0s BS")
}
