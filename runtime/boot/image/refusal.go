package image

import "strconv"

// Reason is why an image is refused. It is an error, so that errors.Is(err, image.Unsigned) tells.
type Reason uint8

// The reasons.
const (
	NotAnImage      Reason = iota + 1 // no image of MCUboot at all
	Truncated                         // ends too early
	TooLarge                          // does not fit the slot
	Malformed                         // sizes or TLVs contradict each other or the format
	Unsupported                       // an image of MCUboot, of a kind that cannot run here: encrypted, compressed, another digest
	Damaged                           // the digest is not that of the content
	Unsigned                          // no signature
	UnknownKey                        // signed, but with none of our keys
	WronglySigned                     // our key is named, and the signature is not one of it
	Downgraded                        // older than what is installed, by version or by security counter
	WrongBoard                        // made for other boards or another platform
	Unmet                             // needs another image that is not there or too old
	TrailingGarbage                   // more bytes than the image has
)

var reasons = [...]string{
	NotAnImage:      "not an image",
	Truncated:       "truncated",
	TooLarge:        "too large",
	Malformed:       "malformed",
	Unsupported:     "unsupported",
	Damaged:         "damaged",
	Unsigned:        "unsigned",
	UnknownKey:      "unknown key",
	WronglySigned:   "wrongly signed",
	Downgraded:      "downgraded",
	WrongBoard:      "wrong board",
	Unmet:           "unmet dependency",
	TrailingGarbage: "trailing garbage",
}

// Error gives the reason in a word or two.
func (r Reason) Error() string {
	if int(r) < len(reasons) && r > 0 {
		return reasons[r]
	}
	return "reason " + strconv.Itoa(int(r))
}

// Refusal is the error for an image that must not run. Unwrap gives its Reason.
type Refusal struct {
	Reason Reason
	Text   string // what is wrong with it, and what to do about it
}

// Error gives reason and text.
func (r *Refusal) Error() string { return "image refused: " + r.Reason.Error() + ": " + r.Text }

// Unwrap gives the reason.
func (r *Refusal) Unwrap() error { return r.Reason }

// refuse makes a Refusal. Package fmt would make a bootloader a tenth larger. Inlined at each of its many callers it would add 6 KB.
//
//go:noinline
func refuse(reason Reason, text ...string) *Refusal {
	whole := ""
	for _, each := range text {
		whole += each
	}
	return &Refusal{Reason: reason, Text: whole}
}

//go:noinline
func number(n uint64) string { return strconv.FormatUint(n, 10) }

//go:noinline
func hex(n uint64) string { return "0x" + strconv.FormatUint(n, 16) }
