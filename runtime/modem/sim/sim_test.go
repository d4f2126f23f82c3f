package sim

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	_ modem.Modem          = (*Modem)(nil)
	_ modem.LinkController = (*Modem)(nil)
	_ modem.Identifier     = (*Modem)(nil)
	_ modem.Radio          = (*Modem)(nil)
	_ modem.Scanner        = (*Modem)(nil)
	_ modem.Receiver       = (*Modem)(nil)
	_ modem.Updater        = (*Modem)(nil)
	_ modem.Clock          = (*Modem)(nil)
)

func TestIMEIStays(t *testing.T) {
	dir := t.TempDir()
	first, err := New(Options{DataDir: dir}).IMEI(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := checkIMEI(first); err != nil || !strings.HasPrefix(first, "00") {
		t.Errorf("%s: %v", first, err)
	}
	again, err := New(Options{DataDir: dir}).IMEI(t.Context())
	if err != nil || again != first {
		t.Errorf("after a restart %s, %v; it was %s", again, err, first)
	}
	other, err := New(Options{DataDir: t.TempDir()}).IMEI(t.Context())
	if err != nil || other == first {
		t.Errorf("another device is %s, %v; the first is %s", other, err, first)
	}
}

func TestDrawnIMEI(t *testing.T) {
	imei, err := drawIMEI(bytes.NewReader(make([]byte, 64)))
	if err != nil || imei != "000000000000000" {
		t.Errorf("from zeros: %s, %v", imei, err)
	}
	if _, err := drawIMEI(bytes.NewReader(nil)); err == nil {
		t.Error("no randomness is no error")
	}
}

func TestSpoiledIMEIFile(t *testing.T) {
	for _, content := range []string{"", "\n", "12345", "00123456789012x\n", "001234567890123\n\n", "490154203237510\n", strings.Repeat("0", 1<<16)} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "imei"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := New(Options{DataDir: dir}).IMEI(t.Context())
		if err == nil || !strings.Contains(err.Error(), "delete the file") || len(err.Error()) > 500 {
			t.Errorf("%.20q: error %v, want one that says what to do", content, err)
		}
		if kept, err := durable.Open(dir).Read("imei"); err != nil || string(kept) != content {
			t.Errorf("%.20q: the file was changed", content)
		}
	}
	if _, err := New(Options{DataDir: filepath.Join(t.TempDir(), "missing")}).IMEI(t.Context()); err == nil || !strings.Contains(err.Error(), "keep the IMEI") {
		t.Errorf("missing data directory: %v", err)
	}
}

// running starts a modem and gives what it reports, each with the time since the start. The modem is stopped and joined with the test.
func running(t *testing.T, script *Script) (*Modem, func() []string) {
	m := New(Options{DataDir: t.TempDir(), Script: script})
	ctx, cancel := context.WithCancel(t.Context())
	start := time.Now()
	var reports []string
	ended := make(chan error)
	go func() {
		ended <- m.Run(ctx, func(e modem.Event) { reports = append(reports, time.Since(start).String()+" "+e.Type.String()) })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := m.RequestLink(context.Background(), true); err == nil {
			t.Error("a link was requested of a modem that is off")
		}
	})
	return m, func() []string {
		synctest.Wait() // the modem is blocked: what it has reported may be read
		return reports
	}
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("reports:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestDefaultScript(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, reports := running(t, nil)
		expect(t, reports(), "0s MODEM_EVT_INITIALIZED", "0s MODEM_EVT_LTE_CONNECTING")
		if _, err := m.Network(t.Context()); !errors.Is(err, modem.ErrNoNetwork) {
			t.Errorf("network data without a network: %v", err)
		}
		time.Sleep(24 * time.Hour)
		expect(t, reports(), "0s MODEM_EVT_INITIALIZED", "0s MODEM_EVT_LTE_CONNECTING", "50ms MODEM_EVT_LTE_CONNECTED")
	})
}

