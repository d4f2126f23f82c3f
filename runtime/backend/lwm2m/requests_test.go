package lwm2m

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/module"
)

var (
	cellRequest = data.LocationRequest{
		Cell: &data.Cell{MCC: 242, MNC: 2, ID: 21679716, AreaCode: 30401, RSRP: -90, Neighbours: []data.NeighbourCell{
			{EARFCN: 6300, PhysicalCellID: 194, RSRP: -95, RSRQ: -7}, {EARFCN: 6301, PhysicalCellID: 195, RSRP: -96, RSRQ: -8},
		}},
		WiFi: &data.WiFi{AccessPoints: []data.AccessPoint{{MAC: [6]byte{1, 2, 3, 4, 5, 6}, SignalStrength: -60}}},
	}
	servingCell = []string{"/4/0/2 -90", "/4/0/8 21679716", "/4/0/9 2", "/4/0/10 242", "/4/0/12 30401"}

	agnssRequest = data.AGNSSRequest{MCC: 242, MNC: 2, CellID: 21679716, AreaCode: 30401, Types: []int{1, 2, 9, 0, 33}}
	agnssSent    = []string{"/4/0/8 21679716", "/4/0/9 2", "/4/0/10 242", "/4/0/12 30401", "/33625/0/0 0", "/33625/0/1 259"}
	pgpsRequest  = data.PGPSRequest{Predictions: 42, Interval: 4 * time.Hour, GPSDay: 15000, TimeOfDay: 90 * time.Minute}
	pgpsSent     = []string{"/33625/0/0 1", "/33625/0/2 42", "/33625/0/3 240", "/33625/0/4 15000", "/33625/0/5 5400"}
)

func located(values ...lwm2m.Value) (items []lwm2m.Item) {
	for i, value := range values {
		if !value.IsZero() {
			items = append(items, lwm2m.Item{Path: lwm2m.NewPath(objectGroundFix, 0, uint16(1+i)), Value: value})
		}
	}
	return items
}

func (r *rig) locate(id uint16) {
	r.t.Helper()
	if err := r.RequestLocation(context.Background(), cellRequest, module.Delivery{ID: id}); err != nil {
		r.t.Error(err)
	}
}

func TestLocation(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		r.locate(6)
		r.server.expectSent(append(append([]string{}, servingCell...),
			"/10256/0/0 194", "/10256/0/2 6300", "/10256/0/3 -95", "/10256/0/4 -7", "/10256/1/0 195", "/10256/1/2 6301", "/10256/1/3 -96", "/10256/1/4 -8",
			"/33626/0/0 true", "/33627/0/0 010203040506", "/33627/0/3 -60")...)
		r.expect("DATA_SENT 6", "Acknowledged {ID:6}")
		err := r.RequestLocation(context.Background(), cellRequest, module.Delivery{ID: 7})
		if err == nil || errors.Is(err, cloud.ErrUnsupported) || !strings.Contains(err.Error(), "not answered") {
			t.Errorf("a second request: %v", err)
		}
		r.server.write(located(lwm2m.Integer(0), lwm2m.Float(63.5), lwm2m.Float(10.25), lwm2m.Float(1000))...)
		r.expect("LocationFound {Latitude:63.5 Longitude:10.25 Accuracy:1000}")
		for path, want := range map[string]string{"/6/0/0": "63.5", "/6/0/1": "10.25", "/6/0/3": "1000"} {
			if got := r.server.read(path); got != "2.05 "+want {
				t.Errorf("%s is %s, want %s", path, got, want)
			}
		}
		r.server.write(located(lwm2m.Integer(0), lwm2m.Float(1), lwm2m.Float(2))...) // nobody has asked
		r.expect()

		// The next answer has no location; the earlier one does not count.
		r.locate(0)
		r.server.write(located(lwm2m.Integer(0))...)
		r.expect("LocationFailed {Unknown:true}")
		r.server.expect()
	})
}

// Neighbours that are heard no longer are not sent with the next request.
func TestNeighboursThatAreGone(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		r.locate(0)
		r.server.write(located(lwm2m.Integer(0))...)
		r.server.set(func() { r.server.sent = nil })
		alone := data.LocationRequest{Cell: &data.Cell{MCC: 242, MNC: 2, ID: 21679716, AreaCode: 30401, RSRP: -90}}
		if err := r.RequestLocation(context.Background(), alone, module.Delivery{}); err != nil {
			t.Error(err)
		}
		r.server.expectSent(append(append([]string{}, servingCell...), "/33626/0/0 true")...)
		if got := r.server.read("/10256/1/2"); got != "2.05 0" {
			t.Errorf("the channel is %s", got)
		}
	})
}

