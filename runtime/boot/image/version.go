package image

import (
	"cmp"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
)

// Version is the version of an image as its header holds it.
type Version struct {
	Major, Minor uint8
	Revision     uint16
	Build        uint32 // no part of comparisons, unless asked for
}

// Append appends the 8 bytes of the version.
func (v Version) Append(dst []byte) []byte {
	dst = append(dst, v.Major, v.Minor)
	dst = binary.LittleEndian.AppendUint16(dst, v.Revision)
	return binary.LittleEndian.AppendUint32(dst, v.Build)
}

func parseVersion(text []byte) Version {
	return Version{Major: text[0], Minor: text[1], Revision: binary.LittleEndian.Uint16(text[2:]), Build: binary.LittleEndian.Uint32(text[4:])}
}

// Compare orders versions by major, minor and revision: negative when v is the older one, 0 when they are equal. As in MCUboot, the build
// number says nothing about which is newer.
func (v Version) Compare(other Version) int {
	return cmp.Or(cmp.Compare(v.Major, other.Major), cmp.Compare(v.Minor, other.Minor), cmp.Compare(v.Revision, other.Revision))
}

// CompareBuild is Compare that goes on to the build number where the rest is equal.
func (v Version) CompareBuild(other Version) int {
	return cmp.Or(v.Compare(other), cmp.Compare(v.Build, other.Build))
}

// String gives MAJOR.MINOR.REVISION, and +BUILD where it is not 0.
func (v Version) String() string {
	text := number(uint64(v.Major)) + "." + number(uint64(v.Minor)) + "." + number(uint64(v.Revision))
	if v.Build != 0 {
		text += "+" + number(uint64(v.Build))
	}
	return text
}

// ParseVersion reads MAJOR[.MINOR[.REVISION[+BUILD]]], decimal and without leading zeros, as imgtool does. Major and minor go to 255, the
// revision to 65535, the build number to 4294967295.
func ParseVersion(text string) (Version, error) {
	v, rest, err := parseNumbers(text)
	if err != nil {
		return Version{}, err
	}
	if rest == "" {
		return v, nil
	}
	build, found := strings.CutPrefix(rest, "+")
	if !found || strings.Count(text[:len(text)-len(rest)], ".") != 2 {
		return Version{}, errors.New("the version " + strconv.Quote(text) + " is not MAJOR.MINOR.REVISION+BUILD, as 1.4.0 or 1.4.0+7")
	}
	if v.Build, err = parseBuild(text, build); err != nil {
		return Version{}, err
	}
	return v, nil
}

// FirmwareVersion gives the version of the image of a firmware whose own version is a text of semver.org: its numbers, and the build number
// when the build metadata begins with one. An image cannot hold the rest: 1.4.0-rc.2+lab becomes 1.4.0, which is no older than 1.4.0 itself.
// The full text goes into Description.FirmwareVersion.
func FirmwareVersion(text string) (Version, error) {
	v, rest, err := parseNumbers(strings.TrimPrefix(text, "v"))
	if err != nil {
		return Version{}, err
	}
	if rest != "" && rest[0] != '-' && rest[0] != '+' {
		return Version{}, errors.New("the version " + strconv.Quote(text) + " does not begin with MAJOR.MINOR.REVISION, as 1.4.0")
	}
	_, metadata, _ := strings.Cut(rest, "+")
	first, _, _ := strings.Cut(metadata, ".")
	if first == "" || strings.Trim(first, "0123456789") != "" {
		return v, nil
	}
	if v.Build, err = parseBuild(text, first); err != nil {
		return Version{}, err
	}
	return v, nil
}

// parseNumbers reads one to three numbers with dots between them and gives what comes after them.
func parseNumbers(text string) (v Version, rest string, err error) {
	var numbers [3]uint64
	rest = text
	for i, most := range []uint64{1<<8 - 1, 1<<8 - 1, 1<<16 - 1} {
		digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
		if digits == "" || len(digits) > 1 && digits[0] == '0' {
			return Version{}, "", errors.New("the version " + strconv.Quote(text) + " is not MAJOR.MINOR.REVISION in decimal numbers, as 1.4.0")
		}
		if numbers[i], err = strconv.ParseUint(digits, 10, 32); err != nil || numbers[i] > most {
			return Version{}, "", errors.New("the version " + strconv.Quote(text) + " has the number " + digits + "; there an image holds at most " + number(most))
		}
		rest = rest[len(digits):]
		if i == 2 || !strings.HasPrefix(rest, ".") {
			break
		}
		rest = rest[1:]
	}
	return Version{Major: uint8(numbers[0]), Minor: uint8(numbers[1]), Revision: uint16(numbers[2])}, rest, nil
}

func parseBuild(text, digits string) (uint32, error) {
	build, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || len(digits) > 1 && digits[0] == '0' {
		return 0, errors.New("the version " + strconv.Quote(text) + " has the build number " + strconv.Quote(digits) + "; it is a decimal number of at most 4294967295")
	}
	return uint32(build), nil
}
