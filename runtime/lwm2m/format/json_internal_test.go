package format

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// FuzzJSONReader holds the reader to what encoding/json takes for JSON: lists of objects of scalars.
func FuzzJSONReader(f *testing.F) {
	for _, seed := range []string{
		`[]`, `[{}]`, ` [ { "n" : "/3/0" , "v" : -1.5e+3 } , {"vb":true,"x":null,"vs":"a\u00e9\ud83d\ude00\\\"\/\b\f\n\r\t"} ] `,
		`[{"v":01}]`, `[{"v":1.}]`, `[{"v":.5}]`, `[{"v":-}]`, `[{"v":1e}]`, `[{"n":"\ud800"}]`, `[{"n":"\u12"}]`, `[{"n":"` + "\x01" + `"}]`,
		`[{"a":1,}]`, `[{"a":1}{"b":2}]`, `[{"a" 1}]`, `[1]`, `[{"a":[1]}]`, `[{"a":tru}]`, `[{"a":nul`, `[`, `[{"a":"b`, `[{}]x`, `[,]`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		var got []map[string]any
		j, err := newJSONReader(SenMLJSON, payload)
		if err == nil {
			got, err = readAll(j)
		}
		var want []map[string]any
		decoder := json.NewDecoder(bytes.NewReader(payload))
		if err == nil {
			if wrong := decoder.Decode(&want); wrong != nil {
				t.Fatalf("%q is taken as %v, but it is wrong: %v", payload, got, wrong)
			}
			if decoder.More() {
				t.Fatalf("%q: what comes behind the end is not seen", payload)
			}
			if len(got) != len(want) {
				t.Fatalf("%q: %v, want %v", payload, got, want)
			}
			for i := range got {
				for name, value := range want[i] {
					if value != got[i][name] {
						t.Fatalf("%q: %q is %v, want %v", payload, name, got[i][name], value)
					}
				}
			}
			return
		}
		if !json.Valid(payload) || !utf8.Valid(payload) || bytes.Contains(payload, []byte(`\u`)) || json.Unmarshal(payload, &want) != nil || want == nil {
			return
		}
		for _, object := range want {
			if object == nil {
				return
			}
			for _, value := range object {
				switch value.(type) {
				case map[string]any, []any:
					return
				}
			}
		}
		t.Fatalf("%q is refused: %v", payload, err)
	})
}

func readAll(j *jsonReader) ([]map[string]any, error) {
	var all []map[string]any
	err := j.array(func() error {
		object := map[string]any{}
		all = append(all, object)
		return j.object(func(name string) error {
			value, err := j.scalar()
			if err != nil {
				return err
			}
			switch value.kind {
			case rawText:
				object[name] = value.text
			case rawBoolean:
				object[name] = value.yes
			case rawNumber:
				object[name], _ = value.number.float64()
			default:
				object[name] = nil
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return all, j.end()
}
