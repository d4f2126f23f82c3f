package reporting

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// judge plays the world at random and watches a Machine from outside: it knows what was observed, what was handed out and when.
type judge struct {
	*bench
	random  *rand.Rand
	known   map[string]*known
	flying  []flying
	storing bool
	trace   []string
}

// known is what the server knows of one observation.
type known struct {
	paths     []lwm2m.Path
	sentAt    time.Time
	sequence  uint32
	told      []lwm2m.Item
	uncertain bool // what was told last may not have arrived
}

type flying struct {
	id    uint64
	token string
	since *known
}

const (
	judgeObservations = 6
	judgeInFlight     = 2
)

var judgePaths = paths("/1/0/1 /3/0 /3/0/7 /3/0/7/0 /3/0/9 /3303 /3303/0 /3303/1/5700 /3303/0/5700")

func newJudge(t *testing.T, seed uint64) *judge {
	j := &judge{
		bench: newBench(t, Config{
			MaxObservations: judgeObservations, MaxPaths: 4, MaxInFlight: judgeInFlight, CancelByPath: seed%2 == 0, NonConfirmable: seed%3 == 0,
		}),
		random: rand.New(rand.NewPCG(seed, 4)), known: map[string]*known{}, storing: true,
	}
	for _, at := range []string{"/1/0/1", "/3/0/0", "/3/0/7/0", "/3/0/7/1", "/3/0/9", "/3303/0/5700"} {
		j.values.set(path(at), lwm2m.Integer(0))
	}
	return j
}

func (j *judge) failf(format string, arguments ...any) {
	j.t.Helper()
	j.t.Fatalf(format+"\n%s", append(arguments, strings.Join(j.trace[max(0, len(j.trace)-40):], "\n"))...)
}

func (j *judge) note(format string, arguments ...any) {
	j.trace = append(j.trace, fmt.Sprintf("%v: ", j.now.Sub(epoch))+fmt.Sprintf(format, arguments...))
}

func (j *judge) pick(from []lwm2m.Path) lwm2m.Path { return from[j.random.IntN(len(from))] }

// state is what the server would read.
func (j *judge) state(of []lwm2m.Path) []lwm2m.Item {
	var items []lwm2m.Item
	for _, at := range of {
		items, _ = j.values.Append(items, at)
	}
	slices.SortFunc(items, func(a, b lwm2m.Item) int { return a.Path.Compare(b.Path) })
	return slices.CompactFunc(items, sameItem)
}

func sameItem(a, b lwm2m.Item) bool { return a.Path == b.Path && a.Value.Equal(b.Value) }

// step does one thing at random and lets the machine act.
func (j *judge) step() {
	switch j.random.IntN(20) {
	case 0, 1:
		j.observeSomething()
	case 2:
		token := fmt.Sprint(j.random.IntN(8))
		list := []lwm2m.Path{j.pick(judgePaths)}
		j.note("cancel %s %v", token, list)
		j.m.Cancel([]byte(token), list)
		j.forget()
	case 3, 4:
		j.writeSomething()
	case 5:
		link := []Link{Reachable, Reachable, Asleep, Unreachable}[j.random.IntN(4)]
		j.note("link %d", link)
		j.m.SetLink(link)
	case 6:
		j.storing = j.random.IntN(4) > 0
		j.note("storing %v", j.storing)
		j.m.SetStoring(j.storing)
	case 7:
		at := j.pick(paths("/3303/0 /3303/1 /3/0/7/1 /3/0/9"))
		j.note("remove %v", at)
		j.values.remove(at)
		j.m.Changed(at)
	case 8, 9, 10, 11:
		at := j.pick(paths("/1/0/1 /3/0/0 /3/0/7/0 /3/0/7/1 /3/0/9 /3303/0/5700 /3303/1/5700"))
		value := j.random.Int64N(30)
		j.note("set %v %d", at, value)
		j.values.set(at, lwm2m.Integer(value))
		j.m.Changed(at)
	case 12, 13, 14:
		j.landSomething()
	case 15:
		if j.random.IntN(20) == 0 {
			j.note("clear")
			j.m.Clear()
			clear(j.known)
			j.flying = nil
		}
	default:
		j.now = j.now.Add(time.Duration(j.random.Int64N(int64(4 * time.Second))))
	}
	j.act()
}

func (j *judge) observeSomething() {
	request := Request{Token: []byte(fmt.Sprint(j.random.IntN(8))), Paths: []lwm2m.Path{j.pick(judgePaths)}}
	if request.Composite = j.random.IntN(3) == 0; request.Composite {
		for range j.random.IntN(4) {
			request.Paths = append(request.Paths, j.pick(judgePaths))
		}
	}
	sequence, err := j.m.Observe(j.now, request)
	j.note("observe %s %v: %v", request.Token, request.Paths, err)
	if err == nil {
		j.known[string(request.Token)] = &known{paths: request.Paths, sentAt: j.now, sequence: sequence, told: j.state(request.Paths)}
	}
}

func (j *judge) writeSomething() {
	at := j.pick(judgePaths)
	queries := []string{"pmin=3", "pmin=9", "pmin", "pmax=20", "pmax=5", "pmax", "epmin=4", "epmin", "epmax=11", "epmax"}
	query := queries[j.random.IntN(len(queries))]
	j.note("write %v %s", at, query)
	change := must(attributeChange(query))
	_ = j.attributes.store.Write(1, at, lwm2m.TypeInteger, change) // refused where it does not fit to what is there
	j.m.AttributesChanged(at)
}

