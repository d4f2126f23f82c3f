// Package tracker is the sample application on top of the cloud module: it samples what the device can tell and reports it, follows the
// real-time configuration that the cloud may change, and orchestrates reboot and shutdown. It is the cloud side of the SDK's asset tracker:
// its app, data, sensor and util modules.
//
// It knows no cloud and no modem: Cloud, Identity, Radio and Sensors are the small interfaces that it asks for.
package tracker

import (
	"errors"
	"fmt"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
)

// Mode is a device mode. Its values are the members of the choice DATA_DEVICE_MODE.
type Mode string

// The modes.
const (
	ModeActive  Mode = "DATA_DEVICE_MODE_ACTIVE"  // samples at a fixed interval
	ModePassive Mode = "DATA_DEVICE_MODE_PASSIVE" // samples when the device moves
)

// Config holds what is compiled in. The members from DeviceMode to SampleWiFi are only where the real-time configuration starts: from the
// first change by the cloud on, the configuration in the data directory counts.
type Config struct {
	Version       string        `kconfig:"ASSET_TRACKER_V2_APP_VERSION,marked"`
	RebootTimeout time.Duration `kconfig:"REBOOT_TIMEOUT,unit=s"`

	DeviceMode                     Mode          `kconfig:"DATA_DEVICE_MODE"`
	ActiveWait                     time.Duration `kconfig:"DATA_ACTIVE_TIMEOUT_SECONDS,unit=s"`
	MovementResolution             time.Duration `kconfig:"DATA_MOVEMENT_RESOLUTION_SECONDS,unit=s"`
	MovementTimeout                time.Duration `kconfig:"DATA_MOVEMENT_TIMEOUT_SECONDS,unit=s"`
	LocationTimeout                time.Duration `kconfig:"DATA_LOCATION_TIMEOUT_SECONDS,unit=s"`
	AccelerometerActivity          int           `kconfig:"DATA_ACCELEROMETER_ACT_THRESHOLD"`   // m/s²
	AccelerometerInactivity        int           `kconfig:"DATA_ACCELEROMETER_INACT_THRESHOLD"` // m/s²
	AccelerometerInactivityTimeout time.Duration `kconfig:"DATA_ACCELEROMETER_INACT_TIMEOUT_SECONDS,unit=s"`
	SampleGNSS                     bool          `kconfig:"DATA_SAMPLE_GNSS_DEFAULT"`
	SampleNeighbourCells           bool          `kconfig:"DATA_SAMPLE_NEIGHBOR_CELLS_DEFAULT"`
	SampleWiFi                     bool          `kconfig:"DATA_SAMPLE_WIFI_DEFAULT"`

	FixBuffer     int `kconfig:"DATA_GNSS_BUFFER_COUNT"`
	SensorBuffer  int `kconfig:"DATA_SENSOR_BUFFER_COUNT"`
	NetworkBuffer int `kconfig:"DATA_MODEM_DYNAMIC_BUFFER_COUNT"`
	BatteryBuffer int `kconfig:"DATA_BATTERY_BUFFER_COUNT"`

	// Whether samples that cannot be sent at once are held back.
	StoreFixes        bool `kconfig:"DATA_GNSS_BUFFER_STORE"`
	StoreEnvironments bool `kconfig:"DATA_SENSOR_BUFFER_STORE"`
	StoreNetworks     bool `kconfig:"DATA_DYNAMIC_MODEM_BUFFER_STORE"`
	StoreBatteries    bool `kconfig:"DATA_BATTERY_BUFFER_STORE"`

	Sensors bool `kconfig:"SENSOR_MODULE"` // environment and battery are sampled
}

// check finds what the option tree lets through, because the SDK does, and what would keep this application from working.
func (c Config) check() error {
	var errs []error
	for _, each := range []struct {
		option string
		value  int64
	}{
		{"DATA_ACTIVE_TIMEOUT_SECONDS", int64(c.ActiveWait / time.Second)},
		{"DATA_MOVEMENT_RESOLUTION_SECONDS", int64(c.MovementResolution / time.Second)},
		{"DATA_MOVEMENT_TIMEOUT_SECONDS", int64(c.MovementTimeout / time.Second)},
		{"DATA_LOCATION_TIMEOUT_SECONDS", int64(c.LocationTimeout / time.Second)},
		{"DATA_GNSS_BUFFER_COUNT", int64(c.FixBuffer)},
		{"DATA_SENSOR_BUFFER_COUNT", int64(c.SensorBuffer)},
		{"DATA_MODEM_DYNAMIC_BUFFER_COUNT", int64(c.NetworkBuffer)},
		{"DATA_BATTERY_BUFFER_COUNT", int64(c.BatteryBuffer)},
	} {
		if each.value < 1 {
			errs = append(errs, errorf("%s is %d: it must be at least 1", each.option, each.value))
		}
	}
	if c.DeviceMode != ModeActive && c.DeviceMode != ModePassive {
		errs = append(errs, errorf("DATA_DEVICE_MODE is %q: it must be %s or %s", string(c.DeviceMode), ModeActive, ModePassive))
	}
	return joined(errs...)
}

// initial is the real-time configuration of a device whose cloud has never changed it.
func (c Config) initial() data.Configuration {
	return data.Configuration{
		ActiveMode:                     c.DeviceMode == ModeActive,
		LocationTimeout:                c.LocationTimeout,
		ActiveWait:                     c.ActiveWait,
		MovementResolution:             c.MovementResolution,
		MovementTimeout:                c.MovementTimeout,
		AccelerometerActivity:          float64(c.AccelerometerActivity),
		AccelerometerInactivity:        float64(c.AccelerometerInactivity),
		AccelerometerInactivityTimeout: c.AccelerometerInactivityTimeout.Seconds(),
		NoData:                         data.NoData{GNSS: !c.SampleGNSS, NeighbourCells: !c.SampleNeighbourCells, WiFi: !c.SampleWiFi},
	}
}

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }

// joined is errors.Join as a call.
//
//go:noinline
func joined(errs ...error) error { return errors.Join(errs...) }
