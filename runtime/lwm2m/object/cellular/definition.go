package cellular

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// every has the resources of versions 1.0 and 1.1 of object 10 (OMA LwM2M registry, 10).
var every = lwm2m.Definition{
	ID: 10, Name: "LWM2M Cellular Connectivity",
	Description: "What the device asks of the cellular network.",
	Resources: []lwm2m.Resource{
		{ID: 0, Name: "SMSC address", Operations: lwm2m.RW, Type: lwm2m.TypeString, Description: "Address of the short message centre."},
		{ID: 1, Name: "Disable radio period", Operations: lwm2m.RW, Type: lwm2m.TypeInteger, Range: "0..65535", Units: "min", Description: "Time for which the radio is switched off once it is written."},
		{ID: 2, Name: "Module activation code", Operations: lwm2m.RW, Type: lwm2m.TypeString, Description: "Configuration of the module."},
		{ID: 3, Name: "Vendor specific extensions", Operations: lwm2m.R, Type: lwm2m.TypeObjlnk, Description: "Link to a vendor's object."},
		{ID: 4, Name: "PSM Timer", Operations: lwm2m.RW, Type: lwm2m.TypeInteger, Units: "s", Description: "Periodic update timer to ask the network for (T3412 extended)."},
		{ID: 5, Name: "Active Timer", Operations: lwm2m.RW, Type: lwm2m.TypeInteger, Units: "s", Description: "Active timer to ask the network for (T3324)."},
		{ID: servingRateControl, Name: "Serving PLMN Rate control", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Description: "Messages that the network lets the device send in six minutes."},
		{ID: 7, Name: "eDRX parameters for Iu mode", Operations: lwm2m.RW, Type: lwm2m.TypeOpaque, Range: "1..1", Description: "eDRX parameters, 3GPP TS 24.008."},
		{ID: 8, Name: "eDRX parameters for WB-S1 mode", Operations: lwm2m.RW, Type: lwm2m.TypeOpaque, Range: "1..1", Description: "eDRX parameters, 3GPP TS 24.008."},
		{ID: 9, Name: "eDRX parameters for NB-S1 mode", Operations: lwm2m.RW, Type: lwm2m.TypeOpaque, Range: "1..1", Description: "eDRX parameters, 3GPP TS 24.008."},
		{ID: 10, Name: "eDRX parameters for A/Gb mode", Operations: lwm2m.RW, Type: lwm2m.TypeOpaque, Range: "1..1", Description: "eDRX parameters, 3GPP TS 24.008."},
		{ID: 11, Name: "Activated Profile Names", Operations: lwm2m.R, Multiple: true, Mandatory: true, Type: lwm2m.TypeObjlnk, Description: "Links to the access point profiles in use."},
		{ID: 12, Name: "Supported Power Saving Modes", Operations: lwm2m.R, Type: lwm2m.TypeUnsigned, Range: "0..255", Description: "Power saving modes that the device supports, as bits: 0 PSM, 1 eDRX."},
		{ID: 13, Name: "Active Power Saving Modes", Operations: lwm2m.RW, Type: lwm2m.TypeUnsigned, Range: "0..255", Description: "Power saving modes that are to be used, as the bits of resource 12."},
		{ID: 14, Name: "Release Assistance Indication Usage", Operations: lwm2m.RW, Type: lwm2m.TypeUnsigned, Range: "0..255", Description: "When release assistance is used, as bits: 0 never, 1 with the last message if no answer is expected, 2 also if one is."},
	},
}
