package tracker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
)

// configurationFile is the file in the data directory that keeps the real-time configuration (SDK: settings key data_module/config).
const configurationFile = "configuration"

// apply changes a configuration as the cloud asks. Members that are nil, or that ask for what is not accepted, keep their value; each of the
// latter is told. Accepted are times of whole seconds above 0 and any finite number (reference 6.6).
func apply(current data.Configuration, change data.ConfigurationChange) (next data.Configuration, refused []error) {
	next = current
	seconds := func(field *time.Duration, asked *time.Duration, name string) {
		if asked == nil {
			return
		}
		if *asked < time.Second {
			refused = append(refused, fmt.Errorf("%s: %v is refused, it must be at least 1 s; it stays %v", name, *asked, *field))
			return
		}
		*field = asked.Truncate(time.Second)
	}
	number := func(field *float64, asked *float64, name string) {
		if asked == nil {
			return
		}
		if math.IsNaN(*asked) || math.IsInf(*asked, 0) {
			refused = append(refused, fmt.Errorf("%s: %v is refused, it must be a finite number; it stays %v", name, *asked, *field))
			return
		}
		*field = *asked
	}
	if change.ActiveMode != nil {
		next.ActiveMode = *change.ActiveMode
	}
	seconds(&next.LocationTimeout, change.LocationTimeout, "location timeout")
	seconds(&next.ActiveWait, change.ActiveWait, "active wait")
	seconds(&next.MovementResolution, change.MovementResolution, "movement resolution")
	seconds(&next.MovementTimeout, change.MovementTimeout, "movement timeout")
	number(&next.AccelerometerActivity, change.AccelerometerActivity, "activity threshold")
	number(&next.AccelerometerInactivity, change.AccelerometerInactivity, "inactivity threshold")
	number(&next.AccelerometerInactivityTimeout, change.AccelerometerInactivityTimeout, "inactivity time")
	if change.NoData != nil {
		next.NoData = *change.NoData
	}
	return next, refused
}

// stored is the form of the file. A member that is missing, as in a file of an older firmware, keeps the compiled-in value.
type stored struct {
	ActiveMode            *bool    `json:"active_mode"`
	LocationTimeout       *int64   `json:"location_timeout_s"`
	ActiveWait            *int64   `json:"active_wait_s"`
	MovementResolution    *int64   `json:"movement_resolution_s"`
	MovementTimeout       *int64   `json:"movement_timeout_s"`
	ActivityThreshold     *float64 `json:"activity_threshold_m_s2"`
	InactivityThreshold   *float64 `json:"inactivity_threshold_m_s2"`
	InactivityTime        *float64 `json:"inactivity_time_s"`
	WithoutGNSS           *bool    `json:"without_gnss"`
	WithoutNeighbourCells *bool    `json:"without_neighbour_cells"`
	WithoutWiFi           *bool    `json:"without_wifi"`
}

func encodeConfiguration(c data.Configuration) ([]byte, error) {
	seconds := func(d time.Duration) *int64 { s := int64(d / time.Second); return &s }
	return json.Marshal(stored{
		ActiveMode:            &c.ActiveMode,
		LocationTimeout:       seconds(c.LocationTimeout),
		ActiveWait:            seconds(c.ActiveWait),
		MovementResolution:    seconds(c.MovementResolution),
		MovementTimeout:       seconds(c.MovementTimeout),
		ActivityThreshold:     &c.AccelerometerActivity,
		InactivityThreshold:   &c.AccelerometerInactivity,
		InactivityTime:        &c.AccelerometerInactivityTimeout,
		WithoutGNSS:           &c.NoData.GNSS,
		WithoutNeighbourCells: &c.NoData.NeighbourCells,
		WithoutWiFi:           &c.NoData.WiFi,
	})
}

// decodeConfiguration reads what encodeConfiguration wrote over a configuration of compiled-in values. It is strict: a file with an unknown
// member or an impossible value was not written by this firmware.
func decodeConfiguration(content []byte, compiledIn data.Configuration) (data.Configuration, error) {
	var s stored
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return data.Configuration{}, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return data.Configuration{}, errors.New("something follows the configuration")
	}
	c, refused := apply(compiledIn, data.ConfigurationChange{
		ActiveMode:                     s.ActiveMode,
		LocationTimeout:                duration(s.LocationTimeout),
		ActiveWait:                     duration(s.ActiveWait),
		MovementResolution:             duration(s.MovementResolution),
		MovementTimeout:                duration(s.MovementTimeout),
		AccelerometerActivity:          s.ActivityThreshold,
		AccelerometerInactivity:        s.InactivityThreshold,
		AccelerometerInactivityTimeout: s.InactivityTime,
	})
	if err := errors.Join(refused...); err != nil {
		return data.Configuration{}, err
	}
	for _, flag := range []struct {
		field *bool
		value *bool
	}{{&c.NoData.GNSS, s.WithoutGNSS}, {&c.NoData.NeighbourCells, s.WithoutNeighbourCells}, {&c.NoData.WiFi, s.WithoutWiFi}} {
		if flag.value != nil {
			*flag.field = *flag.value
		}
	}
	return c, nil
}

// duration gives seconds as a time; more than a time can hold becomes one that apply refuses.
func duration(seconds *int64) *time.Duration {
	if seconds == nil {
		return nil
	}
	d := time.Duration(-1)
	if *seconds <= math.MaxInt64/int64(time.Second) {
		d = time.Duration(max(*seconds, -1)) * time.Second
	}
	return &d
}
