package tracker

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
)

// testConfig has the option tree's defaults.
func testConfig() Config {
	return Config{
		Version: "1.2.3", RebootTimeout: 30 * time.Second, DeviceMode: ModeActive, ActiveWait: 300 * time.Second,
		MovementResolution: 120 * time.Second, MovementTimeout: time.Hour, LocationTimeout: 300 * time.Second,
		AccelerometerActivity: 4, AccelerometerInactivity: 4, AccelerometerInactivityTimeout: time.Minute,
		SampleGNSS: true, SampleNeighbourCells: true, SampleWiFi: true,
		FixBuffer: 10, SensorBuffer: 10, NetworkBuffer: 3, BatteryBuffer: 3,
		StoreFixes: true, StoreEnvironments: true, StoreNetworks: true, StoreBatteries: true, Sensors: true,
	}
}

func TestInitialConfiguration(t *testing.T) {
	config := testConfig()
	config.SampleWiFi = false
	want := data.Configuration{
		ActiveMode: true, LocationTimeout: 5 * time.Minute, ActiveWait: 5 * time.Minute, MovementResolution: 2 * time.Minute, MovementTimeout: time.Hour,
		AccelerometerActivity: 4, AccelerometerInactivity: 4, AccelerometerInactivityTimeout: 60, NoData: data.NoData{WiFi: true},
	}
	if got := config.initial(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	config.DeviceMode = ModePassive
	if config.initial().ActiveMode {
		t.Error("the passive mode is active")
	}
}

func TestOptionsThatCannotWork(t *testing.T) {
	if err := testConfig().check(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	err := Config{}.check()
	for _, option := range []string{
		"DATA_ACTIVE_TIMEOUT_SECONDS is 0", "DATA_MOVEMENT_RESOLUTION_SECONDS", "DATA_MOVEMENT_TIMEOUT_SECONDS", "DATA_LOCATION_TIMEOUT_SECONDS",
		"DATA_SENSOR_BUFFER_COUNT", "DATA_MODEM_DYNAMIC_BUFFER_COUNT", "DATA_BATTERY_BUFFER_COUNT", `DATA_DEVICE_MODE is ""`,
	} {
		if err == nil || !strings.Contains(err.Error(), option) {
			t.Errorf("%s is not named in: %v", option, err)
		}
	}
}

func TestApply(t *testing.T) {
	start := testConfig().initial()
	for _, test := range []struct {
		name    string
		change  data.ConfigurationChange
		want    func(*data.Configuration)
		refused []string
	}{
		{name: "nothing", want: func(*data.Configuration) {}},
		{
			name: "everything",
			change: data.ConfigurationChange{
				ActiveMode: new(false), LocationTimeout: new(time.Second), ActiveWait: new(2 * time.Second), MovementResolution: new(3 * time.Second),
				MovementTimeout: new(4 * time.Second), AccelerometerActivity: new(0.5), AccelerometerInactivity: new(-1.0), AccelerometerInactivityTimeout: new(0.0),
				NoData: &data.NoData{GNSS: true},
			},
			want: func(c *data.Configuration) {
				*c = data.Configuration{
					LocationTimeout: time.Second, ActiveWait: 2 * time.Second, MovementResolution: 3 * time.Second, MovementTimeout: 4 * time.Second,
					AccelerometerActivity: 0.5, AccelerometerInactivity: -1, NoData: data.NoData{GNSS: true},
				}
			},
		},
		{
			name:   "a fraction of a second is cut",
			change: data.ConfigurationChange{ActiveWait: new(2900 * time.Millisecond)},
			want:   func(c *data.Configuration) { c.ActiveWait = 2 * time.Second },
		},
		{
			name: "what is not accepted stays, the rest changes",
			change: data.ConfigurationChange{
				LocationTimeout: new(time.Duration(0)), ActiveWait: new(-time.Second), MovementResolution: new(999 * time.Millisecond), MovementTimeout: new(7 * time.Second),
				AccelerometerActivity: new(math.NaN()), AccelerometerInactivity: new(math.Inf(1)), AccelerometerInactivityTimeout: new(math.Inf(-1)),
			},
			want:    func(c *data.Configuration) { c.MovementTimeout = 7 * time.Second },
			refused: []string{"location timeout: 0s", "active wait: -1s", "movement resolution: 999ms", "activity threshold: NaN", "inactivity threshold: +Inf", "inactivity time: -Inf"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := start
			test.want(&want)
			got, refused := apply(start, test.change)
			if got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
			if len(refused) != len(test.refused) {
				t.Fatalf("refused %v, want %v", refused, test.refused)
			}
			for i, text := range test.refused {
				if !strings.Contains(refused[i].Error(), text) {
					t.Errorf("refused %v, want one with %q", refused[i], text)
				}
			}
		})
	}
}

func TestStoredConfiguration(t *testing.T) {
	want, _ := apply(testConfig().initial(), data.ConfigurationChange{ActiveMode: new(false), ActiveWait: new(7 * time.Second), AccelerometerActivity: new(1e-3), NoData: &data.NoData{WiFi: true}})
	content := encodeConfiguration(want)
	if !json.Valid(content) {
		t.Errorf("%s is no JSON", content)
	}
	if got, err := decodeConfiguration(content, data.Configuration{}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	// What an older firmware did not know keeps the compiled-in value.
	older, err := decodeConfiguration([]byte(`{"active_wait_s": 9}`), want)
	if err != nil || older.ActiveWait != 9*time.Second || older.MovementTimeout != want.MovementTimeout || older.ActiveMode || !older.NoData.WiFi {
		t.Errorf("%+v, %v", older, err)
	}
	for _, bad := range []string{
		"", "null1", "[]", `{"active_wait_s": 0}`, `{"active_wait_s": "9"}`, `{"active_wait_s": 9223372036854775807}`, `{"active_wait_s": 1.5}`, `{"active_wait_s": -9223372036854775808}`,
		`{"other": 1}`, `{} {}`, `{"activity_threshold_m_s2": 1e999}`, strings.Repeat("[", 1e6), "{\"active_mode\": tru",
		`{"active_mode": tru}`, `{"active_mode": true,}`, `{active_mode: true}`, `{"inactivity_time_s": 0x1p4}`, `{"inactivity_time_s": NaN}`,
	} {
		if c, err := decodeConfiguration([]byte(bad), want); err == nil {
			t.Errorf("%.40s was taken: %+v", bad, c)
		}
	}
}

func FuzzStoredConfiguration(f *testing.F) {
	f.Add(encodeConfiguration(testConfig().initial()))
	f.Add([]byte(`{"active_wait_s": 9, "without_wifi": true}`))
	f.Add([]byte(`{"active_mode": null}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		got, err := decodeConfiguration(content, testConfig().initial())
		if err != nil {
			return
		}
		if got.ActiveWait < time.Second || got.MovementResolution < time.Second || got.MovementTimeout < time.Second || got.LocationTimeout < time.Second {
			t.Errorf("%q gives %+v", content, got)
		}
		if back, err := decodeConfiguration(encodeConfiguration(got), data.Configuration{}); err != nil || !reflect.DeepEqual(back, got) {
			t.Errorf("%+v comes back as %+v, %v", got, back, err)
		}
	})
}
