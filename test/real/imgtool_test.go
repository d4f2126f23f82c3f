//go:build real

package real

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/image/keyfile"
)

//go:embed imgtool.txt
var imgtoolRequirements string

// findImgtool gives the path of imgtool: $CLOUDGEN_IMGTOOL, or one in a virtual environment in the user's cache, which the first call makes.
var findImgtool = sync.OnceValues(func() (string, error) {
	if program := os.Getenv("CLOUDGEN_IMGTOOL"); program != "" {
		return program, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(imgtoolRequirements))
	folder := filepath.Join(cache, "cloudgen", "imgtool-"+hex.EncodeToString(sum[:6]))
	program := filepath.Join(folder, "bin", "imgtool")
	if exec.Command(program, "version").Run() == nil {
		return program, nil
	}
	requirements := folder + ".txt"
	if err := os.MkdirAll(filepath.Dir(requirements), 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(requirements, []byte(imgtoolRequirements), 0o644); err != nil {
		return "", err
	}
	for _, command := range [][]string{
		{"python3", "-m", "venv", "--clear", folder},
		{filepath.Join(folder, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--require-hashes", "-r", requirements},
	} {
		if output, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("imgtool is needed (Python 3.11 or 3.13 with venv and pip, or $CLOUDGEN_IMGTOOL): %v: %w\n%s", command, err, output)
		}
	}
	return program, nil
})

// workshop is a folder with keys and a payload, and the tools that make images there.
type workshop struct {
	*testing.T
	dir     string
	imgtool string
	payload []byte
	keys    []workshopKey
}

// workshopKey is a key with the name of who made it.
type workshopKey struct {
	name   string // the file is NAME.pem
	signer image.Signer
}

// newWorkshop has keys of both kinds, made by imgtool and by us.
func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	w := &workshop{T: t, dir: t.TempDir(), payload: make([]byte, 5003)}
	var err error
	if w.imgtool, err = findImgtool(); err != nil {
		t.Fatal(err)
	}
	random := rand.NewChaCha8([32]byte{1})
	if _, err := random.Read(w.payload); err != nil {
		t.Fatal(err)
	}
	w.write("payload.bin", w.payload)
	for _, of := range keyfile.Types() {
		theirs, ours := "imgtool-"+string(of), "cloudgen-"+string(of)
		w.mustRun(w.imgtool, "keygen", "-t", string(of), "-k", theirs+".pem")
		w.mustRun(installed.cloudgen, "keygen", "-type", string(of), "-o", ours+".pem")
		for _, name := range []string{theirs, ours} {
			w.keys = append(w.keys, workshopKey{name, w.signer(name + ".pem")})
		}
	}
	return w
}

func (w *workshop) write(name string, content []byte) {
	w.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), content, 0o600); err != nil {
		w.Fatal(err)
	}
}

func (w *workshop) read(name string) []byte {
	w.Helper()
	content, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.Fatal(err)
	}
	return content
}

// run runs a program in the folder.
func (w *workshop) run(program string, args ...string) (string, error) {
	command := exec.Command(program, args...)
	command.Dir = w.dir
	output, err := command.CombinedOutput()
	return string(output), err
}

func (w *workshop) mustRun(program string, args ...string) string {
	w.Helper()
	output, err := w.run(program, args...)
	if err != nil {
		w.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, output)
	}
	return output
}

func (w *workshop) signer(file string) image.Signer {
	w.Helper()
	private, err := keyfile.ParsePrivate(w.read(file))
	if err != nil {
		w.Fatal(err)
	}
	signer, err := keyfile.Signer(private)
	if err != nil {
		w.Fatal(err)
	}
	return signer
}

// sign has imgtool make made.img of the payload.
func (w *workshop) sign(t *testing.T, args ...string) []byte {
	t.Helper()
	all := append([]string{"sign", "--pad-header", "-v", "1.2.3+4"}, args...)
	if output, err := w.run(w.imgtool, append(all, "payload.bin", "made.img")...); err != nil {
		t.Fatalf("imgtool %v: %v\n%s", all, err, output)
	}
	return w.read("made.img")
}

