//go:build real

package awssdk

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type object = map[string]any

// member is the JSON that a path of names and indices, separated by dots, leads to; absent if it leads nowhere.
type member struct{ path, json string }

const absent = ""

// all tells whether the document has all the members.
func all(document json.RawMessage, members []member) bool {
	for _, m := range members {
		if value, _ := at(document, m.path); !same(value, m.json) {
			return false
		}
	}
	return true
}

// want checks members of a document.
func want(t *testing.T, document json.RawMessage, members ...member) {
	t.Helper()
	for _, m := range members {
		if value, _ := at(document, m.path); !same(value, m.json) {
			t.Errorf("%s is %q; want %q, in %s", m.path, value, m.json, document)
		}
	}
}

// at gives the JSON that a path leads to. A member whose text is JSON again, as payloads are, is gone into.
func at(document json.RawMessage, path string) (string, bool) {
	var value any
	if json.Unmarshal(document, &value) != nil {
		return "", false
	}
	for name := range strings.SplitSeq(path, ".") {
		if text, ok := value.(string); ok && json.Unmarshal([]byte(text), &value) != nil {
			return "", false
		}
		switch v := value.(type) {
		case map[string]any:
			var ok bool
			if value, ok = v[name]; !ok {
				return "", false
			}
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(v) {
				return "", false
			}
			value = v[i]
		default:
			return "", false
		}
	}
	text, err := json.Marshal(value)
	return string(text), err == nil
}

// same compares JSON by value.
func same(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return a == b
	}
	return reflect.DeepEqual(x, y)
}

// text gives the string that a path leads to.
func text(t *testing.T, document json.RawMessage, path string) string {
	t.Helper()
	value, _ := at(document, path)
	var s string
	if err := json.Unmarshal([]byte(value), &s); err != nil {
		t.Fatalf("%s is no string in %s", path, document)
	}
	return s
}

// number gives the number that a path leads to.
func number(t *testing.T, document json.RawMessage, path string) float64 {
	t.Helper()
	value, _ := at(document, path)
	var f float64
	if err := json.Unmarshal([]byte(value), &f); err != nil {
		t.Fatalf("%s is no number in %s", path, document)
	}
	return f
}

// pointer gives the JSON that a path and, inside, a JSON pointer lead to.
func pointer(document json.RawMessage, path, pointer string) (json.RawMessage, bool) {
	for _, name := range append(strings.Split(path, "."), strings.Split(pointer, "/")...) {
		if name == "" {
			continue
		}
		value, there := at(document, name)
		if !there {
			return nil, false
		}
		document = json.RawMessage(value)
	}
	return document, true
}
