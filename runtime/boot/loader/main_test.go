//go:build unix

package loader

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/image/edkey"
	"github.com/cloudgen/cloudgen/runtime/boot/image/keyfile"
	"github.com/cloudgen/cloudgen/runtime/boot/notify"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/durable"
)

// The test program is the bootloader and the firmware too. The firmware's image is a script whose interpreter is the test program: each line
// is something that it does.
const (
	asLoader   = "CLOUDGEN_TEST_LOADER" // in the environment: a bootloader, with the configuration in the value
	asFirst    = "CLOUDGEN_TEST_FIRST"  // in the environment: as the first process of a container, it gets those whose parents are gone
	asFirmware = "-as-firmware"
)

func TestMain(m *testing.M) {
	if settings := os.Getenv(asLoader); settings != "" && (len(os.Args) < 2 || os.Args[1] != asFirmware) {
		if os.Getenv(asFirst) != "" {
			adopt()
		}
		os.Exit(Main(os.Args[1:], testConfig(settings)))
	}
	if len(os.Args) > 2 && os.Args[1] == asFirmware {
		os.Exit(firmware(os.Args[2], os.Args[3:]))
	}
	os.Exit(m.Run())
}

// testConfig reads STARTS MILLISECONDS FACTORY: of a trial, of confirmation and of ending.
func testConfig(text string) Config {
	fields := strings.SplitN(text, " ", 4)
	starts, err1 := strconv.Atoi(fields[0])
	confirm, err2 := strconv.Atoi(fields[1])
	stop, err3 := strconv.Atoi(fields[2])
	if err := errors.Join(err1, err2, err3); err != nil {
		panic(err)
	}
	return Config{
		Keys: keys{}, Starts: uint32(starts), Factory: fields[3],
		ConfirmWithin: time.Duration(confirm) * time.Millisecond, StopWithin: time.Duration(stop) * time.Millisecond,
	}
}

var seed = make([]byte, ed25519.SeedSize) // zeros: the key of testdata/ed25519

// keys is the one key of these tests: image.KeySet.
type keys struct{}

func (keys) Keys() []image.Key {
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	return []image.Key{edkey.Of([edkey.Size]byte(public))}
}

func policy() image.Policy { return Config{Keys: keys{}}.policy() }

