package slots

import (
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/durable"
)

// Staging is an image on its way into the slot that does not run. One goroutine uses it. It ends with Commit, Abort or Close.
type Staging struct {
	slots    *Slots
	file     durable.File
	id       string
	size     int64 // announced, in bytes; negative: not known
	offset   int64 // bytes of the image that have come
	safe     int64 // bytes that count after a restart
	since    int64 // bytes since Checkpoint was called
	verifier *image.Verifier
	head     []byte        // the header with its padding, until it is whole
	header   *image.Header // nil: not read yet
	ended    bool
}

// errEnded is for a Staging after its end, or after another one has begun.
var errEnded = errors.New("this image is not being staged any more")

// defaultCheckpoint in bytes.
const defaultCheckpoint = 1 << 20

// Stage begins with a new image, or goes on with one: id tells what is fetched, as its URL and ETag, and an image of the same id that was
// interrupted goes on at Offset. With "" it always begins anew. size is that of the image in bytes, negative where it is not known.
//
// An image that was staged or marked before is dropped; where it is whole and of the same id the error is ErrStaged. The old image in the slot stays as long as there is room. The error is ErrUnconfirmed while
// the image that runs is on trial, ErrNoBootloader, ErrNoSpace, or the filesystem's.
func (s *Slots) Stage(id string, size int64) (*Staging, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.running {
	case None:
		return nil, ErrNoBootloader
	case s.state.Active:
		return s.stage(id, size)
	}
	return nil, ErrUnconfirmed
}

func (s *Slots) stage(id string, size int64) (*Staging, error) {
	if s.staging != nil {
		if err := s.staging.leave(); err != nil {
			return nil, err
		}
	}
	if id != "" && s.state.Source == sourceOf(id) {
		if _, err := s.staged(); err == nil {
			return nil, ErrStaged
		}
	}
	if s.state.Trial != NoTrial {
		if err := s.save(s.state.drop()); err != nil {
			return nil, err
		}
	}
	policy, err := s.incomingPolicy()
	if err != nil {
		return nil, err
	}
	st := &Staging{slots: s, id: id, size: size, verifier: image.NewVerifier(policy, nil)}
	if !st.resume() {
		*st = Staging{slots: s, id: id, size: size, verifier: image.NewVerifier(policy, nil)}
		if err := st.begin(); err != nil {
			return nil, err
		}
	}
	if err := s.makeRoom(size - st.offset + footerSize); err != nil {
		return nil, together(err, st.file.Close())
	}
	s.staging = st
	return st, nil
}

// begin makes an empty file. What counted of the one before must not count any more, and that first.
func (st *Staging) begin() (err error) {
	if err := st.slots.folder.Remove(progressFile); err != nil {
		return err
	}
	st.file, err = st.slots.folder.Create(incomingFile, 0o700)
	return err
}

// makeRoom lets go of the old image in the slot that does not run, where there is not room for both.
func (s *Slots) makeRoom(need int64) error {
	free, err := s.folder.Free()
	if err != nil || free >= need {
		return nil // where it is not known, it shows when it is written
	}
	if err := s.folder.Discard(s.state.Active.Other().String()); err != nil {
		return err
	}
	if free, err = s.folder.Free(); err != nil || free >= need {
		return nil
	}
	return joined("it needs "+number(need)+" bytes, and "+number(free)+" are free", ErrNoSpace)
}

// resume goes on with what counts, if it is of the same image. Anything odd about it is a reason to begin anew.
func (st *Staging) resume() bool {
	content, err := st.slots.folder.Read(progressFile)
	if err != nil || st.id == "" {
		return false
	}
	p, ok := parseProgress(content)
	if !ok || p.id != st.id || p.size != st.size {
		return false
	}
	if st.file, err = st.slots.folder.Edit(incomingFile); err != nil {
		return false
	}
	if err := st.readBack(p); err != nil {
		_ = st.file.Close()
		return false
	}
	return true
}

