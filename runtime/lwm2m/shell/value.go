package shell

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// zeroText is the value that create gives a resource of a type.
func zeroText(kind lwm2m.Type) string {
	switch kind {
	case lwm2m.TypeInteger, lwm2m.TypeUnsigned, lwm2m.TypeFloat, lwm2m.TypeBoolean, lwm2m.TypeTime:
		return "0"
	case lwm2m.TypeObjlnk:
		return "65535:65535"
	}
	return ""
}

// width is a type of the command line for whole numbers.
type width struct {
	bits   int
	signed bool
}

var widths = map[string]width{
	"-u8": {8, false}, "-u16": {16, false}, "-u32": {32, false}, "-u64": {64, false},
	"-s8": {8, true}, "-s16": {16, true}, "-s32": {32, true}, "-s64": {64, true}, "-t": {64, true},
}

// show answers a read.
func (s session) show(out *answer, path lwm2m.Path, kind string) error {
	if path.Level() >= lwm2m.LevelResource {
		resource, err := s.resource(path)
		if err != nil {
			return err
		}
		if resource.Type == lwm2m.TypeNone {
			return fmt.Errorf("read %v (%s): %w: it has no value", path, resource.Name, EPERM)
		}
		if value, found := s.store.Get(path); found && !value.IsZero() {
			text, err := formatValue(value, kind)
			if err != nil {
				return fmt.Errorf("read %v: %w", path, err)
			}
			out.line(text)
			return nil
		}
	}
	switch {
	case !s.exists(path):
		return fmt.Errorf("read %v: %w", path, ENOENT)
	case kind != "":
		return fmt.Errorf("read %v: %w: it has no value of its own, read it without a type", path, EINVAL)
	}
	s.list(out, path)
	return nil
}

// list shows all values below a path; of opaque ones the length alone, for keys are not to come up by the way.
func (s session) list(out *answer, path lwm2m.Path) {
	if path.Level() >= lwm2m.LevelResource {
		if value, found := s.store.Get(path); found && !value.IsZero() {
			text := value.String()
			if value.Type() != lwm2m.TypeOpaque {
				if own, err := formatValue(value, ""); err == nil {
					text = own
				}
			}
			out.line(path.String() + " " + text)
			return
		}
	}
	if path.Level() == lwm2m.LevelResourceInstance {
		return
	}
	for _, id := range s.store.Children(path) {
		s.list(out, path.Child(id))
	}
}

// formatValue shows a value as a type of the command line has it; "" stands for its own type.
func formatValue(v lwm2m.Value, kind string) (string, error) {
	if want, is := widths[kind]; is {
		return formatWhole(v, want, kind)
	}
	switch kind {
	case "":
		switch v.Type() {
		case lwm2m.TypeOpaque:
			kind = "-x"
		case lwm2m.TypeBoolean:
			kind = "-b"
		default:
			kind = "-s"
		}
		return formatValue(v, kind)
	case "-s":
		switch v.Type() {
		case lwm2m.TypeFloat:
			return strconv.FormatFloat(v.Float(), 'f', -1, 64), nil
		case lwm2m.TypeOpaque:
			return printable(v.Text()), nil
		}
		return printable(v.String()), nil
	case "-b":
		if v.Type() == lwm2m.TypeBoolean || v.Type().IsNumeric() && (v.Float() == 0 || v.Float() == 1) {
			return formatWhole(v, widths["-u8"], kind)
		}
		return "", mismatch(v, kind)
	case "-f":
		if !v.Type().IsNumeric() {
			return "", mismatch(v, kind)
		}
		return strconv.FormatFloat(v.Float(), 'f', -1, 64), nil
	case "-x":
		raw, err := bytesOf(v, kind)
		return hex.EncodeToString(raw), err
	case "-crc32":
		raw, err := bytesOf(v, kind)
		return strconv.FormatUint(uint64(checksum(raw)), 10), err
	}
	return "", fmt.Errorf("%w: %.16q is no type; see help", EINVAL, kind)
}

