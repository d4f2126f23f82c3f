package lwm2m

import (
	"context"
	"fmt"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/module"
)

// Resources of objects 33625 and 33626.
const (
	assistanceData    = 6
	assistanceResult  = 7
	groundFixSendBack = 0
	groundFixResult   = 1
)

// Kinds of assistance (33625/0/0).
const (
	kindAGNSS = 0
	kindPGPS  = 1
)

// requests are those that the server answers by writing. Object 33625 serves two kinds of them, one at a time: the one that comes meanwhile
// waits for the other's result, the newest of its kind.
type requests struct {
	groundFix  ask
	assistance ask
	asked      group // of the assistance that runs
	kind       int64 // of it
	next       *group
	nextKind   int64
	located    group // of the ground fix that runs
}

// RequestLocation asks for the location by cells and access points, and for it to be written back.
func (b *Backend) RequestLocation(ctx context.Context, request data.LocationRequest, delivery module.Delivery) error {
	r, err := b.registered()
	if err != nil {
		return err
	}
	if !b.config.AskCell || !r.has(at(objectGroundFix, 0)) {
		return fmt.Errorf("lwm2m: %w: see LWM2M_CLIENT_UTILS_LOCATION_ASSIST_CELL and LWM2M_CLIENT_UTILS_GROUND_FIX_OBJ_SUPPORT", cloud.ErrUnsupported)
	}
	var g group
	var unset []lwm2m.Path
	store := r.client.Tree()
	g.set(at(objectGroundFix, 0), groundFixSendBack, lwm2m.Boolean(true))
	g.resources(at(objectGroundFix, 0), groundFixSendBack)
	if cell := request.Cell; cell != nil {
		g.cell(cell.ID, cell.MCC, cell.MNC, cell.AreaCode)
		g.set(at(objectConnMon, 0), 2, lwm2m.Integer(int64(cell.RSRP)))
		unset = append(unset, g.neighbours(cell.Neighbours, store.Children(lwm2m.NewPath(objectSignals)))...)
		g.resources(at(objectConnMon, 0), 8, 9, 10, 2, 12)
		g.report(lwm2m.NewPath(objectSignals))
	}
	if request.WiFi != nil {
		unset = append(unset, g.accessPoints(request.WiFi.AccessPoints, store.Children(lwm2m.NewPath(objectAccessPoints)))...)
		g.report(lwm2m.NewPath(objectAccessPoints))
	}
	r.clear(unset)
	r.mu.Lock()
	err = r.requests.groundFix.begin(time.Now())
	r.requests.located = g
	r.mu.Unlock()
	r.wakeAsking()
	if err != nil {
		return fmt.Errorf("lwm2m: location: %w", err)
	}
	if err := b.deliver(ctx, r, g, delivery); err != nil {
		r.mu.Lock()
		r.requests.groundFix.cancel()
		r.mu.Unlock()
		return err
	}
	return nil
}

// clear takes values away that no longer hold, so far as they may be missing.
func (r *running) clear(paths []lwm2m.Path) {
	for _, path := range paths {
		if definition, found := r.client.Tree().Definition(path.Object()); found {
			if resource, found := definition.Resource(path.Resource()); found && !resource.Mandatory {
				_ = r.client.Tree().Unset(path) // an optional resource that may be missing already
			}
		}
	}
}

// LocationAnswered is true: the server writes the location back.
func (b *Backend) LocationAnswered() bool { return true }

// RequestAGNSS asks for assistance data, which the server writes.
func (b *Backend) RequestAGNSS(ctx context.Context, request data.AGNSSRequest, delivery module.Delivery) error {
	if !b.config.AskAGNSS {
		return fmt.Errorf("lwm2m: %w: see LWM2M_CLIENT_UTILS_LOCATION_ASSIST_AGNSS", cloud.ErrUnsupported)
	}
	var mask uint64
	for _, each := range request.Types {
		if each >= 1 && each <= 32 {
			mask |= 1 << (each - 1)
		}
	}
	var g group
	to := at(objectGNSSAssist, 0)
	g.set(to, 0, lwm2m.Integer(kindAGNSS))
	g.set(to, 1, lwm2m.Unsigned(mask))
	g.resources(to, 0, 1)
	g.cell(request.CellID, request.MCC, request.MNC, request.AreaCode)
	g.resources(at(objectConnMon, 0), 8, 9, 10, 2, 12)
	if b.config.ElevationMask >= 0 {
		g.set(to, 8, lwm2m.Integer(int64(b.config.ElevationMask)))
		g.resources(to, 8)
	}
	return b.assist(ctx, kindAGNSS, g, delivery)
}

// RequestPGPS asks for predicted assistance data, which the server writes.
func (b *Backend) RequestPGPS(ctx context.Context, request data.PGPSRequest, delivery module.Delivery) error {
	var g group
	to := at(objectGNSSAssist, 0)
	g.set(to, 0, lwm2m.Integer(kindPGPS))
	g.set(to, 2, lwm2m.Integer(int64(request.Predictions)))
	g.set(to, 3, lwm2m.Integer(int64(request.Interval/time.Minute)))
	g.set(to, 5, lwm2m.Integer(int64(request.TimeOfDay/time.Second)))
	g.resources(to, 0, 2, 3, 5)
	if request.GPSDay != 0 {
		g.set(to, 4, lwm2m.Integer(int64(request.GPSDay)))
		g.resources(to, 4)
	}
	return b.assist(ctx, kindPGPS, g, delivery)
}

