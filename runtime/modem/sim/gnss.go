package sim

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

// Fix implements modem.Receiver: the place on the script's track, after the time that the script has a search take. Without a track, or with an
// obstructed sky, the search lasts until ctx ends.
func (m *Modem) Fix(ctx context.Context) (data.Fix, error) {
	if err := m.answer(ctx, callGNSS); err != nil {
		return data.Fix{}, err
	}
	m.mu.Lock()
	start, search := m.start, m.around.search
	hopeless := m.around.obstructed || len(m.script.track) == 0
	m.mu.Unlock()
	if start.IsZero() {
		return data.Fix{}, errorf("simulated modem: %w: it is switched off", modem.ErrNoFix)
	}
	timer := time.NewTimer(search)
	defer timer.Stop()
	if hopeless {
		timer.Stop()
	}
	select {
	case <-ctx.Done():
		return data.Fix{}, errorf("simulated modem: %w: %w", modem.ErrNoFix, ctx.Err())
	case <-timer.C:
	}
	now := time.Now()
	fix := locate(m.script.track, now.Sub(start))
	fix.Taken = now
	return fix, nil
}

// AssistanceNeed implements modem.Assisted.
func (m *Modem) AssistanceNeed(ctx context.Context) (agnss.Need, error) {
	if err := m.answer(ctx, callAssistance); err != nil {
		return agnss.Need{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.around.need, nil
}

// Inject implements agnss.Injector: what is given is no longer needed.
func (m *Modem) Inject(ctx context.Context, element agnss.Element) error {
	if err := m.answer(ctx, callAssistance); err != nil {
		return err
	}
	given, ok := contribution(element)
	if !ok {
		return errorf("simulated modem: %T: %w", element, errors.ErrUnsupported)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.around.need = m.around.need.Without(given)
	return nil
}

// contribution is the part of a need that an element meets.
func contribution(element agnss.Element) (given agnss.Need, ok bool) {
	switch e := element.(type) {
	case *agnss.SystemTime:
		given.Data = agnss.DataTime
	case *agnss.Location:
		given.Data = agnss.DataLocation
	case *agnss.UTC:
		given.Data = agnss.DataUTC
	case *agnss.Klobuchar:
		given.Data = agnss.DataKlobuchar
	case *agnss.NeQuick:
		given.Data = agnss.DataNeQuick
	case *agnss.Integrity:
		given.Data = agnss.DataIntegrity
	case *agnss.Ephemeris:
		if e.System() == agnss.GPS {
			given.GPS.Ephemerides = satellite(agnss.GPS, e.SV)
		} else {
			given.QZSS.Ephemerides = satellite(agnss.QZSS, e.SV)
		}
	case *agnss.Almanac:
		if e.System() == agnss.GPS {
			given.GPS.Almanacs = satellite(agnss.GPS, e.SV)
		} else {
			given.QZSS.Almanacs = satellite(agnss.QZSS, e.SV)
		}
	default: // Galileo: this receiver does not hear it
		return agnss.Need{}, false
	}
	return given, true
}

func satellite(system agnss.System, sv uint8) uint64 {
	first, last := system.Satellites()
	if int(sv) < first || int(sv) > last {
		return 0
	}
	return 1 << (int(sv) - first)
}

func needChange(args []string) (func(*surroundings), error) {
	everything := agnss.Everything(false, true)
	var need agnss.Need
	for _, word := range args {
		switch word {
		case "none":
		case "all":
			need = everything
		case "utc":
			need.Data |= agnss.DataUTC
		case "klobuchar":
			need.Data |= agnss.DataKlobuchar
		case "nequick":
			need.Data |= agnss.DataNeQuick
		case "time":
			need.Data |= agnss.DataTime
		case "location":
			need.Data |= agnss.DataLocation
		case "integrity":
			need.Data |= agnss.DataIntegrity
		case "ephemerides":
			need.GPS.Used, need.GPS.Ephemerides = true, everything.GPS.Ephemerides
		case "almanacs":
			need.GPS.Used, need.GPS.Almanacs = true, everything.GPS.Almanacs
		default:
			return nil, errorf("agnss does not take %q", word)
		}
	}
	if all := strings.Join(args, " "); len(args) == 0 || len(args) > 1 && strings.Contains(" "+all+" ", " none ") {
		return nil, errors.New("agnss takes none, all, or any of utc, ephemerides, almanacs, klobuchar, nequick, time, location and integrity")
	}
	return func(s *surroundings) { s.need = need }, nil
}
