package lwm2m

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
	"github.com/cloudgen/cloudgen/runtime/module"
)

// Whatever is called in whatever order, and whatever the server does: EventReady follows EventConnected, EventDisconnected comes once for each, and
// nothing comes after Uninit. When the server is well again, a connection can be made.
func TestAnyOrder(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 7))
			r := newRig(t, shipped(), nil)
			defer r.close()
			var calls sync.WaitGroup
			for range 40 {
				r.anything(random, &calls)
			}
			r.server.set(func() { r.server.silent, r.server.refuse, r.server.answer = false, nil, nil })
			_ = r.Disconnect() // there may be nothing to disconnect
			calls.Wait()
			time.Sleep(time.Hour)
			_ = r.Disconnect() // of what a Connect among the calls has made
			time.Sleep(time.Minute)
			if result, err := r.Connect(context.Background()); result != cloud.ConnectSuccess {
				t.Errorf("seed %d: %v", seed, err)
			}
			synctest.Wait()
			r.mu.Lock()
			defer r.mu.Unlock()
			checkOrder(t, seed, r.said)
		})
		if t.Failed() {
			return
		}
	}
}

// anything does one thing, or begins it.
func (r *rig) anything(random *rand.Rand, calls *sync.WaitGroup) {
	limit := time.Duration(random.Int64N(int64(6 * time.Minute)))
	limited := func(call func(ctx context.Context)) {
		calls.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			call(ctx)
		})
	}
	switch random.IntN(10) {
	case 0:
		r.server.set(func() { r.server.silent = !r.server.silent })
	case 1:
		errs := []error{nil, nil, &client.AlertError{Code: 51}, context.DeadlineExceeded}
		r.server.set(func() { r.server.refuse = errs[random.IntN(len(errs))] })
	case 2:
		code := []coap.Code{0, 0, coap.Forbidden, coap.NotFound}[random.IntN(4)]
		r.server.set(func() { r.server.answer = func(string) coap.Code { return code } })
	case 3, 4, 5:
		limited(func(ctx context.Context) { _, _ = r.Connect(ctx) })
	case 6:
		_ = r.Disconnect()
	case 7:
		limited(func(ctx context.Context) { _ = r.Report(ctx, sample(), module.Delivery{}) })
	case 8:
		if random.IntN(3) == 0 {
			if err := r.Uninit(); err != nil {
				r.t.Error(err)
			}
			r.note("UNINIT")
			time.Sleep(limit)
			r.note("INIT")
			r.init()
		}
	default:
		time.Sleep(limit)
	}
}

func checkOrder(t *testing.T, seed uint64, said []string) {
	t.Helper()
	var last string // of connection's events
	for i, each := range said {
		text, _, _ := strings.Cut(each, " ")
		if text == "ConfigEmpty" || last == "UNINIT" && text == "INIT" {
			last = text
			continue
		}
		before := last
		if before == "ConfigEmpty" {
			before = "READY"
		}
		good := map[string]bool{
			"CONNECTED": before == "" || before == "DISCONNECTED" || before == "INIT", "READY": before == "CONNECTED",
			"DISCONNECTED": before == "READY", "UNINIT": before != "UNINIT",
		}[text]
		if !good {
			t.Errorf("seed %d: event %d, %s, comes after %s: %q", seed, i, each, last, said)
			return
		}
		last = text
	}
	if last != "ConfigEmpty" {
		t.Error(errors.New("the last event is " + last))
	}
}
