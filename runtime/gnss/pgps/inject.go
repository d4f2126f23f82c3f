package pgps

import (
	"context"
	"time"

	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

// What is said about a stored position: 48 km around it, at 68 percent.
const (
	positionUncertainty = 89
	positionConfidence  = 68
	notGiven            = 255
)

// OrbitsOnly is the need of a receiver that lacks nothing but ephemerides of GPS.
func OrbitsOnly() agnss.Need {
	return agnss.Need{GPS: agnss.Satellites{Used: true, Ephemerides: 1<<32 - 1}}
}

// Inject gives a receiver what it needs and the store has: the time, the position and the ephemerides of the prediction for now, in this
// order. What assistance data (agnss) has given since the need was told is to be taken out of it before: Need.Without.
//
// It gives what was taken. Refusals join, as in agnss.Message.Inject; that there is no prediction, where orbits are needed, joins as an error
// of Lookup, and the rest is given all the same. until is when to inject the next prediction; it is zero where none was given.
func (s *Store) Inject(ctx context.Context, to agnss.Injector, need agnss.Need, now time.Time) (given agnss.Need, until time.Time, err error) {
	injection := agnss.Injection{To: to}
	elements, err := s.elements(need, now)
	if elements.time != nil {
		injection.Time(ctx, elements.time)
	}
	if elements.location != nil {
		injection.Location(ctx, elements.location)
	}
	if elements.prediction != nil {
		until = elements.prediction.Until
		for n := range elements.prediction.Ephemerides {
			if e := &elements.prediction.Ephemerides[n]; need.GPS.Ephemerides&(1<<(e.SV-1)) != 0 {
				injection.Ephemeris(ctx, e)
			}
		}
	}
	injection.Fail(err)
	given, err = injection.Result()
	return given, until, err
}

type elements struct {
	time       *agnss.SystemTime
	location   *agnss.Location
	prediction *Prediction
}

// elements collects what to give, so that the receiver does not hold up the store.
func (s *Store) elements(need agnss.Need, now time.Time) (e elements, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := s.gps(now); at != nil && need.Data.Has(agnss.DataTime) {
		e.time = &agnss.SystemTime{Clock: agnss.ClockAt(now, s.state.Leap.at(*at))}
	}
	if last := s.state.Location; last != nil && need.Data.Has(agnss.DataLocation) {
		e.location = &agnss.Location{
			Latitude: last.Latitude, Longitude: last.Longitude, SemiMajor: positionUncertainty, SemiMinor: positionUncertainty,
			AltitudeUncertainty: notGiven, Confidence: positionConfidence,
		}
	}
	if need.GPS.Ephemerides != 0 {
		e.prediction, err = s.lookup(now)
	}
	return e, err
}
