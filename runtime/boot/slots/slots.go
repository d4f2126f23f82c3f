// Package slots keeps two firmware images in a folder, and which of them runs: test, confirmed and revert as MCUboot means them.
//
// One slot is active: its image was confirmed. A new image goes into the other one. Its life is staged (whole and verified), marked (to be
// tried at the next boot), trying (started, not confirmed), and then confirmed, which makes its slot the active one, or reverted. The
// image that runs is never written over, and nothing is staged while the one that runs is not confirmed: so one slot is always good.
//
// The state belongs to whoever runs. The bootloader changes it while no firmware runs; the firmware while it runs. Power may be cut at any
// write: what a method has done when it returned nil is what the next boot finds, and before that it is done whole or not at all.
package slots

import (
	"errors"
	"io/fs"
	"strconv"
	"sync"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/durable"
)

// FolderName is the folder of the slots in the data folder.
const FolderName = "boot"

// Variable is the environment variable in which the bootloader tells the firmware the slot that it runs from: a or b.
const Variable = "CLOUDGEN_BOOT_SLOT"

// The files.
const (
	stateFile    = "state"
	incomingFile = "incoming"          // an image on its way
	progressFile = "incoming.progress" // how much of it counts
)

// Config says which images are taken.
type Config struct {
	Policy image.Policy // Installed is set by this package
	// NoDowngrade refuses to stage an image that is older than the one that runs.
	NoDowngrade bool
	// Checkpoint is after how many bytes a Staging makes sure that it can go on there after a restart; 0: 1 MiB.
	Checkpoint int64
}

// What this package refuses.
var (
	// ErrNoBootloader: nobody would start a new image.
	ErrNoBootloader = errors.New("the firmware was not started by the bootloader: start it by that to be able to update it")
	// ErrUnconfirmed: a new image would take the place of the only one that is known to be good.
	ErrUnconfirmed = errors.New("the image that runs is not confirmed: confirm it first, or start again to go back to the old one")
	// ErrNotStaged: there is no whole image to mark.
	ErrNotStaged = errors.New("there is no new image: stage one first")
	// ErrStaged: the image need not be fetched once more.
	ErrStaged = errors.New("this very image is staged already")
	// ErrNotOnTrial: what runs is confirmed.
	ErrNotOnTrial = errors.New("the image that runs is confirmed: there is nothing to go back from")
	// ErrNoImage: no slot holds an image that may run.
	ErrNoImage = errors.New("no slot holds an image that may run: install one")
	// ErrNoSpace: an image does not fit.
	ErrNoSpace = errors.New("not enough free space for the image")
)

// Slots is the two slots. It may be used from several goroutines.
type Slots struct {
	folder  *durable.Folder
	config  Config
	running Slot

	mu      sync.Mutex
	state   State
	broken  error    // why the state could not be read
	staging *Staging // the one that writes; an older one is dead
}

// Open reads the state of the slots in a folder. running is the slot that the program runs from, as Variable says; None for the bootloader, and
// for a program that was not started by it. A state that cannot be read is no error for the bootloader, which mends it; Broken tells.
func Open(folder *durable.Folder, config Config, running Slot) (*Slots, error) {
	s := &Slots{folder: folder, config: config, running: running}
	content, err := folder.Read(stateFile)
	if err == nil {
		s.state, err = decodeState(content)
	}
	if err != nil {
		if running != None {
			return nil, joined("the state of the boot slots cannot be read; the bootloader mends it at the next start", err)
		}
		s.broken = err
		return s, nil
	}
	return s, s.finish()
}

// Peek reads the state of the slots in a folder and leaves all as it is, for who must not touch it now.
func Peek(folder *durable.Folder) (State, error) {
	content, err := folder.Read(stateFile)
	if err != nil {
		return State{}, err
	}
	return decodeState(content)
}

// finish does what a cut has kept Commit from doing: where an image is on trial, and there is one that was on its way, it is that one.
func (s *Slots) finish() error {
	if s.state.Trial == NoTrial {
		return nil
	}
	err := s.folder.Rename(incomingFile, s.state.Active.Other().String())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// joined puts what it means before an error.
func joined(meaning string, err error) error { return &wrapped{meaning, err} }

type wrapped struct {
	meaning string
	err     error
}

func (w *wrapped) Error() string { return w.meaning + ": " + w.err.Error() }
func (w *wrapped) Unwrap() error { return w.err }

// Broken is why the state could not be read, nil when it could. Boot mends it.
func (s *Slots) Broken() error { return s.broken }

// State gives what is kept now.
func (s *Slots) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Running is the slot that the program runs from.
func (s *Slots) Running() Slot { return s.running }

// OnTrial tells whether the image that runs still has to be confirmed.
func (s *Slots) OnTrial() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running != None && s.running != s.state.Active
}

