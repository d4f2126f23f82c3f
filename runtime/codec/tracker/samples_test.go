package tracker

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The values of the documents in testdata. The vectors of the reference use the same ones.
var (
	taken  = time.UnixMilli(1735689600000)
	device = data.Device{IMEI: "350000000000017", ICCID: "8900000000000000001", ModemFirmware: "mfw_demo", Board: "demo board", Version: "0.9", Taken: taken}
	radio  = data.Network{Band: 20, Mode: "LTE-M", RSRP: -97, AreaCode: 4660, MCCMNC: 24202, CellID: 1234567, IP: "10.0.0.7", Taken: taken}
	fix    = data.Fix{Latitude: 63.5, Longitude: 10.5, Accuracy: 9.5, Altitude: 120, Speed: 1.5, Heading: 180, HeadingAccuracy: 5, Taken: taken}
	air    = data.Environment{Temperature: 23.8, Humidity: 50.5, Pressure: 101.3, AirQuality: 42, Taken: taken}
	charge = data.Battery{Percent: 87, Taken: taken}
	cell   = data.Cell{MCC: 262, MNC: 7, ID: 1234567, AreaCode: 4660, EARFCN: 6200, TimingAdvance: 65, RSRP: -97, RSRQ: -9, Taken: taken,
		Neighbours: []data.NeighbourCell{{EARFCN: 1300, PhysicalCellID: 57, RSRP: -108, RSRQ: -14}}}
	configuration = data.Configuration{ActiveMode: true, LocationTimeout: 300 * time.Second, ActiveWait: 120 * time.Second,
		MovementResolution: 150 * time.Second, MovementTimeout: 3600 * time.Second, AccelerometerActivity: 4, AccelerometerInactivity: 3.5,
		AccelerometerInactivityTimeout: 60.25, NoData: data.NoData{GNSS: true, WiFi: true}}
)

// What documents hold beside those; they are made once, so that only the encoders' allocations are counted.
var (
	button = data.Button{Number: 1, Taken: taken}
	impact = data.Impact{Magnitude: 4.5, Taken: taken}
	batch  = data.Batch{Network: []data.Network{radio, radio}, Fix: []data.Fix{fix}, Environment: []data.Environment{air},
		Battery: []data.Battery{charge, charge}, Button: []data.Button{button}, Impact: []data.Impact{impact}}
)

var documents = map[string]func([]byte) []byte{
	"update": func(dst []byte) []byte {
		return AppendUpdate(dst, data.Update{Device: &device, Network: &radio, Fix: &fix, Environment: &air, Battery: &charge})
	},
	"batch": func(dst []byte) []byte {
		return AppendBatch(dst, batch)
	},
	"button": func(dst []byte) []byte {
		return AppendAlert(dst, data.Alert{Button: &button})
	},
	"impact": func(dst []byte) []byte {
		return AppendAlert(dst, data.Alert{Impact: &impact})
	},
	"location": func(dst []byte) []byte {
		return AppendLocationRequest(dst, data.LocationRequest{Cell: &cell, WiFi: &data.WiFi{AccessPoints: []data.AccessPoint{
			{MAC: [6]byte{0xa0, 0xb1, 0xc2, 0xd3, 0xe4, 0xf5}}, {MAC: [6]byte{0, 1, 2, 3, 4, 5}}}, Taken: taken}})
	},
	"agnss": func(dst []byte) []byte {
		return AppendAGNSSRequest(dst, data.AGNSSRequest{MCC: 262, MNC: 7, AreaCode: 4660, CellID: 1234567, Types: []int{1, 2, 3, 4, 5, 6, 7, 8, 9}})
	},
	"pgps": func(dst []byte) []byte {
		return AppendPGPSRequest(dst, data.PGPSRequest{Predictions: 32, Interval: 120 * time.Minute, GPSDay: 16200, TimeOfDay: 43200 * time.Second})
	},
	"configuration": func(dst []byte) []byte { return AppendConfiguration(dst, configuration) },
}

func TestGolden(t *testing.T) {
	for name, document := range documents {
		path := filepath.Join("testdata", name+".json")
		got := append(document(nil), '\n')
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s:\n got %s want %s", name, got, want)
		}
		if prefix := []byte("before"); !bytes.Equal(document(prefix), append(prefix, bytes.TrimSpace(want)...)) {
			t.Errorf("%s: does not append", name)
		}
	}
}

