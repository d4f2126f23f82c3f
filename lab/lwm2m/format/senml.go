package format

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// record is one record of SenML (RFC 8428), the value already taken as that of a type.
type record struct {
	baseName, name *string
	baseTime, time float64
	hasBaseTime    bool
	value          func(Type) (any, error) // nil: none
}

// relativeTimes is where RFC 8428 section 4.5.3 begins to take times as absolute.
const relativeTimes = 1 << 28

// resolve makes items of records.
func resolve(base Path, records []record, types Types) ([]Item, error) {
	items := []Item{}
	prefix, baseTime := "", 0.0
	for i, r := range records {
		if r.baseName != nil {
			prefix = *r.baseName
		}
		if r.hasBaseTime {
			baseTime = r.baseTime
		}
		name := prefix
		if r.name != nil {
			name += *r.name
		}
		path, err := ParsePath(name)
		if err != nil {
			return nil, fmt.Errorf("record %d: %w", i, err)
		}
		if !base.Contains(path) {
			return nil, fmt.Errorf("record %d: %s is not at or below %v (reference 10.3)", i, name, base)
		}
		if len(path) < 3 {
			return nil, fmt.Errorf("record %d: %s is no resource (reference 10.3)", i, name)
		}
		if r.value == nil {
			return nil, fmt.Errorf("record %d: %s has no value", i, name)
		}
		value, err := r.value(typeOf(types, path))
		if err != nil {
			return nil, fmt.Errorf("record %d: %s: %w", i, name, err)
		}
		item := Item{Path: name, Value: value}
		if at := baseTime + r.time; at != 0 {
			if math.IsNaN(at) || math.Abs(at) > 1<<40 {
				return nil, fmt.Errorf("record %d: %s: the time %v is out of range", i, name, at)
			}
			if at < relativeTimes {
				return nil, fmt.Errorf("record %d: %s: the time %v is relative (RFC 8428 section 4.5.3); LwM2M clients send absolute ones", i, name, at)
			}
			item.Time = time.Unix(int64(at), int64((at-math.Trunc(at))*1e9)).UTC()
		}
		items = append(items, item)
	}
	return items, nil
}

type jsonRecord struct {
	BaseName *string      `json:"bn"`
	BaseTime *json.Number `json:"bt"`
	Name     *string      `json:"n"`
	Time     *json.Number `json:"t"`
	Number   *json.Number `json:"v"`
	Text     *string      `json:"vs"`
	Bool     *bool        `json:"vb"`
	Data     *string      `json:"vd"`
	Link     *string      `json:"vlo"`
}

// mustUnderstand refuses numbers in quotes, and labels that end in an underscore: RFC 8428 section 4.4.
func mustUnderstand(raw map[string]json.RawMessage) error {
	for label, value := range raw {
		switch label {
		case "v", "t", "bt":
			if bytes.HasPrefix(value, []byte{'"'}) { // json.Number takes strings too
				return fmt.Errorf("the label %q is a number (RFC 8428 section 5)", label)
			}
		}
		if strings.HasSuffix(label, "_") {
			return fmt.Errorf("the label %q has to be understood, and is not (RFC 8428 section 4.4)", label)
		}
	}
	return nil
}

// oneJSON reads a JSON text with nothing after it.
func oneJSON(payload []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("bytes after the JSON text")
	}
	return nil
}

