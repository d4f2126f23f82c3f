// Package staged keeps one image as a file until somebody installs it, for targets whose images are not firmware of this device: what counts of a
// download survives a power cut, and so do the image's hash and what has become of it.
package staged

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/fota"
)

// The files.
const (
	imageFile = "image"
	stateFile = "state"
)

// What this package refuses.
var (
	ErrNotStaged = errors.New("there is no new image: download one first")
	errDamaged   = errors.New("the staged image is not what was downloaded: download it again")
	errWhole     = errors.New("the image is whole already")
)

// phase is how far an image has come.
type phase string

const (
	phaseNone      phase = ""          // none, or one on its way
	phaseStaged    phase = "staged"    // whole
	phaseScheduled phase = "scheduled" // to be installed
	phaseTrying    phase = "trying"    // handed to whoever installs it, and not known to have come to an end
	phaseHeld      phase = "held"      // whoever installs it has answered, and what comes of it is open
	phaseInstalled phase = "installed"
	phaseFailed    phase = "failed"
)

// state is what is kept.
type state struct {
	Phase  phase     `json:"phase"`
	ID     string    `json:"id,omitempty"` // SHA-256 of the plan's ID, which may be long
	Type   fota.Type `json:"type,omitempty"`
	Size   int64     `json:"size,omitempty"`
	SHA256 string    `json:"sha256,omitempty"` // hex
	Reason string    `json:"reason,omitempty"` // phaseFailed
	Note   string    `json:"note,omitempty"`   // of Try
}

// Store is the one image. It is for one goroutine at a time, as a fota.Target is.
type Store struct {
	folder *durable.Folder
	check  func(io.ReaderAt, fota.Type, int64) error
	state  state
}

