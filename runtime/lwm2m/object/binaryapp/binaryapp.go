// Package binaryapp is object 19: containers for data of applications. Servers may create and delete its instances.
package binaryapp

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// Config has no options.
type Config struct{}

// Object is object 19.
type Object struct{ lwm2m.Values }

// New makes the object with two instances, as Zephyr's has: one for what the server sends and one for what the device sends. Both hold one
// empty piece of data.
func New(Config) (*Object, error) {
	return &Object{lwm2m.Values{Of: &definition, Instances: 2, Initial: func(instance uint16) []lwm2m.Item {
		return []lwm2m.Item{{Path: lwm2m.NewPath(definition.ID, instance, 0, 0), Value: lwm2m.Opaque(nil)}}
	}}}, nil
}

// CheckCreate implements lwm2m.Creator: any instance is welcome.
func (*Object) CheckCreate(lwm2m.Path, []lwm2m.Item) error { return nil }

// CheckDelete implements lwm2m.Creator.
func (*Object) CheckDelete(lwm2m.Path) error { return nil }
