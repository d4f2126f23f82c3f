package lwm2m

import (
	"context"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/module"
)

// RequestConfig is not possible: the server writes the configuration when it wants to.
func (b *Backend) RequestConfig(context.Context) error {
	return errorf("lwm2m: %w: the server writes the configuration by itself", cloud.ErrUnsupported)
}

// ReportConfig puts the configuration into object 50009, where the server reads or observes it. Nothing is sent by it.
func (b *Backend) ReportConfig(_ context.Context, configuration data.Configuration, delivery module.Delivery) error {
	r, err := b.registered()
	if err != nil {
		return err
	}
	b.mu.Lock()
	b.configuration = configuration
	b.mu.Unlock()
	var g group
	g.configuration(configuration)
	if err := r.set(g); err != nil {
		return errorf("lwm2m: %w", err)
	}
	b.acknowledge(delivery.ID)
	return nil
}

// configurationWritten hands over what the server has written to object 50009. The application reports what it made of it, which puts a refused
// value right again.
func (b *Backend) configurationWritten(written []lwm2m.Item) {
	b.mu.Lock()
	now := b.configuration
	b.mu.Unlock()
	b.give(data.ConfigReceived{Change: change(written, now)})
}
