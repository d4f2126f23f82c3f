package pgps

import (
	"errors"
	"fmt"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

// Config is what the options say.
type Config struct {
	RequestUponInit bool   `kconfig:"NRF_CLOUD_PGPS_REQUEST_UPON_INIT"`     // ask at the start; else when a receiver needs predictions
	Period          string `kconfig:"NRF_CLOUD_PGPS_PREDICTION_PERIOD"`     // name of the choice's member
	Predictions     int    `kconfig:"NRF_CLOUD_PGPS_NUM_PREDICTIONS"`       // 1 to MaxPredictions
	Threshold       int    `kconfig:"NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD"` // 0 to Predictions - 2
}

func (c Config) period() time.Duration {
	switch c.Period {
	case "NRF_CLOUD_PGPS_PREDICTION_PERIOD_120_MIN":
		return 120 * time.Minute
	case "NRF_CLOUD_PGPS_PREDICTION_PERIOD_240_MIN":
		return 240 * time.Minute
	}
	return 0
}

func (c Config) check() error {
	switch {
	case c.period() == 0:
		return fmt.Errorf("NRF_CLOUD_PGPS_PREDICTION_PERIOD = %q: want one of its members _120_MIN and _240_MIN", c.Period)
	case c.Predictions < 1 || c.Predictions > MaxPredictions:
		return fmt.Errorf("NRF_CLOUD_PGPS_NUM_PREDICTIONS = %d: want 1 to %d", c.Predictions, MaxPredictions)
	case c.Threshold < 0 || c.Threshold >= c.Predictions:
		return fmt.Errorf("NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD = %d: want 0 to %d, below NRF_CLOUD_PGPS_NUM_PREDICTIONS", c.Threshold, c.Predictions-1)
	}
	return nil
}

// Reason is why predictions are asked for.
type Reason int

// The reasons.
const (
	ReasonNone       Reason = iota // nothing is asked for
	ReasonNoData                   // nothing is stored
	ReasonExpired                  // what is stored has run out
	ReasonIncomplete               // the last download did not bring all
	ReasonThreshold                // NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD or fewer remain
)

// String gives the reason in words, for logs.
func (r Reason) String() string {
	if r < ReasonNone || r > ReasonThreshold {
		return fmt.Sprintf("reason %d", int(r))
	}
	return [...]string{"nothing to ask for", "no predictions are stored", "the predictions have run out", "the last download was incomplete", "few predictions remain"}[r]
}

// Plan tells what to ask the cloud for, given what is stored (Count 0: nothing), whether its last download was cut short, and the time (nil:
// not known).
//
// Without usable predictions it is a full set from now on, or the newest, which is day 0 and second 0, where the time is not known. Otherwise
// it is what follows the stored ones, as many as fill the store when those that have run out are dropped; and it is asked for when the
// threshold or fewer remain, so with 0 not before all have run out.
func Plan(config Config, stored Header, incomplete bool, now *agnss.GPSTime) (data.PGPSRequest, Reason) {
	all := data.PGPSRequest{Predictions: config.Predictions, Interval: config.period()}
	if stored.Count == 0 {
		if now != nil {
			all.GPSDay, all.TimeOfDay = now.Day(), time.Duration(now.SecondOfDay())*time.Second
		}
		return all, ReasonNoData
	}
	if now == nil {
		return data.PGPSRequest{}, ReasonNone // nobody knows whether they are good
	}
	switch _, err := stored.Index(*now); {
	case errors.Is(err, ErrExpired):
		all.GPSDay, all.TimeOfDay = now.Day(), time.Duration(now.SecondOfDay())*time.Second
		return all, ReasonExpired
	case errors.Is(err, ErrTimeUnknown):
		return data.PGPSRequest{}, ReasonNone // the clock is wrong: predictions are not asked for in advance
	}
	remaining := stored.Remaining(*now)
	rest := data.PGPSRequest{
		Predictions: config.Predictions - remaining, Interval: config.period(),
		GPSDay: stored.End().Day(), TimeOfDay: time.Duration(stored.End().SecondOfDay()) * time.Second,
	}
	switch {
	case rest.Predictions <= 0:
	case incomplete:
		return rest, ReasonIncomplete
	case remaining <= config.Threshold:
		return rest, ReasonThreshold
	}
	return data.PGPSRequest{}, ReasonNone
}
