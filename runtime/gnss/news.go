package gnss

import (
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
)

// news is what has come in since Run last looked.
type news struct {
	connected bool // as it is now
	searching bool // as it is now
	begun     bool // a search has begun
	fix       *data.Fix
	current   []arrival // at most mostArrivals
	predicted *arrival
	dropped   int // arrivals that there was no room for
}

// arrival is a payload, and when it came.
type arrival struct {
	payload []byte
	at      time.Time
}

// mostArrivals is how many messages of assistance data wait at most: an answer may be several, as ephemerides and the rest (asset tracker's cloud).
const mostArrivals = 8

func (a *assistant) tell(update func(*news)) {
	a.mu.Lock()
	update(&a.news)
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default: // the token that is there is enough
	}
}

// take gives the news.
func (a *assistant) take() news {
	a.mu.Lock()
	defer a.mu.Unlock()
	taken := a.news
	a.news = news{connected: taken.connected, searching: taken.searching}
	return taken
}

// Connected implements tracker.Assistance.
func (a *assistant) Connected(connected bool) { a.tell(func(n *news) { n.connected = connected }) }

// Searching implements tracker.Assistance.
func (a *assistant) Searching(searching bool) {
	a.tell(func(n *news) {
		n.searching = searching
		n.begun = n.begun || searching
	})
}

// Found implements tracker.Assistance.
func (a *assistant) Found(fix data.Fix) { a.tell(func(n *news) { n.fix = &fix }) }

// TakeAGNSS implements tracker.Assistance.
func (a *assistant) TakeAGNSS(payload []byte) {
	a.tell(func(n *news) {
		if n.current = append(n.current, arrival{payload, time.Now()}); len(n.current) > mostArrivals {
			n.current = n.current[1:]
			n.dropped++
		}
	})
}

// TakePGPS implements tracker.Assistance. Of answers that come faster than they can be stored the last one counts.
func (a *assistant) TakePGPS(payload []byte) {
	a.tell(func(n *news) { n.predicted = &arrival{payload, time.Now()} })
}
