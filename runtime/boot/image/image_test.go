package image_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/image/keyfile"
)

// edSigner makes a signer of Ed25519, always the same for the same seed.
func edSigner(t testing.TB, seed byte) image.Signer {
	t.Helper()
	return signerOf(t, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize)))
}

// ecSigner makes a signer of ECDSA P-256, always the same for the same seed.
func ecSigner(t testing.TB, seed byte) image.Signer {
	t.Helper()
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return signerOf(t, private)
}

func signerOf(t testing.TB, private crypto.Signer) image.Signer {
	t.Helper()
	signer, err := keyfile.Signer(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// makeImage makes an image.
func makeImage(t testing.TB, payload []byte, d image.Description, signer image.Signer) []byte {
	t.Helper()
	var made bytes.Buffer
	if err := image.Write(&made, bytes.NewReader(payload), int64(len(payload)), d, signer); err != nil {
		t.Fatal(err)
	}
	return made.Bytes()
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func counter(n uint32) *uint32 { return &n }

// count gives the bytes 0 to n-1.
func count(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i)
	}
	return data
}

// full is a description that uses all that there is.
func full() image.Description {
	return image.Description{
		Version:     image.Version{Major: 1, Minor: 2, Revision: 3, Build: 4},
		HeaderSize:  64,
		LoadAddress: 0x1000,
		Claims: image.Claims{
			SecurityCounter: counter(5),
			Dependencies:    []image.Dependency{{Image: 1, Version: image.Version{Major: 2}}},
			Boards:          []string{"gateway-2", "gateway-3"},
			Platform:        "linux/arm64",
			FirmwareVersion: "1.2.3-rc.1+4.lab",
		},
		Extra: []image.TLV{{Type: 0x00a0, Value: []byte("more")}},
	}
}

// allowing is a policy that lets an image of full pass.
func allowing(keys ...image.Key) image.Policy {
	return image.Policy{Keys: keys, Board: "gateway-3", Platform: "linux/arm64", Images: map[uint8]image.Version{1: {Major: 2}}}
}

// The vectors of the reference, D.8.
func TestVectors(t *testing.T) {
	d := image.Description{Version: image.Version{Major: 1, Minor: 2, Revision: 3, Build: 4}, Claims: image.Claims{SecurityCounter: counter(5)}}
	made := makeImage(t, count(16), d, nil)
	want := unhex(t, `
		3d b8 f3 96 00 00 00 00 20 00 0c 00 10 00 00 00 00 00 00 00 01 02 03 00 04 00 00 00 00 00 00 00
		00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 08 69 0c 00 50 00 04 00 05 00 00 00 07 69 28 00
		10 00 20 00 e2 7c 42 2d fc ce fa 4e ca 04 e3 67 f6 bd 61 2c 71 83 e5 3b cc 6e 8d f4 d2 16 0f dc
		1b ea 3c 09`)
	if !bytes.Equal(made, want) {
		t.Errorf("made\n%x, want\n%x", made, want)
	}
	if sum := sha256.Sum256(made); hex.EncodeToString(sum[:]) != "5e940208b4d088d1a20449a1ed0d1743ff637861b12f65c4b9506bed1cddf08a" {
		t.Errorf("SHA-256 of the file: %x", sum)
	}
	d.Claims = image.Claims{}
	plain := makeImage(t, count(16), d, nil)
	info, err := image.Inspect(bytes.NewReader(plain), int64(len(plain)))
	if err != nil {
		t.Fatal(err)
	}
	if len(plain) != 88 || hex.EncodeToString(info.Digest[:]) != "04cbb04cff0327ca1d27929d4af2c825fb1d13bdb48fd5fdd935263b6e42d4b3" {
		t.Errorf("without protected TLVs: %d bytes, digest %x", len(plain), info.Digest)
	}
	for _, each := range [][]byte{made, plain} {
		if _, err := image.Verify(bytes.NewReader(each), image.Policy{}); !errors.Is(err, image.Unsigned) {
			t.Errorf("without a signature: %v, want unsigned", err)
		}
	}
	if !image.IsImage(made) || !image.IsImage(made[:32]) || image.IsImage(made[:31]) || image.IsImage(unhex(t, "000000006d654475"+strings.Repeat("00", 24))) {
		t.Error("IsImage is wrong")
	}
	trailer, err := image.ParseTrailer(unhex(t, "02 ff ff ff ff ff ff ff"+strings.Repeat("ff", 16)+"77 c2 95 f3 60 d2 ef 7f 35 52 50 0f 2c b6 79 80"))
	if want := (image.Trailer{Align: 8, Swap: image.SwapTest}); err != nil || *trailer != want {
		t.Errorf("trailer: %+v, %v", trailer, err)
	}
}

// What Write was told comes back from Inspect and from Verify, for images in pieces of any size.
func TestRoundTrip(t *testing.T) {
	for name, signer := range map[string]image.Signer{"ed25519": edSigner(t, 1), "ecdsa-p256": ecSigner(t, 1)} {
		t.Run(name, func(t *testing.T) {
			payload := count(1000)
			made := makeImage(t, payload, full(), signer)
			inspected, err := image.Inspect(bytes.NewReader(made), int64(len(made)))
			if err != nil {
				t.Fatal(err)
			}
			for _, size := range []int{1, 7, 31, 33, 64, 1000, len(made)} {
				var extracted bytes.Buffer
				verifier := image.NewVerifier(allowing(edSigner(t, 9), signer), &extracted)
				for piece := range slices.Chunk(made, size) {
					if n, err := verifier.Write(piece); n != len(piece) || err != nil {
						t.Fatalf("pieces of %d: %d, %v", size, n, err)
					}
				}
				info, err := verifier.Finish()
				if err != nil {
					t.Fatal(err)
				}
				if info.Header != inspected.Header || info.Digest != inspected.Digest || info.KeyHash != signer.Hash() || info.KeyHash != inspected.KeyHash ||
					info.Size != int64(len(made)) || info.Size != inspected.Size || len(info.Protected) != len(inspected.Protected) || len(info.Plain) != 3 || info.Trailer != nil {
					t.Errorf("verified %+v, inspected %+v", info, inspected)
				}
				want := full()
				if info.Header.Version != want.Version || info.Header.LoadAddress != want.LoadAddress || int(info.Header.Size) != want.HeaderSize ||
					*info.SecurityCounter != 5 || !slices.Equal(info.Dependencies, want.Dependencies) || !slices.Equal(info.Boards, want.Boards) ||
					info.Platform != want.Platform || info.FirmwareVersion != want.FirmwareVersion || string(info.Protected[len(info.Protected)-1].Value) != "more" {
					t.Errorf("%+v", info)
				}
				if !bytes.Equal(extracted.Bytes(), payload) {
					t.Error("the payload is another")
				}
			}
			payloadRead := make([]byte, len(payload))
			if n, err := inspected.Header.Payload(bytes.NewReader(made)).ReadAt(payloadRead, 0); n != len(payload) || !bytes.Equal(payloadRead, payload) {
				t.Errorf("Payload: %d, %v", n, err)
			}
		})
	}
}

// judge is Verify of an image in memory.
func judge(made []byte, policy image.Policy) (*image.Info, error) {
	verifier := image.NewVerifier(policy, nil)
	if _, err := verifier.Write(made); err != nil {
		return nil, err
	}
	return verifier.Finish()
}

// Every single changed byte is refused, whatever it is changed to (in the signature itself: every bit of it), and every image cut short or
// made longer.
func TestEveryByteCounts(t *testing.T) {
	for name, signer := range map[string]image.Signer{"ed25519": edSigner(t, 1), "ecdsa-p256": ecSigner(t, 1)} {
		t.Run(name, func(t *testing.T) {
			made := makeImage(t, count(40), full(), signer)
			policy := allowing(signer)
			if _, err := image.Verify(bytes.NewReader(made), policy); err != nil {
				t.Fatal(err)
			}
			reasons := map[image.Reason]int{}
			for _, padded := range []bool{false, true} {
				policy.Padded = padded
				for at := range made {
					changes := count(256)[1:]
					if at >= len(made)-64 || padded { // where it takes time: inside the signature
						changes = []byte{0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80}
					}
					for _, change := range changes {
						changed := slices.Clone(made)
						changed[at] ^= change
						_, err := judge(changed, policy)
						reason, is := errors.AsType[image.Reason](err)
						if !is {
							t.Fatalf("byte %d changed by %#x, padding %v: %v", at, change, padded, err)
						}
						reasons[reason]++
					}
				}
				for size := range made {
					if _, err := judge(made[:size], policy); !errors.Is(err, image.Truncated) {
						t.Fatalf("cut to %d bytes: %v", size, err)
					}
					if _, err := image.Inspect(bytes.NewReader(made[:size]), int64(size)); !errors.Is(err, image.Truncated) {
						t.Fatalf("inspected, cut to %d bytes: %v", size, err)
					}
				}
				if _, err := image.Verify(bytes.NewReader(append(slices.Clone(made), 0)), policy); !errors.Is(err, image.TrailingGarbage) {
					t.Fatalf("a byte longer: %v", err)
				}
			}
			t.Logf("refused: %v", reasons)
		})
	}
}
