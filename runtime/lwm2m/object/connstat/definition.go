package connstat

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// definition is that of object 7 (OMA LwM2M registry, 7, version 1.0).
var definition = lwm2m.Definition{
	ID: 7, Name: "Connectivity Statistics", URN: "urn:oma:lwm2m:oma:7", Version: "1.0",
	Description: "How much the client has sent and received.",
	Resources: []lwm2m.Resource{
		{ID: 0, Name: "SMS Tx Counter", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Description: "Short messages sent."},
		{ID: 1, Name: "SMS Rx Counter", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Description: "Short messages received."},
		{ID: 2, Name: "Tx Data", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Units: "kB", Description: "Data sent since Start."},
		{ID: 3, Name: "Rx Data", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Units: "kB", Description: "Data received since Start."},
		{ID: 4, Name: "Max Message Size", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Units: "B", Description: "Largest message since Start."},
		{ID: 5, Name: "Average Message Size", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Units: "B", Description: "Average message since Start."},
		{ID: 6, Name: "Start", Operations: lwm2m.E, Mandatory: true, Description: "Reset the counters and begin to collect."},
		{ID: 7, Name: "Stop", Operations: lwm2m.E, Mandatory: true, Description: "Stop collecting."},
		{ID: 8, Name: "Collection Period", Operations: lwm2m.RW, Type: lwm2m.TypeInteger, Range: "0..2147483647", Units: "s", Description: "Time after which collecting stops by itself; 0: never."},
	},
}
