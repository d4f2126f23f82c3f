package lwm2m

import (
	"context"
	"time"

	"github.com/cloudgen/cloudgen/runtime/modem"
)

// modemLimit is how long a modem may take to answer.
const modemLimit = 2 * time.Second

// watchModem fills object 3 once, before the first samples do, and keeps object 4 as the modem says until ctx ends; each where it is asked for and
// the modem can tell.
func (b *Backend) watchModem(ctx context.Context, r *running) {
	if identifier, can := b.device.Modem.(modem.Identifier); can && b.config.DeviceAtStart {
		b.fillDevice(ctx, r, identifier)
	}
	radio, can := b.device.Modem.(modem.Radio)
	if !can || !b.config.FollowModem {
		return
	}
	ticker := time.NewTicker(max(b.config.ModemPause, time.Second))
	defer ticker.Stop()
	for {
		b.fillNetwork(ctx, r, radio)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (b *Backend) fillDevice(ctx context.Context, r *running, identifier modem.Identifier) {
	ctx, cancel := context.WithTimeout(ctx, modemLimit)
	defer cancel()
	device, err := identifier.Identity(ctx)
	if err != nil {
		b.logger.Warn("lwm2m: the device's identity cannot be read", "error", err)
		return
	}
	device.Version = b.device.Version
	var g group
	g.device(device, b.config.Manufacturer)
	if err := r.set(g); err != nil {
		b.logger.Warn("lwm2m: object 3 cannot be filled", "error", err)
	}
}

func (b *Backend) fillNetwork(ctx context.Context, r *running, radio modem.Radio) {
	ctx, cancel := context.WithTimeout(ctx, modemLimit)
	defer cancel()
	network, err := radio.Network(ctx)
	if err != nil {
		return // without a network there is nothing new
	}
	var g group
	g.network(network)
	if err := r.set(g); err != nil {
		b.logger.Warn("lwm2m: object 4 cannot be filled", "error", err)
	}
}
