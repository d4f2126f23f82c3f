//go:build real

package fota

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/image/keyfile"
)

// software is what the tests run.
type software struct {
	bootloader string // the program
	factory    string // file of the image that the bootloader installs where there is none: version 1.0.0
	next       []byte // image of version 2.0.0
	old, new   []byte // the programs of both
	silent     []byte // program that never connects
	crashing   []byte // program that crashes at its start
}

// built is set once, before the first test.
var built software

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(prepareAndRun(m))
}

func prepareAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "cloudgen-fota-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	if built, err = build(dir); err != nil {
		fmt.Fprintf(os.Stderr, "test/fota: %v\n", err)
		return 1
	}
	// The devices wait most of the time.
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("6"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	status := m.Run()
	if err := goleak.Find(); err != nil && status == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return status
}

// build makes all of it as users do: cloudgen generates and builds, and signs the images with the lab's key.
func build(dir string) (s software, err error) {
	cloudgen := filepath.Join(dir, "cloudgen")
	s.factory = filepath.Join(dir, "factory.img")
	if err := run("go", "build", "-o", cloudgen, "../../cmd/cloudgen"); err != nil {
		return s, err
	}
	firmware := func(name string) string { return filepath.Join(dir, name, "bin", "firmware") }
	generate := func(name string, set ...string) ([]byte, error) {
		args := []string{"-overlay", "overlay-lwm2m.hcl", "-overlay", filepath.Join("testdata", "overlay-fota.hcl"), "-set", "BOOT_FACTORY_IMAGE=" + s.factory}
		for _, each := range set {
			args = append(args, "-set", each)
		}
		if err := run(cloudgen, append(args, "-o", filepath.Join(dir, name))...); err != nil {
			return nil, err
		}
		return os.ReadFile(firmware(name))
	}
	if s.old, err = generate("old", "ASSET_TRACKER_V2_APP_VERSION=1.0.0"); err != nil {
		return s, err
	}
	if s.new, err = generate("new", "ASSET_TRACKER_V2_APP_VERSION=2.0.0"); err != nil {
		return s, err
	}
	if s.silent, err = generate("silent", "ASSET_TRACKER_V2_APP_VERSION=2.0.0", "LWM2M_CLIENT_UTILS_SERVER_TLS_TAG=999"); err != nil { // no key there
		return s, err
	}
	s.bootloader = filepath.Join(dir, "old", "bin", "bootloader")
	next := filepath.Join(dir, "next.img")
	for from, to := range map[string]string{"old": s.factory, "new": next} {
		if err := run(cloudgen, "sign", "-lab", "-o", to, firmware(from)); err != nil {
			return s, err
		}
	}
	if s.next, err = os.ReadFile(next); err != nil {
		return s, err
	}
	crash := filepath.Join(dir, "crash")
	if err := run("go", "build", "-o", crash, "./testdata/crash"); err != nil {
		return s, err
	}
	s.crashing, err = os.ReadFile(crash)
	return s, err
}

func run(name string, args ...string) error {
	command := exec.Command(name, args...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if log, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", command, err, log)
	}
	return nil
}

// labKey is the key that builds with the lab's defaults verify with (cmd/cloudgen/lab_key.go).
func labKey() ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("cloudgen lab image key"))
	return ed25519.NewKeyFromSeed(seed[:])
}

// imageOf makes an image of a program. No key: it is not signed.
func imageOf(program []byte, major uint8, key ed25519.PrivateKey) ([]byte, error) {
	var signer image.Signer
	if key != nil {
		var err error
		if signer, err = keyfile.Signer(key); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	d := image.Description{Version: image.Version{Major: major}, Claims: image.Claims{Platform: runtime.GOOS + "/" + runtime.GOARCH}}
	err := image.Write(&out, bytes.NewReader(program), int64(len(program)), d, signer)
	return out.Bytes(), err
}