// save makes a state the one that is kept. After an error the old one goes on, though the next boot may find the new one.
func (s *Slots) save(next State) error {
	if err := s.folder.Write(stateFile, next.encode()); err != nil {
		return joined("the state of the boot slots cannot be kept", err)
	}
	s.state = next
	return nil
}

// Confirm makes the image that runs the active one. It does nothing where it is already, and where there is no bootloader.
func (s *Slots) Confirm() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.running == None || s.running == s.state.Active:
		return nil
	case s.state.Trial == Trying:
		return s.save(s.state.confirm())
	}
	next := s.state.drop() // the bootloader has gone to the other slot because the active one is damaged
	next.Active = s.running
	return s.save(next)
}

// Revert gives up the image that runs and is not confirmed: the next start is that of the active one. The caller ends with status 75 then.
func (s *Slots) Revert(reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == None || s.running == s.state.Active || s.state.Trial != Trying {
		return ErrNotOnTrial
	}
	return s.save(s.state.end(Reverted, reason))
}

// Installed tells, after a restart, whether the image that was marked is the one that runs: on trial, or confirmed already. The error says what has
// become of it.
func (s *Slots) Installed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch last := s.state.Last; {
	case s.running != None && s.running != s.state.Active:
		return nil
	case s.state.Trial == Marked || s.state.Trial == Trying:
		return errors.New("the new image was not started yet")
	case last.Outcome == Confirmed:
		return nil
	case last.Outcome == NoOutcome:
		return errors.New("no new image was started")
	default:
		return errors.New("the new image was " + last.Outcome.String() + ": " + last.Reason)
	}
}

// Staged tells whether there is a new image that can be marked, and reads the whole of it to be sure.
func (s *Slots) Staged() (*image.Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.staged()
}

func (s *Slots) staged() (*image.Info, error) {
	if s.state.Trial != Staged && s.state.Trial != Marked {
		return nil, ErrNotStaged
	}
	policy, err := s.incomingPolicy()
	if err != nil {
		return nil, err
	}
	return s.verifyTrial(policy)
}

// verifyTrial reads the image on trial and wants it to be the one that was staged.
func (s *Slots) verifyTrial(policy image.Policy) (*image.Info, error) {
	info, err := s.verify(s.state.Active.Other(), policy)
	if err != nil {
		return nil, err
	}
	if Digest(info.Digest) != s.state.Digest {
		return nil, &image.Refusal{Reason: image.Damaged, Text: "the slot holds another image than the one that was staged; stage it again"}
	}
	return info, nil
}

// Mark has the staged image tried at the next boot, after it has verified it once more. Marking it again does nothing.
func (s *Slots) Mark() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.staged(); err != nil {
		return err
	}
	if s.state.Trial == Marked {
		return nil
	}
	return s.save(s.state.mark())
}

// Drop forgets a staged or marked image. An image that is being tried stays so.
func (s *Slots) Drop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Trial != Staged && s.state.Trial != Marked {
		return nil
	}
	return s.save(s.state.drop())
}

// Verify reads the whole image of a slot and tells whether it may run.
func (s *Slots) Verify(slot Slot) (*image.Info, error) { return s.verify(slot, s.config.Policy) }

func (s *Slots) verify(slot Slot, policy image.Policy) (info *image.Info, err error) {
	file, err := s.folder.Open(slot.String())
	if err != nil {
		return nil, err
	}
	defer func() { err = together(err, file.Close()) }()
	layout, err := turn(file)
	if err != nil {
		return nil, err
	}
	return image.Verify(layout.image(), policy)
}

// Version gives the version of a slot's image, which is not verified for it.
func (s *Slots) Version(slot Slot) (version image.Version, err error) {
	file, err := s.folder.Open(slot.String())
	if err != nil {
		return image.Version{}, err
	}
	defer func() { err = together(err, file.Close()) }()
	layout, err := turn(file)
	if err != nil {
		return image.Version{}, err
	}
	start := make([]byte, image.HeaderSize)
	if err := readFull(file, start, layout.payload); err != nil {
		return image.Version{}, err
	}
	header, err := image.ParseHeader(start)
	return header.Version, err
}

// incomingPolicy is what a new image is held against.
func (s *Slots) incomingPolicy() (image.Policy, error) {
	policy := s.config.Policy
	if !s.config.NoDowngrade || s.running == None {
		return policy, nil
	}
	version, err := s.Version(s.running)
	if err != nil {
		return policy, joined("the version of the image that runs cannot be read", err)
	}
	policy.Installed = &version
	return policy, nil
}

// Path is where a slot's program lies.
func (s *Slots) Path(slot Slot) string { return s.folder.Path(slot.String()) }

//go:noinline
func number(n int64) string { return strconv.FormatInt(n, 10) }

// together is errors.Join as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func together(errs ...error) error { return errors.Join(errs...) }
