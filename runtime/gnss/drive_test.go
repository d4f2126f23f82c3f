package gnss

import (
	"context"
	"fmt"
	"log/slog"
	"math/bits"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/clock"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
	"github.com/cloudgen/cloudgen/runtime/location"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/modem/sim"
	"github.com/cloudgen/cloudgen/runtime/modem/sim/assisted"
	"github.com/cloudgen/cloudgen/runtime/modem/sim/scripted"
	"github.com/cloudgen/cloudgen/runtime/tracker"
	"github.com/cloudgen/cloudgen/runtime/tracker/trackertest"
)

// theMorning and theAfternoon are what happens to a van between two midnights. At noon its driver switches the device off and on.
const theMorning = `
0s      gnss 20s
0s      cell mcc=262 mnc=01 id=100 area=9041
0s      wifi a0:b1:c2:d3:e4:f5 -60
0s      agnss all                          # it was without power for long
0s      position 48 11
1s      lte up
3h      position 48 11                     # leaves
3h      wifi none
3h50m   lte down                           # mountains
5h30m   agnss all                          # the receiver was without power
7h10m   lte up
7h10m   cell id=200
8h50m   gnss none                          # in a hall
8h50m   wifi 00:11:22:33:44:55 -50
8h50m   wifi 00:11:22:33:44:66 -70
9h10m   gnss 20s
9h10m   wifi none
11h     position 50 13
`

const theAfternoon = `
0s      gnss 20s
0s      cell mcc=262 mnc=01 id=300 area=9050
0s      agnss none                         # the receiver has a battery of its own
0s      position 50 13
1s      lte up
2h30m   agnss ephemerides klobuchar        # they have run out
4h30m   lte down                           # for so long that the buffers run over
10h50m  lte up
11h30m  gnss none                          # underground: neither network nor cell
11h30m  lte down
`

// journal is a diary that answers after a second.
type journal struct {
	trackertest.Diary
	app *tracker.App
}

func (j *journal) ReportBatch(_ context.Context, b data.Batch) error {
	var fixes []string
	for _, fix := range b.Fix {
		fixes = append(fixes, fix.Taken.Sub(j.Start).String())
	}
	return j.Write("batch network %d, environment %d, battery %d, fixes of %s", len(b.Network), len(b.Environment), len(b.Battery), strings.Join(fixes, " "))
}

func (j *journal) ReportConfig(_ context.Context, c data.Configuration) error {
	return j.Write("configuration: every %v, location within %v, without %+v", c.ActiveWait, c.LocationTimeout, c.NoData)
}

func (j *journal) RequestAGNSS(_ context.Context, r data.AGNSSRequest) error {
	time.AfterFunc(time.Second, func() { j.app.AGNSSReceived(message(time.Now(), r.Types...)) })
	return j.Write("A-GNSS? cell %d, types %v", r.CellID, r.Types)
}

func (j *journal) RequestPGPS(_ context.Context, r data.PGPSRequest) error {
	time.AfterFunc(time.Second, func() { j.app.PGPSReceived(predictions(r)) })
	return j.Write("P-GPS? %d from day %d, %v", r.Predictions, r.GPSDay, r.TimeOfDay)
}

// look writes down what a receiver lacks.
func (j *journal) look(t *testing.T, receiver *assisted.Modem) {
	t.Helper()
	need, err := receiver.AssistanceNeed(t.Context())
	if err != nil {
		t.Error(err)
	}
	request := agnss.Request{Types: need.Types()}.For(data.Cell{})
	j.Note(fmt.Sprintf("%v the receiver lacks %v, ephemerides of %d satellites", time.Since(j.Start), request.Types, bits.OnesCount64(need.GPS.Ephemerides)))
}

