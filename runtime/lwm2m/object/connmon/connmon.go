// Package connmon is object 4: which network the device is in, and how well it hears it.
package connmon

import (
	"fmt"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Version is a version of the object. Its values are the members of the choice LWM2M_CONNMON_OBJECT_VERSION.
type Version string

// The versions.
const (
	Version10 Version = "LWM2M_CONNMON_OBJECT_VERSION_1_0"
	Version12 Version = "LWM2M_CONNMON_OBJECT_VERSION_1_2" // with signal to noise ratio and location area
	Version13 Version = "LWM2M_CONNMON_OBJECT_VERSION_1_3" // with coverage enhancement level
)

// Config is what the options say.
type Config struct {
	Version Version `kconfig:"LWM2M_CONNMON_OBJECT_VERSION"`
}

// Object is object 4.
type Object = lwm2m.Values

// New makes the object with its one instance, which has no values until the program sets them.
func New(config Config) (*Object, error) {
	definition, err := config.definition()
	if err != nil {
		return nil, err
	}
	return &Object{Of: definition, Instances: 1}, nil
}

func (c Config) definition() (*lwm2m.Definition, error) {
	switch c.Version {
	case Version13:
		return &version13, nil
	case Version12:
		return version13.Below("1.2", "urn:oma:lwm2m:oma:4:1.2", func(resource uint16) bool { return resource > 12 }), nil
	case Version10:
		return version13.Below("1.0", "urn:oma:lwm2m:oma:4", func(resource uint16) bool { return resource > 10 }), nil
	}
	return nil, fmt.Errorf("LWM2M_CONNMON_OBJECT_VERSION is %q: it must be %s, %s or %s", c.Version, Version10, Version12, Version13)
}
