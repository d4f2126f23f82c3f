package kconfig

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Severity orders diagnostics by weight.
type Severity int

// Error means that nothing may be generated; Warning and Note only inform.
const (
	Error Severity = iota
	Warning
	Note
)

func (s Severity) String() string {
	switch s {
	case Warning:
		return "warning"
	case Note:
		return "note"
	}
	return "error"
}

// MarshalText gives the lower-case name, for JSON.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Related is another place that has to do with a diagnostic.
type Related struct {
	Message string
	Range   hcl.Range
}

// Diagnostic is one finding: what is wrong, where, why, and what to do.
type Diagnostic struct {
	Code     Code
	Severity Severity
	Summary  string     // one line
	Detail   string     // the reason; may have several lines; may be empty
	Subject  *hcl.Range // the place; nil where there is none, as with a missing value
	Related  []Related
	Fix      string // the smallest edit that mends it; may be empty
}

// Diagnostics is a list of findings. Its order is stable: Sort gives the one
// that is shown.
type Diagnostics []Diagnostic

// HasErrors says whether any finding is an Error.
func (d Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(d, func(one Diagnostic) bool { return one.Severity == Error })
}

// Sort orders by severity, then by file, line and column, then by code and text. Findings
// without a place come after those with one.
func (d Diagnostics) Sort() {
	slices.SortStableFunc(d, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.Severity, b.Severity),
			compareRanges(a.Subject, b.Subject),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Summary, b.Summary),
		)
	})
}

func compareRanges(a, b *hcl.Range) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return cmp.Or(
		cmp.Compare(a.Filename, b.Filename),
		cmp.Compare(a.Start.Byte, b.Start.Byte),
		cmp.Compare(a.End.Byte, b.End.Byte),
	)
}

// Err gives the first error as a Go error that counts the others, or nil.
func (d Diagnostics) Err() error {
	var first *Diagnostic
	count := 0
	for i := range d {
		if d[i].Severity != Error {
			continue
		}
		if first == nil {
			first = &d[i]
		}
		count++
	}
	switch {
	case first == nil:
		return nil
	case count == 1:
		return fmt.Errorf("%s", first)
	}
	return fmt.Errorf("%s, and %d more", first, count-1)
}

// String gives place, code and summary in one line.
func (d Diagnostic) String() string {
	var b strings.Builder
	if d.Subject != nil {
		b.WriteString(place(*d.Subject))
		b.WriteString(": ")
	}
	fmt.Fprintf(&b, "%s[%s]: %s", d.Severity, d.Code, d.Summary)
	return b.String()
}

func place(r hcl.Range) string {
	if r.Start.Line == 0 {
		return r.Filename
	}
	return fmt.Sprintf("%s:%d:%d", r.Filename, r.Start.Line, r.Start.Column)
}

// position and its like are the JSON form of a diagnostic.
type jsonPosition struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

type jsonRange struct {
	File  string       `json:"file"`
	Start jsonPosition `json:"start"`
	End   jsonPosition `json:"end"`
}

type jsonRelated struct {
	Message string    `json:"message"`
	Range   jsonRange `json:"range"`
}

type jsonDiagnostic struct {
	Code     Code          `json:"code"`
	Severity Severity      `json:"severity"`
	Summary  string        `json:"summary"`
	Detail   string        `json:"detail,omitempty"`
	Range    *jsonRange    `json:"range,omitempty"`
	Related  []jsonRelated `json:"related,omitempty"`
	Fix      string        `json:"fix,omitempty"`
}

func toJSONRange(r hcl.Range) jsonRange {
	return jsonRange{
		File:  r.Filename,
		Start: jsonPosition{r.Start.Line, r.Start.Column, r.Start.Byte},
		End:   jsonPosition{r.End.Line, r.End.Column, r.End.Byte},
	}
}

// MarshalJSON gives the form that `cloudgen -json` prints.
func (d Diagnostic) MarshalJSON() ([]byte, error) {
	out := jsonDiagnostic{Code: d.Code, Severity: d.Severity, Summary: d.Summary, Detail: d.Detail, Fix: d.Fix}
	if d.Subject != nil {
		r := toJSONRange(*d.Subject)
		out.Range = &r
	}
	for _, related := range d.Related {
		out.Related = append(out.Related, jsonRelated{related.Message, toJSONRange(related.Range)})
	}
	return json.Marshal(out)
}

// add appends a finding and returns it for further details.
func (d *Diagnostics) add(code Code, subject *hcl.Range, format string, arguments ...any) *Diagnostic {
	if subject != nil {
		fixed := forward(*subject)
		subject = &fixed
	}
	*d = append(*d, Diagnostic{
		Code:     code,
		Severity: code.Severity(),
		Summary:  fmt.Sprintf(format, arguments...),
		Subject:  subject,
	})
	return &(*d)[len(*d)-1]
}

// forward mends a range that hcl left without an end, as it may in a file with syntax errors.
func forward(r hcl.Range) hcl.Range {
	if r.End.Byte < r.Start.Byte {
		r.End = r.Start
	}
	return r
}

func (d *Diagnostic) relate(r hcl.Range, format string, arguments ...any) *Diagnostic {
	d.Related = append(d.Related, Related{Message: fmt.Sprintf(format, arguments...), Range: forward(r)})
	return d
}
