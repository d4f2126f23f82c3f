package tracker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
)

// fakeFinder takes a time for a search.
type fakeFinder struct {
	mu       sync.Mutex
	takes    time.Duration
	request  bool // the cloud is to be asked
	err      error
	searches []data.NoData
	ended    []error // of the contexts
}

func (f *fakeFinder) Possible(without data.NoData) bool { return !without.GNSS }

func (f *fakeFinder) Locate(ctx context.Context, search Search) (*data.Fix, *data.LocationRequest, error) {
	f.mu.Lock()
	takes, request, err := f.takes, f.request, f.err
	f.searches = append(f.searches, search.Without)
	f.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		f.mu.Lock()
		defer f.mu.Unlock()
		f.ended = append(f.ended, ctx.Err())
		return nil, nil, ctx.Err()
	}
	switch {
	case err != nil:
		return nil, nil, err
	case request:
		return nil, &data.LocationRequest{Cell: &data.Cell{ID: 7, Taken: time.Now()}}, nil
	}
	return &data.Fix{Latitude: 48, Taken: time.Now()}, nil, nil
}

func (f *fakeFinder) set(change func(*fakeFinder)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func locating(t *testing.T, f *fakeFinder) *bench {
	t.Helper()
	b := start(t, testConfig(), t.TempDir(), func(o *Options) { o.Locator = NewLocator(f) })
	b.Connected()
	return b
}

func TestSamplesWaitForTheLocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeFinder{takes: 40 * time.Second}
		b := locating(t, f)
		time.Sleep(39 * time.Second)
		b.expect()
		time.Sleep(time.Minute)
		b.expect("40s report device+network+fix+environment+battery")
		if fix := b.cloud.updates[0].Fix; fix.Latitude != 48 || b.cloud.updates[0].Battery.Taken.Sub(fix.Taken) != -40*time.Second {
			t.Errorf("%+v", fix)
		}

		f.set(func(f *fakeFinder) { f.err = errors.New("no sky") })
		time.Sleep(5 * time.Minute)
		b.expect("5m40s report network+environment+battery") // sampling without a location

		f.set(func(f *fakeFinder) { f.err, f.request = nil, true })
		time.Sleep(5 * time.Minute)
		b.expect("10m40s location request cell true, Wi-Fi false", "10m40s report network+environment+battery")
	})
}

func TestALateLocationComesWithTheNextSamples(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeFinder{takes: 200 * time.Second}
		b := locating(t, f)
		time.Sleep(5 * time.Minute)
		b.expect("1m50s report device+network+environment+battery") // 110 s, then without it
		f.set(func(f *fakeFinder) { f.takes = time.Second })
		time.Sleep(5 * time.Minute)
		// The search of the second sampling had begun with the longer time.
		b.expect("6m50s report network+fix+environment+battery")
		time.Sleep(time.Minute)
		b.expect("10m1s report network+fix+environment+battery", "10m1s batch network 0, environment 0, battery 0, fix 1")
	})
}

func TestASearchIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeFinder{takes: 24 * time.Hour}
		b := locating(t, f)
		b.ChangeConfig(data.ConfigurationChange{LocationTimeout: new(400 * time.Second)})
		time.Sleep(4 * time.Minute)
		b.ChangeConfig(data.ConfigurationChange{ActiveWait: new(time.Minute)}) // shorter than the wait: samples are sent with the next sampling
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		f.set(func(f *fakeFinder) {
			// One search from 0 s to 300 s, for it began before the change, one from then on.
			if len(f.searches) != 2 || len(f.ended) != 1 || !errors.Is(f.ended[0], context.DeadlineExceeded) {
				t.Errorf("searches %v, ended %v", f.searches, f.ended)
			}
		})
	})
}

func TestLocationThatIsNotWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeFinder{takes: time.Second}
		b := locating(t, f)
		synctest.Wait()
		b.ChangeConfig(data.ConfigurationChange{NoData: &data.NoData{GNSS: true}})
		time.Sleep(6 * time.Minute)
		b.expect("0s config wait 5m0s", "1s report device+network+fix+environment+battery", "5m0s report network+environment+battery")
	})
}

func TestFixesAndRequestsAreHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeFinder{takes: time.Second}
		b := locating(t, f)
		time.Sleep(time.Minute)
		b.expect("1s report device+network+fix+environment+battery")
		b.Disconnected()
		time.Sleep(time.Hour) // twelve fixes into a buffer of ten
		f.set(func(f *fakeFinder) { f.request = true })
		time.Sleep(9 * time.Minute) // the newer request takes the older one's place
		b.Connected()
		time.Sleep(5 * time.Minute)
		b.expect("1h10m1s location request cell true, Wi-Fi false", "1h10m1s report network+fix+environment+battery",
			"1h10m1s batch network 2, environment 9, battery 2, fix 9")
		if taken := b.cloud.locations[0].Cell.Taken; !taken.Equal(b.cloud.start.Add(70*time.Minute + time.Second)) {
			t.Errorf("a request of %v", taken)
		}
	})
}

func TestCloudThatIsNotAskedForTheLocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeFinder{takes: time.Second, request: true}
		b := start(t, testConfig(), t.TempDir(), func(o *Options) { o.Locator = NewLocator(f) })
		b.cloud.locationErr = cloud.ErrNotConnected
		b.Connected()
		time.Sleep(time.Minute)
		b.expect() // what comes first has to wait, so does the rest
		b.cloud.set(func(f *fakeCloud) { f.locationErr = fmt.Errorf("send: %w", cloud.ErrUnsupported) })
		time.Sleep(10 * time.Minute)
		b.expect("5m1s report device+network+environment+battery", "5m1s batch network 1, environment 1, battery 1", "10m1s report network+environment+battery")
	})
}

func TestNothingRunsOnAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeFinder{takes: 24 * time.Hour}
		t.Cleanup(func() { // after the application has ended
			f.set(func(f *fakeFinder) {
				if len(f.ended) != 1 || !errors.Is(f.ended[0], context.Canceled) {
					t.Errorf("ended %v", f.ended)
				}
			})
		})
		locating(t, f)
		synctest.Wait()
	})
}

func TestLocationWait(t *testing.T) {
	for interval, want := range map[time.Duration]time.Duration{time.Second: 5 * time.Second, 10 * time.Second: 5 * time.Second, time.Minute: 55 * time.Second, time.Hour: 110 * time.Second} {
		if got := locationWait(data.Configuration{ActiveMode: true, ActiveWait: interval}); got != want {
			t.Errorf("active, %v: %v", interval, got)
		}
		if got := locationWait(data.Configuration{MovementResolution: interval}); got != want {
			t.Errorf("passive, %v: %v", interval, got)
		}
	}
}
