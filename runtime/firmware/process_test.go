package firmware

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/hwid"
	"github.com/cloudgen/cloudgen/runtime/modem/sim"
	"github.com/cloudgen/cloudgen/runtime/module"
	"github.com/cloudgen/cloudgen/runtime/qos"
)

// The test binary becomes the firmware when this variable names what its backend is to do.
const backendVariable = "CLOUDGEN_TEST_BACKEND"

func TestMain(m *testing.M) {
	if behaviour := os.Getenv(backendVariable); behaviour != "" {
		os.Exit(Main(os.Args[1:], testProgram(behaviour)))
	}
	goleak.VerifyTestMain(m)
}

// testProgram is a firmware with the real cloud module and a backend that needs no network.
func testProgram(behaviour string) Program {
	config := trackerConfig()
	config.RebootTimeout = time.Second // a reboot would take 5 s otherwise
	return Program{Name: "tracker", Tracker: config, Modem: sim.Open, New: func(options module.Options) (*module.Module, error) {
		moduleConfig := module.Config{
			ConnectRetries: 10, BackoffJitterPercent: 25,
			QoS:        qos.Config{PendingMax: 10, NotifiedCountMax: 3, NotifyTimeout: 16 * time.Second},
			HardwareID: hwid.Config{Source: hwid.SourceIMEI},
		}
		device, err := module.NewDevice(moduleConfig, options)
		if err != nil {
			return nil, err
		}
		return module.New(moduleConfig, &testBackend{device: device, behaviour: behaviour}, options)
	}}
}

type testBackend struct {
	cloud.Notifier
	device    module.Device
	behaviour string
	receive   func(data.Received)
	id        string
}

func (b *testBackend) Bind(receive func(data.Received)) { b.receive = receive }

func (b *testBackend) Init(ctx context.Context, handler cloud.Handler) (err error) {
	b.SetHandler(handler)
	b.id, err = b.device.ID(ctx)
	return err
}

func (b *testBackend) Connect(context.Context) (cloud.ConnectResult, error) {
	if b.behaviour == "credentials" {
		_, err := b.device.Credentials.TLS(42)
		_, pskErr := b.device.Credentials.PSK(43, "")
		return cloud.ConnectErrCert, errors.Join(err, pskErr)
	}
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventConnected})
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventReady})
	if b.behaviour == "reboot" {
		b.receive(data.RebootRequested{})
	}
	return cloud.ConnectSuccess, nil
}

func (b *testBackend) Disconnect() error {
	if b.behaviour == "stuck" {
		select {}
	}
	b.NotifyEvent(b, cloud.Event{Type: cloud.EventDisconnected, Reason: cloud.DisconnectUserRequest})
	return nil
}

func (b *testBackend) Report(_ context.Context, update data.Update, _ module.Delivery) error {
	b.device.Logger.Info("report", "environment", update.Environment != nil, "id", b.id)
	return nil
}

func (b *testBackend) Uninit() error                              { return nil }
func (b *testBackend) Send(context.Context, cloud.Message) error  { return nil }
func (b *testBackend) KeepaliveTimeLeft() time.Duration           { return -1 }
func (b *testBackend) Input() error                               { return nil }
func (b *testBackend) SubscriptionsAdd([]cloud.Endpoint) error    { return nil }
func (b *testBackend) SubscriptionsRemove([]cloud.Endpoint) error { return nil }
func (b *testBackend) ID() (string, error)                        { return b.id, nil }

// running is the firmware in a process of its own.
type running struct {
	t       *testing.T
	command *exec.Cmd
	lines   *bufio.Scanner
	log     bytes.Buffer
}

// launch starts the firmware. Its standard error is read by until and wait only.
func launch(t *testing.T, behaviour string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	r := &running{t: t, command: exec.CommandContext(ctx, os.Args[0], args...)}
	r.command.Env = append(os.Environ(), backendVariable+"="+behaviour)
	stderr, err := r.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.lines = bufio.NewScanner(io.TeeReader(stderr, &r.log))
	if err := r.command.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

// until reads the log up to a record with a text and gives the record.
func (r *running) until(text string) string {
	r.t.Helper()
	for r.lines.Scan() {
		if strings.Contains(r.lines.Text(), text) {
			return r.lines.Text()
		}
	}
	r.t.Fatalf("the log ends without %q:\n%s", text, r.log.String())
	return ""
}

func (r *running) signal(s os.Signal) {
	r.t.Helper()
	if err := r.command.Process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
}

// wait reads the rest of the log and compares the exit status; -1 is an end by a signal.
func (r *running) wait(want int) {
	r.t.Helper()
	for r.lines.Scan() {
	}
	err := r.command.Wait()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		r.t.Fatal(err)
	}
	if got := r.command.ProcessState.ExitCode(); got != want {
		r.t.Errorf("exit status %d, want %d; log:\n%s", got, want, r.log.String())
	}
}

