package device

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// definition is that of object 3 (OMA LwM2M registry, 3, version 1.1).
var definition = lwm2m.Definition{
	ID: 3, Name: "Device", URN: "urn:oma:lwm2m:oma:3:1.1", Version: "1.1", Mandatory: true,
	Description: "What the device is, its power, memory, time and errors; restart.",
	Resources: []lwm2m.Resource{
		{ID: 0, Name: "Manufacturer", Operations: lwm2m.R, Type: lwm2m.TypeString, Description: "Name of the manufacturer."},
		{ID: 1, Name: "Model Number", Operations: lwm2m.R, Type: lwm2m.TypeString, Description: "Model, as the manufacturer names it."},
		{ID: 2, Name: "Serial Number", Operations: lwm2m.R, Type: lwm2m.TypeString, Description: "Serial number."},
		{ID: 3, Name: "Firmware Version", Operations: lwm2m.R, Type: lwm2m.TypeString, Description: "Version of the firmware that runs."},
		{ID: 4, Name: "Reboot", Operations: lwm2m.E, Mandatory: true, Description: "Restart the device."},
		{ID: 5, Name: "Factory Reset", Operations: lwm2m.E, Description: "Return to the configuration of the factory."},
		{ID: 6, Name: "Available Power Sources", Operations: lwm2m.R, Multiple: true, Type: lwm2m.TypeInteger, Range: "0..7", Description: "0 DC, 1 internal battery, 2 external battery, 3 fuel cell, 4 Power over Ethernet, 5 USB, 6 AC, 7 solar."},
		{ID: 7, Name: "Power Source Voltage", Operations: lwm2m.R, Multiple: true, Type: lwm2m.TypeInteger, Units: "mV", Description: "Voltage of each power source, under the instance ids of resource 6."},
		{ID: 8, Name: "Power Source Current", Operations: lwm2m.R, Multiple: true, Type: lwm2m.TypeInteger, Units: "mA", Description: "Current of each power source, under the instance ids of resource 6."},
		{ID: 9, Name: "Battery Level", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Range: "0..100", Units: "%", Description: "Charge of the internal battery."},
		{ID: 10, Name: "Memory Free", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Units: "kB", Description: "Room for data and software that is free."},
		{ID: 11, Name: "Error Code", Operations: lwm2m.R, Multiple: true, Mandatory: true, Type: lwm2m.TypeInteger, Range: "0..8", Description: "0 none, 1 battery low, 2 external power off, 3 GPS failure, 4 signal low, 5 out of memory, 6 SMS failure, 7 IP failure, 8 peripheral failure."},
		{ID: 12, Name: "Reset Error Code", Operations: lwm2m.E, Description: "Leave one error code, 0."},
		{ID: 13, Name: "Current Time", Operations: lwm2m.RW, Type: lwm2m.TypeTime, Description: "Time of the device."},
		{ID: 14, Name: "UTC Offset", Operations: lwm2m.RW, Type: lwm2m.TypeString, Description: "Offset of the local time, as +02:00."},
		{ID: 15, Name: "Timezone", Operations: lwm2m.RW, Type: lwm2m.TypeString, Description: "Time zone, as Europe/Oslo."},
		{ID: 16, Name: "Supported Binding and Modes", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeString, Description: "Transports: U is UDP."},
		{ID: 17, Name: "Device Type", Operations: lwm2m.R, Type: lwm2m.TypeString, Description: "What kind of device it is."},
		{ID: 18, Name: "Hardware Version", Operations: lwm2m.R, Type: lwm2m.TypeString, Description: "Version of the hardware."},
		{ID: 19, Name: "Software Version", Operations: lwm2m.R, Type: lwm2m.TypeString, Description: "Version of further software; here that of the modem."},
		{ID: 20, Name: "Battery Status", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Range: "0..6", Description: "0 normal, 1 charging, 2 charged, 3 damaged, 4 low, 5 none installed, 6 unknown."},
		{ID: 21, Name: "Memory Total", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Units: "kB", Description: "Room for data and software, free or not."},
		{ID: 22, Name: "ExtDevInfo", Operations: lwm2m.R, Multiple: true, Type: lwm2m.TypeObjlnk, Description: "Links to instances that describe attached devices."},
	},
}
