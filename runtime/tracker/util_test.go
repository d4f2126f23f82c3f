package tracker

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var errFatal = errors.New("all attempts are used up")

// until gives a part that ends by itself after a time with an error, or a time after it was asked to.
func until(fails time.Duration, err error, answers time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-time.After(fails):
			return err
		case <-ctx.Done():
			time.Sleep(answers)
			return nil
		}
	}
}

const never = 1000 * time.Hour

func TestUtil(t *testing.T) {
	for _, test := range []struct {
		name    string
		parts   []Part
		timeout time.Duration
		asked   time.Duration // when the context ends
		took    time.Duration
		wants   []error
		text    string
	}{
		{
			name:    "asked to end",
			parts:   []Part{{"cloud", until(never, nil, 2*time.Second)}, {"app", until(never, nil, time.Second)}},
			timeout: 30 * time.Second, asked: time.Hour, took: time.Hour + 2*time.Second,
		},
		{
			name:    "reboot: 5 s after all have answered",
			parts:   []Part{{"cloud", until(time.Hour, errFatal, 0)}, {"app", until(never, nil, 3*time.Second)}},
			timeout: 30 * time.Second, asked: never, took: time.Hour + 8*time.Second, wants: []error{errFatal}, text: "all attempts",
		},
		{
			name:    "reboot: the timeout is above the 5 s",
			parts:   []Part{{"cloud", until(time.Hour, errFatal, 0)}, {"app", until(never, nil, 8*time.Second)}},
			timeout: 10 * time.Second, asked: never, took: time.Hour + 10*time.Second, wants: []error{errFatal},
		},
		{
			name:    "reboot: a part does not answer",
			parts:   []Part{{"cloud", until(time.Hour, errFatal, 0)}, {"app", until(never, nil, time.Minute)}, {"sensor", until(never, nil, time.Minute)}},
			timeout: 30 * time.Second, asked: never, took: time.Hour + 30*time.Second, wants: []error{errFatal, ErrNoAnswer}, text: "app, sensor: did not shut down in time: waited 30s",
		},
		{
			name:    "asked to end while the reboot is near",
			parts:   []Part{{"cloud", until(time.Hour, errFatal, 0)}},
			timeout: 30 * time.Second, asked: time.Hour + time.Second, took: time.Hour + time.Second, wants: []error{errFatal},
		},
		{
			name:    "asked to end, a part does not answer",
			parts:   []Part{{"cloud", until(never, nil, time.Hour)}},
			timeout: 30 * time.Second, asked: time.Hour, took: time.Hour + 30*time.Second, wants: []error{ErrNoAnswer},
		},
		{
			name:    "an error that is no reboot ends at once",
			parts:   []Part{{"cloud", until(time.Second, context.DeadlineExceeded, 0)}, {"app", until(never, nil, time.Second)}},
			timeout: 30 * time.Second, asked: never, took: 2 * time.Second, wants: []error{context.DeadlineExceeded},
		},
		{
			name:    "two errors",
			parts:   []Part{{"cloud", until(time.Second, errFatal, 0)}, {"app", func(ctx context.Context) error { <-ctx.Done(); return context.DeadlineExceeded }}},
			timeout: 30 * time.Second, asked: never, took: 6 * time.Second, wants: []error{errFatal, context.DeadlineExceeded},
		},
		{
			name:    "a part that ends without an error ends all",
			parts:   []Part{{"cloud", until(time.Second, nil, 0)}, {"app", until(never, nil, time.Second)}},
			timeout: 30 * time.Second, asked: never, took: 2 * time.Second,
		},
		{
			name:    "no time to answer",
			parts:   []Part{{"cloud", until(time.Second, errFatal, 0)}, {"app", until(never, nil, time.Second)}},
			timeout: -time.Second, asked: never, took: time.Second, wants: []error{errFatal, ErrNoAnswer},
		},
		{name: "no parts", timeout: time.Second, asked: never},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				ctx, cancel := context.WithTimeout(t.Context(), test.asked)
				defer cancel()
				begin := time.Now()
				err := Util{Parts: test.parts, RebootTimeout: test.timeout, Logger: slog.New(slog.NewTextHandler(&log, nil)), Reboot: func(err error) bool { return errors.Is(err, errFatal) }}.Run(ctx)
				if took := time.Since(begin); took != test.took {
					t.Errorf("took %v, want %v", took, test.took)
				}
				if (err == nil) != (len(test.wants) == 0) {
					t.Errorf("error %v, want %v", err, test.wants)
				}
				for _, want := range test.wants {
					if !errors.Is(err, want) {
						t.Errorf("error %v, want %v", err, want)
					}
				}
				if err != nil && !strings.Contains(err.Error(), test.text) {
					t.Errorf("error %v, want %q in it", err, test.text)
				}
				request := strings.Contains(log.String(), "event=UTIL_EVT_SHUTDOWN_REQUEST asked_by=cloud")
				if wanted := len(test.parts) > 0 && test.took < test.asked || errors.Is(err, errFatal); request != wanted {
					t.Errorf("log: %s", log.String())
				}
				time.Sleep(2 * time.Hour) // parts that did not answer end before the bubble does
			})
		})
	}
}
