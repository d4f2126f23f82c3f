package firmware

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/boot/notify"
)

// module is alive until a moment.
type moduleUntil struct{ end time.Time }

func (m moduleUntil) Ping(ctx context.Context) error {
	if time.Now().Before(m.end) {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

// A module that hangs is not told to be alive, and so the service manager starts the program again.
func TestWatchdog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var told []time.Duration
		begun := time.Now()
		watch(ctx, moduleUntil{begun.Add(25 * time.Second)}, 10*time.Second, func(state string) {
			if state != notify.Watchdog {
				t.Error(state)
			}
			told = append(told, time.Since(begun))
		})
		if want := []time.Duration{10 * time.Second, 20 * time.Second}; !slices.Equal(told, want) {
			t.Errorf("told at %v, want %v", told, want)
		}
		if err := ctx.Err(); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
