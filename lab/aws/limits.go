package aws

import (
	"cmp"
	"fmt"
	"time"
)

// Limits of the message broker that cannot be changed (AWS IoT Core endpoints and quotas, "AWS IoT Core message broker and protocol limits and
// quotas").
const (
	maximumClientID  = 128       // bytes
	maximumPayload   = 128 << 10 // bytes
	maximumPacket    = 146 << 10 // bytes: what the CONNACK of MQTT 5 announces
	maximumTopic     = 256       // bytes
	maximumSlashes   = 7
	maximumFilters   = 8    // per SUBSCRIBE
	maximumKeepAlive = 1200 // seconds; also what 0 stands for
	minimumKeepAlive = 30   // seconds
	maximumAliases   = 8    // of topics, MQTT 5
	redelivery       = 10   // stored messages a second that a client gets when it is back
	queued           = 1000 // messages of QoS 1 that wait for an absent client. The service bounds them by rate alone; the lab's memory has an end
)

// Limits are the quotas that an account can have changed. A zero field takes the service's default.
type Limits struct {
	PublishesIn    int           `json:"publishesIn"`    // per second and connection, from the client; 100
	PublishesOut   int           `json:"publishesOut"`   // per second and connection, to the client; 100
	Throughput     int           `json:"throughput"`     // bytes per second and connection, each way; 512 KiB
	Connects       int           `json:"connects"`       // CONNECTs per second and client id; 1
	Subscriptions  int           `json:"subscriptions"`  // per connection; 50
	ShadowInFlight int           `json:"shadowInFlight"` // requests on shadows per connection that have no answer yet; 10
	ShadowRate     int           `json:"shadowRate"`     // requests on shadows per second and thing; 20
	Unacknowledged int           `json:"unacknowledged"` // messages of QoS 1 that a client may have received and not acknowledged; 100. At the start only
	Session        time.Duration `json:"session"`        // how long the session of an absent client is kept, ns; 1 h, at most 7 days. At the start only
}

func (l Limits) orDefault() Limits {
	return Limits{
		PublishesIn: cmp.Or(l.PublishesIn, 100), PublishesOut: cmp.Or(l.PublishesOut, 100), Throughput: cmp.Or(l.Throughput, 512<<10),
		Connects: cmp.Or(l.Connects, 1), Subscriptions: cmp.Or(l.Subscriptions, 50),
		ShadowInFlight: cmp.Or(l.ShadowInFlight, 10), ShadowRate: cmp.Or(l.ShadowRate, 20),
		Unacknowledged: cmp.Or(l.Unacknowledged, 100), Session: cmp.Or(l.Session, time.Hour),
	}
}

func (l Limits) check() error {
	for name, value := range map[string]int{
		"publishesIn": l.PublishesIn, "publishesOut": l.PublishesOut, "throughput": l.Throughput, "connects": l.Connects, "subscriptions": l.Subscriptions,
		"shadowInFlight": l.ShadowInFlight, "shadowRate": l.ShadowRate, "unacknowledged": l.Unacknowledged,
	} {
		if value < 0 || value > 1<<30 {
			return fmt.Errorf("limit %s is %d: 1 to 2^30, 0 is the service's default", name, value)
		}
	}
	if l.Session < 0 || l.Session > 7*24*time.Hour {
		return fmt.Errorf("limit session is %v: at most 7 days", l.Session)
	}
	return nil
}

// window counts what happens in a second.
type window struct {
	start time.Time
	n     int
}

// add counts n more and gives the sum of the second.
func (w *window) add(n int, now time.Time) int {
	if since := now.Sub(w.start); since >= time.Second || since < 0 {
		*w = window{start: now}
	}
	w.n += n
	return w.n
}

// rest gives how long the second lasts.
func (w *window) rest(now time.Time) time.Duration { return w.start.Add(time.Second).Sub(now) }

// windows count by name, for as many names as were used in the last second.
type windows map[string]*window

func (all windows) add(name string, now time.Time) int {
	w, ok := all[name]
	if !ok {
		for old, w := range all {
			if now.Sub(w.start) >= time.Second {
				delete(all, old)
			}
		}
		w = &window{}
		all[name] = w
	}
	return w.add(1, now)
}