// readBack gives the verifier what has come before.
func (st *Staging) readBack(p progress) error {
	layout := image.Header{Size: p.header, PayloadSize: p.payload}
	buffer := make([]byte, 64<<10)
	for at := int64(0); at < p.offset; {
		place, left := placeOf(layout, at)
		n := min(int64(len(buffer)), left, p.offset-at)
		if err := readFull(st.file, buffer[:n], place); err != nil {
			return err
		}
		if _, err := st.verifier.Write(buffer[:n]); err != nil {
			return err
		}
		if at == 0 { // the header comes in one piece, for it is not larger than the buffer
			header, err := image.ParseHeader(buffer[:n])
			if err != nil {
				return err
			}
			if header.Size != p.header || header.PayloadSize != p.payload {
				return io.ErrUnexpectedEOF
			}
			st.header = &header
		}
		at += n
	}
	st.offset, st.safe = p.offset, p.offset
	return nil
}

// placeOf gives where a byte of the image lies in the slot's file, and how many bytes from there on lie together.
func placeOf(h image.Header, at int64) (place, together int64) {
	header, payload := int64(h.Size), int64(h.PayloadSize)
	switch {
	case at < header:
		return payload + at, header - at
	case at < header+payload:
		return at - header, header + payload - at
	}
	return at, 1<<63 - 1
}

// Offset is how many bytes of the image are there: where Write goes on.
func (st *Staging) Offset() int64 { return st.offset }

// Write takes the next bytes of the image. The error is a *image.Refusal as soon as the image is sure to be refused, or the filesystem's.
func (st *Staging) Write(piece []byte) (int, error) {
	if st.dead() {
		return 0, errEnded
	}
	if st.size >= 0 && st.offset+int64(len(piece)) > st.size {
		return 0, &image.Refusal{Reason: image.TrailingGarbage, Text: "more has come than the " + number(st.size) + " bytes that were announced"}
	}
	taken := 0
	for taken < len(piece) {
		part := piece[taken:]
		if room := st.checkpoint() - st.since; int64(len(part)) > room {
			part = part[:room]
		}
		if _, err := st.verifier.Write(part); err != nil {
			return taken, err
		}
		if err := st.put(part); err != nil {
			return taken, err
		}
		taken += len(part)
		if st.since += int64(len(part)); st.since >= st.checkpoint() {
			if err := st.Checkpoint(); err != nil {
				return taken, err
			}
		}
	}
	return taken, nil
}

func (st *Staging) checkpoint() int64 {
	if every := st.slots.config.Checkpoint; every > 0 {
		return max(every, image.HeaderSize)
	}
	return defaultCheckpoint
}

// put writes bytes where they belong.
func (st *Staging) put(part []byte) error {
	for len(part) > 0 {
		if st.header == nil || st.offset < int64(st.header.Size) {
			n, err := st.putHeader(part)
			if err != nil {
				return err
			}
			st.offset += int64(n)
			part = part[n:]
			continue
		}
		place, together := placeOf(*st.header, st.offset)
		n := min(int64(len(part)), together)
		if _, err := st.file.WriteAt(part[:n], place); err != nil {
			return err
		}
		st.offset += n
		part = part[n:]
	}
	return nil
}

// putHeader collects the header, for its place is known only from its own content, and writes it when it is whole.
func (st *Staging) putHeader(part []byte) (int, error) {
	want := image.HeaderSize
	if st.header != nil {
		want = int(st.header.Size)
	}
	n := min(len(part), want-len(st.head))
	st.head = append(st.head, part[:n]...)
	if len(st.head) < want {
		return n, nil
	}
	if st.header == nil {
		header, err := image.ParseHeader(st.head)
		if err != nil {
			return n, err
		}
		st.header = &header
	}
	if len(st.head) == int(st.header.Size) {
		place, _ := placeOf(*st.header, 0)
		if _, err := st.file.WriteAt(st.head, place); err != nil {
			return n, err
		}
		st.head = nil
	}
	return n, nil
}

// Checkpoint makes sure that the image goes on here after a restart. Write does so by itself every Config.Checkpoint bytes.
func (st *Staging) Checkpoint() error {
	if st.dead() {
		return errEnded
	}
	st.since = 0
	if st.header == nil || st.offset < int64(st.header.Size) || st.offset == st.safe || st.id == "" {
		return nil // not worth it
	}
	if err := st.file.Sync(); err != nil {
		return err
	}
	p := progress{id: st.id, size: st.size, offset: st.offset, header: st.header.Size, payload: st.header.PayloadSize}
	if err := st.slots.folder.Write(progressFile, p.encode()); err != nil { // and with it the name of the file itself
		return err
	}
	st.safe = st.offset
	return nil
}

