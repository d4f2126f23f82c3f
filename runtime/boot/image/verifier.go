package image

import (
	"crypto/sha256"
	"hash"
	"io"
)

// Info is what is known of an image.
type Info struct {
	Header Header
	Claims
	Size      int64    // of the image with its TLVs, without padding, in bytes
	Digest    [32]byte // SHA-256 over header, payload and protected area
	KeyHash   [32]byte // of the key that it is signed with
	Protected []TLV    // all of them, in their order
	Plain     []TLV
	Trailer   *Trailer // of a padded image; nil when it has none
}

// Verifier takes an image in pieces of any size and tells whether it may run. It reads every byte once and keeps only the TLVs: two areas of
// at most 64 KiB. It is used from one goroutine at a time and starts none.
type Verifier struct {
	policy  Policy
	payload io.Writer // nil: the payload goes nowhere
	info    Info
	sum     hash.Hash
	part    part
	left    int64  // bytes of the part that are missing
	kept    []byte // of a part that is read whole
	size    int64  // bytes taken so far
	err     error  // sticky
}

// part is where in the image the next byte belongs.
type part uint8

const (
	partHeader part = iota
	partHeaderPadding
	partPayload
	partProtected
	partPlainInfo
	partPlain
	partEnd // the image is whole and verified; padding may follow
)

// NewVerifier begins to verify an image. The payload is written to a writer as it comes, if that is not nil: before anything of the image is
// proven, so that it must not be used until Finish has said yes.
func NewVerifier(policy Policy, payload io.Writer) *Verifier {
	v := &Verifier{policy: policy, payload: payload, sum: sha256.New()}
	v.enter(partHeader, HeaderSize)
	return v
}

// enter begins a part of this many bytes.
func (v *Verifier) enter(next part, size int64) {
	v.part, v.left, v.kept = next, size, nil
}

// Write takes the next bytes of the image. The error is a *Refusal as soon as the image is sure to be refused, or what the payload's
// writer said; then every further call gives it again. It keeps no reference to the bytes.
func (v *Verifier) Write(piece []byte) (int, error) {
	taken := 0
	for len(piece) > 0 && v.err == nil {
		n := v.take(piece)
		taken += n
		piece = piece[n:]
	}
	return taken, v.err
}

// take takes bytes of one part and enters the next where it is complete. It takes at least one, or sets the error.
func (v *Verifier) take(piece []byte) int {
	if v.part == partEnd {
		return v.takeEnd(piece)
	}
	piece = piece[:min(int64(len(piece)), v.left)]
	switch v.part {
	case partHeader, partHeaderPadding, partPayload, partProtected:
		v.sum.Write(piece)
	}
	switch v.part {
	case partHeaderPadding:
	case partPayload:
		if v.payload == nil {
			break
		}
		if _, err := v.payload.Write(piece); err != nil {
			v.err = err
			return 0
		}
	default:
		v.kept = append(v.kept, piece...)
	}
	v.size += int64(len(piece))
	v.left -= int64(len(piece))
	for v.left == 0 && v.part != partEnd && v.err == nil {
		v.err = v.complete()
	}
	return len(piece)
}

// takeEnd takes bytes after the image. Of these it keeps the last ones, where a trailer may be; all others must be padding.
func (v *Verifier) takeEnd(piece []byte) int {
	if !v.policy.Padded {
		v.err = refuse(TrailingGarbage, "it goes on after its end, which is at ", number(uint64(v.size)), " bytes")
		return 0
	}
	v.size += int64(len(piece))
	if v.policy.MaxSize > 0 && v.size > v.policy.MaxSize {
		v.err = refuse(TooLarge, "with its padding it has more than the ", number(uint64(v.policy.MaxSize)), " bytes that there is room for")
		return 0
	}
	over := max(0, len(v.kept)+len(piece)-longestTrailer)
	ofKept := min(over, len(v.kept))
	if !isErased(v.kept[:ofKept]) || !isErased(piece[:over-ofKept]) {
		v.err = refuse(TrailingGarbage, "what comes after it is no padding")
		return 0
	}
	v.kept = append(append(v.kept[:0], v.kept[ofKept:]...), piece[over-ofKept:]...)
	return len(piece)
}

