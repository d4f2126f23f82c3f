package scripted

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/modem/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running starts a modem and gives what it reports, each with the time since the start. The modem is stopped and joined with the test.
func running(t *testing.T, script *sim.Script) (*sim.Modem, func() []string) {
	m := sim.New(sim.Options{DataDir: t.TempDir(), Script: script})
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

// documented gives the example of docs/modem.md.
func documented(t testing.TB) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "modem.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```\n")
	example, _, ok := strings.Cut(rest, "```\n")
	if !ok {
		t.Fatal("docs/modem.md has no example")
	}
	return example
}

func TestDocumentedScript(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script, err := Parse(documented(t))
		if err != nil {
			t.Fatal(err)
		}
		m, reports := running(t, &script)
		ctx := t.Context()
		time.Sleep(time.Minute)
		expect(t, reports(), "0s MODEM_EVT_INITIALIZED", "1s MODEM_EVT_LTE_CONNECTED")
		network, err := m.Network(ctx)
		if err != nil || network.MCCMNC != 26201 || network.CellID != 26385943 || network.AreaCode != 9041 || network.Band != 3 || network.RSRP != -88 {
			t.Errorf("%+v, %v", network, err)
		}
		cell, err := m.Cell(ctx)
		if err != nil || cell.EARFCN != 1300 || cell.RSRQ != -9 || len(cell.Neighbours) != 1 || cell.Neighbours[0].PhysicalCellID != 57 {
			t.Errorf("%+v, %v", cell, err)
		}
		wifi, err := m.ScanWiFi(ctx)
		if err != nil || len(wifi.AccessPoints) != 1 || wifi.AccessPoints[0].SignalStrength != -60 || wifi.AccessPoints[0].MAC != [6]byte{0xa0, 0xb1, 0xc2, 0xd3, 0xe4, 0xf5} {
			t.Errorf("%+v, %v", wifi, err)
		}
		if words, times, err := m.Lacking(ctx); err != nil || len(words) != 8 || times != 1 {
			t.Errorf("lacking %v, %d, %v", words, times, err)
		}
		device, err := m.Identity(ctx)
		if err != nil || device.ModemFirmware != "mfw-1.3.6" {
			t.Errorf("%+v, %v", device, err)
		}
		fix, err := m.Fix(ctx)
		if err != nil || fix.Latitude != 48.1372 || fix.Longitude != 11.5755 || fix.Speed != 0 || fix.HeadingAccuracy != standing || !fix.Taken.Equal(time.Now()) {
			t.Errorf("%+v, %v", fix, err)
		}

		time.Sleep(20 * time.Minute) // in the tunnel
		if _, err := m.Network(ctx); !errors.Is(err, modem.ErrNoNetwork) {
			t.Errorf("network in the tunnel: %v", err)
		}
		short, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if _, err := m.Fix(short); !errors.Is(err, modem.ErrNoFix) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("fix in the tunnel: %v", err)
		}
		if wifi, err := m.ScanWiFi(ctx); err != nil || len(wifi.AccessPoints) != 0 {
			t.Errorf("%+v, %v", wifi, err)
		}

		time.Sleep(4*time.Minute - 2*time.Second)
		before := time.Now()
		fix, err = m.Fix(ctx) // from 26 min on
		if err != nil || time.Since(before) != 30*time.Second {
			t.Errorf("%v, %v", time.Since(before), err)
		}
		// Half an hour over 0.2166° and 0.2106° of the sphere: 28.7 km to the north-east.
		if part := (26.5 - 10) / 30; math.Abs(fix.Latitude-(48.1372+0.2166*part)) > 1e-9 || math.Abs(fix.Longitude-(11.5755+0.2106*part)) > 1e-9 ||
			math.Abs(fix.Speed-28.7e3/1800) > 0.1 || math.Abs(fix.Heading-33) > 1 || fix.HeadingAccuracy >= 60 {
			t.Errorf("%+v", fix)
		}
		cell, err = m.Cell(ctx)
		if err != nil || cell.ID != 26385999 || cell.MCC != 262 || cell.RSRP != -110 || cell.RSRQ != -9 || len(cell.Neighbours) != 0 {
			t.Errorf("%+v, %v", cell, err)
		}

		time.Sleep(34 * time.Minute)
		if _, err := m.Network(ctx); err == nil || err.Error() != "simulated modem: the radio does not answer" {
			t.Errorf("network: %v", err)
		}
		time.Sleep(time.Minute)
		if _, err := m.Network(ctx); err != nil {
			t.Errorf("network: %v", err)
		}
		time.Sleep(2 * time.Hour)
		expect(t, reports()[2:], "20m0s MODEM_EVT_LTE_DISCONNECTED", "23m0s MODEM_EVT_LTE_CONNECTING", "25m0s MODEM_EVT_LTE_CONNECTED", "2h0m0s MODEM_EVT_ERROR")
	})
}

func TestScriptMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"\n# first\n\nlte up":                  `4: "lte": a line begins with a time`,
		"10m":                                  "1: a time and nothing that happens then",
		"10 lte up":                            `1: "10" is no time`,
		"-1s lte up":                           `1: "-1s": a line begins with a time`,
		"+-1s lte up":                          `1: "+-1s" is no time`,
		"10m lte up\n9m lte down":              "2: 9m0s is before the time of the line above, 10m0s",
		"99999h lte up":                        "1: \"99999h\" is later than a script may reach",
		"87000h lte up\n+87000h lte down":      "2: \"+87000h\" is later",
		"1s lte":                               "1: lte takes one word: search, up or down",
		"1s lte up down":                       "1: lte takes one word",
		"1s ready now":                         `1: ready takes nothing after it, and here is "now"`,
		"1s carrier x":                         "1: carrier takes one word",
		"1s error":                             "1: error takes the text",
		"1s fly":                               `1: "fly" is nothing that can happen`,
		"1s cell":                              "1: cell takes what it is",
		"1s cell id=1 id=2":                    "1: cell has id twice",
		"1s cell id=268435456":                 `1: id is "268435456": it must be a whole number from 0 to 268435455`,
		"1s cell colour=1":                     `1: cell does not take "colour=1"`,
		"1s cell id":                           `1: cell does not take "id"`,
		"1s cell mode=GSM":                     `1: mode is "GSM"`,
		"1s signal":                            "1: signal takes rsrp",
		"1s signal rsrp=0":                     "1: rsrp is \"0\": it must be a whole number from -157 to -30",
		"1s neighbour earfcn=1 pci=1 rsrp=-90": "1: neighbour takes none, or all",
		"1s neighbour earfcn=1 pci=504":        `1: pci is "504"`,
		"1s wifi":                              "1: wifi takes none, or",
		"1s wifi 00:11 -50":                    `1: "00:11" is no address`,
		"1s wifi a0:b1:c2:d3:e4:f5 5":          "1: the signal of an access point",
		"1s position 48":                       "1: position takes latitude and longitude",
		"1s position 91 0":                     `1: the latitude is "91": it must be a number from -90 to 90`,
		"1s position 0 NaN":                    "1: the longitude is",
		"1s position 0 0 height=3":             `1: position does not take "height=3"`,
		"1s position 0 0\n1s position 1 1":     "2: there is a position at 1s already",
		"1s gnss soon":                         "1: gnss takes the time",
		"1s agnss":                             "1: agnss takes none, all, or",
		"1s agnss none utc":                    `1: agnss does not take "none"`,
		"1s agnss orbits":                      `1: agnss does not take "orbits"`,
		"1s fail everything now":               `1: fail "everything": it must be identity`,
		"1s fail network":                      "1: fail takes what fails",
		"firmware":                             "1: firmware takes one word",
		"firmware " + strings.Repeat("x", 40):  "1: firmware takes one word of at most 39 bytes",
		"update":                               "1: update takes what becomes of one",
		"update maybe":                         "1: update maybe: it must be done",
		"update broken 1.2":                    "1: only update done takes one more word",
	} {
		if _, err := Parse(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s…", text, err, want)
		}
	}
}

func TestReadScript(t *testing.T) {
	dir := t.TempDir()
	script, err := Read(dir)
	if err != nil || len(script.Steps) != 3 || script.Update.Outcome != modem.UpdateDone {
		t.Errorf("no file: %+v, %v", script, err)
	}
	file := filepath.Join(dir, sim.ScriptFile)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("")
	if script, err := Read(dir); err != nil || len(script.Steps) != 3 {
		t.Errorf("empty file: %+v, %v", script, err)
	}
	write("0s lte up\r\n5m lte dwon\r\n")
	if _, err := Read(dir); err == nil || err.Error() != "simulated modem: "+file+":2: lte takes one word: search, up or down" {
		t.Errorf("%v", err)
	}
	write(strings.Repeat("#", 2<<20))
	if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("%v", err)
	}
}

