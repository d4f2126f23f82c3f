// Package humidity is object 3304: a humidity sensor.
package humidity

import "github.com/cloudgen/cloudgen/runtime/lwm2m/object/ipso"

// Version is a version of the object. Its values are the members of the choice LWM2M_IPSO_HUMIDITY_SENSOR_VERSION.
type Version string

// The versions.
const (
	Version10 Version = "LWM2M_IPSO_HUMIDITY_SENSOR_VERSION_1_0"
	Version11 Version = "LWM2M_IPSO_HUMIDITY_SENSOR_VERSION_1_1" // with timestamps and application type
)

// Config is what the options say.
type Config struct {
	Version Version `kconfig:"LWM2M_IPSO_HUMIDITY_SENSOR_VERSION"`
}

// Object is object 3304.
type Object struct{ *ipso.Sensor }

// New makes the object.
func New(config Config) (*Object, error) {
	sensor, err := ipso.New(ipso.Kind{
		ID: 3304, Name: "Humidity", Description: "A humidity sensor.", Choice: "LWM2M_IPSO_HUMIDITY_SENSOR_VERSION",
		Units: "%", Min: 0, Max: 100,
	}, string(config.Version))
	return &Object{sensor}, err
}
