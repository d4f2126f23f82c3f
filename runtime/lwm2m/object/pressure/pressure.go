// Package pressure is object 3323: a pressure sensor.
package pressure

import (
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/ipso"
)

// Version is a version of the object. Its values are the members of the choice LWM2M_IPSO_PRESSURE_SENSOR_VERSION.
type Version string

// The versions.
const (
	Version10 Version = "LWM2M_IPSO_PRESSURE_SENSOR_VERSION_1_0"
	Version11 Version = "LWM2M_IPSO_PRESSURE_SENSOR_VERSION_1_1" // with timestamps
)

// Config is what the options say.
type Config struct {
	Version Version `kconfig:"LWM2M_IPSO_PRESSURE_SENSOR_VERSION"`
}

// Object is object 3323.
type Object struct{ *ipso.Sensor }

// New makes the object.
func New(config Config) (*Object, error) {
	sensor, err := ipso.New(ipso.Kind{
		ID: 3323, Name: "Pressure", Description: "A pressure sensor.", Choice: "LWM2M_IPSO_PRESSURE_SENSOR_VERSION", Application: true,
		Units: "kPa", Min: 30, Max: 110,
		Extra: []lwm2m.Resource{{ID: 5821, Name: "Current Calibration", Operations: lwm2m.RW, Type: lwm2m.TypeFloat, Description: "Calibration in use."}},
	}, string(config.Version))
	return &Object{sensor}, err
}
