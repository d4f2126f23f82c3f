package aws

import "time"

// ShortenKeepAlive lets clients have a keep-alive of a second, so that tests need not wait for 45.
func (c *Cloud) ShortenKeepAlive() { c.policy.keepAlive = 1 }

// Hurry bounds the time for handshake and CONNECT.
func (c *Config) Hurry(d time.Duration) { c.connecting = d }
