package gnss

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
	"github.com/cloudgen/cloudgen/runtime/gnss/pgps"
	"github.com/cloudgen/cloudgen/runtime/modem/host"
)

const all = "0s cell id=77\n0s agnss all\n"

func TestCurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, parts(t, true, false), t.TempDir(), all+"20m agnss all\n")
		b.search(time.Minute) // without a connection
		b.expect()
		b.assistant.Connected(true)
		b.expect()
		b.search(time.Minute)
		if need := b.expect("1m0s cell 77, types [1 2 3 9 4 5 6 7 8]"); !need.Empty() {
			t.Errorf("the receiver still lacks %+v", need)
		}
		b.search(time.Minute) // it has all
		b.expect()

		time.Sleep(17 * time.Minute) // it has lost all again
		b.assistant.Connected(false)
		b.assistant.Searching(true)
		time.Sleep(10 * time.Second)
		b.expect()
		b.assistant.Connected(true) // during the search
		time.Sleep(2 * time.Second)
		if need := b.expect("20m10s cell 77, types [1 2 3 9 4 5 6 7 8]"); !need.Empty() {
			t.Errorf("the receiver still lacks %+v", need)
		}
		b.assistant.Connected(false)
		b.assistant.Connected(true)
		b.expect()
	})
}

// TestWhatTheCloudDoesNotGive is not asked for at each search.
func TestWhatTheCloudDoesNotGive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, parts(t, true, false), t.TempDir(), all)
		b.assistant.Connected(true)
		b.current = nil // no answer
		b.search(time.Minute)
		b.search(time.Minute)
		b.expect("0s cell 77, types [1 2 3 9 4 5 6 7 8]")
		time.Sleep(time.Minute)
		b.current = func(data.AGNSSRequest) [][]byte { // without the location, in two messages; in between something broken
			return [][]byte{message(time.Now(), 7, 6, 1, 3, 4, 5, 9), {1, 2, 3}, message(time.Now(), 2)}
		}
		b.search(time.Minute)
		if need := b.expect("3m0s cell 77, types [1 2 3 9 4 5 6 7 8]"); need.Data != agnss.DataLocation || need.GPS.Ephemerides != 0 || need.GPS.Almanacs != 0 {
			t.Errorf("the receiver lacks %+v", need)
		}
		b.wants("cannot be used")
		for range 58 {
			b.search(time.Minute)
		}
		b.expect()
		b.search(time.Minute)
		b.search(time.Minute)
		b.expect("1h3m0s cell 77, types [8]")
	})
}

// TestACloudThatNeverAnswers is asked less and less often.
func TestACloudThatNeverAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, parts(t, true, false), t.TempDir(), all)
		b.assistant.Connected(true)
		b.current = nil
		for range 4 * 60 {
			b.search(time.Minute)
		}
		const request = " cell 77, types [1 2 3 9 4 5 6 7 8]"
		b.expect("0s"+request, "3m0s"+request, "9m0s"+request, "21m0s"+request, "45m0s"+request, "1h33m0s"+request, "2h33m0s"+request, "3h33m0s"+request)
		b.current = func(r data.AGNSSRequest) [][]byte { return [][]byte{message(time.Now(), 7)} }
		time.Sleep(time.Hour)
		b.search(time.Minute) // an answer, with little in it
		b.current = nil
		time.Sleep(time.Hour)
		b.search(time.Minute)
		b.search(2 * time.Minute)
		b.search(time.Minute)
		const rest = " cell 77, types [1 2 3 9 4 5 8]"
		b.expect("5h0m0s"+request, "6h1m0s"+rest, "6h4m0s"+rest)
	})
}

func TestPredicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		b := start(t, parts(t, false, true), dir, all+"1h agnss all\n26h agnss all\n")
		b.assistant.Connected(true)
		time.Sleep(2 * time.Second)
		need := b.expect("0s 6 predictions from day 18409, 12h0m18s")
		if need.GPS.Ephemerides != 1<<32-1 {
			t.Error("the receiver was given orbits while it is off")
		}
		b.assistant.Connected(false) // for good
		b.assistant.Found(data.Fix{Latitude: 48, Longitude: 11})
		time.Sleep(time.Hour)
		b.search(time.Minute)
		need = b.expect()
		if need.GPS.Ephemerides != 1<<12 || need.Data.Has(agnss.DataTime) || need.Data.Has(agnss.DataLocation) || !need.Data.Has(agnss.DataUTC) {
			t.Errorf("the receiver lacks %+v", need)
		}

		time.Sleep(25 * time.Hour) // they have run out
		b.search(time.Minute)
		b.wants(pgps.ErrExpired.Error())
		if need = b.expect(); need.GPS.Ephemerides != 1<<32-1 || need.Data.Has(agnss.DataTime) {
			t.Errorf("the receiver lacks %+v", need)
		}
		b.assistant.Searching(true)
		b.assistant.Connected(true)
		time.Sleep(2 * time.Second)
		if need = b.expect("26h2m2s 6 predictions from day 18410, 14h2m20s"); need.GPS.Ephemerides != 1<<12 {
			t.Errorf("the receiver lacks %+v", need)
		}
	})
}

