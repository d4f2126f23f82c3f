// Package cellular is object 10: what the device asks of the cellular network.
package cellular

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

// Resources that not every version has.
const (
	servingRateControl = 6  // 1.0
	profileNames       = 11 // the last one of 1.0
)

// Config is what the options say.
type Config struct {
	Version11 bool `kconfig:"LWM2M_CELL_CONN_OBJ_VERSION_1_1"` // else 1.0
}

// Object is object 10. Its values are kept for the modem's adapter; nothing here talks to a modem.
type Object = lwm2m.Values

// New makes the object with its one instance.
func New(config Config) (*Object, error) {
	definition := every.Below("1.0", "urn:oma:lwm2m:oma:10", func(resource uint16) bool { return resource > profileNames })
	if config.Version11 {
		definition = every.Below("1.1", "urn:oma:lwm2m:oma:10:1.1", func(resource uint16) bool { return resource == servingRateControl })
	}
	return &Object{Of: definition, Instances: 1, Initial: func(instance uint16) []lwm2m.Item {
		return []lwm2m.Item{{Path: lwm2m.NewPath(definition.ID, instance, profileNames, 0), Value: lwm2m.Objlnk(lwm2m.MaxID, lwm2m.MaxID)}} // no profile
	}}, nil
}
