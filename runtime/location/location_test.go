package location

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/module"
	"github.com/cloudgen/cloudgen/runtime/tracker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	_ tracker.Finder        = (*Finder)(nil)
	_ tracker.LocationCloud = (*module.Module)(nil)
)

// device answers as its members say; a negative time is never.
type device struct {
	fix, cell, wifi time.Duration
	none            bool // of the things to hear

	accuracies []float64 // of the fixes, in turn; none: 0
	fixes      int
	searches   string // + for each that has begun, - for each that has ended
}

func (d *device) searching(begun bool) {
	if begun {
		d.searches += "+"
	} else {
		d.searches += "-"
	}
}

func wait(ctx context.Context, d time.Duration) error {
	if d < 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *device) Fix(ctx context.Context) (data.Fix, error) {
	fix := data.Fix{Latitude: 48}
	if d.fixes < len(d.accuracies) {
		fix.Accuracy = d.accuracies[d.fixes]
	}
	d.fixes++
	return fix, wait(ctx, d.fix)
}

func (d *device) Cell(ctx context.Context) (data.Cell, error) {
	if d.none {
		return data.Cell{}, modem.ErrNoNetwork
	}
	return data.Cell{ID: 7, Neighbours: make([]data.NeighbourCell, 6)}, wait(ctx, d.cell)
}

func (d *device) ScanWiFi(ctx context.Context) (data.WiFi, error) {
	if d.none {
		return data.WiFi{}, nil
	}
	return data.WiFi{AccessPoints: make([]data.AccessPoint, 20)}, wait(ctx, d.wifi)
}

