package firmware

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// definition is that of object 5 (OMA LwM2M registry, 5, version 1.0).
var definition = lwm2m.Definition{
	ID: 5, Name: "Firmware Update", URN: "urn:oma:lwm2m:oma:5", Version: "1.0",
	Description: "Download and installation of firmware.",
	Resources: []lwm2m.Resource{
		{ID: 0, Name: "Package", Operations: lwm2m.W, Mandatory: true, Type: lwm2m.TypeOpaque, Description: "The image, pushed by the server. An empty one, or a single zero byte, resets the state."},
		{ID: 1, Name: "Package URI", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeString, Range: "0..255", Description: "Where the device fetches the image. Empty resets the state."},
		{ID: 2, Name: "Update", Operations: lwm2m.E, Mandatory: true, Description: "Install the image that was downloaded."},
		{ID: 3, Name: "State", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeInteger, Range: "0..3", Description: "0 idle, 1 downloading, 2 downloaded, 3 updating."},
		{ID: 5, Name: "Update Result", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeInteger, Range: "0..9", Description: "0 initial, 1 success, 2 not enough flash, 3 out of memory, 4 connection lost, 5 integrity check failed, 6 unsupported package, 7 invalid URI, 8 update failed, 9 unsupported protocol."},
		{ID: 6, Name: "PkgName", Operations: lwm2m.R, Type: lwm2m.TypeString, Range: "0..255", Description: "Name of the image."},
		{ID: 7, Name: "PkgVersion", Operations: lwm2m.R, Type: lwm2m.TypeString, Range: "0..255", Description: "Version of the image."},
		{ID: 8, Name: "Firmware Update Protocol Support", Operations: lwm2m.R, Multiple: true, Type: lwm2m.TypeInteger, Range: "0..5", Description: "0 CoAP, 1 CoAPS, 2 HTTP, 3 HTTPS, 4 CoAP over TCP, 5 CoAP over TLS."},
		{ID: 9, Name: "Firmware Update Delivery Method", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeInteger, Range: "0..2", Description: "0 pull, 1 push, 2 both."},
	},
}
