package aws

import (
	"context"
	"slices"
	"time"
)

// due is something that waits for a time.
type due struct {
	at time.Time
	do func() // called without locks
}

// later has something done at a time by the lab's clock. The lock is held.
func (c *Cloud) later(at time.Time, do func()) {
	i, _ := slices.BinarySearchFunc(c.waiting, at, func(d due, at time.Time) int {
		if d.at.After(at) {
			return 1
		}
		return -1 // after those of the same time
	})
	c.waiting = slices.Insert(c.waiting, i, due{at: at, do: do})
	c.wakeUp()
}

// wakeUp has the schedule looked at again.
func (c *Cloud) wakeUp() {
	select {
	case c.wake <- struct{}{}:
	default: // it is awake already
	}
}

// longestSleep bounds how late the schedule notices that the machine's clock was set.
const longestSleep = time.Minute

// keepTime does what is due, and sleeps in between: the only goroutine of the services.
func (c *Cloud) keepTime(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-c.wake:
		}
		timer.Reset(c.doDue())
	}
}

// doDue does what is due and gives how long to sleep.
func (c *Cloud) doDue() time.Duration {
	now := c.clock.Now()
	c.mu.Lock()
	ready := 0
	for ready < len(c.waiting) && !c.waiting[ready].at.After(now) {
		ready++
	}
	due := slices.Clone(c.waiting[:ready])
	c.waiting = slices.Delete(c.waiting, 0, ready)
	if at, ok := c.jobs.NextDue(); ok && !at.After(now) {
		c.deliver("", c.jobs.Tick(now))
	}
	sleep := longestSleep
	if len(c.waiting) > 0 {
		sleep = min(sleep, c.waiting[0].at.Sub(now))
	}
	if at, ok := c.jobs.NextDue(); ok {
		sleep = min(sleep, at.Sub(now))
	}
	c.mu.Unlock()
	for _, d := range due {
		d.do()
	}
	return max(sleep, time.Millisecond)
}