func TestTrack(t *testing.T) {
	track := []point{
		{at: time.Minute, latitude: 10, longitude: 179, accuracy: 5},
		{at: 2 * time.Minute, latitude: 10, longitude: -179, accuracy: 15}, // over the date line
		{at: 3 * time.Minute, latitude: 12, longitude: -179, accuracy: 5},
	}
	for _, c := range []struct {
		at                           time.Duration
		latitude, longitude, heading float64
		accuracy                     float64
	}{
		{0, 10, 179, 0, 5}, {90 * time.Second, 10, 180, 89.8, 10}, {105 * time.Second, 10, -179.5, 89.8, 12.5}, {150 * time.Second, 11, -179, 0, 10},
		{time.Hour, 12, -179, 0, 5},
	} {
		got := locate(track, c.at)
		if math.Abs(got.Latitude-c.latitude) > 1e-9 || math.Abs(got.Longitude-c.longitude) > 1e-9 || math.Abs(got.Heading-c.heading) > 0.1 || got.Accuracy != c.accuracy {
			t.Errorf("%v: %+v", c.at, got)
		}
	}
	// One degree of latitude is 111.195 km on this sphere.
	if d := distance(point{}, point{latitude: 1}); math.Abs(d-111195) > 1 {
		t.Errorf("distance %v", d)
	}
}

func TestUpdates(t *testing.T) {
	for _, c := range []struct {
		script, version string
		outcome         modem.UpdateOutcome
		staged          bool
	}{
		{"", "sim-2c26b46b", modem.UpdateDone, false}, // SHA-256 of "foo"
		{"firmware a\nupdate done b", "b", modem.UpdateDone, false},
		{"firmware a\nupdate rejected", "a", modem.UpdateRejected, false},
		{"firmware a\nupdate deferred", "a", modem.UpdateDeferred, true},
		{"update broken", "sim-1.0.0", modem.UpdateBroken, false},
	} {
		script, err := Parse(c.script)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		boot := func() *sim.Modem { return sim.New(sim.Options{DataDir: dir, Script: &script}) }
		m := boot()
		if outcome, err := m.ApplyUpdate(); outcome != modem.UpdateNone || err != nil {
			t.Errorf("%q: nothing is staged: %v, %v", c.script, outcome, err)
		}
		if err := m.StageUpdate(t.Context(), modem.UpdateDelta, strings.NewReader("foo"), 3); err != nil {
			t.Fatal(err)
		}
		m = boot()
		if staged, err := m.StagedUpdate(t.Context()); !staged || err != nil {
			t.Errorf("%q: staged %v, %v", c.script, staged, err)
		}
		if outcome, err := m.ApplyUpdate(); outcome != c.outcome || (err == nil) != (outcome == modem.UpdateDone) {
			t.Errorf("%q: %v, %v", c.script, outcome, err)
		}
		m = boot()
		if staged, err := m.StagedUpdate(t.Context()); staged != c.staged || err != nil {
			t.Errorf("%q: afterwards staged %v, %v", c.script, staged, err)
		}
		if device, err := m.Identity(t.Context()); err != nil || device.ModemFirmware != c.version {
			t.Errorf("%q: %+v, %v", c.script, device, err)
		}
	}
}

func TestUpdateThatIsRefused(t *testing.T) {
	script, err := Parse("update refused")
	if err != nil {
		t.Fatal(err)
	}
	m := sim.New(sim.Options{DataDir: t.TempDir(), Script: &script})
	if err := m.StageUpdate(t.Context(), modem.UpdateFull, strings.NewReader("foo"), 3); !errors.Is(err, modem.ErrUpdateRefused) {
		t.Errorf("%v", err)
	}
}

func TestEventsThatAreNotOfTheLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script, err := Parse("1s lte up\n+1s carrier pending\n+0s error fault")
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
}

func FuzzScript(f *testing.F) {
	f.Add(documented(f))
	f.Add("1s position 90 180\n2s position -90 -180 altitude=-1e3")
	f.Add("+1h lte up\n+1h wifi 00:00:00:00:00:00 0\n0s")
	f.Fuzz(func(t *testing.T, text string) {
		script, err := Parse(text)
		if err != nil {
			if number, _, ok := strings.Cut(err.Error(), ": "); !ok || strings.Trim(number, "0123456789") != "" {
				t.Errorf("%v does not begin with a line", err)
			}
			return
		}
		around := sim.Usual()
		var last time.Duration
		for _, s := range script.Steps {
			if s.At < last || s.At > maxTime {
				t.Fatalf("%v after %v", s.At, last)
			}
			last = s.At
			if s.Change == nil {
				continue
			}
			if err := s.Change(&around); err != nil {
				t.Fatalf("at %v: %v", s.At, err)
			}
		}
		if script.Locate == nil {
			return
		}
		for _, s := range script.Steps {
			for _, at := range []time.Duration{s.At - 1, s.At, s.At + 1} {
				fix := script.Locate(at)
				if !(math.Abs(fix.Latitude) <= 90 && math.Abs(fix.Longitude) <= 180 && fix.Speed >= 0 && fix.Heading >= 0 && fix.Heading < 360.0001) {
					t.Fatalf("at %v: %+v", at, fix)
				}
			}
		}
	})
}
