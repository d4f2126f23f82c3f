package loader

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// adopt makes the process the parent of those of its children's children whose parents are gone, as the first process of a container is.
func adopt() {
	const prSetChildSubreaper = 36
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); errno != 0 {
		panic(errno)
	}
}

func TestBuriesOrphans(t *testing.T) {
	t.Parallel()
	d := newDevice(t, "1 0 5000", script(1, "orphan", "wait"))
	d.environment = []string{asFirst + "=1"}
	d.start()
	d.expect("1 buried")
	d.stopTalking(0)
}

// TestServiceManagerHearsBoth has a socket where systemd's would be.
func TestServiceManagerHearsBoth(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	d := newDevice(t, "1 0 5000", script(1, "notify READY=1", "wait"))
	d.environment = []string{"NOTIFY_SOCKET=" + path}
	d.start()
	var heard []string
	buffer := make([]byte, 1000)
	if err := manager.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for len(heard) < 2 {
		n, err := manager.Read(buffer)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("heard %q only; the log:\n%s", heard, d.ended())
		}
		if err != nil {
			t.Fatal(err)
		}
		heard = append(heard, string(buffer[:n]))
	}
	slices.Sort(heard) // the two processes do not wait for each other
	if want := []string{"READY=1", "WATCHDOG=1\nSTATUS=running slot a, version 0.0.1"}; !slices.Equal(heard, want) {
		t.Errorf("heard %q, want %q", heard, want)
	}
	d.stopTalking(0)
}
