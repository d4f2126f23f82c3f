package module

import (
	"log/slog"

	"github.com/cloudgen/cloudgen/runtime/fota"
)

// openTargets gives the targets of new firmware what they need of the device.
func (m *Module) openTargets() {
	host := fota.Host{DataDir: m.options.DataDir, Modem: m.options.Modem, Logger: m.logger}
	for _, each := range m.config.Targets {
		if err := each.Open(host); err != nil {
			m.logger.Error("there will be no updates of one kind", slog.Any("error", err))
		}
	}
}

// applyUpdates installs what waits for the firmware to install it. The modem is still off.
func (w *workers) applyUpdates() {
	for _, each := range w.module.config.Targets {
		target, is := each.(fota.Applier)
		if !is {
			continue
		}
		var err error
		w.call("Apply of an update", func() { err = target.Apply(w.context) })
		if err != nil {
			w.module.logger.Error("an update was not applied", slog.Any("error", err))
		}
	}
}

// settle has updates confirmed and reported, unless that is due already.
func (w *workers) settle() {
	select {
	case w.usable <- struct{}{}:
	default:
	}
}

// settleUpdates makes the firmware that runs the one that stays, for it has reached the cloud, and lets the backend tell so.
func (w *workers) settleUpdates() {
	for _, each := range w.module.config.Targets {
		target, is := each.(fota.Confirmer)
		if !is {
			continue
		}
		if err := target.Confirm(); err != nil {
			w.module.logger.Error("the running firmware cannot be confirmed", slog.Any("error", err))
		}
	}
	if reporter, is := w.module.backend.(UpdateReporter); is {
		w.call("ReportUpdates of the backend", func() { reporter.ReportUpdates(w.context) })
	}
}
