package data

import "time"

// Configuration is the real-time configuration that a cloud may change while the device runs.
type Configuration struct {
	ActiveMode         bool
	LocationTimeout    time.Duration // whole seconds, above 0
	ActiveWait         time.Duration // whole seconds, above 0: sampling interval of the active mode
	MovementResolution time.Duration // whole seconds, above 0: shortest interval of the passive mode
	MovementTimeout    time.Duration // whole seconds, above 0: longest interval of the passive mode

	AccelerometerActivity          float64 // m/s²
	AccelerometerInactivity        float64 // m/s²
	AccelerometerInactivityTimeout float64 // s

	NoData NoData
}

// NoData names the kinds of data that the device is not to sample.
type NoData struct {
	GNSS, NeighbourCells, WiFi bool
}

// ConfigurationChange is what a cloud asks to change: nil members keep their value.
type ConfigurationChange struct {
	ActiveMode         *bool
	LocationTimeout    *time.Duration
	ActiveWait         *time.Duration
	MovementResolution *time.Duration
	MovementTimeout    *time.Duration

	AccelerometerActivity          *float64
	AccelerometerInactivity        *float64
	AccelerometerInactivityTimeout *float64

	NoData *NoData
}
