// Package portfolio is object 16: identities of the devices around this one. Servers may create and delete its instances.
package portfolio

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// Config has no options.
type Config struct{}

// Object is object 16. It has no means to make authentication data: GetAuthData is not there.
type Object struct{ lwm2m.Values }

// New makes the object with one instance, whose identities are empty.
func New(Config) (*Object, error) {
	return &Object{lwm2m.Values{Of: &definition, Instances: 1, Initial: func(instance uint16) []lwm2m.Item {
		identity := lwm2m.NewPath(definition.ID, instance, 0)
		var items []lwm2m.Item
		for i := range uint16(4) { // host id, manufacturer, model, software version
			items = append(items, lwm2m.Item{Path: identity.Child(i), Value: lwm2m.String("")})
		}
		return items
	}}}, nil
}

// CheckCreate implements lwm2m.Creator: any instance is welcome.
func (*Object) CheckCreate(lwm2m.Path, []lwm2m.Item) error { return nil }

// CheckDelete implements lwm2m.Creator.
func (*Object) CheckDelete(lwm2m.Path) error { return nil }
