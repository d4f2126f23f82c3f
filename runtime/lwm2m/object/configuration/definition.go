package configuration

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// definition is that of object 50009, which is the SDK's asset tracker's own and in no registry (reference lwm2m, 14.11).
var definition = lwm2m.Definition{
	ID: 50009, Name: "Configuration", URN: "urn:oma:lwm2m:x:50009", Version: "1.0",
	Description: "The real-time configuration of the application.",
	Resources: []lwm2m.Resource{
		{ID: 0, Name: "Passive mode", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeBoolean, Description: "Whether samples are taken when the device moves, and not at a fixed interval."},
		{ID: 1, Name: "Location timeout", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeInteger, Range: "1..2147483647", Units: "s", Description: "Longest time that a location may take."},
		{ID: 2, Name: "Active wait timeout", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeInteger, Range: "1..2147483647", Units: "s", Description: "Interval of samples in active mode."},
		{ID: 3, Name: "Movement resolution", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeInteger, Range: "1..2147483647", Units: "s", Description: "Shortest interval in passive mode."},
		{ID: 4, Name: "Movement timeout", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeInteger, Range: "1..2147483647", Units: "s", Description: "Longest interval in passive mode."},
		{ID: 5, Name: "Accelerometer activity threshold", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeFloat, Units: "m/s2", Description: "Acceleration above which the device is in motion."},
		{ID: 6, Name: "GNSS enable", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeBoolean, Description: "Whether the location is taken by satellites."},
		{ID: 7, Name: "Neighbor cell enable", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeBoolean, Description: "Whether neighbour cells are sampled."},
		{ID: 8, Name: "Accelerometer inactivity threshold", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeFloat, Units: "m/s2", Description: "Acceleration below which the device is at rest."},
		{ID: 9, Name: "Accelerometer inactivity timeout", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeFloat, Units: "s", Description: "Time at rest after which motion has ended."},
	},
}
