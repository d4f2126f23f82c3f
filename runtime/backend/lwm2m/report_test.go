package lwm2m

import (
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
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
