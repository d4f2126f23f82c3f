package coap

import (
	"math/bits"
	"time"
)

// Transmission parameters of RFC 7252, 4.8.2, that no option changes. They hold for the default timing; a slower one only makes the peer
// remember for longer than we need.
const (
	exchangeLifetime = 247 * time.Second // from the first copy of a confirmable message to the last thing that can belong to it
	nonLifetime      = 145 * time.Second // the same for a non-confirmable one
	maxWait          = 24 * time.Hour    // no single wait for an acknowledgement is longer, however the options are set
)

// Config is what the options say about an endpoint. The zero value of a field means its default. The tagged fields are the parameters of
// RFC 7252, 4.8.
type Config struct {
	AckTimeout          time.Duration `kconfig:"COAP_INIT_ACK_TIMEOUT_MS,unit=ms"` // 2 s
	RandomizeAckTimeout bool          `kconfig:"COAP_RANDOMIZE_ACK_TIMEOUT"`       // draw the first wait from AckTimeout to AckTimeout*AckRandomPercent/100
	AckRandomPercent    int           `kconfig:"COAP_ACK_RANDOM_PERCENT"`          // 100 to 10000; 150
	MaxRetransmit       int           `kconfig:"COAP_MAX_RETRANSMIT"`              // 1 to 100; 4
	BackoffPercent      int           `kconfig:"COAP_BACKOFF_PERCENT"`             // each further wait in percent of the one before, 100 to 10000; 200

	// BlockTransfer lets Do send a request body in blocks (RFC 7959). Without it, a request longer than MaxMessage is an error. Bodies
	// that the peer sends, and responses, are taken and sent in blocks in any case: the peer has no other way to get them across.
	BlockTransfer bool
	BlockSize     int // bytes of a block that we send, and that we ask the peer for: a power of two from 16 to 1024; 512
	MaxMessage    int // bytes of a whole CoAP message that we send, without DTLS, UDP and IP; 1280. What is longer goes in blocks

	MaxBody           int // bytes of a body that is put together in memory, in either direction; 65536. More: 4.13, or an error of Do
	MaxIncomingBodies int // request bodies of the peer that arrive in blocks at the same time; 3. More: 5.03
	MaxOutgoingBodies int // response bodies that are kept for the peer to fetch block by block; 3. More: the one unused for longest goes
	MaxQueue          int // requests of ours under way, and as many confirmable notifications that wait; 32. More: ErrQueueFull, NotifyDropped

	// Critical are further critical options (odd numbers) that the handler understands, as IfMatch. A request with any other one that this
	// package does not know is answered 4.02 without the handler.
	Critical []OptionID
}

// Check tells whether the values are in their ranges. NewConn brings values that are not to the nearest that are.
func (c Config) Check() error {
	c = c.withDefaults()
	for _, each := range []struct {
		name            string
		value, min, max int
	}{
		{"COAP_INIT_ACK_TIMEOUT_MS", int(c.AckTimeout / time.Millisecond), 1, int(maxWait / time.Millisecond)},
		{"COAP_ACK_RANDOM_PERCENT", c.AckRandomPercent, 100, 10000},
		{"COAP_MAX_RETRANSMIT", c.MaxRetransmit, 1, 100},
		{"COAP_BACKOFF_PERCENT", c.BackoffPercent, 100, 10000},
		{"the size of a block", c.BlockSize, 16, 1024},
		{"the size of a message", c.MaxMessage, minMessage, maxDatagram},
		{"the size of a body", c.MaxBody, c.BlockSize, 1 << 30},
		{"the number of incoming bodies", c.MaxIncomingBodies, 1, 1 << 16},
		{"the number of outgoing bodies", c.MaxOutgoingBodies, 1, 1 << 16},
		{"the number of messages under way", c.MaxQueue, 1, 1 << 16},
	} {
		if each.value < each.min || each.value > each.max {
			return errorf("%s is %d: %d to %d are possible", each.name, each.value, each.min, each.max)
		}
	}
	if bits.OnesCount(uint(c.BlockSize)) != 1 {
		return errorf("the size of a block is %d bytes: it is a power of two, 16, 32, 64, 128, 256, 512 or 1024 (RFC 7959, 2.2)", c.BlockSize)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.AckTimeout == 0 {
		c.AckTimeout = 2 * time.Second
	}
	for _, each := range [...]struct {
		field *int
		value int
	}{
		{&c.AckRandomPercent, 150}, {&c.MaxRetransmit, 4}, {&c.BackoffPercent, 200}, {&c.BlockSize, 512}, {&c.MaxMessage, 1280},
		{&c.MaxBody, 64 << 10}, {&c.MaxIncomingBodies, 3}, {&c.MaxOutgoingBodies, 3}, {&c.MaxQueue, 32},
	} {
		if *each.field == 0 {
			*each.field = each.value
		}
	}
	return c
}

// complete gives the values to work with: defaults filled in, all in range.
func (c Config) complete() Config {
	c = c.withDefaults()
	c.AckTimeout = min(max(c.AckTimeout, time.Millisecond), maxWait)
	c.AckRandomPercent = min(max(c.AckRandomPercent, 100), 10000)
	c.MaxRetransmit = min(max(c.MaxRetransmit, 1), 100)
	c.BackoffPercent = min(max(c.BackoffPercent, 100), 10000)
	c.BlockSize = 1 << (bits.Len(uint(min(max(c.BlockSize, 16), 1024))) - 1)
	c.MaxMessage = min(max(c.MaxMessage, minMessage), maxDatagram)
	c.MaxBody = max(c.MaxBody, c.BlockSize)
	c.MaxIncomingBodies = max(c.MaxIncomingBodies, 1)
	c.MaxOutgoingBodies = max(c.MaxOutgoingBodies, 1)
	c.MaxQueue = max(c.MaxQueue, 1)
	return c
}
