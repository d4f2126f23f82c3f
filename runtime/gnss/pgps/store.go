package pgps

import (
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/clock"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

// Store keeps predictions in a folder, with the leap seconds and the device's last known position. A power cut at any moment leaves all
// predictions that were stored before. It may be used from several goroutines; calls that write to the medium hold up the others.
type Store struct {
	folder *durable.Folder
	config Config
	logger *slog.Logger

	checkpoint int // predictions of a download between two writes to the medium

	mu       sync.Mutex
	set      *Set
	whole    int // predictions that the set has when it is complete
	state    state
	progress progress
	download *Download // while loading
}

type progress int

const (
	idle       progress = iota
	requesting          // Request gave a request
	loading             // Begin was called
)

// Open reads what is stored. What is damaged is left out and told to the logger, and so is a set of another period than configured, as the
// SDK does. Errors are those of the folder, and a Config that cannot be.
func Open(folder *durable.Folder, config Config, logger *slog.Logger) (*Store, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	s := &Store{folder: folder, config: config, logger: logger, checkpoint: checkpoint, set: &Set{}, state: initialState()}
	content, err := s.load(stateFile)
	if err != nil {
		return nil, err
	}
	if content != nil {
		var damage error
		if s.state, damage = decodeState(content); damage != nil {
			logger.Warn("P-GPS: leap seconds and position are lost", "file", folder.Path(stateFile), "error", damage)
		}
	}
	if content, err = s.load(setFile); err != nil {
		return nil, err
	}
	if content != nil {
		s.restore(content)
	}
	return s, nil
}

func (s *Store) restore(content []byte) {
	set, whole, damage := decodeSet(content)
	if damage != nil {
		s.logger.Warn("P-GPS: predictions are lost", "file", s.folder.Path(setFile), "left", set.Count, "error", damage)
	}
	switch {
	case set.Count == 0:
	case set.Period != s.config.period():
		s.logger.Info("P-GPS: the stored predictions are of another period and not used", "period", set.Period, "NRF_CLOUD_PGPS_PREDICTION_PERIOD", s.config.period())
	default:
		s.set, s.whole = set, whole
	}
}

// gps gives the time as GPS counts it, nil where it is not known.
func (s *Store) gps(now time.Time) *agnss.GPSTime {
	if !clock.Set(now) {
		return nil
	}
	leapSeconds := s.state.Leap.at(agnss.FromUTC(now, s.state.Leap.Before))
	at := agnss.FromUTC(now, leapSeconds)
	return &at
}

// utc is the inverse of gps.
func (s *Store) utc(at agnss.GPSTime) time.Time { return at.UTC(s.state.Leap.at(at)) }

// LeapSeconds gives those that hold at a moment, for who injects the time otherwise.
func (s *Store) LeapSeconds(now time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Leap.at(agnss.FromUTC(now, s.state.Leap.Before))
}

// Lookup gives the prediction for now; its Until says when to look again. Without one it is ErrNoData, ErrLoading, ErrTimeUnknown or
// ErrExpired.
func (s *Store) Lookup(now time.Time) (*Prediction, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lookup(now)
}

func (s *Store) lookup(now time.Time) (*Prediction, error) {
	if s.set.Count == 0 {
		return nil, s.orLoading(ErrNoData)
	}
	at := s.gps(now)
	if at == nil {
		return nil, ErrTimeUnknown
	}
	n, err := s.set.Index(*at)
	switch {
	case errors.Is(err, ErrExpired):
		return nil, s.orLoading(err)
	case err != nil:
		return nil, err
	}
	prediction, err := s.set.Prediction(n)
	if err != nil {
		return nil, err
	}
	prediction.Until = s.utc(s.set.at(n+1) - shift).Add(time.Second)
	return prediction, nil
}

// orLoading is ErrLoading while predictions are asked for or arriving.
func (s *Store) orLoading(err error) error {
	if s.progress != idle {
		return ErrLoading
	}
	return err
}

// Stored gives what the store holds, Count 0 for nothing, and how many predictions can still be used (all, where the time is not known).
func (s *Store) Stored(now time.Time) (header Header, remaining int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	header = s.set.Header
	if at := s.gps(now); at != nil && header.Count > 0 {
		return header, header.Remaining(*at)
	}
	return header, header.Count
}

// Request gives what to ask the cloud for, or ReasonNone. It gives nothing more until that has been answered, by Begin and the end of its
// Download, or Failed was called.
func (s *Store) Request(now time.Time) (data.PGPSRequest, Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.progress != idle {
		return data.PGPSRequest{}, ReasonNone
	}
	request, reason := Plan(s.config, s.set.Header, s.set.Count < s.whole, s.gps(now))
	if reason != ReasonNone {
		s.progress = requesting
	}
	return request, reason
}

// Start is Request for the start of the device: without NRF_CLOUD_PGPS_REQUEST_UPON_INIT it asks for nothing.
func (s *Store) Start(now time.Time) (data.PGPSRequest, Reason) {
	if !s.config.RequestUponInit {
		return data.PGPSRequest{}, ReasonNone
	}
	return s.Request(now)
}

// Failed says that the request could not be sent, or was refused, or its answer did not come in time. The next Request may ask again; when
// to call it is for the owner, who must not ask without a pause.
func (s *Store) Failed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.progress == requesting {
		s.progress = idle
	}
}

// NoteUTC takes the leap seconds from assistance data.
func (s *Store) NoteUTC(utc *agnss.UTC, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.state
	if utc.DeltaTLS == utc.DeltaTLSF {
		known.Leap = leap{Before: int(utc.DeltaTLS), After: int(utc.DeltaTLSF)}
	} else if clock.Set(now) {
		known.Leap = leap{Before: int(utc.DeltaTLS), After: int(utc.DeltaTLSF), Change: utc.LeapChange(agnss.FromUTC(now, int(utc.DeltaTLS)))}
	}
	if known.Leap == s.state.Leap {
		return nil
	}
	return s.keep(known)
}

// How far the device must have moved, or how old its position must be, until the position is stored anew: 0.1 degree and 12 h, of both kinds
// in the units of assistance data.
const (
	movedLatitude  = 1 << 23 / 900
	movedLongitude = 1 << 24 / 3600
	positionLife   = agnss.GPSTime(12 * time.Hour / time.Second)
)

// NoteLocation takes the device's position, from a fix or from assistance data. It is written to the medium when the device has moved by
// about 0.1 degree since the last one, or 12 h have passed.
func (s *Store) NoteLocation(at agnss.Location, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := location{Latitude: at.Latitude, Longitude: at.Longitude}
	if moment := s.gps(now); moment != nil {
		next.At = *moment
	}
	if last := s.state.Location; last != nil && !last.moved(next) && (next.At == 0 || last.At != 0 && next.At-last.At < positionLife) {
		return nil
	}
	known := s.state
	known.Location = &next
	return s.keep(known)
}

func (l location) moved(to location) bool {
	const turn = 1 << 24
	east := (int64(to.Longitude) - int64(l.Longitude)) & (turn - 1) // over 180 degrees too
	north := int64(to.Latitude) - int64(l.Latitude)
	return max(north, -north) > movedLatitude || min(east, turn-east) > movedLongitude
}

// keep stores the state. It holds from now on also where it could not be written.
func (s *Store) keep(known state) error {
	s.state = known
	content, err := json.Marshal(known)
	if err != nil {
		return err
	}
	return s.folder.Write(stateFile, content)
}

// saveSet stores the set.
func (s *Store) saveSet() error { return s.folder.Write(setFile, encodeSet(s.set, s.whole)) }