// checksum is CRC-32 as in Ethernet. A line is short: package hash/crc32, with its tables and machine code, would be in every firmware that can
// have a console.
func checksum(raw []byte) uint32 {
	sum := ^uint32(0)
	for _, b := range raw {
		sum ^= uint32(b)
		for range 8 {
			sum = sum>>1 ^ 0xedb88320&-(sum&1)
		}
	}
	return ^sum
}

func mismatch(v lwm2m.Value, kind string) error {
	return fmt.Errorf("%w: a value of type %v cannot be shown as %s", EOPNOTSUPP, v.Type(), kind)
}

// bytesOf gives the bytes of a text or of an opaque value.
func bytesOf(v lwm2m.Value, kind string) ([]byte, error) {
	switch v.Type() {
	case lwm2m.TypeOpaque:
		return v.Bytes(), nil
	case lwm2m.TypeString, lwm2m.TypeCorelnk:
		return []byte(v.Text()), nil
	}
	return nil, mismatch(v, kind)
}

// formatWhole shows a whole number, if it fits.
func formatWhole(v lwm2m.Value, want width, kind string) (string, error) {
	var text string
	switch v.Type() {
	case lwm2m.TypeInteger, lwm2m.TypeTime:
		text = strconv.FormatInt(v.Int(), 10)
	case lwm2m.TypeUnsigned:
		text = strconv.FormatUint(v.Uint(), 10)
	case lwm2m.TypeFloat:
		text = strconv.FormatFloat(math.Trunc(v.Float()), 'f', 0, 64)
	case lwm2m.TypeBoolean:
		text = "0"
		if v.Bool() {
			text = "1"
		}
	default:
		return "", mismatch(v, kind)
	}
	if text == "-0" {
		text = "0"
	}
	_, _, err := parseWhole(text, want)
	return text, err
}

// parseWhole reads a whole number: the same number, as signed and as unsigned.
func parseWhole(text string, want width) (signed int64, unsigned uint64, err error) {
	if want.signed {
		signed, err = strconv.ParseInt(text, 10, want.bits)
		unsigned = uint64(signed)
	} else {
		unsigned, err = strconv.ParseUint(text, 10, want.bits)
		signed = int64(unsigned)
	}
	if err == nil {
		return signed, unsigned, nil
	}
	if digits := strings.TrimPrefix(text, "-"); digits != "" && strings.Trim(digits, "0123456789") == "" {
		return 0, 0, fmt.Errorf("%w: %.32s", ERANGE, text)
	}
	return 0, 0, fmt.Errorf("%w: %.32q is no whole number", EINVAL, text)
}

// write sets a value.
func (s session) write(path lwm2m.Path, kind, text string) error {
	resource, err := s.resource(path)
	if err != nil {
		return err
	}
	switch {
	case resource.Type == lwm2m.TypeNone:
		return fmt.Errorf("write %v (%s): %w: it has no value", path, resource.Name, EPERM)
	case resource.Multiple && path.Level() == lwm2m.LevelResource:
		return fmt.Errorf("write %v (%s): %w: it has instances, name one", path, resource.Name, EINVAL)
	case !resource.Multiple && path.Level() == lwm2m.LevelResourceInstance:
		return fmt.Errorf("write %v (%s): %w: it has no instances", path, resource.Name, ENOENT)
	}
	value, err := parseValue(resource.Type, kind, text)
	if err != nil {
		return fmt.Errorf("write %v (%s): %w", path, resource.Name, err)
	}
	return s.set(path, value)
}