// assist sends a request for assistance, or keeps it until the other kind has its result.
func (b *Backend) assist(ctx context.Context, kind int64, g group, delivery module.Delivery) error {
	r, err := b.registered()
	if err != nil {
		return err
	}
	if !r.has(at(objectGNSSAssist, 0)) {
		return fmt.Errorf("lwm2m: %w: see LWM2M_CLIENT_UTILS_GNSS_ASSIST_OBJ_SUPPORT", cloud.ErrUnsupported)
	}
	r.mu.Lock()
	q := &r.requests
	if q.assistance.phase == phaseWaiting && q.kind != kind {
		q.next, q.nextKind = &g, kind
		r.mu.Unlock()
		b.acknowledge(delivery.ID)
		return nil
	}
	if err := q.assistance.begin(time.Now()); err != nil {
		r.mu.Unlock()
		return fmt.Errorf("lwm2m: assistance: %w", err)
	}
	q.asked, q.kind = g, kind
	r.mu.Unlock()
	r.wakeAsking()
	if err := b.deliver(ctx, r, g, delivery); err != nil {
		r.mu.Lock()
		q.assistance.cancel()
		r.mu.Unlock()
		return err
	}
	return nil
}

// assistanceWritten takes what the server has written to object 33625: data, then a result. They may come in one write.
func (b *Backend) assistanceWritten(r *running, values []lwm2m.Item) {
	for _, each := range values {
		switch each.Path.Resource() {
		case assistanceData:
			r.mu.Lock()
			kind := r.requests.kind
			r.mu.Unlock()
			if kind == kindPGPS {
				b.give(data.PGPSReceived{Payload: each.Value.Bytes()})
			} else {
				b.give(data.AGNSSReceived{Payload: each.Value.Bytes()})
			}
		case assistanceResult:
			r.mu.Lock()
			meant := r.requests.assistance.answered(time.Now(), resultCode(each.Value.Int()))
			r.mu.Unlock()
			r.wakeAsking()
			b.logger.Info("lwm2m: assistance", "result", each.Value.Int(), "asked", meant)
		}
	}
}

// groundFixWritten takes what the server has written to object 33626: the location, which goes to object 6 too, and a result.
func (b *Backend) groundFixWritten(r *running, values []lwm2m.Item) {
	var g group
	for _, each := range values {
		switch each.Path.Resource() {
		case 2:
			g.set(at(objectLocation, 0), 0, each.Value)
			g.set(at(objectLocation, 0), 5, lwm2m.Time(time.Now()))
		case 3:
			g.set(at(objectLocation, 0), 1, each.Value)
		case 4:
			g.set(at(objectLocation, 0), 3, each.Value)
		}
	}
	if err := r.set(g.values); err != nil {
		b.logger.Warn("lwm2m: the location cannot be kept", "error", err)
	}
	for _, each := range values {
		if each.Path.Resource() == groundFixResult {
			b.located(r, resultCode(each.Value.Int()))
		}
	}
}

// located ends a request for the location with the server's result.
func (b *Backend) located(r *running, code resultCode) {
	r.mu.Lock()
	meant := r.requests.groundFix.answered(time.Now(), code)
	r.mu.Unlock()
	r.wakeAsking()
	switch {
	case !meant:
	case code == resultOK:
		store := r.client.Tree()
		from := at(objectGroundFix, 0)
		latitude, hasLatitude := store.Get(from.Child(2))
		longitude, hasLongitude := store.Get(from.Child(3))
		accuracy, _ := store.Get(from.Child(4))
		if !hasLatitude || !hasLongitude {
			b.give(data.LocationFailed{Unknown: true})
			return
		}
		b.give(data.LocationFound{Latitude: latitude.Float(), Longitude: longitude.Float(), Accuracy: accuracy.Float()})
	case code != resultTemporary: // a temporary error is tried again by itself
		b.give(data.LocationFailed{})
	}
}

// keepAsking follows the requests' timers until ctx ends.
func (b *Backend) keepAsking(ctx context.Context, r *running) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-r.asking:
		}
		b.askOn(ctx, r)
		if next := r.askNext(); !next.IsZero() {
			timer.Reset(time.Until(next))
		}
	}
}

// askNext is when askOn has something to do next; zero: not before a request begins or has its result.
func (r *running) askNext() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.requests.groundFix.next
	if other := r.requests.assistance.next; next.IsZero() || !other.IsZero() && other.Before(next) {
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
	located, asked := q.located, q.asked
	if q.next != nil && q.assistance.phase == phaseIdle {
		q.asked, q.kind, q.next = *q.next, q.nextKind, nil
		if err := q.assistance.begin(now); err == nil {
			assistance, asked = stepSend, q.asked
		}
	}
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