func TestScriptOfCoverage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, reports := running(t, new(Coverage(time.Second, time.Hour, time.Minute)))
		time.Sleep(2 * time.Hour)
		expect(t, reports(), "0s MODEM_EVT_INITIALIZED", "0s MODEM_EVT_LTE_CONNECTING", "1s MODEM_EVT_LTE_CONNECTED", "1h0m1s MODEM_EVT_LTE_DISCONNECTED",
			"1h1m1s MODEM_EVT_LTE_CONNECTED")
		network, err := m.Network(t.Context())
		if err != nil || network.Mode != "LTE-M" || network.MCCMNC != 101 || network.RSRP < weakestRSRP || network.RSRP > strongestRSRP || !network.Taken.Equal(time.Now()) {
			t.Errorf("network %+v, %v", network, err)
		}
		cell, err := m.Cell(t.Context())
		if err != nil || cell.ID != network.CellID || cell.MCC*100+cell.MNC != network.MCCMNC || len(cell.Neighbours) == 0 {
			t.Errorf("cell %+v, %v", cell, err)
		}
		device, err := m.Identity(t.Context())
		imei, _ := m.IMEI(t.Context())
		if err != nil || device.IMEI != imei || len(device.ICCID) != 19 || device.ModemFirmware == "" || device.Board == "" {
			t.Errorf("identity %+v, %v", device, err)
		}
	})
}

func TestRequestedLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, reports := running(t, new(Coverage(time.Second, time.Hour, time.Hour)))
		request := func(up bool) {
			t.Helper()
			if err := m.RequestLink(t.Context(), up); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		before := len(reports())
		request(true) // as it is
		request(false)
		expect(t, reports()[before:], "1m0s MODEM_EVT_LTE_DISCONNECTED")
		if _, err := m.Network(t.Context()); !errors.Is(err, modem.ErrNoNetwork) {
			t.Errorf("network data without a network: %v", err)
		}
		request(true)
		request(false) // before the network is found
		request(true)
		time.Sleep(time.Minute)
		expect(t, reports()[before+1:], "1m0s MODEM_EVT_LTE_CONNECTING", "1m0s MODEM_EVT_LTE_CONNECTING", "1m0.05s MODEM_EVT_LTE_CONNECTED")

		request(false)
		before = len(reports())
		time.Sleep(3 * time.Hour) // the script's loss and return of the network are not seen
		request(true)
		time.Sleep(time.Minute)
		expect(t, reports()[before:], "3h2m0s MODEM_EVT_LTE_CONNECTING", "3h2m0.05s MODEM_EVT_LTE_CONNECTED")
	})
}

func TestEventsThatAreNotOfTheLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script, err := ParseScript("1s lte up\n+1s carrier pending\n+0s error fault")
		if err != nil {
			t.Fatal(err)
		}
		m, reports := running(t, &script)
		before := len(reports())
		if err := m.RequestLink(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		expect(t, reports()[before:], "2s MODEM_EVT_CARRIER_FOTA_PENDING", "2s MODEM_EVT_ERROR")
	})
	synctest.Test(t, func(t *testing.T) {
		_, reports := running(t, new(Script{}))
		time.Sleep(time.Minute)
		expect(t, reports())
	})
}

func FuzzIMEI(f *testing.F) {
	f.Add("490154203237518")
	f.Add("00123456789012x")
	f.Add("")
	f.Fuzz(func(t *testing.T, imei string) {
		if checkIMEI(imei) != nil {
			return
		}
		if len(imei) != imeiLength || strings.Trim(imei, "0123456789") != "" {
			t.Errorf("%q was taken", imei)
		}
		spoiled := []byte(imei)
		spoiled[7] = '0' + (spoiled[7]-'0'+1)%10 // the check digit finds any single wrong digit
		if checkIMEI(string(spoiled)) == nil {
			t.Errorf("%q and %q were taken", imei, spoiled)
		}
	})
}
