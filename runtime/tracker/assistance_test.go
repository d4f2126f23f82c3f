package tracker

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
)

// fakeAssistance writes down what it is told.
type fakeAssistance struct {
	mu    sync.Mutex
	lines []string
	start time.Time
}

func (f *fakeAssistance) note(format string, arguments ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lines = append(f.lines, time.Since(f.start).String()+" "+fmt.Sprintf(format, arguments...))
}

func (f *fakeAssistance) Run(ctx context.Context, cloud Cloud) {
	f.note("run with a cloud: %v", cloud != nil)
	<-ctx.Done()
	time.Sleep(time.Second)
	f.note("end")
}

func (f *fakeAssistance) Connected(connected bool) { f.note("connected %v", connected) }
func (f *fakeAssistance) Searching(searching bool) { f.note("searching %v", searching) }
func (f *fakeAssistance) Found(fix data.Fix)       { f.note("found %v", fix.Latitude) }
func (f *fakeAssistance) TakeAGNSS(payload []byte) { f.note("A-GNSS %s", payload) }
func (f *fakeAssistance) TakePGPS(payload []byte)  { f.note("P-GPS %s", payload) }

// searcher is a finder that uses satellites.
type searcher struct{ fakeFinder }

func (s *searcher) Locate(ctx context.Context, search Search) (*data.Fix, *data.LocationRequest, error) {
	search.Satellites(true)
	defer search.Satellites(false)
	return s.fakeFinder.Locate(ctx, search)
}

func TestAssistanceIsTold(t *testing.T) {
	var assistance fakeAssistance
	synctest.Test(t, func(t *testing.T) {
		assistance.start = time.Now()
		b := start(t, testConfig(), t.TempDir(), func(o *Options) {
			o.Locator, o.Assistance = NewLocator(&searcher{fakeFinder{takes: 20 * time.Second}}), &assistance
		})
		synctest.Wait()
		b.Connected()
		b.AGNSSReceived([]byte("1"))
		b.PGPSReceived([]byte("2"))
		time.Sleep(time.Minute)
		b.Disconnected()
	})
	want := "0s run with a cloud: true\n0s connected true\n0s A-GNSS 1\n0s P-GPS 2\n0s searching true\n20s searching false\n20s found 48\n1m0s connected false\n1m1s end"
	if got := strings.Join(assistance.lines, "\n"); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestWithoutAssistance has what the cloud sends go nowhere.
func TestWithoutAssistance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, testConfig(), t.TempDir(), func(o *Options) {
			o.Locator = NewLocator(&searcher{fakeFinder{takes: 20 * time.Second}})
		})
		b.Connected()
		b.AGNSSReceived([]byte("1"))
		b.PGPSReceived([]byte("2"))
		time.Sleep(time.Minute)
		b.expect("20s report device+network+fix+environment+battery")
	})
}

// TestKindsThatAreNotHeldBack are dropped when they cannot be sent at once.
func TestKindsThatAreNotHeldBack(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"all":          {func(*Config) {}, "batch network 2, environment 2, battery 2, fix 2"},
		"fixes":        {func(c *Config) { c.StoreFixes = false }, "batch network 2, environment 2, battery 2"},
		"environments": {func(c *Config) { c.StoreEnvironments = false }, "batch network 2, environment 0, battery 2, fix 2"},
		"networks":     {func(c *Config) { c.StoreNetworks = false }, "batch network 0, environment 2, battery 2, fix 2"},
		"batteries":    {func(c *Config) { c.StoreBatteries = false }, "batch network 2, environment 2, battery 0, fix 2"},
		"no sensors":   {func(c *Config) { c.Sensors = false }, "batch network 2, environment 0, battery 0, fix 2"},
		"a small ring": {func(c *Config) { c.FixBuffer = 2 }, "batch network 2, environment 2, battery 2, fix 1"},
	} {
		synctest.Test(t, func(t *testing.T) {
			config := testConfig()
			c.change(&config)
			b := start(t, config, t.TempDir(), func(o *Options) { o.Locator = NewLocator(&fakeFinder{takes: time.Second}) })
			b.cloud.set(func(f *fakeCloud) { f.err = cloud.ErrNotConnected })
			b.Connected()
			time.Sleep(6 * time.Minute) // two samplings, and none is taken
			b.Disconnected()
			b.cloud.set(func(f *fakeCloud) { f.err = nil })
			time.Sleep(239 * time.Second)
			b.Connected()
			time.Sleep(time.Minute)
			b.cloud.set(func(f *fakeCloud) {
				if last := f.lines[len(f.lines)-1]; !strings.HasSuffix(last, c.want) {
					t.Errorf("%s: %s, want %s", name, last, c.want)
				}
			})
		})
	}
}
