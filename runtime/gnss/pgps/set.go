package pgps

import (
	"fmt"
	"time"

	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

// Prediction holds ephemerides around one time.
type Prediction struct {
	Time agnss.GPSTime // the middle of what it is good for
	// Until is when the next one takes its place.
	Until time.Time
	// Ephemerides are of the satellites that have one, in the order of the file, which is not that of the satellites. Unhealthy ones are
	// among them and say so.
	Ephemerides []agnss.Ephemeris
}

// A prediction is two groups of a message: the clock, and 32 ephemerides.
const (
	clockGroup     = 3 + 16
	ephemerisGroup = 3
)

// parsePrediction reads a prediction that must be for a given time.
func parsePrediction(b []byte, at agnss.GPSTime) (*agnss.Message, error) {
	if len(b) != PredictionSize || agnss.Type(b[0]) != agnss.TypeClock || le.Uint16(b[1:]) != 1 ||
		agnss.Type(b[clockGroup]) != agnss.TypeEphemeris || le.Uint16(b[clockGroup+1:]) != 32 {
		return nil, fmt.Errorf("%w: it does not begin with a time and 32 ephemerides", ErrPrediction)
	}
	message, err := agnss.ParseGroups(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPrediction, err)
	}
	if message.Time == nil || message.Time.Time() != at {
		return nil, fmt.Errorf("%w: its time is not that of its place, day %d second %d", ErrPrediction, at.Day(), at.SecondOfDay())
	}
	return message, nil
}

// Set holds predictions without a gap, checked. It is not changed after it was made, and may be empty. It takes PredictionSize bytes each.
type Set struct {
	Header
	body []byte // Count predictions
}

// ParseSet reads a whole file. Errors are *FormatError, or ErrIncomplete where it is too short.
func ParseSet(file []byte) (*Set, error) {
	var d Decoder
	if err := d.Write(file); err != nil {
		return nil, err
	}
	set := d.Set()
	if !d.Complete() {
		return nil, fmt.Errorf("%w: %d of %d", ErrIncomplete, set.Count, d.expected())
	}
	return set, nil
}

// Prediction gives the n-th prediction. Until is left out: it depends on the leap seconds.
func (s *Set) Prediction(n int) (*Prediction, error) {
	message, err := parsePrediction(s.bytes(n), s.at(n))
	if err != nil {
		return nil, &FormatError{Offset: HeaderSize + n*PredictionSize, Err: err}
	}
	kept := message.Ephemerides[:0]
	for _, e := range message.Ephemerides {
		if !e.Empty() {
			kept = append(kept, e)
		}
	}
	return &Prediction{Time: s.at(n), Ephemerides: kept}, nil
}

func (s *Set) bytes(n int) []byte {
	return s.body[n*PredictionSize : (n+1)*PredictionSize]
}

// part is the predictions from one up to before another.
func (s *Set) part(from, to int) *Set {
	return &Set{
		Header: Header{Count: to - from, Period: s.Period, Start: s.at(from)},
		body:   s.body[from*PredictionSize : to*PredictionSize : to*PredictionSize],
	}
}

// Append writes the set as a file that ParseSet reads.
func (s *Set) Append(dst []byte) []byte { return append(s.Header.Append(dst), s.body...) }

// merge gives the set that is to be kept when another one has arrived, or a part of it: never more than limit predictions, those for now and
// the ones after it first. Nothing is kept that does not serve now: then ok is false.
//
// One that goes on where the stored one ends, or replaces its end, is joined to it. Any other takes the stored one's place, when it has
// arrived whole or reaches as far, or the stored one does not serve now. Where the time is not known, now is nil: what arrives is for now, for
// it was asked for so.
func merge(stored, arrived *Set, whole bool, now *agnss.GPSTime, limit int) (merged *Set, ok bool) {
	switch {
	case arrived.Count == 0:
		return nil, false
	case stored.joins(arrived):
		merged = stored.join(arrived)
	case now == nil || whole || !stored.covers(*now) || arrived.End() >= stored.End():
		merged = arrived
	default:
		return nil, false
	}
	if now != nil {
		n, err := merged.Index(*now)
		if err != nil {
			return nil, false
		}
		merged = merged.part(n, merged.Count)
	}
	return merged.part(0, min(merged.Count, limit)), true
}

// joins tells whether another set begins where a prediction of this one is or the next one would be, and does not end before it.
func (s *Set) joins(next *Set) bool {
	return s.Count > 0 && next.Period == s.Period && next.Start > s.Start && next.Start <= s.End() && (next.Start-s.Start)%s.period() == 0 && next.End() >= s.End()
}

func (s *Set) join(next *Set) *Set {
	kept := int((next.Start - s.Start) / s.period())
	body := make([]byte, 0, (kept+next.Count)*PredictionSize)
	body = append(append(body, s.body[:kept*PredictionSize]...), next.body...)
	return &Set{Header: Header{Count: kept + next.Count, Period: s.Period, Start: s.Start}, body: body}
}
