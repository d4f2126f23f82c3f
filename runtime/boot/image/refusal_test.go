package image_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
)

// put changes bytes of an image.
func put(at int, bytes ...byte) func([]byte) []byte {
	return func(made []byte) []byte {
		copy(made[at:], bytes)
		return made
	}
}

// sealed makes an image whose plain area holds these TLVs, after the protected ones, which are not checked.
func sealed(t *testing.T, protected []image.TLV, plain func(digest []byte) []image.TLV) []byte {
	t.Helper()
	area := func(magic uint16, all []image.TLV) []byte {
		var body []byte
		for _, each := range all {
			body = each.Append(body)
		}
		return append(binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, magic), uint16(4+len(body))), body...)
	}
	header := image.Header{Size: 32, PayloadSize: 16}
	var protectedArea []byte
	if len(protected) > 0 {
		protectedArea = area(0x6908, protected)
		header.ProtectedSize = uint16(len(protectedArea))
	}
	made := append(header.Append(nil), count(16)...)
	made = append(made, protectedArea...)
	digest := sha(made)
	return append(made, area(0x6907, plain(digest[:]))...)
}

// signed are the TLVs of a signature as they should be.
func signed(t *testing.T, signer image.Signer) func(digest []byte) []image.TLV {
	return func(digest []byte) []image.TLV {
		signature, err := signer.Sign((*[32]byte)(digest))
		if err != nil {
			t.Fatal(err)
		}
		hash := signer.Hash()
		return []image.TLV{{Type: image.TypeSHA256, Value: digest}, {Type: image.TypeKeyHash, Value: hash[:]}, {Type: signer.Signs(), Value: signature}}
	}
}

