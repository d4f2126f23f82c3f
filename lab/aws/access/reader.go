package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// object is a JSON object as written: encoding/json would take the last of two equal keys, and any case.
type object []member

type member struct {
	key   string
	value any // object, []any, string, json.Number, bool or nil
}

// read reads one JSON value that is all of the text. The caller bounds the text, and so the depth.
func read(text string) (any, error) {
	var whole json.RawMessage
	if err := json.Unmarshal([]byte(text), &whole); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			before := text[:min(max(int(syntax.Offset)-1, 0), len(text))]
			line := strings.Count(before, "\n") + 1
			return nil, &MalformedError{Where: fmt.Sprintf("line %d, column %d", line, len(before)-strings.LastIndexByte(before, '\n')), Problem: "it is not JSON: " + err.Error()}
		}
		return nil, &MalformedError{Problem: "it is not JSON: " + err.Error()}
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	return readValue(decoder)
}

func readValue(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, &MalformedError{Problem: "it is not JSON: " + err.Error()}
	}
	switch token {
	case json.Delim('{'):
		o := object{}
		seen := map[string]bool{}
		for decoder.More() {
			token, err := decoder.Token()
			if err != nil {
				return nil, &MalformedError{Problem: "it is not JSON: " + err.Error()}
			}
			key, ok := token.(string)
			if !ok {
				return nil, &MalformedError{Problem: "it is not JSON: a key is no string"}
			}
			if seen[key] {
				return nil, &MalformedError{Where: key, Problem: "the key is there twice in one element"}
			}
			seen[key] = true
			value, err := readValue(decoder)
			if err != nil {
				return nil, err
			}
			o = append(o, member{key, value})
		}
		return o, closing(decoder)
	case json.Delim('['):
		list := []any{}
		for decoder.More() {
			value, err := readValue(decoder)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, closing(decoder)
	}
	return token, nil
}

func closing(decoder *json.Decoder) error {
	if _, err := decoder.Token(); err != nil && !errors.Is(err, io.EOF) {
		return &MalformedError{Problem: "it is not JSON: " + err.Error()}
	}
	return nil
}

// texts gives a string, or a list of strings. Where scalars are allowed, numbers and Booleans are too, as their text.
func texts(where string, value any, scalars bool) ([]string, error) {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	result := make([]string, 0, len(list))
	for _, item := range list {
		switch item := item.(type) {
		case string:
			result = append(result, item)
			continue
		case json.Number:
			if scalars {
				result = append(result, item.String())
				continue
			}
		case bool:
			if scalars {
				result = append(result, fmt.Sprint(item))
				continue
			}
		}
		return nil, &MalformedError{Where: where, Problem: "must be a string or a list of strings"}
	}
	return result, nil
}
