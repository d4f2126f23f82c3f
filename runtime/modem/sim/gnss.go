package sim

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
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

// Lacking gives the assistance data that the script says the receiver lacks, as its words, and how many times it has said so: what was given since
// counts no more after another time. Package assisted makes a receiver of it.
func (m *Modem) Lacking(ctx context.Context) (words []string, times int, err error) {
	if err := m.answer(ctx, callAssistance); err != nil {
		return nil, 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.around.lacking, m.around.lackingTimes, nil
}

// everything are the words of a line "agnss all".
var everything = [...]string{"utc", "ephemerides", "almanacs", "klobuchar", "nequick", "time", "location", "integrity"}

func (s *surroundings) changeLacking(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "none":
		args = nil
	case len(args) == 1 && args[0] == "all":
		args = everything[:]
	case len(args) == 0:
		return errors.New("agnss takes none, all, or any of " + strings.Join(everything[:], " "))
	}
next:
	for _, word := range args {
		for _, known := range everything {
			if word == known {
				continue next
			}
		}
		return errorf("agnss does not take %q: it takes none, all, or any of %s", word, strings.Join(everything[:], " "))
	}
	s.lacking = args
	s.lackingTimes++
	return nil
}
