package format

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// jsonReader reads a payload (RFC 8259) as its caller expects it to go on, so what nests deeper than the formats do is refused at its opening
// bracket. It is our own because encoding/json decodes by reflection, which makes up a hundredth of a firmware that needs it for this alone.
type jsonReader struct {
	format  Format
	payload []byte
	at      int
}

func newJSONReader(f Format, payload []byte) (*jsonReader, error) {
	if !utf8.Valid(payload) {
		return nil, badRequest("%v: the payload is not UTF-8", f)
	}
	return &jsonReader{format: f, payload: payload}, nil
}

// next gives the byte that comes after white space; 0 at the end.
func (j *jsonReader) next() byte {
	for ; j.at < len(j.payload); j.at++ {
		switch c := j.payload[j.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// expected is the error of anything but what has to stand here.
func (j *jsonReader) expected(what string) error {
	if j.at == len(j.payload) {
		return badRequest("%v: the payload ends too early", j.format)
	}
	return badRequest("%v: byte %d: %s was expected", j.format, j.at, what)
}

func (j *jsonReader) delimiter(want byte) error {
	if j.next() != want {
		return j.expected(string(rune(want)))
	}
	j.at++
	return nil
}

// list reads what stands between two brackets, with commas between.
func (j *jsonReader) list(from, to byte, element func() error) error {
	if err := j.delimiter(from); err != nil {
		return err
	}
	if j.next() == to {
		j.at++
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		if j.next() != ',' {
			return j.delimiter(to)
		}
		j.at++
	}
}

func (j *jsonReader) array(element func() error) error { return j.list('[', ']', element) }

// object calls member with the name of each member, whose value it reads.
func (j *jsonReader) object(member func(name string) error) error {
	return j.list('{', '}', func() error {
		name, err := j.text()
		if err == nil {
			err = j.delimiter(':')
		}
		if err != nil {
			return err
		}
		return member(name)
	})
}

func (j *jsonReader) end() error {
	if j.next(); j.at < len(j.payload) {
		return badRequest("%v: byte %d: something stands behind the end", j.format, j.at)
	}
	return nil
}

// scalar reads a value that is neither an object nor an array; null is rawNone.
func (j *jsonReader) scalar() (raw, error) {
	switch c := j.next(); {
	case c == '"':
		text, err := j.text()
		return raw{kind: rawText, text: text}, err
	case c == '-' || c >= '0' && c <= '9':
		n, err := j.number()
		return raw{kind: rawNumber, number: n}, err
	case c == '{' || c == '[':
		return raw{}, badRequest("%v: byte %d: a label has no structured value", j.format, j.at)
	case j.word("true"):
		return raw{kind: rawBoolean, yes: true}, nil
	case j.word("false"):
		return raw{kind: rawBoolean}, nil
	case j.word("null"):
		return raw{}, nil
	}
	return raw{}, j.expected("a value")
}

func (j *jsonReader) word(word string) bool {
	found := strings.HasPrefix(string(j.payload[j.at:min(j.at+len(word), len(j.payload))]), word)
	if found {
		j.at += len(word)
	}
	return found
}

func (j *jsonReader) number() (number, error) {
	from := j.at
	for j.at < len(j.payload) && strings.IndexByte("+-.0123456789Ee", j.payload[j.at]) >= 0 {
		j.at++
	}
	text := string(j.payload[from:j.at])
	whole := strings.TrimPrefix(text, "-")
	n, ok := parseNumber(text)
	if !ok || len(whole) > 1 && whole[0] == '0' && whole[1] >= '0' && whole[1] <= '9' {
		return n, badRequest("%v: byte %d: %.40s is no number, or too large", j.format, from, text)
	}
	return n, nil
}

// text reads a string.
func (j *jsonReader) text() (string, error) {
	if j.next() != '"' {
		return "", j.expected("a text")
	}
	j.at++
	var unescaped []byte
	for from := j.at; j.at < len(j.payload); {
		switch c := j.payload[j.at]; {
		case c == '"':
			unescaped = append(unescaped, j.payload[from:j.at]...)
			j.at++
			return string(unescaped), nil
		case c < ' ':
			return "", j.expected("no control character")
		case c == '\\':
			unescaped = append(unescaped, j.payload[from:j.at]...)
			r, ok := j.escape()
			if !ok {
				return "", badRequest("%v: byte %d: the escape is none, or is half a character", j.format, j.at)
			}
			unescaped = utf8.AppendRune(unescaped, r)
			from = j.at
		default:
			j.at++
		}
	}
	return "", j.expected("a quotation mark")
}

// escape reads what begins with a backslash: a character, or both halves of one.
func (j *jsonReader) escape() (r rune, ok bool) {
	if j.at+1 == len(j.payload) {
		return 0, false
	}
	if kind := j.payload[j.at+1]; kind != 'u' {
		at := strings.IndexByte(`"\/bfnrt`, kind)
		if at < 0 {
			return 0, false
		}
		j.at += 2
		return rune("\"\\/\b\f\n\r\t"[at]), true
	}
	if r, ok = j.unit(); ok && utf16.IsSurrogate(r) {
		var second rune
		second, ok = j.unit()
		r = utf16.DecodeRune(r, second)
		ok = ok && r != utf8.RuneError
	}
	return r, ok
}

// unit reads the number of a \u0000.
func (j *jsonReader) unit() (rune, bool) {
	if len(j.payload)-j.at < 6 || j.payload[j.at] != '\\' || j.payload[j.at+1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(j.payload[j.at+2:j.at+6]), 16, 16)
	j.at += 6
	return rune(unit), err == nil
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
