package agnss

import "time"

// GPSTime is a moment as GPS counts it: seconds since 1980-01-06 00:00:00 UTC without leap seconds. It is ahead of UTC by the leap seconds
// that were inserted since then.
type GPSTime int64

// Lengths in seconds.
const (
	Day  = 86400
	Week = 7 * Day
)

// DefaultLeapSeconds are the leap seconds since 2017. Assistance data says when they change: UTC.LeapSeconds.
const DefaultLeapSeconds = 18

const gpsEpoch = 315964800 // 1980-01-06 in Unix time

// NewGPSTime is a second of a GPS day; days count from 0 at 1980-01-06. A second outside of 0 to 86399 falls on another day.
func NewGPSTime(day, second int) GPSTime { return GPSTime(day)*Day + GPSTime(second) }

// FromUTC converts, given the leap seconds that hold at that moment. Parts of a second are dropped.
func FromUTC(t time.Time, leapSeconds int) GPSTime {
	return GPSTime(t.Unix() - gpsEpoch + int64(leapSeconds))
}

// UTC converts back, given the leap seconds that hold at that moment.
func (t GPSTime) UTC(leapSeconds int) time.Time {
	return time.Unix(int64(t)+gpsEpoch-int64(leapSeconds), 0).UTC()
}

// Day is the GPS day, from 0 at 1980-01-06.
func (t GPSTime) Day() int { return int(floorDiv(int64(t), Day)) }

// SecondOfDay is 0 to 86399.
func (t GPSTime) SecondOfDay() int { return int(int64(t) - floorDiv(int64(t), Day)*Day) }

// Week is the GPS week, not reduced, from 0 at 1980-01-06.
func (t GPSTime) Week() int { return int(floorDiv(int64(t), Week)) }

// SecondOfWeek is 0 to 604799 (GPS: time of week).
func (t GPSTime) SecondOfWeek() int { return int(int64(t) - floorDiv(int64(t), Week)*Week) }

// Add is the moment so many seconds later.
func (t GPSTime) Add(seconds int) GPSTime { return t + GPSTime(seconds) }

// FullWeek gives the week that a satellite sends only the low part of, as 8 bits (modulus 256): of all weeks with this remainder the one
// nearest to t, the later one of two that are equally far.
func (t GPSTime) FullWeek(low, modulus int) int {
	week := t.Week()
	ahead := int(floorMod(int64(low-week), int64(modulus)))
	if ahead > modulus/2 {
		ahead -= modulus
	}
	return week + ahead
}

// AtSecondOfWeek gives the moment of a second of the week (0 to 604799) that is nearest to t: of this week, the one before or the one after.
// A time of ephemeris shortly after a change of week so lies ahead of a clock that is shortly before it, and not a week behind.
func (t GPSTime) AtSecondOfWeek(second int) GPSTime {
	ahead := floorMod(int64(second)-int64(t), Week)
	if ahead > Week/2 {
		ahead -= Week
	}
	return t + GPSTime(ahead)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }
