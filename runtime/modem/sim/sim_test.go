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

func TestStepsOfAScript(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, reports := running(t, new(Script{}))
		time.Sleep(time.Minute)
		expect(t, reports())
	})
	synctest.Test(t, func(t *testing.T) {
		m, reports := running(t, &Script{Steps: []Step{
			{At: time.Second, Event: modem.Event{Type: modem.EventCarrierFOTAPending}},
			{At: 2 * time.Second, Change: func(s *Surroundings) error {
				s.Failures = map[Call]error{CallIdentity: errors.New("no answer")}
				return nil
			}},
			{At: 3 * time.Second, Change: func(*Surroundings) error { return errors.New("impossible") }},
		}})
		time.Sleep(time.Minute)
		expect(t, reports(), "1s MODEM_EVT_CARRIER_FOTA_PENDING", "3s MODEM_EVT_ERROR")
		if _, err := m.Identity(t.Context()); err == nil || err.Error() != "no answer" {
			t.Errorf("identity: %v", err)
		}
	})
}

func TestWithoutATrackThereIsNoFix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		off := New(Options{DataDir: t.TempDir()})
		if _, err := off.Fix(t.Context()); !errors.Is(err, modem.ErrNoFix) {
			t.Errorf("switched off: %v", err)
		}
		script := Coverage(SearchTime)
		m, _ := running(t, &script)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		before := time.Now()
		if _, err := m.Fix(ctx); !errors.Is(err, modem.ErrNoFix) || time.Since(before) != time.Hour {
			t.Errorf("%v after %v", err, time.Since(before))
		}
	})
}

func TestWithoutAScriptItStandsAtOnePlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := running(t, nil)
		synctest.Wait()
		for range 2 {
			before := time.Now()
			fix, err := m.Fix(t.Context())
			if err != nil || fix.Latitude != 51.4779 || fix.Accuracy <= 0 || fix.Speed != 0 || fix.HeadingAccuracy < 60 || fix.Taken != time.Now() || time.Since(before) != 2*time.Second {
				t.Errorf("%+v, %v after %v", fix, err, time.Since(before))
			}
			time.Sleep(time.Hour)
		}
	})
}

func TestUpdatesThatCannotBeStaged(t *testing.T) {
	file := bytes.NewReader([]byte("foo"))
	m := New(Options{DataDir: t.TempDir()})
	if err := m.StageUpdate(t.Context(), modem.UpdateKind(7), file, 3); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.StageUpdate(ended, modem.UpdateFull, file, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := m.StageUpdate(t.Context(), modem.UpdateFull, file, 4); err == nil || !strings.Contains(err.Error(), "shorter") {
		t.Errorf("a file that is too short: %v", err)
	}
	if staged, err := m.StagedUpdate(t.Context()); staged || err != nil {
		t.Errorf("staged %v, %v", staged, err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, firmwareFile), make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{DataDir: dir}).Identity(t.Context()); err == nil || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("spoiled file: %v", err)
	}
}

// TestScriptIsNotLeftOut has a file that another adapter would play.
func TestScriptIsNotLeftOut(t *testing.T) {
	dir := t.TempDir()
	if m, err := Open(dir); err != nil || m == nil {
		t.Errorf("without a script: %v, %v", m, err)
	}
	if err := os.WriteFile(filepath.Join(dir, ScriptFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := Open(dir)
	if m != nil || err == nil || !strings.Contains(err.Error(), filepath.Join(dir, ScriptFile)) || !strings.Contains(err.Error(), "MODEM_ADAPTER_SCRIPTED=y") {
		t.Errorf("with a script: %v, %v", m, err)
	}
	if _, err := Open("\x00"); err == nil {
		t.Error("a folder that cannot be looked at is no error")
	}
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
