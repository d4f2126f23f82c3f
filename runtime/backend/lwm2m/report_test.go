package lwm2m

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/module"
)

var taken = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// sample is a report of all kinds of data.
func sample() data.Update {
	return data.Update{
		Device:      &data.Device{IMEI: imei, ModemFirmware: "mfw_1", Board: "board", Version: "1.2.3", Taken: taken},
		Network:     &data.Network{Mode: "LTE-M", RSRP: -90, AreaCode: 30401, MCCMNC: 24202, CellID: 21679716, IP: "10.0.0.1", Taken: taken},
		Fix:         &data.Fix{Latitude: 63.5, Longitude: 10.25, Accuracy: 5.5, Altitude: 120.5, Speed: 1.5, Heading: 90, Taken: taken},
		Environment: &data.Environment{Temperature: 21.5, Humidity: 50.25, Pressure: 101.5, AirQuality: 30, Taken: taken},
		Battery:     &data.Battery{Percent: 77, Taken: taken},
	}
}

// sampleSent is what the server has of it by Send. The time of the device is that of the test's clock.
var sampleSent = []string{
	"/3/0/0 Maker", "/3/0/1 board", "/3/0/2 " + imei, "/3/0/3 1.2.3", "/3/0/9 77", "/3/0/13 946684800", "/3/0/19 mfw_1",
	"/4/0/0 6", "/4/0/1/0 6", "/4/0/1/1 7", "/4/0/2 -90", "/4/0/4/0 10.0.0.1", "/4/0/8 21679716", "/4/0/9 2", "/4/0/10 242", "/4/0/12 30401",
	"/6/0/0 63.5", "/6/0/1 10.25", "/6/0/2 120.5", "/6/0/3 5.5", "/6/0/5 1767323045", "/6/0/6 1.5",
	"/3303/0/5518 1767323045", "/3303/0/5700 21.5", "/3304/0/5518 1767323045", "/3304/0/5700 50.25", "/3323/0/5518 1767323045", "/3323/0/5700 101.5",
}

func TestReport(t *testing.T) {
	for _, test := range []struct {
		name   string
		update data.Update
		want   []string
	}{
		{"all", sample(), sampleSent},
		{"narrow band", data.Update{Network: &data.Network{Mode: "NB-IoT", MCCMNC: 310410, RSRP: -100, CellID: 1, AreaCode: 2}}, []string{
			"/3/0/13 946684800", "/4/0/0 7", "/4/0/1/0 6", "/4/0/1/1 7", "/4/0/2 -100", "/4/0/4/0 ", "/4/0/8 1", "/4/0/9 410", "/4/0/10 310", "/4/0/12 2",
		}},
		{"battery", data.Update{Battery: &data.Battery{Percent: 5}}, []string{"/3/0/9 5"}},
		{"sensors", data.Update{Environment: &data.Environment{Temperature: -1.5, Humidity: 1, Pressure: 99, Taken: taken}}, []string{
			"/3303/0/5518 1767323045", "/3303/0/5700 -1.5", "/3304/0/5518 1767323045", "/3304/0/5700 1", "/3323/0/5518 1767323045", "/3323/0/5700 99",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			run(t, shipped(), func(r *rig) {
				if err := r.Report(context.Background(), test.update, module.Delivery{ID: 3}); err != nil {
					t.Error(err)
				}
				r.server.expectSent(test.want...)
				r.expect("DATA_SENT 3", "Acknowledged {ID:3}")
				if got := r.server.ask(coap.GET, "/3/0/7", ""); got != "4.04" {
					t.Errorf("the supply voltage is %s", got)
				}
			})
		})
	}
}

// More paths than a Send may have: several Sends.
func TestReportOfManyPaths(t *testing.T) {
	config := shipped()
	config.Client.MaxCompositePaths = 4
	run(t, config, func(r *rig) {
		if err := r.Report(context.Background(), sample(), module.Delivery{ID: 3}); err != nil {
			t.Error(err)
		}
		r.server.set(func() { slices.Sort(r.server.sent) })
		want := slices.Clone(sampleSent)
		slices.Sort(want)
		r.server.expectSent(want...)
		r.expect("DATA_SENT 3", "Acknowledged {ID:3}")
	})
}

// The smallest and the largest value follow the measured ones.
func TestSmallestAndLargest(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		for _, degrees := range []float64{20, 25, 15, 22} {
			if err := r.Report(context.Background(), data.Update{Environment: &data.Environment{Temperature: degrees, Taken: taken}}, module.Delivery{}); err != nil {
				t.Error(err)
			}
		}
		for path, want := range map[string]string{"/3303/0/5601": "2.05 15", "/3303/0/5602": "2.05 25", "/3303/0/5700": "2.05 22"} {
			if got := r.server.read(path); got != want {
				t.Errorf("%s is %s, want %s", path, got, want)
			}
		}
	})
}

// read asks for a value as text.
func (s *server) read(path string) string {
	s.t.Helper()
	m := coap.Message{Code: coap.GET}
	for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		m.Options.AddString(coap.URIPath, segment)
	}
	m.Options.SetUint(coap.Accept, uint32(format.Text))
	return s.do(m)
}