// TestVectors are the documents that the reference gives, to the letter.
func TestVectors(t *testing.T) {
	quiet := fix
	quiet.HeadingAccuracy = 59.9
	for name, c := range map[string]struct {
		got  []byte
		want string
	}{
		"latest data": {AppendUpdate(nil, data.Update{Device: &device, Battery: &charge}),
			`{"dev":{"v":{"imei":"350000000000017","iccid":"8900000000000000001","modV":"mfw_demo","brdV":"demo board","appV":"0.9"},"ts":1735689600000},"bat":{"v":87,"ts":1735689600000}}`},
		"batch": {AppendBatch(nil, data.Batch{Fix: []data.Fix{quiet}, Battery: []data.Battery{{Percent: 88, Taken: taken}}}),
			`{"gnss":[{"v":{"lat":63.5,"lng":10.5,"acc":9.5,"alt":120,"spd":1.5,"hdg":180},"ts":1735689600000}],"bat":[{"v":88,"ts":1735689600000}]}`},
		"button": {AppendAlert(nil, data.Alert{Button: &data.Button{Number: 1, Taken: taken}}), `{"btn":{"v":1,"ts":1735689600000}}`},
		"impact": {AppendAlert(nil, data.Alert{Impact: &data.Impact{Magnitude: 4.5, Taken: taken}}), `{"impact":{"v":4.5,"ts":1735689600000}}`},
		"location": {AppendLocationRequest(nil, data.LocationRequest{Cell: &cell, WiFi: &data.WiFi{
			AccessPoints: []data.AccessPoint{{MAC: [6]byte{0xa0, 0xb1, 0xc2, 0xd3, 0xe4, 0xf5}}}, Taken: taken}}),
			`{"lte":{"mcc":262,"mnc":7,"cell":1234567,"area":4660,"earfcn":6200,"adv":65,"rsrp":-97,"rsrq":-9,"ts":1735689600000,` +
				`"nmr":[{"earfcn":1300,"cell":57,"rsrp":-108,"rsrq":-14}]},"wifi":{"ts":1735689600000,"aps":["a0b1c2d3e4f5"]}}`},
		"A-GNSS request": {documents["agnss"](nil), `{"mcc":262,"mnc":7,"area":4660,"cell":1234567,"types":[1,2,3,4,5,6,7,8,9]}`},
		"P-GPS request":  {documents["pgps"](nil), `{"n":32,"int":120,"day":16200,"time":43200}`},
	} {
		if string(c.got) != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, c.got, c.want)
		}
	}
}

func TestWhatIsLeftOut(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	fixWith := func(change func(*data.Fix)) []byte {
		f := fix
		change(&f)
		return AppendUpdate(nil, data.Update{Fix: &f})
	}
	airWith := func(change func(*data.Environment)) []byte {
		e := air
		change(&e)
		return AppendUpdate(nil, data.Update{Environment: &e})
	}
	for name, c := range map[string]struct {
		got  []byte
		want string
	}{
		"nothing":               {AppendUpdate(nil, data.Update{}), ``},
		"empty batch":           {AppendBatch(nil, data.Batch{}), ``},
		"no alert":              {AppendAlert(nil, data.Alert{}), ``},
		"nothing heard":         {AppendLocationRequest(nil, data.LocationRequest{}), ``},
		"heading at 60 degrees": {fixWith(func(f *data.Fix) { f.HeadingAccuracy = 60 }), `{"gnss":{"v":{"lat":63.5,"lng":10.5,"acc":9.5,"alt":120,"spd":1.5},"ts":1735689600000}}`},
		"heading accuracy NaN":  {fixWith(func(f *data.Fix) { f.HeadingAccuracy = nan }), `{"gnss":{"v":{"lat":63.5,"lng":10.5,"acc":9.5,"alt":120,"spd":1.5},"ts":1735689600000}}`},
		"altitude NaN":          {fixWith(func(f *data.Fix) { f.Altitude = nan }), `{"gnss":{"v":{"lat":63.5,"lng":10.5,"acc":9.5,"spd":1.5,"hdg":180},"ts":1735689600000}}`},
		"latitude NaN":          {fixWith(func(f *data.Fix) { f.Latitude = nan }), ``},
		"longitude infinite":    {fixWith(func(f *data.Fix) { f.Longitude = inf }), ``},
		"no time":               {fixWith(func(f *data.Fix) { f.Taken = time.Time{} }), `{"gnss":{"v":{"lat":63.5,"lng":10.5,"acc":9.5,"alt":120,"spd":1.5,"hdg":180}}}`},
		"no air quality sensor": {airWith(func(e *data.Environment) { e.AirQuality = -1 }), `{"env":{"v":{"temp":23.8,"hum":50.5,"atmp":101.3},"ts":1735689600000}}`},
		"temperature infinite":  {airWith(func(e *data.Environment) { e.Temperature = inf }), `{"env":{"v":{"hum":50.5,"atmp":101.3,"bsec_iaq":42},"ts":1735689600000}}`},
		"no reading at all": {airWith(func(e *data.Environment) {
			e.Temperature, e.Humidity, e.Pressure, e.AirQuality = nan, nan, nan, -1
		}), ``},
		"impact NaN": {AppendAlert(nil, data.Alert{Impact: &data.Impact{Magnitude: nan}}), ``},
		"one of three fixes": {AppendBatch(nil, data.Batch{Fix: []data.Fix{{Latitude: nan}, {Latitude: 1, Longitude: 2, HeadingAccuracy: 99}, {Longitude: inf}}}),
			`{"gnss":[{"v":{"lat":1,"lng":2,"acc":0,"alt":0,"spd":0}}]}`},
		"none of two impacts": {AppendBatch(nil, data.Batch{Impact: []data.Impact{{Magnitude: nan}, {Magnitude: inf}}}), ``},
		"no neighbours, no access points": {AppendLocationRequest(nil, data.LocationRequest{Cell: &data.Cell{}, WiFi: &data.WiFi{}}),
			`{"lte":{"mcc":0,"mnc":0,"cell":0,"area":0,"earfcn":0,"adv":0,"rsrp":0,"rsrq":0},"wifi":{"aps":[]}}`},
	} {
		if string(c.got) != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, c.got, c.want)
		}
	}
}

