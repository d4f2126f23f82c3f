//go:build unix

package loader

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// device is a data folder with the images that it gets, and the bootloader that runs on it.
type device struct {
	t           *testing.T
	data        string
	config      string
	command     *exec.Cmd
	lines       chan string // of the firmware; closed when all that write to it are gone
	log         journal
	environment []string
	talks       bool // what it says at the end does not matter
}

// journal is what the bootloader has written.
type journal struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // has room for one
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	select {
	case j.changed <- struct{}{}:
	default:
	}
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// wait waits until one of the texts has been written, and gives it.
func (j *journal) wait(t *testing.T, texts ...string) string {
	t.Helper()
	for deadline := time.After(patience); ; {
		written := j.String()
		if i := slices.IndexFunc(texts, func(text string) bool { return strings.Contains(written, text) }); i >= 0 {
			return texts[i]
		}
		select {
		case <-j.changed:
		case <-deadline:
			t.Fatalf("waited in vain for a record with one of %q; the log:\n%s", texts, written)
		}
	}
}

// newDevice has a factory image of version 1.
func newDevice(t *testing.T, config string, factory []byte, updates ...[]byte) *device {
	d := &device{t: t, data: t.TempDir(), log: journal{changed: make(chan struct{}, 1)}}
	for i, each := range append([][]byte{factory}, updates...) {
		if err := os.WriteFile(filepath.Join(d.data, strconv.Itoa(i+1)), each, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d.config = config + " " + filepath.Join(d.data, "1")
	return d
}

func (d *device) start(args ...string) {
	d.t.Helper()
	self, err := os.Executable()
	if err != nil {
		d.t.Fatal(err)
	}
	d.command = exec.Command(self, append([]string{"-data", d.data}, args...)...)
	d.command.Env = append(os.Environ(), asLoader+"="+d.config, "WATCHDOG_PID=1", "WATCHDOG_USEC=5000")
	d.command.Env = append(d.command.Env, d.environment...)
	d.command.Stderr = &d.log
	reader, writer, err := os.Pipe()
	if err != nil {
		d.t.Fatal(err)
	}
	d.command.Stdout = writer
	if err := d.command.Start(); err != nil {
		d.t.Fatal(err)
	}
	command := d.command
	d.t.Cleanup(func() { _ = command.Process.Kill() }) // of a test that has failed; else it has ended
	if err := writer.Close(); err != nil {
		d.t.Fatal(err)
	}
	d.lines = make(chan string, 1000)
	lines := d.lines
	go func() {
		defer close(lines)
		defer reader.Close()
		for scanner := bufio.NewScanner(reader); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
}

const patience = 30 * time.Second

// expect waits for lines of the firmware.
func (d *device) expect(wanted ...string) {
	d.t.Helper()
	for _, want := range wanted {
		if got := d.line(); got != want {
			d.t.Fatalf("the firmware says %q, want %q; the log:\n%s", got, want, d.ended())
		}
	}
}

// line waits for the next line of the firmware, and gives "" if there are no more.
func (d *device) line() string {
	d.t.Helper()
	select {
	case line := <-d.lines:
		return line
	case <-time.After(patience):
		d.t.Fatalf("waited in vain for a line; the log:\n%s", d.ended())
		return ""
	}
}

// within gives a test limits that a firmware has to keep, each four times the one before, until the test says that it did. A firmware is a process,
// which a busy machine starts when it can: it is not wrong to be late.
func within(t *testing.T, test func(limit time.Duration) (kept bool)) {
	t.Helper()
	for limit := 300 * time.Millisecond; !test(limit); limit *= 4 {
		if limit > patience {
			t.Fatalf("the firmware is not up within %v", limit)
		}
	}
}

// ended kills what still runs and gives the log.
func (d *device) ended() string {
	_ = d.command.Process.Kill()
	_ = d.command.Wait()
	return d.log.String()
}

// status waits for the end of the bootloader.
func (d *device) status() int {
	d.t.Helper()
	timer := time.AfterFunc(patience, func() { _ = d.command.Process.Kill() })
	defer timer.Stop()
	_ = d.command.Wait()
	for line := range d.lines {
		if !d.talks {
			d.t.Errorf("the firmware also says %q", line)
		}
	}
	return d.command.ProcessState.ExitCode()
}

func (d *device) stop(want int) {
	d.t.Helper()
	if err := d.command.Process.Signal(syscall.SIGTERM); err != nil {
		d.t.Fatal(err)
	}
	if got := d.status(); got != want {
		d.t.Errorf("status %d, want %d; the log:\n%s", got, want, d.log.String())
	}
}

func (d *device) logged(wanted ...string) {
	d.t.Helper()
	for _, want := range wanted {
		if !strings.Contains(d.log.String(), want) {
			d.t.Errorf("the log does not have %q:\n%s", want, d.log.String())
		}
	}
}

func TestFactoryImageIsInstalledAndRunsWithArgumentsAndSignals(t *testing.T) {
	t.Parallel()
	d := newDevice(t, "1 0 5000", script(1, "args", "environment", "state", "wait"))
	d.start("-log", "json", "-x", "y")
	d.expect("1 [-data "+d.data+" -log json -x y]", "1  5000 a", "1 trial false 0 none ")
	if err := d.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Error(err)
	}
	d.expect("1 hangup")
	if err := d.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	d.expect("1 terminated")
	if status := d.status(); status != 0 {
		t.Errorf("status %d", status)
	}
	d.logged(`"msg":"firmware started","slot":"a","version":"0.0.1"`, `"msg":"end","status":"0"`)
}

func TestGoodUpdate(t *testing.T) {
	t.Parallel()
	d := newDevice(t, "2 0 5000", script(1, "say old", "update 2"), script(2, "state", "first-exit 75", "confirm", "state", "wait"))
	d.start()
	d.expect("1 old", "2 trial true 1 none ", "2 trial true 2 none ", "2 trial false 0 confirmed ")
	d.stopTalking(0)
	d.start() // and it stays
	d.expect("2 trial false 0 confirmed ", "2 trial false 0 confirmed ")
	d.stopTalking(0)
}

// stopTalking is stop of a firmware that says so.
func (d *device) stopTalking(want int) {
	d.t.Helper()
	d.talks = true
	d.stop(want)
	d.talks = false
}

func TestBadUpdatesComeBackByThemselves(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, config string
		bad          []byte
		says         []string
		reason       string
	}{
		{"fails", "3 0 5000", script(2, "say new", "exit 3"), []string{"2 new"}, "reverted it has failed with exit status 3"},
		{"dies", "3 0 5000", script(2, "say new", "die"), []string{"2 new"}, "reverted it has failed with signal 9 (killed)"},
		{"no program", "3 0 5000", signed([]byte("not a program at all"), 2), nil, "reverted it cannot be started: start DATA/boot/b: exec format error"},
		{"never confirmed", "2 0 5000", script(2, "say new", "exit 75"), []string{"2 new", "2 new"}, "reverted it was not confirmed after 2 starts"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := newDevice(t, test.config, script(1, "update 2", "state", "wait"), test.bad)
			d.start()
			d.expect(test.says...)
			d.expect("1 trial false 0 " + strings.ReplaceAll(test.reason, "DATA", d.data))
			d.stopTalking(0)
			d.logged("the new image is given up")
		})
	}
}