// Keys of either side have the same hash and the same public file on both.
func TestImgtoolKeys(t *testing.T) {
	w := newWorkshop(t)
	for _, key := range w.keys {
		w.mustRun(w.imgtool, "getpubhash", "-k", key.name+".pem", "-e", "raw", "-o", "hash.bin")
		if hash := key.signer.Hash(); !bytes.Equal(w.read("hash.bin"), hash[:]) {
			t.Errorf("%s: imgtool's hash is %x, ours %x", key.name, w.read("hash.bin"), hash)
		}
		w.mustRun(w.imgtool, "getpub", "-k", key.name+".pem", "-e", "pem", "-o", "public.pem")
		public, err := keyfile.ParsePublic(w.read("public.pem"))
		if err != nil || public.Hash() != key.signer.Hash() {
			t.Errorf("%s: %v", key.name, err)
		}
		if ours := key.name + ".pub.pem"; strings.HasPrefix(key.name, "cloudgen-") && !bytes.Equal(w.read(ours), w.read("public.pem")) {
			t.Errorf("%s is another than imgtool's", ours)
		}
	}
	for _, of := range []string{"ed25519", "ecdsa-p256"} {
		locked := exec.Command("openssl", "pkey", "-in", "imgtool-"+of+".pem", "-aes256", "-passout", "pass:secret", "-out", "locked.pem")
		locked.Dir = w.dir
		if output, err := locked.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		if _, err := keyfile.ParsePrivate(w.read("locked.pem")); err == nil || !strings.Contains(err.Error(), "encrypted") {
			t.Errorf("%s with a password: %v", of, err)
		}
	}
}

// imgtool verifies our images, and no others.
func TestImgtoolVerifiesOurs(t *testing.T) {
	w := newWorkshop(t)
	five := uint32(5)
	claims := image.Claims{
		SecurityCounter: &five, Dependencies: []image.Dependency{{Image: 1, Version: image.Version{Major: 1}}}, Boards: []string{"gateway-2"},
		Platform: "linux/arm64", FirmwareVersion: "1.2.3-rc.1+4",
	}
	version := image.Version{Major: 1, Minor: 2, Revision: 3, Build: 4}
	for i, key := range w.keys {
		for _, size := range []int{32, 64, 512, 2048, 65535} {
			for _, claimed := range []image.Claims{{}, claims} {
				name := fmt.Sprintf("%s, header of %d, claims %v", key.name, size, claimed.SecurityCounter != nil)
				var made bytes.Buffer
				if err := image.Write(&made, bytes.NewReader(w.payload), int64(len(w.payload)), image.Description{Version: version, HeaderSize: size, Claims: claimed}, key.signer); err != nil {
					t.Fatal(err)
				}
				w.write("made.img", made.Bytes())
				info, err := image.Inspect(bytes.NewReader(made.Bytes()), int64(made.Len()))
				if err != nil {
					t.Fatal(err)
				}
				output := w.mustRun(w.imgtool, "verify", "-k", key.name+".pem", "made.img")
				if !strings.Contains(output, "correctly validated") || !strings.Contains(output, "1.2.3+4") || !strings.Contains(output, hex.EncodeToString(info.Digest[:])) {
					t.Errorf("%s: %s", name, output)
				}
				if size != 512 {
					continue
				}
				w.mustRun(w.imgtool, "dumpinfo", "made.img")
				if output, err := w.run(w.imgtool, "verify", "-k", w.keys[(i+1)%len(w.keys)].name+".pem", "made.img"); err == nil {
					t.Errorf("%s: verified with another key: %s", name, output)
				}
				changed := made.Bytes()
				changed[600] ^= 1
				w.write("made.img", changed)
				if output, err := w.run(w.imgtool, "verify", "-k", key.name+".pem", "made.img"); err == nil {
					t.Errorf("%s: verified with a changed byte: %s", name, output)
				}
			}
		}
	}
}

// imgtool verifies what cloudgen sign makes of a firmware, with keys of either side.
func TestImgtoolVerifiesSignedFirmware(t *testing.T) {
	w := newWorkshop(t)
	for _, key := range w.keys {
		w.mustRun(installed.cloudgen, "sign", "-key", key.name+".pem", "-version", "3.2.1", "-board", "gateway-2", "-lab", "-o", "firmware.img", installed.firmware)
		if output := w.mustRun(w.imgtool, "verify", "-k", key.name+".pem", "firmware.img"); !strings.Contains(output, "Image version: 3.2.1") {
			t.Errorf("%s: %s", key.name, output)
		}
	}
}

// imgtoolVariant is a way to call imgtool sign, and what comes of it.
type imgtoolVariant struct {
	name    string
	args    []string
	padded  bool
	trailer *image.Trailer // of a padded one
	check   func(*image.Info) bool
}

