package format

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// CBOR's major types (RFC 8949, 3.1).
const (
	majorUnsigned = iota
	majorNegative
	majorBytes
	majorText
	majorArray
	majorMap
	majorTag
	majorSimple
)

// Tags that are understood (RFC 8949, 3.4).
const (
	tagDateTime        = 0
	tagEpoch           = 1
	tagDecimalFraction = 4
)

// cborReader reads CBOR from the front. LwM2M's payloads are arrays of maps of scalars, so nothing here calls itself, and what nests deeper is
// refused at its head. A library for all of CBOR would decode a record with its mixed keys into a map of interfaces, and a decimal fraction
// into a big.Float; the tests hold this reader to fxamacker/cbor instead.
type cborReader struct {
	format Format
	rest   []byte
	length int
}

// cborHead is what stands before each data item. An indefinite length has no argument.
type cborHead struct {
	major      byte
	info       byte // the lower five bits
	argument   uint64
	indefinite bool
}

func newCBORReader(f Format, payload []byte) *cborReader {
	return &cborReader{format: f, rest: payload, length: len(payload)}
}

func (c *cborReader) fault(format string, arguments ...any) error {
	return badRequest("%v: byte %d: %s", c.format, c.length-len(c.rest), fmt.Sprintf(format, arguments...))
}

func (c *cborReader) head() (cborHead, error) {
	if len(c.rest) == 0 {
		return cborHead{}, c.fault("the payload ends too early")
	}
	h := cborHead{major: c.rest[0] >> 5, info: c.rest[0] & 0x1f}
	width := 0
	switch {
	case h.info < 24:
		h.argument = uint64(h.info)
	case h.info < 28:
		width = 1 << (h.info - 24)
	case h.info == 31 && h.major >= majorBytes && h.major != majorTag:
		h.indefinite = true
	default:
		return cborHead{}, c.fault("%#02x begins no data item", c.rest[0])
	}
	if len(c.rest) < 1+width {
		return cborHead{}, c.fault("the payload ends too early")
	}
	for _, b := range c.rest[1 : 1+width] {
		h.argument = h.argument<<8 | uint64(b)
	}
	c.rest = c.rest[1+width:]
	return h, nil
}

// atBreak passes over the end of something of indefinite length, if that is what comes.
func (c *cborReader) atBreak() bool {
	if len(c.rest) > 0 && c.rest[0] == 0xff {
		c.rest = c.rest[1:]
		return true
	}
	return false
}

// each calls item for every item of an array or map whose head has been read.
func (c *cborReader) each(h cborHead, item func() error) error {
	for i := uint64(0); h.indefinite || i < h.argument; i++ {
		if h.indefinite && c.atBreak() {
			return nil
		}
		if err := item(); err != nil {
			return err
		}
	}
	return nil
}

// chars reads what follows the head of a text or byte string. One in a single piece stays a part of the payload.
func (c *cborReader) chars(h cborHead) ([]byte, error) {
	if !h.indefinite {
		if h.argument > uint64(len(c.rest)) {
			return nil, c.fault("a string of %d bytes is longer than the payload", h.argument)
		}
		chars := c.rest[:h.argument]
		c.rest = c.rest[h.argument:]
		if h.major == majorText && !utf8.Valid(chars) {
			return nil, c.fault("a text is not UTF-8")
		}
		return chars, nil
	}
	var joined []byte
	for !c.atBreak() {
		part, err := c.head()
		if err != nil {
			return nil, err
		}
		if part.major != h.major || part.indefinite {
			return nil, c.fault("a string has parts of another kind")
		}
		chars, err := c.chars(part)
		if err != nil {
			return nil, err
		}
		joined = append(joined, chars...)
	}
	return joined, nil
}

// scalar reads a value that is neither an array nor a map, but for a decimal fraction; null and undefined are rawNone.
func (c *cborReader) scalar() (raw, error) {
	h, err := c.head()
	if err != nil {
		return raw{}, err
	}
	return c.scalarOf(h)
}

func (c *cborReader) scalarOf(h cborHead) (raw, error) {
	switch h.major {
	case majorUnsigned, majorNegative:
		return raw{kind: rawNumber, number: h.number()}, nil
	case majorBytes:
		chars, err := c.chars(h)
		return raw{kind: rawData, data: chars}, err
	case majorText:
		chars, err := c.chars(h)
		return raw{kind: rawText, text: string(chars)}, err
	case majorTag:
		if h.argument == tagDecimalFraction {
			return c.decimalFraction()
		}
		return raw{}, c.fault("the tag %d is not understood here", h.argument)
	case majorSimple:
		return c.simple(h)
	}
	return raw{}, c.fault("an array or map was given: a single value is possible")
}

func (h cborHead) number() number {
	if h.major == majorUnsigned {
		return whole(false, h.argument)
	}
	if h.argument == math.MaxUint64 {
		return floating(-(1 << 64))
	}
	return whole(true, h.argument+1)
}

func (c *cborReader) simple(h cborHead) (raw, error) {
	switch h.info {
	case 20, 21:
		return raw{kind: rawBoolean, yes: h.info == 21}, nil
	case 22, 23:
		return raw{}, nil
	case 25:
		return raw{kind: rawNumber, number: floating(halfFloat(uint16(h.argument)))}, nil
	case 26:
		return raw{kind: rawNumber, number: floating(float64(math.Float32frombits(uint32(h.argument))))}, nil
	case 27:
		return raw{kind: rawNumber, number: floating(math.Float64frombits(h.argument))}, nil
	}
	return raw{}, c.fault("a simple value that means nothing here")
}

