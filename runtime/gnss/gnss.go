// Package gnss gives a satellite receiver the assistance data that it lacks, so that a fix takes seconds instead of minutes: orbits, the time, a rough
// position and more. They come from the cloud when the receiver needs them (A-GNSS, package agnss), from predictions that were stored before (P-GPS,
// package pgps), or from both: then the predictions supply the orbits, and the cloud is asked for the rest (SDK: location library).
//
// The packages of the two are parts, for what is off is not linked.
package gnss

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/tracker"
)

// Current is assistance data for now: *agnss.Supply.
type Current interface {
	// Next gives the request for a need; ok is false where nothing is to be asked for. Failed says that the last one could not be sent.
	Next(need agnss.Need, now time.Time) (request agnss.Request, ok bool)
	Failed()
	// Take reads what the cloud has sent and gives it to the receiver. The message is nil where nothing of it could be used.
	Take(ctx context.Context, to agnss.Injector, payload []byte, now *agnss.GPSTime, age time.Duration) (message *agnss.Message, given agnss.Need, err error)
}

// Predicted is assistance data that was stored before: *pgps.Supply.
type Predicted interface {
	Open(folder *durable.Folder, logger *slog.Logger) error
	// Inject gives the receiver what it needs and the store has. until is when to do so again; it is zero where there is no prediction.
	Inject(ctx context.Context, to agnss.Injector, need agnss.Need, now time.Time) (given agnss.Need, until time.Time, err error)
	// Ask tells what to ask the cloud for, and why; ok is false for nothing. start says that the device has just started. Nothing more is asked for
	// before Take or Failed.
	Ask(start bool, now time.Time) (request data.PGPSRequest, why string, ok bool)
	Failed()
	// Take takes the answer.
	Take(answer []byte, now time.Time) error

	NoteUTC(utc *agnss.UTC, now time.Time) error
	NoteLocation(at agnss.Location, now time.Time) error
	LeapSeconds(now time.Time) int
}

// Config says where assistance data come from; a nil member is off.
type Config struct {
	Current   Current   `slot:"agnss"`
	Predicted Predicted `slot:"pgps"`
}

// Receiver is implemented by a modem adapter whose receiver takes assistance data element by element.
type Receiver interface {
	agnss.Injector
	// AssistanceNeed tells what the receiver lacks now. It is asked when a search begins; an empty need means that nothing is to be fetched.
	AssistanceNeed(ctx context.Context) (agnss.Need, error)
}

// Cells tells about the cell that serves the device. It is the part of modem.Radio that is needed here.
type Cells interface {
	Cell(ctx context.Context) (data.Cell, error)
}

// Open makes what helps the receiver of a modem adapter, in the form that firmware.Program takes. It is nil where the adapter has no receiver that
// takes such data: then the logger is told. Predictions are stored in dataDir.
func (c Config) Open(device modem.Modem, dataDir string, logger *slog.Logger) (tracker.Assistance, error) {
	receiver, can := device.(Receiver)
	if !can {
		logger.Info("no assistance data is asked for, for the modem adapter has no receiver that takes them")
		return nil, nil
	}
	a := &assistant{
		Config: c, receiver: receiver, logger: logger, wake: make(chan struct{}, 1), leapSeconds: agnss.DefaultLeapSeconds,
	}
	if cells, can := device.(Cells); can {
		a.cells = cells
	}
	if c.Predicted != nil {
		if err := c.Predicted.Open(durable.Open(dataDir), logger); err != nil {
			return nil, fmt.Errorf("predicted assistance data: %w", err)
		}
	}
	return a, nil
}