func TestProcessEndsInOrder(t *testing.T) {
	dir := t.TempDir()
	r := launch(t, "connect", "-data", dir, "-credentials", dir, "-log-level", "error")
	r.until("event=CLOUD_EVT_CONNECTED")
	r.signal(syscall.SIGTERM)
	r.until("event=CLOUD_EVT_SHUTDOWN_READY")
	r.wait(StatusOK)
}

func TestProcessReports(t *testing.T) {
	dir := t.TempDir()
	r := launch(t, "connect", "-data", dir, "-credentials", dir)
	r.until("environment=true")
	r.signal(os.Interrupt)
	r.wait(StatusOK)
}

func TestProcessWantsReboot(t *testing.T) {
	dir := t.TempDir()
	r := launch(t, "reboot", "-data", dir, "-credentials", dir)
	r.until("event=CLOUD_EVT_REBOOT_REQUEST")
	r.until("event=UTIL_EVT_SHUTDOWN_REQUEST")
	r.wait(StatusReboot)
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	dir := t.TempDir()
	r := launch(t, "stuck", "-data", dir, "-credentials", dir)
	r.until("event=CLOUD_EVT_CONNECTED")
	r.signal(syscall.SIGTERM)
	r.until("ends in order")
	r.signal(syscall.SIGTERM)
	r.wait(StatusFailure)
	if !strings.Contains(r.log.String(), "ends at once") {
		t.Errorf("log:\n%s", r.log.String())
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	first := launch(t, "connect", "-data", dir, "-credentials", dir)
	id := field(first.until("environment=true"), "id=")
	second := launch(t, "connect", "-data", dir, "-credentials", dir)
	record := second.until("the data folder cannot be used")
	second.wait(StatusFailure)
	if holder := fmt.Sprintf("process %d, ", first.command.Process.Pid); !strings.Contains(record, holder) {
		t.Errorf("%s: it does not name the holder, %q", record, holder)
	}

	first.signal(syscall.SIGKILL) // leaves the lock's file behind
	first.wait(-1)
	third := launch(t, "connect", "-data", dir, "-credentials", dir)
	if again := field(third.until("environment=true"), "id="); again != id || len(id) != 15 {
		t.Errorf("after the restart the device is %s, it was %s", again, id)
	}
	third.signal(syscall.SIGTERM)
	third.wait(StatusOK)
}

func TestProcessUsage(t *testing.T) {
	r := launch(t, "connect", "-data", t.TempDir(), "-log", "xml")
	r.until("must be text or json")
	r.wait(StatusUsage)
}

// TestSecretsStayOut starts the firmware with credentials that are missing, refused or spoiled in turn, at the most talkative level.
func TestSecretsStayOut(t *testing.T) {
	const secret = "c0ffee00c0ffee11c0ffee22c0ffee33"
	pem := "-----BEGIN EC PRIVATE KEY-----\n" + secret + "\n-----END EC PRIVATE KEY-----\n"
	for _, test := range []struct {
		name, file, content string
		mode                os.FileMode
		log                 string
	}{
		{name: "no folder", log: "ca.pem"},
		{name: "authorities that are a key", file: "42/ca.pem", content: pem, mode: 0o600, log: "ca.pem"},
		{name: "no PEM", file: "42/ca.pem", content: secret, mode: 0o600, log: "ca.pem"},
		{name: "world-readable pre-shared key", file: "43/psk", content: secret, mode: 0o644, log: "43/psk:"},
		{name: "pre-shared key that is not hex", file: "43/psk", content: secret + "xyz", mode: 0o600, log: "43/psk:"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			credentials := filepath.Join(dir, "credentials")
			if test.file != "" {
				path := filepath.Join(credentials, test.file)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				for file, content := range map[string]string{path: test.content, filepath.Join(filepath.Dir(path), "psk_id"): "device"} {
					if err := os.WriteFile(file, []byte(content), test.mode); err != nil {
						t.Fatal(err)
					}
				}
			}
			r := launch(t, "credentials", "-data", filepath.Join(dir, "data"), "-credentials", credentials, "-log-level", "debug")
			r.until("event=CLOUD_EVT_CONNECT_FAILED") // backs off, and goes on
			r.signal(syscall.SIGTERM)
			r.wait(StatusOK)
			if !strings.Contains(r.log.String(), test.log) {
				t.Errorf("%q is missing in the log:\n%s", test.log, r.log.String())
			}
			if strings.Contains(r.log.String(), secret[:8]) {
				t.Errorf("the secret is in the log:\n%s", r.log.String())
			}
		})
	}
}

func field(record, key string) string {
	_, value, _ := strings.Cut(record, " "+key)
	value, _, _ = strings.Cut(value, " ")
	return value
}
