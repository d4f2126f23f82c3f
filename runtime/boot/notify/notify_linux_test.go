package notify_test

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/boot/notify"
)

func TestSend(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "notify"), "@cloudgen-notify-test-" + strconv.Itoa(os.Getpid())} {
		manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("NOTIFY_SOCKET", path)
		if err := notify.Send(notify.Ready + "\nSTATUS=up"); err != nil {
			t.Error(err)
		}
		buffer := make([]byte, 100)
		n, err := manager.Read(buffer)
		if err != nil || string(buffer[:n]) != "READY=1\nSTATUS=up" {
			t.Errorf("%s: %q, %v", path, buffer[:n], err)
		}
		if err := manager.Close(); err != nil {
			t.Error(err)
		}
		if err := notify.Send(notify.Watchdog); err == nil {
			t.Errorf("%s: sent to nobody", path)
		}
	}
	t.Setenv("NOTIFY_SOCKET", "vsock:2:1")
	if err := notify.Send(notify.Ready); err == nil {
		t.Error("sent to a socket of another kind")
	}
	t.Setenv("NOTIFY_SOCKET", "")
	if err := notify.Send(notify.Ready); err != nil {
		t.Error(err)
	}
}

func TestInterval(t *testing.T) {
	for _, test := range []struct {
		pid, micros string
		want        time.Duration
	}{
		{"", "30000000", 30 * time.Second}, {strconv.Itoa(os.Getpid()), "1000", time.Millisecond}, {"1", "1000", 0},
		{"", "", 0}, {"", "0", 0}, {"", "-1", 0}, {"", "x", 0}, {"", "9223372036854775807", 0},
	} {
		t.Setenv("WATCHDOG_PID", test.pid)
		t.Setenv("WATCHDOG_USEC", test.micros)
		if got, is := notify.Interval(); got != test.want || is != (test.want > 0) {
			t.Errorf("%+v: %v, %v", test, got, is)
		}
	}
}
