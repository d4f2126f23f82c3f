package lwm2m

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/shell"
)

// terminal is the real console, whose input and output are the test's.
type terminal struct {
	*shell.Shell
	commands *io.PipeReader
	typing   *io.PipeWriter

	mu      sync.Mutex
	answers bytes.Buffer
}

func newTerminal(t *testing.T, manual bool) *terminal {
	made, err := shell.New(shell.Config{ManualStart: manual})
	if err != nil {
		t.Fatal(err)
	}
	reader, writer := io.Pipe()
	return &terminal{Shell: made, commands: reader, typing: writer}
}

// Run implements Console.
func (c *terminal) Run(ctx context.Context, store shell.Store, engine shell.Engine, _ io.Reader, _ io.Writer) error {
	return c.Shell.Run(ctx, store, engine, c.commands, c)
}

func (c *terminal) Write(text []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answers.Write(text)
}

// say gives a command and compares its answer.
func (c *terminal) say(t *testing.T, command, want string) {
	t.Helper()
	if _, err := io.WriteString(c.typing, command+"\n"); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	got := strings.ReplaceAll(strings.TrimSpace(c.answers.String()), "\n", "|")
	c.answers.Reset()
	if got != want {
		t.Errorf("%s: %q, want %q", command, got, want)
	}
}

// withConsole is a test of a backend with a console, in virtual time.
func withConsole(t *testing.T, manual bool, test func(t *testing.T, r *rig, c *terminal)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := newTerminal(t, manual)
		config := shipped()
		config.Console = c
		r := newRig(t, config, nil)
		defer r.close()
		test(t, r, c)
	})
}

// Object 0 has one empty instance, object 1 has none, until the console has written them and says start; Connect waits for it.
func TestManualStart(t *testing.T) {
	withConsole(t, true, func(t *testing.T, r *rig, c *terminal) {
		connected := make(chan error, 1)
		go func() {
			_, err := r.Connect(context.Background())
			connected <- err
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		r.server.expect()
		c.say(t, "lwm2m read /1/0/0", "# read /1/0/0: no such path|= -2")
		c.say(t, "read 3/0/16 -s", "U|= 0")
		c.say(t, "start me -b 1", "# invalid: object 0 has no account of a bootstrap server that can be used|= -22")
		for _, command := range []string{
			"write /0/0/0 -s coap://127.0.0.1:9", "write /0/0/2 -u8 3", "write /0/0/10 -u16 101", "create /1/0", "write /1/0/0 -u16 101", "write /1/0/1 -u32 86400",
			"write /0/0/0 -s coaps://server.example", "write /0/0/2 -u8 0", "write /0/0/3 -s me", "write /0/0/5 -s secret",
		} {
			c.say(t, command, "= 0")
		}
		r.server.expect()
		c.say(t, "start urn:dev:me", "= 0")
		if err := <-connected; err != nil {
			t.Error(err)
		}
		r.expect("CONNECTED", "READY", "ConfigEmpty")
		started := strings.NewReplacer(endpoint, "urn:dev:me", "43200", "86400").Replace(register) // the lifetime is the console's
		r.server.expect(started)
		c.say(t, "send /3/0/16", "= 0")
		r.server.expectSent("/3/0/16 U")
		c.say(t, "update", "= 0")
		r.server.expect(update)

		// Stopped by hand, it is started by hand.
		c.say(t, "stop", "= 0")
		r.server.expect(remove)
		r.expect("DISCONNECTED USER_REQUEST")
		go func() {
			_, err := r.Connect(context.Background())
			connected <- err
		}()
		time.Sleep(time.Hour)
		r.server.expect()
		if err := <-connected; err == nil || !strings.Contains(err.Error(), "no registration within") {
			t.Error(err)
		}
		c.say(t, "update", "# not connected|= -107")
		c.say(t, "start urn:dev:me", "= 0")
		r.expect("CONNECTED", "READY", "ConfigEmpty")
		if err := errors.Join(r.Disconnect(), r.Uninit()); err != nil {
			t.Error(err)
		}
		r.server.expect(started, remove)
	})
}

// The console may be faster than the module, as after an update: the first Connect finds the connection, and the module hears of it.
func TestManualStartBeforeConnect(t *testing.T) {
	withConsole(t, true, func(t *testing.T, r *rig, c *terminal) {
		for _, command := range []string{
			"write /0/0/0 -s coaps://server.example", "write /0/0/3 -s me", "write /0/0/5 -s secret", "write /0/0/10 -u16 101",
			"create /1/0", "write /1/0/0 -u16 101", "start me",
		} {
			c.say(t, command, "= 0")
		}
		r.expect("CONNECTED", "READY", "ConfigEmpty")
		if result, err := r.Connect(context.Background()); result != cloud.ConnectSuccess || err != nil {
			t.Errorf("%v: %v", result, err)
		}
		r.expect("CONNECTED", "READY")
		if err := r.Disconnect(); err != nil {
			t.Error(err)
		}
		r.expect("DISCONNECTED USER_REQUEST")
	})
}

// The end of a Connect is not the end of what the console has started.
func TestManualStartOutlivesConnect(t *testing.T) {
	withConsole(t, true, func(t *testing.T, r *rig, c *terminal) {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Minute, cancel)
		r.wantConnect(ctx, cloud.ConnectErrMisc, "canceled")
		for _, command := range []string{
			"write /0/0/0 -s coaps://server.example", "write /0/0/3 -s me", "write /0/0/5 -s secret", "write /0/0/10 -u16 101",
			"create /1/0", "write /1/0/0 -u16 101", "start me",
		} {
			c.say(t, command, "= 0")
		}
		r.expect("CONNECTED", "READY", "ConfigEmpty")
	})
}

// A console on a client that starts by itself: what it has stopped stays so until it says start.
func TestConsole(t *testing.T) {
	withConsole(t, false, func(t *testing.T, r *rig, c *terminal) {
		c.say(t, "read /3/0/16 -s", "U|= 0")
		r.connect()
		c.say(t, "stop", "= 0")
		r.expect("DISCONNECTED USER_REQUEST")
		r.server.expect(remove)
		r.wantConnect(context.Background(), cloud.ConnectErrMisc, "no registration within")
		r.server.expect()
		c.say(t, "start "+endpoint, "= 0")
		r.expect("CONNECTED", "READY", "ConfigEmpty")
		r.server.expect(register)
		c.say(t, "pause", "= 0")
		c.say(t, "send /3/0/16", "# not connected: the LwM2M client is not registered|= -107")
		c.say(t, "resume", "= 0")
		r.server.expect(register)
		r.server.ask(coap.PUT, "/1/0/23", "1")
		c.say(t, "send /3/0/16", "# operation not permitted: the server does not want Send: Mute Send (/1/x/23) is true or absent|= -1")
		c.say(t, "exec /3/0/4", "= 0")
		r.expect("RebootRequested")
		if got := r.running.client.Observations(); len(got) != 0 {
			t.Error(got)
		}
	})
}

// Without credentials the console comes with them.
func TestConsoleWithoutCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTerminal(t, false)
		config := shipped()
		config.Console, config.ServerTag = c, secTag+7
		r := newRig(t, config, nil)
		defer r.close()
		r.wantConnect(context.Background(), cloud.ConnectErrPrvKey, "psk")
		r.config.ServerTag = secTag
		r.connect()
		c.say(t, "read /3/0/16 -s", "U|= 0")
	})
}
