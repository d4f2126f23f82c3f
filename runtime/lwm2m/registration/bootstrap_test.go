package registration

import (
	"errors"
	"testing"
	"time"
)

func bare() Configuration { return Configuration{Bootstrap: &Bootstrap{Security: 0}} }

func TestBootstrap(t *testing.T) {
	s := simulate(t, tracker(), bare())
	s.latency = time.Second
	s.finish = func() *BootstrapFinished {
		return &BootstrapFinished{Configuration: Configuration{Accounts: []Account{server()}, Bootstrap: &Bootstrap{Expires: epoch.Add(time.Hour)}}}
	}
	s.step(Start{})
	s.run(30 * time.Minute)
	s.expect("0s bootstrap started", "0s connect 0", "1s registration.Checkpoint", "1s BS",
		"3s registration.Commit", "3s bootstrap finished", "4s registration.Disconnect", "4s connect 1", "5s REGISTER", "6s registered")
	s.run(20 * time.Minute)
	s.step(BootstrapRequested{}) // Execute /1/0/9; the new attempt keeps the account beyond its time
	s.finish = nil
	s.run(20 * time.Minute)
	s.expect("50m0s registration.Forget", "50m0s bootstrap started", "50m1s registration.Disconnect", "50m1s connect 0",
		"50m2s registration.Checkpoint", "50m2s BS",
		"54m10s registration.Disconnect", "54m10s registration.Restore", "54m10s bootstrap attempt failed", "54m10s bootstrap started",
		"55m10s connect 0", "55m11s registration.Checkpoint", "55m11s BS",
		"59m19s registration.Disconnect", "59m19s registration.Restore", "59m19s bootstrap attempt failed", "59m19s bootstrap started",
		"1h0m0s registration.RemoveBootstrap", "1h1m19s bootstrap failed")
}

func TestBootstrapAskedForInVain(t *testing.T) {
	configuration := only(server())
	configuration.Bootstrap = &Bootstrap{Security: 7, HoldOff: 5 * time.Second}
	settings := tracker()
	settings.MaxRetries = 0
	s := simulate(t, settings, configuration)
	s.step(Start{})
	s.run(time.Minute)
	s.log = nil
	s.answer = func(r Request) (uint8, error) {
		if r.Kind == RequestBootstrap {
			return 0x80, nil
		}
		return 0, nil
	}
	s.step(BootstrapRequested{})
	s.run(time.Minute)
	s.expect("1m0s registration.Forget", "1m0s bootstrap started", "1m5s registration.Disconnect", "1m5s connect 7", "1m5s registration.Checkpoint",
		"1m5s BS", "1m5s registration.Disconnect", "1m5s registration.Restore", "1m5s bootstrap failed", "1m5s connect 1", "1m5s REGISTER", "1m5s registered")
}

func TestBootstrapSilence(t *testing.T) {
	s := simulate(t, tracker(), bare())
	s.step(Start{})
	for range 10 {
		s.run(240 * time.Second)
		s.step(BootstrapMessage{})
	}
	if s.machine.State() != Bootstrapping {
		t.Fatalf("state %v", s.machine.State())
	}
	s.run(246 * time.Second)
	s.log = nil
	s.run(time.Second)
	s.expect("44m7s registration.Disconnect", "44m7s registration.Restore", "44m7s bootstrap attempt failed", "44m7s bootstrap started")
}

func TestBootstrapFormats(t *testing.T) {
	s := simulate(t, tracker(), bare())
	var formats []int
	s.answer = func(r Request) (uint8, error) {
		if !r.HasFormat {
			formats = append(formats, -1)
			return 0, nil
		}
		formats = append(formats, int(r.Format))
		return unsupportedFormat, nil
	}
	s.step(Start{})
	s.run(time.Second)
	if len(formats) != 4 || formats[0] != 112 || formats[1] != 110 || formats[2] != 11542 || formats[3] != -1 {
		t.Errorf("pct was %v", formats)
	}
	if s.machine.State() != Bootstrapping {
		t.Errorf("state %v", s.machine.State())
	}
}

// A bootstrap server that gives accounts that lead nowhere is not asked for ever, and not without a pause.
func TestUselessBootstrap(t *testing.T) {
	s := simulate(t, tracker(), bare())
	useless := server()
	s.finish = func() *BootstrapFinished {
		return &BootstrapFinished{Configuration: Configuration{Accounts: []Account{useless}, Bootstrap: &Bootstrap{}}}
	}
	refused := false
	s.observer = func(_ Event, effects []Effect) {
		for _, effect := range effects {
			if c, is := effect.(Connect); is && !c.Bootstrap {
				refused = true
				s.pending = nil
				s.after(0, ConnectFailed{Operation: c.Operation, Err: errors.New("unknown identity"), Refused: true})
			}
		}
	}
	s.connect = func(c Connect) error { return nil }
	s.step(Start{})
	s.run(24 * time.Hour)
	requests := 0
	for _, line := range s.log {
		if len(line) > 2 && line[len(line)-2:] == "BS" {
			requests++
		}
	}
	if !refused || requests != defaultRetryCount || s.machine.State() != Failed {
		t.Errorf("refused %v, %d bootstrap requests, state %v", refused, requests, s.machine.State())
	}
}

func TestInconsistentBootstrap(t *testing.T) {
	for name, finished := range map[string]BootstrapFinished{
		"refused": {Err: errors.New("no key")},
		"empty":   {},
	} {
		t.Run(name, func(t *testing.T) {
			s := simulate(t, tracker(), bare())
			s.finish = func() *BootstrapFinished { return &finished }
			s.step(Start{})
			s.run(time.Second)
			s.expect("0s bootstrap started", "0s connect 0", "0s registration.Checkpoint", "0s BS", "0s registration.Disconnect", "0s registration.Restore",
				"0s bootstrap attempt failed", "0s bootstrap started")
		})
	}
}

func TestNothingConfigured(t *testing.T) {
	s := simulate(t, tracker(), Configuration{})
	s.step(Start{})
	s.expect("0s registration failed")
	s = simulate(t, Settings{}, bare()) // bootstrap is off
	s.step(Start{})
	s.expect("0s registration failed")
}

func TestStopInBootstrap(t *testing.T) {
	s := simulate(t, tracker(), bare())
	s.step(Start{})
	s.run(time.Second)
	s.log = nil
	s.step(Stop{})
	s.expect("1s registration.Disconnect", "1s registration.Restore", "1s stopped")
	s.step(Start{})
	s.run(0)
	s.expect("1s bootstrap started", "1s connect 0", "1s registration.Checkpoint", "1s BS")
}
