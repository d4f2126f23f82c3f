package client

import "sync"

// inbox is what others give the owner to do.
type inbox struct {
	wake chan struct{}

	mu    sync.Mutex
	work  []func()
	ended bool
}

// post adds work; false when the owner has ended.
func (c *Client) post(work func()) bool {
	b := &c.inbox
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return false
	}
	b.work = append(b.work, work)
	b.signal()
	return true
}

// poke makes the owner look whether something is due.
func (c *Client) poke() { c.inbox.signal() }

func (b *inbox) signal() {
	select {
	case b.wake <- struct{}{}:
	default: // it will look anyway
	}
}

func (b *inbox) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
}

func (b *inbox) take() []func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	work := b.work
	b.work = nil
	return work
}

// drain does all there is to do.
func (c *Client) drain() {
	for work := c.inbox.take(); len(work) > 0; work = c.inbox.take() {
		for _, each := range work {
			each()
		}
	}
}
