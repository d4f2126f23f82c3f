package registration

import (
	"math/rand/v2"
	"testing"
	"time"
)

// check holds the properties that no sequence of events may break.
type check struct {
	t         *testing.T
	machine   *Machine
	connected bool
	opening   bool
	requests  map[uint64]RequestKind
	keeping   bool // between Checkpoint and Restore or Commit
	now       time.Time
}

func (c *check) step(event Event) []Effect {
	effects := c.machine.Step(event, c.now)
	for _, effect := range effects {
		switch e := effect.(type) {
		case Connect:
			if c.connected || c.opening {
				c.t.Fatalf("%T: a second connection in state %v", event, c.machine.State())
			}
			c.opening = true
			clear(c.requests)
		case Disconnect:
			c.connected, c.opening = false, false
			clear(c.requests)
		case Request:
			if !c.connected {
				c.t.Fatalf("%T: request %d without a connection", event, e.Kind)
			}
			for _, running := range c.requests {
				if running == e.Kind && e.Kind == RequestRegister {
					c.t.Fatalf("%T: two registers run", event)
				}
			}
			clear(c.requests) // the new one ends the old ones
			c.requests[e.Operation] = e.Kind
			if (e.Kind == RequestUpdate || e.Kind == RequestDeregister) && len(e.Location) == 0 {
				c.t.Fatalf("%T: request %d without a location", event, e.Kind)
			}
			if e.Kind == RequestRegister && c.keeping {
				c.t.Fatalf("%T: register while a bootstrap runs", event)
			}
		case Checkpoint:
			if c.keeping {
				c.t.Fatal("a second checkpoint")
			}
			c.keeping = true
		case Restore, Commit:
			if !c.keeping {
				c.t.Fatalf("%T without a checkpoint", e)
			}
			c.keeping = false
		}
	}
	if c.machine.Ready() && !c.connected {
		c.t.Fatalf("%T: ready without a connection, state %v", event, c.machine.State())
	}
	switch c.machine.State() {
	case Stopped, Failed, Paused:
		if c.connected || c.opening || c.keeping {
			c.t.Fatalf("%T: %v with something open", event, c.machine.State())
		}
	case Connecting, Registering, Updating, Deregistering, BootstrapConnecting, BootstrapRequesting:
		if !c.opening && len(c.requests) == 0 {
			c.t.Fatalf("%T: %v waits for nothing", event, c.machine.State())
		}
	default:
		if _, found := c.machine.Deadline(); !found {
			if queue := c.machine.settings.QueueMode; c.machine.State() != Registered || !queue {
				c.t.Fatalf("%T: %v has no deadline", event, c.machine.State())
			}
		}
	}
	return effects
}

func TestRandomEvents(t *testing.T) {
	for seed := range uint64(3000) {
		random := rand.New(rand.NewPCG(seed, 4))
		settings := tracker()
		settings.QueueMode = random.IntN(2) == 0
		settings.Uptime = 30 * time.Second
		settings.Idle = Idle(random.IntN(4))
		settings.SendAtOnce = random.IntN(2) == 0
		settings.Bootstrap = random.IntN(4) > 0
		c := &check{t: t, machine: New(settings), requests: map[uint64]RequestKind{}, now: epoch}
		for range 300 {
			c.step(randomEvent(c, random))
		}
		// Whatever has been, the machine registers when all goes well from now on.
		c.step(Configured{only(server())})
		for range 200 {
			if c.machine.Ready() {
				break
			}
			c.step(good(c))
		}
		if !c.machine.Ready() {
			t.Fatalf("seed %d: state %v at the end", seed, c.machine.State())
		}
		for range 200 {
			if c.machine.State() == Stopped {
				break
			}
			if c.machine.State() != Deregistering && c.machine.State() != Connecting {
				c.step(Stop{})
				continue
			}
			c.step(good(c))
		}
		if c.machine.State() != Stopped {
			t.Fatalf("seed %d: state %v after Stop", seed, c.machine.State())
		}
	}
}

