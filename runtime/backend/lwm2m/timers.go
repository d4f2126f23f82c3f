package lwm2m

import (
	"context"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/module"
)

// keepAsking follows the requests' timers until ctx ends.
func (b *Backend) keepAsking(ctx context.Context, r *running) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		var due <-chan time.Time
		if next := r.askNext(); !next.IsZero() {
			timer.Reset(time.Until(next))
			due = timer.C
		}
		select {
		case <-ctx.Done():
			return
		case <-due:
		case <-r.asking:
		}
		b.askOn(ctx, r)
	}
}

// askNext is when askOn has something to do next; zero: not before a request begins or has its result.
func (r *running) askNext() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.requests.groundFix.next
	if other := r.requests.assistance.ask.next; next.IsZero() || !other.IsZero() && other.Before(next) {
		next = other
	}
	return next
}

// wakeAsking has keepAsking look again.
func (r *running) wakeAsking() {
	select {
	case r.asking <- struct{}{}:
	default: // it will look anyway
	}
}

// askOn does what is due of the requests.
func (b *Backend) askOn(ctx context.Context, r *running) {
	now := time.Now()
	r.mu.Lock()
	q := &r.requests
	fix, assistance := q.groundFix.tick(now), q.assistance.tick(now)
	if q.next != nil && q.assistance.phase != phaseWaiting {
		if err := q.assistance.begin(now); err == nil {
			q.assistance.group, q.kind = *q.next, kindPGPS-q.kind
			assistance = stepSend
			q.next = nil
		} else if q.assistance.phase == phaseBlocked {
			q.next = nil
		}
	}
	located, asked := q.groundFix.group, q.assistance.group
	r.mu.Unlock()
	b.proceed(ctx, r, fix, located, lwm2m.NewPath(objectGroundFix, 0, groundFixResult))
	b.proceed(ctx, r, assistance, asked, lwm2m.NewPath(objectGNSSAssist, 0, assistanceResult))
	if fix == stepGiveUp {
		b.give(data.LocationFailed{})
	}
}

// proceed does one step of a request.
func (b *Backend) proceed(ctx context.Context, r *running, what step, g group, result lwm2m.Path) {
	var err error
	switch what {
	case stepSend:
		err = b.deliver(ctx, r, g, module.Delivery{})
	case stepUpdate:
		r.client.Update()
	case stepGiveUp:
		err = r.client.Tree().Set(lwm2m.Item{Path: result, Value: lwm2m.Integer(int64(resultNoAnswer))})
	}
	if err != nil {
		b.logger.Warn("lwm2m: a request to the server", "path", result.Up(lwm2m.LevelInstance).String(), "error", err)
	}
}
