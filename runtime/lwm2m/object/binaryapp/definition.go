package binaryapp

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// definition is that of object 19 (OMA LwM2M registry, 19, version 1.0).
var definition = lwm2m.Definition{
	ID: 19, Name: "BinaryAppDataContainer", URN: "urn:oma:lwm2m:oma:19", Version: "1.0", Multiple: true,
	Description: "Containers for data of applications.",
	Resources: []lwm2m.Resource{
		{ID: 0, Name: "Data", Operations: lwm2m.RW, Multiple: true, Mandatory: true, Type: lwm2m.TypeOpaque, Description: "Data of an application."},
		{ID: 1, Name: "Data Priority", Operations: lwm2m.RW, Type: lwm2m.TypeInteger, Range: "0..255", Description: "0 immediate, 1 best effort, 2 latest; from 101 on proprietary."},
		{ID: 2, Name: "Data Creation Time", Operations: lwm2m.RW, Type: lwm2m.TypeTime, Description: "When the data was made."},
		{ID: 3, Name: "Data Description", Operations: lwm2m.RW, Type: lwm2m.TypeString, Range: "0..32", Description: "What the data is."},
		{ID: 4, Name: "Data Format", Operations: lwm2m.RW, Type: lwm2m.TypeString, Range: "0..32", Description: "Format of the data."},
		{ID: 5, Name: "App ID", Operations: lwm2m.RW, Type: lwm2m.TypeInteger, Range: "0..65535", Description: "Application that the data belongs to."},
	},
}
