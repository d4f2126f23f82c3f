// Package assisted is the scripted simulated modem with a receiver that takes nRF Cloud's assistance data.
package assisted

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/modem/sim"
	"github.com/cloudgen/cloudgen/runtime/modem/sim/scripted"
)

// Modem implements gnss.Receiver, and all that sim.Modem does. The receiver hears GPS and QZSS.
type Modem struct {
	*sim.Modem

	mu    sync.Mutex
	times int // sim.Modem.Lacking
	given agnss.Need
}

// Open is scripted.Open with assistance data.
func Open(dataDir string) (modem.Modem, error) {
	script, err := scripted.Read(dataDir)
	if err != nil {
		return nil, err
	}
	return New(sim.New(sim.Options{DataDir: dataDir, Script: &script})), nil
}

// New makes the modem of one that is simulated.
func New(of *sim.Modem) *Modem { return &Modem{Modem: of} }

// AssistanceNeed implements gnss.Receiver: what the script says, less what was given since.
func (m *Modem) AssistanceNeed(ctx context.Context) (agnss.Need, error) {
	words, err := m.lacking(ctx)
	if err != nil {
		return agnss.Need{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return need(words).Without(m.given), nil
}

// Inject implements agnss.Injector.
func (m *Modem) Inject(ctx context.Context, element agnss.Element) error {
	if _, err := m.lacking(ctx); err != nil {
		return err
	}
	given, ok := contribution(element)
	if !ok {
		return fmt.Errorf("simulated modem: %T: %w", element, errors.ErrUnsupported)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.given = m.given.With(given)
	return nil
}

// lacking forgets what was given before the script has last said what the receiver lacks.
func (m *Modem) lacking(ctx context.Context) ([]string, error) {
	words, times, err := m.Lacking(ctx)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.times != times {
		m.times, m.given = times, agnss.Need{}
	}
	return words, nil
}

// need gives the need that a script's words name.
func need(words []string) (n agnss.Need) {
	everything := agnss.Everything(false, false)
	for _, word := range words {
		switch word {
		case "utc":
			n.Data |= agnss.DataUTC
		case "klobuchar":
			n.Data |= agnss.DataKlobuchar
		case "nequick":
			n.Data |= agnss.DataNeQuick
		case "time":
			n.Data |= agnss.DataTime
		case "location":
			n.Data |= agnss.DataLocation
		case "integrity":
			n.Data |= agnss.DataIntegrity
		case "ephemerides":
			n.GPS.Used, n.GPS.Ephemerides = true, everything.GPS.Ephemerides
		case "almanacs":
			n.GPS.Used, n.GPS.Almanacs = true, everything.GPS.Almanacs
		}
	}
	return n
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
		}
	case *agnss.Almanac:
		if e.System() == agnss.GPS {
			given.GPS.Almanacs = satellite(agnss.GPS, e.SV)
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
