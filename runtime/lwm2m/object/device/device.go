// Package device is object 3: what the device is, its power, storage, time and errors; restart.
package device

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Resources of object 3 that have a behaviour of their own.
const (
	reboot         = 4
	factoryReset   = 5
	memoryFree     = 10
	errorCode      = 11
	resetErrorCode = 12
	currentTime    = 13
	utcOffset      = 14
	binding        = 16
	memoryTotal    = 21
	extDevInfo     = 22
)

// Config is what the options say.
type Config struct {
	PowerSourceMax int `kconfig:"LWM2M_DEVICE_PWRSRC_MAX"`
	ErrorCodeMax   int `kconfig:"LWM2M_DEVICE_ERROR_CODE_MAX"`
	ExtDevInfoMax  int `kconfig:"LWM2M_DEVICE_EXT_DEV_INFO_MAX"`
}

// Object is object 3. The program sets what the device is; time and storage are read when they are asked for.
type Object struct {
	config Config
	folder string // whose filesystem is the device's memory for data and software
	store  lwm2m.Store
	now    func() time.Time

	ahead  atomic.Int64 // seconds that the time which a server has set is before the system's
	errors sync.Mutex   // held by whoever changes the error codes
}

// New makes the object. Its one instance has no error, and UDP as its only transport.
func New(config Config) (*Object, error) { return &Object{config: config, now: time.Now}, nil }

// Definition implements lwm2m.Object.
func (*Object) Definition() *lwm2m.Definition { return &definition }

// SetHost implements lwm2m.Hosted.
func (o *Object) SetHost(host lwm2m.Host) { o.folder = host.Folder() }

// Attach implements lwm2m.Object.
func (o *Object) Attach(store lwm2m.Store) error {
	o.store = store
	at := lwm2m.NewPath(definition.ID, 0)
	if err := store.Create(at,
		lwm2m.Item{Path: at.Child(errorCode).Child(0), Value: lwm2m.Integer(0)},
		lwm2m.Item{Path: at.Child(utcOffset), Value: lwm2m.String(o.now().Format("-07:00"))},
		lwm2m.Item{Path: at.Child(binding), Value: lwm2m.String("U")},
	); err != nil {
		return err
	}
	return store.Unset(at.Child(factoryReset)) // a device that is configured by its program has nothing to return to
}

// Read implements lwm2m.Reader: time and storage are those of this moment.
func (o *Object) Read(path lwm2m.Path) (lwm2m.Value, bool) {
	if path.Level() != lwm2m.LevelResource {
		return lwm2m.Value{}, false
	}
	switch path.Resource() {
	case currentTime:
		return lwm2m.Seconds(o.now().Unix() + o.ahead.Load()), true
	case memoryFree:
		free, _, known := storage(o.folder)
		return lwm2m.Integer(free / 1000), known
	case memoryTotal:
		_, total, known := storage(o.folder)
		return lwm2m.Integer(total / 1000), known
	}
	return lwm2m.Value{}, false
}

// Check implements lwm2m.Checker: it bounds the instances of multiple resources, which only a bootstrap server can write.
func (o *Object) Check(values []lwm2m.Item) error {
	for _, each := range values {
		if each.Path.Level() == lwm2m.LevelResourceInstance && int(each.Path.ResourceInstance()) >= o.most(each.Path.Resource()) {
			return lwm2m.Errorf(lwm2m.StatusBadRequest, "%v: instances 0 to %d are possible", each.Path, o.most(each.Path.Resource())-1)
		}
	}
	return nil
}

func (o *Object) most(resource uint16) int {
	switch resource {
	case errorCode:
		return o.config.ErrorCodeMax
	case extDevInfo:
		return o.config.ExtDevInfoMax
	}
	return o.config.PowerSourceMax
}

// Written implements lwm2m.Writer: a server's time is kept as its difference from the clock of the system, which is not changed.
func (o *Object) Written(values []lwm2m.Item) {
	for _, each := range values {
		if each.Path.Resource() == currentTime {
			o.ahead.Store(each.Value.Int() - o.now().Unix())
		}
	}
}

// Execute implements lwm2m.Executor. The restart itself is the program's, which hears of it.
func (o *Object) Execute(path lwm2m.Path, _ []lwm2m.Argument) (func(), error) {
	switch path.Resource() {
	case reboot:
		return nil, nil
	case resetErrorCode:
		return nil, o.ResetErrors()
	}
	return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: this device does not do that", path)
}

// ReportError adds an error code of object 3, 1 to 8, unless it stands there already. Those above LWM2M_DEVICE_ERROR_CODE_MAX take the place of the
// oldest.
func (o *Object) ReportError(code int64) error {
	if code == 0 {
		return fmt.Errorf("error code 0 is that there is none: ResetErrors leaves it")
	}
	o.errors.Lock()
	defer o.errors.Unlock()
	var codes []int64
	at := lwm2m.NewPath(definition.ID, 0, errorCode)
	for _, id := range o.store.Children(at) {
		switch value, _ := o.store.Get(at.Child(id)); value.Int() {
		case code:
			return nil
		case 0:
		default:
			codes = append(codes, value.Int())
		}
	}
	codes = append(codes, code)
	codes = codes[max(0, len(codes)-o.config.ErrorCodeMax):]
	items := make([]lwm2m.Item, len(codes))
	for i, each := range codes {
		items[i] = lwm2m.Item{Path: at.Child(uint16(i)), Value: lwm2m.Integer(each)}
	}
	return o.store.Set(items...)
}

// ResetErrors leaves one error code, 0.
func (o *Object) ResetErrors() error {
	o.errors.Lock()
	defer o.errors.Unlock()
	at := lwm2m.NewPath(definition.ID, 0, errorCode)
	var rest []lwm2m.Path
	for _, id := range o.store.Children(at) {
		if id != 0 {
			rest = append(rest, at.Child(id))
		}
	}
	if err := o.store.Unset(rest...); err != nil {
		return err
	}
	return o.store.Set(lwm2m.Item{Path: at.Child(0), Value: lwm2m.Integer(0)})
}
