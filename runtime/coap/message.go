package coap

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Code is a method or a response code, class in the upper three bits and detail in the lower five (RFC 7252, 3).
type Code uint8

// Methods (RFC 7252, 12.1.1; RFC 8132, 6).
const (
	Empty  Code = 0x00
	GET    Code = 0x01
	POST   Code = 0x02
	PUT    Code = 0x03
	DELETE Code = 0x04
	FETCH  Code = 0x05
	PATCH  Code = 0x06
	IPATCH Code = 0x07
)

// Responses (RFC 7252, 12.1.2; RFC 7959, 2.9).
const (
	Created                  Code = 0x41 // 2.01
	Deleted                  Code = 0x42 // 2.02
	Valid                    Code = 0x43 // 2.03
	Changed                  Code = 0x44 // 2.04
	Content                  Code = 0x45 // 2.05
	Continue                 Code = 0x5f // 2.31
	BadRequest               Code = 0x80 // 4.00
	Unauthorized             Code = 0x81 // 4.01
	BadOption                Code = 0x82 // 4.02
	Forbidden                Code = 0x83 // 4.03
	NotFound                 Code = 0x84 // 4.04
	MethodNotAllowed         Code = 0x85 // 4.05
	NotAcceptable            Code = 0x86 // 4.06
	RequestEntityIncomplete  Code = 0x88 // 4.08
	Conflict                 Code = 0x89 // 4.09
	PreconditionFailed       Code = 0x8c // 4.12
	RequestEntityTooLarge    Code = 0x8d // 4.13
	UnsupportedContentFormat Code = 0x8f // 4.15
	InternalServerError      Code = 0xa0 // 5.00
	NotImplemented           Code = 0xa1 // 5.01
	BadGateway               Code = 0xa2 // 5.02
	ServiceUnavailable       Code = 0xa3 // 5.03
	GatewayTimeout           Code = 0xa4 // 5.04
)

// String gives the code as the RFC writes it, as 4.04.
func (c Code) String() string { return fmt.Sprintf("%d.%02d", c>>5, c&0x1f) }

// IsRequest tells whether the code is a method.
func (c Code) IsRequest() bool { return c != Empty && c>>5 == 0 }

// IsSuccess tells whether the code is a response of class 2.
func (c Code) IsSuccess() bool { return c>>5 == 2 }

// OptionID is the number of an option. Odd numbers are critical: who does not know one refuses the message (RFC 7252, 5.4.1).
type OptionID uint16

// Options (RFC 7252, 5.10; RFC 7641, 2; RFC 7959, 2.1 and 4; RFC 9175, 3).
const (
	IfMatch       OptionID = 1
	URIHost       OptionID = 3
	ETag          OptionID = 4
	IfNoneMatch   OptionID = 5
	Observe       OptionID = 6
	URIPort       OptionID = 7
	LocationPath  OptionID = 8
	URIPath       OptionID = 11
	ContentFormat OptionID = 12
	MaxAge        OptionID = 14
	URIQuery      OptionID = 15
	Accept        OptionID = 17
	LocationQuery OptionID = 20
	Block2        OptionID = 23
	Block1        OptionID = 27
	Size2         OptionID = 28
	Size1         OptionID = 60
	RequestTag    OptionID = 292
)

// Option is one option of a message.
type Option struct {
	ID    OptionID
	Value []byte
}

// Options are the options of a message, in ascending order of their ids; those of one id in the order in which they were added.
type Options []Option

// Add puts an option behind those of the same id. A call of it is much smaller than its body, and there are many.
//
//go:noinline
func (o *Options) Add(id OptionID, value []byte) {
	all := append(*o, Option{})
	i := len(all) - 1
	for ; i > 0 && all[i-1].ID > id; i-- {
		all[i] = all[i-1]
	}
	all[i] = Option{ID: id, Value: value}
	*o = all
}

func (o Options) ascend() bool {
	for i := 1; i < len(o); i++ {
		if o[i].ID < o[i-1].ID {
			return false
		}
	}
	return true
}

// AddString is Add for a text.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func (o *Options) AddString(id OptionID, value string) { o.Add(id, []byte(value)) }

// SetUint replaces the options of an id by one number, in the shortest form (RFC 7252, 3.2).
func (o *Options) SetUint(id OptionID, value uint32) {
	o.Remove(id)
	var wide [4]byte
	binary.BigEndian.PutUint32(wide[:], value)
	short := wide[:]
	for len(short) > 0 && short[0] == 0 {
		short = short[1:]
	}
	o.Add(id, short)
}

// Remove takes away the options of an id.
func (o *Options) Remove(id OptionID) {
	*o = slices.DeleteFunc(*o, func(each Option) bool { return each.ID == id })
}

// Get gives the first option of an id.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func (o Options) Get(id OptionID) (value []byte, found bool) {
	for _, each := range o {
		if each.ID == id {
			return each.Value, true
		}
	}
	return nil, false
}

// Uint gives the first option of an id as a number. One of more than four bytes is none.
func (o Options) Uint(id OptionID) (value uint32, found bool) {
	raw, found := o.Get(id)
	if !found || len(raw) > 4 {
		return 0, false
	}
	for _, b := range raw {
		value = value<<8 | uint32(b)
	}
	return value, true
}

// Strings gives all options of an id as texts.
// It stays a call, which is smaller at its many places.
//
//go:noinline
func (o Options) Strings(id OptionID) []string {
	var all []string
	for _, each := range o {
		if each.ID == id {
			all = append(all, string(each.Value))
		}
	}
	return all
}

// Message is a request or a response, whole: blocks are put together, and what makes it arrive (type, message id) is not part of it.
type Message struct {
	Code    Code
	Options Options
	Payload []byte
}
