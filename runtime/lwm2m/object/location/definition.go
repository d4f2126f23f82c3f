package location

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// definition is that of object 6 (OMA LwM2M registry, 6, version 1.0).
var definition = lwm2m.Definition{
	ID: 6, Name: "Location", URN: "urn:oma:lwm2m:oma:6", Version: "1.0",
	Description: "Where the device is.",
	Resources: []lwm2m.Resource{
		{ID: 0, Name: "Latitude", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeFloat, Range: "-90.0..90.0", Units: "lat", Description: "Latitude, WGS84."},
		{ID: 1, Name: "Longitude", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeFloat, Range: "-180.0..180.0", Units: "lon", Description: "Longitude, WGS84."},
		{ID: 2, Name: "Altitude", Operations: lwm2m.R, Type: lwm2m.TypeFloat, Units: "m", Description: "Height above sea level."},
		{ID: 3, Name: "Radius", Operations: lwm2m.R, Type: lwm2m.TypeFloat, Units: "m", Description: "Accuracy: radius of the circle that the device is in."},
		{ID: 4, Name: "Velocity", Operations: lwm2m.R, Type: lwm2m.TypeOpaque, Description: "Velocity as 3GPP TS 23.032 encodes it."},
		{ID: 5, Name: "Timestamp", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeTime, Description: "When the location was measured."},
		{ID: 6, Name: "Speed", Operations: lwm2m.R, Type: lwm2m.TypeFloat, Units: "m/s", Description: "Speed."},
	},
}
