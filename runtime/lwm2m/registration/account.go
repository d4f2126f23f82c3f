package registration

import (
	"slices"
	"time"
)

// Settings are what the client's options say.
type Settings struct {
	UpdatePeriod     time.Duration // between Updates; 0: as UpdateEarly says alone
	UpdateEarly      time.Duration // before the end of the lifetime
	MaxRetries       int           // from 0
	Bootstrap        bool          // the client can bootstrap
	BootstrapFormats []uint16      // content formats for pct=, the preferred one first; none: it is not sent
	QueueMode        bool
	Uptime           time.Duration // awake after the last message, in queue mode
	SendAtOnce       bool          // what wakes the device to be sent is sent without an Update before it, where the link stands
	Idle             Idle          // in queue mode
}

// Idle says what becomes of the link while the device sleeps.
type Idle uint8

// The ways of LWM2M_RD_CLIENT_AT_IDLE.
const (
	IdleClose       Idle = iota // it is closed
	IdleSuspend                 // it is not read, and closed when the device wakes
	IdleStopPolling             // it is not read
	IdleListen                  // it is read all the time
)

// Configuration are the accounts that objects 0 and 1 hold.
type Configuration struct {
	Accounts  []Account
	Bootstrap *Bootstrap // nil: there is none
}

// Account is a server to register with: an instance of object 1 and the one of object 0 that has its short server id.
type Account struct {
	SSID               uint16
	Security           uint16 // instance of object 0
	Server             uint16 // instance of object 1
	Lifetime           time.Duration
	Binding            string
	DisableTimeout     time.Duration
	Priority           *uint64       // Registration Priority Order (13)
	InitialDelay       time.Duration // (14)
	FailureBlock       bool          // (15)
	BootstrapOnFailure bool          // (16); true where the resource is absent
	Retry              Retry
}

// Retry are the resources 17 to 20. The zero value of a field stands for an absent resource.
type Retry struct {
	Count         uint64        // (17) attempts in a sequence
	Timer         time.Duration // (18)
	SequenceDelay time.Duration // (19); Never and more: no further sequence
	Sequences     uint64        // (20)
}

// Never is the largest number of seconds that a timer of object 1 takes; it means that the event does not come.
const Never = (1<<32 - 1) * time.Second

// The defaults of Retry (4.5).
const (
	defaultRetryCount    = 5
	defaultRetryTimer    = 60 * time.Second
	defaultSequenceDelay = 86400 * time.Second
	defaultSequences     = 1
)

// Bootstrap is the account of the bootstrap server.
type Bootstrap struct {
	Security uint16        // instance of object 0
	HoldOff  time.Duration // Client Hold Off Time (/0/x/11)
	Expires  time.Time     // when it is to be removed (/0/x/12 after the last bootstrap); zero: never
}

// sorted gives the accounts in the order in which they are tried: those with a priority first, by it, then the others as they stand.
func sorted(accounts []Account) []Account {
	all := slices.Clone(accounts)
	for end := range all {
		for i := end; i > 0 && all[i].before(&all[i-1]); i-- {
			all[i], all[i-1] = all[i-1], all[i]
		}
	}
	return all
}

// before tells whether an account is tried before another one whatever their places in the list.
func (a *Account) before(other *Account) bool {
	return a.Priority != nil && (other.Priority == nil || *a.Priority < *other.Priority)
}

// schedule fills in what is absent.
func (r Retry) schedule(maxRetries int) Retry {
	if r.Count == 0 {
		r.Count = uint64(min(defaultRetryCount, max(maxRetries, 0)+1))
	}
	if r.Timer <= 0 {
		r.Timer = defaultRetryTimer
	}
	if r.SequenceDelay <= 0 {
		r.SequenceDelay = defaultSequenceDelay
	}
	if r.Sequences == 0 {
		r.Sequences = defaultSequences
	}
	return r
}

// wait is the time between the failure of an attempt, counted from 1, and the next one: it doubles up to Never.
func (r Retry) wait(attempt uint64) time.Duration {
	wait := r.Timer
	for range min(attempt-1, 40) {
		if wait >= Never/2 {
			return Never
		}
		wait *= 2
	}
	return min(wait, Never)
}

// minUpdate is the shortest time between periodic Updates (reference: 4.2, as Zephyr has it); half of it for lifetimes that would be over before.
const minUpdate = 15 * time.Second

// updateAfter is the time from one Update, or the Register, to the next. At least half of the lifetime is left then, or UpdateEarly.
func (s *Settings) updateAfter(lifetime time.Duration) time.Duration {
	period := lifetime
	if s.UpdatePeriod > 0 {
		period = s.UpdatePeriod
	}
	return max(min(period, lifetime-s.UpdateEarly), min(minUpdate, max(lifetime, minUpdate)/2))
}
