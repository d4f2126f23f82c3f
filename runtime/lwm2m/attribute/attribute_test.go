package attribute

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

func path(t *testing.T, text string) lwm2m.Path {
	t.Helper()
	p, err := lwm2m.ParsePath(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func change(t *testing.T, query string) Change {
	t.Helper()
	c, err := ParseQuery(strings.Split(query, "&"))
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return c
}

func status(err error) lwm2m.Status {
	if refused, is := errors.AsType[*lwm2m.Error](err); is {
		return refused.Status
	}
	return 0
}

func TestParseQuery(t *testing.T) {
	for _, c := range []struct{ query, before, want string }{
		{"pmin=10", "", ";pmin=10"},
		{"pmin=10&pmax=200", "gt=1", ";pmin=10;pmax=200;gt=1"},
		{"pmin", "pmin=3&pmax=9", ";pmax=9"},
		{"pmin=", "pmin=3&pmax=9", ";pmax=9"},
		{"pmin&pmax=4", "pmin=5&pmax=9", ";pmax=4"},
		{"pmin=4294967295", "", ";pmin=4294967295"},
		{"epmin=1&epmax=2", "", ";epmin=1;epmax=2"},
		{"st=0.1&lt=-1.5&gt=20.50", "", ";gt=20.5;lt=-1.5;st=0.1"},
		{"gt=1e3", "", ";gt=1000"},
		{"gt=-0", "", ";gt=0"},
		{"gt=1e30", "", ";gt=1e+30"},
		{"gt=0.1234567890123456789", "", ";gt=0.12345678901234568"},
	} {
		var before Set
		if c.before != "" {
			before = change(t, c.before).Merge(before)
		}
		if got := string(change(t, c.query).Merge(before).AppendLink(nil)); got != c.want {
			t.Errorf("%s into %q: %s, want %s", c.query, c.before, got, c.want)
		}
	}
}

func TestParseQueryRefuses(t *testing.T) {
	for _, query := range []string{
		"", "pmin=-1", "pmin=+1", "pmin=1.5", "pmin=1 ", "pmin=4294967296", "pmin=x", "pmin==1", "PMIN=1", "=1", "foo=1", "foo",
		"gt=inf", "gt=nan", "gt=0x1p3", "gt=1e999", "gt=+1", "gt=1_0", "gt=.", "gt=--1", "st=e", "edge=1", "con=1", "hqmax=2",
		"dim=1", "ver=1.1", "ssid=1", "uri=coap", "pmin=1&pmin=2", "pmin=1&pmin", "pmin=1&pmax=x",
	} {
		if _, err := ParseQuery(strings.Split(query, "&")); status(err) != lwm2m.StatusBadRequest {
			t.Errorf("%q: %v, want 4.00", query, err)
		}
	}
	if _, err := ParseQuery(nil); status(err) != lwm2m.StatusBadRequest {
		t.Errorf("no query: %v, want 4.00", err)
	}
}

func TestValidate(t *testing.T) {
	const i, f, s = lwm2m.TypeInteger, lwm2m.TypeFloat, lwm2m.TypeString
	for _, c := range []struct {
		query string
		level int
		kind  lwm2m.Type
		valid bool
	}{
		{"pmin=10&pmax=10", 1, 0, true},
		{"pmin=11&pmax=10", 1, 0, false},
		{"pmin=11&pmax=0", 1, 0, true},
		{"epmin=1&epmax=1", 2, 0, false},
		{"epmin=1&epmax=2", 2, 0, true},
		{"gt=1", 2, 0, false},
		{"gt=1", 3, i, true},
		{"gt=1", 4, f, true},
		{"gt=1", 3, s, false},
		{"lt=1", 3, lwm2m.TypeBoolean, false},
		{"st=1", 3, lwm2m.TypeOpaque, false},
		{"st=1", 3, lwm2m.TypeTime, true},
		{"st=1", 3, lwm2m.TypeUnsigned, true},
		{"st=-1", 3, i, false},
		{"st=0", 3, i, true},
		{"lt=5&gt=5", 3, i, false},
		{"lt=6&gt=5", 3, i, false},
		{"lt=4&gt=5", 3, i, true},
		{"lt=1&gt=5&st=2", 3, i, false},
		{"lt=1&gt=5&st=1.9", 3, i, true},
		{"lt=1&st=20", 3, i, true},
		{"lt=1&gt=6&st=1", 3, i, true},
	} {
		err := change(t, c.query).Merge(Set{}).Validate(c.level, c.kind)
		if c.valid != (err == nil) || !c.valid && status(err) != lwm2m.StatusBadRequest {
			t.Errorf("%s at level %d of %v: %v, want valid %v", c.query, c.level, c.kind, err, c.valid)
		}
	}
}

func TestStoreMergesAndValidatesTheWhole(t *testing.T) {
	s := NewStore(Config{Max: 20})
	at := path(t, "/3/0/9")
	if err := s.Write(1, at, lwm2m.TypeInteger, change(t, "pmin=10&gt=5")); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(1, at, lwm2m.TypeInteger, change(t, "pmax=5&lt=1")); status(err) != lwm2m.StatusBadRequest {
		t.Errorf("pmax below the pmin that is set: %v, want 4.00", err)
	}
	if got := string(s.Own(1, at).AppendLink(nil)); got != ";pmin=10;gt=5" {
		t.Errorf("a refused write left %s", got)
	}
	if err := s.Write(1, at, lwm2m.TypeInteger, change(t, "pmax=5&pmin")); err != nil {
		t.Error(err)
	}
	if got := s.Own(2, at); got != (Set{}) {
		t.Errorf("another server has %+v", got)
	}
}

func TestStoreLimit(t *testing.T) {
	s := NewStore(Config{Max: 3})
	write := func(at, query string, want lwm2m.Status) {
		t.Helper()
		if err := s.Write(1, path(t, at), lwm2m.TypeFloat, change(t, query)); status(err) != want {
			t.Errorf("%s?%s: %v, want %v", at, query, err, want)
		}
	}
	write("/3/0", "pmin=1&pmax=2", 0)
	write("/3/0/1", "pmin=1&pmax=2", lwm2m.StatusInternalServerError)
	write("/3/0/1", "pmin=1", 0)
	write("/3/0/1", "pmin=2", 0)
	write("/3/0/1", "pmax=2", lwm2m.StatusInternalServerError)
	write("/3/0/1", "pmax=2&pmin", 0)
	write("/3/0", "pmin&pmax", 0)
	write("/3/0/1", "gt=2&lt=1", 0)
	s.Remove(path(t, "/3"))
	write("/4", "pmin=1&pmax=2&epmin=3", 0)
	s.Clear(2)
	write("/5", "pmin=1", lwm2m.StatusInternalServerError)
	s.Clear(1)
	write("/5", "pmin=1", 0)
	s.ClearAll()
	write("/4", "pmin=1&pmax=2&epmin=3", 0)
}

func TestEffective(t *testing.T) {
	s := NewStore(Config{Max: 50})
	for at, query := range map[string]string{
		"/3": "pmin=1&pmax=100&epmin=7", "/3/0": "pmin=2", "/3/0/7": "pmin=3&gt=10&lt=1&st=1", "/3/0/7/1": "gt=20", "/4": "pmax=0", "/5": "pmax=5",
		"/6": "epmin=9", "/6/0": "epmax=9",
	} {
		if err := s.Write(1, path(t, at), lwm2m.TypeInteger, change(t, query)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		ssid       uint16
		at         string
		pmin, pmax uint32
		want       string
	}{
		{1, "/3", 30, 60, ";pmin=1;pmax=100;epmin=7"},
		{1, "/3/0", 30, 60, ";pmin=2;pmax=100;epmin=7"},
		{1, "/3/1", 30, 60, ";pmin=1;pmax=100;epmin=7"},
		{1, "/3/0/9", 30, 60, ";pmin=2;pmax=100;epmin=7"},
		{1, "/3/0/7", 30, 60, ";pmin=3;pmax=100;epmin=7;gt=10;lt=1;st=1"},
		{1, "/3/0/7/1", 30, 60, ";pmin=3;pmax=100;epmin=7;gt=20;lt=1;st=1"},
		{1, "/3/0/7/0", 30, 60, ";pmin=3;pmax=100;epmin=7;gt=10;lt=1;st=1"},
		{2, "/3/0/7/0", 30, 60, ";pmin=30;pmax=60"},
		{2, "/3/0/7/0", 0, 0, ";pmin=0"},
		{1, "/4/0/1", 10, 60, ";pmin=10"},
		{1, "/5/0/1", 10, 60, ";pmin=10"}, // pmax below the pmin that comes from the server
		{1, "/6/0", 0, 0, ";pmin=0;epmin=9"},
		{1, "/", 1, 0, ";pmin=1"},
	} {
		if got := string(s.Effective(c.ssid, path(t, c.at), c.pmin, c.pmax).AppendLink(nil)); got != c.want {
			t.Errorf("%d %s: %s, want %s", c.ssid, c.at, got, c.want)
		}
	}
	for at, want := range map[string]string{
		"/3": ";pmin=1;pmax=100;epmin=7", "/3/0": ";pmin=2", "/3/0/7": ";pmin=3;pmax=100;gt=10;lt=1;st=1", "/3/0/7/1": ";gt=20", "/3/0/9": ";pmin=2;pmax=100",
	} {
		if got := string(s.Discover(1, path(t, at)).AppendLink(nil)); got != want {
			t.Errorf("Discover %s: %s, want %s", at, got, want)
		}
	}
}

func TestRemove(t *testing.T) {
	s := NewStore(Config{Max: 50})
	for _, at := range []string{"/3", "/3/0", "/3/0/7", "/3/0/7/1", "/3/1/7", "/30/0"} {
		for ssid := range uint16(2) {
			if err := s.Write(ssid, path(t, at), lwm2m.TypeInteger, change(t, "pmin=1")); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.Remove(path(t, "/3/0"))
	for at, want := range map[string]bool{"/3": true, "/3/0": false, "/3/0/7": false, "/3/0/7/1": false, "/3/1/7": true, "/30/0": true} {
		for ssid := range uint16(2) {
			if got := s.Own(ssid, path(t, at)).PMin.Given; got != want {
				t.Errorf("server %d has %s: %v, want %v", ssid, at, got, want)
			}
		}
	}
	if s.count != 6 {
		t.Errorf("%d counted, want 6", s.count)
	}
}

func FuzzParseQuery(f *testing.F) {
	for _, seed := range []string{"pmin=10&pmax=200", "pmin", "gt=1e-300&lt=-5.5&st=0.25", "epmin=&epmax=4294967295", "pmin=1&pmin=2", "=", "&", "gt=1e400", "dim=2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		c, err := ParseQuery(strings.Split(query, "&"))
		if err != nil {
			if status(err) != lwm2m.StatusBadRequest {
				t.Fatalf("%v, want 4.00", err)
			}
			return
		}
		set := c.Merge(Set{})
		for _, each := range []float64{set.GT.Value, set.LT.Value, set.ST.Value} {
			if math.IsNaN(each) || math.IsInf(each, 0) {
				t.Fatalf("%v passed", each)
			}
		}
		if set == (Set{}) {
			return
		}
		text := strings.Split(strings.TrimPrefix(string(set.AppendLink(nil)), ";"), ";")
		again, err := ParseQuery(text)
		if err != nil {
			t.Fatalf("%q is written and not read: %v", text, err)
		}
		if got := again.Merge(Set{}); got != set {
			t.Fatalf("%q: %+v is read again as %+v", text, set, got)
		}
	})
}

func TestPrune(t *testing.T) {
	s := NewStore(Config{Max: 3})
	for _, at := range []string{"/3", "/3/0/1", "/16/1/0"} {
		if err := s.Write(1, path(t, at), lwm2m.TypeString, change(t, "pmin=1")); err != nil {
			t.Fatal(err)
		}
	}
	s.Prune(func(at lwm2m.Path) bool { return at.Object() == 3 })
	if s.Own(1, path(t, "/16/1/0")) != (Set{}) || !s.Own(1, path(t, "/3/0/1")).PMin.Given || s.count != 2 {
		t.Errorf("%d are left: %v", s.count, s.sets)
	}
}