// TestALongSearch is given the next prediction when the first one has run out.
func TestALongSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, parts(t, false, true), t.TempDir(), all+"119m agnss ephemerides\n10h agnss none\n")
		b.assistant.Connected(true)
		time.Sleep(2 * time.Second)
		b.assistant.Searching(true)
		synctest.Wait()
		before := strings.Count(b.log.String(), "orbits of a prediction")
		time.Sleep(118 * time.Minute)
		if n := strings.Count(b.log.String(), "orbits of a prediction"); before != 1 || n != 1 {
			t.Errorf("%d, then %d predictions:\n%s", before, n, b.log.String())
		}
		time.Sleep(5 * time.Minute) // two hours after the time of the first one
		synctest.Wait()
		if n := strings.Count(b.log.String(), "orbits of a prediction"); n != 2 {
			t.Errorf("%d predictions:\n%s", n, b.log.String())
		}
		b.assistant.Searching(false)
		time.Sleep(5 * time.Hour)
		if n := strings.Count(b.log.String(), "orbits of a prediction"); n != 2 {
			t.Errorf("%d predictions: the receiver is off", n)
		}
	})
}

func TestBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		b := start(t, parts(t, true, true), dir, all+"1h agnss all\n2h agnss all\n")
		b.predicted = nil
		b.assistant.Connected(true)
		b.expect("0s 6 predictions from day 18409, 12h0m18s")
		b.search(time.Minute) // there is no prediction yet: the cloud is asked for orbits too
		b.expect("0s cell 77, types [1 2 3 9 4 5 6 7 8]")
		time.Sleep(3 * time.Minute) // no answer
		b.wants("has not answered")
		b.predicted = predictions
		b.search(time.Second)
		b.expect() // not yet again
		time.Sleep(time.Hour)
		b.search(time.Minute)
		if need := b.expect("1h4m1s 6 predictions from day 18409, 13h4m19s", "1h4m1s cell 77, types [1 2 3 9 4 5 6 7 8]"); !need.Empty() {
			t.Errorf("the receiver lacks %+v", need)
		}
		time.Sleep(time.Hour)
		b.search(time.Minute) // orbits of the prediction, the rest from the cloud
		if need := b.expect("2h5m1s cell 77, types [1 9 4 5 6 7 8]"); need.Data != 0 || need.GPS.Ephemerides != 1<<12 {
			t.Errorf("the receiver lacks %+v", need)
		}
	})
	synctest.Test(t, func(t *testing.T) { // the location is that of the cloud's message, which was kept
		dir := t.TempDir()
		b := start(t, parts(t, true, true), dir, all+"1h agnss all\n")
		b.assistant.Connected(true)
		b.search(time.Minute)
		b.expect("0s 6 predictions from day 18409, 12h0m18s", "0s cell 77, types [1 2 3 9 4 5 6 7 8]")
		b.assistant.Connected(false)
		time.Sleep(time.Hour)
		b.search(time.Minute)
		if need := b.expect(); need.Data.Has(agnss.DataLocation) || need.Data.Has(agnss.DataTime) {
			t.Errorf("the receiver lacks %+v", need)
		}
	})
}

func TestAPlaceIsNoPrediction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, parts(t, false, true), t.TempDir(), all)
		b.predicted = func(data.PGPSRequest) []byte { return []byte(`{"path":"public/1.bin","host":"pgps.example.com"}`) }
		b.assistant.Connected(true)
		time.Sleep(2 * time.Second)
		b.wants("names the place of the predictions")
		b.search(time.Minute)
		b.expect("0s 6 predictions from day 18409, 12h0m18s")
		b.predicted = func(data.PGPSRequest) []byte { return []byte(`{"err":40410}`) }
		time.Sleep(time.Hour)
		b.search(time.Minute)
		b.expect("1h1m2s 6 predictions from day 18409, 13h1m20s")
		b.wants("no data for this request")
		b.assistant.TakePGPS([]byte("[]")) // unasked for
		b.wants(pgps.ErrPlace.Error())
	})
}

func TestCloudsThatCannotBeAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, parts(t, true, true), t.TempDir(), all)
		b.err = cloud.ErrNotConnected
		b.assistant.Connected(true)
		b.search(time.Minute)
		b.expect("0s 6 predictions from day 18409, 12h0m18s", "0s 6 predictions from day 18409, 12h0m18s", "0s cell 77, types [1 2 3 9 4 5 6 7 8]")
		b.err = cloud.ErrUnsupported
		b.search(time.Minute)
		b.expect("1m0s 6 predictions from day 18409, 12h1m18s", "1m0s cell 77, types [1 2 3 9 4 5 6 7 8]")
		b.search(time.Minute)
		b.assistant.Connected(false)
		b.assistant.Connected(true)
		if need := b.expect(); need.Data.Has(agnss.DataTime) {
			t.Error("the receiver was not given the time, and nobody else can give it")
		}
	})
}

func TestReceiversThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, parts(t, true, true), t.TempDir(), all+"0s fail agnss the receiver is busy\n10m fail agnss none\n10m fail cell no signal\n")
		b.assistant.Connected(true)
		time.Sleep(time.Second)
		b.assistant.Searching(true)
		time.Sleep(9 * time.Minute)
		b.wants("the receiver is busy")
		b.assistant.Searching(false)
		time.Sleep(time.Minute)
		b.search(time.Minute)
		b.wants("no signal")
		b.expect("0s 6 predictions from day 18409, 12h0m18s")
	})
}

func TestOpen(t *testing.T) {
	var log strings.Builder
	if made, err := parts(t, true, true).Open(host.New(), t.TempDir(), slog.New(slog.NewTextHandler(&log, nil))); made != nil || err != nil || !strings.Contains(log.String(), "no receiver") {
		t.Errorf("%v, %v, %s", made, err, log.String())
	}
	if _, err := pgps.New(pgps.Config{Predictions: 85}); err == nil {
		t.Error("85 predictions")
	}
}
