package slots

import (
	"crypto/sha256"
	"errors"
	"strconv"
	"strings"
)

// Slot is one of the two places that hold an image.
type Slot uint8

// The slots.
const (
	None Slot = iota
	A
	B
)

// String gives "a", "b", or "" for None. ParseSlot reads it.
func (s Slot) String() string {
	switch s {
	case A:
		return "a"
	case B:
		return "b"
	}
	return ""
}

// ParseSlot reads what String gives.
func ParseSlot(text string) (Slot, error) {
	for _, each := range []Slot{None, A, B} {
		if text == each.String() {
			return each, nil
		}
	}
	return None, errors.New("there is no slot " + strconv.Quote(text) + "; there are a and b")
}

// Other is the other slot; that of None is A.
func (s Slot) Other() Slot {
	if s == A {
		return B
	}
	return A
}

// Trial is how far an image has come that is not confirmed. It lies in the slot that is not the active one.
type Trial uint8

// The steps of a trial. MCUboot's names for what happens at the next boot are in brackets.
const (
	NoTrial Trial = iota // (none) the other slot is empty, or holds an image that has had its turn
	Staged               // (none) whole and verified, and not to be started yet
	Marked               // (test) to be started at the next boot
	Trying               // (revert) was started; unless it is confirmed, the next boot may go back
)

var trialNames = [...]string{NoTrial: "none", Staged: "staged", Marked: "marked", Trying: "trying"}

// String gives none, staged, marked or trying.
func (t Trial) String() string { return trialNames[t] }

// Outcome is how a trial has ended.
type Outcome uint8

// The outcomes.
const (
	NoOutcome Outcome = iota
	Confirmed
	Reverted // it ran, and was not confirmed
	Refused  // it never ran: it did not pass the verification at the boot
)

var outcomeNames = [...]string{NoOutcome: "none", Confirmed: "confirmed", Reverted: "reverted", Refused: "refused"}

// String gives none, confirmed, reverted or refused.
func (o Outcome) String() string { return outcomeNames[o] }

// Digest is the SHA-256 that tells one image from another (image.Info.Digest).
type Digest [sha256.Size]byte

// String gives the digest in hexadecimal.
func (d Digest) String() string { return hexadecimal(d[:]) }

const digits = "0123456789abcdef"

// hexadecimal is without package encoding/hex, which links fmt: a tenth of a bootloader.
func hexadecimal(bytes []byte) string {
	text := make([]byte, 0, 2*len(bytes))
	for _, each := range bytes {
		text = append(text, digits[each>>4], digits[each&15])
	}
	return string(text)
}

// Result is what became of the last image that was tried.
type Result struct {
	Outcome Outcome
	Digest  Digest
	Reason  string // why it was reverted or refused; one line
}

// State is what is kept over boots. Its methods are the whole life of an image: staged, marked, tried, confirmed or reverted. They give the
// state that comes next and change nothing themselves.
type State struct {
	Active Slot   // holds the image that was confirmed last; None on a device that has none yet
	Trial  Trial  // of the image in the other slot
	Digest Digest // of the image on trial
	Starts uint32 // how often it was started
	Source Digest // SHA-256 of the id that it was staged with; zeros for ""
	Last   Result
}

// stage is the state when a new image lies in the other slot. It must not be called while the image on trial is the one that runs.
func (s State) stage(digest Digest, id string) State {
	s.Trial, s.Digest, s.Starts, s.Source = Staged, digest, 0, sourceOf(id)
	return s
}

func sourceOf(id string) Digest {
	if id == "" {
		return Digest{}
	}
	return sha256.Sum256([]byte(id))
}

// drop is the state when there is no image on trial any more, whatever lies in the slot.
func (s State) drop() State {
	s.Trial, s.Digest, s.Starts, s.Source = NoTrial, Digest{}, 0, Digest{}
	return s
}

func (s State) mark() State {
	s.Trial = Marked
	return s
}

// try is the state while the image on trial runs once more.
func (s State) try() State {
	s.Trial = Trying
	s.Starts++
	return s
}

// end is the state after the image on trial has lost: the active one runs again.
func (s State) end(outcome Outcome, reason string) State {
	s.Last = Result{Outcome: outcome, Digest: s.Digest, Reason: oneLine(reason)}
	return s.drop()
}

// confirm is the state when the image on trial has become the active one.
func (s State) confirm() State {
	s.Last = Result{Outcome: Confirmed, Digest: s.Digest}
	s.Active = s.Active.Other()
	return s.drop()
}

// maxReason is how much of a reason is kept, in bytes.
const maxReason = 400

func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "")
	}
	return text
}

// The state as a file. It is text, so that it can be read on a device, with a check in its last line that is for a medium that rots: cuts are
// dealt with by package durable.
const (
	firstLine   = "cloudgen boot state 1"
	checkDigits = 16
)

func (s State) encode() []byte {
	text := firstLine + "\n" +
		"active " + s.Active.String() + "\n" +
		"trial " + s.Trial.String() + " " + s.Digest.String() + " " + strconv.FormatUint(uint64(s.Starts), 10) + " " + s.Source.String() + "\n" +
		"last " + s.Last.Outcome.String() + " " + s.Last.Digest.String() + " " + s.Last.Reason + "\n"
	return []byte(text + "check " + checkOf(text) + "\n")
}

func checkOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hexadecimal(sum[:])[:checkDigits]
}

var errState = errors.New("it is not a state of the boot slots, or damaged")

// decodeState reads what encode gives, and nothing else.
func decodeState(content []byte) (s State, err error) {
	lines := strings.Split(string(content), "\n")
	if len(lines) != 6 || lines[0] != firstLine {
		return State{}, errState
	}
	active, found1 := strings.CutPrefix(lines[1], "active ")
	trial, found2 := strings.CutPrefix(lines[2], "trial ")
	last, found3 := strings.CutPrefix(lines[3], "last ")
	trialFields, lastFields := strings.Split(trial, " "), strings.SplitN(last, " ", 3)
	if !found1 || !found2 || !found3 || len(trialFields) != 4 || len(lastFields) != 3 {
		return State{}, errState
	}
	slot, err1 := ParseSlot(active)
	step, found4 := indexOf(trialNames[:], trialFields[0])
	outcome, found5 := indexOf(outcomeNames[:], lastFields[0])
	starts, err2 := strconv.ParseUint(trialFields[2], 10, 32)
	digests := together(s.Digest.parse(trialFields[1]), s.Source.parse(trialFields[3]), s.Last.Digest.parse(lastFields[1]))
	if !found4 || !found5 || err1 != nil || err2 != nil || digests != nil {
		return State{}, errState
	}
	s.Active, s.Trial, s.Starts, s.Last.Outcome, s.Last.Reason = slot, Trial(step), uint32(starts), Outcome(outcome), lastFields[2]
	if string(s.encode()) != string(content) {
		return State{}, errState
	}
	return s, nil
}

func (d *Digest) parse(text string) error {
	if len(text) != 2*len(d) {
		return errState
	}
	for i := range d {
		high, low := strings.IndexByte(digits, text[2*i]), strings.IndexByte(digits, text[2*i+1])
		if high < 0 || low < 0 {
			return errState
		}
		d[i] = byte(high<<4 | low)
	}
	return nil
}

func indexOf(names []string, name string) (uint8, bool) {
	for i, each := range names {
		if each == name {
			return uint8(i), true
		}
	}
	return 0, false
}