func TestNotConfirmedInTimeComesBack(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, stop string
		bad        []byte
		last       string
		log        []string
	}{
		{"ends", "20000", script(2, "say new", "wait"), "2 terminated", nil},
		{"hangs", "200", script(2, "say new", "hang"), "2 hangs", []string{"it is killed"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			within(t, func(limit time.Duration) bool {
				d := newDevice(t, "2 "+strconv.FormatInt(limit.Milliseconds(), 10)+" "+test.stop, script(1, "update 2", "state", "wait"), test.bad)
				d.start()
				back := "1 trial false 0 reverted it was not confirmed within " + limit.String()
				for _, want := range []string{"2 new", test.last} {
					switch line := d.line(); line {
					case want:
					case back: // it was ended before it could say anything
						d.stopTalking(0)
						return false
					default:
						t.Errorf("the firmware says %q, want %q", line, want)
					}
				}
				d.expect(back)
				d.stopTalking(0)
				d.logged(append(test.log, "the new image is given up")...)
				return true
			})
		})
	}
}

func TestConfirmedInTimeStays(t *testing.T) {
	t.Parallel()
	const late = "the new firmware is not confirmed in time"
	within(t, func(limit time.Duration) bool {
		d := newDevice(t, "1 "+strconv.FormatInt(limit.Milliseconds(), 10)+" 5000", script(1, "update 2"), script(2, "confirm", "wait"))
		d.start()
		if d.log.wait(t, "the new firmware is confirmed", late) == late {
			d.ended()
			return false
		}
		d.stopTalking(0)
		return true
	})
}