func TestNumbersWithoutExponent(t *testing.T) {
	for value, want := range map[float64]string{1e21: "1000000000000000000000", 1e-7: "0.0000001", -0.5: "-0.5", 0.1: "0.1", math.Copysign(0, -1): "0"} {
		if got := string(appendNumber(nil, value)); got != want {
			t.Errorf("%g is written as %s, want %s", value, got, want)
		}
	}
}

func TestStrings(t *testing.T) {
	for text, want := range map[string]string{
		`a"b\c`: `"a\"b\\c"`, "tab\tnul\x00": `"tab\u0009nul\u0000"`, "Größe": `"Größe"`, "bad\xffbyte": "\"bad\ufffdbyte\"", "": `""`,
	} {
		if got := string(appendString(nil, text)); got != want {
			t.Errorf("%q is written as %s, want %s", text, got, want)
		}
	}
}

// FuzzUpdate holds that whatever a sample contains, the document is JSON.
func FuzzUpdate(f *testing.F) {
	f.Add(63.5, 10.5, 5.0, "LTE-M", int64(1735689600000), 42)
	f.Add(math.NaN(), math.Inf(-1), math.MaxFloat64, "\xff\"\\\n", int64(math.MinInt64), -1)
	f.Fuzz(func(t *testing.T, a, b, c float64, text string, ms int64, n int) {
		at := time.UnixMilli(ms)
		document := AppendUpdate(nil, data.Update{
			Device:  &data.Device{IMEI: text, Board: text, Taken: at},
			Network: &data.Network{Mode: text, RSRP: n, IP: text, Taken: at},
			Fix:     &data.Fix{Latitude: a, Longitude: b, Accuracy: c, Altitude: a, Heading: b, HeadingAccuracy: c, Taken: at}, Environment: &data.Environment{Temperature: a, Humidity: b, Pressure: c, AirQuality: n, Taken: at},
			Battery: &data.Battery{Percent: n, Taken: at},
		})
		if !json.Valid(document) {
			t.Fatalf("not JSON: %s", document)
		}
		if _, number, found := strings.Cut(string(appendReal([]byte("{"), "x", a)), ":"); found && strings.ContainsAny(number, "eE") {
			t.Fatalf("%g is written with an exponent: %s", a, number)
		}
	})
}

// TestNoAllocations: into a buffer with room no document allocates.
func TestNoAllocations(t *testing.T) {
	buffer := make([]byte, 0, 4096)
	for name, document := range documents {
		longest := 0
		if got := testing.AllocsPerRun(100, func() { longest = len(document(buffer)) }); got != 0 || longest > cap(buffer) {
			t.Errorf("%s: %v allocations for %d bytes", name, got, longest)
		}
	}
}

func BenchmarkAppendUpdate(b *testing.B) {
	update := data.Update{Device: &device, Network: &radio, Fix: &fix, Environment: &air, Battery: &charge}
	buffer := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buffer = AppendUpdate(buffer[:0], update)
	}
}
