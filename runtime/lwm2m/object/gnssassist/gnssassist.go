// Package gnssassist is object 33625: it asks for satellite assistance data, which the server writes.
package gnssassist

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// Config has no options.
type Config struct{}

// Object is object 33625.
type Object struct{ lwm2m.Values }

// New makes the object with its one instance.
func New(Config) (*Object, error) {
	return &Object{lwm2m.Values{Of: &definition, Instances: 1, Initial: func(instance uint16) []lwm2m.Item {
		return []lwm2m.Item{{Path: lwm2m.NewPath(definition.ID, instance, 0), Value: lwm2m.Integer(0)}}
	}}}, nil
}