// complete deals with a part that is whole and enters the next.
func (v *Verifier) complete() (err error) {
	switch v.part {
	case partHeader:
		if v.info.Header, err = ParseHeader(v.kept); err != nil {
			return err
		}
		if err := v.policy.checkHeader(v.info.Header); err != nil {
			return err
		}
		v.enter(partHeaderPadding, int64(v.info.Header.Size)-HeaderSize)
	case partHeaderPadding:
		v.enter(partPayload, int64(v.info.Header.PayloadSize))
	case partPayload:
		v.enter(partProtected, int64(v.info.Header.ProtectedSize))
	case partProtected:
		if err := v.info.setProtected(v.kept); err != nil {
			return err
		}
		v.enter(partPlainInfo, infoSize)
	case partPlainInfo:
		size, err := parseInfo(v.kept, magicPlain, "plain")
		if err != nil {
			return err
		}
		if whole := v.size - infoSize + int64(size); v.policy.MaxSize > 0 && whole > v.policy.MaxSize {
			return refuse(TooLarge, "it has ", number(uint64(whole)), " bytes, and there is room for ", number(uint64(v.policy.MaxSize)))
		}
		v.enter(partPlain, int64(size)-infoSize)
	case partPlain:
		if err := v.judge(); err != nil {
			return err
		}
		v.enter(partEnd, 0)
	}
	return nil
}

// setProtected takes the protected area, which is empty where there is none.
func (i *Info) setProtected(area []byte) (err error) {
	if len(area) == 0 {
		return nil
	}
	size, err := parseInfo(area, magicProtected, "protected")
	if err != nil {
		return err
	}
	if size != len(area) {
		return refuse(Malformed, "its protected TLV area has ", number(uint64(size)), " bytes, and its header says ", number(uint64(len(area))))
	}
	if i.Protected, err = parseTLVs(area[infoSize:], "protected"); err != nil {
		return err
	}
	i.Claims, err = parseClaims(i.Protected)
	return err
}

// judge is called once, when all of the image is there.
func (v *Verifier) judge() (err error) {
	v.info.Size = v.size
	if v.info.Plain, err = parseTLVs(v.kept, "plain"); err != nil {
		return err
	}
	sealed, err := parseSeal(v.info.Plain)
	if err != nil {
		return err
	}
	v.sum.Sum(v.info.Digest[:0])
	if string(sealed.digest) != string(v.info.Digest[:]) {
		return refuse(Damaged, "its SHA-256 is not that of its content; fetch it again")
	}
	if v.info.KeyHash, err = v.policy.checkSeal(&v.info.Digest, sealed); err != nil {
		return err
	}
	return v.policy.checkClaims(v.info.Claims)
}

// Finish says that there are no more bytes, and gives what is known of an image that may run. The error is a *Refusal, or what the
// payload's writer said.
func (v *Verifier) Finish() (*Info, error) {
	switch {
	case v.err != nil:
		return nil, v.err
	case v.part != partEnd:
		v.err = refuse(Truncated, "it ends after ", number(uint64(v.size)), " bytes; fetch it again")
		return nil, v.err
	}
	if len(v.kept) > 0 {
		if v.info.Trailer, v.err = ParseTrailer(v.kept); v.err != nil {
			return nil, v.err
		}
	}
	return &v.info, nil
}

// bufferSize is how much is read at a time, in bytes.
const bufferSize = 64 << 10

// Verify reads an image to its end and tells whether it may run. The error is a *Refusal or the reader's.
func Verify(from io.Reader, policy Policy) (*Info, error) { return Extract(nil, from, policy) }

// Extract is Verify that writes the payload to a writer as it comes, if that is not nil. Where the error is not nil, what was written must
// not be used.
func Extract(to io.Writer, from io.Reader, policy Policy) (*Info, error) {
	v := NewVerifier(policy, to)
	buffer := make([]byte, bufferSize)
	for {
		n, err := from.Read(buffer)
		if _, refused := v.Write(buffer[:n]); refused != nil {
			return nil, refused
		}
		if err == io.EOF {
			return v.Finish()
		}
		if err != nil {
			return nil, err
		}
	}
}
