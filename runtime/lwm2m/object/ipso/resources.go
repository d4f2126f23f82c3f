package ipso

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// common are the resources of a sensor with one value, in version 1.1 (OMA LwM2M registry, 3303). What an object has beside them is its own.
var common = []lwm2m.Resource{
	{ID: 5518, Name: "Timestamp", Operations: lwm2m.R, Type: lwm2m.TypeTime, Description: "When the newest value was measured."},
	{ID: 5601, Name: "Min Measured Value", Operations: lwm2m.R, Type: lwm2m.TypeFloat, Description: "Smallest value since the start or the last reset."},
	{ID: 5602, Name: "Max Measured Value", Operations: lwm2m.R, Type: lwm2m.TypeFloat, Description: "Largest value since the start or the last reset."},
	{ID: 5603, Name: "Min Range Value", Operations: lwm2m.R, Type: lwm2m.TypeFloat, Description: "Smallest value that the sensor can measure."},
	{ID: 5604, Name: "Max Range Value", Operations: lwm2m.R, Type: lwm2m.TypeFloat, Description: "Largest value that the sensor can measure."},
	{ID: 5605, Name: "Reset Min and Max Measured Values", Operations: lwm2m.E, Description: "Begin the smallest and the largest value anew."},
	{ID: 5700, Name: "Sensor Value", Operations: lwm2m.R, Mandatory: true, Type: lwm2m.TypeFloat, Description: "Newest value."},
	{ID: 5701, Name: "Sensor Units", Operations: lwm2m.R, Type: lwm2m.TypeString, Description: "Unit of the values."},
	{ID: 5750, Name: "Application Type", Operations: lwm2m.RW, Type: lwm2m.TypeString, Description: "What the sensor is used for."},
	{ID: 6042, Name: "Measurement Quality Indicator", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Range: "0..23", Description: "Quality of the measurement, as a smart sensor tells it."},
	{ID: 6049, Name: "Measurement Quality Level", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Range: "0..100", Description: "Quality of the measurement; 100 is best."},
	{ID: 6050, Name: "Fractional Timestamp", Operations: lwm2m.R, Type: lwm2m.TypeFloat, Range: "0..1", Units: "s", Description: "Part of a second of the timestamp."},
}
