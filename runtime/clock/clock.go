// Package clock tells whether the clock has been set. Many devices have none that runs without power and start in 1970.
package clock

import "time"

// FirstYear is the year of this code: a clock that shows an earlier one has not been set.
const FirstYear = 2026

// Set tells whether now can be what a clock shows that has been set.
func Set(now time.Time) bool { return now.UTC().Year() >= FirstYear }