// Commit says that all has come. When it returns nil the image is whole and verified, lies in the slot and can be marked. After a *image.Refusal
// nothing of it is left; after an error of the filesystem it can be committed again after a restart, by going on with the same id.
func (st *Staging) Commit() (*image.Info, error) {
	s := st.slots
	s.mu.Lock()
	defer s.mu.Unlock()
	if st.ended || s.staging != st {
		return nil, errEnded
	}
	info, err := st.verified()
	if err != nil {
		return nil, together(err, st.discard())
	}
	if err := st.seal(info); err != nil {
		return nil, together(err, st.leave())
	}
	if err := s.save(s.state.stage(info.Digest, st.id)); err != nil {
		return nil, err
	}
	if err := s.finish(); err != nil {
		return nil, err
	}
	return info, s.folder.Discard(progressFile)
}

// verified tells whether all has come, and is good.
func (st *Staging) verified() (*image.Info, error) {
	info, err := st.verifier.Finish()
	if err == nil && st.size >= 0 && st.offset != st.size {
		err = &image.Refusal{Reason: image.Truncated, Text: number(st.offset) + " bytes have come of " + number(st.size) + " that were announced"}
	}
	return info, err
}

// seal writes the end of the slot's file and sees all of it onto the medium.
func (st *Staging) seal(info *image.Info) error {
	if err := st.file.Truncate(info.Size); err != nil { // padding is not kept
		return err
	}
	if _, err := st.file.WriteAt(footer(info.Header.PayloadSize), info.Size); err != nil {
		return err
	}
	if err := st.file.Sync(); err != nil {
		return err
	}
	return st.leave()
}

// Abort throws the image away.
func (st *Staging) Abort() error {
	st.slots.mu.Lock()
	defer st.slots.mu.Unlock()
	if st.ended || st.slots.staging != st {
		return nil
	}
	return st.discard()
}

func (st *Staging) discard() error {
	return together(st.leave(), st.slots.discard())
}

func (s *Slots) discard() error {
	return together(s.folder.Discard(progressFile), s.folder.Discard(incomingFile))
}

// Discard throws away what interrupted images have left. What was staged stays.
func (s *Slots) Discard() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.staging != nil {
		return s.staging.discard()
	}
	return s.discard()
}

// Close leaves the image as it is: a Stage of the same id goes on with it.
func (st *Staging) Close() error {
	if st.dead() {
		return nil
	}
	err := st.Checkpoint()
	st.slots.mu.Lock()
	defer st.slots.mu.Unlock()
	return together(err, st.leave())
}

func (st *Staging) dead() bool {
	st.slots.mu.Lock()
	defer st.slots.mu.Unlock()
	return st.ended || st.slots.staging != st
}

// leave ends the Staging. The caller holds the lock.
func (st *Staging) leave() error {
	if st.ended {
		return nil
	}
	st.ended = true
	if st.slots.staging == st {
		st.slots.staging = nil
	}
	return st.file.Close()
}

// progress is how much of an image counts after a restart.
type progress struct {
	id           string
	size, offset int64
	header       uint16 // bytes
	payload      uint32 // bytes
}

const progressLine = "cloudgen staging 1 "

func (p progress) encode() []byte {
	return []byte(progressLine + strconv.Quote(p.id) + " " + number(p.size) + " " + number(p.offset) + " " + number(int64(p.header)) + " " + number(int64(p.payload)) + "\n")
}

func parseProgress(content []byte) (p progress, ok bool) {
	rest, found := strings.CutPrefix(string(content), progressLine)
	quoted, err := strconv.QuotedPrefix(rest)
	if !found || err != nil {
		return p, false
	}
	if p.id, err = strconv.Unquote(quoted); err != nil {
		return p, false
	}
	fields := strings.Fields(rest[len(quoted):])
	if len(fields) != 4 {
		return p, false
	}
	var header, payload uint64
	var errs [4]error
	p.size, errs[0] = strconv.ParseInt(fields[0], 10, 64)
	p.offset, errs[1] = strconv.ParseInt(fields[1], 10, 64)
	header, errs[2] = strconv.ParseUint(fields[2], 10, 16)
	payload, errs[3] = strconv.ParseUint(fields[3], 10, 32)
	p.header, p.payload = uint16(header), uint32(payload)
	if together(errs[:]...) != nil || string(p.encode()) != string(content) || p.header < image.HeaderSize || p.offset < int64(p.header) {
		return p, false
	}
	return p, true
}
