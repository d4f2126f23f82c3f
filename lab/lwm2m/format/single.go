package format

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
)

func decodeText(payload []byte, t Type) (any, error) {
	text := string(payload)
	if !utf8.ValidString(text) {
		return nil, errors.New("not UTF-8")
	}
	switch t {
	case Integer, Time:
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil || text[0] == '+' {
			return nil, fmt.Errorf("%q is no integer (reference 10.1)", text)
		}
		return v, nil
	case Unsigned:
		v, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no unsigned integer (reference 10.1)", text)
		}
		return v, nil
	case Float:
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(v, 0) || math.IsNaN(v) || text[0] == '+' {
			return nil, fmt.Errorf("%q is no decimal number (reference 10.1)", text)
		}
		return v, nil
	case Boolean:
		if text != "0" && text != "1" {
			return nil, fmt.Errorf("%q is no boolean: 0 or 1 (reference 10.1)", text)
		}
		return text == "1", nil
	case OpaqueBytes:
		v, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("not base64 (reference 10.1): %w", err)
		}
		return v, nil
	case ObjectLink:
		return ParseLink(text)
	case String, CoreLink, Unknown, None:
	}
	return text, nil
}

func encodeText(value any) ([]byte, error) {
	switch v := value.(type) {
	case string:
		return []byte(v), nil
	case int64:
		return strconv.AppendInt(nil, v, 10), nil
	case uint64:
		return strconv.AppendUint(nil, v, 10), nil
	case float64:
		return strconv.AppendFloat(nil, v, 'f', -1, 64), nil
	case bool:
		if v {
			return []byte("1"), nil
		}
		return []byte("0"), nil
	case []byte:
		return base64.StdEncoding.AppendEncode(nil, v), nil
	case Link:
		return []byte(v.String()), nil
	}
	return nil, fmt.Errorf("a %T has no form in plain text", value)
}

func encodeOpaque(value any) ([]byte, error) {
	switch v := value.(type) {
	case []byte:
		return v, nil
	case Untyped:
		return v, nil
	case string:
		return []byte(v), nil
	}
	return nil, fmt.Errorf("a %T is not opaque", value)
}

// decoder reads CBOR of strangers: bounded nesting, no duplicate keys.
func decoder() (cbor.DecMode, error) {
	return cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, MaxNestedLevels: 8, MaxArrayElements: 1 << 16, MaxMapPairs: 1 << 8, UTF8: cbor.UTF8RejectInvalid,
		TimeTag: cbor.DecTagIgnored, IntDec: cbor.IntDecConvertNone, BignumTag: cbor.BignumTagForbidden,
	}.DecMode()
}

func decodeCBOR(payload []byte, t Type) (any, error) {
	mode, err := decoder()
	if err != nil {
		return nil, err
	}
	var value any
	if err := mode.Unmarshal(payload, &value); err != nil {
		return nil, err
	}
	if at, ok := value.(time.Time); ok { // tags 0 and 1
		return at.Unix(), expect(t, "a time", Time)
	}
	if text, ok := value.(string); ok {
		switch t {
		case ObjectLink:
			return ParseLink(text)
		case Time:
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				return nil, fmt.Errorf("%q is no time", text)
			}
			return at.Unix(), nil
		}
	}
	return cborValue(value, t)
}

// cborValue takes an item of CBOR as a value of a type.
func cborValue(value any, t Type) (any, error) {
	switch v := value.(type) {
	case uint64:
		if v > math.MaxInt64 {
			if err := expect(t, "a number above 2^63", Unsigned); err != nil {
				return nil, err
			}
			return v, nil
		}
		return number(0, int64(v), true, t)
	case int64:
		return number(0, v, true, t)
	case float64:
		return number(v, 0, false, t)
	case float32:
		return number(float64(v), 0, false, t)
	case bool:
		return v, expect(t, "a boolean", Boolean)
	case string:
		return v, expect(t, "a text", String, CoreLink)
	case []byte:
		return v, expect(t, "bytes", OpaqueBytes)
	}
	return nil, fmt.Errorf("a %T is no value of LwM2M", value)
}

func encodeCBOR(value any) ([]byte, error) {
	switch v := value.(type) {
	case Link:
		return cbor.Marshal(v.String())
	case Untyped:
		return cbor.Marshal([]byte(v))
	case string, int64, uint64, float64, bool, []byte:
		return cbor.Marshal(v)
	}
	return nil, fmt.Errorf("a %T has no form in CBOR", value)
}
