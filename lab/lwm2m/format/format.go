// Package format is the lab's own reading and writing of LwM2M payloads: plain text, opaque, link-format, CBOR, SenML JSON, SenML CBOR, TLV and
// the JSON of LwM2M 1.0. It is strict: what the documents do not allow is an error that names the rule.
package format

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Format is a CoAP Content-Format number.
type Format uint16

// The formats of LwM2M 1.1.
const (
	Text       Format = 0
	LinkFormat Format = 40
	Opaque     Format = 42
	CBOR       Format = 60
	SenMLJSON  Format = 110
	SenMLCBOR  Format = 112
	TLV        Format = 11542
	JSON       Format = 11543
)

// formats gives the names in the order of their numbers.
func formats() []struct {
	Format
	name string
} {
	return []struct {
		Format
		name string
	}{
		{Text, "text"}, {LinkFormat, "link-format"}, {Opaque, "opaque"}, {CBOR, "cbor"}, {SenMLJSON, "senml-json"}, {SenMLCBOR, "senml-cbor"},
		{TLV, "tlv"}, {JSON, "json"},
	}
}

// String gives the format's name, or its number if it is no format of LwM2M 1.1.
func (f Format) String() string {
	for _, known := range formats() {
		if known.Format == f {
			return known.name
		}
	}
	return strconv.Itoa(int(f))
}

// Parse reads a format's name or number.
func Parse(text string) (Format, error) {
	for _, known := range formats() {
		if known.name == text {
			return known.Format, nil
		}
	}
	number, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is no content format: write text, opaque, link-format, cbor, senml-json, senml-cbor, tlv, json or a number", text)
	}
	return Format(number), nil
}

// Item is the value of one resource or resource instance. The dynamic types of Value are
//
//	string, int64, uint64, float64, bool, []byte, Link
//	Untyped   from TLV where the resource's type is not known
//	Empty     a multiple resource without instances (TLV)
//
// Encode also takes int and float32. A time is an int64, seconds since 1970.
type Item struct {
	Path  string // /O/I/R or /O/I/R/RI
	Value any
	Time  time.Time // when the value was taken (SenML); zero: not said
}

// Untyped is the content of a TLV whose type is not known.
type Untyped []byte

// Empty stands for a multiple resource without instances.
type Empty struct{}

// NoID is an instance id in the items of a Create that leaves the choice to the client.
const NoID = 65535

// Link is an object link: an object instance.
type Link struct{ Object, Instance uint16 }

// String gives the link as plain text has it: 10:0.
func (l Link) String() string { return fmt.Sprintf("%d:%d", l.Object, l.Instance) }

// ParseLink reads 10:0.
func ParseLink(text string) (Link, error) {
	object, instance, ok := strings.Cut(text, ":")
	o, errO := strconv.ParseUint(object, 10, 16)
	i, errI := strconv.ParseUint(instance, 10, 16)
	if !ok || errO != nil || errI != nil {
		return Link{}, fmt.Errorf("%q is no object link: it is written OBJECT:INSTANCE", text)
	}
	return Link{uint16(o), uint16(i)}, nil
}

// Type is the data type of a resource.
type Type uint8

// The types of LwM2M; Unknown where no definition is known.
const (
	Unknown Type = iota
	String
	Integer
	Unsigned
	Float
	Boolean
	OpaqueBytes
	Time
	ObjectLink
	CoreLink
	None // executable
)

// Types tells the types of resources.
type Types interface {
	Type(object, resource uint16) Type
}

// Untypes knows no types.
type Untypes struct{}

// Type gives Unknown: Types.
func (Untypes) Type(uint16, uint16) Type { return Unknown }

// Path holds the ids of a path, none to four.
type Path []uint16

// ParsePath reads /, /3, /3/0, /3/0/7 or /3/0/7/1. Ids are 0 to 65534, and 65535 for the instance where a Create leaves it to the client.
func ParsePath(text string) (Path, error) {
	if text == "/" {
		return nil, nil
	}
	rest, ok := strings.CutPrefix(text, "/")
	if !ok {
		return nil, fmt.Errorf("the path %q does not begin with /", text)
	}
	segments := strings.Split(rest, "/")
	if len(segments) > 4 {
		return nil, fmt.Errorf("the path %q has more than four levels", text)
	}
	path := make(Path, len(segments))
	for i, segment := range segments {
		id, err := strconv.ParseUint(segment, 10, 16)
		if err != nil || strconv.FormatUint(id, 10) != segment || id == math.MaxUint16 && i != 1 {
			return nil, fmt.Errorf("the path %q: %q is no id from 0 to 65534", text, segment)
		}
		path[i] = uint16(id)
	}
	return path, nil
}

// String gives the path as /3/0.
func (p Path) String() string {
	if len(p) == 0 {
		return "/"
	}
	var b strings.Builder
	for _, id := range p {
		b.WriteByte('/')
		b.WriteString(strconv.Itoa(int(id)))
	}
	return b.String()
}

// Contains tells whether other is this path or below it.
func (p Path) Contains(other Path) bool {
	if len(other) < len(p) {
		return false
	}
	for i, id := range p {
		if other[i] != id {
			return false
		}
	}
	return true
}

