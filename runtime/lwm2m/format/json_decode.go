package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// jsonReader reads a payload token by token. What nests deeper than the formats do is refused at its opening bracket.
type jsonReader struct {
	format  Format
	decoder *json.Decoder
}

func newJSONReader(f Format, payload []byte) (*jsonReader, error) {
	if !utf8.Valid(payload) || hasLoneSurrogate(payload) {
		return nil, badRequest("%v: the payload is not UTF-8, or escapes half a character", f)
	}
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber()
	return &jsonReader{format: f, decoder: decoder}, nil
}

// hasLoneSurrogate finds escapes as \ud800 that have no other half: encoding/json would put another character in their place. A backslash stands
// only in strings, so these need not be told from the rest.
func hasLoneSurrogate(payload []byte) bool {
	for {
		at := bytes.IndexByte(payload, '\\')
		if at < 0 || at+1 == len(payload) {
			return false
		}
		first := escapedUnit(payload[at:])
		if payload = payload[at+2:]; !utf16.IsSurrogate(first) {
			continue
		}
		payload = payload[4:]
		if utf16.DecodeRune(first, escapedUnit(payload)) == utf8.RuneError {
			return true
		}
		payload = payload[6:]
	}
}

// escapedUnit gives the number of the \u0000 with which text begins; 0 where there is none.
func escapedUnit(text []byte) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(unit)
}

func (j *jsonReader) token() (json.Token, error) {
	token, err := j.decoder.Token()
	if errors.Is(err, io.EOF) {
		return nil, badRequest("%v: the payload ends too early", j.format)
	}
	if err != nil {
		return nil, badRequest("%v: %v", j.format, err)
	}
	return token, nil
}

func (j *jsonReader) delimiter(want json.Delim) error {
	token, err := j.token()
	if err != nil {
		return err
	}
	if token != want {
		return badRequest("%v: byte %d: %v was expected", j.format, j.decoder.InputOffset(), want)
	}
	return nil
}

// scalar reads a value that is neither an object nor an array; null is rawNone.
func (j *jsonReader) scalar() (raw, error) {
	token, err := j.token()
	if err != nil {
		return raw{}, err
	}
	switch value := token.(type) {
	case json.Number:
		n, ok := parseNumber(value.String())
		if !ok {
			return raw{}, badRequest("%v: the number %.40s is too large", j.format, value)
		}
		return raw{kind: rawNumber, number: n}, nil
	case string:
		return raw{kind: rawText, text: value}, nil
	case bool:
		return raw{kind: rawBoolean, yes: value}, nil
	case nil:
		return raw{}, nil
	}
	return raw{}, badRequest("%v: byte %d: a label has no structured value", j.format, j.decoder.InputOffset())
}

// object calls member with the name of each member, whose value it reads.
func (j *jsonReader) object(member func(name string) error) error {
	if err := j.delimiter('{'); err != nil {
		return err
	}
	for j.decoder.More() {
		token, err := j.token()
		if err != nil {
			return err
		}
		name, isText := token.(string)
		if !isText {
			return badRequest("%v: byte %d: the name of a member was expected", j.format, j.decoder.InputOffset())
		}
		if err := member(name); err != nil {
			return err
		}
	}
	return j.delimiter('}')
}

func (j *jsonReader) array(element func() error) error {
	if err := j.delimiter('['); err != nil {
		return err
	}
	for j.decoder.More() {
		if err := element(); err != nil {
			return err
		}
	}
	return j.delimiter(']')
}

func (j *jsonReader) end() error {
	if _, err := j.decoder.Token(); !errors.Is(err, io.EOF) {
		return badRequest("%v: something stands behind the end", j.format)
	}
	return nil
}

// record reads one object into the reader's next record.
func (j *jsonReader) record(r *recordReader) error {
	if err := r.room(); err != nil {
		return err
	}
	r.begin()
	err := j.object(func(name string) error {
		value, err := j.scalar()
		if err != nil {
			return err
		}
		return r.set(name, value)
	})
	if err != nil {
		return err
	}
	return r.end()
}

func (r *recordReader) readSenMLJSON(payload []byte) ([]record, error) {
	j, err := newJSONReader(r.format, payload)
	if err != nil {
		return nil, err
	}
	if err := j.array(func() error { return j.record(r) }); err != nil {
		return nil, err
	}
	return r.records, j.end()
}

// readJSON reads the JSON of version 1.0: an object with a base and elements, in any order. Without a base name the elements' names are relative
// to the request's path.
func (r *recordReader) readJSON(base lwm2m.Path, payload []byte) ([]record, error) {
	// What is above the elements holds for all of them, but may come after: the elements are read in a second pass, when the rest is known.
	seen := map[string]bool{}
	hasName := false
	for pass := range 2 {
		j, err := newJSONReader(r.format, payload)
		if err != nil {
			return nil, err
		}
		err = j.object(func(name string) error {
			if pass == 0 {
				if seen[name] || len(seen) > maxUnknownLabels {
					return badRequest("%v: the member %q stands twice, or there are too many", r.format, name)
				}
				seen[name] = true
			}
			if name == "e" {
				return j.array(func() error { return j.element(r, pass == 1) })
			}
			value, err := j.scalar()
			if err != nil || pass == 1 {
				return err
			}
			hasName = hasName || name == "bn"
			return r.setBase(name, value)
		})
		if err != nil {
			return nil, err
		}
		if err := j.end(); err != nil {
			return nil, err
		}
		if !hasName {
			r.base = strings.TrimSuffix(base.String(), "/") + "/"
		}
	}
	if !seen["e"] {
		return nil, badRequest("%v: the member e, with the values, is missing", r.format)
	}
	return r.records, nil
}

// element reads one element of e, or passes over it.
func (j *jsonReader) element(r *recordReader, take bool) error {
	if take {
		return j.record(r)
	}
	return j.object(func(string) error {
		_, err := j.scalar()
		return err
	})
}

func (r *recordReader) setBase(name string, value raw) error {
	switch {
	case name == "bn" && value.kind == rawText && len(value.text) <= maxName:
		r.base = value.text
		return nil
	case name == "bt" && value.kind == rawNumber:
		at, ok := value.number.milliseconds()
		if ok {
			r.baseAt = at
			return nil
		}
	case name != "bn" && name != "bt":
		return nil
	}
	return badRequest("%v: the member %s has not the value it should", r.format, name)
}
