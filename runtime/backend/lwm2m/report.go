package lwm2m

import (
	"context"
	"errors"
	"fmt"
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
	if update.Device != nil {
		g.device(*update.Device, b.config.Manufacturer)
	}
	if update.Network != nil {
		g.network(*update.Network)
	}
	if update.Fix != nil {
		g.fix(*update.Fix)
	}
	if update.Environment != nil {
		g.environment(*update.Environment, r.client.Tree())
	}
	if update.Battery != nil {
		g.battery(*update.Battery)
	}
	return b.deliver(ctx, r, g, delivery)
}

// Alert sends a press of a button. Object 3347 has no word for an impact, nor has another object of the build.
func (b *Backend) Alert(ctx context.Context, alert data.Alert, delivery module.Delivery) error {
	if alert.Button == nil {
		return fmt.Errorf("lwm2m: %w: there is no object for impacts", cloud.ErrUnsupported)
	}
	r, err := b.registered()
	if err != nil {
		return err
	}
	if !r.has(at(objectButton, uint16(max(0, alert.Button.Number-1)))) {
		return fmt.Errorf("lwm2m: %w: there is no button %d, see LWM2M_IPSO_PUSH_BUTTON", cloud.ErrUnsupported, alert.Button.Number)
	}
	presses, _ := r.client.Tree().Get(at(objectButton, uint16(max(0, alert.Button.Number-1))).Child(5501))
	var pressed, released group
	pressed.buttonPressed(*alert.Button, presses.Int()+1)
	released.buttonReleased(*alert.Button)
	err = b.deliver(ctx, r, pressed, delivery)
	return errors.Join(err, r.set(released.values))
}

// deliver sets the values of a group and sends its paths, as many at a time as the options allow. What the client has no object for is left
// out; a group of which nothing is left is not supported by this build.
func (b *Backend) deliver(ctx context.Context, r *running, g group, delivery module.Delivery) error {
	if err := r.set(g.values); err != nil {
		return fmt.Errorf("lwm2m: %w", err)
	}
	paths := slices.DeleteFunc(g.send, func(path lwm2m.Path) bool { return !r.has(path) })
	if len(paths) == 0 {
		return fmt.Errorf("lwm2m: %w: this build has no object for it", cloud.ErrUnsupported)
	}
	for part := range slices.Chunk(paths, b.config.Client.MaxCompositePaths) {
		if err := r.client.Send(ctx, part...); err != nil {
			return sendError(err)
		}
	}
	b.acknowledge(delivery.ID)
	return nil
}

func sendError(err error) error {
	if errors.Is(err, client.ErrNotRegistered) || errors.Is(err, client.ErrClosed) {
		return fmt.Errorf("lwm2m: %w: %w", cloud.ErrNotConnected, err)
	}
	return fmt.Errorf("lwm2m: %w", err)
}

// acknowledge tells that the server has a message.
func (b *Backend) acknowledge(id uint16) {
	if id == 0 {
		return
	}
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventDataSent, Message: cloud.Message{ID: id}})
	b.give(data.Acknowledged{ID: id})
}

// set sets those values for which the client has an object with such a resource.
func (r *running) set(values []lwm2m.Item) error {
	return r.client.Tree().Set(slices.DeleteFunc(values, func(item lwm2m.Item) bool { return !r.has(item.Path) })...)
}

// has tells whether the client has the object, the instance and, by its definition, the resource of a path.
func (r *running) has(path lwm2m.Path) bool {
	definition, found := r.client.Tree().Definition(path.Object())
	if !found {
		return false
	}
	if path.Level() >= lwm2m.LevelInstance && !slices.Contains(r.client.Tree().Children(path.Up(lwm2m.LevelObject)), path.Instance()) {
		return false
	}
	if path.Level() >= lwm2m.LevelResource {
		_, found = definition.Resource(path.Resource())
	}
	return found
}
