package firmware

import (
	"context"
	"crypto"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/credentials/credentialstest"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/module"
	"github.com/cloudgen/cloudgen/runtime/tracker"
)

// somewhere is a finder that always knows.
type somewhere struct{ device modem.Modem }

func (somewhere) Possible(data.NoData) bool { return true }

func (s somewhere) Locate(context.Context, tracker.Search) (*data.Fix, *data.LocationRequest, error) {
	return &data.Fix{Latitude: 48, Taken: time.Now()}, nil, nil
}

func TestLocatorOfTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newTrial(t, func(ctx context.Context, f *fakeCloud) error {
			time.Sleep(time.Until(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))) // the clock is right
			f.options.OnEvent(module.Event{Type: module.EventConnected})
			time.Sleep(time.Minute)
			return nil
		})
		var made somewhere
		r.newLocator = func(device modem.Modem, _ *slog.Logger) (tracker.Locator, error) {
			made.device = device
			return tracker.NewLocator(made), nil
		}
		if got := r.run(); got != StatusOK {
			t.Fatalf("status %d: %s", got, r.log.String())
		}
		if made.device == nil || made.device != r.cloud.options.Modem {
			t.Error("the locator is not of the modem that the cloud module runs")
		}
		if len(r.cloud.updates) == 0 || r.cloud.updates[0].Fix == nil || r.cloud.updates[0].Fix.Latitude != 48 {
			t.Errorf("updates %+v", r.cloud.updates)
		}
	})
	r := newTrial(t, untilAsked)
	r.newLocator = func(modem.Modem, *slog.Logger) (tracker.Locator, error) {
		return nil, errors.New("the same method stands before it")
	}
	if got := r.run(); got != StatusFailure {
		t.Errorf("status %d", got)
	}
	r.wants(t, "the same method stands before it")
}

// helper is an assistance that remembers what the cloud has sent.
type helper struct {
	tracker.Assistance
	device         modem.Modem
	dataDir        string
	current, later string
	ran            tracker.Cloud
}

func (h *helper) Run(ctx context.Context, cloud tracker.Cloud) { h.ran = cloud; <-ctx.Done() }
func (h *helper) Connected(bool)                               {}
func (h *helper) TakeAGNSS(payload []byte)                     { h.current = string(payload) }
func (h *helper) TakePGPS(payload []byte)                      { h.later = string(payload) }

func TestAssistanceOfTheProgram(t *testing.T) {
	r := newTrial(t, func(_ context.Context, f *fakeCloud) error {
		f.options.OnEvent(module.Event{Type: module.EventAGNSSReceived, Payload: []byte("now")})
		f.options.OnEvent(module.Event{Type: module.EventPGPSReceived, Payload: []byte("later")})
		return nil
	})
	h := &helper{}
	r.newAssistance = func(device modem.Modem, dataDir string, _ *slog.Logger) (tracker.Assistance, error) {
		h.device, h.dataDir = device, dataDir
		return h, nil
	}
	if got := r.run(); got != StatusOK {
		t.Fatalf("status %d: %s", got, r.log.String())
	}
	if h.device == nil || h.device != r.cloud.options.Modem || h.dataDir != r.cloud.options.DataDir {
		t.Error("it is not of the modem that the cloud module runs, or keeps its data elsewhere")
	}
	if h.current != "now" || h.later != "later" || h.ran == nil {
		t.Errorf("A-GNSS %q, P-GPS %q, cloud %v", h.current, h.later, h.ran)
	}
	r = newTrial(t, untilAsked)
	r.newAssistance = func(modem.Modem, string, *slog.Logger) (tracker.Assistance, error) {
		return nil, errors.New("the predictions cannot be read")
	}
	if got := r.run(); got != StatusFailure {
		t.Errorf("status %d", got)
	}
	r.wants(t, "the predictions cannot be read")
}

// keeper is a secure element with the key of one tag.
type keeper struct{ key crypto.Signer }

func (k keeper) PrivateKey(tag int) (crypto.Signer, error) {
	if tag != 42 {
		return nil, fs.ErrNotExist
	}
	return k.key, nil
}

func TestKeysOfTheProgram(t *testing.T) {
	r := newTrial(t, func(_ context.Context, f *fakeCloud) error {
		_, err := f.options.Credentials.TLS(42)
		return err
	})
	authority := credentialstest.NewAuthority(t, "Test CA")
	pair := authority.Issue(t, credentialstest.Request{Name: "device"})
	credentialstest.WriteTag(t, r.dir, 42, authority, pair)
	if err := os.Remove(filepath.Join(r.dir, "42", "key.pem")); err != nil {
		t.Fatal(err)
	}
	r.keys = keeper{pair.Key}
	if got := r.run(); got != StatusOK {
		t.Errorf("status %d: %s", got, r.log.String())
	}
}
