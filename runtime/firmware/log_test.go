package firmware

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
)

func TestEventsAreNeverDropped(t *testing.T) {
	for _, form := range []struct {
		name string
		json bool
	}{{"text", false}, {"json", true}} {
		t.Run(form.name, func(t *testing.T) {
			var output bytes.Buffer
			log := newLogger(&output, form.json, slog.LevelError)
			log.Debug("kept-1", "event", "CLOUD_EVT_CONNECTED")
			log.Info("kept-2", "attempt", 1, "event", "CLOUD_EVT_CONNECTING")
			log.With("event", "CLOUD_EVT_ERROR").Debug("kept-3")
			log.With("event", "CLOUD_EVT_ERROR").WithGroup("g").Debug("kept-4")
			log.With("a", 1).With("b", 2).Debug("kept-5", slog.String("event", "CLOUD_EVT_READY"))
			log.WithGroup("").Debug("kept-6", "event", "CLOUD_EVT_READY")
			log.Error("kept-7")
			log.Log(t.Context(), slog.LevelDebug-100, "kept-8", "event", "x")
			log.Warn("dropped-1")
			log.Debug("dropped-2", "backend_event", "CLOUD_EVT_READY")
			log.WithGroup("g").Info("dropped-3", "event", "CLOUD_EVT_READY") // its key is g.event
			log.WithGroup("g").With("event", "CLOUD_EVT_READY").Info("dropped-4")
			log.With("a", 1).Info("dropped-5")
			for i := range 8 {
				if text := "kept-" + string(rune('1'+i)); !strings.Contains(output.String(), text) {
					t.Errorf("%s is missing", text)
				}
			}
			if strings.Contains(output.String(), "dropped") {
				t.Errorf("not dropped: %s", output.String())
			}
			if lines := strings.Count(output.String(), "\n"); lines != 8 {
				t.Errorf("%d lines, want 8", lines)
			}
			if form.json {
				for line := range strings.Lines(output.String()) {
					if err := json.Unmarshal([]byte(line), &map[string]any{}); err != nil {
						t.Errorf("%s: %v", line, err)
					}
				}
			}
		})
	}
}

func TestLevels(t *testing.T) {
	for i, level := range levels {
		var output bytes.Buffer
		log := newLogger(&output, false, level.level)
		log.Debug("x")
		log.Info("x")
		log.Warn("x")
		log.Error("x")
		if got := strings.Count(output.String(), "\n"); got != len(levels)-i {
			t.Errorf("%s: %d records", level.name, got)
		}
	}
}
