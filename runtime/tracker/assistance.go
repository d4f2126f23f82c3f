package tracker

import (
	"context"

	"github.com/cloudgen/cloudgen/runtime/data"
)

// Assistance gives a GNSS receiver what helps it to find its satellites. Run does the work, and is called once; the other functions may be called
// from any goroutine, also before Run, and do not block.
type Assistance interface {
	// Run works until ctx ends. What is needed is asked of the cloud, as far as it takes such requests.
	Run(ctx context.Context, cloud Cloud)
	// Connected tells whether data can be sent.
	Connected(connected bool)
	// Searching tells that a search by satellites has begun, or ended.
	Searching(searching bool)
	// Found tells where the receiver has found itself.
	Found(fix data.Fix)
	// TakeAGNSS and TakePGPS take what the cloud has sent, which belongs to the Assistance from then on.
	TakeAGNSS(payload []byte)
	TakePGPS(payload []byte)
}

// AGNSSReceived takes assistance data from the cloud. Without an Assistance they go nowhere.
func (a *App) AGNSSReceived(payload []byte) {
	if a.options.Assistance != nil {
		a.options.Assistance.TakeAGNSS(payload)
	}
}

// PGPSReceived takes predictions from the cloud. Without an Assistance they go nowhere.
func (a *App) PGPSReceived(payload []byte) {
	if a.options.Assistance != nil {
		a.options.Assistance.TakePGPS(payload)
	}
}

// link tells the Assistance whether there is a connection.
func (a *App) link(connected bool) {
	if a.options.Assistance != nil {
		a.options.Assistance.Connected(connected)
	}
}

// satellites tells the Assistance that the receiver searches, or has ended to.
func (a *App) satellites(searching bool) {
	if a.options.Assistance != nil {
		a.options.Assistance.Searching(searching)
	}
}
