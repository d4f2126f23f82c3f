package gnss

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
	"github.com/cloudgen/cloudgen/runtime/gnss/pgps"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/modem/sim"
	"github.com/cloudgen/cloudgen/runtime/modem/sim/assisted"
	"github.com/cloudgen/cloudgen/runtime/modem/sim/scripted"
	"github.com/cloudgen/cloudgen/runtime/module"
	"github.com/cloudgen/cloudgen/runtime/tracker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	_ Current   = (*agnss.Supply)(nil)
	_ Predicted = (*pgps.Supply)(nil)
	_ Cloud     = (*module.Module)(nil)
)

var le = binary.LittleEndian

// message is assistance data of some types for a moment, in the order given.
func message(at time.Time, types ...int) []byte {
	b := []byte{1}
	group := func(t byte, record ...byte) { b = append(append(b, t, 1, 0), record...) }
	gps := agnss.FromUTC(at, agnss.DefaultLeapSeconds)
	for _, t := range types {
		switch t {
		case 1:
			group(1, append(make([]byte, 10), 18, 0, 0, 18)...)
		case 2, 3:
			size := map[int]int{2: 62, 3: 31}[t]
			b = append(b, byte(t), 32, 0)
			for sv := byte(1); sv <= 32; sv++ {
				record := make([]byte, size)
				record[0], record[size-1] = sv, 1
				if t == 2 {
					le.PutUint32(record[38:], 2702000000)
				} else {
					le.PutUint32(record[11:], 10000000)
				}
				b = append(b, record...)
			}
		case 4, 5:
			group(byte(t), 1, 2, 3, 4, 5, 6, 7, 8)
		case 6:
			group(6, 1, 2, 3, 0)
		case 7:
			clock := le.AppendUint32(le.AppendUint16(nil, uint16(gps.Day())), uint32(gps.SecondOfDay()))
			group(7, append(clock, make([]byte, 10)...)...)
		case 8:
			group(8, append(le.AppendUint32(le.AppendUint32(nil, 4473924), 524288), 0, 0, 89, 89, 0, 255, 68)...)
		case 9:
			group(9, 0, 0, 0, 0)
		}
	}
	return b
}

// predictions is a file for a request; satellite 13 has no orbit.
func predictions(request data.PGPSRequest) []byte {
	header := pgps.Header{Count: request.Predictions, Period: request.Interval, Start: agnss.NewGPSTime(request.GPSDay, int(request.TimeOfDay/time.Second))}
	b := header.Append(nil)
	for n := range header.Count {
		at := header.Start.Add(n * int(header.Period/time.Second))
		b = le.AppendUint32(le.AppendUint16(append(b, 7, 1, 0), uint16(at.Day())), uint32(at.SecondOfDay()))
		b = append(append(b, make([]byte, 10)...), 2, 32, 0)
		for sv := byte(1); sv <= 32; sv++ {
			e := make([]byte, 62)
			if e[0] = sv; sv != 13 {
				le.PutUint16(e[4:], uint16(at.SecondOfWeek()/16))
				le.PutUint16(e[16:], uint16(at.SecondOfWeek()/16))
				le.PutUint32(e[38:], 2702000000)
			}
			b = append(b, e...)
		}
	}
	return b
}

// record is a log that may be looked at while it is written.
type record struct {
	mu   sync.Mutex
	text strings.Builder
}

func (r *record) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(line)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// bench is an assistant of an assisted modem, in virtual time, and the cloud that it asks.
type bench struct {
	t         *testing.T
	start     time.Time
	modem     *assisted.Modem
	assistant tracker.Assistance
	log       record

	mu    sync.Mutex
	lines []string
	err   error // of what is asked

	// what the cloud answers, a second after; nil: nothing
	current   func(data.AGNSSRequest) [][]byte
	predicted func(data.PGPSRequest) []byte
}

// first is when the tests begin: a time that can be right.
var first = time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)

// parts are what Config takes.
func parts(t *testing.T, current, predicted bool) (config Config) {
	t.Helper()
	if current {
		supply, err := agnss.New(agnss.Config{})
		if err != nil {
			t.Fatal(err)
		}
		config.Current = supply
	}
	if predicted {
		supply, err := pgps.New(pgps.Config{RequestUponInit: true, Period: "NRF_CLOUD_PGPS_PREDICTION_PERIOD_240_MIN", Predictions: 6})
		if err != nil {
			t.Fatal(err)
		}
		config.Predicted = supply
	}
	return config
}

func start(t *testing.T, config Config, dir, script string) *bench {
	t.Helper()
	time.Sleep(time.Until(first.Add(-time.Second)))
	b := &bench{t: t}
	b.current = func(r data.AGNSSRequest) [][]byte { return [][]byte{message(time.Now(), r.Types...)} }
	b.predicted = predictions
	parsed, err := scripted.Parse(script)
	if err != nil {
		t.Fatal(err)
	}
	b.modem = assisted.New(sim.New(sim.Options{DataDir: dir, Script: &parsed}))
	b.assistant, err = config.Open(b.modem, dir, slog.New(slog.NewTextHandler(&b.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := b.modem.Run(ctx, func(modem.Event) {}); err != nil {
			t.Error(err)
		}
	})
	running.Go(func() { b.assistant.Run(ctx, b) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	time.Sleep(time.Until(first)) // there is a network
	b.start = time.Now()
	return b
}

func (b *bench) note(format string, arguments ...any) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, time.Since(b.start).String()+" "+fmt.Sprintf(format, arguments...))
	return b.err
}

func (b *bench) RequestAGNSS(_ context.Context, request data.AGNSSRequest) error {
	if err := b.note("cell %d, types %v", request.CellID, request.Types); err != nil {
		return err
	}
	if b.current != nil {
		for _, each := range b.current(request) {
			time.AfterFunc(time.Second, func() { b.assistant.TakeAGNSS(each) })
		}
	}
	return nil
}

func (b *bench) RequestPGPS(_ context.Context, request data.PGPSRequest) error {
	if err := b.note("%d predictions from day %d, %v", request.Predictions, request.GPSDay, request.TimeOfDay); err != nil {
		return err
	}
	if b.predicted != nil {
		answer := b.predicted(request)
		time.AfterFunc(time.Second, func() { b.assistant.TakePGPS(answer) })
	}
	return nil
}

func (b *bench) Report(context.Context, data.Update) error              { return cloud.ErrUnsupported }
func (b *bench) ReportBatch(context.Context, data.Batch) error          { return cloud.ErrUnsupported }
func (b *bench) ReportConfig(context.Context, data.Configuration) error { return cloud.ErrUnsupported }

// search has the receiver search for a time.
func (b *bench) search(d time.Duration) {
	b.assistant.Searching(true)
	time.Sleep(d)
	b.assistant.Searching(false)
	synctest.Wait()
}

// expect compares what the cloud was asked since the last call, and tells what the receiver still lacks.
func (b *bench) expect(want ...string) agnss.Need {
	b.t.Helper()
	synctest.Wait()
	b.mu.Lock()
	got := b.lines
	b.lines = nil
	b.mu.Unlock()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		b.t.Errorf("the cloud was asked\n%s\nwant\n%s\nlog:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), b.log.String())
	}
	need, err := b.modem.AssistanceNeed(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return need
}

// wants looks for text in the log.
func (b *bench) wants(text string) {
	b.t.Helper()
	synctest.Wait()
	if !strings.Contains(b.log.String(), text) {
		b.t.Errorf("the log has no %q:\n%s", text, b.log.String())
	}
}
