package server

import (
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

const (
	maxSeconds            = 1<<32 - 1
	defaultDisableTimeout = 86400
)

func seconds(n int64) time.Duration { return time.Duration(min(max(n, 0), maxSeconds)) * time.Second }

// Account is one instance as the client uses it.
type Account struct {
	SSID               uint16
	Lifetime           time.Duration
	MinimumPeriod      uint32 // s
	MaximumPeriod      uint32 // s; 0: none
	DisableTimeout     time.Duration
	Storing            bool
	Binding            string
	LastBootstrapped   time.Time     // zero: never, or unknown
	PriorityOrder      *uint64       // nil: none
	InitialDelay       time.Duration // 0: none
	FailureBlock       bool
	BootstrapOnFailure bool
	RetryCount         uint64 // 0: absent; so the next three
	RetryTimer         time.Duration
	SequenceDelay      time.Duration
	SequenceCount      uint64
	MuteSend           bool
}

// Instances gives the ids of the instances that there are, ascending.
func (o *Object) Instances() []uint16 { return o.store.Children(lwm2m.NewPath(definition.ID)) }

// Account gives an instance, with the standard's defaults for what is absent.
func (o *Object) Account(instance uint16) Account {
	at := lwm2m.NewPath(definition.ID, instance)
	account := Account{
		SSID:               uint16(o.get(at, shortServerID).Int()),
		Lifetime:           seconds(o.get(at, lifetime).Int()),
		MinimumPeriod:      uint32(min(max(o.get(at, minimumPeriod).Int(), 0), maxSeconds)),
		MaximumPeriod:      uint32(min(max(o.get(at, maximumPeriod).Int(), 0), maxSeconds)),
		DisableTimeout:     defaultDisableTimeout * time.Second,
		Storing:            o.or(at, storing, true),
		Binding:            o.get(at, binding).Text(),
		InitialDelay:       o.timer(at, initialDelay),
		FailureBlock:       o.or(at, failureBlock, false),
		BootstrapOnFailure: o.or(at, bootstrapOnFailure, true),
		RetryCount:         o.get(at, retryCount).Uint(),
		RetryTimer:         o.timer(at, retryTimer),
		SequenceDelay:      o.timer(at, sequenceDelay),
		SequenceCount:      o.get(at, sequenceCount).Uint(),
		MuteSend:           o.or(at, muteSend, true),
	}
	if value, found := o.store.Get(at.Child(disableTimeout)); found {
		account.DisableTimeout = seconds(value.Int())
	}
	if value, found := o.store.Get(at.Child(lastBootstrapped)); found {
		account.LastBootstrapped = time.Unix(value.Int(), 0)
	}
	if value, found := o.store.Get(at.Child(priorityOrder)); found {
		order := value.Uint()
		account.PriorityOrder = &order
	}
	return account
}

// It stays a call, which is smaller at its many places.
//
//go:noinline
func (o *Object) get(instance lwm2m.Path, resource uint16) lwm2m.Value {
	value, _ := o.store.Get(instance.Child(resource))
	return value
}

// It stays a call, which is smaller at its many places.
//
//go:noinline
func (o *Object) or(instance lwm2m.Path, resource uint16, other bool) bool {
	if value, found := o.store.Get(instance.Child(resource)); found {
		return value.Bool()
	}
	return other
}

// It stays a call, which is smaller at its many places.
//
//go:noinline
func (o *Object) timer(instance lwm2m.Path, resource uint16) time.Duration {
	return time.Duration(min(o.get(instance, resource).Uint(), maxSeconds)) * time.Second
}

// SetAlert notes the alert with which the server refused the last handshake.
func (o *Object) SetAlert(instance uint16, code uint8) error {
	return o.store.Set(lwm2m.Item{Path: lwm2m.NewPath(definition.ID, instance, alertCode), Value: lwm2m.Unsigned(uint64(code))})
}

// ClearAlert forgets it.
func (o *Object) ClearAlert(instance uint16) error {
	return o.store.Unset(lwm2m.NewPath(definition.ID, instance, alertCode))
}

// SetBootstrapped notes when the bootstrap server wrote the instance.
func (o *Object) SetBootstrapped(instance uint16, at time.Time) error {
	return o.store.Set(lwm2m.Item{Path: lwm2m.NewPath(definition.ID, instance, lastBootstrapped), Value: lwm2m.Time(at)})
}
