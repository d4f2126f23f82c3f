//go:build real

package fota

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/image/keyfile"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/durable"
)

const (
	// patience is how long a test waits for what should come soon.
	patience = time.Minute
	// securityTag is LWM2M_CLIENT_UTILS_SERVER_TLS_TAG.
	securityTag = 35724861
	deviceKey   = "0123456789abcdef"
)

// device is a machine with a disk and the bootloader.
type device struct {
	t      testing.TB
	folder string // its disk: data and credentials
	server *server

	command *exec.Cmd // the bootloader that runs or has run; nil: none has
	ended   chan error
	log     *output
}

// newDevice makes a device that is as it comes from the factory: switched off, with an image for the bootloader to install.
func newDevice(t testing.TB, s *server) *device {
	t.Helper()
	d := &device{t: t, folder: t.TempDir(), server: s, log: &output{}}
	credentials := filepath.Join(d.folder, "credentials", strconv.Itoa(securityTag))
	if err := os.MkdirAll(credentials, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(credentials, "psk"), []byte(hex.EncodeToString([]byte(deviceKey))), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.kill()
		if t.Failed() {
			t.Logf("the device's log:\n%s", d.log.last(12_000))
		}
	})
	return d
}

func (d *device) data() string { return filepath.Join(d.folder, "data") }

// start switches the device on.
func (d *device) start() {
	d.t.Helper()
	d.command = exec.Command(built.bootloader,
		"-data", d.data(), "-credentials", filepath.Join(d.folder, "credentials"), "-endpoint", d.server.address)
	reader, writer := io.Pipe()
	d.command.Stdout, d.command.Stderr = writer, writer
	d.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := d.command.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.ended = make(chan error, 1)
	var reading sync.WaitGroup
	reading.Go(func() { _, _ = io.Copy(d.log, reader) })
	go func(command *exec.Cmd, ended chan<- error) {
		err := command.Wait() // and until the firmware is gone, which writes there too
		_ = writer.Close()
		reading.Wait()
		ended <- err
	}(d.command, d.ended)
}

// kill switches the device off, as far as processes are concerned: bootloader and firmware are killed.
func (d *device) kill() {
	if d.command == nil {
		return
	}
	_ = d.command.Process.Kill()
	<-d.ended
	d.command = nil
}

// firmware gives the process of the firmware, 0 where none runs.
func (d *device) firmware() int {
	text := d.log.last(1 << 20)
	at := strings.LastIndex(text, " pid=")
	if at < 0 || strings.Contains(text[at:], "firmware ended") {
		return 0
	}
	digits, _, _ := strings.Cut(text[at+len(" pid="):], " ")
	pid, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return pid
}

func (d *device) slotsFolder() *durable.Folder {
	return durable.Open(filepath.Join(d.data(), slots.FolderName))
}

// state gives what is kept of the slots; it may be asked for at any time.
func (d *device) state() slots.State {
	d.t.Helper()
	state, err := slots.Peek(d.slotsFolder())
	if err != nil {
		d.t.Fatal(err)
	}
	return state
}

// stateFile gives the bytes of it, to see that nothing has changed.
func (d *device) stateFile() []byte {
	d.t.Helper()
	content, err := os.ReadFile(d.slotsFolder().Path("state"))
	if err != nil {
		d.t.Fatal(err)
	}
	return content
}

// bootable verifies the image of the active slot, and gives its version. The device is off.
func (d *device) bootable() image.Version {
	d.t.Helper()
	signer, err := keyfile.Signer(labKey())
	if err != nil {
		d.t.Fatal(err)
	}
	s, err := slots.Open(d.slotsFolder(), slots.Config{Policy: image.Policy{Keys: []image.Key{signer}}}, slots.None)
	if err == nil {
		err = s.Broken()
	}
	if err != nil {
		d.t.Fatal(err)
	}
	info, err := s.Verify(s.State().Active)
	if err != nil {
		d.t.Fatalf("the active image cannot run: %v; the slots: %+v", err, s.State())
	}
	return info.Header.Version
}

// settles waits until the slots are in a state.
func (d *device) settles(what string, good func(slots.State) bool) slots.State {
	d.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		state := d.state()
		if good(state) {
			return state
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("the slots are not %s: %+v", what, state)
		}
		pause()
	}
}

// pause is the time between two looks.
func pause() { time.Sleep(5 * time.Millisecond) }

// output is the log of a device.
type output struct {
	mu      sync.Mutex
	content bytes.Buffer
}

func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.content.Write(text)
}

// last gives at most so many bytes of its end.
func (o *output) last(most int) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	content := o.content.Bytes()
	return string(content[max(0, len(content)-most):])
}

// mustImage is imageOf for a test.
func mustImage(t testing.TB, program []byte, major uint8, key ed25519.PrivateKey) []byte {
	t.Helper()
	content, err := imageOf(program, major, key)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
