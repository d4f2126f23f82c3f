// Package signalmeas is object 10256: signals of neighbour cells.
package signalmeas

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// Config is what the options say.
type Config struct {
	Instances int `kconfig:"LWM2M_CLIENT_UTILS_SIGNAL_MEAS_INFO_INSTANCE_COUNT"`
}

// Object is object 10256.
type Object = lwm2m.Values

// New makes the object. Its instances stay; one without values stands for no cell.
func New(config Config) (*Object, error) {
	return &Object{Of: &definition, Instances: config.Instances}, nil
}
