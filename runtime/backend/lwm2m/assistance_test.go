package lwm2m

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// follow asks the machine whenever it wants to be asked, until a time, and gives what it did and when.
func follow(a *ask, until time.Time) (log []string) {
	for !a.next.IsZero() && !a.next.After(until) {
		now := a.next
		if s := a.tick(now); s != stepNothing {
			log = append(log, fmt.Sprintf("%v %s", now.Sub(start), []string{"", "send", "update", "give up"}[s]))
		}
	}
	return log
}

func wantLog(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestUnansweredRequestIsSentTwice(t *testing.T) {
	var a ask
	if err := a.begin(start); err != nil {
		t.Fatal(err)
	}
	if err := a.begin(start); !errors.Is(err, errAskedAlready) {
		t.Errorf("a second request: %v", err)
	}
	log := follow(&a, start.Add(time.Hour))
	wantLog(t, log, "1m0s update", "2m0s update", "3m0s send", "4m0s update", "5m0s update", "6m0s give up")
	if err := a.begin(start.Add(time.Hour)); err != nil {
		t.Errorf("after giving up: %v", err)
	}
}

func TestTemporaryErrorsDouble(t *testing.T) {
	var a ask
	now := start
	if err := a.begin(now); err != nil {
		t.Fatal(err)
	}
	var waits []string
	for range 9 {
		if !a.answered(now, resultTemporary) {
			t.Fatal("the result means nothing")
		}
		if err := a.begin(now); !errors.Is(err, errAskLater) {
			t.Errorf("a request meanwhile: %v", err)
		}
		waits = append(waits, a.next.Sub(now).String())
		now = a.next
		if s := a.tick(now); s != stepSend {
			t.Fatalf("step %d, want a send", s)
		}
	}
	wantLog(t, waits, "11m15s", "22m30s", "45m0s", "1h30m0s", "3h0m0s", "6h0m0s", "12h0m0s", "24h0m0s", "24h0m0s")
	if !a.answered(now, resultOK) || a.begin(now) != nil {
		t.Error("a success does not end it")
	}
	a.answered(now, resultTemporary)
	if got := a.next.Sub(now); got != firstRetry {
		t.Errorf("after a success the first wait is %v", got)
	}
}

func TestPermanentErrorBlocks(t *testing.T) {
	var a ask
	if a.answered(start, resultPermanent) {
		t.Error("a result without a request means something")
	}
	if err := a.begin(start); err != nil {
		t.Fatal(err)
	}
	a.answered(start, resultPermanent)
	if err := a.begin(start.Add(1000 * time.Hour)); !errors.Is(err, errAskNever) {
		t.Errorf("request: %v", err)
	}
	if log := follow(&a, start.Add(1000*time.Hour)); log != nil {
		t.Errorf("it does %v", log)
	}
}
