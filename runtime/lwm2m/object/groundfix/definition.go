package groundfix

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// definition is that of object 33626, which is Nordic's own and in no registry: its resources are those of the SDK's library (reference lwm2m, 14.10).
var definition = lwm2m.Definition{
	ID: 33626, Name: "Ground Fix Location", URN: "urn:oma:lwm2m:x:33626", Version: "1.0",
	Description: "Asks for the location by cells and access points, which the server may write back.",
	Resources: []lwm2m.Resource{
		{ID: 0, Name: "Send location back", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeBoolean, Description: "Whether the server is to write the location back."},
		{ID: 1, Name: "Result code", Operations: lwm2m.W, Mandatory: true, Type: lwm2m.TypeInteger, Range: "-1..2", Description: "0 success, -1 permanent error, 1 temporary error, 2 no answer."},
		{ID: 2, Name: "Latitude", Operations: lwm2m.W, Type: lwm2m.TypeFloat, Range: "-90.0..90.0", Units: "deg", Description: "Latitude, WGS84."},
		{ID: 3, Name: "Longitude", Operations: lwm2m.W, Type: lwm2m.TypeFloat, Range: "-180.0..180.0", Units: "deg", Description: "Longitude, WGS84."},
		{ID: 4, Name: "Accuracy", Operations: lwm2m.W, Type: lwm2m.TypeFloat, Units: "m", Description: "Radius of the circle that the device is in."},
	},
}
