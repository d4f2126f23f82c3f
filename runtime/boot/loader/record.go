//go:build unix

package loader

import (
	"io"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

// The log has the form of log/slog's handlers, byte for byte, which the firmware writes to the same place. The package itself, with the
// packages fmt, reflect and encoding/json, would be a fifth of a bootloader.

// attribute is a key and its value.
type attribute struct{ key, value string }

// Levels of records.
const (
	levelInfo  = "INFO"
	levelWarn  = "WARN"
	levelError = "ERROR"
)

// log writes records.
type log struct {
	to   io.Writer
	json bool
	now  func() time.Time
}

// write writes a record in one call. That a log cannot be written is no reason for anything.
func (l log) write(level, message string, attributes ...attribute) {
	all := append([]attribute{{"level", level}, {"msg", message}}, attributes...)
	var line []byte
	if l.json {
		line = append(line, `{"time":"`...)
		line = append(l.now().AppendFormat(line, time.RFC3339Nano), '"')
		for _, each := range all {
			line = append(appendJSON(append(line, ','), each.key), ':')
			line = appendJSON(line, each.value)
		}
		line = append(line, '}')
	} else {
		line = append(line, "time="...)
		line = l.now().AppendFormat(line, "2006-01-02T15:04:05.000Z07:00")
		for _, each := range all {
			line = append(appendText(append(line, ' '), each.key), '=')
			line = appendText(line, each.value)
		}
	}
	_, _ = l.to.Write(append(line, '\n'))
}

func (l log) info(message string, attributes ...attribute) {
	l.write(levelInfo, message, attributes...)
}
func (l log) warn(message string, attributes ...attribute) {
	l.write(levelWarn, message, attributes...)
}
func (l log) error(message string, attributes ...attribute) {
	l.write(levelError, message, attributes...)
}

func appendText(line []byte, text string) []byte {
	if needsQuotes(text) {
		return strconv.AppendQuote(line, text)
	}
	return append(line, text...)
}

func needsQuotes(text string) bool {
	if text == "" {
		return true
	}
	for _, r := range text {
		if r == ' ' || r == '=' || r == '"' || r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return true
		}
	}
	return false
}

func appendJSON(line []byte, text string) []byte {
	const digits = "0123456789abcdef"
	line = append(line, '"')
	for i, r := range text {
		switch {
		case r == '"' || r == '\\':
			line = append(line, '\\', byte(r))
		case r == '\n':
			line = append(line, '\\', 'n')
		case r == '\r':
			line = append(line, '\\', 'r')
		case r == '\t':
			line = append(line, '\\', 't')
		case r < ' ':
			line = append(line, '\\', 'u', '0', '0', digits[r>>4], digits[r&15])
		case r == utf8.RuneError && text[i] != "\ufffd"[0]: // no UTF-8
			line = append(line, `\ufffd`...)
		case r == '\u2028' || r == '\u2029':
			line = append(line, '\\', 'u', '2', '0', '2', digits[r&15])
		default:
			line = utf8.AppendRune(line, r)
		}
	}
	return append(line, '"')
}
