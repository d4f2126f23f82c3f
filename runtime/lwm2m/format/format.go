// Package format turns values into the content formats of LwM2M 1.1 and back: plain text, opaque, CBOR, TLV, SenML JSON, SenML CBOR, the JSON
// of version 1.0, and link-format as the value of a Corelnk resource (Core 1.1.1, 7.4).
//
// What a payload means is taken from the definitions of the objects: types, widths and ranges are checked here and nowhere else. Errors are
// *lwm2m.Error with the status that the server gets.
package format

import (
	"fmt"
	"unicode/utf8"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Format is a content format by its CoAP number.
type Format uint16

// The formats. None is no format: it is what Choose takes where nothing is preferred.
const (
	Text       Format = 0
	LinkFormat Format = 40
	Opaque     Format = 42
	CBOR       Format = 60
	SenMLJSON  Format = 110
	SenMLCBOR  Format = 112
	TLV        Format = 11542
	JSON       Format = 11543
	None       Format = 65535
)

// Numbers that were used before the formats were registered. They are understood but never sent.
const (
	oldText Format = 1541
	oldTLV  Format = 1542
	oldJSON Format = 1543
)

// String gives the format's name and number.
func (f Format) String() string {
	switch f {
	case Text:
		return "plain text (0)"
	case LinkFormat:
		return "link-format (40)"
	case Opaque:
		return "octet-stream (42)"
	case CBOR:
		return "CBOR (60)"
	case SenMLJSON:
		return "SenML JSON (110)"
	case SenMLCBOR:
		return "SenML CBOR (112)"
	case TLV:
		return "LwM2M TLV (11542)"
	case JSON:
		return "LwM2M JSON (11543)"
	case None:
		return "none"
	}
	return fmt.Sprintf("content format %d", uint16(f))
}

func (f Format) registered() Format {
	switch f {
	case oldText:
		return Text
	case oldTLV:
		return TLV
	case oldJSON:
		return JSON
	}
	return f
}

// isSingle tells whether the format holds one value and nothing more.
func (f Format) isSingle() bool { return f == Text || f == LinkFormat || f == Opaque || f == CBOR }

// isComposite tells whether the format names its values by full paths, so that they may be of many objects.
func (f Format) isComposite() bool { return f == SenMLJSON || f == SenMLCBOR }

// Config says which formats are on. Plain text, opaque and link-format always are.
type Config struct {
	TLV       bool `kconfig:"LWM2M_RW_OMA_TLV_SUPPORT"`
	JSON      bool `kconfig:"LWM2M_RW_JSON_SUPPORT"`
	SenMLJSON bool `kconfig:"LWM2M_RW_SENML_JSON_SUPPORT"`
	CBOR      bool `kconfig:"LWM2M_RW_CBOR_SUPPORT"`
	SenMLCBOR bool `kconfig:"LWM2M_RW_SENML_CBOR_SUPPORT"`
	Records   int  `kconfig:"LWM2M_RW_SENML_CBOR_RECORDS"` // at most in one SenML CBOR payload, in either direction; 0: as in the other formats
}

// maxRecords limits the values of an incoming payload, whatever its format: memory then is bounded by the payload's length and this.
const maxRecords = 10000

// Definitions gives what objects are, by their ids.
type Definitions interface {
	Definition(object uint16) (*lwm2m.Definition, bool)
}

// Codec encodes and decodes. It holds no state: any number of goroutines may use it.
type Codec struct {
	_      incomparable
	config Config
}

// New makes a codec.
func New(config Config) *Codec { return &Codec{config: config} }

// Supports tells whether the format is on.
func (c *Codec) Supports(f Format) bool {
	switch f.registered() {
	case Text, Opaque, LinkFormat:
		return true
	case CBOR:
		return c.config.CBOR
	case SenMLJSON:
		return c.config.SenMLJSON
	case SenMLCBOR:
		return c.config.SenMLCBOR
	case TLV:
		return c.config.TLV
	case JSON:
		return c.config.JSON
	}
	return false
}

func (c *Codec) recordLimit(f Format) int {
	if f == SenMLCBOR && c.config.Records > 0 {
		return min(c.config.Records, maxRecords)
	}
	return maxRecords
}

// Append adds the payload that answers a Read of base, that notifies of base, or that is sent where base is the root, to dst. The items are at
// or below base, in path order; those of one path are in the order of their times. The formats for many objects, SenML JSON and SenML CBOR,
// write the items' times; the JSON of version 1.0 too; the others have no times and refuse more than one item of a path. No items give the
// format's empty payload.
//
// The error is 4.06 where the format is off or cannot hold the items, 5.00 where the items are not fit to be sent: then dst comes back as it
// was. Nothing is allocated as long as dst has room.
func (c *Codec) Append(dst []byte, f Format, base lwm2m.Path, items []lwm2m.Item, defs Definitions) ([]byte, error) {
	if err := c.fits(f, base, items); err != nil {
		return dst, err
	}
	if err := checkItems(f, base, items); err != nil {
		return dst, err
	}
	switch f {
	case SenMLJSON:
		return appendSenMLJSON(dst, base, items), nil
	case SenMLCBOR:
		return appendSenMLCBOR(dst, base, items), nil
	case JSON:
		return appendJSON(dst, base, items), nil
	case TLV:
		return appendTLV(dst, base, items, defs)
	case CBOR:
		return appendCBORValue(dst, items[0].Value), nil
	}
	return appendText(dst, f, items[0].Value), nil
}

// fits tells whether the format can hold the items: nil, or 4.06.
func (c *Codec) fits(f Format, base lwm2m.Path, items []lwm2m.Item) error {
	switch {
	case f != f.registered() || !c.Supports(f):
		return lwm2m.Errorf(lwm2m.StatusNotAcceptable, "%s: %v is not supported", base, f)
	case f.isComposite():
		if limit := c.recordLimit(f); f == SenMLCBOR && len(items) > limit {
			return lwm2m.Errorf(lwm2m.StatusNotAcceptable, "%s: %d values are more than LWM2M_RW_SENML_CBOR_RECORDS = %d", base, len(items), limit)
		}
		return nil
	case base.Level() == lwm2m.LevelRoot:
		return lwm2m.Errorf(lwm2m.StatusNotAcceptable, "%v cannot hold values of several objects", f)
	case f.isSingle():
		if len(items) != 1 || base.Level() < lwm2m.LevelResource || items[0].Path != base {
			return lwm2m.Errorf(lwm2m.StatusNotAcceptable, "%s: %v holds one value only", base, f)
		}
		kind := items[0].Value.Type()
		if f == Opaque && kind != lwm2m.TypeOpaque || f == LinkFormat && kind != lwm2m.TypeCorelnk {
			return lwm2m.Errorf(lwm2m.StatusNotAcceptable, "%s: %v cannot hold a value of type %v", base, f, kind)
		}
	case f == TLV:
		for i := range items[:max(len(items)-1, 0)] {
			if items[i].Path == items[i+1].Path {
				return lwm2m.Errorf(lwm2m.StatusNotAcceptable, "%s: %v cannot hold several values of different times", items[i].Path, f)
			}
		}
	}
	return nil
}

// checkItems finds the mistakes of whoever made the items.
func checkItems(f Format, base lwm2m.Path, items []lwm2m.Item) error {
	for i := range items {
		item := &items[i]
		var fault string
		switch kind := item.Value.Type(); {
		case !base.Contains(item.Path):
			fault = "lies outside of " + base.String()
		case item.Path.Level() < lwm2m.LevelResource:
			fault = "is no resource"
		case kind == lwm2m.TypeNone:
			fault = "has no value"
		case (kind == lwm2m.TypeString || kind == lwm2m.TypeCorelnk) && !utf8.ValidString(item.Value.Text()):
			fault = "is not UTF-8"
		case kind == lwm2m.TypeFloat && f != TLV && f != CBOR && f != SenMLCBOR && !isFinite(item.Value.Float()):
			fault = "is not a number that can be written in text"
		case !item.Time.IsZero() && (item.Time.Unix() < firstAbsolute || item.Time.Unix() > lastSecond):
			fault = "has a time that cannot be told from a relative one: it is before July 1978 or after 9999"
		case i > 0 && items[i-1].Path.Compare(item.Path) > 0:
			fault = "comes behind " + items[i-1].Path.String()
		case i > 0 && items[i-1].Path != item.Path && items[i-1].Path.Contains(item.Path):
			fault = "stands beside a single value"
		default:
			continue
		}
		return lwm2m.Errorf(lwm2m.StatusInternalServerError, "%s %s: nothing can be sent", item.Path, fault)
	}
	return nil
}

// Choose gives the format of an answer. With an Accept option (asked) it is that format, or 4.06 where it is off or cannot hold the items.
// Without, it is preferred if possible, else the first possible one of SenML CBOR, SenML JSON, TLV, CBOR and text; preferred may be None.
func (c *Codec) Choose(accept Format, asked bool, preferred Format, base lwm2m.Path, items []lwm2m.Item) (Format, error) {
	if asked {
		f := accept.registered()
		return f, c.fits(f, base, items)
	}
	for _, f := range [...]Format{preferred, SenMLCBOR, SenMLJSON, TLV, CBOR, Text} {
		if c.fits(f, base, items) == nil {
			return f, nil
		}
	}
	return None, lwm2m.Errorf(lwm2m.StatusNotAcceptable, "%s: no format that is on can hold %d values", base, len(items))
}

// incomparable stands in structs that nobody compares, for which the compiler makes no function then.
type incomparable [0]func()