func TestLocationThatIsNotAnswered(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		r.locate(0)
		r.server.set(func() { r.server.sent = nil })
		time.Sleep(179 * time.Second)
		r.server.expect(update, update)
		r.server.expectSent()
		time.Sleep(2 * time.Second)
		r.server.set(func() {
			if len(r.server.sent) == 0 {
				t.Error("the request is not sent once more")
			}
			r.server.sent = nil
		})
		r.expect()
		time.Sleep(180 * time.Second)
		r.server.expect(update, update)
		r.server.expectSent()
		r.expect("LocationFailed {Unknown:false}")
		result, _ := r.running.client.Tree().Get(lwm2m.NewPath(objectGroundFix, 0, groundFixResult))
		if result.Int() != int64(resultNoAnswer) {
			t.Errorf("the result is %d", result.Int())
		}
		r.locate(8)
		r.expect("DATA_SENT 8", "Acknowledged {ID:8}")
	})
}

func TestLocationErrors(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		r.locate(0)
		r.server.write(located(lwm2m.Integer(int64(resultTemporary)))...)
		r.expect()
		if err := r.RequestLocation(context.Background(), cellRequest, module.Delivery{}); !errors.Is(err, errAskLater) {
			t.Errorf("a request meanwhile: %v", err)
		}
		r.server.set(func() { r.server.sent = nil })
		time.Sleep(firstRetry)
		r.server.set(func() {
			if len(r.server.sent) == 0 {
				t.Error("the request is not repeated")
			}
		})
		r.server.write(located(lwm2m.Integer(int64(resultPermanent)))...)
		r.expect("LocationFailed {Unknown:false}")
		if err := r.RequestLocation(context.Background(), cellRequest, module.Delivery{}); !errors.Is(err, cloud.ErrUnsupported) {
			t.Errorf("a request afterwards: %v", err)
		}
	})
}

// A request that was not sent can be made again.
func TestLocationThatCannotBeSent(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		r.server.set(func() { r.server.answer = func(string) coap.Code { return coap.BadRequest } })
		if err := r.RequestLocation(context.Background(), cellRequest, module.Delivery{ID: 2}); err == nil {
			t.Error("the request is taken")
		}
		r.server.set(func() { r.server.answer = nil })
		r.locate(2)
		r.expect("DATA_SENT 2", "Acknowledged {ID:2}")
	})
}

func assistance(kind uint16, value lwm2m.Value) lwm2m.Item {
	return lwm2m.Item{Path: lwm2m.NewPath(objectGNSSAssist, 0, kind), Value: value}
}

// The two kinds of assistance take turns.
func TestAssistance(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		ctx := context.Background()
		if err := r.RequestAGNSS(ctx, agnssRequest, module.Delivery{ID: 1}); err != nil {
			t.Error(err)
		}
		r.server.expectSent(agnssSent...)
		r.expect("DATA_SENT 1", "Acknowledged {ID:1}")
		if err := r.RequestPGPS(ctx, pgpsRequest, module.Delivery{ID: 2}); err != nil {
			t.Error(err)
		}
		r.server.expectSent()
		r.expect("DATA_SENT 2", "Acknowledged {ID:2}")
		if err := r.RequestAGNSS(ctx, agnssRequest, module.Delivery{}); !errors.Is(err, errAskedAlready) {
			t.Errorf("A-GNSS again: %v", err)
		}

		r.server.write(assistance(assistanceData, lwm2m.Opaque([]byte{1, 2})), assistance(assistanceResult, lwm2m.Integer(0)))
		r.expect("AGNSSReceived {Payload:[1 2]}")
		r.server.expectSent(pgpsSent...)
		r.server.write(assistance(assistanceData, lwm2m.Opaque([]byte{3})))
		r.server.write(assistance(assistanceResult, lwm2m.Integer(int64(resultTemporary))))
		r.expect("PGPSReceived {Payload:[3]}")
		r.server.expectSent()
		time.Sleep(firstRetry)
		r.server.expectSent(pgpsSent...)
		r.server.write(assistance(assistanceResult, lwm2m.Integer(int64(resultPermanent))))
		for _, err := range []error{r.RequestAGNSS(ctx, agnssRequest, module.Delivery{}), r.RequestPGPS(ctx, pgpsRequest, module.Delivery{})} {
			if !errors.Is(err, errAskNever) || !errors.Is(err, cloud.ErrUnsupported) {
				t.Errorf("after a permanent error: %v", err)
			}
		}
		r.expect()
	})
}

func TestElevationMask(t *testing.T) {
	config := shipped()
	config.ElevationMask = 5
	run(t, config, func(r *rig) {
		if err := r.RequestAGNSS(context.Background(), agnssRequest, module.Delivery{}); err != nil {
			t.Error(err)
		}
		r.server.expectSent(append(append([]string{}, agnssSent...), "/33625/0/8 5")...)
	})
}

// Timers go on where the registration is lost: nothing panics, and what is due later is done.
func TestAssistanceWhileDisconnected(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		if err := r.RequestPGPS(context.Background(), pgpsRequest, module.Delivery{}); err != nil {
			t.Error(err)
		}
		if err := r.Disconnect(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		r.server.set(func() { r.server.requests, r.server.sent = nil, nil })
		r.expect("DISCONNECTED USER_REQUEST")
		time.Sleep(100 * time.Second)
		r.connect()
		time.Sleep(time.Minute)
		r.server.expectSent(pgpsSent...)
	})
}
