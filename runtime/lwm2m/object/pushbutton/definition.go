package pushbutton

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// version11 is the definition of object 3347 (OMA LwM2M registry, 3347, version 1.1). Version 1.0 lacks the resources 5518 and 6050.
var version11 = lwm2m.Definition{
	ID: 3347, Name: "Push button", URN: "urn:oma:lwm2m:ext:3347:1.1", Version: "1.1", Multiple: true,
	Description: "A button.",
	Resources: []lwm2m.Resource{
		{ID: 5500, Name: "Digital Input State", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeBoolean, Description: "Whether the button is pressed."},
		{ID: 5501, Name: "Digital Input Counter", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Description: "Times that the button was pressed."},
		{ID: 5518, Name: "Timestamp", Operations: lwm2m.R, Type: lwm2m.TypeTime, Description: "When the state last changed."},
		{ID: 5750, Name: "Application Type", Operations: lwm2m.RW, Type: lwm2m.TypeString, Description: "What the button is used for."},
		{ID: 6050, Name: "Fractional Timestamp", Operations: lwm2m.R, Type: lwm2m.TypeFloat, Range: "0..1", Units: "s", Description: "Part of a second of the timestamp."},
	},
}