// drive has a device live with a script until a time of the day; do is called meanwhile.
func (j *journal) drive(t *testing.T, dir, script string, until time.Duration, do func(*tracker.App, *assisted.Modem)) {
	t.Helper()
	parsed, err := scripted.Parse(script)
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	device := assisted.New(sim.New(sim.Options{DataDir: dir, Script: &parsed}))
	locator, err := location.Config{
		GNSS: true, Cellular: true, WiFi: true, First: "LOCATION_REQUEST_DEFAULT_METHOD_FIRST_GNSS", Second: "LOCATION_REQUEST_DEFAULT_METHOD_SECOND_WIFI",
		Third: "LOCATION_REQUEST_DEFAULT_METHOD_THIRD_CELLULAR", GNSSTimeout: 90 * time.Second, CellularTimeout: 30 * time.Second, WiFiTimeout: 30 * time.Second,
		Cells: 4, AccessPoints: 10,
	}.Open(device, logger)
	if err != nil {
		t.Fatal(err)
	}
	assistance, err := parts(t, true, true).Open(device, dir, logger)
	if err != nil {
		t.Fatal(err)
	}
	j.app, err = tracker.New(tracker.Config{
		Version: "1.2.3", RebootTimeout: 30 * time.Second, DeviceMode: tracker.ModeActive, ActiveWait: time.Hour, MovementResolution: 2 * time.Minute,
		MovementTimeout: time.Hour, LocationTimeout: 5 * time.Minute, SampleGNSS: true, SampleNeighbourCells: true, SampleWiFi: true,
		FixBuffer: 4, SensorBuffer: 10, NetworkBuffer: 3, BatteryBuffer: 3, Sensors: true,
		StoreFixes: true, StoreEnvironments: true, StoreNetworks: true, StoreBatteries: true,
	}, tracker.Options{
		State: durable.Open(dir), Identity: device, Radio: device, Sensors: tracker.NewSimulatedSensors(), Locator: locator, Assistance: assistance, TimeValid: clock.Set,
	})
	if err != nil {
		t.Fatal(err)
	}
	follow := func(e modem.Event) {
		switch e.Type {
		case modem.EventLTEConnected:
			j.SetUp(true)
			j.app.Connected()
		case modem.EventLTEDisconnected:
			j.SetUp(false)
			j.app.Disconnected()
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := device.Run(ctx, follow); err != nil {
			t.Error(err)
		}
	})
	running.Go(func() {
		if err := j.app.Run(ctx, j); err != nil {
			t.Error(err)
		}
	})
	do(j.app, device)
	time.Sleep(time.Until(j.Start.Add(until)))
	cancel()
	running.Wait()
}

// TestADaysDrive drives with assistance data, gaps in the coverage, a configuration that outlives a restart, and buffers that run over, in virtual
// time.
func TestADaysDrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(first))
		j, dir := &journal{Diary: trackertest.Diary{Start: time.Now()}}, t.TempDir()
		at := func(d time.Duration) { time.Sleep(time.Until(j.Start.Add(d))) }
		j.drive(t, dir, theMorning, 12*time.Hour-time.Minute, func(app *tracker.App, receiver *assisted.Modem) {
			at(time.Minute)
			j.look(t, receiver)
			at(5*time.Hour + 45*time.Minute)
			j.look(t, receiver)
			at(6*time.Hour + 15*time.Minute)
			j.look(t, receiver)
			at(8*time.Hour + 15*time.Minute)
			j.look(t, receiver)
			at(10*time.Hour + 10*time.Minute)
			app.ChangeConfig(data.ConfigurationChange{ActiveWait: new(20 * time.Minute), LocationTimeout: new(time.Duration(0))}) // one is refused
			at(11*time.Hour + 30*time.Minute)
			app.ChangeConfig(data.ConfigurationChange{NoData: &data.NoData{GNSS: true}})
		})
		at(12 * time.Hour)
		j.drive(t, dir, theAfternoon, 24*time.Hour+10*time.Minute, func(app *tracker.App, receiver *assisted.Modem) {
			at(13*time.Hour + 10*time.Minute)
			app.ChangeConfig(data.ConfigurationChange{ActiveWait: new(time.Hour), NoData: &data.NoData{}})
			at(15*time.Hour + 15*time.Minute)
			j.look(t, receiver)
		})
		want := strings.Split(strings.TrimSpace(expected), "\n")
		lines := j.Lines()
		for i := range max(len(want), len(lines)) {
			var got, line string
			if i < len(lines) {
				got = lines[i]
			}
			if i < len(want) {
				line = strings.TrimSpace(want[i])
			}
			if got != line {
				t.Errorf("message %d: %s, want %s", i+1, got, line)
			}
		}
	})
}

