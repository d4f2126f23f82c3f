package agnss

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
)

func TestTypes(t *testing.T) {
	galileo := Need{Data: DataIntegrity | DataGGTO, Galileo: Satellites{Used: true, Ephemerides: 1, Almanacs: 1}}
	for _, test := range []struct {
		name string
		need Need
		want []Type
	}{
		{"nothing", Need{}, nil},
		{"everything", Everything(false, true), []Type{1, 2, 3, 9, 12, 11, 13, 4, 5, 6, 7, 8}},
		{"everything of GPS", Everything(false, false), []Type{1, 2, 3, 9, 4, 5, 6, 7, 8}},
		{"beside predictions", Everything(true, false), []Type{1, 9, 4, 5, 6, 7, 8}},
		{"with Galileo", Everything(false, true).With(galileo), []Type{1, 2, 3, 9, 12, 11, 13, 15, 14, 17, 4, 5, 6, 7, 8, 16}},
		{"time", Need{Data: DataTime}, []Type{6, 7}},
	} {
		if got := test.need.Types(); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
		if test.need.Empty() != (len(test.want) == 0) {
			t.Errorf("%s: empty %v", test.name, test.need.Empty())
		}
	}
	if need := Everything(false, true); need.QZSS.Ephemerides != 0x3ff || need.GPS.Almanacs != 0xffffffff || all(Galileo) != 1<<36-1 {
		t.Errorf("%+v", need)
	}
	if left := Everything(false, true).Without(Everything(true, true)); left != (Need{GPS: Satellites{Used: true, Ephemerides: 1<<32 - 1, Almanacs: 1<<32 - 1}, QZSS: Satellites{Used: true}}) {
		t.Errorf("%+v", left)
	}
}

func TestNames(t *testing.T) {
	for n := Type(1); n < typeEnd; n++ {
		if strings.HasPrefix(n.String(), "type ") || n.String() == "" {
			t.Errorf("type %d has no name", n)
		}
	}
	if Type(0).String() != "type 0" || Type(18).String() != "type 18" || GPS.String() != "GPS" || System(7).String() != "system 7" {
		t.Error("names of what is unknown")
	}
}

// TestAges plays a day of a receiver that cannot tell what it needs.
func TestAges(t *testing.T) {
	start := time.Date(2026, 7, 23, 0, 0, 0, 0, time.UTC)
	wanted := Everything(false, false)
	var ages Ages
	if need := ages.Need(wanted, start); need != wanted {
		t.Errorf("nothing given: %+v", need)
	}
	ages.Given(wanted, start)
	for _, test := range []struct {
		after time.Duration
		want  Need
	}{
		{0, Need{GPS: Satellites{Used: true}}},
		{2*time.Hour - 1, Need{GPS: Satellites{Used: true}}},
		{2 * time.Hour, Need{Data: DataIntegrity, GPS: Satellites{Used: true, Ephemerides: all(GPS)}}},
		{24 * time.Hour, Need{Data: DataIntegrity | DataUTC | DataKlobuchar | DataNeQuick, GPS: Satellites{Used: true, Ephemerides: all(GPS)}}},
		{15 * 24 * time.Hour, Need{Data: DataIntegrity | DataUTC | DataKlobuchar | DataNeQuick, GPS: Satellites{Used: true, Ephemerides: all(GPS), Almanacs: all(GPS)}}},
	} {
		if need := ages.Need(wanted, start.Add(test.after)); need != test.want {
			t.Errorf("after %v: %+v, want %+v", test.after, need, test.want)
		}
	}
	ages.Given(Need{GPS: Satellites{Ephemerides: 1 << 6}}, start.Add(time.Hour))
	if need := ages.Need(wanted, start.Add(2*time.Hour)); need.GPS.Ephemerides != all(GPS)&^(1<<6) {
		t.Errorf("one satellite is newer: %x", need.GPS.Ephemerides)
	}
	ages.Moved()
	if need := ages.Need(wanted, start); need.Data != DataLocation {
		t.Errorf("moved: %+v", need)
	}
	ages.Forget()
	if need := ages.Need(wanted, start); need != wanted {
		t.Errorf("forgotten: %+v", need)
	}
}

func TestFilteredRequests(t *testing.T) {
	start := time.Date(2026, 7, 23, 0, 0, 0, 0, time.UTC)
	need := Need{GPS: Satellites{Used: true, Ephemerides: all(GPS)}}
	r := NewRequester(Config{Filtered: true, ElevationMask: 20})
	if _, ok := r.Next(Need{}, start); ok {
		t.Error("a request for nothing")
	}
	if request, ok := r.Next(need, start); !ok || !request.Filtered || request.ElevationMask != 20 || !slices.Equal(request.Types, []Type{2}) {
		t.Errorf("%+v, %v", request, ok)
	}
	r.Failed()
	if _, ok := r.Next(need, start); !ok {
		t.Error("the last one failed")
	}
	if _, ok := r.Next(need, start.Add(110*time.Minute-1)); ok {
		t.Error("too soon")
	}
	if request, ok := r.Next(need.With(Need{Data: DataLocation}), start.Add(time.Hour)); !ok || !slices.Equal(request.Types, []Type{8}) {
		t.Errorf("the rest is asked for: %+v, %v", request, ok)
	}
	r.Failed()
	if _, ok := r.Next(need, start.Add(time.Hour)); ok {
		t.Error("that the location failed is no reason to ask for ephemerides")
	}
	if _, ok := r.Next(need, start.Add(110*time.Minute)); !ok {
		t.Error("time enough")
	}
	if r.SetFiltered(false) {
		t.Error("it is not for the request to say")
	}
	cell := data.Cell{MCC: 262, MNC: 7, AreaCode: 4660, ID: 1234567}
	equal(t, "request", Request{Types: []Type{1, 9}}.For(cell), data.AGNSSRequest{MCC: 262, MNC: 7, AreaCode: 4660, CellID: 1234567, Types: []int{1, 9}})
	r = NewRequester(Config{Filtered: true, FilteredRuntime: true})
	if request, ok := r.Next(need, start); !ok || !request.Filtered || !r.SetFiltered(false) {
		t.Error("filtered at run time")
	}
	if request, ok := r.Next(need, start); !ok || request.Filtered {
		t.Errorf("%+v, %v", request, ok)
	}
}
