package gnss

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/clock"
	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
	"github.com/cloudgen/cloudgen/runtime/tracker"
)

// Cloud is a tracker.Cloud that can be asked for assistance data. The calls are as those of tracker.Cloud.
type Cloud interface {
	RequestAGNSS(ctx context.Context, request data.AGNSSRequest) error
	RequestPGPS(ctx context.Context, request data.PGPSRequest) error
}

// assistant implements tracker.Assistance.
type assistant struct {
	Config
	receiver Receiver
	cells    Cells // nil: the modem tells of none
	logger   *slog.Logger
	wake     chan struct{} // holds one token: there is news

	mu   sync.Mutex
	news news

	// The rest belongs to Run.
	cloud                Cloud // nil: the cloud cannot be asked
	connected, searching bool
	noCurrent            bool // this cloud gives no assistance data
	noPredicted          bool // nor predictions
	asked                asked
	leapSeconds          int       // where nothing is stored
	until                time.Time // when the next prediction is to be given; zero: none was
	started              bool      // the start has asked for predictions, if it was to
	deadline             time.Time // of the answer with predictions; zero: none is waited for
	pause                time.Time // before which predictions are not asked for again
}

// Times that the calls of the receiver and of the cloud module may take.
const (
	receiverTime = 30 * time.Second
	sendTime     = 30 * time.Second
)

// retryPause is the time after a failure until predictions are asked for again.
const retryPause = time.Hour

// Run implements tracker.Assistance.
func (a *assistant) Run(ctx context.Context, to tracker.Cloud) {
	a.cloud, _ = to.(Cloud)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Stop()
		if next := a.next(); !next.IsZero() {
			timer.Reset(time.Until(next))
		}
		select {
		case <-ctx.Done():
			return
		case <-a.wake:
		case <-timer.C:
		}
		a.follow(ctx)
	}
}

// next is when Run has to look again without news.
func (a *assistant) next() time.Time {
	if a.searching && !a.until.IsZero() && (a.deadline.IsZero() || a.until.Before(a.deadline)) {
		return a.until
	}
	return a.deadline
}

// follow does what the news and the time ask for.
func (a *assistant) follow(ctx context.Context) {
	n, now := a.take(), time.Now()
	found := n.connected && !a.connected
	a.connected, a.searching = n.connected, n.searching
	if n.dropped > 0 {
		a.logger.Warn("messages with assistance data came faster than the receiver takes them, and some were dropped", "dropped", n.dropped)
	}
	if n.fix != nil {
		a.noteLocation(agnss.NewLocation(n.fix.Latitude, n.fix.Longitude), now)
	}
	for _, each := range n.current {
		a.takeCurrent(ctx, each)
	}
	if n.predicted != nil {
		a.takePredicted(n.predicted)
	}
	if !a.deadline.IsZero() && !now.Before(a.deadline) {
		a.logger.Warn("the cloud has not answered the request for predictions in time", "time", answerTime)
		a.predictionsFailed()
	}
	if found && !a.started {
		a.started = a.askPredictions(ctx, true)
	}
	due := !a.until.IsZero() && !now.Before(a.until)
	if n.begun || a.searching && (found || n.predicted != nil || due) {
		a.help(ctx)
	}
}

// help gives the receiver what it lacks, or asks the cloud for it.
func (a *assistant) help(ctx context.Context) {
	a.until = time.Time{}
	need, err := a.need(ctx)
	if err != nil {
		a.logger.Warn("the receiver does not tell which assistance data it lacks", "error", err)
		return
	}
	if need.Empty() {
		return
	}
	if a.Predicted != nil {
		need = a.givePredicted(ctx, need)
		a.askPredictions(ctx, false)
	}
	a.askCurrent(ctx, need)
}

func (a *assistant) need(ctx context.Context) (agnss.Need, error) {
	ctx, cancel := context.WithTimeout(ctx, receiverTime)
	defer cancel()
	return a.receiver.AssistanceNeed(ctx)
}

