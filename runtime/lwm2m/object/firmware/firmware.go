// Package firmware is object 5: download and installation of firmware, pushed by the server or pulled from a URI.
//
// The states and their results are the table in machine.go. What they come to is kept over a restart: an update that was begun is reported as
// done or as failed by the registration that follows. Where images go is the business of a Target.
package firmware

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Resources of object 5.
const (
	uriResource    = 1
	updateResource = 2
	stateResource  = 3
	resultResource = 5
	protocols      = 8
	deliveryMethod = 9
)

// keptName is the name under which the status is kept.
const keptName = "lwm2m-firmware"

// Config is what the options say.
type Config struct {
	PortNonSecure int `kconfig:"LWM2M_FIRMWARE_PORT_NONSECURE"`
	PortSecure    int `kconfig:"LWM2M_FIRMWARE_PORT_SECURE"`
}

// Object is object 5.
type Object struct {
	_      incomparable
	config Config
	host   lwm2m.Host
	store  lwm2m.Store
	target Target
	seen   atomic.Int64 // the state, for Check: it is called with the store locked, and so must not wait for work

	work     sync.Mutex // held by whoever changes what follows or uses the target; an installation that runs keeps all others from the target
	status   status
	attached bool      // the store has the instance
	current  *download // what is on its way; nil: nothing
}

var (
	_ lwm2m.Object   = (*Object)(nil)
	_ lwm2m.Hosted   = (*Object)(nil)
	_ lwm2m.Checker  = (*Object)(nil)
	_ lwm2m.Writer   = (*Object)(nil)
	_ lwm2m.Executor = (*Object)(nil)
	_ lwm2m.Uploader = (*Object)(nil)
)

// New makes the object. It refuses images until UseTarget says where they go.
func New(config Config) (*Object, error) { return &Object{config: config, target: nowhere{}}, nil }

// UseTarget sets where images go; it is called before Attach.
func (o *Object) UseTarget(target Target) { o.target = target }

// Definition implements lwm2m.Object.
func (*Object) Definition() *lwm2m.Definition { return &definition }

// SetHost implements lwm2m.Hosted.
func (o *Object) SetHost(host lwm2m.Host) { o.host = host }

// Attach implements lwm2m.Object. It finds out what has become of an update that was under way before the restart.
func (o *Object) Attach(store lwm2m.Store) error {
	o.work.Lock()
	defer o.work.Unlock()
	o.store, o.attached, o.current = store, false, nil
	kept, err := o.load()
	if err != nil {
		o.host.Logger().Error("the state of the firmware update cannot be read: it begins anew", "error", err)
	}
	o.show(kept)
	o.resume()
	at := lwm2m.NewPath(definition.ID, 0)
	err = store.Create(at,
		lwm2m.Item{Path: at.Child(uriResource), Value: lwm2m.String("")},
		lwm2m.Item{Path: at.Child(stateResource), Value: lwm2m.Integer(int64(o.status.State))},
		lwm2m.Item{Path: at.Child(resultResource), Value: lwm2m.Integer(int64(o.status.Result))},
		lwm2m.Item{Path: at.Child(protocols).Child(0), Value: lwm2m.Integer(0)}, // CoAP
		lwm2m.Item{Path: at.Child(protocols).Child(1), Value: lwm2m.Integer(1)}, // CoAPS
		lwm2m.Item{Path: at.Child(deliveryMethod), Value: lwm2m.Integer(2)},     // push and pull
	)
	o.attached = err == nil
	return err
}

// resume goes on after a restart. Images are thrown away after the status is kept: a power cut in between leaves files that the next start removes.
func (o *Object) resume() {
	switch o.status.State {
	case idle:
		o.review()
		o.discard()
	case downloading:
		o.move(bootUnfinished, resultInitial)
		o.discard()
	case downloaded:
		switch err := o.target.Staged(); {
		case err == nil:
		case errors.Is(err, ErrRuns):
			o.succeed()
		default:
			o.host.Logger().Error("the image that was downloaded is gone", "error", err)
			o.move(lost, resultOf(err))
			o.discard()
		}
	case updating:
		if err := o.target.Installed(); err != nil {
			o.notInstalled(err)
			return
		}
		o.succeed()
	}
}

// review corrects a result that has turned out to be wrong: an image that was reported as installed was given up after all, or one that was
// reported as failed runs, for the bootloader could not start it when it was to.
func (o *Object) review() {
	switch o.status.Result {
	case resultSuccess:
		if err := o.target.Installed(); errors.Is(err, ErrReverted) {
			o.host.Logger().Error("the new firmware was given up", "error", err)
			o.move(lost, resultUpdateFailed)
			o.host.Firmware(lwm2m.FirmwareProgress{Step: lwm2m.FirmwareFailed, Err: err})
		}
	case resultUpdateFailed:
		if errors.Is(o.target.Staged(), ErrRuns) {
			o.succeed()
		}
	}
}

func (o *Object) succeed() {
	o.move(succeeded, resultSuccess)
	o.host.Firmware(lwm2m.FirmwareProgress{Step: lwm2m.FirmwareSucceeded})
	o.discard()
}

