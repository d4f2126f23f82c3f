package modem

import (
	"context"

	"github.com/cloudgen/cloudgen/runtime/data"
)

// Identifier is implemented by a modem that can tell more of itself than its IMEI (SDK: modem static data).
type Identifier interface {
	// Identity gives IMEI, ICCID, modem firmware and board, each "" where the modem does not know it, and when they were read.
	Identity(ctx context.Context) (data.Device, error)
}

// Radio is implemented by a modem that can tell about its network (SDK: modem dynamic data, neighbour cells). Without a network the calls
// wrap ErrNoNetwork.
type Radio interface {
	Network(ctx context.Context) (data.Network, error)
	Cell(ctx context.Context) (data.Cell, error)
}