func usual() Config {
	return Config{
		GNSS: true, Cellular: true, WiFi: true, First: "LOCATION_REQUEST_DEFAULT_METHOD_FIRST_GNSS", Second: "LOCATION_REQUEST_DEFAULT_METHOD_SECOND_WIFI",
		Third: "LOCATION_REQUEST_DEFAULT_METHOD_THIRD_CELLULAR", GNSSTimeout: 90 * time.Second, CellularTimeout: 30 * time.Second, WiFiTimeout: 30 * time.Second,
		Cells: 4, AccessPoints: 10,
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestLocate(t *testing.T) {
	for name, c := range map[string]struct {
		device  device
		change  func(*Config)
		without data.NoData
		want    string
		took    time.Duration
	}{
		"by satellites":             {device{fix: 20 * time.Second}, nil, data.NoData{}, "fix", 20 * time.Second},
		"no sky":                    {device{fix: -1}, nil, data.NoData{}, "wifi cell", 90 * time.Second},
		"no sky, a scan that hangs": {device{fix: -1, wifi: -1}, nil, data.NoData{}, "cell", 2 * time.Minute},
		"no sky, the modem hangs":   {device{fix: -1, cell: -1}, nil, data.NoData{}, "wifi", 2 * time.Minute},
		"nothing":                   {device{fix: -1, none: true}, nil, data.NoData{}, "by satellites: context deadline exceeded\nby access points: there are none\nby cells: the modem has no network", 90 * time.Second},
		"GNSS not wanted":           {device{}, nil, data.NoData{GNSS: true}, "wifi cell", 0},
		"only cells wanted":         {device{}, nil, data.NoData{GNSS: true, WiFi: true}, "cell", 0},
		"only access points wanted": {device{}, nil, data.NoData{GNSS: true, NeighbourCells: true}, "wifi", 0},
		"nothing wanted":            {device{}, nil, data.NoData{GNSS: true, NeighbourCells: true, WiFi: true}, "no method may be used", 0},
		"no limit":                  {device{fix: time.Hour}, func(c *Config) { c.GNSSTimeout = -time.Millisecond }, data.NoData{}, "fix", time.Hour},
		"cells first":               {device{}, cellsFirst, data.NoData{}, "cell", 0},
		"cells first, no network":   {device{none: true, fix: time.Second}, cellsFirst, data.NoData{}, "fix", time.Second},
		"only satellites":           {device{fix: time.Second}, func(c *Config) { c.Second, c.Third = "X_SECOND_NONE", "" }, data.NoData{}, "fix", time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			config := usual()
			if c.change != nil {
				c.change(&config)
			}
			f, err := New(config, Sources{&c.device, &c.device, &c.device}, quiet())
			if err != nil {
				t.Fatal(err)
			}
			before := time.Now()
			fix, request, err := f.Locate(t.Context(), tracker.Search{Without: c.without, Satellites: c.device.searching})
			if bySatellites := c.device.fixes > 0; c.device.searches != map[bool]string{true: "+-"}[bySatellites] {
				t.Errorf("%s: searches by satellites %q", name, c.device.searches)
			}
			var got []string
			if fix != nil {
				got = append(got, "fix")
			}
			if request != nil && request.WiFi != nil {
				got = append(got, "wifi")
				if n := len(request.WiFi.AccessPoints); n != 10 {
					t.Errorf("%s: %d access points", name, n)
				}
			}
			if request != nil && request.Cell != nil {
				got = append(got, "cell")
				if n := len(request.Cell.Neighbours); n != 4 {
					t.Errorf("%s: %d neighbours", name, n)
				}
			}
			if err != nil {
				got = append(got, strings.TrimPrefix(err.Error(), "location: "))
			}
			if text := strings.Join(got, " "); text != c.want || time.Since(before) != c.took {
				t.Errorf("%s: %s after %v, want %s", name, text, time.Since(before), c.want)
			}
			if possible := f.Possible(c.without); possible == strings.HasPrefix(c.want, "no method") {
				t.Errorf("%s: possible %v", name, possible)
			}
		})
	}
}

func cellsFirst(c *Config) {
	c.First, c.Second, c.Third = "LOCATION_REQUEST_DEFAULT_METHOD_FIRST_CELLULAR", "LOCATION_REQUEST_DEFAULT_METHOD_SECOND_GNSS", "LOCATION_REQUEST_DEFAULT_METHOD_THIRD_NONE"
}

func TestASearchEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, err := New(usual(), Sources{Receiver: &device{fix: -1}}, quiet())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := f.Locate(ctx, tracker.Search{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

func TestHighAccuracy(t *testing.T) {
	for _, c := range []struct {
		accuracies []float64
		fix        time.Duration
		want       float64
		took       time.Duration
	}{
		{[]float64{12, 5, 9}, 20 * time.Second, 5, time.Minute},
		{[]float64{12, 13, 12}, 20 * time.Second, 12, time.Minute},
		{[]float64{12, 13, 5}, 40 * time.Second, 12, 90 * time.Second}, // there is no time for the third
	} {
		synctest.Test(t, func(t *testing.T) {
			config := usual()
			config.Accuracy, config.Fixes = AccuracyHigh, 3
			d := &device{accuracies: c.accuracies, fix: c.fix}
			f, err := New(config, Sources{Receiver: d}, quiet())
			if err != nil {
				t.Fatal(err)
			}
			before := time.Now()
			fix, _, err := f.Locate(t.Context(), tracker.Search{Satellites: d.searching})
			if err != nil || fix.Accuracy != c.want || time.Since(before) != c.took || d.searches != "+-" {
				t.Errorf("%v: %v, %v after %v, searches %s", c.accuracies, fix, err, time.Since(before), d.searches)
			}
		})
	}
}

// host is a modem adapter that can find nothing.
type host struct{ modem.Modem }

func TestNew(t *testing.T) {
	config := usual()
	config.WiFi = false
	if _, err := New(config, Sources{}, quiet()); err == nil || !strings.Contains(err.Error(), "LOCATION_METHOD_WIFI is off") {
		t.Errorf("%v", err)
	}
	config = usual()
	config.Third = "LOCATION_REQUEST_DEFAULT_METHOD_THIRD_GNSS"
	if _, err := New(config, Sources{}, quiet()); err != nil {
		t.Errorf("both are left out: %v", err)
	}
	if _, err := New(config, Sources{Receiver: &device{}}, quiet()); err == nil || !strings.Contains(err.Error(), "the same method stands before it") {
		t.Errorf("%v", err)
	}
	var log strings.Builder
	locator, err := usual().Open(host{}, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil || locator == nil || strings.Count(log.String(), "left out") != 3 {
		t.Errorf("%v; %s", err, log.String())
	}
}
