package agnss

import "time"

// How long a receiver does well with what it was given.
const (
	ephemerisLife  = 2 * time.Hour
	almanacRefresh = 14 * 24 * time.Hour
	dailyLife      = 24 * time.Hour // UTC, ionosphere, time offset
)

// Ages tells what a receiver needs that cannot tell it itself: what it has not been given, or so long ago that it has run out. Ephemerides
// last 2 h, with the integrity; UTC, ionosphere and the time offset a day; almanacs, location and time as long as the receiver is on. The
// zero value knows of nothing given. Moments should have a monotonic clock's reading.
type Ages struct {
	data    [8]time.Time // by bit of Data
	systems [systems]struct{ ephemerides, almanacs [maxSatellites]time.Time }
}

const maxSatellites = 36

// Given notes what a receiver has taken, as Message.Inject and its like in package pgps report it.
func (a *Ages) Given(given Need, at time.Time) {
	for bit := range a.data {
		if given.Data&(1<<bit) != 0 {
			a.data[bit] = at
		}
	}
	for system := range systems {
		satellites, ages := given.system(system), &a.systems[system]
		for n := range maxSatellites {
			if satellites.Ephemerides&(1<<n) != 0 {
				ages.ephemerides[n] = at
			}
			if satellites.Almanacs&(1<<n) != 0 {
				ages.almanacs[n] = at
			}
		}
	}
}

// Forget is for a receiver that has lost everything: it was without power.
func (a *Ages) Forget() { *a = Ages{} }

// Moved says that the device is far from where it was: the location is needed again.
func (a *Ages) Moved() { a.data[bitOf(DataLocation)] = time.Time{} }

// Need gives the part of wanted, as Everything gives it, that the receiver lacks.
func (a *Ages) Need(wanted Need, now time.Time) Need {
	need := wanted
	for bit := range a.data {
		if kind := Data(1 << bit); fresh(a.data[bit], now, kind.life()) {
			need.Data &^= kind
		}
	}
	for system := range systems {
		satellites, ages := need.system(system), &a.systems[system]
		for n := range maxSatellites {
			if fresh(ages.ephemerides[n], now, ephemerisLife) {
				satellites.Ephemerides &^= 1 << n
			}
			if fresh(ages.almanacs[n], now, almanacRefresh) {
				satellites.Almanacs &^= 1 << n
			}
		}
	}
	return need
}

func (d Data) life() time.Duration {
	switch d {
	case DataTime, DataLocation:
		return forever
	case DataIntegrity:
		return ephemerisLife
	}
	return dailyLife
}

const forever = 1<<63 - 1

func fresh(given, now time.Time, life time.Duration) bool {
	return !given.IsZero() && now.Sub(given) < life
}

func bitOf(kind Data) (bit int) {
	for ; kind > 1; kind >>= 1 {
		bit++
	}
	return bit
}
