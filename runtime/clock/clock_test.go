package clock

import (
	"testing"
	"time"
)

func TestSet(t *testing.T) {
	for _, test := range []struct {
		now  time.Time
		want bool
	}{
		{time.Unix(0, 0), false},
		{time.Date(FirstYear-1, 12, 31, 23, 59, 59, 0, time.UTC), false},
		{time.Date(FirstYear, 1, 1, 0, 0, 0, 0, time.UTC), true},
		{time.Date(FirstYear, 1, 1, 3, 0, 0, 0, time.FixedZone("east", 4*3600)), false},
		{time.Date(FirstYear+30, 1, 1, 0, 0, 0, 0, time.UTC), true},
	} {
		if got := Set(test.now); got != test.want {
			t.Errorf("%v: %v", test.now, got)
		}
	}
}