// typeOf gives the type at a path of a resource or resource instance.
func typeOf(types Types, path Path) Type {
	if len(path) < 3 || types == nil {
		return Unknown
	}
	return types.Type(path[0], path[2])
}

// Decode reads a payload whose values are at or below a path.
func Decode(f Format, base string, payload []byte, types Types) ([]Item, error) {
	path, err := ParsePath(base)
	if err != nil {
		return nil, err
	}
	if types == nil {
		types = Untypes{}
	}
	var items []Item
	switch f {
	case Text, Opaque, CBOR:
		if len(path) < 3 {
			return nil, fmt.Errorf("%v for %s: it holds one value only (reference 10)", f, base)
		}
		var value any
		switch f {
		case Text:
			value, err = decodeText(payload, typeOf(types, path))
		case Opaque:
			value = append([]byte{}, payload...)
			if t := typeOf(types, path); t != Unknown && t != OpaqueBytes {
				err = fmt.Errorf("opaque for %s, which is not of type opaque (reference 10)", base)
			}
		default:
			value, err = decodeCBOR(payload, typeOf(types, path))
		}
		items = []Item{{Path: base, Value: value}}
	case SenMLJSON:
		items, err = decodeSenMLJSON(path, payload, types)
	case SenMLCBOR:
		items, err = decodeSenMLCBOR(path, payload, types)
	case TLV:
		items, err = decodeTLV(path, payload, types)
	case JSON:
		items, err = decodeJSON(path, payload, types)
	default:
		return nil, fmt.Errorf("content format %v holds no values that the lab can read", f)
	}
	if err != nil {
		return nil, fmt.Errorf("%v payload for %s: %w", f, base, err)
	}
	return items, nil
}

// Encode writes items that are at or below a path. Items of one instance and of one resource stand together.
func Encode(f Format, base string, items []Item) ([]byte, error) {
	path, err := ParsePath(base)
	if err != nil {
		return nil, err
	}
	parsed := make([]element, len(items))
	for i, item := range items {
		p, err := ParsePath(item.Path)
		if err != nil {
			return nil, err
		}
		if !path.Contains(p) || len(p) < 3 {
			return nil, fmt.Errorf("%s is no resource at or below %s", item.Path, base)
		}
		parsed[i] = element{path: p, value: normal(item.Value), time: item.Time}
	}
	switch f {
	case Text, Opaque, CBOR:
		if len(parsed) != 1 {
			return nil, fmt.Errorf("%v holds one value, not %d", f, len(parsed))
		}
		switch f {
		case Text:
			return encodeText(parsed[0].value)
		case Opaque:
			return encodeOpaque(parsed[0].value)
		}
		return encodeCBOR(parsed[0].value)
	case SenMLJSON:
		return encodeSenMLJSON(parsed)
	case SenMLCBOR:
		return encodeSenMLCBOR(parsed)
	case TLV:
		return encodeTLV(path, parsed)
	case JSON:
		return encodeJSON(path, parsed)
	}
	return nil, fmt.Errorf("content format %v cannot be written", f)
}

// element is an item whose path is read and whose value is normal.
type element struct {
	path  Path
	value any
	time  time.Time
}

// normal gives the types that Item has for the further ones that Encode takes.
func normal(value any) any {
	switch v := value.(type) {
	case int:
		return int64(v)
	case int32:
		return int64(v)
	case uint32:
		return uint64(v)
	case float32:
		return float64(v)
	case time.Time:
		return v.Unix()
	}
	return value
}

// number gives a number as a type has it. integral tells that the sender wrote it without a fraction.
func number(f float64, i int64, integral bool, t Type) (any, error) {
	switch t {
	case Float:
		if integral {
			return float64(i), nil
		}
		return f, nil
	case Integer, Time:
		if integral {
			return i, nil
		}
		if f == math.Trunc(f) && math.Abs(f) < 1<<63 {
			return int64(f), nil
		}
		return nil, fmt.Errorf("%v is no integer", f)
	case Unsigned:
		if integral && i >= 0 {
			return uint64(i), nil
		}
		if !integral && f == math.Trunc(f) && f >= 0 && f < 1<<64 {
			return uint64(f), nil
		}
		return nil, fmt.Errorf("%v is no unsigned integer", max(f, float64(i)))
	case Unknown:
		if integral {
			return i, nil
		}
		return f, nil
	}
	return nil, fmt.Errorf("a number for a resource of type %v", t)
}

// String gives the type's name in definitions.
func (t Type) String() string {
	names := [...]string{"unknown", "string", "integer", "unsigned", "float", "boolean", "opaque", "time", "objlnk", "corelnk", "none"}
	if int(t) < len(names) {
		return names[t]
	}
	return strconv.Itoa(int(t))
}

// expect tells whether a value of one kind fits a type.
func expect(t Type, what string, allowed ...Type) error {
	if t == Unknown {
		return nil
	}
	for _, a := range allowed {
		if a == t {
			return nil
		}
	}
	return fmt.Errorf("%s for a resource of type %v", what, t)
}
