package location

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/modem/sim"
	"github.com/cloudgen/cloudgen/runtime/modem/sim/scripted"
	"github.com/cloudgen/cloudgen/runtime/tracker"
	"github.com/cloudgen/cloudgen/runtime/tracker/trackertest"
)

// theDay is what happens to a lorry between two midnights.
const theDay = `
0s      gnss 20s
0s      cell mcc=262 mnc=01 id=100 area=9041
0s      wifi a0:b1:c2:d3:e4:f5 -60         # of the depot
0s      position 48 11
1s      lte up
7h      position 48 11                     # leaves
7h      wifi none
8h      cell id=200 area=9050
8h50m   lte down                           # a valley without coverage, for two hours and twenty minutes
11h10m  lte up
11h10m  cell id=300
13h30m  lte down                           # a tunnel: neither coverage nor sky
13h30m  gnss none
14h30m  gnss 20s
14h30m  lte up
15h     position 50 13                     # at the customer's
16h55m  gnss none                          # between high houses
17h10m  gnss 20s
18h     position 50 13
19h     position 50.5 13.5
19h10m  lte down                           # underground, with access points
19h10m  gnss none
19h10m  wifi 00:11:22:33:44:55 -50
19h10m  wifi 00:11:22:33:44:66 -70
20h30m  lte up                             # one floor up
20h30m  cell id=400
21h30m  gnss 20s
22h59m  lte down                           # just when it samples
23h2m   lte up
`

// TestADaysDrive drives from depot to customer and on, with gaps in the coverage, in the sky and in both, in virtual time.
func TestADaysDrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script, err := scripted.Parse(theDay)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		device := sim.New(sim.Options{DataDir: dir, Script: &script})
		locator, err := usual().Open(device, quiet())
		if err != nil {
			t.Fatal(err)
		}
		config := tracker.Config{
			Version: "1.2.3", RebootTimeout: 30 * time.Second, DeviceMode: tracker.ModeActive, ActiveWait: time.Hour, MovementResolution: 2 * time.Minute,
			MovementTimeout: time.Hour, LocationTimeout: 5 * time.Minute, SampleGNSS: true, SampleNeighbourCells: true, SampleWiFi: true,
			FixBuffer: 10, SensorBuffer: 10, NetworkBuffer: 3, BatteryBuffer: 3,
			StoreFixes: true, StoreEnvironments: true, StoreNetworks: true, StoreBatteries: true, Sensors: true,
		}
		app, err := tracker.New(config, tracker.Options{
			State: durable.Open(dir), Identity: device, Radio: device, Sensors: tracker.NewSimulatedSensors(), Locator: locator,
		})
		if err != nil {
			t.Fatal(err)
		}
		book := &trackertest.Diary{Start: time.Now()}
		follow := func(e modem.Event) {
			switch e.Type {
			case modem.EventLTEConnected:
				book.SetUp(true)
				app.Connected()
			case modem.EventLTEDisconnected:
				book.SetUp(false)
				app.Disconnected()
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
			if err := app.Run(ctx, book); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(12*time.Hour + 10*time.Minute)
		app.ChangeConfig(data.ConfigurationChange{ActiveWait: new(20 * time.Minute)}) // somebody wants to know more, for an hour
		time.Sleep(time.Hour)
		app.ChangeConfig(data.ConfigurationChange{ActiveWait: new(time.Hour)})
		time.Sleep(11*time.Hour + 10*time.Minute)
		cancel()
		running.Wait()

		want := strings.Split(strings.TrimSpace(expected), "\n")
		for i := range max(len(want), len(book.Lines())) {
			var got, line string
			if i < len(book.Lines()) {
				got = book.Lines()[i]
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

// expected are the messages of theDay. Samplings are 20 s before those with a fix and 90 s before those without. What the buffers hold is 3 battery
// readings and more of the rest.
const expected = `
21s report device, cell 100, 48.00/11.00, environment, battery
1h0m21s report cell 100, 48.00/11.00, environment, battery
2h0m21s report cell 100, 48.00/11.00, environment, battery
3h0m21s report cell 100, 48.00/11.00, environment, battery
4h0m21s report cell 100, 48.00/11.00, environment, battery
5h0m21s report cell 100, 48.00/11.00, environment, battery
6h0m21s report cell 100, 48.00/11.00, environment, battery
7h0m21s report cell 100, 48.00/11.00, environment, battery
8h0m21s report cell 200, 48.25/11.25, environment, battery
12h0m21s report cell 300, 49.25/12.25, environment, battery
12h0m21s batch network 0, environment 3, battery 2, fixes [9h0m21s 48.50/11.50, 10h0m21s 48.75/11.75, 11h0m21s 49.00/12.00]
12h10m0s configuration: every 20m0s
12h20m21s report cell 300, 49.33/12.33, environment, battery
12h40m21s report cell 300, 49.42/12.42, environment, battery
13h0m21s report cell 300, 49.50/12.50, environment, battery
13h10m0s configuration: every 1h0m0s
15h0m21s report cell 300, 50.00/13.00, environment, battery
15h0m21s batch network 0, environment 1, battery 1, fixes []
16h0m21s report cell 300, 50.00/13.00, environment, battery
17h1m31s location? cell 300 and 2 more
17h1m31s report cell 300, environment, battery
18h0m21s report cell 300, 50.00/13.00, environment, battery
19h0m21s report cell 300, 50.50/13.50, environment, battery
21h1m31s location? cell 400 and 2 more access points 2
21h1m31s report cell 400, environment, battery
21h1m31s batch network 0, environment 1, battery 1, fixes []
22h0m21s report cell 400, 50.50/13.50, environment, battery
24h0m21s report cell 400, 50.50/13.50, environment, battery
24h0m21s batch network 0, environment 1, battery 1, fixes [23h0m21s 50.50/13.50]
`