func decodeSenMLJSON(base Path, payload []byte, types Types) ([]Item, error) {
	var raw []map[string]json.RawMessage
	if err := oneJSON(payload, &raw); err != nil {
		return nil, err
	}
	var parsed []jsonRecord
	if err := oneJSON(payload, &parsed); err != nil {
		return nil, err
	}
	if raw == nil {
		return nil, errors.New("SenML is an array")
	}
	records := make([]record, len(parsed))
	for i, p := range parsed {
		if err := mustUnderstand(raw[i]); err != nil {
			return nil, err
		}
		r := record{baseName: p.BaseName, name: p.Name}
		var err error
		if p.BaseTime != nil {
			r.hasBaseTime = true
			if r.baseTime, err = p.BaseTime.Float64(); err != nil {
				return nil, err
			}
		}
		if p.Time != nil {
			if r.time, err = p.Time.Float64(); err != nil {
				return nil, err
			}
		}
		values := 0
		put := func(value func(Type) (any, error)) { r.value, values = value, values+1 }
		if p.Number != nil {
			put(func(t Type) (any, error) { return jsonNumber(*p.Number, t) })
		}
		if p.Text != nil {
			put(func(t Type) (any, error) { return *p.Text, expect(t, "vs", String, CoreLink) })
		}
		if p.Bool != nil {
			put(func(t Type) (any, error) { return *p.Bool, expect(t, "vb", Boolean) })
		}
		if p.Data != nil {
			put(func(t Type) (any, error) {
				data, err := base64.RawURLEncoding.DecodeString(*p.Data)
				if err != nil {
					return nil, fmt.Errorf("vd is base64url without padding (RFC 8428 section 5): %w", err)
				}
				return data, expect(t, "vd", OpaqueBytes)
			})
		}
		if p.Link != nil {
			put(func(t Type) (any, error) { return linkValue(*p.Link, t) })
		}
		if values > 1 {
			return nil, fmt.Errorf("record %d has %d values (RFC 8428 section 4.2)", i, values)
		}
		records[i] = r
	}
	return resolve(base, records, types)
}

func linkValue(text string, t Type) (any, error) {
	link, err := ParseLink(text)
	if err != nil {
		return nil, err
	}
	return link, expect(t, "vlo", ObjectLink)
}

// jsonNumber keeps integers exact.
func jsonNumber(n json.Number, t Type) (any, error) {
	if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
		return number(0, i, true, t)
	}
	if u, err := strconv.ParseUint(n.String(), 10, 64); err == nil && (t == Unsigned || t == Unknown) {
		return u, nil
	}
	f, err := n.Float64()
	if err != nil {
		return nil, err
	}
	return number(f, 0, false, t)
}

// Labels of SenML in CBOR: RFC 8428 section 6.
const (
	labelBaseName = -2
	labelBaseTime = -3
	labelName     = 0
	labelNumber   = 2
	labelText     = 3
	labelBool     = 4
	labelTime     = 6
	labelData     = 8
	labelLink     = "vlo"
)

func decodeSenMLCBOR(base Path, payload []byte, types Types) ([]Item, error) {
	mode, err := decoder()
	if err != nil {
		return nil, err
	}
	var parsed []map[any]any
	if err := mode.Unmarshal(payload, &parsed); err != nil {
		return nil, err
	}
	if parsed == nil {
		return nil, errors.New("SenML is an array")
	}
	records := make([]record, len(parsed))
	for i, p := range parsed {
		r := record{}
		values := 0
		put := func(value func(Type) (any, error)) { r.value, values = value, values+1 }
		for key, value := range p {
			if label, ok := key.(string); ok {
				text, isText := value.(string)
				switch {
				case label == labelLink && isText:
					put(func(t Type) (any, error) { return linkValue(text, t) })
				case label == labelLink:
					return nil, fmt.Errorf("record %d: vlo is a text (reference 10.3)", i)
				case strings.HasSuffix(label, "_"):
					return nil, fmt.Errorf("the label %q has to be understood, and is not (RFC 8428 section 4.4)", label)
				}
				continue
			}
			var label int64
			switch k := key.(type) {
			case uint64:
				label = int64(min(k, math.MaxInt64))
			case int64:
				label = k
			default:
				return nil, fmt.Errorf("record %d: a %T as label", i, key)
			}
			if err := r.take(label, value, put); err != nil {
				return nil, fmt.Errorf("record %d: %w", i, err)
			}
		}
		if values > 1 {
			return nil, fmt.Errorf("record %d has %d values (RFC 8428 section 4.2)", i, values)
		}
		records[i] = r
	}
	return resolve(base, records, types)
}

// take reads one member of a record in CBOR. Labels that LwM2M does not use are ignored.
func (r *record) take(label int64, value any, put func(func(Type) (any, error))) error {
	text, isText := value.(string)
	switch label {
	case labelBaseName, labelName:
		if !isText {
			return fmt.Errorf("label %d is a text", label)
		}
		if label == labelName {
			r.name = &text
		} else {
			r.baseName = &text
		}
	case labelBaseTime, labelTime:
		v, err := cborValue(plain(value), Float)
		at, ok := v.(float64)
		if err != nil || !ok {
			return fmt.Errorf("label %d is a number", label)
		}
		if label == labelTime {
			r.time = at
		} else {
			r.baseTime, r.hasBaseTime = at, true
		}
	case labelNumber, labelText, labelBool, labelData:
		value = plain(value)
		fits := false
		switch value.(type) {
		case uint64, int64, float64, float32:
			fits = label == labelNumber
		case string:
			fits = label == labelText
		case bool:
			fits = label == labelBool
		case []byte:
			fits = label == labelData
		}
		if !fits {
			return fmt.Errorf("a %T under label %d (RFC 8428 section 6)", value, label)
		}
		put(func(t Type) (any, error) { return cborValue(value, t) })
	}
	return nil
}

