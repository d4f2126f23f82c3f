package lwm2m

import (
	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// program is what the client's objects ask of the firmware.
type program struct {
	backend *Backend
	state   *durable.Folder
	folder  string
}

// Load implements client.Program.
func (p *program) Load(name string) ([]byte, error) { return p.state.Read(name) }

// Save implements client.Program.
func (p *program) Save(name string, content []byte) error { return p.state.Write(name, content) }

// Folder implements client.Program.
func (p *program) Folder() string { return p.folder }

// Restart implements client.Program: the module ends, and the firmware starts again. The only object that asks for it is that of firmware updates.
func (p *program) Restart(reason string) {
	p.backend.logger.Info("lwm2m: restart", "reason", reason)
	p.backend.NotifyEvent(p.backend, cloud.Event{Type: cloud.EventFOTADone})
}

// Firmware implements client.Program.
func (p *program) Firmware(progress lwm2m.FirmwareProgress) {
	notify := p.backend.NotifyEvent
	switch progress.Step {
	case lwm2m.FirmwareStarted:
		notify(p.backend, cloud.Event{Type: cloud.EventFOTAStart})
	case lwm2m.FirmwareDownloading:
		notify(p.backend, cloud.Event{Type: cloud.EventFOTADLProgress, FOTAProgress: progress.Percent})
	case lwm2m.FirmwareFailed:
		notify(p.backend, cloud.Event{Type: cloud.EventFOTAError, Err: progress.Err})
	}
}

// follow has the backend follow what the server does to objects.
func (b *Backend) follow(r *running) {
	r.client.OnExecute(lwm2m.NewPath(objectDevice, 0, 4), func([]lwm2m.Argument) { b.give(data.RebootRequested{}) })
	for _, each := range []struct {
		below   lwm2m.Path
		written func(values []lwm2m.Item)
	}{
		{lwm2m.NewPath(objectConfiguration), b.configurationWritten},
		{lwm2m.NewPath(objectGNSSAssist), func(values []lwm2m.Item) { b.assistanceWritten(r, values) }},
		{lwm2m.NewPath(objectGroundFix), func(values []lwm2m.Item) { b.groundFixWritten(r, values) }},
		{lwm2m.Path{}, b.written},
	} {
		r.client.OnWritten(each.below, each.written)
	}
}
