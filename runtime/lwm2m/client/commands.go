package client

import (
	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
)

// commands are what a server executes on object 1. Its methods are called in the connection's goroutine, once the answer was sent.
type commands struct{ client *Client }

func (o *commands) CanBootstrap() bool {
	c := o.client
	if !c.config.Bootstrap {
		return false
	}
	for _, id := range c.security.Instances() {
		if account := c.security.Account(id); account.Bootstrap && c.checkAccount(&account) == nil {
			return true
		}
	}
	return false
}

func (o *commands) Bootstrap(uint16) {
	o.client.post(func() { o.client.step(registration.BootstrapRequested{}) })
}

func (o *commands) Update(uint16) { o.client.Update() }

func (o *commands) Disable(uint16) {
	o.client.post(func() { o.client.step(registration.DisableRequested{}) })
}
