package device

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// folder is the only thing of a host that the object asks for.
type folder struct {
	lwm2m.Host
	path string
}

func (f folder) Folder() string { return f.path }

func newDevice(t *testing.T, config Config) (*Object, *tree.Tree) {
	t.Helper()
	o, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	o.SetHost(folder{path: t.TempDir()})
	values := tree.New()
	if err := values.Add(o); err != nil {
		t.Fatal(err)
	}
	return o, values
}

func at(ids ...uint16) lwm2m.Path { return lwm2m.NewPath(append([]uint16{3, 0}, ids...)...) }

// read gives what a server reads; the error's status if it is refused.
func read(t *testing.T, values *tree.Tree, path lwm2m.Path) string {
	t.Helper()
	items, err := values.Read(1, path)
	if err != nil {
		return err.Error()[:4]
	}
	var all []string
	for _, each := range items {
		all = append(all, each.Value.String())
	}
	return fmt.Sprint(all)
}

func execute(values *tree.Tree, path lwm2m.Path) string {
	if _, err := values.Execute(1, path, nil); err != nil {
		return err.Error()[:4]
	}
	return "2.04"
}

func equal(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

func TestTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, values := newDevice(t, Config{ErrorCodeMax: 3})
		now := time.Now().Unix()
		equal(t, "time of the system", read(t, values, at(currentTime)), fmt.Sprintf("[%d]", now))
		for _, set := range []int64{0, now + 3600, now - 86400, -5, math.MaxInt64 - 100, math.MinInt64} {
			after, err := values.Write(1, at(currentTime), tree.Replace, []lwm2m.Item{{Path: at(currentTime), Value: lwm2m.Seconds(set)}})
			if err != nil {
				t.Fatal(err)
			}
			after()
			equal(t, "time that was set", read(t, values, at(currentTime)), fmt.Sprintf("[%d]", set))
			time.Sleep(90 * time.Second) // virtual
			equal(t, "time later", read(t, values, at(currentTime)), fmt.Sprintf("[%d]", set+90))
		}
	})
}

func TestOffsetOfTheTime(t *testing.T) {
	o, err := New(Config{ErrorCodeMax: 1})
	if err != nil {
		t.Fatal(err)
	}
	o.now = func() time.Time { return time.Date(2026, 7, 1, 12, 0, 0, 0, time.FixedZone("", -(3*3600+1800))) }
	values := tree.New()
	if err := values.Add(o); err != nil {
		t.Fatal(err)
	}
	equal(t, "UTC offset", read(t, values, at(utcOffset)), "[-03:30]")
	equal(t, "time zone", read(t, values, at(15)), "4.04")
}

// Without a host there is no storage to tell of; with one, what is free is no more than all.
func TestStorage(t *testing.T) {
	o, values := newDevice(t, Config{})
	_, _, known := storage(o.folder)
	free, readable := values.Get(at(memoryFree))
	total, _ := values.Get(at(memoryTotal))
	if readable != known || known && (free.Int() <= 0 || free.Int() > total.Int()) {
		t.Errorf("known %t, %d kB free of %d", known, free.Int(), total.Int())
	}
	o.folder = ""
	equal(t, "free, of no folder", read(t, values, at(memoryFree)), "4.04")
	equal(t, "total, of no folder", read(t, values, at(memoryTotal)), "4.04")
}

func TestErrorCodes(t *testing.T) {
	o, values := newDevice(t, Config{ErrorCodeMax: 3})
	equal(t, "at the start", read(t, values, at(errorCode)), "[0]")
	for _, step := range []struct {
		code int64
		want string
	}{{1, "[1]"}, {1, "[1]"}, {7, "[1 7]"}, {3, "[1 7 3]"}, {7, "[1 7 3]"}, {5, "[7 3 5]"}} {
		if err := o.ReportError(step.code); err != nil {
			t.Error(err)
		}
		equal(t, fmt.Sprint("after ", step.code), read(t, values, at(errorCode)), step.want)
	}
	for _, code := range []int64{0, 9, -1} {
		if err := o.ReportError(code); err == nil {
			t.Errorf("%d is taken", code)
		}
	}
	equal(t, "after what is none", read(t, values, at(errorCode)), "[7 3 5]")
	equal(t, "reset", execute(values, at(resetErrorCode)), "2.04")
	equal(t, "after the reset", read(t, values, at(errorCode)), "[0]")
	if ids := values.Children(at(errorCode)); !slices.Equal(ids, []uint16{0}) {
		t.Errorf("instances %v", ids)
	}
	var reporting sync.WaitGroup
	for code := range int64(8) {
		reporting.Go(func() {
			if err := o.ReportError(code + 1); err != nil {
				t.Error(err)
			}
		})
	}
	reporting.Wait()
	if ids := values.Children(at(errorCode)); !slices.Equal(ids, []uint16{0, 1, 2}) {
		t.Errorf("after reports from everywhere: instances %v", ids)
	}
}

// The device restarts; it does not reset itself to the factory's state, and says so.
func TestExecutables(t *testing.T) {
	_, values := newDevice(t, Config{ErrorCodeMax: 3})
	equal(t, "Reboot", execute(values, at(reboot)), "2.04")
	equal(t, "Factory Reset", execute(values, at(factoryReset)), "4.04")
	if ids := values.Children(at()); slices.Contains(ids, factoryReset) || !slices.Contains(ids, reboot) {
		t.Errorf("there are the resources %v", ids)
	}
}

func TestInstancesAreBounded(t *testing.T) {
	o, _ := newDevice(t, Config{PowerSourceMax: 2, ErrorCodeMax: 3, ExtDevInfoMax: 1})
	for path, fits := range map[lwm2m.Path]bool{
		at(6, 1): true, at(6, 2): false, at(7, 1): true, at(8, 2): false, at(errorCode, 2): true, at(errorCode, 3): false,
		at(extDevInfo, 0): true, at(extDevInfo, 1): false, at(utcOffset): true,
	} {
		if err := o.Check([]lwm2m.Item{{Path: path}}); (err == nil) != fits {
			t.Errorf("%v: %v", path, err)
		}
	}
}
