package server_test

import (
	"errors"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/server"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

type commands struct {
	able  bool
	calls []string
}

func (c *commands) CanBootstrap() bool { return c.able }
func (c *commands) Bootstrap(uint16)   { c.calls = append(c.calls, "bootstrap") }
func (c *commands) Update(uint16)      { c.calls = append(c.calls, "update") }
func (c *commands) Disable(uint16)     { c.calls = append(c.calls, "disable") }

func attach(t *testing.T) (*server.Object, *tree.Tree, *commands) {
	t.Helper()
	object, err := server.New(server.Config{Lifetime: 30 * time.Second, MinimumPeriod: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	calls := &commands{}
	object.SetCommands(calls)
	all := tree.New()
	if err := all.Add(object); err != nil {
		t.Fatal(err)
	}
	return object, all, calls
}

func TestDefaults(t *testing.T) {
	object, all, _ := attach(t)
	if err := object.Add(0, 101); err != nil {
		t.Fatal(err)
	}
	got := object.Account(0)
	want := server.Account{SSID: 101, Lifetime: 30 * time.Second, MinimumPeriod: 5, DisableTimeout: 86400 * time.Second, Storing: true, Binding: "U", BootstrapOnFailure: true}
	if got != want {
		t.Errorf("got %+v", got)
	}
	for _, hidden := range []uint16{13, 14, 15, 16, 17, 18, 19, 20} {
		_, err := all.Read(101, lwm2m.NewPath(1, 0, hidden))
		if refused, is := errors.AsType[*lwm2m.Error](err); !is || refused.Status != lwm2m.StatusMethodNotAllowed && refused.Status != lwm2m.StatusNotFound {
			t.Errorf("resource %d can be read: %v", hidden, err)
		}
	}
}

func TestBootstrapped(t *testing.T) {
	object, all, _ := attach(t)
	at := lwm2m.NewPath(1, 2)
	if err := all.Create(at,
		lwm2m.Item{Path: at.Child(0), Value: lwm2m.Integer(5)}, lwm2m.Item{Path: at.Child(1), Value: lwm2m.Integer(7)},
		lwm2m.Item{Path: at.Child(13), Value: lwm2m.Unsigned(3)}, lwm2m.Item{Path: at.Child(16), Value: lwm2m.Boolean(false)},
		lwm2m.Item{Path: at.Child(17), Value: lwm2m.Unsigned(9)}, lwm2m.Item{Path: at.Child(18), Value: lwm2m.Unsigned(1 << 40)}); err != nil {
		t.Fatal(err)
	}
	before := object.Account(2)
	if !before.MuteSend || before.Lifetime != 7*time.Second {
		t.Errorf("before: %+v", before)
	}
	if err := object.Complete(2); err != nil {
		t.Fatal(err)
	}
	got := object.Account(2)
	if got.MuteSend || got.Lifetime != 30*time.Second || got.Binding != "U" || *got.PriorityOrder != 3 || got.BootstrapOnFailure || got.RetryCount != 9 ||
		got.RetryTimer != (1<<32-1)*time.Second {
		t.Errorf("after: %+v", got)
	}
	if err := object.SetBootstrapped(2, time.Unix(1700000000, 0)); err != nil {
		t.Fatal(err)
	}
	if err := object.SetAlert(2, 115); err != nil {
		t.Fatal(err)
	}
	if !object.Account(2).LastBootstrapped.Equal(time.Unix(1700000000, 0)) {
		t.Error("the time of the bootstrap is lost")
	}
	if code, _ := all.Get(at.Child(11)); code.Uint() != 115 {
		t.Errorf("alert %v", code)
	}
	if err := object.ClearAlert(2); err != nil {
		t.Fatal(err)
	}
}

func TestWrites(t *testing.T) {
	object, all, _ := attach(t)
	if err := object.Add(0, 101); err != nil {
		t.Fatal(err)
	}
	write := func(resource uint16, value lwm2m.Value) error {
		path := lwm2m.NewPath(1, 0, resource)
		after, err := all.Write(101, path, tree.Replace, []lwm2m.Item{{Path: path, Value: value}})
		if after != nil {
			after()
		}
		return err
	}
	for _, refused := range []struct {
		resource uint16
		value    lwm2m.Value
	}{{1, lwm2m.Integer(-1)}, {1, lwm2m.Integer(1 << 33)}, {7, lwm2m.String("")}, {7, lwm2m.String("T")}, {7, lwm2m.String("UX")}, {5, lwm2m.Integer(-1)}} {
		if err := write(refused.resource, refused.value); err == nil {
			t.Errorf("%v is taken by resource %d", refused.value, refused.resource)
		}
	}
	if err := write(1, lwm2m.Integer(3)); err != nil || object.Account(0).Lifetime != 30*time.Second {
		t.Errorf("a short lifetime: %v, %v", err, object.Account(0).Lifetime)
	}
	if err := write(1, lwm2m.Integer(300)); err != nil || object.Account(0).Lifetime != 300*time.Second {
		t.Errorf("a lifetime: %v, %v", err, object.Account(0).Lifetime)
	}
}

func TestCommands(t *testing.T) {
	object, all, calls := attach(t)
	if err := object.Add(0, 101); err != nil {
		t.Fatal(err)
	}
	execute := func(resource uint16) error {
		after, err := all.Execute(101, lwm2m.NewPath(1, 0, resource), nil)
		if after != nil {
			after()
		}
		return err
	}
	if err := execute(9); err == nil {
		t.Error("a bootstrap without a bootstrap server")
	}
	calls.able = true
	for _, resource := range []uint16{4, 8, 9} {
		if err := execute(resource); err != nil {
			t.Error(err)
		}
	}
	if len(calls.calls) != 3 || calls.calls[0] != "disable" || calls.calls[1] != "update" || calls.calls[2] != "bootstrap" {
		t.Errorf("calls %v", calls.calls)
	}
}

func TestShortestLifetime(t *testing.T) {
	if _, err := server.New(server.Config{Lifetime: time.Second}); err == nil {
		t.Error("a lifetime of 1 s")
	}
}
