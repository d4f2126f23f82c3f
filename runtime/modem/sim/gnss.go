package sim

import (
	"context"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

// Fix implements modem.Receiver: where the script has the device, after the time that it has a search take. Where it has no place, or with an
// obstructed sky, the search lasts until ctx ends.
func (m *Modem) Fix(ctx context.Context) (data.Fix, error) {
	if err := m.answer(ctx, CallGNSS); err != nil {
		return data.Fix{}, err
	}
	m.mu.Lock()
	start, search := m.start, m.around.Search
	hopeless := m.around.Obstructed || m.script.Locate == nil
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
	fix := m.script.Locate(now.Sub(start))
	fix.Taken = now
	return fix, nil
}

// Lacking gives the assistance data that the script says the receiver lacks, as its words, and how many times it has said so: what was given since
// counts no more after another time. Package assisted makes a receiver of it.
func (m *Modem) Lacking(ctx context.Context) (words []string, times int, err error) {
	if err := m.answer(ctx, CallAssistance); err != nil {
		return nil, 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.around.Lacking, m.around.LackingTimes, nil
}