// Open reads what is kept in a folder. check, if not nil, looks at a whole image before it is staged; its error is that of Commit. A state that
// cannot be read is one without an image.
func Open(folder *durable.Folder, check func(image io.ReaderAt, kind fota.Type, size int64) error) (*Store, error) {
	s := &Store{folder: folder, check: check}
	content, err := folder.Read(stateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(content, &s.state) != nil || s.state.Size < 0 {
		s.state = state{}
	}
	if s.state.Phase == phaseInstalled || s.state.Phase == phaseFailed { // a cut may have left the image, or brought it back
		if err := folder.Discard(imageFile); err != nil {
			return s, nil //nolint:nilerr // the next image takes its place
		}
	}
	return s, nil
}

// save makes a state the one that is kept.
func (s *Store) save(next state) error {
	content, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if err := s.folder.Write(stateFile, content); err != nil {
		return err
	}
	s.state = next
	return nil
}

// has tells whether there is a whole image.
func (s *Store) has() bool {
	return s.state.Phase == phaseStaged || s.Scheduled()
}

// Begin implements fota.Target.
func (s *Store) Begin(plan fota.Plan) (*Image, error) {
	id := digest(plan.ID)
	if s.has() && plan.ID != "" && s.state.ID == id && plan.Size == s.state.Size && s.Staged() == nil {
		return &Image{store: s, offset: plan.Size, whole: true}, nil
	}
	if s.state != (state{}) {
		if err := s.save(state{}); err != nil { // what follows changes the bytes that it is about
			return nil, err
		}
	}
	image := &Image{store: s, state: state{Phase: phaseStaged, ID: id, Type: plan.Type}, size: plan.Size}
	var err error
	if plan.Keep > 0 && plan.ID != "" {
		err = image.takeUp(plan.Keep)
	}
	if image.file == nil {
		image.offset = 0
		image.file, err = s.folder.Create(imageFile, 0o600)
	}
	if err != nil {
		return nil, err
	}
	return image, s.room(image)
}

// room refuses an image that does not fit.
func (s *Store) room(image *Image) error {
	free, err := s.folder.Free()
	if err != nil || free >= image.size-image.offset {
		return nil // where it is not known, it shows when it is written
	}
	return errors.Join(fmt.Errorf("%w: it needs %d bytes more, and %d are free", fota.ErrTooBig, image.size-image.offset, free), image.file.Close())
}

// Staged reads the whole image to tell whether it is what was staged.
func (s *Store) Staged() error {
	if !s.has() {
		return ErrNotStaged
	}
	file, err := s.Image()
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, err = io.CopyBuffer(sum, struct{ io.Reader }{file}, make([]byte, 64<<10))
	if err == nil && hex.EncodeToString(sum.Sum(nil)) != s.state.SHA256 {
		err = errDamaged
	}
	return errors.Join(err, file.Close())
}

// Schedule notes that the image is to be installed. One that was handed over already stays so.
func (s *Store) Schedule() error {
	if err := s.Staged(); err != nil || s.Scheduled() {
		return err
	}
	return s.move(phaseScheduled, "")
}

// Try notes that the image is handed to whoever installs it: from then on it may have been installed, whatever a cut leaves unknown. note is for whoever
// has to find out then; that of the first Try without an answer is kept.
func (s *Store) Try(note string) error {
	if s.Trying() {
		return nil
	}
	return s.move(phaseTrying, note)
}

// Hold notes the answer to Try that it is open whether the image will have been installed: it is kept, and tried no more by itself.
func (s *Store) Hold() error { return s.move(phaseHeld, "") }

// Return notes the answer to Try that the image was not installed, and may be at another time.
func (s *Store) Return() error { return s.move(phaseScheduled, "") }

func (s *Store) move(to phase, note string) error {
	if s.state.Phase == to {
		return nil
	}
	next := s.state
	next.Phase, next.Note = to, note
	return s.save(next)
}

// Scheduled tells whether an image is to be installed, or may be being installed.
func (s *Store) Scheduled() bool { return s.state.Phase == phaseScheduled || s.Trying() || s.Held() }

// Trying tells whether Try was called for the image and there was no answer, before a restart too.
func (s *Store) Trying() bool { return s.state.Phase == phaseTrying }

// Held tells whether Hold was called for the image, before a restart too.
func (s *Store) Held() bool { return s.state.Phase == phaseHeld }

// Note is what Try was given.
func (s *Store) Note() string { return s.state.Note }

// Image opens the staged image. The caller closes it.
func (s *Store) Image() (durable.Reader, error) {
	file, err := s.folder.Open(imageFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errDamaged
	}
	return file, err
}

// Type is that of the staged image.
func (s *Store) Type() fota.Type { return s.state.Type }

// Size is that of the staged image, in bytes.
func (s *Store) Size() int64 { return s.state.Size }

// SHA256 is that of the staged image, in hex.
func (s *Store) SHA256() string { return s.state.SHA256 }

// Path is where the staged image lies.
func (s *Store) Path() string { return s.folder.Path(imageFile) }

// End keeps what has become of the image, and lets go of it. reason is nil when it was installed.
func (s *Store) End(reason error) error {
	next := state{Phase: phaseInstalled, ID: s.state.ID}
	if reason != nil {
		next.Phase, next.Reason = phaseFailed, reason.Error()
	}
	if err := s.save(next); err != nil {
		return err
	}
	return s.folder.Discard(imageFile)
}

// Outcome implements fota.Target.
func (s *Store) Outcome() (fota.Outcome, error) {
	switch s.state.Phase {
	case phaseStaged, phaseScheduled, phaseTrying, phaseHeld:
		return fota.OutcomePending, nil
	case phaseInstalled:
		return fota.OutcomeInstalled, nil
	case phaseFailed:
		return fota.OutcomeFailed, errors.New(s.state.Reason)
	}
	return fota.OutcomeNone, nil
}

// Forget throws the staged image away.
func (s *Store) Forget() error {
	if !s.has() {
		return nil
	}
	if err := s.save(state{}); err != nil {
		return err
	}
	return s.folder.Discard(imageFile)
}

// Discard throws away what is on its way.
func (s *Store) Discard() error {
	if s.has() {
		return nil
	}
	return s.folder.Discard(imageFile)
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// readBack gives a hash the bytes that a file begins with.
func readBack(file io.ReaderAt, size int64, into io.Writer) error {
	n, err := io.CopyBuffer(into, struct{ io.Reader }{io.NewSectionReader(file, 0, size)}, make([]byte, 64<<10))
	if err == nil && n < size {
		err = io.ErrUnexpectedEOF
	}
	return err
}
