package tracker

import (
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
)

// due tells when to sample next (reference 4.6): in active mode every ActiveWait; in passive mode every MovementResolution while the device
// moves, and every MovementTimeout in any case.
func due(c data.Configuration, last time.Time, moving bool) time.Time {
	if c.ActiveMode {
		return last.Add(c.ActiveWait)
	}
	wait := c.MovementTimeout
	if moving {
		wait = min(wait, c.MovementResolution)
	}
	return last.Add(wait)
}

// motion tells from the acceleration whether the device moves. Gravity is not part of the acceleration.
type motion struct {
	moving bool
	quiet  time.Time // since when the acceleration has been below the inactivity threshold; zero: it is not
}

// step takes a reading in m/s². The device moves from a reading above the activity threshold on, until the readings have stayed below the
// inactivity threshold for the inactivity time.
func (m *motion) step(now time.Time, acceleration float64, c data.Configuration) {
	if acceleration > c.AccelerometerActivity {
		m.moving = true
	}
	if acceleration >= c.AccelerometerInactivity {
		m.quiet = time.Time{}
		return
	}
	if m.quiet.IsZero() {
		m.quiet = now
	}
	if now.Sub(m.quiet).Seconds() >= c.AccelerometerInactivityTimeout {
		m.moving = false
	}
}
