package gnssassist

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// definition is that of object 33625, which is Nordic's own and in no registry: its resources are those of the SDK's library (reference lwm2m, 14.10).
var definition = lwm2m.Definition{
	ID: 33625, Name: "GNSS Assistance", URN: "urn:oma:lwm2m:x:33625", Version: "1.0",
	Description: "Asks for satellite assistance data, which the server writes.",
	Resources: []lwm2m.Resource{
		{ID: 0, Name: "Assistance type", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeInteger, Range: "0..1", Description: "0 A-GNSS, 1 P-GPS."},
		{ID: 1, Name: "A-GNSS assistance mask", Operations: lwm2m.R, Type: lwm2m.TypeUnsigned, Range: "0..4294967295", Description: "Wanted elements as bits: 0 UTC, 1 ephemerides, 2 almanac, 3 Klobuchar, 4 NeQuick, 5 time of week, 6 system clock, 7 position, 8 integrity."},
		{ID: 2, Name: "P-GPS prediction count", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Range: "1..168", Description: "Number of predictions."},
		{ID: 3, Name: "P-GPS prediction interval", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Range: "120..480", Units: "min", Description: "Time that one prediction covers: 120, 240, 360 or 480."},
		{ID: 4, Name: "P-GPS start GPS day", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Description: "First day, in days since 1980-01-06; 0 is today."},
		{ID: 5, Name: "P-GPS start time", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Range: "0..86399", Units: "s", Description: "Time of day of the first prediction."},
		{ID: 6, Name: "Assistance data", Operations: lwm2m.W, Mandatory: true, Type: lwm2m.TypeOpaque, Description: "Assistance data in the format of nRF Cloud."},
		{ID: 7, Name: "Result code", Operations: lwm2m.W, Mandatory: true, Type: lwm2m.TypeInteger, Range: "-1..2", Description: "0 success, -1 permanent error, 1 temporary error, 2 no answer."},
		{ID: 8, Name: "Satellite elevation mask", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Range: "-1..90", Units: "deg", Description: "Lowest elevation; -1: none is set."},
	},
}
