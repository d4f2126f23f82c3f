// Package pgps keeps predictions of GPS orbits (P-GPS) as nRF Cloud makes them, schema version 1, and gives a receiver the one that fits the
// time: so a device finds its position for days without a network.
//
// A file has a header and predictions of equal size at equal intervals. Each holds a time, which is the middle of the time that it is good
// for, and an ephemeris for each of the 32 satellites.
//
//   - Decoder and Set read and hold predictions.
//   - Store keeps them over power cuts, says when to ask for more and for which, takes downloads in parts, and gives a receiver what it needs.
//
// The package knows no cloud, no transport and no modem. Nothing in it starts a goroutine or looks at a clock: the time is an argument, in
// UTC, and one that clock.Set denies counts as unknown.
package pgps

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

var le = binary.LittleEndian

// MaxPredictions is the most predictions that nRF Cloud gives at once: two weeks of 240 min.
const MaxPredictions = 84

// Sizes in bytes.
const (
	HeaderSize     = 16
	PredictionSize = 2006
	// MaxSize is that of the largest file.
	MaxSize = HeaderSize + MaxPredictions*PredictionSize
)

const (
	schemaVersion = 1
	arrayType     = 10 // of predictions
)

// Header says which predictions follow.
type Header struct {
	Count  int
	Period time.Duration // from one to the next, whole minutes
	Start  agnss.GPSTime // time of the first, the middle of its validity
}

// The periods that nRF Cloud gives.
const minPeriod, maxPeriod = 120 * time.Minute, 480 * time.Minute

// ParseHeader reads the first HeaderSize bytes of a file. Errors are *FormatError.
func ParseHeader(b []byte) (Header, error) {
	fail := func(err error) (Header, error) { return Header{}, &FormatError{Err: err} }
	if len(b) < HeaderSize {
		return fail(fmt.Errorf("%w: %d of %d bytes", ErrHeader, len(b), HeaderSize))
	}
	version, kind, items, size := b[0], b[1], le.Uint16(b[2:]), le.Uint16(b[6:])
	h := Header{
		Count:  int(le.Uint16(b[4:])),
		Period: time.Duration(le.Uint16(b[8:])) * time.Minute,
	}
	second := int(int32(le.Uint32(b[12:])))
	switch {
	case version == 0 && kind == 0:
		return fail(fmt.Errorf("%w: it has no data", ErrHeader))
	case version != schemaVersion || kind != arrayType || items != 1:
		return fail(fmt.Errorf("%w: version %d, type %d, %d items, known are version %d, type %d, 1 item", ErrHeader, version, kind, items, schemaVersion, arrayType))
	case size != PredictionSize:
		return fail(fmt.Errorf("%w: predictions of %d bytes, known are %d", ErrHeader, size, PredictionSize))
	case h.Count < 1 || h.Count > MaxPredictions:
		return fail(fmt.Errorf("%w: %d, 1 to %d", ErrCount, h.Count, MaxPredictions))
	case h.Period < minPeriod || h.Period > maxPeriod:
		return fail(fmt.Errorf("%w: %v", ErrPeriod, h.Period))
	case second < 0 || second >= agnss.Day:
		return fail(fmt.Errorf("%w: second %d of the day", ErrHeader, second))
	}
	h.Start = agnss.NewGPSTime(int(le.Uint16(b[10:])), second)
	return h, nil
}

// Append writes the header as ParseHeader reads it. GPS days beyond 65535, in the year 2159, do not fit.
func (h Header) Append(dst []byte) []byte {
	dst = append(dst, schemaVersion, arrayType)
	dst = le.AppendUint16(dst, 1)
	dst = le.AppendUint16(dst, uint16(h.Count))
	dst = le.AppendUint16(dst, PredictionSize)
	dst = le.AppendUint16(dst, uint16(h.Period/time.Minute))
	dst = le.AppendUint16(dst, uint16(h.Start.Day()))
	return le.AppendUint32(dst, uint32(h.Start.SecondOfDay()))
}

func (h Header) period() agnss.GPSTime { return agnss.GPSTime(h.Period / time.Second) }

// End is where the next prediction would be.
func (h Header) End() agnss.GPSTime { return h.at(h.Count) }

// at is the time of the n-th prediction.
func (h Header) at(n int) agnss.GPSTime { return h.Start + agnss.GPSTime(n)*h.period() }

// shift is from a moment to the time of the last prediction that still fits it: half of the usual period. The SDK has it the same for all
// periods.
const shift = agnss.GPSTime(2 * time.Hour / time.Second)

// Index gives the number of the prediction for a moment. It is ErrTimeUnknown that the first is not good yet, ErrExpired that the last is not
// good any more, ErrNoData that there are none.
func (h Header) Index(now agnss.GPSTime) (int, error) {
	t := now + shift
	switch {
	case h.Count <= 0 || h.Period < minPeriod:
		return 0, ErrNoData
	case t < h.Start:
		return 0, ErrTimeUnknown
	case t > h.End():
		return 0, ErrExpired
	}
	return min(int((t-h.Start)/h.period()), h.Count-1), nil
}

// Remaining is how many predictions can still be used at a moment, with the one for this moment: Count before the first is good, 0 when
// the last has run out.
func (h Header) Remaining(now agnss.GPSTime) int {
	n, err := h.Index(now)
	switch {
	case err == nil:
		return h.Count - n
	case errors.Is(err, ErrTimeUnknown):
		return h.Count
	}
	return 0
}

func (h Header) covers(now agnss.GPSTime) bool {
	_, err := h.Index(now)
	return err == nil
}
