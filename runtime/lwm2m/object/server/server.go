// Package server is object 1: what the client and each of its servers have agreed on.
package server

import (
	"fmt"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Resources of object 1 that the client uses.
const (
	shortServerID      = 0
	lifetime           = 1
	minimumPeriod      = 2
	maximumPeriod      = 3
	disable            = 4
	disableTimeout     = 5
	storing            = 6
	binding            = 7
	updateTrigger      = 8
	bootstrapTrigger   = 9
	alertCode          = 11
	lastBootstrapped   = 12
	priorityOrder      = 13
	initialDelay       = 14
	failureBlock       = 15
	bootstrapOnFailure = 16
	retryCount         = 17
	retryTimer         = 18
	sequenceDelay      = 19
	sequenceCount      = 20
	muteSend           = 23
)

// Config says what holds where a server has set nothing else.
type Config struct {
	Lifetime      time.Duration // LWM2M_ENGINE_DEFAULT_LIFETIME: of a new registration, and the shortest that is taken from a server
	MinimumPeriod time.Duration // LWM2M_SERVER_DEFAULT_PMIN
	MaximumPeriod time.Duration // LWM2M_SERVER_DEFAULT_PMAX; 0: none
}

// Commands are what a server may execute. They are called once the answer has been sent, and do not block.
type Commands interface {
	// CanBootstrap tells whether Bootstrap has something to bootstrap from.
	CanBootstrap() bool
	Bootstrap(instance uint16)
	Update(instance uint16)
	Disable(instance uint16)
}

// Object is object 1. It has no instances at first; the client and the bootstrap server make them.
type Object struct {
	_        incomparable
	config   Config
	store    lwm2m.Store
	commands Commands
}

// New makes the object.
func New(config Config) (*Object, error) {
	if config.Lifetime < 15*time.Second || config.Lifetime > maxSeconds*time.Second {
		return nil, fmt.Errorf("LWM2M_ENGINE_DEFAULT_LIFETIME is %v: 15 to %d s are possible", config.Lifetime, int64(maxSeconds))
	}
	return &Object{config: config}, nil
}

// SetCommands says who carries out what servers execute. It is called before Attach.
func (o *Object) SetCommands(commands Commands) { o.commands = commands }

// Definition implements lwm2m.Object.
func (*Object) Definition() *lwm2m.Definition { return &definition }

// Attach implements lwm2m.Object.
func (o *Object) Attach(store lwm2m.Store) error {
	o.store = store
	return nil
}

// Check implements lwm2m.Checker.
func (o *Object) Check(values []lwm2m.Item) error {
	for _, each := range values {
		switch each.Path.Resource() {
		case lifetime, minimumPeriod, maximumPeriod, disableTimeout:
			if n := each.Value.Int(); n < 0 || n > maxSeconds {
				return lwm2m.Errorf(lwm2m.StatusBadRequest, "%v: %d s; 0 to %d are possible", each.Path, n, int64(maxSeconds))
			}
		case binding:
			text := each.Value.Text()
			if !strings.Contains(text, "U") || strings.Trim(text, "UTSNQ") != "" {
				return lwm2m.Errorf(lwm2m.StatusBadRequest, "%v: %q; U is the transport of this client, and T, S and N may stand beside it", each.Path, text)
			}
		}
	}
	return nil
}

// Written implements lwm2m.Writer: a lifetime below the shortest is raised to it. The client registers what stands then.
func (o *Object) Written(values []lwm2m.Item) {
	for _, each := range values {
		if each.Path.Resource() == lifetime {
			o.raise(each.Path)
		}
	}
}

func (o *Object) raise(path lwm2m.Path) {
	if value, found := o.store.Get(path); !found || seconds(value.Int()) < o.config.Lifetime {
		// The instance may be gone by now; then there is nothing to raise.
		_ = o.store.Set(lwm2m.Item{Path: path, Value: lwm2m.Integer(int64(o.config.Lifetime / time.Second))})
	}
}

// Execute implements lwm2m.Executor.
func (o *Object) Execute(path lwm2m.Path, _ []lwm2m.Argument) (func(), error) {
	instance := path.Instance()
	switch path.Resource() {
	case disable:
		return func() { o.commands.Disable(instance) }, nil
	case updateTrigger:
		return func() { o.commands.Update(instance) }, nil
	case bootstrapTrigger:
		if !o.commands.CanBootstrap() {
			return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: there is no bootstrap server to ask", path)
		}
		return func() { o.commands.Bootstrap(instance) }, nil
	}
	return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v cannot be executed", path)
}

// Add makes an instance with the defaults.
func (o *Object) Add(instance, ssid uint16) error {
	at := lwm2m.NewPath(definition.ID, instance)
	values := []lwm2m.Item{
		{Path: at.Child(shortServerID), Value: lwm2m.Integer(int64(ssid))},
		{Path: at.Child(lifetime), Value: lwm2m.Integer(int64(o.config.Lifetime / time.Second))},
	}
	if err := o.store.Create(at, values...); err != nil {
		return err
	}
	return o.Complete(instance)
}

// Complete gives an instance that the bootstrap server has made what it left out and the client needs: the periods, notification storing, the
// binding, a lifetime that is long enough, and Mute Send, which would silence Send if it were absent.
func (o *Object) Complete(instance uint16) error {
	at := lwm2m.NewPath(definition.ID, instance)
	defaults := []lwm2m.Item{
		{Path: at.Child(minimumPeriod), Value: lwm2m.Integer(int64(o.config.MinimumPeriod / time.Second))},
		{Path: at.Child(disableTimeout), Value: lwm2m.Integer(defaultDisableTimeout)},
		{Path: at.Child(storing), Value: lwm2m.Boolean(true)},
		{Path: at.Child(binding), Value: lwm2m.String("U")},
		{Path: at.Child(muteSend), Value: lwm2m.Boolean(false)},
	}
	if o.config.MaximumPeriod > 0 {
		defaults = append(defaults, lwm2m.Item{Path: at.Child(maximumPeriod), Value: lwm2m.Integer(int64(o.config.MaximumPeriod / time.Second))})
	}
	var missing []lwm2m.Item
	for _, each := range defaults {
		if _, found := o.store.Get(each.Path); !found {
			missing = append(missing, each)
		}
	}
	o.raise(at.Child(lifetime))
	return o.store.Set(missing...)
}

// incomparable stands in structs that nobody compares, for which the compiler makes no function then.
type incomparable [0]func()
