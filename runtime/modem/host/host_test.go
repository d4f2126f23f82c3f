package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/modem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	_ modem.Modem      = (*Modem)(nil)
	_ modem.Identifier = (*Modem)(nil)
	_ modem.Addresser  = (*Modem)(nil)
)

// fakeRoutes is a routing table of one default route.
type fakeRoutes struct {
	tokens chan struct{}

	mu      sync.Mutex
	ifIndex int
	fault   error
	asked   int
	closed  bool
}

func (f *fakeRoutes) changed() <-chan struct{} { return f.tokens }
func (f *fakeRoutes) err() error               { return errors.New("the socket is gone") }

func (f *fakeRoutes) best() (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	return f.ifIndex, f.fault
}

func (f *fakeRoutes) close() error {
	f.closed = true
	return nil
}

func (f *fakeRoutes) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

func (f *fakeRoutes) set(ifIndex int, fault error) {
	f.mu.Lock()
	f.ifIndex, f.fault = ifIndex, fault
	f.mu.Unlock()
	select {
	case f.tokens <- struct{}{}:
	default:
	}
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := &fakeRoutes{tokens: make(chan struct{}, 1)}
		m := &Modem{watch: func() (routes, error) { return table, nil }}
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		var reports []string
		ended := make(chan error)
		go func() {
			ended <- m.Run(ctx, func(e modem.Event) {
				reports = append(reports, time.Since(start).String()+" "+strings.TrimPrefix(e.Type.String(), "MODEM_EVT_"))
			})
		}()
		expect := func(want ...string) {
			t.Helper()
			synctest.Wait()
			if got := strings.Join(reports, ", "); got != strings.Join(want, ", ") {
				t.Errorf("reports %s; want %s", got, strings.Join(want, ", "))
			}
			reports = nil
		}
		expect("0s INITIALIZED", "0s LTE_CONNECTING")
		if _, err := m.Addresses(ctx); !errors.Is(err, modem.ErrNoNetwork) {
			t.Errorf("addresses: %v", err)
		}
		time.Sleep(time.Second)
		table.set(2, nil)
		time.Sleep(time.Second)
		expect("1.25s LTE_CONNECTED")

		table.set(0, nil) // replaced: gone for a moment
		time.Sleep(100 * time.Millisecond)
		table.set(2, nil)
		time.Sleep(900 * time.Millisecond)
		expect()

		table.set(3, nil)
		time.Sleep(time.Second)
		expect("3.25s LTE_DISCONNECTED", "3.25s LTE_CONNECTING", "3.25s LTE_CONNECTED")

		asked := table.count()
		for range 100 { // a storm of changes
			time.Sleep(10 * time.Millisecond)
			table.set(0, nil)
		}
		expect("4.26s LTE_DISCONNECTED", "4.26s LTE_CONNECTING")
		if n := table.count() - asked; n > 5 {
			t.Errorf("the routes were read %d times in a second", n)
		}

		time.Sleep(time.Second)
		table.set(2, errors.New("the kernel is short of memory"))
		time.Sleep(3 * time.Second)
		expect() // what was known stays
		table.set(2, nil)
		time.Sleep(7 * time.Second)
		expect("11.25s LTE_CONNECTED") // at the next attempt

		cancel()
		if err := <-ended; err != nil || !table.closed {
			t.Errorf("%v, closed %v", err, table.closed)
		}
		if _, err := m.Addresses(t.Context()); !errors.Is(err, modem.ErrNoNetwork) {
			t.Errorf("addresses after Run: %v", err)
		}
	})
}

func TestRunCannotGoOn(t *testing.T) {
	m := &Modem{watch: func() (routes, error) { return nil, errors.New("address family not supported") }}
	if err := m.Run(t.Context(), func(modem.Event) { t.Error("an event") }); err == nil || !strings.Contains(err.Error(), "address family not supported") {
		t.Errorf("%v", err)
	}
	table := &fakeRoutes{tokens: make(chan struct{})}
	close(table.tokens)
	m = &Modem{watch: func() (routes, error) { return table, nil }}
	if err := m.Run(t.Context(), func(modem.Event) {}); err == nil || !strings.Contains(err.Error(), "the socket is gone") || !table.closed {
		t.Errorf("%v", err)
	}
}

func TestIdentity(t *testing.T) {
	m := New()
	m.root = t.TempDir()
	m.machineID = func(context.Context) (string, error) { return "3d1219c7c4c5404aaa1f6d2a48adfda4", nil }
	device, err := m.Identity(t.Context())
	if err != nil || device.IMEI != "002170376046750" || device.Board != "" || device.Taken.IsZero() {
		t.Errorf("%+v, %v", device, err)
	}
	m.machineID = func(context.Context) (string, error) { return "3d1219c7c4c5404aaa1f6d2a48adfda5", nil }
	other, err := m.IMEI(t.Context())
	if err != nil || other == device.IMEI || len(other) != 15 || other[14] != modem.IMEICheckDigit(other[:14]) {
		t.Errorf("another device: %s, %v", other, err)
	}
	m.machineID = func(context.Context) (string, error) { return "", errors.New("there is no machine id") }
	if _, err := m.Identity(t.Context()); err == nil || !strings.Contains(err.Error(), "there is no machine id") {
		t.Errorf("%v", err)
	}
}

func TestBoard(t *testing.T) {
	root := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("sys/class/dmi/id/product_name", "  NUC11\x1b[0m "+strings.Repeat("x", 100)+"\nsecond line")
	if got := board(root); !strings.HasPrefix(got, "NUC11[0m xxx") || len(got) > maxBoard {
		t.Errorf("%q", got)
	}
	write("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\x00")
	if got := board(root); got != "Raspberry Pi 4 Model B Rev 1.4" {
		t.Errorf("%q", got)
	}
}