func imgtoolVariants() []imgtoolVariant {
	fine := func(*image.Info) bool { return true }
	all := []imgtoolVariant{
		{"plain", nil, false, nil, func(info *image.Info) bool { return len(info.Protected) == 0 }},
		{"whole key", []string{"--public-key-format", "full"}, false, nil, fine},
		{"RAM load", []string{"--load-addr", "0x20000"}, false, nil, func(info *image.Info) bool {
			return info.Header.Flags == image.FlagRAMLoad && info.Header.LoadAddress == 0x20000
		}},
		{"claims", []string{"--security-counter", "5", "--dependencies", "(1, 1.2.3+0)", "--boot-record", "main", "--vid", "example.com", "--cid", "gateway",
			"--custom-tlv", "0x43a0", "gateway-1", "--custom-tlv", "0x43a1", "linux/arm64", "--custom-tlv", "0x43a2", "1.2.3-rc.1", "--custom-tlv", "0x12a0", "0x0102"}, false, nil,
			func(info *image.Info) bool {
				return *info.SecurityCounter == 5 && slices.Equal(info.Dependencies, []image.Dependency{{Image: 1, Version: image.Version{Major: 1, Minor: 2, Revision: 3}}}) &&
					slices.Equal(info.Boards, []string{"gateway-1"}) && info.Platform == "linux/arm64" && info.FirmwareVersion == "1.2.3-rc.1" && len(info.Protected) == 9
			}},
		{"counter of the version", []string{"--security-counter", "auto"}, false, nil, func(info *image.Info) bool { return *info.SecurityCounter == 1<<24+2<<16+3 }},
		{"overwrite only", []string{"--pad", "--overwrite-only"}, true, &image.Trailer{Align: 8}, fine},
	}
	for _, align := range []int{8, 16, 32} {
		alignment := strconv.Itoa(align)
		for _, how := range []string{"--pad", "--test", "--confirm"} {
			all = append(all, imgtoolVariant{"aligned to " + alignment + ", " + how, []string{how, "--align", alignment, "--max-align", alignment}, true,
				&image.Trailer{Align: align, Confirmed: how == "--confirm"}, fine})
		}
	}
	return all
}

// We verify imgtool's images: of all keys and header sizes, padded or not, with all that it can say in them; and every single changed byte of
// them is refused, but for what the trailer says.
func TestImgtoolImagesVerify(t *testing.T) {
	w := newWorkshop(t)
	for i, key := range w.keys {
		for j, variant := range imgtoolVariants() {
			size := []int{32, 512, 2048}[(i+j)%3]
			t.Run(fmt.Sprintf("%s, %s, header of %d", key.name, variant.name, size), func(t *testing.T) {
				const slot = 1 << 16
				made := w.sign(t, append([]string{"-k", key.name + ".pem", "-H", strconv.Itoa(size), "-S", strconv.Itoa(slot)}, variant.args...)...)
				policy := image.Policy{
					Keys: []image.Key{key.signer}, MaxSize: slot, Installed: &image.Version{Major: 1, Minor: 2, Revision: 3}, Padded: variant.padded,
					Images: map[uint8]image.Version{1: {Major: 1, Minor: 2, Revision: 3}},
				}
				if variant.name == "claims" {
					policy.Board, policy.Platform, policy.SecurityCounter = "gateway-1", "linux/arm64", 5
				}
				var payload bytes.Buffer
				info, err := image.Extract(&payload, bytes.NewReader(made), policy)
				if err != nil {
					t.Fatal(err)
				}
				if info.Header.Version != (image.Version{Major: 1, Minor: 2, Revision: 3, Build: 4}) || int(info.Header.Size) != size || !bytes.Equal(payload.Bytes(), w.payload) || !variant.check(info) {
					t.Errorf("%+v", info)
				}
				if (info.Trailer == nil) != (variant.trailer == nil) || info.Trailer != nil && *info.Trailer != *variant.trailer {
					t.Errorf("trailer %+v, want %+v", info.Trailer, variant.trailer)
				}
				if variant.padded {
					strict := policy
					strict.Padded = false
					if _, err := image.Verify(bytes.NewReader(made), strict); !errors.Is(err, image.TrailingGarbage) {
						t.Errorf("padding where it is not allowed: %v", err)
					}
				}
				checkChanges(t, made, policy, info)
			})
		}
	}
}

