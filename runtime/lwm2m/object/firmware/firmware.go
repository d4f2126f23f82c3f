// Package firmware is object 5: download and installation of firmware, pushed by the server or pulled from a URI.
//
// The states and their results are the table in machine.go. What they come to is kept over a restart: an update that was begun is reported as
// done or as failed by the registration that follows. Where images go is the business of a Target.
package firmware

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Resources of object 5.
const (
	packageResource = 0
	uriResource     = 1
	updateResource  = 2
	stateResource   = 3
	resultResource  = 5
	protocols       = 8
	deliveryMethod  = 9
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
	config Config
	host   lwm2m.Host
	store  lwm2m.Store

	mu     sync.Mutex // never held while the store or the host is called
	target Target
	status status
	pull   context.CancelFunc // of the download that runs; nil: none
	number uint64             // of the newest download: what an older one says does not count
}

// New makes the object. Images go to files below the host's folder, unless UseTarget says otherwise.
func New(config Config) (*Object, error) { return &Object{config: config}, nil }

// UseTarget sets where images go; it is called before Attach.
func (o *Object) UseTarget(target Target) { o.target = target }

// Definition implements lwm2m.Object.
func (*Object) Definition() *lwm2m.Definition { return &definition }

// SetHost implements lwm2m.Hosted.
func (o *Object) SetHost(host lwm2m.Host) { o.host = host }

// Attach implements lwm2m.Object. It finds out what has become of an update that was under way before the restart.
func (o *Object) Attach(store lwm2m.Store) error {
	o.store = store
	if o.target == nil {
		o.target = NewFileTarget(filepath.Join(o.host.Folder(), "firmware"))
	}
	kept, err := o.load()
	if err != nil {
		o.host.Logger().Error("the state of the firmware update cannot be read: it begins anew", "error", err)
	}
	o.status = kept
	o.resume()
	at := lwm2m.NewPath(definition.ID, 0)
	return store.Create(at,
		lwm2m.Item{Path: at.Child(uriResource), Value: lwm2m.String("")},
		lwm2m.Item{Path: at.Child(stateResource), Value: lwm2m.Integer(int64(o.status.State))},
		lwm2m.Item{Path: at.Child(resultResource), Value: lwm2m.Integer(int64(o.status.Result))},
		lwm2m.Item{Path: at.Child(protocols).Child(0), Value: lwm2m.Integer(0)}, // CoAP
		lwm2m.Item{Path: at.Child(protocols).Child(1), Value: lwm2m.Integer(1)}, // CoAPS
		lwm2m.Item{Path: at.Child(deliveryMethod), Value: lwm2m.Integer(2)},     // push and pull
	)
}

// resume goes on after a restart.
func (o *Object) resume() {
	logger := o.host.Logger()
	switch o.status.State {
	case downloading:
		o.move(bootUnfinished, resultInitial)
		o.discard()
	case downloaded:
		if err := o.target.Staged(); err != nil {
			logger.Error("the image that was downloaded is gone", "error", err)
			o.move(lost, resultOf(err))
			o.discard()
		}
	case updating:
		err := o.target.Installed()
		if err == nil {
			o.move(succeeded, resultSuccess)
			o.host.Firmware(lwm2m.FirmwareProgress{Step: lwm2m.FirmwareSucceeded})
			o.discard()
			return
		}
		logger.Error("the firmware update has failed", "error", err)
		o.host.Firmware(lwm2m.FirmwareProgress{Step: lwm2m.FirmwareFailed, Err: err})
		if staged := o.target.Staged(); staged != nil {
			o.move(lost, resultOf(staged))
			o.discard()
			return
		}
		o.move(failed, resultUpdateFailed)
	}
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
		err = json.Unmarshal(content, &kept)
	}
	if err == nil && (kept.State < idle || kept.State > updating || kept.Result < resultInitial || kept.Result > resultUnsupportedProtocol) {
		err = fmt.Errorf("state %d and result %d are none of object 5", kept.State, kept.Result)
	}
	if err != nil {
		return status{}, err
	}
	return kept, nil
}

// move takes a signal, keeps the new status, and shows it to the servers. It tells whether the signal was possible.
func (o *Object) move(what signal, brought result) bool {
	o.mu.Lock()
	next, possible := o.status.step(what, brought)
	changed := next != o.status
	o.status = next
	o.mu.Unlock()
	if !possible || !changed {
		return possible
	}
	o.host.Logger().Info("firmware update", "state", next.State.String(), "result", int64(next.Result))
	content, err := json.Marshal(next)
	if err == nil {
		err = o.host.Save(keptName, content)
	}
	if err != nil {
		o.host.Logger().Error("the state of the firmware update cannot be kept", "error", err)
	}
	at := lwm2m.NewPath(definition.ID, 0)
	if len(o.store.Children(at)) == 0 {
		return true // not attached yet
	}
	if err := o.store.Set(
		lwm2m.Item{Path: at.Child(stateResource), Value: lwm2m.Integer(int64(next.State))},
		lwm2m.Item{Path: at.Child(resultResource), Value: lwm2m.Integer(int64(next.Result))},
	); err != nil {
		o.host.Logger().Error("the state of the firmware update cannot be shown", "error", err)
	}
	return true
}

