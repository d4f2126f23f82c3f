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

func (s somewhere) Locate(context.Context, data.NoData) (*data.Fix, *data.LocationRequest, error) {
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
