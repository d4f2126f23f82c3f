package format

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// jsonItem is an Item as the lab's HTTP interface and its files have it.
type jsonItem struct {
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
	Time  *time.Time      `json:"time,omitempty"`
}

// MarshalJSON gives {"path", "value", "time"}. Numbers, texts and booleans stand for themselves; the rest is {"base64": …} for bytes,
// {"link": "10:0"}, {"untyped": HEX}, {"empty": true}, and {"float": "NaN"} for what JSON has no number for.
func (i Item) MarshalJSON() ([]byte, error) {
	out := jsonItem{Path: i.Path}
	if !i.Time.IsZero() {
		out.Time = &i.Time
	}
	value := i.Value
	switch v := i.Value.(type) {
	case []byte:
		value = map[string]string{"base64": base64.StdEncoding.EncodeToString(v)}
	case Link:
		value = map[string]string{"link": v.String()}
	case Untyped:
		value = map[string]string{"untyped": hex.EncodeToString(v)}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) { // JSON has no number for them
			value = map[string]string{"float": strconv.FormatFloat(v, 'g', -1, 64)}
		}
	case Empty:
		value = map[string]bool{"empty": true}
	}
	var err error
	if out.Value, err = json.Marshal(value); err != nil {
		return nil, fmt.Errorf("%s: %w", i.Path, err)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON gives. A number is an int64 if it is written as one, else a float64.
func (i *Item) UnmarshalJSON(text []byte) error {
	var in jsonItem
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	i.Path = in.Path
	if in.Time != nil {
		i.Time = *in.Time
	}
	var err error
	i.Value, err = ParseJSONValue(in.Value)
	return err
}

// ParseJSONValue reads the value of an Item in JSON.
func ParseJSONValue(text json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, fmt.Errorf("a value is missing: %w", err)
	}
	switch v := value.(type) {
	case bool, string:
		return v, nil
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return n, nil
		}
		if n, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
			return n, nil
		}
		return v.Float64()
	case map[string]any:
		if len(v) != 1 {
			break
		}
		for label, content := range v {
			text, isText := content.(string)
			switch {
			case label == "base64" && isText:
				return base64.StdEncoding.DecodeString(text)
			case label == "link" && isText:
				return ParseLink(text)
			case label == "untyped" && isText:
				b, err := hex.DecodeString(text)
				return Untyped(b), err
			case label == "float" && isText:
				return strconv.ParseFloat(text, 64)
			case label == "empty":
				return Empty{}, nil
			}
		}
	}
	return nil, errors.New(`a value is a number, text, boolean, {"base64": …}, {"link": "10:0"}, {"untyped": HEX} or {"empty": true}`)
}

// Fit turns numbers into the type of the resource: 20 for a float is 20.0. What does not fit stays as it is.
func Fit(items []Item, types Types) []Item {
	fitted := make([]Item, len(items))
	for i, item := range items {
		fitted[i] = item
		value := normal(item.Value)
		fitted[i].Value = value
		path, err := ParsePath(item.Path)
		if err != nil {
			continue
		}
		switch v := value.(type) {
		case int64:
			if n, err := number(0, v, true, typeOf(types, path)); err == nil {
				fitted[i].Value = n
			}
		case float64:
			if n, err := number(v, 0, false, typeOf(types, path)); err == nil {
				fitted[i].Value = n
			}
		case uint64:
			if v < 1<<63 && typeOf(types, path) == Integer {
				fitted[i].Value = int64(v)
			}
		}
	}
	return fitted
}
