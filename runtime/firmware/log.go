package firmware

import (
	"context"
	"io"
	"log/slog"
	"math"
)

// EventKey is the attribute that the cloud module's events carry: event=CLOUD_EVT_…. A record with it is never dropped.
const EventKey = "event"

// newLogger gives the program's log.
func newLogger(output io.Writer, json bool, level slog.Level) *slog.Logger {
	everything := &slog.HandlerOptions{Level: slog.Level(math.MinInt)} // eventFilter decides
	var handler slog.Handler
	if json {
		handler = slog.NewJSONHandler(output, everything)
	} else {
		handler = slog.NewTextHandler(output, everything)
	}
	return slog.New(eventFilter{Handler: handler, level: level})
}

// eventFilter drops records below a level, but not events.
type eventFilter struct {
	slog.Handler
	level   slog.Level
	isEvent bool // the attribute is among those that came by WithAttrs
	grouped bool // attributes are inside a group now, where "event" is another key
}

// Enabled is true for each level, because only the record itself tells whether it is an event.
func (f eventFilter) Enabled(context.Context, slog.Level) bool { return true }

func (f eventFilter) Handle(ctx context.Context, record slog.Record) error {
	keep := record.Level >= f.level || f.isEvent
	if !keep && !f.grouped {
		record.Attrs(func(a slog.Attr) bool {
			keep = a.Key == EventKey
			return !keep
		})
	}
	if !keep {
		return nil
	}
	return f.Handler.Handle(ctx, record)
}

func (f eventFilter) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		f.isEvent = f.isEvent || !f.grouped && a.Key == EventKey
	}
	f.Handler = f.Handler.WithAttrs(attrs)
	return f
}

func (f eventFilter) WithGroup(name string) slog.Handler {
	f.grouped = f.grouped || name != ""
	f.Handler = f.Handler.WithGroup(name)
	return f
}