// notInstalled ends an update that has failed: the image can be installed once more if it is still there.
func (o *Object) notInstalled(err error) {
	o.host.Logger().Error("the firmware update has failed", "error", err)
	if staged := o.target.Staged(); staged != nil {
		o.move(lost, resultOf(staged))
		o.discard()
	} else {
		o.move(failed, resultUpdateFailed)
	}
	o.host.Firmware(lwm2m.FirmwareProgress{Step: lwm2m.FirmwareFailed, Err: err})
}

func (o *Object) discard() {
	if err := o.target.Discard(); err != nil {
		o.host.Logger().Warn("an image cannot be removed", "error", err)
	}
}

func (o *Object) load() (status, error) {
	content, err := o.host.Load(keptName)
	if errors.Is(err, fs.ErrNotExist) {
		return status{}, nil
	}
	var kept status
	if err == nil {
		kept, err = decodeStatus(string(content))
	}
	if err == nil && (kept.State < idle || kept.State > updating || kept.Result < resultInitial || kept.Result > resultUnsupportedProtocol) {
		err = errorf("state %d and result %d are none of object 5", kept.State, kept.Result)
	}
	if err != nil {
		return status{}, err
	}
	return kept, nil
}

func (o *Object) keep(next status) error {
	if err := o.host.Save(keptName, []byte(next.encode())); err != nil {
		return errorf("the state of the firmware update cannot be kept: %w", err)
	}
	return nil
}

// show makes a status the one that counts.
func (o *Object) show(next status) {
	o.status = next
	o.seen.Store(int64(next.State))
	if !o.attached {
		return
	}
	at := lwm2m.NewPath(definition.ID, 0)
	if err := o.store.Set(
		lwm2m.Item{Path: at.Child(stateResource), Value: lwm2m.Integer(int64(next.State))},
		lwm2m.Item{Path: at.Child(resultResource), Value: lwm2m.Integer(int64(next.Result))},
	); err != nil {
		o.host.Logger().Error("the state of the firmware update cannot be shown", "error", err)
	}
}

// move takes a signal, keeps the new status, and shows it to the servers. It tells whether the signal was possible. A status that cannot be kept
// counts all the same, as long as the program runs.
func (o *Object) move(what signal, brought result) bool {
	next, possible := o.status.step(what, brought)
	if !possible || next == o.status {
		return possible
	}
	o.host.Logger().Info("firmware update", "state", next.State.String(), "result", int64(next.Result))
	if err := o.keep(next); err != nil {
		o.host.Logger().Error(err.Error())
	}
	o.show(next)
	return true
}

// Check implements lwm2m.Checker: a URI can be written when nothing goes on, an empty one whenever no update runs.
func (o *Object) Check(values []lwm2m.Item) error {
	for _, each := range values {
		if each.Path.Resource() != uriResource {
			continue
		}
		now := state(o.seen.Load())
		if now != idle && (each.Value.Text() != "" || now == updating) {
			return lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: the firmware update is %v: an empty URI resets it, unless it is updating", each.Path, now)
		}
	}
	return nil
}

// Written implements lwm2m.Writer: a URI starts the download, an empty one resets the state.
func (o *Object) Written(values []lwm2m.Item) {
	o.work.Lock()
	defer o.work.Unlock()
	for _, each := range values {
		switch {
		case each.Path.Resource() != uriResource:
		case each.Value.Text() == "":
			o.reset()
		default:
			o.pull(each.Value.Text())
		}
	}
}

// reset returns to idle, and ends a download. It is false while an update runs.
func (o *Object) reset() bool {
	if _, possible := o.status.step(reset, resultInitial); !possible {
		return false
	}
	o.drop()
	o.move(reset, resultInitial)
	o.discard()
	return true
}

// Execute implements lwm2m.Executor: Update. An update whose result could not be reported after the restart is not begun.
func (o *Object) Execute(path lwm2m.Path, _ []lwm2m.Argument) (func(), error) {
	o.work.Lock()
	defer o.work.Unlock()
	next, possible := o.status.step(started, resultInitial)
	if !possible {
		return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: the firmware update is %v: there is nothing to install", path, o.status.State)
	}
	if err := o.keep(next); err != nil {
		return nil, lwm2m.Errorf(lwm2m.StatusInternalServerError, "%v: %v", path, err)
	}
	o.show(next)
	return func() { o.host.Go(func(context.Context) { o.install() }) }, nil
}

// install has the target install the image. Being in the state updating it is the only one that uses the target.
func (o *Object) install() {
	o.host.Firmware(lwm2m.FirmwareProgress{Step: lwm2m.FirmwareInstalling})
	err := o.target.Install()
	if err == nil {
		o.host.Restart("firmware update")
		return
	}
	o.work.Lock()
	defer o.work.Unlock()
	o.notInstalled(err)
}

// incomparable stands in structs that nobody compares, for which the compiler makes no function then.
type incomparable [0]func()

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }
