// Package groundfix is object 33626: it asks for the location by cells and access points, which the server may write back.
package groundfix

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// Config has no options.
type Config struct{}

// Object is object 33626.
type Object = lwm2m.Values

// New makes the object with its one instance: the location is not to be sent back until the program says otherwise.
func New(Config) (*Object, error) {
	return &Object{Of: &definition, Instances: 1, Initial: func(instance uint16) []lwm2m.Item {
		return []lwm2m.Item{{Path: lwm2m.NewPath(definition.ID, instance, 0), Value: lwm2m.Boolean(false)}}
	}}, nil
}
