package signalmeas

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// definition is that of object 10256 (OMA LwM2M registry, 10256, version 1.0).
var definition = lwm2m.Definition{
	ID: 10256, Name: "ECID-Signal Measurement Information", URN: "urn:oma:lwm2m:x:10256", Version: "1.0", Multiple: true,
	Description: "Signals of neighbour cells.",
	Resources: []lwm2m.Resource{
		{ID: 0, Name: "physCellId", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeInteger, Description: "Physical cell id."},
		{ID: 1, Name: "ECGI", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Description: "Global cell id."},
		{ID: 2, Name: "arfcnEUTRA", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeInteger, Description: "Channel (EARFCN)."},
		{ID: 3, Name: "rsrp-Result", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeInteger, Description: "Received power."},
		{ID: 4, Name: "rsrq-Result", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Description: "Quality of the received signal."},
		{ID: 5, Name: "ue-RxTxTimeDiff", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Description: "Difference between receiving and sending."},
	},
}
