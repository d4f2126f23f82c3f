package portfolio

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// definition is that of object 16 (OMA LwM2M registry, 16, version 1.0).
var definition = lwm2m.Definition{
	ID: 16, Name: "Portfolio", URN: "urn:oma:lwm2m:oma:16", Version: "1.0", Multiple: true,
	Description: "Identities of the devices around this one.",
	Resources: []lwm2m.Resource{
		{ID: 0, Name: "Identity", Operations: lwm2m.RW, Multiple: true, Mandatory: true, Type: lwm2m.TypeString, Description: "0 id of the host device, 1 its manufacturer, 2 its model, 3 version of its software; further ones are the vendor's."},
		{ID: 1, Name: "GetAuthData", Operations: lwm2m.E, Description: "Make authentication data."},
		{ID: 2, Name: "AuthData", Operations: lwm2m.R, Multiple: true, Type: lwm2m.TypeOpaque, Description: "Authentication data that was made."},
		{ID: 3, Name: "AuthStatus", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Range: "0..2", Description: "0 ready, 1 data is available, 2 failed."},
	},
}
