package gnss

import (
	"context"
	"errors"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
)

// askPredictions asks the cloud for predictions, if there are too few. start says that the device has just started. It tells whether that is done with:
// a request that could not be sent is tried again at the next occasion.
func (a *assistant) askPredictions(ctx context.Context, start bool) (done bool) {
	now := time.Now()
	if a.Predicted == nil || !a.connected || a.cloud == nil || a.noPredicted || !a.deadline.IsZero() || now.Before(a.pause) {
		return true
	}
	request, why, ok := a.Predicted.Ask(start, now)
	if !ok {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	if err := a.cloud.RequestPGPS(ctx, request); err != nil {
		a.noPredicted = errors.Is(err, cloud.ErrUnsupported)
		a.logger.Warn("predictions could not be asked for yet", "error", err)
		a.Predicted.Failed()
		return a.noPredicted
	}
	a.deadline = now.Add(answerTime)
	a.logger.Info("predictions asked for", "reason", why, "predictions", request.Predictions, "interval", request.Interval)
	return true
}

// predictionsFailed has predictions asked for again after a pause, for their answer was of no use.
func (a *assistant) predictionsFailed() {
	a.Predicted.Failed()
	a.deadline, a.pause = time.Time{}, time.Now().Add(retryPause)
}

// takePredicted stores what the cloud has sent.
func (a *assistant) takePredicted(came *arrival) {
	if a.Predicted == nil {
		return
	}
	if err := a.Predicted.Take(came.payload, time.Now()); err != nil {
		a.logger.Warn("predictions of the cloud cannot be used, or not all of them", "error", err)
		if !a.deadline.IsZero() {
			a.predictionsFailed()
		}
		return
	}
	a.deadline, a.pause = time.Time{}, time.Time{}
	a.logger.Info("predictions stored", "bytes", len(came.payload))
}