// Each reason for a refusal, in every way that leads to it.
func TestRefusals(t *testing.T) {
	ours, other := edSigner(t, 1), ecSigner(t, 2)
	good := makeImage(t, count(1000), full(), ours)
	text := func(n int) []byte { return bytes.Repeat([]byte("x"), n) }
	protectedWith := func(all ...image.TLV) []byte { return sealed(t, all, signed(t, ours)) }
	plainWith := func(change func([]image.TLV) []image.TLV) []byte {
		return sealed(t, nil, func(digest []byte) []image.TLV { return change(signed(t, ours)(digest)) })
	}
	with := func(change func(*image.Policy)) image.Policy {
		policy := allowing(ours)
		change(&policy)
		return policy
	}
	version := func(v image.Version) func(*image.Policy) { return func(p *image.Policy) { p.Installed = &v } }
	headerEnd := int(binary.LittleEndian.Uint16(good[8:])) + 1000
	for name, each := range map[string]struct {
		image  []byte
		policy image.Policy
		want   error // nil: it passes
		text   string
	}{
		"right":                  {good, allowing(ours), nil, ""},
		"another key too":        {good, allowing(other, ours), nil, ""},
		"no bytes":               {nil, allowing(ours), image.Truncated, "after 0 bytes"},
		"a program":              {append([]byte("\x7fELF"), text(100)...), allowing(ours), image.NotAnImage, "magic"},
		"old format":             {put(0, 0x3c)(slices.Clone(good)), allowing(ours), image.NotAnImage, "newer tool"},
		"header of 31 bytes":     {put(8, 31, 0)(slices.Clone(good)), allowing(ours), image.Malformed, "31 bytes"},
		"protected area of 3":    {put(10, 3, 0)(slices.Clone(good)), allowing(ours), image.Malformed, "protected"},
		"no payload":             {put(12, 0, 0, 0, 0)(slices.Clone(good)), allowing(ours), image.Malformed, "no payload"},
		"payload of 4 GiB":       {put(12, 0xff, 0xff, 0xff, 0xff)(slices.Clone(good)), allowing(ours), image.Truncated, ""},
		"encrypted":              {put(16, 4)(slices.Clone(good)), allowing(ours), image.Unsupported, "encrypted"},
		"encrypted, 256 bits":    {put(16, 8)(slices.Clone(good)), allowing(ours), image.Unsupported, "encrypted"},
		"not bootable":           {put(16, 0x10)(slices.Clone(good)), allowing(ours), image.Unsupported, "bootable"},
		"unknown flags":          {put(16, 2)(slices.Clone(good)), allowing(ours), image.Unsupported, "flags 0x2"},
		"compressed":             {put(16, 0, 4)(slices.Clone(good)), allowing(ours), image.Unsupported, "compressed"},
		"no protected magic":     {put(headerEnd, 0)(slices.Clone(good)), allowing(ours), image.Malformed, "protected TLV area begins"},
		"protected size differs": {put(headerEnd+2, 8)(slices.Clone(good)), allowing(ours), image.Malformed, "its header says"},

		"too large for the slot":    {good, with(func(p *image.Policy) { p.MaxSize = int64(len(good)) - 1 }), image.TooLarge, "room for"},
		"much too large":            {good, with(func(p *image.Policy) { p.MaxSize = 500 }), image.TooLarge, "at least"},
		"just fits":                 {good, with(func(p *image.Policy) { p.MaxSize = int64(len(good)) }), nil, ""},
		"payload changed":           {put(100, 0xee)(slices.Clone(good)), allowing(ours), image.Damaged, "fetch it again"},
		"unsigned":                  {makeImage(t, count(1000), full(), nil), allowing(ours), image.Unsigned, ""},
		"unknown key":               {good, allowing(other), image.UnknownKey, "none of the 1"},
		"no keys":                   {good, allowing(), image.UnknownKey, "none of the 0"},
		"wrongly signed":            {sealed(t, nil, func(digest []byte) []image.TLV { all := signed(t, ours)(digest); all[2].Value[7]++; return all }), image.Policy{Keys: []image.Key{ours}}, image.WronglySigned, ""},
		"signature of another type": {plainWith(func(all []image.TLV) []image.TLV { all[2].Type = image.TypeECDSA; return all }), image.Policy{Keys: []image.Key{ours}}, image.WronglySigned, ""},
		"signed over something else": {sealed(t, nil, func(digest []byte) []image.TLV {
			all := signed(t, ours)(sha([]byte("x")))
			all[0].Value = digest
			return all
		}), image.Policy{Keys: []image.Key{ours}}, image.WronglySigned, ""},
		"an RSA signature beside it": {plainWith(func(all []image.TLV) []image.TLV {
			return slices.Insert(all, 1, image.TLV{Type: image.TypeKeyHash, Value: text(32)}, image.TLV{Type: image.TypeRSA2048, Value: text(256)})
		}), image.Policy{Keys: []image.Key{ours}}, nil, ""},
		"the whole key, another's": {plainWith(func(all []image.TLV) []image.TLV {
			all[1] = image.TLV{Type: image.TypePublicKey, Value: text(44)}
			return all
		}), image.Policy{Keys: []image.Key{ours}}, image.UnknownKey, ""},
		"no digest":                        {plainWith(func(all []image.TLV) []image.TLV { return all[1:] }), image.Policy{Keys: []image.Key{ours}}, image.Malformed, "no SHA-256"},
		"two digests":                      {plainWith(func(all []image.TLV) []image.TLV { return append(all, all[0]) }), image.Policy{Keys: []image.Key{ours}}, image.Malformed, "SHA-256"},
		"short digest":                     {plainWith(func(all []image.TLV) []image.TLV { all[0].Value = all[0].Value[:31]; return all }), image.Policy{Keys: []image.Key{ours}}, image.Malformed, "32 bytes"},
		"short key hash":                   {plainWith(func(all []image.TLV) []image.TLV { all[1].Value = all[1].Value[:31]; return all }), image.Policy{Keys: []image.Key{ours}}, image.Malformed, "32"},
		"signature without a key":          {plainWith(func(all []image.TLV) []image.TLV { return slices.Delete(all, 1, 2) }), image.Policy{Keys: []image.Key{ours}}, image.Malformed, "no key"},
		"a second signature without a key": {plainWith(func(all []image.TLV) []image.TLV { return append(all, all[2]) }), image.Policy{Keys: []image.Key{ours}}, image.Malformed, "no key"},
		"pure": {plainWith(func(all []image.TLV) []image.TLV {
			return append(all, image.TLV{Type: image.TypePure, Value: []byte{1}})
		}), image.Policy{Keys: []image.Key{ours}}, image.Unsupported, "--pure"},
		"SHA-512": {plainWith(func(all []image.TLV) []image.TLV {
			return append(all, image.TLV{Type: image.TypeSHA512, Value: text(64)})
		}), image.Policy{Keys: []image.Key{ours}}, image.Unsupported, "SHA-256"},
		"encryption key": {plainWith(func(all []image.TLV) []image.TLV { return append(all, image.TLV{Type: 0x32, Value: text(113)}) }), image.Policy{Keys: []image.Key{ours}}, image.Unsupported, "encrypted"},
		"counter in the plain area": {plainWith(func(all []image.TLV) []image.TLV {
			return append(all, image.TLV{Type: image.TypeSecurityCounter, Value: text(4)})
		}), image.Policy{Keys: []image.Key{ours}}, image.Malformed, "no signature covers"},
		"counter of 3 bytes":            {protectedWith(image.TLV{Type: image.TypeSecurityCounter, Value: text(3)}), image.Policy{Keys: []image.Key{ours}}, image.Malformed, "counter"},
		"two counters":                  {protectedWith(image.TLV{Type: image.TypeSecurityCounter, Value: text(4)}, image.TLV{Type: image.TypeSecurityCounter, Value: text(4)}), image.Policy{Keys: []image.Key{ours}}, image.Malformed, "counter"},
		"dependency of 11 bytes":        {protectedWith(image.TLV{Type: image.TypeDependency, Value: text(11)}), image.Policy{Keys: []image.Key{ours}}, image.Malformed, "dependency"},
		"empty board":                   {protectedWith(image.TLV{Type: image.TypeBoard}), image.Policy{Keys: []image.Key{ours}}, image.Malformed, "board"},
		"long board":                    {protectedWith(image.TLV{Type: image.TypeBoard, Value: text(65)}), image.Policy{Keys: []image.Key{ours}}, image.Malformed, "board"},
		"board of no text":              {protectedWith(image.TLV{Type: image.TypeBoard, Value: []byte{0xff}}), image.Policy{Keys: []image.Key{ours}}, image.Malformed, "board"},
		"two platforms":                 {protectedWith(image.TLV{Type: image.TypePlatform, Value: text(4)}, image.TLV{Type: image.TypePlatform, Value: text(4)}), image.Policy{Keys: []image.Key{ours}}, image.Malformed, "platform"},
		"firmware version with newline": {protectedWith(image.TLV{Type: image.TypeFirmwareVersion, Value: []byte("1\n2")}), image.Policy{Keys: []image.Key{ours}}, image.Malformed, "version"},
		"signature in protected area":   {protectedWith(image.TLV{Type: image.TypeEd25519, Value: text(64)}), image.Policy{Keys: []image.Key{ours}}, image.Malformed, "covers itself"},
		"decompressed size":             {protectedWith(image.TLV{Type: 0x70, Value: text(4)}), image.Policy{Keys: []image.Key{ours}}, image.Unsupported, "compressed"},
		"other protected TLVs":          {protectedWith(image.TLV{Type: image.TypeBootRecord, Value: text(90)}, image.TLV{Type: 0x74, Value: text(16)}, image.TLV{Type: 0x12a0}), image.Policy{Keys: []image.Key{ours}}, nil, ""},

		"same version":   {good, with(version(image.Version{Major: 1, Minor: 2, Revision: 3, Build: 9})), nil, ""},
		"older revision": {good, with(version(image.Version{Major: 1, Minor: 2, Revision: 4})), image.Downgraded, "older than 1.2.4"},
		"older minor":    {good, with(version(image.Version{Major: 1, Minor: 3})), image.Downgraded, "1.2.3+4"},
		"older major":    {good, with(version(image.Version{Major: 2})), image.Downgraded, ""},
		"newer":          {good, with(version(image.Version{Major: 1, Minor: 1, Revision: 9999})), nil, ""},
		"older build, compared": {good, with(func(p *image.Policy) {
			version(image.Version{Major: 1, Minor: 2, Revision: 3, Build: 5})(p)
			p.CompareBuild = true
		}), image.Downgraded, "1.2.3+5"},
		"same build, compared":    {good, with(func(p *image.Policy) { version(full().Version)(p); p.CompareBuild = true }), nil, ""},
		"counter is too low":      {good, with(func(p *image.Policy) { p.SecurityCounter = 6 }), image.Downgraded, "counter"},
		"counter is equal":        {good, with(func(p *image.Policy) { p.SecurityCounter = 5 }), nil, ""},
		"counter is missing":      {protectedWith(image.TLV{Type: 0x00a0}), image.Policy{Keys: []image.Key{ours}, SecurityCounter: 1}, image.Downgraded, "counter is 0"},
		"wrong board":             {good, with(func(p *image.Policy) { p.Board = "gateway-1" }), image.WrongBoard, "gateway-2, gateway-3"},
		"a device without a name": {good, with(func(p *image.Policy) { p.Board = "" }), image.WrongBoard, "no board name"},
		"an image without boards": {protectedWith(image.TLV{Type: 0x00a0}), allowing(ours), image.WrongBoard, "no named board"},
		"nobody names a board":    {protectedWith(image.TLV{Type: 0x00a0}), image.Policy{Keys: []image.Key{ours}, Platform: "linux/arm"}, nil, ""},
		"wrong platform":          {good, with(func(p *image.Policy) { p.Platform = "linux/amd64" }), image.WrongBoard, "built for linux/arm64"},
		"platform not looked at":  {good, with(func(p *image.Policy) { p.Platform = "" }), nil, ""},
		"dependency missing":      {good, with(func(p *image.Policy) { p.Images = nil }), image.Unmet, "needs image 1"},
		"dependency too old":      {good, with(func(p *image.Policy) { p.Images[1] = image.Version{Major: 1, Minor: 9} }), image.Unmet, "there is 1.9.0"},
		"goes on":                 {append(slices.Clone(good), 0xff), allowing(ours), image.TrailingGarbage, "after its end"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := image.Verify(iotest.OneByteReader(bytes.NewReader(each.image)), each.policy)
			_, whole := image.Verify(bytes.NewReader(each.image), each.policy)
			if !errors.Is(err, each.want) || !errors.Is(whole, each.want) {
				t.Fatalf("%v; as a whole: %v; want %v", err, whole, each.want)
			}
			if err == nil {
				return
			}
			if refusal, is := errors.AsType[*image.Refusal](err); !is || !strings.Contains(refusal.Error(), each.text) || !strings.Contains(refusal.Error(), refusal.Reason.Error()) {
				t.Errorf("%v; want %q in it", err, each.text)
			}
		})
	}
}