// What the build has no object for is left out, and where nothing is left that is an error.
func TestObjectsMissingInTheBuild(t *testing.T) {
	config := shipped()
	config.Objects = objects()[:1] // object 3
	run(t, config, func(r *rig) {
		if err := r.Report(context.Background(), sample(), module.Delivery{}); err != nil {
			t.Error(err)
		}
		r.server.expectSent(sampleSent[:7]...)
		ctx, fix := context.Background(), data.Update{Fix: sample().Fix}
		cell := data.LocationRequest{Cell: &data.Cell{ID: 1}}
		for what, err := range map[string]error{
			"fix": r.Report(ctx, fix, module.Delivery{ID: 1}), "button": r.Alert(ctx, data.Alert{Button: &data.Button{Number: 1}}, module.Delivery{}),
			"location": r.RequestLocation(ctx, cell, module.Delivery{}), "A-GNSS": r.RequestAGNSS(ctx, data.AGNSSRequest{}, module.Delivery{}),
			"P-GPS": r.RequestPGPS(ctx, data.PGPSRequest{}, module.Delivery{}), "impact": r.Alert(ctx, data.Alert{Impact: &data.Impact{}}, module.Delivery{}),
			"message": r.Send(ctx, cloud.Message{}), "request of the configuration": r.RequestConfig(ctx),
		} {
			if !errors.Is(err, cloud.ErrUnsupported) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := r.ReportConfig(ctx, data.Configuration{}, module.Delivery{}); err != nil {
			t.Error(err)
		}
		r.expect()
		r.server.expectSent()
	})
}

func TestNotConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, shipped(), nil)
		defer r.close()
		ctx := context.Background()
		for what, err := range map[string]error{
			"report": r.Report(ctx, sample(), module.Delivery{}), "alert": r.Alert(ctx, data.Alert{Button: &data.Button{Number: 1}}, module.Delivery{}),
			"config": r.ReportConfig(ctx, data.Configuration{}, module.Delivery{}), "location": r.RequestLocation(ctx, data.LocationRequest{}, module.Delivery{}),
			"A-GNSS": r.RequestAGNSS(ctx, data.AGNSSRequest{}, module.Delivery{}), "P-GPS": r.RequestPGPS(ctx, data.PGPSRequest{}, module.Delivery{}),
			"message": r.Send(ctx, cloud.Message{}), "disconnect": r.Disconnect(),
		} {
			if !errors.Is(err, cloud.ErrNotConnected) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func TestButtons(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		ctx := context.Background()
		press := data.Alert{Button: &data.Button{Number: 2, Taken: taken}}
		want := []string{"/3347/1/5500 true", "/3347/1/5501 1", "/3347/1/5518 1767323045", "/3347/1/5750 Push button 2"}
		if err := r.Alert(ctx, press, module.Delivery{ID: 9}); err != nil {
			t.Error(err)
		}
		r.server.expectSent(want...)
		r.expect("DATA_SENT 9", "Acknowledged {ID:9}")
		if got := r.server.read("/3347/1/5500"); got != "2.05 0" {
			t.Errorf("afterwards the button is %s", got)
		}

		press.Button.Taken = taken.Add(time.Second)
		r.server.set(func() { r.server.answer = func(string) coap.Code { return coap.BadRequest } })
		if err := r.Alert(ctx, press, module.Delivery{ID: 10}); err == nil || errors.Is(err, cloud.ErrUnsupported) {
			t.Errorf("refused: %v", err)
		}
		r.expect()
		r.server.set(func() { r.server.answer = nil })
		if err := r.Alert(ctx, press, module.Delivery{ID: 10}); err != nil { // handed out once more
			t.Error(err)
		}
		want[1], want[2] = "/3347/1/5501 2", "/3347/1/5518 1767323046"
		r.server.expectSent(want...)
		for _, number := range []int{-1, 0, 3, 65537} {
			if err := r.Alert(ctx, data.Alert{Button: &data.Button{Number: number}}, module.Delivery{}); !errors.Is(err, cloud.ErrUnsupported) {
				t.Errorf("button %d: %v", number, err)
			}
		}
	})
}

// A server that mutes Send reads or observes: the values stand, and the module does not try again.
func TestMuteSend(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		if got := r.server.ask(coap.PUT, "/1/0/23", "1"); got != "2.04" {
			t.Fatal(got)
		}
		if err := r.Report(context.Background(), data.Update{Battery: &data.Battery{Percent: 5}}, module.Delivery{}); !errors.Is(err, cloud.ErrUnsupported) {
			t.Errorf("report: %v", err)
		}
		if got := r.server.read("/3/0/9"); got != "2.05 5" {
			t.Errorf("the battery is %s", got)
		}
		r.server.expectSent()
	})
}

// A sleeping device wakes to send: an Update goes before.
func TestQueueMode(t *testing.T) {
	config := shipped()
	config.Client.QueueMode, config.Client.AtIdle = true, "LWM2M_RD_CLIENT_STOP_POLLING_AT_IDLE"
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, config, nil)
		defer r.close()
		if _, err := r.Connect(context.Background()); err != nil {
			t.Fatal(err)
		}
		r.server.expect(register + "&Q")
		time.Sleep(10 * time.Minute)
		if err := r.Report(context.Background(), data.Update{Battery: &data.Battery{Percent: 5}}, module.Delivery{}); err != nil {
			t.Error(err)
		}
		r.server.expect(update)
		r.server.expectSent("/3/0/9 5")
		time.Sleep(10 * time.Minute)
		if err := errors.Join(r.Disconnect(), r.Uninit()); err != nil {
			t.Error(err)
		}
		r.server.expect(remove)
	})
}
