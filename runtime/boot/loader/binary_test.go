//go:build unix

package loader

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// The limits of a bootloader: bytes on linux/amd64, and the time from its start to that of the firmware, without the verification.
const (
	mostBytes        = 3_000_000
	mostBytesEd25519 = 2_300_000
	mostTime         = 30 * time.Millisecond
)

// build builds a bootloader as cloudgen does.
func build(t *testing.T, name, system, machine string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), name)
	command := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", out, "./testdata/"+name)
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOOS="+system, "GOARCH="+machine)
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out
}

func TestSize(t *testing.T) {
	for _, test := range []struct {
		name string
		most int64
	}{{"ed25519", mostBytesEd25519}, {"both", mostBytes}} {
		info, err := os.Stat(build(t, test.name, "linux", "amd64"))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes", test.name, info.Size())
		if info.Size() > test.most {
			t.Errorf("%s: %d bytes are more than %d", test.name, info.Size(), test.most)
		}
	}
}

// TestNothingOfTheNetworkIsLinked looks at the packages of a bootloader with all kinds of keys.
func TestNothingOfTheNetworkIsLinked(t *testing.T) {
	list := func(name string) []string {
		text, err := exec.Command("go", "list", "-deps", "./testdata/"+name).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		return strings.Fields(string(text))
	}
	for _, each := range list("both") {
		if each == "net" || strings.HasPrefix(each, "net/") || each == "crypto/tls" || each == "log/slog" || each == "encoding/json" ||
			strings.HasPrefix(each, "vendor/golang.org/x/net/") || strings.Contains(strings.SplitN(each, "/", 2)[0], ".") && !strings.HasPrefix(each, "github.com/cloudgen/cloudgen/runtime/") {
			t.Errorf("a bootloader has the package %s", each)
		}
	}
	for _, each := range list("ed25519") {
		if each == "crypto/ecdsa" || strings.HasSuffix(each, "/eckey") {
			t.Errorf("a bootloader with keys of Ed25519 alone has the package %s", each)
		}
	}
}

// TestTimeToFirmware starts a real bootloader with a real program: the time is that of both together, with the verification of a few bytes. The best
// one counts, of more starts when the machine is busy with other things.
func TestTimeToFirmware(t *testing.T) {
	bootloader, data := build(t, "ed25519", runtime.GOOS, runtime.GOARCH), t.TempDir()
	factory := filepath.Join(data, "factory")
	if err := os.WriteFile(factory, signed([]byte("#!/bin/sh\nexit 0\n"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	var times []time.Duration
	for n := 0; n < 15 || n < 500 && slices.Min(times) > mostTime; n++ {
		command := exec.Command(bootloader, "-data", data)
		command.Env = append(os.Environ(), "FACTORY="+factory)
		var log bytes.Buffer
		command.Stderr = &log
		begun := time.Now()
		if err := command.Run(); err != nil {
			t.Fatalf("%v\n%s", err, log.String())
		}
		times = append(times, time.Since(begun))
	}
	slices.Sort(times)
	t.Logf("start of the bootloader to the end of a shell: %v at best, %v in the middle", times[0], times[len(times)/2])
	if times[0] > mostTime {
		t.Errorf("%v are more than %v", times[0], mostTime)
	}
}

// TestRealProgramRunsFromItsSlot has a second bootloader as the firmware, which finds the first one on its data folder: a program of the system's
// own kind does not mind what comes after it in the slot's file.
func TestRealProgramRunsFromItsSlot(t *testing.T) {
	bootloader, data := build(t, "ed25519", runtime.GOOS, runtime.GOARCH), t.TempDir()
	payload, err := os.ReadFile(bootloader)
	if err != nil {
		t.Fatal(err)
	}
	factory := filepath.Join(data, "factory")
	if err := os.WriteFile(factory, signed(payload, 1), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(bootloader, "-data", data)
	command.Env = append(os.Environ(), "FACTORY="+factory)
	log, err := command.CombinedOutput()
	if command.ProcessState == nil || command.ProcessState.ExitCode() != statusFailure || !strings.Contains(string(log), "is there another bootloader") {
		t.Errorf("%v\n%s", err, log)
	}
	t.Logf("%s", log)
}
