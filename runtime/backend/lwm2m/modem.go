package lwm2m

import (
	"context"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

// modemLimit is how long a modem may take to answer.
const modemLimit = 2 * time.Second

// fillDevice fills object 3 before the first samples do, where that is asked for and the modem can tell.
func (b *Backend) fillDevice(ctx context.Context, r *running) {
	identifier, can := b.device.Modem.(modem.Identifier)
	if !b.config.DeviceAtStart || !can {
		return
	}
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
	if err := r.set(g.values); err != nil {
		b.logger.Warn("lwm2m: object 3 cannot be filled", "error", err)
	}
}

// followModem keeps object 4 as the modem says, while there is a registration, until ctx ends.
func (b *Backend) followModem(ctx context.Context, r *running) {
	radio, can := b.device.Modem.(modem.Radio)
	if !can {
		return
	}
	ticker := time.NewTicker(max(b.config.ModemPause, time.Second))
	defer ticker.Stop()
	for {
		b.lookAtModem(ctx, r, radio)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (b *Backend) lookAtModem(ctx context.Context, r *running, radio modem.Radio) {
	ctx, cancel := context.WithTimeout(ctx, modemLimit)
	defer cancel()
	network, err := radio.Network(ctx)
	if err != nil {
		return // without a network there is nothing new
	}
	b.fillNetwork(r, network)
}

func (b *Backend) fillNetwork(r *running, network data.Network) {
	var g group
	g.network(network)
	if err := r.set(g.values); err != nil {
		b.logger.Warn("lwm2m: object 4 cannot be filled", "error", err)
	}
}