func (j *judge) landSomething() {
	if len(j.flying) == 0 {
		return
	}
	i := j.random.IntN(len(j.flying))
	outcome := []Outcome{Acknowledged, Acknowledged, Acknowledged, Acknowledged, Sent, Reset, TimedOut, Closed}[j.random.IntN(8)]
	j.land(i, outcome)
}

func (j *judge) land(i int, outcome Outcome) {
	f := j.flying[i]
	j.flying = slices.Delete(j.flying, i, i+1)
	j.note("outcome of %d (%s): %d", f.id, f.token, outcome)
	j.m.Outcome(j.now, f.id, outcome)
	if f.since != nil && j.known[f.token] == f.since {
		f.since.uncertain = outcome == TimedOut || outcome == Closed
	}
	j.forget()
	j.m.Outcome(j.now, f.id, Reset) // said twice: counts once
}

// forget drops what the machine has dropped.
func (j *judge) forget() {
	left := map[string]bool{}
	for _, o := range j.m.Observations() {
		left[string(o.Token)] = true
	}
	for token := range j.known {
		if !left[token] {
			delete(j.known, token)
		}
	}
	if len(left) != len(j.known) {
		j.failf("%d observations, %d are known", len(left), len(j.known))
	}
}

// act takes the effects, then holds what must be true of a machine that has nothing to do.
func (j *judge) act() {
	for n := 0; ; n++ {
		effect, more := j.m.Poll(j.now)
		if !more {
			break
		}
		if n > 100 {
			j.failf("Poll does not come to an end")
		}
		if effect.Kind == EffectNotify {
			j.sent(&effect.Notification)
		} else {
			j.note("effect %d", effect.Kind)
		}
	}
	if next := j.m.NextDeadline(); !next.IsZero() && !next.After(j.now) {
		j.failf("the deadline %v is over, and nothing was to be done", next)
	}
	if len(j.m.flights) > judgeInFlight || len(j.m.observations) > judgeObservations || len(j.m.flights) != len(j.flying) {
		j.failf("%d in flight (%d known), %d observations", len(j.m.flights), len(j.flying), len(j.m.observations))
	}
	if j.m.Link() != Reachable || len(j.flying) == judgeInFlight {
		return
	}
	for token, k := range j.known {
		if slices.ContainsFunc(j.flying, func(f flying) bool { return f.since == k }) {
			continue
		}
		if _, pmax := j.bounds(k); pmax > 0 && j.now.Sub(k.sentAt) >= pmax {
			j.failf("%s was notified %v ago, pmax is %v", token, j.now.Sub(k.sentAt), pmax)
		}
	}
}

// bounds gives pmin and pmax of an observation; of a composite the least pmin that is surely kept, and no pmax.
func (j *judge) bounds(k *known) (pmin, pmax time.Duration) {
	set := j.attributes.Effective(k.paths[0])
	pmin, pmax = seconds(set.PMin.Value), seconds(set.PMax.Value)
	if len(k.paths) == 1 {
		return pmin, pmax
	}
	for _, at := range k.paths[1:] {
		if own := seconds(j.attributes.Effective(at).PMin.Value); own > 0 && (pmin == 0 || own < pmin) {
			pmin = own
		}
	}
	return pmin, 0
}

func (j *judge) sent(n *Notification) {
	j.note("notify %s #%d %v of %d: %d items", n.Token, n.Sequence, n.Status, n.ID, len(n.Items))
	k := j.known[string(n.Token)]
	switch {
	case k == nil:
		j.failf("nobody observes with %s", n.Token)
	case j.m.Link() != Reachable:
		j.failf("sent while the link is %d", j.m.Link())
	case slices.ContainsFunc(j.flying, func(f flying) bool { return f.since == k }):
		j.failf("two notifications of %s in flight", n.Token)
	case n.Sequence != (k.sequence+1)&sequenceMask:
		j.failf("sequence %d after %d", n.Sequence, k.sequence)
	}
	if n.Status == 0 {
		if !slices.EqualFunc(n.Items, j.state(k.paths), sameItem) {
			j.failf("told %v, it is %v", n.Items, j.state(k.paths))
		}
		if pmin, _ := j.bounds(k); j.now.Sub(k.sentAt) < pmin {
			j.failf("%s was notified %v ago, pmin is %v", n.Token, j.now.Sub(k.sentAt), pmin)
		}
	}
	k.sentAt, k.sequence, k.told = j.now, n.Sequence, slices.Clone(n.Items)
	j.flying = append(j.flying, flying{id: n.ID, token: string(n.Token), since: k})
}

// settle lets the link be good and the world rest: at the end the server knows everything.
func (j *judge) settle() {
	j.note("settle")
	j.m.SetStoring(true)
	j.m.SetLink(Reachable)
	for range 200 {
		j.act()
		for len(j.flying) > 0 {
			j.land(0, Acknowledged)
			j.act()
		}
		if j.m.Link() != Reachable {
			j.m.SetLink(Reachable)
		}
		j.now = j.now.Add(time.Second)
	}
	for token, k := range j.known {
		if k.uncertain {
			j.failf("the last notification of %s never arrived", token)
		}
		if j.m.Stats().Dropped == 0 && !slices.EqualFunc(k.told, j.state(k.paths), sameItem) {
			j.failf("%s was told %v last, it is %v", token, k.told, j.state(k.paths))
		}
	}
}

// TestProperties plays random changes, attributes, links and outcomes: never are two notifications closer than pmin, never is one missing
// after pmax, the state told is the state, memory is bounded, and in the end the server knows the newest state of all that it observes.
func TestProperties(t *testing.T) {
	for seed := range uint64(400) {
		j := newJudge(t, seed)
		for range 400 {
			j.step()
		}
		j.settle()
	}
}