// parseValue reads a value for a resource of a type, as a type of the command line has it; "" stands for the resource's own. An opaque value is
// then the bytes of the text, as with -s.
func parseValue(of lwm2m.Type, kind, text string) (lwm2m.Value, error) {
	other := func() (lwm2m.Value, error) {
		return lwm2m.Value{}, fmt.Errorf("%w: a %v cannot be given as %s", EOPNOTSUPP, of, kind)
	}
	if kind == "" {
		switch of {
		case lwm2m.TypeInteger, lwm2m.TypeTime:
			kind = "-s64"
		case lwm2m.TypeUnsigned:
			kind = "-u64"
		case lwm2m.TypeFloat:
			kind = "-f"
		case lwm2m.TypeBoolean:
			kind = "-b"
		default:
			kind = "-s"
		}
	}
	if want, is := widths[kind]; is {
		signed, unsigned, err := parseWhole(text, want)
		if err != nil {
			return lwm2m.Value{}, err
		}
		return wholeValue(of, want, signed, unsigned, other)
	}
	switch kind {
	case "-s":
		return textValue(of, text, other)
	case "-x":
		raw, err := hex.DecodeString(text)
		if err != nil {
			return lwm2m.Value{}, fmt.Errorf("%w: %.32q is not hexadecimal", EINVAL, text)
		}
		if of != lwm2m.TypeOpaque {
			return textValue(of, string(raw), other)
		}
		return lwm2m.Opaque(raw), nil
	case "-b":
		is, err := strconv.ParseBool(text)
		if err != nil {
			return lwm2m.Value{}, fmt.Errorf("%w: %.32q is no boolean: 0 and 1 are", EINVAL, text)
		}
		if of != lwm2m.TypeBoolean {
			return other()
		}
		return lwm2m.Boolean(is), nil
	case "-f":
		number, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(number) || math.IsInf(number, 0) {
			return lwm2m.Value{}, fmt.Errorf("%w: %.32q is no number", EINVAL, text)
		}
		if of != lwm2m.TypeFloat {
			return other()
		}
		return lwm2m.Float(number), nil
	}
	return lwm2m.Value{}, fmt.Errorf("%w: %.16q is no type that can be written; see help", EINVAL, kind)
}

// wholeValue makes a value of a whole number.
func wholeValue(of lwm2m.Type, want width, signed int64, unsigned uint64, other func() (lwm2m.Value, error)) (lwm2m.Value, error) {
	negative := want.signed && signed < 0
	huge := !want.signed && unsigned > math.MaxInt64
	switch {
	case of == lwm2m.TypeFloat && want.signed:
		return lwm2m.Float(float64(signed)), nil
	case of == lwm2m.TypeFloat:
		return lwm2m.Float(float64(unsigned)), nil
	case of == lwm2m.TypeUnsigned && !negative:
		return lwm2m.Unsigned(unsigned), nil
	case of == lwm2m.TypeInteger && !huge:
		return lwm2m.Integer(signed), nil
	case of == lwm2m.TypeTime && !huge:
		return lwm2m.Seconds(signed), nil
	case of == lwm2m.TypeBoolean && unsigned <= 1:
		return lwm2m.Boolean(unsigned == 1), nil
	case of.IsNumeric() || of == lwm2m.TypeBoolean:
		return lwm2m.Value{}, fmt.Errorf("%w: the number does not fit type %v", ERANGE, of)
	}
	return other()
}

// textValue makes a value of a text.
func textValue(of lwm2m.Type, text string, other func() (lwm2m.Value, error)) (lwm2m.Value, error) {
	switch of {
	case lwm2m.TypeString:
		return lwm2m.String(text), nil
	case lwm2m.TypeCorelnk:
		return lwm2m.Corelnk(text), nil
	case lwm2m.TypeOpaque:
		return lwm2m.Opaque([]byte(text)), nil
	case lwm2m.TypeObjlnk:
		first, second, found := strings.Cut(text, ":")
		object, err := strconv.ParseUint(first, 10, 16)
		if err == nil {
			var instance uint64
			if instance, err = strconv.ParseUint(second, 10, 16); err == nil && found {
				return lwm2m.Objlnk(uint16(object), uint16(instance)), nil
			}
		}
		return lwm2m.Value{}, fmt.Errorf("%w: %.32q is no link: 3:0 is", EINVAL, text)
	}
	return other()
}
