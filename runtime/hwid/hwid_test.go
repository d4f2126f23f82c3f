package hwid

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestIMEI(t *testing.T) {
	modemFailure := errors.New("no SIM slot")
	for _, test := range []struct {
		name, imei string
		err        error
		wantError  string
	}{
		{name: "valid", imei: "001234567890123"},
		{name: "short", imei: "12345", wantError: `"12345", which is not 15 digits`},
		{name: "letters", imei: "12345678901234x", wantError: "not 15 digits"},
		{name: "letter inside", imei: "1234567x9012345", wantError: "not 15 digits"},
		{name: "modem fails", err: modemFailure, wantError: "no SIM slot"},
	} {
		t.Run(test.name, func(t *testing.T) {
			id, err := Config{Source: SourceIMEI}.ID(t.Context(), func(context.Context) (string, error) { return test.imei, test.err })
			check(t, id, err, test.imei, test.wantError)
			if test.err != nil && !errors.Is(err, test.err) {
				t.Errorf("the modem's error is lost: %v", err)
			}
		})
	}
	_, err := Config{Source: SourceIMEI}.ID(t.Context(), nil)
	check(t, "", err, "", "no modem")
}

func TestUnconfigured(t *testing.T) {
	_, err := Config{}.ID(t.Context(), nil)
	check(t, "", err, "", "HW_ID_LIBRARY = y")
	_, err = Config{Source: "HW_ID_LIBRARY_SOURCE_BLE_MAC"}.ID(t.Context(), nil)
	check(t, "", err, "", `unknown source "HW_ID_LIBRARY_SOURCE_BLE_MAC"`)
}

func TestNetMAC(t *testing.T) {
	maker := net.HardwareAddr{0x00, 0x1b, 0x44, 0x11, 0x3a, 0xb7}
	local := net.HardwareAddr{0x02, 0x42, 0xac, 0x11, 0x00, 0x02}
	loopback := net.Interface{Index: 1, Name: "lo", Flags: net.FlagLoopback}
	for _, test := range []struct {
		name            string
		interfaces      []net.Interface
		want, wantError string
	}{
		{name: "the maker's one wins", want: "001B44113AB7", interfaces: []net.Interface{loopback, {Index: 2, Name: "docker0", HardwareAddr: local}, {Index: 3, Name: "eth0", HardwareAddr: maker}}},
		{name: "only a local one", want: "0242AC110002", interfaces: []net.Interface{loopback, {Index: 2, Name: "eth0", HardwareAddr: local}}},
		{name: "none", wantError: "HW_ID_LIBRARY_SOURCE_DEVICE_ID", interfaces: []net.Interface{loopback, {Index: 2, Name: "tun0"}, {Index: 3, Name: "dummy0", HardwareAddr: make([]byte, 6)}, {Index: 4, Name: "ib0", HardwareAddr: make([]byte, 20)}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			id, err := fromInterfaces(test.interfaces)
			check(t, id, err, test.want, test.wantError)
		})
	}
}

func TestDeviceID(t *testing.T) {
	const valid = "0123456789abcdef0123456789abcdef"
	for _, test := range []struct{ name, content, want, wantError string }{
		{name: "valid", content: valid + "\n", want: valid},
		{name: "first boot", content: "uninitialized\n", wantError: "systemd-machine-id-setup"},
		{name: "empty", content: "", wantError: "systemd-machine-id-setup"},
		{name: "upper case", content: strings.ToUpper(valid), wantError: "lower case"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "machine-id")
			if err := os.WriteFile(file, []byte(test.content), 0o644); err != nil {
				t.Fatal(err)
			}
			id, err := fromMachineID(file)
			check(t, id, err, test.want, test.wantError)
		})
	}
	_, err := fromMachineID(filepath.Join(t.TempDir(), "machine-id"))
	check(t, "", err, "", "systemd-machine-id-setup")
}

func check(t *testing.T, id string, err error, want, wantError string) {
	t.Helper()
	switch {
	case wantError == "" && err != nil:
		t.Errorf("error: %v", err)
	case wantError != "" && (err == nil || !strings.Contains(err.Error(), wantError)):
		t.Errorf("error %v, want one with %q", err, wantError)
	case wantError == "" && id != want:
		t.Errorf("id %q, want %q", id, want)
	}
}
