package firmware

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/cloudgen/cloudgen/runtime/boot/notify"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
)

// pinger is what the watchdog asks whether the program is alive.
type pinger interface {
	Ping(ctx context.Context) error
}

// serviceManager tells the service manager, where there is one, that the program runs and, as long as the cloud module answers, that it is alive:
// a program that hangs is started again by it.
func serviceManager(ctx context.Context, cloud pinger, logger *slog.Logger) error {
	tell := func(state string) {
		if err := notify.Send(state); err != nil {
			logger.Warn("the service manager does not listen", "error", err)
		}
	}
	tell(notify.Ready)
	if interval, watched := notify.Interval(); watched {
		watch(ctx, cloud, interval/2, tell)
	}
	<-ctx.Done()
	if os.Getenv(slots.Variable) == "" { // the service is the bootloader, which goes on and starts this program again
		tell(notify.Stopping)
	}
	return nil
}

// watch asks and tells in a rhythm until ctx ends.
func watch(ctx context.Context, cloud pinger, rhythm time.Duration, tell func(string)) {
	ticker := time.NewTicker(max(rhythm, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if cloud.Ping(ctx) == nil {
				tell(notify.Watchdog)
			}
		}
	}
}
