package firmware

import (
	"context"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/tracker"
)

// identity gives what the modem tells of the device; one that cannot tell more gives its IMEI.
func identity(device modem.Modem) tracker.Identity {
	if identifier, ok := device.(modem.Identifier); ok {
		return identifier
	}
	return imeiOnly{device}
}

type imeiOnly struct{ modem modem.Modem }

func (i imeiOnly) Identity(ctx context.Context) (data.Device, error) {
	imei, err := i.modem.IMEI(ctx)
	return data.Device{IMEI: imei}, err
}
