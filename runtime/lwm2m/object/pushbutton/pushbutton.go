// Package pushbutton is object 3347: buttons.
package pushbutton

import (
	"fmt"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Version is a version of the object. Its values are the members of the choice LWM2M_IPSO_PUSH_BUTTON_VERSION.
type Version string

// The versions.
const (
	Version10 Version = "LWM2M_IPSO_PUSH_BUTTON_VERSION_1_0"
	Version11 Version = "LWM2M_IPSO_PUSH_BUTTON_VERSION_1_1" // with timestamps
)

// Config is what the options say.
type Config struct {
	Version   Version `kconfig:"LWM2M_IPSO_PUSH_BUTTON_VERSION"`
	Instances int     `kconfig:"LWM2M_IPSO_PUSH_BUTTON_INSTANCE_COUNT"`
}

// Object is object 3347: one instance for each button.
type Object = lwm2m.Values

// New makes the object. Its buttons are not pressed and never were.
func New(config Config) (*Object, error) {
	definition, err := config.definition()
	if err != nil {
		return nil, err
	}
	return &Object{Of: definition, Instances: config.Instances, Initial: func(instance uint16) []lwm2m.Item {
		at := lwm2m.NewPath(definition.ID, instance)
		return []lwm2m.Item{
			{Path: at.Child(5500), Value: lwm2m.Boolean(false)},
			{Path: at.Child(5501), Value: lwm2m.Integer(0)},
			{Path: at.Child(5750), Value: lwm2m.String(fmt.Sprintf("Push button %d", instance+1))},
		}
	}}, nil
}

func (c Config) definition() (*lwm2m.Definition, error) {
	switch c.Version {
	case Version11:
		return &version11, nil
	case Version10:
		return version11.Below("1.0", "urn:oma:lwm2m:ext:3347", func(resource uint16) bool { return resource == 5518 || resource == 6050 }), nil
	}
	return nil, fmt.Errorf("LWM2M_IPSO_PUSH_BUTTON_VERSION is %q: it must be %s or %s", c.Version, Version10, Version11)
}