// givePredicted gives the receiver what is stored, and gives the need that remains for the cloud. While that can be asked, only the orbits are
// given: what it sends is better. With the orbits of a prediction the receiver can do without almanacs.
func (a *assistant) givePredicted(ctx context.Context, need agnss.Need) agnss.Need {
	wanted := need
	if a.canAskCurrent() {
		wanted.Data = 0
	}
	ctx, cancel := context.WithTimeout(ctx, receiverTime)
	defer cancel()
	given, until, err := a.Predicted.Inject(ctx, a.receiver, wanted, time.Now())
	if err != nil {
		a.logger.Info("not all that the receiver lacks is predicted", "error", err)
	}
	need = need.Without(given)
	if a.until = until; !until.IsZero() {
		a.logger.Info("the receiver has orbits of a prediction", "until", until)
		need.GPS.Ephemerides, need.GPS.Almanacs = 0, 0
	}
	return need
}

func (a *assistant) canAskCurrent() bool {
	return a.Current != nil && a.connected && a.cloud != nil && !a.noCurrent
}

// askCurrent asks the cloud for a need, as far as that makes sense now.
func (a *assistant) askCurrent(ctx context.Context, need agnss.Need) {
	if !a.canAskCurrent() {
		return
	}
	now := time.Now()
	need = a.asked.left(need, now)
	request, ok := a.Current.Next(need, now)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	var asking data.AGNSSRequest
	cell, err := a.cell(ctx)
	if err == nil {
		asking = request.For(cell)
		err = a.cloud.RequestAGNSS(ctx, asking)
	}
	if err != nil {
		a.Current.Failed()
		a.noCurrent = errors.Is(err, cloud.ErrUnsupported)
		a.logger.Warn("assistance data could not be asked for", "error", err)
		return
	}
	a.asked.ask(need, now)
	a.logger.Info("assistance data asked for", "types", asking.Types)
}

func (a *assistant) cell(ctx context.Context) (data.Cell, error) {
	if a.cells == nil {
		return data.Cell{}, errors.New("the modem adapter does not tell the cell, which a request names")
	}
	return a.cells.Cell(ctx)
}

// takeCurrent gives the receiver what the cloud has sent.
func (a *assistant) takeCurrent(ctx context.Context, came arrival) {
	if a.Current == nil {
		return
	}
	now := time.Now()
	var at *agnss.GPSTime
	if a.Predicted != nil {
		a.leapSeconds = a.Predicted.LeapSeconds(now)
	}
	if clock.Set(now) {
		at = new(agnss.FromUTC(now, a.leapSeconds))
	}
	ctx, cancel := context.WithTimeout(ctx, receiverTime)
	defer cancel()
	message, given, err := a.Current.Take(ctx, a.receiver, came.payload, at, now.Sub(came.at))
	a.asked.came(given)
	if err != nil {
		a.logger.Warn("assistance data of the cloud cannot be used, or not all of it", "error", err)
	}
	if message == nil {
		return
	}
	a.logger.Info("assistance data taken by the receiver", "bytes", len(came.payload), "types", agnss.Request{Types: given.Types()}.For(data.Cell{}).Types, "unusable", len(message.Unusable))
	if message.UTC != nil {
		a.leapSeconds = int(message.UTC.DeltaTLS)
		if a.Predicted != nil {
			a.warn(a.Predicted.NoteUTC(message.UTC, now))
		}
	}
	if message.Location != nil {
		a.noteLocation(*message.Location, now)
	}
}

func (a *assistant) noteLocation(at agnss.Location, now time.Time) {
	if a.Predicted != nil {
		a.warn(a.Predicted.NoteLocation(at, now))
	}
}

func (a *assistant) warn(err error) {
	if err != nil {
		a.logger.Warn("what predicted assistance data go with is not stored", "error", err)
	}
}
