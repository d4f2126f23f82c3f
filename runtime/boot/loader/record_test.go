//go:build unix

package loader

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"
)

// TestLogIsLikeSlog compares with the handlers of log/slog.
func TestLogIsLikeSlog(t *testing.T) {
	texts := []string{
		"plain", "two words", "", "a=b", `a "quote"`, `back\slash`, "line\nbreak\r\ttab", "\x00\x07\b\f\x1f\x7f", "ümläut", "日本 語", "\xff\xfe", "\u2028\u2029", "\u00a0", "\u200b", "<&>", "\ufffd",
	}
	moment := time.Date(2026, 11, 27, 23, 4, 5, 67_890_000, time.FixedZone("", 3600))
	for _, json := range []bool{false, true} {
		for _, each := range texts {
			var want, got bytes.Buffer
			var handler slog.Handler = slog.NewTextHandler(&want, nil)
			if json {
				handler = slog.NewJSONHandler(&want, nil)
			}
			record := slog.NewRecord(moment, slog.LevelWarn, each, 0)
			record.AddAttrs(slog.String("key", each), slog.String(each+"k", "x"))
			if err := handler.Handle(context.Background(), record); err != nil {
				t.Fatal(err)
			}
			log{to: &got, json: json, now: func() time.Time { return moment }}.warn(each, attribute{"key", each}, attribute{each + "k", "x"})
			if got.String() != want.String() {
				t.Errorf("%q: wrote\n%sslog writes\n%s", each, got.String(), want.String())
			}
		}
	}
}