func signed(payload []byte, version uint16) []byte {
	signer, err := keyfile.Signer(ed25519.NewKeyFromSeed(seed))
	if err != nil {
		panic(err)
	}
	var out bytes.Buffer
	if err := image.Write(&out, bytes.NewReader(payload), int64(len(payload)), image.Description{Version: image.Version{Revision: version}}, signer); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// script makes an image of a firmware that does these things.
func script(version uint16, lines ...string) []byte {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	text := "#!" + self + " " + asFirmware + "\nversion " + strconv.Itoa(int(version)) + "\n" + strings.Join(lines, "\n") + "\nend\n"
	return signed([]byte(text), version)
}

// program is a firmware that runs.
type program struct {
	version uint16
	data    string
	slots   *slots.Slots
	ended   chan os.Signal
}

func firmware(path string, args []string) int {
	content, err := os.ReadFile(path)
	if err != nil {
		return 90
	}
	p := program{data: parse(args).data, ended: make(chan os.Signal, 8)}
	signal.Notify(p.ended, syscall.SIGTERM, syscall.SIGHUP)
	running, err1 := slots.ParseSlot(os.Getenv(slots.Variable))
	folder, err2 := durable.Make(filepath.Join(p.data, slots.FolderName))
	if errors.Join(err1, err2) != nil {
		return 91
	}
	if p.slots, err = slots.Open(folder, slots.Config{Policy: policy(), Checkpoint: 16 << 10}, running); err != nil {
		fmt.Println("open:", err)
		return 92
	}
	for line := range strings.Lines(string(content)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if word == "end" {
			return 93
		}
		if status, ended := p.do(word, rest, args); ended {
			return status
		}
	}
	return 94
}

func (p *program) say(words ...any) { fmt.Println(append([]any{p.version}, words...)...) }

// do does what a line says. true: the firmware ends with this status.
func (p *program) do(word, rest string, args []string) (int, bool) {
	switch word {
	case "version":
		version, _ := strconv.Atoi(rest)
		p.version = uint16(version)
	case "args":
		p.say(args)
	case "state":
		s := p.slots.State()
		p.say("trial", p.slots.OnTrial(), s.Starts, s.Last.Outcome, s.Last.Reason)
	case "environment":
		p.say(os.Getenv("WATCHDOG_PID"), os.Getenv("WATCHDOG_USEC"), os.Getenv(slots.Variable))
	case "say":
		p.say(rest)
	case "notify":
		if err := notify.Send(rest); err != nil {
			p.say(err)
		}
	case "orphan": // starts a process whose parent ends, and waits until somebody has buried it
		out, err := exec.Command("sh", "-c", "sleep 0 & echo $!").Output()
		if err != nil {
			p.say(err)
		}
		for deadline := time.After(patience); ; {
			if _, err := os.Stat(filepath.Join("/proc", strings.TrimSpace(string(out)))); err != nil {
				p.say("buried")
				return 0, false
			}
			select {
			case <-time.After(5 * time.Millisecond):
			case <-deadline:
				p.say("not buried")
				return 0, false
			}
		}
	case "confirm":
		if err := p.slots.Confirm(); err != nil {
			p.say(err)
			return 95, true
		}
	case "update": // once
		if p.slots.State().Last.Outcome == slots.NoOutcome {
			content, err := os.ReadFile(filepath.Join(p.data, rest))
			if err == nil {
				err = p.update(rest, content)
			}
			if err != nil {
				p.say(err)
				return 96, true
			}
			return statusReboot, true
		}
	case "evolve":
		return p.evolve()
	case "exit":
		status, _ := strconv.Atoi(rest)
		return status, true
	case "first-exit":
		mark := filepath.Join(p.data, "seen-"+strconv.Itoa(int(p.version)))
		if _, err := os.Stat(mark); err != nil {
			if os.WriteFile(mark, nil, 0o600) != nil {
				return 97, true
			}
			status, _ := strconv.Atoi(rest)
			return status, true
		}
	case "die":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "wait":
		for received := range p.ended {
			p.say(received)
			if received == syscall.SIGTERM {
				return 0, true
			}
		}
	case "hang":
		p.say("hangs")
		for range p.ended {
		}
	}
	return 0, false
}

func (p *program) update(id string, content []byte) error {
	st, err := p.slots.Stage(id, int64(len(content)))
	if err == nil {
		for err == nil && st.Offset() < int64(len(content)) {
			_, err = st.Write(content[st.Offset():min(st.Offset()+4096, int64(len(content)))])
		}
		if err == nil {
			_, err = st.Commit()
		}
	}
	if err != nil && !errors.Is(err, slots.ErrStaged) {
		return err
	}
	return p.slots.Mark()
}

// evolve confirms, and updates to the next version, forever. Each third version is bad and ends at once; the one after it comes instead.
func (p *program) evolve() (int, bool) {
	if p.version%3 == 2 {
		return 3, true
	}
	p.say("run")
	if err := p.slots.Confirm(); err != nil {
		p.say(err)
		return 95, true
	}
	p.say("confirmed")
	next := p.version + 1
	if next%3 == 2 && p.slots.State().Last.Outcome != slots.Confirmed && p.slots.State().Last.Outcome != slots.NoOutcome {
		next++
	}
	if err := p.update(strconv.Itoa(int(next)), evolving(next)); err != nil {
		p.say(err)
		return 96, true
	}
	p.say("marked", next)
	return statusReboot, true
}

// evolving is an image that takes a while to be staged.
func evolving(version uint16) []byte {
	return script(version, "evolve", "end", strings.Repeat("x", 100_000))
}
