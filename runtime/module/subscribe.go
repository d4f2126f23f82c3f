package module

import "github.com/cloudgen/cloudgen/runtime/cloud"

// Subscribe takes messages of further endpoints, which come to OnCommand: now, if there is a connection, and with each later one. While it
// tells the cloud it may wait as long as an attempt to connect may take; it must not be called from Options.OnEvent.
func (m *Module) Subscribe(endpoints ...cloud.Endpoint) error {
	return m.backend.SubscriptionsAdd(endpoints)
}

// Unsubscribe ends what Subscribe began.
func (m *Module) Unsubscribe(endpoints ...cloud.Endpoint) error {
	return m.backend.SubscriptionsRemove(endpoints)
}

// ID is the id that the cloud knows this device by. It is known from the first attempt to connect on.
func (m *Module) ID() (string, error) {
	return m.backend.ID()
}