// plain gives the number of a decimal fraction (tag 4), which RFC 8428 section 6 allows.
func plain(value any) any {
	tag, ok := value.(cbor.Tag)
	if !ok || tag.Number != 4 {
		return value
	}
	pair, ok := tag.Content.([]any)
	if !ok || len(pair) != 2 {
		return value
	}
	exponent, errE := cborValue(pair[0], Integer)
	mantissa, errM := cborValue(pair[1], Integer)
	e, okE := exponent.(int64)
	m, okM := mantissa.(int64)
	if errE != nil || errM != nil || !okE || !okM || e < -300 || e > 300 {
		return value
	}
	return float64(m) * math.Pow10(int(e))
}

func encodeSenMLJSON(items []element) ([]byte, error) {
	type out struct {
		Name string           `json:"n"`
		Num  *json.RawMessage `json:"v,omitempty"`
		Text *string          `json:"vs,omitempty"`
		Bool *bool            `json:"vb,omitempty"`
		Data *string          `json:"vd,omitempty"`
		Link *string          `json:"vlo,omitempty"`
		Time *json.RawMessage `json:"t,omitempty"`
	}
	records := []out{}
	for _, item := range items {
		r := out{Name: item.path.String()}
		raw := func(b []byte) *json.RawMessage {
			m := json.RawMessage(b)
			return &m
		}
		switch v := item.value.(type) {
		case int64, uint64, float64:
			text, err := json.Marshal(v)
			if err != nil {
				return nil, fmt.Errorf("%v: %w", item.path, err)
			}
			r.Num = raw(text)
		case string:
			r.Text = &v
		case bool:
			r.Bool = &v
		case []byte:
			text := base64.RawURLEncoding.EncodeToString(v)
			r.Data = &text
		case Link:
			text := v.String()
			r.Link = &text
		default:
			return nil, fmt.Errorf("%v: a %T has no form in SenML", item.path, item.value)
		}
		if !item.time.IsZero() {
			r.Time = raw(strconv.AppendInt(nil, item.time.Unix(), 10))
		}
		records = append(records, r)
	}
	return json.Marshal(records)
}

func encodeSenMLCBOR(items []element) ([]byte, error) {
	mode, err := cbor.EncOptions{Sort: cbor.SortBytewiseLexical}.EncMode()
	if err != nil {
		return nil, err
	}
	records := []map[any]any{}
	for _, item := range items {
		r := map[any]any{labelName: item.path.String()}
		switch v := item.value.(type) {
		case int64, uint64, float64:
			r[labelNumber] = v
		case string:
			r[labelText] = v
		case bool:
			r[labelBool] = v
		case []byte:
			r[labelData] = v
		case Link:
			r[labelLink] = v.String()
		default:
			return nil, fmt.Errorf("%v: a %T has no form in SenML", item.path, item.value)
		}
		if !item.time.IsZero() {
			r[labelTime] = item.time.Unix()
		}
		records = append(records, r)
	}
	return mode.Marshal(records)
}

// EncodePaths writes the list of a Read-Composite or Observe-Composite: records with names only.
func EncodePaths(f Format, paths []string) ([]byte, error) {
	for _, path := range paths {
		if _, err := ParsePath(path); err != nil {
			return nil, err
		}
	}
	switch f {
	case SenMLJSON:
		type name struct {
			Name string `json:"n"`
		}
		names := []name{}
		for _, path := range paths {
			names = append(names, name{path})
		}
		return json.Marshal(names)
	case SenMLCBOR:
		names := []map[int]string{}
		for _, path := range paths {
			names = append(names, map[int]string{labelName: path})
		}
		return cbor.Marshal(names)
	}
	return nil, fmt.Errorf("%v holds no list of paths: senml-json or senml-cbor", f)
}
