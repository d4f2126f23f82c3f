package format

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// decodeSingle reads a payload of one value.
func (c *collector) decodeSingle(f Format, payload []byte) error {
	return c.add(c.base, time.Time{}, func(resource *lwm2m.Resource) (raw, error) {
		switch {
		case f == CBOR:
			return decodeCBORValue(c.base, resource.Type, payload)
		case f == Opaque:
			return raw{kind: rawData, data: payload}, nil
		case f == LinkFormat && resource.Type != lwm2m.TypeCorelnk:
			return raw{}, badRequest("%s: %v was given: a value of type %v is possible", c.base, f, resource.Type)
		}
		return decodeText(c.base, resource.Type, payload)
	})
}

// decodeText reads plain text, which the resource's type alone gives a meaning (Core 1.1.1, 7.4.1).
func decodeText(path lwm2m.Path, kind lwm2m.Type, payload []byte) (raw, error) {
	if !utf8.Valid(payload) {
		return raw{}, badRequest("%s: the text is not UTF-8", path)
	}
	text := string(payload)
	switch kind {
	case lwm2m.TypeInteger, lwm2m.TypeUnsigned, lwm2m.TypeTime:
		if n, ok := parseNumber(text); ok && !strings.ContainsAny(text, ".eE") {
			return raw{kind: rawNumber, number: n}, nil
		}
	case lwm2m.TypeFloat:
		if n, ok := parseNumber(text); ok {
			return raw{kind: rawNumber, number: n}, nil
		}
	case lwm2m.TypeBoolean:
		if text == "0" || text == "1" {
			return raw{kind: rawBoolean, yes: text == "1"}, nil
		}
	case lwm2m.TypeOpaque:
		if data, ok := decodeBase64(text, base64.StdEncoding); ok {
			return raw{kind: rawData, data: data}, nil
		}
	case lwm2m.TypeObjlnk:
		return raw{kind: rawLink, text: text}, nil
	default:
		return raw{kind: rawText, text: text}, nil
	}
	return raw{}, badRequest("%s: the text is no value of type %v", path, kind)
}

// appendText writes a value as plain text, or as it is in opaque and link-format.
func appendText(dst []byte, f Format, value lwm2m.Value) []byte {
	switch value.Type() {
	case lwm2m.TypeInteger, lwm2m.TypeTime:
		return strconv.AppendInt(dst, value.Int(), 10)
	case lwm2m.TypeUnsigned:
		return strconv.AppendUint(dst, value.Uint(), 10)
	case lwm2m.TypeFloat:
		return appendFloat(dst, value.Float())
	case lwm2m.TypeBoolean:
		if value.Bool() {
			return append(dst, '1')
		}
		return append(dst, '0')
	case lwm2m.TypeOpaque:
		if f == Opaque {
			return append(dst, value.Text()...)
		}
		return appendBase64(dst, base64.StdEncoding, value.Text())
	case lwm2m.TypeObjlnk:
		return appendLink(dst, value)
	}
	return append(dst, value.Text()...)
}

func appendLink(dst []byte, value lwm2m.Value) []byte {
	object, instance := value.Link()
	dst = strconv.AppendUint(dst, uint64(object), 10)
	dst = append(dst, ':')
	return strconv.AppendUint(dst, uint64(instance), 10)
}

// appendCBORValue writes a value as one CBOR data item: floats always in 64 bits, for not every peer reads the shorter ones.
func appendCBORValue(dst []byte, value lwm2m.Value) []byte {
	switch value.Type() {
	case lwm2m.TypeInteger, lwm2m.TypeTime:
		return appendCBORInteger(dst, value.Int())
	case lwm2m.TypeUnsigned:
		return appendCBORHead(dst, majorUnsigned, value.Uint())
	case lwm2m.TypeFloat:
		return appendCBORFloat(dst, value.Float())
	case lwm2m.TypeBoolean:
		if value.Bool() {
			return append(dst, 0xf5)
		}
		return append(dst, 0xf4)
	case lwm2m.TypeOpaque:
		dst = appendCBORHead(dst, majorBytes, uint64(len(value.Text())))
		return append(dst, value.Text()...)
	case lwm2m.TypeObjlnk:
		object, instance := value.Link()
		dst = appendCBORHead(dst, majorText, uint64(decimals(object)+1+decimals(instance)))
		return appendLink(dst, value)
	}
	dst = appendCBORHead(dst, majorText, uint64(len(value.Text())))
	return append(dst, value.Text()...)
}

func appendCBORInteger(dst []byte, n int64) []byte {
	if n < 0 {
		return appendCBORHead(dst, majorNegative, uint64(-1-n))
	}
	return appendCBORHead(dst, majorUnsigned, uint64(n))
}

func appendCBORFloat(dst []byte, f float64) []byte {
	bits := math.Float64bits(f)
	return append(dst, majorSimple<<5|27, byte(bits>>56), byte(bits>>48), byte(bits>>40), byte(bits>>32),
		byte(bits>>24), byte(bits>>16), byte(bits>>8), byte(bits))
}

// decimals counts the digits of an id.
func decimals(id uint16) int {
	switch {
	case id < 10:
		return 1
	case id < 100:
		return 2
	case id < 1000:
		return 3
	case id < 10000:
		return 4
	}
	return 5
}
