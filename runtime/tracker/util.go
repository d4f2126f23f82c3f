package tracker

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
)

// Part is a module of the program, as the util module sees it. Run works until its context ends, puts everything in order and returns nil; that
// it has returned is its SHUTDOWN_READY. An error tells who cannot go on and why.
type Part struct {
	Name string
	Run  func(context.Context) error
}

// Util runs the parts of the program and brings all of them down in order when one cannot go on (SDK: util module, reference 3.9).
type Util struct {
	Parts         []Part
	RebootTimeout time.Duration // most that is waited for the parts to put themselves in order (REBOOT_TIMEOUT)
	Logger        *slog.Logger
	// Reboot tells of a part's error whether a reboot is wanted. Then, when all parts have answered, 5 s pass before Run returns, or what
	// is left of RebootTimeout if that is less: time for the rest of the system to finish what it writes.
	Reboot func(error) bool
}

// settleTime passes between the answer of the last part and the reboot.
const settleTime = 5 * time.Second

// ErrNoAnswer is wrapped by what Run returns when parts did not end within RebootTimeout. Their goroutines still run: end the process.
var ErrNoAnswer = errors.New("did not shut down in time")

// Run runs all parts, each in a goroutine, and returns when all have ended. It brings them down when ctx ends or when the first of them returns.
// The error joins those of the parts; nil means that every part has put itself in order.
func (u Util) Run(ctx context.Context) error {
	running, stop := context.WithCancel(ctx)
	defer stop()
	type answer struct {
		part int
		err  error
	}
	answers := make(chan answer, len(u.Parts)) // one place each: a part that answers too late is not held up
	for i, part := range u.Parts {
		go func() { answers <- answer{i, part.Run(running)} }()
	}

	left, ended := len(u.Parts), make([]bool, len(u.Parts))
	var errs []error
	reboot := false
	take := func(a answer) {
		left--
		ended[a.part] = true
		if a.err != nil {
			errs = append(errs, a.err)
			reboot = reboot || u.Reboot != nil && u.Reboot(a.err)
		}
		u.Logger.Debug("part has shut down", "part", u.Parts[a.part].Name, "error", a.err)
	}

	if len(u.Parts) > 0 {
		select {
		case <-ctx.Done():
		case first := <-answers:
			take(first)
			u.Logger.Info("all modules shut down", "event", "UTIL_EVT_SHUTDOWN_REQUEST", "asked_by", u.Parts[first.part].Name, "reboot", reboot, "cause", first.err)
		}
	}
	stop()
	timeout := time.NewTimer(u.RebootTimeout)
	defer timeout.Stop()
	for left > 0 {
		select {
		case a := <-answers:
			take(a)
		case <-timeout.C:
			var names []string
			for i, part := range u.Parts {
				if !ended[i] {
					names = append(names, part.Name)
				}
			}
			return joined(append(errs, errorf("%s: %w: waited %v", strings.Join(names, ", "), ErrNoAnswer, u.RebootTimeout))...)
		}
	}
	if reboot {
		settle := time.NewTimer(settleTime)
		defer settle.Stop()
		select {
		case <-settle.C:
		case <-timeout.C:
		case <-ctx.Done(): // asked to end while waiting
		}
	}
	return joined(errs...)
}
