package registration

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/table.txt anew")

// reach brings a machine into a state.
func reach(t *testing.T, want State) *simulation {
	t.Helper()
	configuration := only(server())
	configuration.Bootstrap = &Bootstrap{Security: 0, HoldOff: 10 * time.Second}
	settings := sleeper(IdleStopPolling)
	settings.MaxRetries = 1
	s := simulate(t, settings, configuration)
	s.latency = time.Second
	s.session = SessionResumed
	run := func(events ...Event) {
		for _, event := range events {
			s.step(event)
		}
	}
	switch want {
	case Stopped:
	case Failed:
		s.step(Configured{})
		run(Start{})
	case HoldOff:
		run(Start{Bootstrap: true})
	case BootstrapConnecting:
		run(Start{Bootstrap: true})
		s.run(10 * time.Second)
	case BootstrapRequesting:
		run(Start{Bootstrap: true})
		s.run(11 * time.Second)
	case Bootstrapping:
		run(Start{Bootstrap: true})
		s.run(12 * time.Second)
	case BootstrapFinishing:
		run(Start{Bootstrap: true})
		s.run(12 * time.Second)
		run(BootstrapFinished{Configuration: configuration})
	case Delaying:
		s.connect = func(Connect) error { return errSilent }
		run(Start{})
		s.run(time.Second)
		s.connect = nil
	case Connecting:
		run(Start{})
	case Registering:
		run(Start{})
		s.run(time.Second)
	case Registered:
		run(Start{})
		s.run(2 * time.Second)
	case Updating:
		run(Start{})
		s.run(2 * time.Second)
		run(UpdateRequested{})
	case Sleeping:
		run(Start{})
		s.run(40 * time.Second)
	case Deregistering:
		run(Start{})
		s.run(2 * time.Second)
		run(DisableRequested{})
	case Disabled:
		run(Start{})
		s.run(2 * time.Second)
		run(DisableRequested{})
		s.run(2 * time.Second)
	case Paused:
		run(Start{})
		s.run(2 * time.Second)
		run(Pause{})
	}
	if s.machine.State() != want {
		t.Fatalf("the machine is %v, and was to be %v", s.machine.State(), want)
	}
	s.log = nil
	return s
}

// TestTable has every event come in every state. What follows stands in testdata/table.txt, to be read.
func TestTable(t *testing.T) {
	changed := server()
	changed.Lifetime = 500 * time.Second
	events := []struct {
		name string
		make func(m *Machine) Event
	}{
		{"Start", func(*Machine) Event { return Start{} }},
		{"Stop", func(*Machine) Event { return Stop{} }},
		{"Pause", func(*Machine) Event { return Pause{} }},
		{"Resume", func(*Machine) Event { return Resume{} }},
		{"Tick, at its time", func(*Machine) Event { return Tick{} }},
		{"Configured, other lifetime", func(*Machine) Event { return Configured{only(changed)} }},
		{"Configured, no server", func(*Machine) Event { return Configured{} }},
		{"Connected, no DTLS", func(m *Machine) Event { return Connected{m.operation, SessionNone} }},
		{"Connected, new session", func(m *Machine) Event { return Connected{m.operation, SessionNew} }},
		{"Connected, late", func(m *Machine) Event { return Connected{m.operation - 1, SessionNew} }},
		{"ConnectFailed", func(m *Machine) Event { return ConnectFailed{m.operation, errSilent, false} }},
		{"ConnectFailed, refused", func(m *Machine) Event { return ConnectFailed{m.operation, errSilent, true} }},
		{"Answered 2.01", func(m *Machine) Event { return Answered{m.operation, created, []string{"rd", "1"}} }},
		{"Answered 2.04", func(m *Machine) Event { return Answered{m.operation, 0x44, nil} }},
		{"Answered 2.02", func(m *Machine) Event { return Answered{m.operation, deleted, nil} }},
		{"Answered 4.00", func(m *Machine) Event { return Answered{m.operation, 0x80, nil} }},
		{"Answered 4.04", func(m *Machine) Event { return Answered{m.operation, notFound, nil} }},
		{"Unanswered", func(m *Machine) Event { return Unanswered{m.operation, errSilent} }},
		{"LinkLost", func(*Machine) Event { return LinkLost{errSilent} }},
		{"AddressChanged", func(*Machine) Event { return AddressChanged{} }},
		{"ServerSilent", func(*Machine) Event { return ServerSilent{errSilent} }},
		{"BootstrapMessage", func(*Machine) Event { return BootstrapMessage{} }},
		{"BootstrapFinished", func(*Machine) Event { return BootstrapFinished{Configuration: only(server())} }},
		{"BootstrapFinished, of no use", func(*Machine) Event { return BootstrapFinished{Err: errSilent} }},
		{"ObjectsChanged", func(*Machine) Event { return ObjectsChanged{} }},
		{"UpdateRequested", func(*Machine) Event { return UpdateRequested{} }},
		{"BootstrapRequested", func(*Machine) Event { return BootstrapRequested{} }},
		{"DisableRequested", func(*Machine) Event { return DisableRequested{} }},
		{"SendRequested", func(*Machine) Event { return SendRequested{} }},
	}
	var table strings.Builder
	for state := range stateCount {
		fmt.Fprintf(&table, "%v\n", state)
		for _, event := range events {
			s := reach(t, state)
			if event.name == "Tick, at its time" {
				if at, found := s.machine.Deadline(); found {
					s.now = at
				}
			}
			before := s.machine.operation
			s.step(event.make(s.machine))
			after := s.machine.State()
			if after == state && s.machine.operation == before && len(s.log) == 0 {
				continue // nothing
			}
			var done []string
			for _, line := range s.log {
				_, what, _ := strings.Cut(line, " ")
				done = append(done, strings.TrimPrefix(what, "registration."))
			}
			fmt.Fprintf(&table, "  %-30s %-32v %s\n", event.name, after, strings.Join(done, ", "))
		}
	}
	const name = "testdata/table.txt"
	if *rewrite {
		if err := os.WriteFile(name, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if table.String() != string(want) {
		t.Errorf("the table is another one than %s; if that is meant, run with -rewrite. It is now:\n%s", name, table.String())
	}
}