// expected are the messages of the day. Samplings are 20 s before those with a fix and 90 s before those without. Six predictions hold until 22 h after
// they were asked for, and have no orbit of satellite 13. The buffers hold three battery readings, four fixes and more of the rest.
const expected = `
1s P-GPS? 6 from day 18409, 12h0m19s
1s A-GNSS? cell 100, types [1 2 3 9 4 5 6 7 8]
21s report device, cell 100, 48.00/11.00, environment, battery
1m0s the receiver lacks [], ephemerides of 0 satellites
1h0m21s report cell 100, 48.00/11.00, environment, battery
2h0m21s report cell 100, 48.00/11.00, environment, battery
3h0m21s report cell 100, 48.00/11.00, environment, battery
5h45m0s the receiver lacks [1 2 3 9 4 5 6 7 8], ephemerides of 32 satellites
6h15m0s the receiver lacks [1 2 3 9 4 5], ephemerides of 1 satellites
8h0m1s A-GNSS? cell 200, types [1 9 4 5]
8h0m21s report cell 200, 49.25/12.25, environment, battery
8h0m21s batch network 0, environment 4, battery 2, fixes of 5h0m21s 6h0m21s 7h0m21s
8h15m0s the receiver lacks [2 3], ephemerides of 1 satellites
9h1m31s location? cell 200 and 2 more access points 2
9h1m31s report cell 200, environment, battery
10h0m21s report cell 200, 49.75/12.75, environment, battery
10h10m0s configuration: every 20m0s, location within 5m0s, without {GNSS:false NeighbourCells:false WiFi:false}
10h20m21s report cell 200, 49.83/12.83, environment, battery
10h40m21s report cell 200, 49.92/12.92, environment, battery
11h0m21s report cell 200, 50.00/13.00, environment, battery
11h20m21s report cell 200, 50.00/13.00, environment, battery
11h30m0s configuration: every 20m0s, location within 5m0s, without {GNSS:true NeighbourCells:false WiFi:false}
11h40m1s location? cell 200 and 2 more
11h40m1s report cell 200, environment, battery
12h0m1s location? cell 300 and 2 more
12h0m1s report device, cell 300, environment, battery
12h20m1s location? cell 300 and 2 more
12h20m1s report cell 300, environment, battery
12h40m1s location? cell 300 and 2 more
12h40m1s report cell 300, environment, battery
13h0m1s location? cell 300 and 2 more
13h0m1s report cell 300, environment, battery
13h10m0s configuration: every 1h0m0s, location within 5m0s, without {GNSS:false NeighbourCells:false WiFi:false}
14h0m21s report cell 300, 50.00/13.00, environment, battery
15h0m1s A-GNSS? cell 300, types [4]
15h0m21s report cell 300, 50.00/13.00, environment, battery
15h15m0s the receiver lacks [2], ephemerides of 1 satellites
16h0m21s report cell 300, 50.00/13.00, environment, battery
23h0m1s P-GPS? 6 from day 18410, 11h0m19s
23h0m1s A-GNSS? cell 300, types [2]
23h0m21s report cell 300, 50.00/13.00, environment, battery
23h0m21s batch network 0, environment 6, battery 2, fixes of 20h0m21s 21h0m21s 22h0m21s
`
