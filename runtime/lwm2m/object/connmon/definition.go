package connmon

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// version13 is the definition of object 4 (OMA LwM2M registry, 4, version 1.3). Versions 1.0 and 1.2 are the same with fewer resources.
var version13 = lwm2m.Definition{
	ID: 4, Name: "Connectivity Monitoring", URN: "urn:oma:lwm2m:oma:4:1.3", Version: "1.3",
	Description: "Which network the device is in, and how well it hears it.",
	Resources: []lwm2m.Resource{
		{ID: 0, Name: "Network Bearer", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeInteger, Range: "0..50", Description: "Bearer in use: 0 GSM, 2 WCDMA, 5 LTE-TDD, 6 LTE-FDD and LTE-M, 7 NB-IoT, 21 WLAN, 22 Bluetooth, 23 IEEE 802.15.4, 41 Ethernet, 42 DSL, 43 PLC."},
		{ID: 1, Name: "Available Network Bearer", Operations: lwm2m.R, Multiple: true, Mandatory: true, Type: lwm2m.TypeInteger, Range: "0..50", Description: "Bearers that the device has."},
		{ID: 2, Name: "Radio Signal Strength", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeInteger, Units: "dBm", Description: "Received power; RSRP with LTE."},
		{ID: 3, Name: "Link Quality", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Description: "Quality of the received signal; RSRQ with LTE."},
		{ID: 4, Name: "IP Addresses", Operations: lwm2m.R, Multiple: true, Mandatory: true, Type: lwm2m.TypeString, Description: "Addresses of the device."},
		{ID: 5, Name: "Router IP Addresses", Operations: lwm2m.R, Multiple: true, Type: lwm2m.TypeString, Description: "Addresses of the next routers."},
		{ID: 6, Name: "Link Utilization", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Range: "0..100", Units: "%", Description: "Use of the link."},
		{ID: 7, Name: "APN", Operations: lwm2m.R, Multiple: true, Type: lwm2m.TypeString, Description: "Access point names."},
		{ID: 8, Name: "Cell ID", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Description: "Cell that serves the device."},
		{ID: 9, Name: "SMNC", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Range: "0..999", Description: "Mobile network code of the serving network."},
		{ID: 10, Name: "SMCC", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Range: "0..999", Description: "Mobile country code of the serving network."},
		{ID: 11, Name: "SignalSNR", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Units: "dB", Description: "Signal to noise ratio."},
		{ID: 12, Name: "LAC", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Description: "Location area; tracking area with LTE."},
		{ID: 13, Name: "Coverage Enhancement Level", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Range: "0..4", Description: "Level of coverage enhancement."},
	},
}
