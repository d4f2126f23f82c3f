package cellular

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// version11 is the definition of object 10 (OMA LwM2M registry, 10, version 1.1). Version 1.0 lacks the resources above 11.
var version11 = lwm2m.Definition{
	ID: 10, Name: "Cellular connectivity", URN: "urn:oma:lwm2m:oma:10:1.1", Version: "1.1",
	Description: "What the device asks of the cellular network.",
	Resources: []lwm2m.Resource{
		{ID: 0, Name: "SMSC address", Operations: lwm2m.RW, Type: lwm2m.TypeString, Description: "Address of the short message centre."},
		{ID: 1, Name: "Disable radio period", Operations: lwm2m.RW, Type: lwm2m.TypeInteger, Range: "0..10080", Units: "min", Description: "Time for which the radio is switched off once it is written."},
		{ID: 2, Name: "Module activation code", Operations: lwm2m.RW, Type: lwm2m.TypeString, Description: "Configuration of the module."},
		{ID: 3, Name: "Vendor specific extensions", Operations: lwm2m.R, Type: lwm2m.TypeObjlnk, Description: "Link to a vendor's object."},
		{ID: 4, Name: "PSM Timer", Operations: lwm2m.RW, Type: lwm2m.TypeInteger, Units: "s", Description: "Periodic update timer to ask the network for (T3412 extended)."},
		{ID: 5, Name: "Active Timer", Operations: lwm2m.RW, Type: lwm2m.TypeInteger, Units: "s", Description: "Active timer to ask the network for (T3324)."},
		{ID: 7, Name: "eDRX parameters for Iu mode", Operations: lwm2m.RW, Type: lwm2m.TypeOpaque, Range: "1..1", Description: "eDRX parameters, 3GPP TS 24.008."},
		{ID: 8, Name: "eDRX parameters for WB-S1 mode", Operations: lwm2m.RW, Type: lwm2m.TypeOpaque, Range: "1..1", Description: "eDRX parameters, 3GPP TS 24.008."},
		{ID: 9, Name: "eDRX parameters for NB-S1 mode", Operations: lwm2m.RW, Type: lwm2m.TypeOpaque, Range: "1..1", Description: "eDRX parameters, 3GPP TS 24.008."},
		{ID: 10, Name: "eDRX parameters for A/Gb mode", Operations: lwm2m.RW, Type: lwm2m.TypeOpaque, Range: "1..1", Description: "eDRX parameters, 3GPP TS 24.008."},
		{ID: 11, Name: "Activated Profile Names", Operations: lwm2m.R, Multiple: true, Mandatory: true, Type: lwm2m.TypeObjlnk, Description: "Links to the access point profiles in use."},
		{ID: 12, Name: "Supported power saving modes", Operations: lwm2m.R, Type: lwm2m.TypeUnsigned, Description: "Power saving modes that the device supports, as bits: 0 PSM, 1 eDRX."},
		{ID: 13, Name: "Active power saving modes", Operations: lwm2m.RW, Type: lwm2m.TypeUnsigned, Description: "Power saving modes that are to be used, as the bits of resource 12."},
		{ID: 14, Name: "Release assistance indication usage", Operations: lwm2m.RW, Type: lwm2m.TypeUnsigned, Description: "Whether release assistance is to be used, as the bits of the standard."},
	},
}
