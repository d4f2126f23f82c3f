package registration

import (
	"fmt"
	"testing"
	"time"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// simulation plays the owner and the servers in virtual time. What happens is written down with its time.
type simulation struct {
	t       *testing.T
	machine *Machine
	now     time.Time
	log     []string
	pending []planned

	latency  time.Duration // of a connection and of an answer
	session  Session
	connect  func(Connect) error           // nil: works
	answer   func(Request) (uint8, error)  // nil: takes everything
	finish   func() *BootstrapFinished     // after a 2.04 on /bs; nil: the server keeps silent
	observer func(event Event, e []Effect) // for properties
}

type planned struct {
	at    time.Time
	event Event
}

func simulate(t *testing.T, settings Settings, configuration Configuration) *simulation {
	s := &simulation{t: t, machine: New(settings), now: epoch}
	s.step(Configured{configuration})
	return s
}

func (s *simulation) note(format string, arguments ...any) {
	s.log = append(s.log, fmt.Sprintf("%v ", s.now.Sub(epoch))+fmt.Sprintf(format, arguments...))
}

func (s *simulation) after(d time.Duration, event Event) {
	s.pending = append(s.pending, planned{s.now.Add(d), event})
}

func (s *simulation) step(event Event) {
	effects := s.machine.Step(event, s.now)
	if s.observer != nil {
		s.observer(event, effects)
	}
	for _, effect := range effects {
		switch e := effect.(type) {
		case Connect:
			s.note("connect %d", e.Security)
			if s.connect != nil {
				if err := s.connect(e); err != nil {
					s.after(s.latency, ConnectFailed{Operation: e.Operation, Err: err})
					continue
				}
			}
			s.after(s.latency, Connected{e.Operation, s.session})
		case Request:
			s.request(e)
		case Report:
			if e.Notice == NoticeConnecting {
				continue
			}
			s.note("%v", e.Notice)
		default:
			s.note("%T", e)
		}
	}
}

func (s *simulation) request(r Request) {
	names := map[RequestKind]string{RequestBootstrap: "BS", RequestRegister: "REGISTER", RequestUpdate: "UPDATE", RequestDeregister: "DEREGISTER"}
	text := names[r.Kind]
	if r.Kind == RequestUpdate {
		for flag, set := range map[string]bool{"+lt": r.Changes.Lifetime} {
			if set {
				text += flag
			}
		}
		if r.Changes.Binding {
			text += "+b"
		}
		if r.Changes.Objects {
			text += "+objects"
		}
	}
	s.note("%s", text)
	code := map[RequestKind]uint8{RequestBootstrap: changed, RequestRegister: created, RequestUpdate: changed, RequestDeregister: deleted}[r.Kind]
	if s.answer != nil {
		other, err := s.answer(r)
		if err != nil {
			s.after(s.latency, Unanswered{r.Operation, err})
			return
		}
		if other != 0 {
			code = other
		}
	}
	s.after(s.latency, Answered{r.Operation, code, []string{"rd", "a"}})
	if r.Kind == RequestBootstrap && s.finish != nil {
		if finished := s.finish(); finished != nil {
			s.after(s.latency*2, *finished)
		}
	}
}

// run lets time pass.
func (s *simulation) run(d time.Duration) {
	end := s.now.Add(d)
	for range 1_000_000 {
		at, found := s.machine.Deadline()
		next := -1
		for i, p := range s.pending {
			if !p.at.After(end) && (next < 0 || p.at.Before(s.pending[next].at)) {
				next = i
			}
		}
		switch {
		case next >= 0 && !(found && at.Before(s.pending[next].at)):
			event := s.pending[next]
			s.pending = append(s.pending[:next:next], s.pending[next+1:]...)
			if event.at.After(s.now) {
				s.now = event.at
			}
			s.step(event.event)
		case found && !at.After(end):
			if at.After(s.now) {
				s.now = at
			}
			s.step(Tick{})
			if again, still := s.machine.Deadline(); still && !again.After(at) && again.Equal(at) && len(s.pending) == 0 {
				s.t.Fatalf("%v: the deadline %v stands still in state %v", s.now.Sub(epoch), at.Sub(epoch), s.machine.State())
			}
		default:
			s.now = end
			return
		}
	}
	s.t.Fatal("no end")
}

func (s *simulation) expect(want ...string) {
	s.t.Helper()
	for i := range max(len(want), len(s.log)) {
		got, wanted := "(nothing)", "(nothing)"
		if i < len(s.log) {
			got = s.log[i]
		}
		if i < len(want) {
			wanted = want[i]
		}
		if got != wanted {
			s.t.Errorf("%d: got %q, want %q", i, got, wanted)
		}
	}
	if s.t.Failed() {
		for _, line := range s.log {
			s.t.Log(line)
		}
	}
	s.log = nil
}

func server() Account {
	return Account{SSID: 101, Security: 1, Lifetime: 43200 * time.Second, Binding: "U", DisableTimeout: 86400 * time.Second, BootstrapOnFailure: true}
}

func only(account Account) Configuration { return Configuration{Accounts: []Account{account}} }

func tracker() Settings {
	return Settings{UpdatePeriod: 3600 * time.Second, UpdateEarly: 60 * time.Second, MaxRetries: 5, Bootstrap: true, BootstrapFormats: []uint16{112, 110, 11542}}
}
