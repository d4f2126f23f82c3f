// Package temperature is object 3303: a temperature sensor.
package temperature

import "github.com/cloudgen/cloudgen/runtime/lwm2m/object/ipso"

// Version is a version of the object. Its values are the members of the choice LWM2M_IPSO_TEMP_SENSOR_VERSION.
type Version string

// The versions.
const (
	Version10 Version = "LWM2M_IPSO_TEMP_SENSOR_VERSION_1_0"
	Version11 Version = "LWM2M_IPSO_TEMP_SENSOR_VERSION_1_1" // with timestamps and application type
)

// Config is what the options say.
type Config struct {
	Version Version `kconfig:"LWM2M_IPSO_TEMP_SENSOR_VERSION"`
}

// Object is object 3303.
type Object struct{ *ipso.Sensor }

// New makes the object.
func New(config Config) (*Object, error) {
	sensor, err := ipso.New(ipso.Kind{
		ID: 3303, Name: "Temperature", Description: "A temperature sensor.", Choice: "LWM2M_IPSO_TEMP_SENSOR_VERSION",
		Units: "Celsius degrees", Min: -40, Max: 85,
	}, string(config.Version))
	return &Object{sensor}, err
}
