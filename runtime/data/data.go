// Package data holds the typed values that modules and cloud backends exchange: samples, the real-time configuration,
// location and assistance requests, and what comes back from a cloud.
//
// The cloud module hands values of this package to a backend; encoding belongs to the backend and its codec. All values are plain
// data: whoever receives one owns it, and nobody changes it after handing it over.
package data

import "time"

// Device describes the device itself (SDK: modem static data).
type Device struct {
	IMEI, ICCID   string
	ModemFirmware string
	Board         string
	Version       string // version of the application
	Taken         time.Time
}

// Network is the state of the radio link (SDK: modem dynamic data).
type Network struct {
	Band     int
	Mode     string // "LTE-M", "NB-IoT" or "Unknown"
	RSRP     int    // dBm
	AreaCode int    // tracking area code
	MCCMNC   int    // mobile country and network code as one decimal number, as 24202
	CellID   int
	IP       string
	Taken    time.Time
}

// Fix is a GNSS position.
type Fix struct {
	Latitude, Longitude float64 // degrees, WGS84
	Accuracy            float64 // m
	Altitude            float64 // m
	Speed               float64 // m/s
	Heading             float64 // degrees
	HeadingAccuracy     float64 // degrees; a heading is reported only when this is below 60
	Taken               time.Time
}

// Environment is one reading of the environment sensors.
type Environment struct {
	Temperature float64 // °C
	Humidity    float64 // percent
	Pressure    float64 // kPa
	AirQuality  int     // index for air quality; negative: the sensor has none
	Taken       time.Time
}

// Battery is the charge of the battery.
type Battery struct {
	Percent int // 0 to 100
	Taken   time.Time
}

// Button is a press of a button.
type Button struct {
	Number int
	Taken  time.Time
}

// Impact is a shock that the accelerometer saw.
type Impact struct {
	Magnitude float64 // g
	Taken     time.Time
}

// Update is the newest sample of each kind that has an unsent one; nil where there is none (SDK: DATA_EVT_DATA_SEND).
type Update struct {
	Device      *Device
	Network     *Network
	Fix         *Fix
	Environment *Environment
	Battery     *Battery
}

// Batch is what the ring buffers held back, oldest first (SDK: DATA_EVT_DATA_SEND_BATCH).
type Batch struct {
	Network     []Network
	Fix         []Fix
	Environment []Environment
	Battery     []Battery
	Button      []Button
	Impact      []Impact
}

// Alert is a message about something that a person or the world did just now (SDK: DATA_EVT_UI_DATA_SEND and
// DATA_EVT_IMPACT_DATA_SEND, which travel alike). Exactly one member is set.
type Alert struct {
	Button *Button
	Impact *Impact
}

// Cell is the cell that serves the device.
type Cell struct {
	MCC, MNC      int
	ID            int
	AreaCode      int
	EARFCN        int
	TimingAdvance int
	RSRP          int // dBm
	RSRQ          int // dB
	Neighbours    []NeighbourCell
	Taken         time.Time
}

// NeighbourCell is a cell that the device hears but does not use.
type NeighbourCell struct {
	EARFCN         int
	PhysicalCellID int
	RSRP           int // dBm
	RSRQ           int // dB
}

// AccessPoint is a Wi-Fi access point that the device hears.
type AccessPoint struct {
	MAC            [6]byte
	SignalStrength int // dBm
}

// WiFi is one scan of access points.
type WiFi struct {
	AccessPoints []AccessPoint
	Taken        time.Time
}

// LocationRequest asks the cloud where the device is, from what the device hears. At least one member is set.
type LocationRequest struct {
	Cell *Cell
	WiFi *WiFi
}

// AGNSSRequest asks for assistance data of the satellites that are in the sky now.
type AGNSSRequest struct {
	MCC, MNC, AreaCode, CellID int
	// Types are the wanted elements: 1 UTC parameters, 2 ephemerides, 3 almanac, 4 Klobuchar, 5 NeQuick, 6 time of week,
	// 7 system clock, 8 position, 9 integrity.
	Types []int
}

// PGPSRequest asks for predicted satellite orbits.
type PGPSRequest struct {
	Predictions int
	Interval    time.Duration // between predictions, whole minutes
	GPSDay      int           // days since 1980-01-06
	TimeOfDay   time.Duration // GPS time of day of the first prediction, whole seconds
}
