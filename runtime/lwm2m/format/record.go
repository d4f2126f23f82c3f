package format

import (
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// record is one SenML record (RFC 8428), or one element of the JSON of version 1.0, with its base applied.
type record struct {
	path       lwm2m.Path
	at         time.Time
	value      raw
	isBaseOnly bool // neither name nor time nor value of its own
}

// recordReader puts records together from their labels. The formats differ in how the labels are written.
type recordReader struct {
	format  Format
	limit   int
	base    string // base name, in force until another one comes
	baseAt  int64  // base time, in milliseconds
	records []record

	name    string // of the record that is being read
	at      int64
	value   raw
	has     label
	unknown []string // labels that mean nothing here
}

// label is a set of labels that have been seen.
type label uint16

const (
	labelBaseName label = 1 << iota
	labelBaseTime
	labelName
	labelTime
	labelNumber
	labelText
	labelBoolean
	labelData
	labelLink

	labelBases  = labelBaseName | labelBaseTime
	labelValues = labelNumber | labelText | labelBoolean | labelData | labelLink
)

// The labels' names, in the order of the constants.
var (
	senMLLabels = [...]string{"bn", "bt", "n", "t", "v", "vs", "vb", "vd", "vlo"}
	jsonLabels  = [...]string{2: "n", "t", "v", "sv", "bv", 8: "ov"}
)

// Limits of what one record may hold. Names are at most /65534/65534/65534/65534.
const (
	maxName          = 64
	maxUnknownLabels = 16
)

func (r *recordReader) begin() {
	r.name, r.at, r.value, r.has, r.unknown = "", 0, raw{}, 0, r.unknown[:0]
}

// set takes one label of the record. Other labels than those of LwM2M are ignored, unless they say by a trailing _ that they must be understood
// (RFC 8428, 4.4).
func (r *recordReader) set(name string, value raw) error {
	labels := &senMLLabels
	if r.format == JSON {
		labels = &jsonLabels
	}
	i := slices.Index(labels[:], name)
	if i < 0 || name == "" {
		return r.ignore(name)
	}
	l := label(1) << i
	if r.has&l != 0 {
		return r.fault("the label %s stands twice", name)
	}
	r.has |= l
	want := rawText
	switch l {
	case labelBaseTime, labelTime, labelNumber:
		want = rawNumber
	case labelBoolean:
		want = rawBoolean
	case labelData:
		if r.format == SenMLCBOR {
			want = rawData
		}
	}
	if value.kind != want {
		return r.fault("the label %s has %v for its value: %v was expected", name, value.kind, want)
	}
	switch l {
	case labelBaseName, labelName:
		if len(value.text) > maxName {
			return r.fault("a name of %d bytes is no path", len(value.text))
		}
		if l == labelName {
			r.name = value.text
		} else {
			r.base = value.text
		}
		return nil
	case labelBaseTime, labelTime:
		at, ok := value.number.milliseconds()
		if !ok {
			return r.fault("the label %s is no time", name)
		}
		if l == labelTime {
			r.at = at
		} else {
			r.baseAt = at
		}
		return nil
	case labelLink:
		value.kind = rawLink
	case labelData:
		if value.kind == rawText {
			data, ok := decodeBase64(strings.TrimRight(value.text, "="), base64.RawURLEncoding)
			if !ok {
				return r.fault("the label %s is not base64url", name)
			}
			value = raw{kind: rawData, data: data}
		}
	}
	if r.value.kind != rawNone {
		return r.fault("there is more than one value")
	}
	r.value = value
	return nil
}

func (r *recordReader) ignore(name string) error {
	if strings.HasSuffix(name, "_") {
		return r.fault("the label %q must be understood, and is not", name)
	}
	if slices.Contains(r.unknown, name) {
		return r.fault("the label %q stands twice", name)
	}
	if len(r.unknown) == maxUnknownLabels {
		return r.fault("there are more than %d labels that mean nothing here", maxUnknownLabels)
	}
	r.unknown = append(r.unknown, name)
	return nil
}

// end closes the record.
func (r *recordReader) end() error {
	path, err := r.path(r.base + r.name)
	if err != nil {
		return err
	}
	at, err := r.time()
	if err != nil {
		return err
	}
	r.records = append(r.records, record{
		path: path, at: at, value: r.value,
		isBaseOnly: r.has&labelBases != 0 && r.has&(labelName|labelTime|labelValues) == 0,
	})
	return nil
}

// room tells whether another record is possible.
func (r *recordReader) room() error {
	if len(r.records) >= r.limit {
		return badRequest("%v: more than %d records", r.format, r.limit)
	}
	return nil
}

func (r *recordReader) path(name string) (lwm2m.Path, error) {
	if !strings.HasPrefix(name, "/") || strings.Contains(name, "//") {
		return lwm2m.Path{}, r.fault("the name %q is no path: as /3/0/7 it should be", name)
	}
	path, err := lwm2m.ParsePath(name)
	if err != nil {
		return lwm2m.Path{}, r.fault("%v", err)
	}
	return path, nil
}

// Times up to 2^28 seconds are relative to now (RFC 8428, 4.5.3). The last second is that of the year 9999.
const (
	firstAbsolute = 1 << 28
	lastSecond    = 253402300799
)

// time gives the record's time; the zero time for now.
func (r *recordReader) time() (time.Time, error) {
	switch at := r.baseAt + r.at; {
	case at == 0:
		return time.Time{}, nil
	case at < firstAbsolute*1000:
		return time.Time{}, r.fault("the time is relative to now: an absolute one is needed")
	case at > lastSecond*1000+999:
		return time.Time{}, r.fault("the time is after the year 9999")
	default:
		return time.UnixMilli(at), nil
	}
}

// milliseconds gives a number of seconds; ok is false for what is far from any time.
func (n number) milliseconds() (ms int64, ok bool) {
	if n.isFloat || n.inexact {
		ms := math.Floor(n.float*1000 + 0.0005) // what was 0.001 in decimal lies a little beside it in binary
		return int64(ms), math.Abs(ms) <= lastSecond*1000+999
	}
	n.exponent += 3
	for n.exponent < 0 && n.digits != 0 {
		n.digits /= 10
		n.exponent++
	}
	ms, ok = n.int64()
	return ms, ok && ms <= lastSecond*1000+999 && ms >= -lastSecond*1000-999
}

func (r *recordReader) fault(format string, arguments ...any) error {
	return badRequest("%v: record %d: %s", r.format, len(r.records)+1, fmt.Sprintf(format, arguments...))
}

// fromBase64 gives the bytes that the JSON of version 1.0 writes as a text.
func (r raw) fromBase64(path lwm2m.Path) (raw, error) {
	if r.kind != rawText {
		return r, nil
	}
	data, ok := decodeBase64(r.text, base64.StdEncoding)
	if !ok {
		return raw{}, badRequest("%s: the text is not base64", path)
	}
	return raw{kind: rawData, data: data}, nil
}
