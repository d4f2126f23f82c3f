// Package connstat is object 7: how much the client has sent and received.
package connstat

import (
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// The resources.
const (
	txData           = 2
	rxData           = 3
	maxMessageSize   = 4
	averageSize      = 5
	stop             = 7
	collectionPeriod = 8
)

// Config has no options.
type Config struct{}

// Object is object 7. A message is a datagram of the link to the server, both ways; DTLS below it does not count.
type Object struct {
	host  lwm2m.Host
	store lwm2m.Store

	mu         sync.Mutex
	collecting bool
	until      time.Time // the end of the collection period; zero: it has none
	collected
}

// collected is what has been counted since the latest Start.
type collected struct {
	sent, received, messages, largest int64
}

// New makes the object.
func New(Config) (*Object, error) { return &Object{}, nil }

// Definition implements lwm2m.Object.
func (*Object) Definition() *lwm2m.Definition { return &definition }

// SetHost implements lwm2m.Hosted.
func (o *Object) SetHost(host lwm2m.Host) { o.host = host }

// Attach implements lwm2m.Object.
func (o *Object) Attach(store lwm2m.Store) error {
	o.store = store
	o.host.WatchMessages(o.count)
	at := lwm2m.NewPath(definition.ID, 0)
	return store.Create(at, lwm2m.Item{Path: at.Child(collectionPeriod), Value: lwm2m.Integer(0)})
}

func (o *Object) count(sent bool, size int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.collecting || !o.until.IsZero() && !time.Now().Before(o.until) {
		return
	}
	if sent {
		o.sent += int64(size)
	} else {
		o.received += int64(size)
	}
	o.messages++
	o.largest = max(o.largest, int64(size))
}

// Read implements lwm2m.Reader: the counters as they are now. A kB is 1000 bytes, and what was begun counts.
func (o *Object) Read(path lwm2m.Path) (lwm2m.Value, bool) {
	if path.Level() != lwm2m.LevelResource {
		return lwm2m.Value{}, false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch path.Resource() {
	case txData:
		return lwm2m.Integer((o.sent + 999) / 1000), true
	case rxData:
		return lwm2m.Integer((o.received + 999) / 1000), true
	case maxMessageSize:
		return lwm2m.Integer(o.largest), true
	case averageSize:
		return lwm2m.Integer((o.sent + o.received) / max(1, o.messages)), true
	}
	return lwm2m.Value{}, false
}

// Execute implements lwm2m.Executor: Start, also when it has been started before, and Stop.
func (o *Object) Execute(path lwm2m.Path, _ []lwm2m.Argument) (func(), error) {
	period, _ := o.store.Get(path.Up(lwm2m.LevelInstance).Child(collectionPeriod))
	o.mu.Lock()
	defer o.mu.Unlock()
	if path.Resource() == stop {
		o.collecting = false
		return nil, nil
	}
	o.collecting, o.collected, o.until = true, collected{}, time.Time{}
	if seconds := period.Int(); seconds > 0 {
		o.until = time.Now().Add(time.Duration(seconds) * time.Second)
	}
	return nil, nil
}