func (o *Object) now() status {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.status
}

// Check implements lwm2m.Checker: a URI can be written when nothing goes on, an empty one whenever no update runs.
func (o *Object) Check(values []lwm2m.Item) error {
	for _, each := range values {
		if each.Path.Resource() != uriResource {
			continue
		}
		state := o.now().State
		if uri := each.Value.Text(); uri == "" && state != updating {
			continue
		}
		if state != idle {
			return lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: the firmware update is %v: an empty URI resets it, unless it is updating", each.Path, state)
		}
	}
	return nil
}

// Written implements lwm2m.Writer: a URI starts the download, an empty one resets the state.
func (o *Object) Written(values []lwm2m.Item) {
	for _, each := range values {
		if each.Path.Resource() != uriResource {
			continue
		}
		if each.Value.Text() == "" {
			o.reset()
			continue
		}
		o.startPull(each.Value.Text())
	}
}

// reset returns to idle, and ends a download.
func (o *Object) reset() bool {
	o.endPull()
	if !o.move(reset, resultInitial) {
		return false
	}
	o.discard()
	return true
}

// Execute implements lwm2m.Executor: Update.
func (o *Object) Execute(path lwm2m.Path, _ []lwm2m.Argument) (func(), error) {
	if path.Resource() != updateResource {
		return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: this device does not do that", path)
	}
	if !o.move(started, resultInitial) {
		return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: the firmware update is %v: there is nothing to install", path, o.now().State)
	}
	return o.install, nil
}

func (o *Object) install() {
	o.host.Firmware(lwm2m.FirmwareProgress{Step: lwm2m.FirmwareInstalling})
	err := o.target.Install()
	if err == nil {
		o.host.Restart("firmware update")
		return
	}
	o.host.Logger().Error("the image cannot be installed", "error", err)
	o.host.Firmware(lwm2m.FirmwareProgress{Step: lwm2m.FirmwareFailed, Err: err})
	if errors.Is(err, ErrIntegrity) || errors.Is(err, fs.ErrNotExist) {
		o.move(lost, resultOf(err))
		o.discard()
		return
	}
	o.move(failed, resultUpdateFailed)
}

// begin starts an image.
func (o *Object) begin(size int64) (Image, error) {
	if !o.move(begun, resultInitial) {
		return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "the firmware update is %v: reset it with an empty package first", o.now().State)
	}
	o.host.Firmware(lwm2m.FirmwareProgress{Step: lwm2m.FirmwareStarted})
	image, err := o.target.Begin(size)
	if err != nil {
		o.spoil(resultOf(err), err)
		return nil, err
	}
	return image, nil
}

// spoil ends an image that will not be staged.
func (o *Object) spoil(because result, err error) {
	o.host.Logger().Error("the firmware image is not taken", "error", err)
	if o.move(spoiled, because) {
		o.host.Firmware(lwm2m.FirmwareProgress{Step: lwm2m.FirmwareFailed, Err: err})
	}
	o.discard()
}

func (o *Object) commit(image Image) {
	if err := image.Commit(); err != nil {
		o.spoil(resultOf(err), err)
		return
	}
	o.move(arrived, resultInitial)
	o.host.Firmware(lwm2m.FirmwareProgress{Step: lwm2m.FirmwareDownloaded})
}

// progress counts what has come and tells the host of each further percent.
type progress struct {
	host        lwm2m.Host
	size, taken int64
	percent     int
}

func (p *progress) add(n int) {
	p.taken += int64(n)
	if p.size <= 0 {
		return
	}
	if percent := int(min(100, p.taken*100/p.size)); percent > p.percent {
		p.percent = percent
		p.host.Firmware(lwm2m.FirmwareProgress{Step: lwm2m.FirmwareDownloading, Percent: percent})
	}
}

var (
	_ lwm2m.Object   = (*Object)(nil)
	_ lwm2m.Hosted   = (*Object)(nil)
	_ lwm2m.Checker  = (*Object)(nil)
	_ lwm2m.Writer   = (*Object)(nil)
	_ lwm2m.Executor = (*Object)(nil)
	_ lwm2m.Uploader = (*Object)(nil)
	_ io.Writer      = (*pulled)(nil)
)

func port(number int) string { return strconv.Itoa(number) }