func TestConfirmedFirmwareThatFailsEndsTheBootloader(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		line   string
		status int
	}{{"exit 3", 3}, {"die", 137}, {"exit 0", 0}, {"exit 2", 2}} {
		d := newDevice(t, "1 0 5000", script(1, "say up", test.line))
		d.start()
		d.expect("1 up")
		if status := d.status(); status != test.status {
			t.Errorf("%s: status %d, want %d", test.line, status, test.status)
		}
	}
}

func TestNothingToRun(t *testing.T) {
	t.Parallel()
	d := newDevice(t, "1 0 5000", []byte("no image"))
	d.start()
	if status := d.status(); status != statusFailure {
		t.Errorf("status %d", status)
	}
	d.logged("image refused: truncated")
	d.config = "1 0 5000 "
	d.start()
	if status := d.status(); status != statusFailure {
		t.Errorf("status %d", status)
	}
	d.logged("no slot holds an image that may run")
}

func TestFirmwareDiesWithItsBootloader(t *testing.T) {
	t.Parallel()
	d := newDevice(t, "1 0 5000", script(1, "say up", "hang"))
	d.start()
	d.expect("1 up", "1 hangs")
	if err := d.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	d.status() // waits until nobody can write any more
	d.start()
	d.expect("1 up", "1 hangs")
	d.ended()
}

func TestTwoBootloaders(t *testing.T) {
	t.Parallel()
	d := newDevice(t, "1 0 5000", script(1, "say up", "wait"))
	d.start()
	d.expect("1 up")
	second := &device{t: t, data: d.data, config: d.config, log: journal{changed: make(chan struct{}, 1)}}
	second.start()
	if status := second.status(); status != statusFailure {
		t.Errorf("status %d", status)
	}
	second.logged("is there another bootloader")
	d.stopTalking(0)
}

func TestWaitsForAFirmwareThatStillRuns(t *testing.T) {
	t.Parallel()
	d := newDevice(t, "1 0 5000", script(1, "say up", "wait"))
	lock, err := os.Create(filepath.Join(d.data, firmwareLock))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	d.start()
	d.log.wait(t, "waits for another process to end")
	if strings.Contains(d.log.String(), "firmware started") {
		t.Error("two firmwares run")
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	d.expect("1 up")
	d.stopTalking(0)
}

func TestDamagedActiveImage(t *testing.T) {
	t.Parallel()
	d := newDevice(t, "1 0 5000", script(1, "update 2", "say rescued", "wait"), script(2, "confirm", "say new", "wait"))
	d.start()
	d.expect("2 new")
	d.stopTalking(0)
	file, err := os.OpenFile(filepath.Join(d.data, "boot", "b"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte("x"), 5); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	d.config = "1 0 5000 "
	d.start()
	deadline := time.After(patience)
	for rescued := false; !rescued; {
		select {
		case line := <-d.lines:
			rescued = strings.HasPrefix(line, "1 ")
		case <-deadline:
			t.Fatal("the old image does not run")
		}
	}
	d.stopTalking(0)
	d.logged("the active image cannot run", "damaged")
}