// good is the event that comes next when the network and the servers are well.
func good(c *check) Event {
	if c.opening {
		c.opening, c.connected = false, true
		return Connected{c.machine.operation, SessionResumed}
	}
	for operation, kind := range c.requests {
		code := map[RequestKind]uint8{RequestBootstrap: changed, RequestRegister: created, RequestUpdate: changed, RequestDeregister: deleted}[kind]
		delete(c.requests, operation)
		return Answered{operation, code, []string{"rd", "x"}}
	}
	switch c.machine.State() {
	case Stopped, Failed:
		return Start{}
	case Bootstrapping:
		return BootstrapFinished{Configuration: only(server())}
	case Paused:
		return Resume{}
	}
	at, found := c.machine.Deadline()
	if !found {
		c.t.Fatalf("state %v waits for nothing", c.machine.State())
	}
	if at.After(c.now) {
		c.now = at
	}
	return Tick{}
}

func randomEvent(c *check, random *rand.Rand) Event {
	configuration := Configuration{}
	for i := range random.IntN(3) {
		account := server()
		account.SSID = uint16(101 + i)
		account.Lifetime = time.Duration(random.IntN(100)) * time.Second
		account.DisableTimeout = time.Duration(random.IntN(100)) * time.Second
		account.Retry.Count = uint64(random.IntN(3))
		account.FailureBlock = random.IntN(2) == 0
		account.InitialDelay = time.Duration(random.IntN(2)) * time.Second
		configuration.Accounts = append(configuration.Accounts, account)
	}
	if random.IntN(2) == 0 {
		configuration.Bootstrap = &Bootstrap{HoldOff: time.Duration(random.IntN(2)) * time.Second}
		if random.IntN(2) == 0 {
			configuration.Bootstrap.Expires = c.now.Add(time.Duration(random.IntN(100)) * time.Second)
		}
	}
	switch random.IntN(26) {
	case 25:
		if random.IntN(2) == 0 {
			return Pause{}
		}
		return Resume{}
	case 24:
		return AddressChanged{}
	case 0, 1:
		return Start{Bootstrap: random.IntN(4) == 0}
	case 2:
		if random.IntN(4) == 0 {
			return Stop{}
		}
		return SendRequested{}
	case 3, 4, 5:
		if at, found := c.machine.Deadline(); found && at.After(c.now) {
			c.now = at
		}
		return Tick{Busy: random.IntN(3) == 0}
	case 6:
		c.now = c.now.Add(time.Duration(random.IntN(100)) * time.Second)
		return Tick{Activity: c.now}
	case 7:
		return Configured{configuration}
	case 8, 9, 10, 11:
		if c.opening {
			c.opening = false
			if random.IntN(3) == 0 {
				return ConnectFailed{c.machine.operation, errSilent, random.IntN(3) == 0}
			}
			c.connected = true
			return Connected{c.machine.operation, Session(random.IntN(3))}
		}
		return Connected{uint64(random.IntN(10)), SessionNew} // a late one
	case 12, 13, 14, 15:
		for operation := range c.requests {
			delete(c.requests, operation)
			codes := []uint8{created, changed, deleted, notFound, 0x80, unsupportedFormat, 0xa0, 0x45}
			if random.IntN(4) == 0 {
				return Unanswered{operation, errSilent}
			}
			location := []string{"rd", "5"}
			if random.IntN(5) == 0 {
				location = nil
			}
			return Answered{operation, codes[random.IntN(len(codes))], location}
		}
		return Answered{uint64(random.IntN(10)), created, []string{"rd", "late"}}
	case 16:
		if c.connected {
			return LinkLost{errSilent}
		}
		return BootstrapMessage{}
	case 17:
		return ServerSilent{errSilent}
	case 18:
		if random.IntN(3) == 0 {
			return BootstrapFinished{Err: errSilent}
		}
		return BootstrapFinished{Configuration: configuration}
	case 19:
		return ObjectsChanged{}
	case 20:
		return UpdateRequested{}
	case 21:
		return BootstrapRequested{}
	case 22:
		return DisableRequested{}
	}
	return SendRequested{}
}
