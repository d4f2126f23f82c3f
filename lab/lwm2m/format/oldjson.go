package format

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

type oldElement struct {
	Name   string       `json:"n"`
	Number *json.Number `json:"v,omitempty"`
	Text   *string      `json:"sv,omitempty"`
	Bool   *bool        `json:"bv,omitempty"`
	Link   *string      `json:"ov,omitempty"`
}

type oldDocument struct {
	BaseName string       `json:"bn"`
	Elements []oldElement `json:"e"`
}

// decodeJSON reads the JSON of LwM2M 1.0.
func decodeJSON(base Path, payload []byte, types Types) ([]Item, error) {
	var document oldDocument
	if err := oneJSON(payload, &document); err != nil {
		return nil, err
	}
	if document.Elements == nil {
		return nil, errors.New(`no "e" (reference 10.5)`)
	}
	prefix := document.BaseName
	records := make([]record, len(document.Elements))
	for i, e := range document.Elements {
		name := e.Name
		r := record{baseName: &prefix, name: &name}
		values := 0
		put := func(value func(Type) (any, error)) { r.value, values = value, values+1 }
		if e.Number != nil {
			put(func(t Type) (any, error) { return jsonNumber(*e.Number, t) })
		}
		if e.Bool != nil {
			put(func(t Type) (any, error) { return *e.Bool, expect(t, "bv", Boolean) })
		}
		if e.Link != nil {
			put(func(t Type) (any, error) { return linkValue(*e.Link, t) })
		}
		if e.Text != nil {
			put(func(t Type) (any, error) {
				if t == OpaqueBytes {
					return base64.StdEncoding.DecodeString(*e.Text)
				}
				return *e.Text, expect(t, "sv", String, CoreLink)
			})
		}
		if values > 1 {
			return nil, fmt.Errorf("element %d has %d values", i, values)
		}
		records[i] = r
	}
	return resolve(base, records, types)
}

func encodeJSON(base Path, items []element) ([]byte, error) {
	document := oldDocument{Elements: []oldElement{}}
	if len(base) > 0 {
		document.BaseName = base.String()
	}
	for _, item := range items {
		e := oldElement{Name: item.path.String()[len(document.BaseName):]}
		switch v := item.value.(type) {
		case int64, uint64, float64:
			text, err := json.Marshal(v)
			if err != nil {
				return nil, fmt.Errorf("%v: %w", item.path, err)
			}
			n := json.Number(text)
			e.Number = &n
		case string:
			e.Text = &v
		case bool:
			e.Bool = &v
		case []byte:
			text := base64.StdEncoding.EncodeToString(v)
			e.Text = &text
		case Link:
			text := v.String()
			e.Link = &text
		default:
			return nil, fmt.Errorf("%v: a %T has no form in JSON", item.path, item.value)
		}
		document.Elements = append(document.Elements, e)
	}
	return json.Marshal(document)
}
