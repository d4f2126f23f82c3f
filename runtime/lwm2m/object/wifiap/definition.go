package wifiap

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// definition is that of object 33627, which is Nordic's own and in no registry: its resources are those of the SDK's library (reference lwm2m, 14.10).
var definition = lwm2m.Definition{
	ID: 33627, Name: "Visible Wi-Fi Access Point", URN: "urn:oma:lwm2m:x:33627", Version: "1.0", Multiple: true,
	Description: "Wi-Fi access points that the device hears.",
	Resources: []lwm2m.Resource{
		{ID: 0, Name: "MAC address", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeOpaque, Range: "6..6", Description: "Address of the access point."},
		{ID: 1, Name: "Channel", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Description: "Channel."},
		{ID: 2, Name: "Frequency", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Units: "MHz", Description: "Frequency."},
		{ID: 3, Name: "Signal strength", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Units: "dBm", Description: "Received power."},
		{ID: 4, Name: "SSID", Operations: lwm2m.R, Type: lwm2m.TypeString, Range: "0..32", Description: "Name of the network."},
	},
}
