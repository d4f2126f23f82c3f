// Package genericsensor is object 3300: a sensor of any kind.
package genericsensor

import (
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/ipso"
)

// Version is a version of the object. Its values are the members of the choice LWM2M_IPSO_GENERIC_SENSOR_VERSION.
type Version string

// The versions.
const (
	Version10 Version = "LWM2M_IPSO_GENERIC_SENSOR_VERSION_1_0"
	Version11 Version = "LWM2M_IPSO_GENERIC_SENSOR_VERSION_1_1" // with timestamps
)

// Config is what the options say.
type Config struct {
	Version Version `kconfig:"LWM2M_IPSO_GENERIC_SENSOR_VERSION"`
}

// Object is object 3300.
type Object struct{ *ipso.Sensor }

// New makes the object.
func New(config Config) (*Object, error) {
	sensor, err := ipso.New(ipso.Kind{
		ID: 3300, Name: "Generic Sensor", Description: "A sensor of any kind.", Choice: "LWM2M_IPSO_GENERIC_SENSOR_VERSION", Application: true,
		Extra: []lwm2m.Resource{{ID: 5751, Name: "Sensor Type", Operations: lwm2m.R, Type: lwm2m.TypeString, Description: "Type of the sensor, as its maker names it."}},
	}, string(config.Version))
	return &Object{sensor}, err
}