// checkChanges changes bytes of an image: all outside the payload and the long padding, and some of these.
func checkChanges(t *testing.T, made []byte, policy image.Policy, right *image.Info) {
	t.Helper()
	for at := range made {
		inside := at >= 64 && at < int(right.Header.Size)+int(right.Header.PayloadSize)
		padding := at >= int(right.Size) && at < len(made)-200
		if (inside || padding) && at%997 != 0 {
			continue
		}
		changed := slices.Clone(made)
		changed[at] ^= 0xfe // of 0xff a set flag
		verifier := image.NewVerifier(policy, nil)
		_, err := verifier.Write(changed)
		var info *image.Info
		if err == nil {
			info, err = verifier.Finish()
		}
		if _, refused := errors.AsType[image.Reason](err); refused {
			continue
		}
		if err != nil || right.Trailer == nil || info.Trailer == nil || *info.Trailer == *right.Trailer || at < int(right.Size) {
			t.Fatalf("byte %d of %d changed: %+v, %v", at, len(made), info, err)
		}
	}
}

// What imgtool can make and we do not run is refused for what it is.
func TestImgtoolImagesRefused(t *testing.T) {
	w := newWorkshop(t)
	key := w.keys[0] // Ed25519
	for _, each := range []struct {
		name string
		args []string
		key  string
		want image.Reason
	}{
		{"unsigned", nil, "", image.Unsigned},
		{"another key", nil, w.keys[1].name, image.UnknownKey},
		{"pure", []string{"--pure"}, key.name, image.Unsupported},
		{"SHA-512", []string{"--sha", "512"}, key.name, image.Unsupported},
		{"encrypted", []string{"-E", w.keys[2].name + ".pem"}, key.name, image.Unsupported},
		{"not bootable", []string{"--non-bootable"}, key.name, image.Unsupported},
		{"compressed", []string{"--compression", "lzma2"}, key.name, image.Unsupported},
		{"big endian", []string{"--endian", "big"}, key.name, image.NotAnImage},
		{"older", []string{"-v", "1.2.2+9"}, key.name, image.Downgraded},
		{"another board", []string{"--custom-tlv", "0x43a0", "gateway-1"}, key.name, image.WrongBoard},
		{"another platform", []string{"--custom-tlv", "0x43a0", "gateway-2", "--custom-tlv", "0x43a1", "linux/mips"}, key.name, image.WrongBoard},
		{"board as a number", []string{"--custom-tlv", "0x43a0", "0x01"}, key.name, image.Malformed},
		{"dependency", []string{"--custom-tlv", "0x43a0", "gateway-2", "--dependencies", "(2, 1.0.0)"}, key.name, image.Unmet},
	} {
		t.Run(each.name, func(t *testing.T) {
			args := append([]string{"-H", "32", "-S", "65536"}, each.args...)
			if each.key != "" {
				args = append(args, "-k", each.key+".pem")
			}
			if each.name == "compressed" { // what does not shrink stays as it is
				w.write("payload.bin", bytes.Repeat([]byte("all the same, "), 1000))
				defer w.write("payload.bin", w.payload)
			}
			made := w.sign(t, args...)
			_, err := image.Verify(bytes.NewReader(made), image.Policy{Keys: []image.Key{key.signer}, Board: "gateway-2", Platform: "linux/arm64", Installed: &image.Version{Major: 1, Minor: 2, Revision: 3}})
			if !errors.Is(err, each.want) {
				t.Errorf("%v, want %v", err, each.want)
			}
		})
	}
}

// A key that lies elsewhere signs through crypto.Signer.
func TestImgtoolVerifiesForeignSigner(t *testing.T) {
	w := newWorkshop(t)
	for _, key := range w.keys {
		private, err := keyfile.ParsePrivate(w.read(key.name + ".pem"))
		if err != nil {
			t.Fatal(err)
		}
		signer, err := keyfile.Signer(struct{ crypto.Signer }{private})
		if err != nil {
			t.Fatal(err)
		}
		var made bytes.Buffer
		if err := image.Write(&made, bytes.NewReader(w.payload), int64(len(w.payload)), image.Description{}, signer); err != nil {
			t.Fatal(err)
		}
		w.write("made.img", made.Bytes())
		w.mustRun(w.imgtool, "verify", "-k", key.name+".pem", "made.img")
	}
}
