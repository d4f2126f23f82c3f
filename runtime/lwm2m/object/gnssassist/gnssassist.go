// Package gnssassist is object 33625: it asks for satellite assistance data, which the server writes.
package gnssassist

import "github.com/cloudgen/cloudgen/runtime/lwm2m"

const assistanceData = 6

// Config is what the options say.
type Config struct {
	BufferSize int `kconfig:"LWM2M_CLIENT_UTILS_LOCATION_ASSIST_AGNSS_BUF_SIZE"` // bytes; 0: assistance data is not asked for, and not taken
}

// Object is object 33625.
type Object struct {
	lwm2m.Values
	config Config
}

// New makes the object with its one instance.
func New(config Config) (*Object, error) {
	initial := func(instance uint16) []lwm2m.Item {
		return []lwm2m.Item{{Path: lwm2m.NewPath(definition.ID, instance, 0), Value: lwm2m.Integer(0)}}
	}
	return &Object{Values: lwm2m.Values{Of: &definition, Instances: 1, Initial: initial}, config: config}, nil
}

// Check implements lwm2m.Checker: it bounds the assistance data.
func (o *Object) Check(values []lwm2m.Item) error {
	for _, each := range values {
		if size := len(each.Value.Bytes()); each.Path.Resource() == assistanceData && size > o.config.BufferSize {
			return lwm2m.Errorf(lwm2m.StatusRequestEntityTooLarge,
				"%v: %d bytes of assistance data are more than LWM2M_CLIENT_UTILS_LOCATION_ASSIST_AGNSS_BUF_SIZE = %d", each.Path, size, o.config.BufferSize)
		}
	}
	return nil
}