// TLVs that run out of their area.
func TestTLVsRunOut(t *testing.T) {
	good := makeImage(t, count(16), full(), edSigner(t, 1))
	at := 64 + 16 + 4 // the first protected TLV
	for name, change := range map[string]func([]byte) []byte{
		"longer than the area": put(at+2, 0xff, 0xff),
		"ends in a header":     put(len(good)-64-2, 62), // the signature
	} {
		if _, err := image.Verify(bytes.NewReader(change(slices.Clone(good))), allowing(edSigner(t, 1))); !errors.Is(err, image.Malformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An image may be signed by several keys, and name one whole.
func TestSeveralSignatures(t *testing.T) {
	first, second := edSigner(t, 1), ecSigner(t, 2)
	made := sealed(t, nil, func(digest []byte) []image.TLV {
		return append(signed(t, first)(digest), signed(t, second)(digest)[1:]...)
	})
	for _, key := range []image.Key{first, second} {
		info, err := image.Verify(bytes.NewReader(made), image.Policy{Keys: []image.Key{key}})
		if err != nil || info.KeyHash != key.Hash() {
			t.Errorf("%v", err)
		}
	}
}

// A refusal comes as soon as it is sure, and stays.
func TestRefusedEarly(t *testing.T) {
	made := makeImage(t, count(1000), full(), edSigner(t, 1))
	policy := allowing(edSigner(t, 1))
	policy.Installed = &image.Version{Major: 9}
	verifier := image.NewVerifier(policy, nil)
	if n, err := verifier.Write(made[:31]); n != 31 || err != nil {
		t.Fatal(n, err)
	}
	if _, err := verifier.Write(made[31:32]); !errors.Is(err, image.Downgraded) {
		t.Fatalf("at the end of the header: %v", err)
	}
	if n, err := verifier.Write(made[32:]); n != 0 || !errors.Is(err, image.Downgraded) {
		t.Errorf("after the refusal: %d, %v", n, err)
	}
	if _, err := verifier.Finish(); !errors.Is(err, image.Downgraded) {
		t.Errorf("Finish: %v", err)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// What the reader and the payload's writer say is no refusal.
func TestOtherErrors(t *testing.T) {
	made := makeImage(t, count(1000), full(), edSigner(t, 1))
	broken := errors.New("broken")
	if _, err := image.Verify(io.MultiReader(bytes.NewReader(made[:500]), iotest.ErrReader(broken)), allowing(edSigner(t, 1))); !errors.Is(err, broken) {
		t.Errorf("reader: %v", err)
	}
	if _, err := image.Extract(fullDisk{}, bytes.NewReader(made), allowing(edSigner(t, 1))); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("writer: %v", err)
	}
	if _, err := image.Inspect(bytes.NewReader(made[:500]), int64(len(made))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("inspected: %v", err)
	}
}

func TestReasons(t *testing.T) {
	seen := map[string]bool{}
	for reason := image.NotAnImage; reason <= image.TrailingGarbage; reason++ {
		if text := reason.Error(); text == "" || seen[text] {
			t.Errorf("reason %d: %q", reason, text)
		} else {
			seen[text] = true
		}
	}
	if got := image.Reason(0).Error(); got != "reason 0" {
		t.Error(got)
	}
}
