package assisted

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/gnss"
	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/modem/sim"
	"github.com/cloudgen/cloudgen/runtime/modem/sim/scripted"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	_ gnss.Receiver  = (*Modem)(nil)
	_ modem.Receiver = (*Modem)(nil)
)

func TestAssistance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script, err := scripted.Parse("0s agnss time utc ephemerides almanacs location klobuchar nequick integrity\n30m agnss all\n45m agnss utc\n1h fail agnss the receiver is busy")
		if err != nil {
			t.Fatal(err)
		}
		m := New(sim.New(sim.Options{DataDir: t.TempDir(), Script: &script}))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- m.Run(ctx, func(modem.Event) {}) }()
		defer func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		need, err := m.AssistanceNeed(t.Context())
		if err != nil || need != agnss.Everything(false, false) {
			t.Errorf("%+v, %v", need, err)
		}
		message := &agnss.Message{
			Time: &agnss.SystemTime{}, Location: &agnss.Location{}, UTC: &agnss.UTC{}, Klobuchar: &agnss.Klobuchar{}, NeQuick: &agnss.NeQuick{}, Integrity: agnss.Integrity{GPS: new(uint32(1))},
		}
		for sv := uint8(1); sv <= 32; sv++ {
			message.Ephemerides = append(message.Ephemerides, agnss.Ephemeris{SV: sv, SqrtA: 1})
			message.Almanacs = append(message.Almanacs, agnss.Almanac{SV: sv, SqrtA: 1})
		}
		given, err := message.Inject(t.Context(), m, 0)
		if err != nil || !need.Without(given).Empty() {
			t.Errorf("given %+v, %v", given, err)
		}
		if need, err := m.AssistanceNeed(t.Context()); err != nil || !need.Empty() {
			t.Errorf("afterwards %+v, %v", need, err)
		}
		for _, element := range []agnss.Element{&agnss.GalileoEphemeris{SV: 1}, &agnss.GGTO{}} {
			if err := m.Inject(t.Context(), element); !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%T: %v", element, err)
			}
		}
		for _, element := range []agnss.Element{&agnss.Ephemeris{SV: 193}, &agnss.Almanac{SV: 194}} {
			if err := m.Inject(t.Context(), element); err != nil {
				t.Errorf("%T: %v", element, err)
			}
		}
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		if need, err := m.AssistanceNeed(t.Context()); err != nil || need != agnss.Everything(false, false) {
			t.Errorf("after half an hour %+v, %v", need, err)
		}
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		if need, err := m.AssistanceNeed(t.Context()); err != nil || need != (agnss.Need{Data: agnss.DataUTC}) {
			t.Errorf("then %+v, %v", need, err)
		}
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		if err := m.Inject(t.Context(), &agnss.UTC{}); err == nil || !strings.Contains(err.Error(), "busy") {
			t.Errorf("%v", err)
		}
	})
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	if m, err := Open(dir); err != nil || m == nil {
		t.Errorf("%v, %v", m, err)
	}
	if err := os.WriteFile(filepath.Join(dir, sim.ScriptFile), []byte("1s agnss orbits"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "modem.script:1: agnss does not take") {
		t.Errorf("%v", err)
	}
}
