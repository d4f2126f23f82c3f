package lwm2m

import (
	"context"
	"errors"
	"slices"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/module"
)

// Report sets the objects of the newest samples and sends them. It returns when the server has taken them.
func (b *Backend) Report(ctx context.Context, update data.Update, delivery module.Delivery) error {
	r, err := b.registered()
	if err != nil {
		return err
	}
	var g group
	if update.Fix != nil {
		g.fix(*update.Fix)
	}
	if update.Network != nil {
		g.network(*update.Network)
	}
	if update.Device != nil {
		g.device(*update.Device, b.config.Manufacturer)
	}
	if update.Battery != nil {
		g.battery(*update.Battery)
	}
	if update.Environment != nil {
		g.environment(*update.Environment, r.client.Tree())
	}
	return b.deliver(ctx, r, g, delivery)
}

// Alert sends a press of a button. The same press, handed over once more because it was not delivered, is counted once. Object 3347 has no word
// for an impact, nor has another object of the build.
func (b *Backend) Alert(ctx context.Context, alert data.Alert, delivery module.Delivery) error {
	button := alert.Button
	if button == nil {
		return errorf("lwm2m: %w: there is no object for impacts", cloud.ErrUnsupported)
	}
	r, err := b.registered()
	if err != nil {
		return err
	}
	if button.Number < 1 || button.Number > lwm2m.MaxID || !r.has(lwm2m.NewPath(objectButton, uint16(button.Number-1))) {
		return errorf("lwm2m: %w: there is no button %d, see LWM2M_IPSO_PUSH_BUTTON", cloud.ErrUnsupported, button.Number)
	}
	instance := uint16(button.Number - 1)
	at := lwm2m.NewPath(objectButton, instance)
	presses, _ := r.client.Tree().Get(at.Child(buttonCount))
	count := presses.Int()
	r.mu.Lock()
	if button.Taken.IsZero() || !r.pressed[at].Equal(button.Taken) {
		count++
		r.pressed[at] = button.Taken
	}
	r.mu.Unlock()
	var g group
	g.press(instance, int(count), button.Taken)
	err = b.deliver(ctx, r, g, delivery)
	return errors.Join(err, r.client.Tree().Set(lwm2m.Item{Path: at.Child(buttonState), Value: lwm2m.Boolean(false)}))
}

// deliver sets the values of a group and sends its paths, as many at a time as the options allow. What the client has no object for is left
// out; a group of which nothing is left is not supported by this build.
func (b *Backend) deliver(ctx context.Context, r *running, g group, delivery module.Delivery) error {
	g = r.possible(g)
	if len(g.send) == 0 {
		return errorf("lwm2m: %w: this build has no object for it", cloud.ErrUnsupported)
	}
	if err := r.client.Tree().Set(g.values...); err != nil {
		return errorf("lwm2m: %w", err)
	}
	for part := range slices.Chunk(g.send, b.config.Client.MaxCompositePaths) {
		if err := r.client.Send(ctx, part...); err != nil {
			return sendError(err)
		}
	}
	b.acknowledge(delivery.ID)
	return nil
}

// sendError gives an error of Send its meaning for the module. What is muted is not tried again: the values are set, and a server that wants no
// Send observes them.
func sendError(err error) error {
	switch {
	case errors.Is(err, client.ErrNotRegistered) || errors.Is(err, client.ErrClosed):
		return errorf("lwm2m: %w: %w", cloud.ErrNotConnected, err)
	case errors.Is(err, client.ErrMuted):
		return errorf("lwm2m: %w: %w", cloud.ErrUnsupported, err)
	}
	return errorf("lwm2m: %w", err)
}

// acknowledge tells that the server has a message.
func (b *Backend) acknowledge(id uint16) {
	if id == 0 {
		return
	}
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventDataSent, Message: cloud.Message{ID: id}})
	b.give(data.Acknowledged{ID: id})
}
