package lwm2m

import (
	"fmt"
	"math"
	"time"
)

// Type is a resource's data type (reference: Core 1.1.1, appendix C).
type Type uint8

// The types. TypeNone is that of an executable resource.
const (
	TypeNone     Type = iota
	TypeString        // UTF-8
	TypeInteger       // signed, 64 bits
	TypeUnsigned      // 64 bits
	TypeFloat         // IEEE 754, 64 bits
	TypeBoolean
	TypeOpaque
	TypeTime    // seconds since 1970-01-01 UTC, signed
	TypeObjlnk  // object and instance
	TypeCorelnk // link-format text
	typeCount
)

var typeNames = [typeCount]string{"", "String", "Integer", "Unsigned Integer", "Float", "Boolean", "Opaque", "Time", "Objlnk", "Corelnk"}

// String gives the name as in the OMA's definition files; "" for TypeNone.
func (t Type) String() string {
	if t >= typeCount {
		return fmt.Sprintf("Type(%d)", uint8(t))
	}
	return typeNames[t]
}

// IsNumeric tells whether gt, lt and st can be set on a resource of the type.
func (t Type) IsNumeric() bool {
	return t == TypeInteger || t == TypeUnsigned || t == TypeFloat || t == TypeTime
}

// Value is one value of a resource or resource instance; it does not change. The zero value is of TypeNone: no value. Making one of anything but
// Opaque allocates nothing. It is kept to four words, in which it is passed in registers.
type Value struct {
	kind Type
	bits uint64 // number; object<<16|instance
	text string // also the bytes of an Opaque
}

// String makes a value of TypeString.
func String(text string) Value { return Value{kind: TypeString, text: text} }

// Integer makes a value of TypeInteger.
func Integer(number int64) Value { return Value{kind: TypeInteger, bits: uint64(number)} }

// Unsigned makes a value of TypeUnsigned.
func Unsigned(number uint64) Value { return Value{kind: TypeUnsigned, bits: number} }

// Float makes a value of TypeFloat.
func Float(number float64) Value { return Value{kind: TypeFloat, bits: math.Float64bits(number)} }

// Boolean makes a value of TypeBoolean.
func Boolean(is bool) Value {
	v := Value{kind: TypeBoolean}
	if is {
		v.bits = 1
	}
	return v
}

// Opaque makes a value of TypeOpaque, with a copy of the bytes.
func Opaque(raw []byte) Value { return Value{kind: TypeOpaque, text: string(raw)} }

// Time makes a value of TypeTime, in whole seconds.
func Time(at time.Time) Value { return Seconds(at.Unix()) }

// Seconds makes a value of TypeTime.
func Seconds(sinceEpoch int64) Value { return Value{kind: TypeTime, bits: uint64(sinceEpoch)} }

// Objlnk makes a value of TypeObjlnk; MaxID twice is the null link.
func Objlnk(object, instance uint16) Value {
	return Value{kind: TypeObjlnk, bits: uint64(object)<<16 | uint64(instance)}
}

// Corelnk makes a value of TypeCorelnk.
func Corelnk(text string) Value { return Value{kind: TypeCorelnk, text: text} }

// Type is the value's type.
func (v Value) Type() Type { return v.kind }

// IsZero tells whether there is no value.
func (v Value) IsZero() bool { return v.kind == TypeNone }

// Text is the text of a String or Corelnk, and the bytes of an Opaque: as Bytes, but without a copy.
func (v Value) Text() string { return v.text }

// Int is the number of an Integer, and the seconds of a Time.
func (v Value) Int() int64 { return int64(v.bits) }

// Uint is the number of an Unsigned.
func (v Value) Uint() uint64 { return v.bits }

// Float is the number of any numeric value, as the attributes gt, lt and st need it.
func (v Value) Float() float64 {
	switch v.kind {
	case TypeFloat:
		return math.Float64frombits(v.bits)
	case TypeUnsigned:
		return float64(v.bits)
	}
	return float64(int64(v.bits))
}

// Bool is that of a Boolean.
func (v Value) Bool() bool { return v.bits != 0 }

// Bytes is a copy of those of an Opaque, nil if there are none.
func (v Value) Bytes() []byte { return append([]byte(nil), v.text...) }

// Link is the object and the instance of an Objlnk.
func (v Value) Link() (object, instance uint16) { return uint16(v.bits >> 16), uint16(v.bits) }

// Equal tells whether type and content are the same. A NaN equals itself.
func (v Value) Equal(other Value) bool {
	return v == other
}

// String shows the value for logs and consoles; an opaque one by its length alone, for it may be a secret.
func (v Value) String() string {
	switch v.kind {
	case TypeString, TypeCorelnk:
		return v.text
	case TypeInteger, TypeTime:
		return fmt.Sprint(v.Int())
	case TypeUnsigned:
		return fmt.Sprint(v.bits)
	case TypeFloat:
		return fmt.Sprint(v.Float())
	case TypeBoolean:
		return fmt.Sprint(v.Bool())
	case TypeOpaque:
		return fmt.Sprintf("%d bytes", len(v.text))
	case TypeObjlnk:
		object, instance := v.Link()
		return fmt.Sprintf("%d:%d", object, instance)
	}
	return ""
}

// Item is a value and where it stands: at a resource, or a resource instance where the resource is multiple. In messages that say more than
// one state, Time says when the value was so.
type Item struct {
	Path  Path
	Value Value
	Time  time.Time // zero: now
}
