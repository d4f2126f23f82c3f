package image

import "slices"

// Key is a public key that signatures are verified with. Packages edkey and eckey make them.
type Key interface {
	// Hash is the SHA-256 of the key's SubjectPublicKeyInfo in DER, by which images name it.
	Hash() [32]byte
	// Signs is the type of the TLVs that hold its signatures.
	Signs() Type
	// Verify tells whether the signature is one of this key over an image's digest.
	Verify(digest *[32]byte, signature []byte) bool
}

// Policy says which images may run. The zero Policy lets none pass: it has no keys.
type Policy struct {
	Keys []Key // an image must be signed with one of them

	// MaxSize is how many bytes an image may have, with its TLVs and its padding; 0: no limit but the format's, about 4 GiB.
	MaxSize int64

	// Installed, where not nil, is what the image must not be older than. The build number counts only with CompareBuild.
	Installed    *Version
	CompareBuild bool
	// SecurityCounter is the least that the image's counter may be; an image without one has 0.
	SecurityCounter uint32

	// Board is what the device is: an image that names boards must name it, and where it is not "", the image must name boards.
	Board string
	// Platform is what the device runs, as linux/arm64; an image that names a platform must name this one. "" does not look.
	Platform string

	// Images holds the versions of the other images of the device by their number, for dependencies.
	Images map[uint8]Version

	// Padded allows padding of 0xff bytes after the image and MCUboot's trailer at its end: what imgtool's --pad makes.
	Padded bool
}

// checkHeader refuses what the header alone decides, before the payload is read.
func (p *Policy) checkHeader(h Header) error {
	if size := h.signedSize() + infoSize; p.MaxSize > 0 && size > p.MaxSize {
		return refuse(TooLarge, "it has at least ", number(uint64(size)), " bytes, and there is room for ", number(uint64(p.MaxSize)))
	}
	if p.Installed == nil {
		return nil
	}
	order := h.Version.Compare(*p.Installed)
	if p.CompareBuild {
		order = h.Version.CompareBuild(*p.Installed)
	}
	if order < 0 {
		return refuse(Downgraded, "its version ", h.Version.String(), " is older than ", p.Installed.String(), ", which is installed")
	}
	return nil
}

// checkSeal wants a right signature of one of the keys, and gives the hash of the key.
func (p *Policy) checkSeal(digest *[32]byte, sealed seal) (by [32]byte, err error) {
	if len(sealed.signatures) == 0 {
		return by, refuse(Unsigned, "it has no signature")
	}
	named := false
	for _, each := range sealed.signatures {
		for _, key := range p.Keys {
			if key.Hash() != each.KeyHash {
				continue
			}
			named = true
			if key.Signs() == each.Type && key.Verify(digest, each.Value) {
				return each.KeyHash, nil
			}
		}
	}
	if !named {
		first := sealed.signatures[0].KeyHash
		return by, refuse(UnknownKey, "it is signed with the key of hash ", hexText(first[:8]), "…, which is none of the ", number(uint64(len(p.Keys))), " that this device trusts")
	}
	return by, refuse(WronglySigned, "its signature is not one of the key that it names")
}

// checkClaims holds what a signed image says of itself against the device.
func (p *Policy) checkClaims(c Claims) error {
	var counter uint32
	if c.SecurityCounter != nil {
		counter = *c.SecurityCounter
	}
	if counter < p.SecurityCounter {
		return refuse(Downgraded, "its security counter is ", number(uint64(counter)), "; the least allowed is ", number(uint64(p.SecurityCounter)))
	}
	if (p.Board != "" || len(c.Boards) > 0) && !slices.Contains(c.Boards, p.Board) {
		return refuse(WrongBoard, "it is for ", boardList(c.Boards), ", and this is ", boardName(p.Board))
	}
	if p.Platform != "" && c.Platform != "" && c.Platform != p.Platform {
		return refuse(WrongBoard, "it is built for ", c.Platform, ", and this is ", p.Platform)
	}
	for _, each := range c.Dependencies {
		version, has := p.Images[each.Image]
		if !has {
			return refuse(Unmet, "it needs image ", number(uint64(each.Image)), " of version ", each.Version.String(), " or newer, and there is none")
		}
		if version.Compare(each.Version) < 0 {
			return refuse(Unmet, "it needs image ", number(uint64(each.Image)), " of version ", each.Version.String(), " or newer; there is ", version.String())
		}
	}
	return nil
}

func boardList(boards []string) string {
	if len(boards) == 0 {
		return "no named board"
	}
	text := "board "
	for i, each := range boards {
		if i > 0 {
			text += ", "
		}
		text += each
	}
	return text
}

func boardName(board string) string {
	if board == "" {
		return "a device that has no board name"
	}
	return board
}

func hexText(bytes []byte) string {
	const digits = "0123456789abcdef"
	text := make([]byte, 0, 2*len(bytes))
	for _, each := range bytes {
		text = append(text, digits[each>>4], digits[each&15])
	}
	return string(text)
}