// halfFloat makes the number of IEEE 754 binary16.
func halfFloat(bits uint16) float64 {
	exponent, fraction := int(bits>>10&0x1f), float64(bits&0x3ff)
	var f float64
	switch exponent {
	case 0:
		f = math.Ldexp(fraction, -24)
	case 31:
		if f = math.Inf(1); fraction != 0 {
			f = math.NaN()
		}
	default:
		f = math.Ldexp(fraction+1024, exponent-25)
	}
	if bits&0x8000 != 0 {
		f = -f
	}
	return f
}

// decimalFraction reads what follows tag 4: an array of exponent and mantissa (RFC 8949, 3.4.4).
func (c *cborReader) decimalFraction() (raw, error) {
	h, err := c.head()
	if err != nil {
		return raw{}, err
	}
	var parts []number
	if h.major == majorArray {
		err = c.each(h, func() error {
			part, err := c.head()
			if err != nil {
				return err
			}
			if part.major > majorNegative || len(parts) == 2 {
				return c.fault("a decimal fraction consists of two integers")
			}
			parts = append(parts, part.number())
			return nil
		})
	}
	if err != nil {
		return raw{}, err
	}
	if len(parts) != 2 {
		return raw{}, c.fault("a decimal fraction consists of two integers")
	}
	exponent, ok := parts[0].int64()
	fraction := parts[1]
	if !ok || exponent > maxExponent || exponent < -maxExponent || fraction.isFloat {
		return raw{}, c.fault("a decimal fraction is too large")
	}
	fraction.exponent = int(exponent)
	return raw{kind: rawNumber, number: fraction}, nil
}

// cborLabels are the numbers that SenML CBOR has for the labels (RFC 8428, 6).
var cborLabels = [...]string{"bs", "bv", "bu", "bt", "bn", "bver", "n", "u", "v", "vs", "vb", "s", "t", "ut", "vd"}

const lowestLabel = -6

func (c *cborReader) label() (string, error) {
	h, err := c.head()
	if err != nil {
		return "", err
	}
	switch h.major {
	case majorUnsigned, majorNegative:
		n := h.number()
		if i, ok := n.int64(); ok && i >= lowestLabel && i < int64(len(cborLabels))+lowestLabel {
			return cborLabels[i-lowestLabel], nil
		}
		return strconv.FormatBool(n.negative) + strconv.FormatUint(n.digits, 10), nil
	case majorText:
		chars, err := c.chars(h)
		return string(chars), err
	}
	return "", c.fault("a label is an integer or a text")
}

func (r *recordReader) readCBOR(payload []byte) ([]record, error) {
	c := newCBORReader(r.format, payload)
	h, err := c.head()
	if err != nil {
		return nil, err
	}
	if h.major != majorArray {
		return nil, c.fault("an array of records was expected")
	}
	if err := c.each(h, func() error { return c.record(r) }); err != nil {
		return nil, err
	}
	if len(c.rest) > 0 {
		return nil, c.fault("something stands behind the end")
	}
	return r.records, nil
}

func (c *cborReader) record(r *recordReader) error {
	if err := r.room(); err != nil {
		return err
	}
	h, err := c.head()
	if err != nil {
		return err
	}
	if h.major != majorMap {
		return c.fault("a record is a map")
	}
	r.begin()
	err = c.each(h, func() error {
		name, err := c.label()
		if err != nil {
			return err
		}
		value, err := c.scalar()
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

// decodeCBORValue reads the one data item of a CBOR payload.
func decodeCBORValue(path lwm2m.Path, kind lwm2m.Type, payload []byte) (raw, error) {
	c := newCBORReader(CBOR, payload)
	h, err := c.head()
	if err != nil {
		return raw{}, err
	}
	dateTime := false
	if kind == lwm2m.TypeTime && h.major == majorTag && (h.argument == tagEpoch || h.argument == tagDateTime) {
		dateTime = h.argument == tagDateTime
		if h, err = c.head(); err != nil {
			return raw{}, err
		}
	}
	value, err := c.scalarOf(h)
	if err != nil {
		return raw{}, err
	}
	if len(c.rest) > 0 {
		return raw{}, c.fault("something stands behind the value")
	}
	switch {
	case dateTime:
		at, err := time.Parse(time.RFC3339, value.text)
		if err != nil || at.Nanosecond() != 0 {
			return raw{}, badRequest("%s: %.40q is no date and time in whole seconds", path, value.text)
		}
		return raw{kind: rawNumber, number: signed(at.Unix())}, nil
	case kind == lwm2m.TypeObjlnk && value.kind == rawText:
		value.kind = rawLink
	}
	return value, nil
}

func signed(seconds int64) number {
	if seconds < 0 {
		return whole(true, uint64(-seconds))
	}
	return whole(false, uint64(seconds))
}

// appendCBORHead writes the head of a data item in its shortest form.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func appendCBORHead(dst []byte, major byte, argument uint64) []byte {
	major <<= 5
	switch {
	case argument < 24:
		return append(dst, major|byte(argument))
	case argument <= math.MaxUint8:
		return append(dst, major|24, byte(argument))
	case argument <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(argument))
	case argument <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(argument))
	}
	return binary.BigEndian.AppendUint64(append(dst, major|27), argument)
}
