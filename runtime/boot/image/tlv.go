package image

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// Type says what a TLV holds.
type Type uint16

// The types of MCUboot that mean something here, and ours: MCUboot leaves xxA0 to xxFF to vendors, and 43 is a C.
const (
	TypeKeyHash         Type = 0x01 // SHA-256 of the public key that the next signature is made with
	TypePublicKey       Type = 0x02 // the key itself, in place of its hash
	TypeSHA256          Type = 0x10
	TypeSHA384          Type = 0x11
	TypeSHA512          Type = 0x12
	TypeRSA2048         Type = 0x20
	TypeECDSA           Type = 0x22 // ASN.1 DER
	TypeRSA3072         Type = 0x23
	TypeEd25519         Type = 0x24
	TypePure            Type = 0x25 // the signature is over the whole image, not over its digest
	TypeDependency      Type = 0x40
	TypeSecurityCounter Type = 0x50
	TypeBootRecord      Type = 0x60

	// TypeBoard is a board that the image is for: text of 1 to 64 bytes. It stands in the protected area, once for each board.
	TypeBoard Type = 0x43a0
	// TypePlatform is what the program was built for, as linux/arm64: text of 1 to 64 bytes, in the protected area, once.
	TypePlatform Type = 0x43a1
	// TypeFirmwareVersion is the whole version of the firmware, which the header's numbers may shorten: text of 1 to 64 bytes, in the
	// protected area, once.
	TypeFirmwareVersion Type = 0x43a2
)

// MaxText is the longest text of a TLV of ours, in bytes.
const MaxText = 64

const (
	tlvHeaderSize  = 4
	dependencySize = 12
	counterSize    = 4
)

// TLV is one entry of an image's TLV areas.
type TLV struct {
	Type  Type
	Value []byte
}

// Append appends the TLV with its 4 bytes in front. The value has at most 65535 bytes.
func (t TLV) Append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, uint16(t.Type))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(t.Value)))
	return append(dst, t.Value...)
}

// Dependency is an image that must be there for this one to run.
type Dependency struct {
	Image   uint8   // its number
	Version Version // the least that will do; the build number does not count
}

// tlv gives the dependency's entry.
func (d Dependency) tlv() TLV {
	return TLV{TypeDependency, d.Version.Append([]byte{d.Image, 0, 0, 0})}
}

// parseInfo reads the 4 bytes before the TLVs of an area: what magic it has, and how many bytes the area has with these.
func parseInfo(start []byte, wanted uint16, name string) (size int, err error) {
	if got := binary.LittleEndian.Uint16(start); got != wanted {
		return 0, refuse(Malformed, "where its ", name, " TLV area begins there is ", hex(uint64(got)), ", not ", hex(uint64(wanted)))
	}
	size = int(binary.LittleEndian.Uint16(start[2:]))
	if size < infoSize {
		return 0, refuse(Malformed, "its ", name, " TLV area cannot be ", number(uint64(size)), " bytes long")
	}
	return size, nil
}

// parseTLVs reads the TLVs of an area, without the 4 bytes before them. The values share the memory of body.
func parseTLVs(body []byte, name string) ([]TLV, error) {
	var all []TLV
	for len(body) > 0 {
		if len(body) < tlvHeaderSize {
			return nil, refuse(Malformed, "its ", name, " TLV area ends inside a TLV's header")
		}
		each := TLV{Type: Type(binary.LittleEndian.Uint16(body))}
		size := int(binary.LittleEndian.Uint16(body[2:]))
		body = body[tlvHeaderSize:]
		if size > len(body) {
			return nil, refuse(Malformed, "TLV ", hex(uint64(each.Type)), " is ", number(uint64(size)), " bytes long, and its ", name, " area ends after ", number(uint64(len(body))))
		}
		each.Value, body = body[:size:size], body[size:]
		all = append(all, each)
	}
	return all, nil
}

// Claims is what an image says of itself in its protected TLVs.
type Claims struct {
	SecurityCounter *uint32 // nil when it has none
	Dependencies    []Dependency
	Boards          []string // that it is for; none: nothing is said
	Platform        string   // OS/ARCH; "" when nothing is said
	FirmwareVersion string   // "" when nothing is said
}

// parseClaims reads what the protected area says.
func parseClaims(protected []TLV) (Claims, error) {
	var c Claims
	for _, each := range protected {
		switch each.Type {
		case TypeSecurityCounter:
			if len(each.Value) != counterSize || c.SecurityCounter != nil {
				return Claims{}, refuse(Malformed, "its security counter is not one of 4 bytes")
			}
			counter := binary.LittleEndian.Uint32(each.Value)
			c.SecurityCounter = &counter
		case TypeDependency:
			if len(each.Value) != dependencySize {
				return Claims{}, refuse(Malformed, "a dependency has ", number(uint64(len(each.Value))), " bytes, not 12")
			}
			c.Dependencies = append(c.Dependencies, Dependency{Image: each.Value[0], Version: parseVersion(each.Value[4:])})
		case TypeBoard:
			if !isText(each.Value) {
				return Claims{}, refuseText("board", each.Value)
			}
			c.Boards = append(c.Boards, string(each.Value))
		case TypePlatform:
			if !isText(each.Value) || c.Platform != "" {
				return Claims{}, refuseText("platform", each.Value)
			}
			c.Platform = string(each.Value)
		case TypeFirmwareVersion:
			if !isText(each.Value) || c.FirmwareVersion != "" {
				return Claims{}, refuseText("firmware version", each.Value)
			}
			c.FirmwareVersion = string(each.Value)
		case TypeKeyHash, TypePublicKey, TypeSHA256, TypeSHA384, TypeSHA512, TypeRSA2048, TypeECDSA, TypeRSA3072, TypeEd25519, TypePure:
			return Claims{}, refuse(Malformed, "TLV ", hex(uint64(each.Type)), " stands in the protected area, and no signature covers itself")
		case 0x70, 0x71, 0x72, 0x73:
			return Claims{}, refuse(Unsupported, "it is compressed; sign it without compression")
		}
	}
	return c, nil
}

func refuseText(name string, value []byte) *Refusal {
	return refuse(Malformed, "its ", name, " ", strconv.Quote(string(value[:min(len(value), MaxText)])), " is not one printable text of 1 to 64 bytes")
}

// isText tells whether a value is printable text of the right length.
func isText(value []byte) bool {
	if len(value) == 0 || len(value) > MaxText || !utf8.Valid(value) {
		return false
	}
	for _, r := range string(value) {
		if !strconv.IsPrint(r) {
			return false
		}
	}
	return true
}

// tlvs gives the protected TLVs that say this.
func (c Claims) tlvs() []TLV {
	var all []TLV
	if c.SecurityCounter != nil {
		all = append(all, TLV{TypeSecurityCounter, binary.LittleEndian.AppendUint32(nil, *c.SecurityCounter)})
	}
	for _, each := range c.Dependencies {
		all = append(all, each.tlv())
	}
	for _, each := range c.Boards {
		all = append(all, TLV{TypeBoard, []byte(each)})
	}
	if c.Platform != "" {
		all = append(all, TLV{TypePlatform, []byte(c.Platform)})
	}
	if c.FirmwareVersion != "" {
		all = append(all, TLV{TypeFirmwareVersion, []byte(c.FirmwareVersion)})
	}
	return all
}
