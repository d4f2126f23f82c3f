package client

import (
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
)

// configuration gives the accounts that objects 0 and 1 hold, as far as the client can use them.
func (c *Client) configuration() registration.Configuration {
	var configuration registration.Configuration
	var bootstrap *security.Account
	instances := map[uint16]uint16{} // of object 0, by short server id
	for _, id := range c.security.Instances() {
		account := c.security.Account(id)
		if err := c.checkAccount(&account); err != nil {
			c.logger.Debug("lwm2m: an account is of no use", "instance", id, "reason", err)
			continue
		}
		if account.Bootstrap {
			bootstrap = &account
			configuration.Bootstrap = &registration.Bootstrap{Security: id, HoldOff: account.HoldOff}
			continue
		}
		if _, twice := instances[account.SSID]; !twice {
			instances[account.SSID] = id
		}
	}
	var bootstrapped time.Time
	for _, id := range c.server.Instances() {
		account := c.server.Account(id)
		if account.LastBootstrapped.After(bootstrapped) {
			bootstrapped = account.LastBootstrapped
		}
		instance, found := instances[account.SSID]
		if !found {
			continue
		}
		configuration.Accounts = append(configuration.Accounts, registration.Account{
			SSID: account.SSID, Security: instance, Server: id, Lifetime: account.Lifetime, Binding: account.Binding,
			DisableTimeout: account.DisableTimeout, Priority: account.PriorityOrder, InitialDelay: account.InitialDelay,
			FailureBlock: account.FailureBlock, BootstrapOnFailure: account.BootstrapOnFailure,
			Retry: registration.Retry{
				Count: account.RetryCount, Timer: account.RetryTimer, SequenceDelay: account.SequenceDelay, Sequences: account.SequenceCount,
			},
		})
	}
	if bootstrap != nil && bootstrap.AccountTimeout > 0 && !bootstrapped.IsZero() {
		configuration.Bootstrap.Expires = bootstrapped.Add(bootstrap.AccountTimeout)
	}
	return configuration
}

// completeServers gives the instances of object 1 what the bootstrap server has left out.
func (c *Client) completeServers(at time.Time) {
	for _, id := range c.server.Instances() {
		err := c.server.Complete(id)
		if err == nil {
			err = c.server.SetBootstrapped(id, at)
		}
		if err == nil {
			err = c.server.ClearAlert(id)
		}
		if err != nil {
			c.logger.Error("lwm2m: an instance of object 1 stays incomplete", "instance", id, "error", err)
		}
	}
}
