package lwm2m

import (
	"context"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/module"
)

// Resources of objects 33625 and 33626.
const (
	assistanceKind      = 0
	assistanceData      = 6
	assistanceResult    = 7
	assistanceElevation = 8

	groundFixSendBack  = 0
	groundFixResult    = 1
	groundFixLatitude  = 2
	groundFixLongitude = 3
	groundFixAccuracy  = 4
)

// Kinds of assistance (33625/0/0).
const (
	kindAGNSS = 0
	kindPGPS  = 1
)

// requests are those that the server answers by writing. Object 33625 serves two kinds of them, one at a time: the one that comes meanwhile
// waits for the other's result, the newest of its kind.
type requests struct {
	groundFix  inquiry
	assistance inquiry
	kind       int    // of the assistance that was asked for last
	next       *group // that waits
}

// inquiry is a request, with what is sent for it and, of a ground fix, what the server has written since, by resource.
type inquiry struct {
	ask
	group
	answer [groundFixAccuracy + 1]lwm2m.Value
}

// RequestLocation asks for the location by cells and access points, and for it to be written back.
func (b *Backend) RequestLocation(ctx context.Context, request data.LocationRequest, delivery module.Delivery) error {
	r, err := b.registered()
	if err != nil {
		return err
	}
	from := lwm2m.NewPath(objectGroundFix, 0)
	cells := request.Cell != nil && b.config.AskCell
	points := request.WiFi != nil && r.has(lwm2m.NewPath(objectAccessPoints))
	switch {
	case !r.has(from):
		return errorf("lwm2m: %w: see LWM2M_CLIENT_UTILS_GROUND_FIX_OBJ_SUPPORT", cloud.ErrUnsupported)
	case !cells && !points:
		return errorf("lwm2m: %w: there is nothing to ask with, see LWM2M_CLIENT_UTILS_LOCATION_ASSIST_CELL and LWM2M_CLIENT_UTILS_VISIBLE_WIFI_AP_OBJ_SUPPORT",
			cloud.ErrUnsupported)
	}
	store := r.client.Tree()
	var g group
	g.to(objectGroundFix, 0)
	g.boolean(groundFixSendBack, true)
	g.report(groundFixSendBack)
	if cells {
		cell := request.Cell
		g.cell(cell.ID, cell.MCC, cell.MNC, cell.AreaCode)
		g.integer(2, cell.RSRP)
		g.reportCell()
		g.neighbours(cell.Neighbours, store.Children(lwm2m.NewPath(objectSignals)))
	}
	if points {
		g.accessPoints(request.WiFi.AccessPoints, store.Children(lwm2m.NewPath(objectAccessPoints)))
	}
	if err := b.submit(ctx, r, &r.requests.groundFix, g, delivery); err != nil {
		return errorf("lwm2m: location: %w", err)
	}
	return nil
}

// LocationAnswered is true: the server writes the location back.
func (b *Backend) LocationAnswered() bool { return true }

// RequestAGNSS asks for assistance data, which the server writes.
func (b *Backend) RequestAGNSS(ctx context.Context, request data.AGNSSRequest, delivery module.Delivery) error {
	if !b.config.AskAGNSS {
		return errorf("lwm2m: %w: see LWM2M_CLIENT_UTILS_LOCATION_ASSIST_AGNSS", cloud.ErrUnsupported)
	}
	var mask uint64
	for _, each := range request.Types {
		if each >= 1 && each <= 32 {
			mask |= 1 << (each - 1)
		}
	}
	var g group
	g.cell(request.CellID, request.MCC, request.MNC, request.AreaCode)
	g.to(objectGNSSAssist, 0)
	g.integer(assistanceKind, kindAGNSS)
	g.set(1, lwm2m.Unsigned(mask))
	g.report(assistanceKind, 1)
	if b.config.ElevationMask >= 0 {
		g.integer(assistanceElevation, b.config.ElevationMask)
		g.report(assistanceElevation)
	}
	g.reportCell()
	return b.assist(ctx, kindAGNSS, g, delivery)
}

// RequestPGPS asks for predicted assistance data, which the server writes.
func (b *Backend) RequestPGPS(ctx context.Context, request data.PGPSRequest, delivery module.Delivery) error {
	var g group
	g.to(objectGNSSAssist, 0)
	g.integer(assistanceKind, kindPGPS)
	g.integer(2, request.Predictions)
	g.integer(3, int(request.Interval/time.Minute))
	g.integer(5, int(request.TimeOfDay/time.Second))
	g.report(assistanceKind, 2, 3, 5)
	if request.GPSDay != 0 {
		g.integer(4, request.GPSDay)
		g.report(4)
	}
	return b.assist(ctx, kindPGPS, g, delivery)
}

