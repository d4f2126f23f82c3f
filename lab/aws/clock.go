package aws

import (
	"errors"
	"sync"
	"time"
)

// Clock is the lab's own: the machine's, which can be moved ahead. Everything that lasts long by it (job timeouts, sessions, certificates,
// presigned URLs) can be tried in a moment.
type Clock struct {
	base func() time.Time

	mu    sync.Mutex
	ahead time.Duration
	moved func() // told of each Advance; nil: nobody
}

// NewClock makes a clock on base, which may be nil for time.Now.
func NewClock(base func() time.Time) *Clock {
	if base == nil {
		base = time.Now
	}
	return &Clock{base: base}
}

// take has the clock begin ahead, and tell when it is moved.
func (c *Clock) take(ahead time.Duration, moved func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead, c.moved = ahead, moved
}

// Now gives the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base().Add(c.ahead)
}

// Ahead gives how far the clock is ahead of the machine's.
func (c *Clock) Ahead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ahead
}

// longestAhead is about 100 years.
const longestAhead = 100 * 366 * 24 * time.Hour

// Advance moves the clock ahead. It cannot go back: nothing that has happened can be taken back.
func (c *Clock) Advance(d time.Duration) error {
	c.mu.Lock()
	if d < 0 || c.ahead+d > longestAhead {
		c.mu.Unlock()
		return errors.New("the clock can only be moved ahead, and at most 100 years in all")
	}
	c.ahead += d
	moved := c.moved
	c.mu.Unlock()
	if moved != nil {
		moved()
	}
	return nil
}
