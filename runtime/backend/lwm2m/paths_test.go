package lwm2m

import (
	"context"
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/module"
)

func deviceOf(t *testing.T) module.Device {
	t.Helper()
	return module.Device{ID: func(context.Context) (string, error) { return imei, nil }, DataDir: t.TempDir()}
}

// What is reported and written back as it stands changes nothing.
func TestChangeOfWhatWasReported(t *testing.T) {
	for _, now := range []data.Configuration{
		{},
		{
			ActiveMode: true, LocationTimeout: time.Second, ActiveWait: 2 * time.Second, MovementResolution: 3 * time.Second, MovementTimeout: math.MaxInt32 * time.Second,
			AccelerometerActivity: 0.5, AccelerometerInactivity: -1, AccelerometerInactivityTimeout: 1e9, NoData: data.NoData{GNSS: true, NeighbourCells: true, WiFi: true},
		},
	} {
		var g group
		g.configuration(now)
		c := change(g.values, now)
		got := data.Configuration{
			ActiveMode: *c.ActiveMode, LocationTimeout: *c.LocationTimeout, ActiveWait: *c.ActiveWait, MovementResolution: *c.MovementResolution,
			MovementTimeout: *c.MovementTimeout, AccelerometerActivity: *c.AccelerometerActivity, AccelerometerInactivity: *c.AccelerometerInactivity,
			AccelerometerInactivityTimeout: *c.AccelerometerInactivityTimeout, NoData: *c.NoData,
		}
		if got != now {
			t.Errorf("%+v becomes %+v", now, got)
		}
	}
	if got := change(nil, data.Configuration{ActiveMode: true}); got != (data.ConfigurationChange{}) {
		t.Errorf("nothing written is %+v", got)
	}
}

// FuzzChange writes any values to object 50009: durations are whole seconds of the same sign, numbers are finite, Wi-Fi stays as it was.
func FuzzChange(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte{1, 0x7f, 255, 255, 255, 255, 255, 255, 255})
	f.Add([]byte{4, 0x80, 0, 0, 0, 0, 0, 0, 0, 5, 0x7f, 0xf8, 0, 0, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var written []lwm2m.Item
		last := map[uint16]lwm2m.Value{}
		for ; len(raw) >= 9; raw = raw[9:] {
			resource, bits := uint16(raw[0]%12), binary.BigEndian.Uint64(raw[1:])
			value := lwm2m.Integer(int64(bits))
			switch resource {
			case 0, 6, 7:
				value = lwm2m.Boolean(bits&1 != 0)
			case 5, 8, 9:
				value = lwm2m.Float(math.Float64frombits(bits))
			}
			last[resource] = value
			written = append(written, lwm2m.Item{Path: lwm2m.NewPath(objectConfiguration, 0, resource), Value: value})
		}
		now := data.Configuration{NoData: data.NoData{WiFi: true}}
		c := change(written, now)
		for resource, d := range map[uint16]*time.Duration{1: c.LocationTimeout, 2: c.ActiveWait, 3: c.MovementResolution, 4: c.MovementTimeout} {
			value, wanted := last[resource]
			switch {
			case (d != nil) != wanted:
				t.Errorf("resource %d: %v of %v", resource, d, value)
			case wanted && (*d%time.Second != 0 || (*d < 0) != (value.Int() < 0) || *d == 0 && value.Int() != 0):
				t.Errorf("resource %d: %v of %v", resource, *d, value)
			}
		}
		for _, number := range []*float64{c.AccelerometerActivity, c.AccelerometerInactivity, c.AccelerometerInactivityTimeout} {
			if number != nil && (math.IsNaN(*number) || math.IsInf(*number, 0)) {
				t.Errorf("the number %v", *number)
			}
		}
		if c.NoData != nil && !c.NoData.WiFi {
			t.Error("Wi-Fi is sampled")
		}
	})
}
