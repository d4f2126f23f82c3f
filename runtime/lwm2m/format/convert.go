package format

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/linkformat"
)

// raw is a value as a payload has it, before the definition says what it means.
type raw struct {
	number number
	text   string // rawText, rawLink
	data   []byte // rawData: a part of the payload
	kind   rawKind
	yes    bool
}

type rawKind uint8

const (
	rawNone rawKind = iota
	rawNumber
	rawText
	rawBoolean
	rawData
	rawLink
)

func (k rawKind) String() string {
	return [...]string{"nothing", "a number", "a text", "a boolean", "bytes", "an object link"}[k]
}

// typed makes the value of the resource's type, checked against its range. Nothing of the value is shared with the payload.
func (r *raw) typed(path lwm2m.Path, resource *lwm2m.Resource) (lwm2m.Value, error) {
	value, err := r.convert(path, resource.Type)
	if err != nil {
		return lwm2m.Value{}, err
	}
	if value.Type() == lwm2m.TypeNone {
		return lwm2m.Value{}, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%s: an executable resource has no value", path)
	}
	if err := CheckRange(resource, value); err != nil {
		if refusal, is := errors.AsType[*lwm2m.Error](err); is {
			return lwm2m.Value{}, lwm2m.Errorf(refusal.Status, "%s: %s", path, refusal.Reason)
		}
		return lwm2m.Value{}, err
	}
	return value, nil
}

func (r *raw) convert(path lwm2m.Path, kind lwm2m.Type) (lwm2m.Value, error) {
	var want rawKind
	ok := true
	var value lwm2m.Value
	switch kind {
	case lwm2m.TypeInteger:
		var n int64
		n, ok = r.number.int64()
		want, value = rawNumber, lwm2m.Integer(n)
	case lwm2m.TypeTime:
		var n int64
		n, ok = r.number.int64()
		want, value = rawNumber, lwm2m.Seconds(n)
	case lwm2m.TypeUnsigned:
		var n uint64
		n, ok = r.number.uint64()
		want, value = rawNumber, lwm2m.Unsigned(n)
	case lwm2m.TypeFloat:
		var f float64
		f, ok = r.number.float64()
		want, value = rawNumber, lwm2m.Float(f)
	case lwm2m.TypeBoolean:
		want, value = rawBoolean, lwm2m.Boolean(r.yes)
	case lwm2m.TypeString:
		want, value, ok = rawText, lwm2m.String(strings.Clone(r.text)), utf8.ValidString(r.text)
	case lwm2m.TypeCorelnk:
		want, value = rawText, lwm2m.Corelnk(strings.Clone(r.text))
		_, err := linkformat.Parse(r.text)
		ok = err == nil
	case lwm2m.TypeOpaque:
		want, value = rawData, lwm2m.Opaque(r.data)
	case lwm2m.TypeObjlnk:
		var object, instance uint16
		object, instance, ok = parseLink(r.text)
		want, value = rawLink, lwm2m.Objlnk(object, instance)
	default:
		return lwm2m.Value{}, nil
	}
	if r.kind != want {
		return lwm2m.Value{}, lwm2m.Errorf(lwm2m.StatusBadRequest, "%s: %v was given: a value of type %v is possible", path, r.kind, kind)
	}
	if !ok {
		return lwm2m.Value{}, lwm2m.Errorf(lwm2m.StatusBadRequest, "%s: %v was given that is no value of type %v", path, r.kind, kind)
	}
	return value, nil
}

// parseLink reads an object link as 10:0; 65535 stands for none.
func parseLink(text string) (object, instance uint16, ok bool) {
	left, right, found := strings.Cut(text, ":")
	object, first := parseID(left)
	instance, second := parseID(right)
	return object, instance, found && first && second
}

func parseID(text string) (uint16, bool) {
	id, err := strconv.ParseUint(text, 10, 16)
	return uint16(id), err == nil && (len(text) == 1 || text[0] != '0')
}

// appendBase64 encodes piece by piece, so that nothing is allocated; only the last piece may be padded.
func appendBase64(dst []byte, encoding *base64.Encoding, text string) []byte {
	var piece [192]byte
	for text != "" {
		n := copy(piece[:], text)
		dst = encoding.AppendEncode(dst, piece[:n])
		text = text[n:]
	}
	return dst
}

// decodeBase64 is strict: no line breaks, no bits left over.
func decodeBase64(text string, encoding *base64.Encoding) ([]byte, bool) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	data, err := encoding.Strict().DecodeString(text)
	return data, err == nil
}
