package tracker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// rawValue is a JSON value that has been checked for syntax but not decoded.
type rawValue []byte

// object is the members of a JSON object in their order.
type object []member

type member struct {
	key   string
	value rawValue
}

var errEncoding = errors.New("the document is not UTF-8")

// decodeObject takes one JSON object and nothing after it.
func decodeObject(document []byte) (object, error) {
	if !utf8.Valid(document) {
		return nil, errEncoding
	}
	var whole json.RawMessage
	if err := json.Unmarshal(document, &whole); err != nil {
		return nil, fmt.Errorf("the document is not JSON: %w", err)
	}
	return rawValue(whole).object()
}

// get finds a member without regard to case (as the SDK's cJSON does). One that is given twice cannot be told which is meant.
func (o object) get(key string) (rawValue, bool, error) {
	var value rawValue
	found := false
	for _, m := range o {
		if !strings.EqualFold(m.key, key) {
			continue
		}
		if found {
			return nil, false, fmt.Errorf("member %q is given twice", key)
		}
		value, found = m.value, true
	}
	return value, found, nil
}

func (v rawValue) isNull() bool { return v.kind() == 'n' }

// kind gives the first byte, which tells the type.
func (v rawValue) kind() byte {
	if trimmed := bytes.TrimLeft(v, " \t\r\n"); len(trimmed) > 0 {
		return trimmed[0]
	}
	return 0
}

func (v rawValue) describe() string {
	switch v.kind() {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number"
}

func (v rawValue) wrongType(expected string) error {
	return fmt.Errorf("%s where %s is expected", v.describe(), expected)
}

func (v rawValue) object() (object, error) {
	if v.kind() != '{' {
		return nil, v.wrongType("an object")
	}
	d := json.NewDecoder(bytes.NewReader(v))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	var members object
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, ok := token.(string)
		if !ok {
			return nil, errors.New("a key that is not a text")
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		members = append(members, member{key: key, value: rawValue(value)})
	}
	return members, nil
}

func (v rawValue) array() ([]rawValue, error) {
	if v.kind() != '[' {
		return nil, v.wrongType("a list")
	}
	var items []json.RawMessage
	if err := json.Unmarshal(v, &items); err != nil {
		return nil, err
	}
	values := make([]rawValue, len(items))
	for i, item := range items {
		values[i] = rawValue(item)
	}
	return values, nil
}

func (v rawValue) text() (string, error) {
	if v.kind() != '"' {
		return "", v.wrongType("a text")
	}
	var s string
	err := json.Unmarshal(v, &s)
	return s, err
}

// boolean takes true, false, 1 and 0 (the SDK's cloud side writes either).
func (v rawValue) boolean() (bool, error) {
	switch v.kind() {
	case 't':
		return true, nil
	case 'f':
		return false, nil
	}
	f, err := v.real()
	if err != nil || (f != 0 && f != 1) {
		return false, fmt.Errorf("%s where true or false is expected", v.shown())
	}
	return f == 1, nil
}

// integer takes a number without fraction, however it is written, within bounds.
func (v rawValue) integer(low, high int64) (int64, error) {
	f, err := v.real()
	switch {
	case err != nil:
		return 0, err
	case f != math.Trunc(f):
		return 0, fmt.Errorf("%s is not a whole number", v.shown())
	case f < float64(low) || f > float64(high):
		return 0, fmt.Errorf("%s is not between %d and %d", v.shown(), low, high)
	}
	return int64(f), nil
}

func (v rawValue) real() (float64, error) {
	if c := v.kind(); c != '-' && (c < '0' || c > '9') {
		return 0, v.wrongType("a number")
	}
	f, err := strconv.ParseFloat(string(bytes.TrimSpace(v)), 64)
	if err != nil {
		return 0, fmt.Errorf("%s is too large a number", v.shown())
	}
	return f, nil
}

// shown gives the value for an error text, cut to a bearable length.
func (v rawValue) shown() string {
	const most = 40
	text := string(bytes.TrimSpace(v))
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
