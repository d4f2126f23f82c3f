package pgps

import (
	"errors"
	"fmt"
	"time"
)

// checkpoint is how many predictions arrive between two writes to the medium: what a power cut costs of a download.
const checkpoint = 8

// Download takes the answer to a Request. It belongs to one goroutine. Each prediction can be looked up as soon as it has arrived whole; after
// a power cut or an interruption the ones that arrived are kept, and the next Request asks for the rest.
type Download struct {
	store   *Store
	decoder Decoder
	kept    int // predictions of the decoder that are in the set
	saved   int // those that are on the medium
	adopted bool
}

// Begin starts the download that answers the last Request. There is one at a time, and one for each Request: otherwise it is ErrUnexpected.
func (s *Store) Begin() (*Download, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.progress != requesting {
		return nil, ErrUnexpected
	}
	s.progress, s.download = loading, &Download{store: s, decoder: Decoder{Accept: s.config.accept}}
	return s.download, nil
}

// Offset is how many bytes have arrived. A transport whose connection broke goes on there, while the process lives.
func (d *Download) Offset() int { return d.decoder.Offset() }

// Write takes the next part of the file, in its order. It is a *FormatError that the file cannot be used further on; other errors are those
// of the medium, and the download goes on without it. End the download in any case.
func (d *Download) Write(part []byte, now time.Time) error {
	s := d.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.download != d {
		return ErrUnexpected
	}
	err := d.decoder.Write(part)
	d.adopt(now) // also what stands before a fault
	if err != nil {
		return err
	}
	if d.adopted && d.kept-d.saved >= s.checkpoint {
		return d.save()
	}
	return nil
}

// accept checks a header against what was asked for.
func (c Config) accept(header Header) error {
	switch {
	case header.Period != c.period():
		return fmt.Errorf("%w: %v, NRF_CLOUD_PGPS_PREDICTION_PERIOD says %v", ErrPeriod, header.Period, c.period())
	case header.Count > c.Predictions:
		return fmt.Errorf("%w: %d, NRF_CLOUD_PGPS_NUM_PREDICTIONS says %d", ErrCount, header.Count, c.Predictions)
	}
	return nil
}

// adopt makes the predictions that have arrived part of the set, if they are of use.
func (d *Download) adopt(now time.Time) {
	if d.decoder.checked == d.kept {
		return
	}
	s := d.store
	base := s.set
	if merged, ok := merge(base, d.decoder.Set(), d.decoder.Complete(), s.gps(now), s.config.Predictions); ok {
		s.set, d.kept, d.adopted = merged, d.decoder.checked, true
		s.whole = min(s.config.Predictions, merged.Count+d.decoder.expected()-d.decoder.checked)
	}
}

func (d *Download) save() error {
	if !d.adopted || d.saved == d.kept {
		return nil
	}
	if err := d.store.saveSet(); err != nil {
		return err
	}
	d.saved = d.kept
	return nil
}

// End ends the download, whether all has arrived or not, and stores what there is. It is nil when all predictions have arrived and serve now;
// ErrIncomplete when some are missing; ErrOtherTime when none serves now, and the stored ones are as they were; or an error of the medium:
// then the predictions hold until the process ends.
func (d *Download) End(now time.Time) error {
	s := d.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.download != d {
		return ErrUnexpected
	}
	s.progress, s.download = idle, nil
	err := d.save()
	switch {
	case d.decoder.err != nil:
		return errors.Join(d.decoder.err, err)
	case !d.decoder.Complete():
		return errors.Join(fmt.Errorf("%w: %d of %d", ErrIncomplete, d.decoder.checked, d.decoder.expected()), err)
	case !d.adopted:
		header, _ := d.decoder.Header()
		return fmt.Errorf("%w: they begin at %s and end at %s, the clock is at %s", ErrOtherTime,
			s.utc(header.Start).Format(time.RFC3339), s.utc(header.End()).Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	return err
}