// assist sends a request for assistance, or keeps it until the other kind has its result.
func (b *Backend) assist(ctx context.Context, kind int, g group, delivery module.Delivery) error {
	r, err := b.registered()
	if err != nil {
		return err
	}
	if !r.has(lwm2m.NewPath(objectGNSSAssist, 0)) {
		return errorf("lwm2m: %w: see LWM2M_CLIENT_UTILS_GNSS_ASSIST_OBJ_SUPPORT", cloud.ErrUnsupported)
	}
	r.mu.Lock()
	q := &r.requests
	if q.assistance.phase == phaseWaiting && q.kind != kind {
		q.next = &g
		r.mu.Unlock()
		b.acknowledge(delivery.ID)
		return nil
	}
	if q.assistance.phase == phaseIdle {
		q.kind = kind
	}
	r.mu.Unlock()
	if err := b.submit(ctx, r, &q.assistance, g, delivery); err != nil {
		return errorf("lwm2m: assistance: %w", err)
	}
	return nil
}

// submit begins a request and sends it.
func (b *Backend) submit(ctx context.Context, r *running, q *inquiry, g group, delivery module.Delivery) error {
	r.mu.Lock()
	err := q.begin(time.Now())
	if err == nil {
		q.group, q.answer = g, [len(q.answer)]lwm2m.Value{}
	}
	r.mu.Unlock()
	if err != nil {
		return err
	}
	r.wakeAsking()
	if err := b.deliver(ctx, r, g, delivery); err != nil {
		r.mu.Lock()
		q.cancel()
		r.mu.Unlock()
		r.wakeAsking() // another one may wait for its end
		return err
	}
	return nil
}

// assistanceWritten takes what the server has written to object 33625: data, then a result. They may come in one write.
func (b *Backend) assistanceWritten(r *running, values []lwm2m.Item) {
	for i := range values {
		value := &values[i].Value
		switch values[i].Path.Resource() {
		case assistanceData:
			r.mu.Lock()
			kind := r.requests.kind
			r.mu.Unlock()
			if kind == kindPGPS {
				b.give(data.PGPSReceived{Payload: value.Bytes()})
			} else {
				b.give(data.AGNSSReceived{Payload: value.Bytes()})
			}
		case assistanceResult:
			meant := r.answered(&r.requests.assistance, resultCode(value.Int()))
			b.logger.Info("lwm2m: assistance", "result", value.Int(), "asked", meant)
		}
	}
}

// answered takes the server's result of a request.
func (r *running) answered(q *inquiry, code resultCode) (meant bool) {
	defer r.wakeAsking()
	r.mu.Lock()
	defer r.mu.Unlock()
	return q.answered(time.Now(), code)
}

// groundFixWritten takes what the server has written to object 33626: the location, which goes to object 6 too, and a result, which ends a
// request. What was written before the request is no answer to it.
func (b *Backend) groundFixWritten(r *running, values []lwm2m.Item) {
	var g group
	g.to(objectLocation, 0)
	var result *lwm2m.Value
	q := &r.requests.groundFix
	r.mu.Lock()
	for i := range values {
		value, resource := values[i].Value, values[i].Path.Resource()
		if int(resource) < len(q.answer) {
			q.answer[resource] = value
		}
		switch resource {
		case groundFixLatitude:
			g.set(0, value)
			g.time(5, time.Now())
		case groundFixLongitude:
			g.set(1, value)
		case groundFixAccuracy:
			g.set(3, value)
		case groundFixResult:
			result = &value
		}
	}
	answer := q.answer
	r.mu.Unlock()
	if err := r.set(g); err != nil {
		b.logger.Warn("lwm2m: the location cannot be kept", "error", err)
	}
	if result == nil || !r.answered(q, resultCode(result.Int())) {
		return
	}
	latitude, longitude := answer[groundFixLatitude], answer[groundFixLongitude]
	switch resultCode(result.Int()) {
	case resultTemporary: // it is asked again by itself
	case resultOK:
		if latitude.IsZero() || longitude.IsZero() {
			b.give(data.LocationFailed{Unknown: true})
			return
		}
		b.give(data.LocationFound{Latitude: latitude.Float(), Longitude: longitude.Float(), Accuracy: answer[groundFixAccuracy].Float()})
	default:
		b.give(data.LocationFailed{})
	}
}
