// Package location is object 6: where the device is.
package location

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// Config has no options.
type Config struct{}

// Object is object 6.
type Object = lwm2m.Values

// New makes the object with its one instance, which has no values until the program sets them.
func New(Config) (*Object, error) {
	return &Object{Of: &definition, Instances: 1}, nil
}
