package tracker

import (
	"context"
	"errors"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
)

// send hands over what there is: the request for the location, the newest sample of each kind, the rest in one batch (reference 4.6, 6.7). A sample leaves
// its buffer when the module has taken it, or when samples of its kind are not held back.
func (a *App) send(ctx context.Context, to Cloud) {
	a.deliver(ctx, to)
	a.networks.settle()
	a.fixes.settle()
	a.environments.settle()
	a.batteries.settle()
}

func (a *App) deliver(ctx context.Context, to Cloud) {
	if !a.connected {
		return
	}
	if now := time.Now(); a.options.TimeValid(now) {
		a.setTimes(now)
	} else {
		a.logger.Warn("nothing is sent while the clock is not set", "now", now)
		return
	}
	a.reportConfiguration(ctx, to, a.Configuration())
	if a.sendLocationRequest(ctx, to) && a.sendNewest(ctx, to) {
		a.sendRest(ctx, to)
	}
}

// sendNewest tells whether it makes sense to go on.
func (a *App) sendNewest(ctx context.Context, to Cloud) bool {
	update := data.Update{Network: a.networks.newest(), Fix: a.fixes.newest(), Environment: a.environments.newest(), Battery: a.batteries.newest()}
	if !a.deviceSent {
		update.Device = a.device
	}
	if a.noReports || update == (data.Update{}) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := to.Report(ctx, update)
	if errors.Is(err, cloud.ErrUnsupported) {
		a.noReports = true
		return true
	}
	if err != nil {
		a.logger.Warn("samples could not be sent yet", "error", err)
		return false
	}
	a.deviceSent = a.deviceSent || update.Device != nil
	a.networks.dropNewest()
	a.fixes.dropNewest()
	a.environments.dropNewest()
	a.batteries.dropNewest()
	return true
}

func (a *App) sendRest(ctx context.Context, to Cloud) {
	if a.noBatches || len(a.networks.samples)+len(a.fixes.samples)+len(a.environments.samples)+len(a.batteries.samples) == 0 {
		return
	}
	batch := data.Batch{Network: a.networks.samples, Fix: a.fixes.samples, Environment: a.environments.samples, Battery: a.batteries.samples}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := to.ReportBatch(ctx, batch)
	if errors.Is(err, cloud.ErrUnsupported) {
		a.noBatches = true
		return
	}
	if err != nil {
		a.logger.Warn("held back samples could not be sent yet", "error", err)
		return
	}
	a.networks.clear() // the batch owns the samples now: the buffers begin anew
	a.fixes.clear()
	a.environments.clear()
	a.batteries.clear()
}

// setTimes gives samples that were taken before the clock was set the times that it would have shown. The monotonic clock, which is not
// set, tells how long ago they were taken.
func (a *App) setTimes(now time.Time) {
	set := func(taken *time.Time) {
		if !a.options.TimeValid(*taken) {
			*taken = now.Add(-now.Sub(*taken))
		}
	}
	if a.device != nil {
		set(&a.device.Taken)
	}
	for i := range a.networks.samples {
		set(&a.networks.samples[i].Taken)
	}
	for i := range a.fixes.samples {
		set(&a.fixes.samples[i].Taken)
	}
	if r := a.locationRequest; r != nil && r.Cell != nil {
		set(&r.Cell.Taken)
	}
	if r := a.locationRequest; r != nil && r.WiFi != nil {
		set(&r.WiFi.Taken)
	}
	for i := range a.environments.samples {
		set(&a.environments.samples[i].Taken)
	}
	for i := range a.batteries.samples {
		set(&a.batteries.samples[i].Taken)
	}
}
