package slots

import (
	"errors"
	"io"
	"io/fs"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
)

// Boot is what is to be started.
type Boot struct {
	Slot  Slot
	Path  string // of the program
	Info  *image.Info
	Trial bool   // it has to be confirmed
	Start uint32 // of a trial, which one this is; the first is 1
	Notes []Note // what was decided on the way to it
}

// Note is a decision that is worth a line in the log.
type Note struct {
	Text  string
	Slot  Slot
	Cause error // nil: an ordinary one
}

func (b *Boot) note(slot Slot, text string, cause error) {
	b.Notes = append(b.Notes, Note{Text: text, Slot: slot, Cause: cause})
}

// Boot decides what is to be started, verifies it, and keeps the decision. It is for the bootloader, while no firmware runs. An image on trial
// gets so many starts, at least one; then the active one runs again. Where neither slot holds an image that may run the error is ErrNoImage,
// and the Boot holds what led to it.
//
// A state that cannot be kept is no reason not to start: the image on trial is left out then, for its starts could not be counted.
func (s *Slots) Boot(starts uint32) (Boot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b Boot
	if s.broken != nil {
		s.mend(&b)
	}
	trial := s.state.Active.Other()
	if s.state.Trial == Trying && s.state.Starts >= max(1, starts) {
		s.revert(&b, Reverted, "it was not confirmed after "+number(int64(s.state.Starts))+" starts")
	}
	if s.state.Trial == Marked || s.state.Trial == Trying {
		info, err := s.verifyTrial(s.config.Policy)
		if err != nil {
			s.revert(&b, Refused, err.Error())
		} else if err := s.save(s.state.try()); err != nil {
			b.note(trial, "the image on trial is not started, for its starts cannot be counted", err)
		} else {
			return s.start(b, trial, info), nil
		}
	}
	if s.state.Active != None {
		info, err := s.verify(s.state.Active, s.config.Policy)
		if err == nil {
			return s.start(b, s.state.Active, info), nil
		}
		b.note(s.state.Active, "the active image cannot run", err)
	}
	info, err := s.verify(trial, s.config.Policy)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			b.note(trial, "the slot is empty", nil)
		} else {
			b.note(trial, "the other image cannot run", err)
		}
		return b, ErrNoImage
	}
	b.note(trial, "the other image runs in its place, and becomes the active one when it confirms itself", nil)
	b.Slot, b.Path, b.Info = trial, s.Path(trial), info
	return b, nil
}

func (s *Slots) start(b Boot, slot Slot, info *image.Info) Boot {
	b.Slot, b.Path, b.Info = slot, s.Path(slot), info
	if s.state.Trial == Trying && slot != s.state.Active {
		b.Trial, b.Start = true, s.state.Starts
	}
	return b
}

// revert ends the trial. Where that cannot be kept it counts for this boot alone, and the next one comes to the same end.
func (s *Slots) revert(b *Boot, outcome Outcome, reason string) {
	trial, next := s.state.Active.Other(), s.state.end(outcome, reason)
	b.note(trial, "the new image is given up: "+next.Last.Reason, nil)
	if err := s.save(next); err != nil {
		b.note(trial, "that cannot be kept", err)
		s.state = next
	}
}

// Fail gives up the image on trial, for the bootloader that has seen it fail. It does nothing where none is tried: it may have been confirmed.
func (s *Slots) Fail(reason string) (Boot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b Boot
	if s.broken != nil {
		return b, joined("whether the image was on trial is not known", s.broken)
	}
	if s.state.Trial != Trying {
		return b, nil
	}
	next := s.state.end(Reverted, reason)
	b.note(s.state.Active.Other(), "the new image is given up: "+next.Last.Reason, nil)
	return b, s.save(next)
}

// mend makes a state of what lies in the slots, where there is none or a damaged one. Of two good images the newer one may not have been
// confirmed: it is tried, and the older one is what it falls back to.
func (s *Slots) mend(b *Boot) {
	infoA, errA := s.verify(A, s.config.Policy)
	infoB, errB := s.verify(B, s.config.Policy)
	s.state = State{}
	switch {
	case errA != nil && errB != nil:
		s.broken = nil
		return
	case errB != nil:
		s.state.Active = A
	case errA != nil:
		s.state.Active = B
	default:
		newer, digest := B, Digest(infoB.Digest)
		if infoA.Header.Version.CompareBuild(infoB.Header.Version) > 0 {
			newer, digest = A, Digest(infoA.Digest)
		}
		s.state.Active = newer.Other()
		s.state = s.state.stage(digest, "").mark()
	}
	b.note(s.state.Active, "the state of the slots was made anew, of what lies in them", s.broken)
	s.broken = nil
	if err := s.save(s.state); err != nil {
		b.note(s.state.Active, "that cannot be kept", err)
	}
}

// Install puts an image into a slot and makes it the active one at once, without a trial. It is for a device that has no image that may run.
func (s *Slots) Install(from io.Reader, size int64) error {
	s.mu.Lock()
	s.state, s.broken = State{Last: s.state.Last}, nil
	staging, err := s.stage("", size)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if _, err := io.CopyBuffer(writerOnly{staging}, from, make([]byte, 64<<10)); err != nil {
		return together(err, staging.Abort())
	}
	info, err := staging.verified()
	if err != nil {
		return together(err, staging.Abort())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := staging.seal(info); err != nil {
		return err
	}
	if err := s.folder.Rename(incomingFile, A.String()); err != nil {
		return err
	}
	next := State{Active: A, Last: s.state.Last}
	return s.save(next)
}

// writerOnly hides everything but Write.
type writerOnly struct{ io.Writer }
