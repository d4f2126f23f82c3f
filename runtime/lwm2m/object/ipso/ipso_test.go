package ipso

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

func newSensor(t *testing.T, kind Kind) *tree.Tree {
	t.Helper()
	sensor, err := New(kind, kind.Choice+"_1_1")
	if err != nil {
		t.Fatal(err)
	}
	values := tree.New()
	if err := values.Add(sensor); err != nil {
		t.Fatal(err)
	}
	return values
}

// show gives newest, smallest and largest value, - for none.
func show(values *tree.Tree, instance lwm2m.Path) string {
	text := ""
	for _, resource := range []uint16{SensorValue, MinMeasured, MaxMeasured} {
		if value, known := values.Get(instance.Child(resource)); known {
			text += fmt.Sprint(value.Float(), " ")
		} else {
			text += "- "
		}
	}
	return text
}

func TestMeasure(t *testing.T) {
	values := newSensor(t, Kind{ID: 3303, Name: "Temperature", Choice: "V", Units: "Cel", Min: -40, Max: 85})
	instance := lwm2m.NewPath(3303, 0)
	reset := func() {
		t.Helper()
		if _, err := values.Execute(1, instance.Child(ResetMeasured), nil); err != nil {
			t.Fatal(err)
		}
	}
	reset() // before anything was measured
	for _, step := range []struct {
		value float64
		want  string
	}{{20.5, "20.5 20.5 20.5 "}, {-3, "-3 -3 20.5 "}, {7, "7 -3 20.5 "}, {30, "30 -3 30 "}, {math.NaN(), "NaN -3 30 "}, {7, "7 -3 30 "}} {
		if err := values.Set(Measure(values, instance, step.value)...); err != nil {
			t.Fatal(err)
		}
		if got := show(values, instance); got != step.want {
			t.Errorf("after %v: %s, want %s", step.value, got, step.want)
		}
	}
	reset()
	if got := show(values, instance); got != "7 7 7 " {
		t.Errorf("after the reset: %s", got)
	}
	for resource, want := range map[uint16]string{MinRange: "-40", MaxRange: "85", SensorUnits: "Cel"} {
		if value, _ := values.Get(instance.Child(resource)); value.String() != want {
			t.Errorf("%d is %v, want %s", resource, value, want)
		}
	}
}

func TestVersions(t *testing.T) {
	for _, c := range []struct {
		version     string
		application bool
		urn         string
		want        []uint16
	}{
		{"V_1_0", false, "urn:oma:lwm2m:ext:3999", []uint16{5601, 5602, 5603, 5604, 5605, 5700, 5701, 5751}},
		{"V_1_0", true, "urn:oma:lwm2m:ext:3999", []uint16{5601, 5602, 5603, 5604, 5605, 5700, 5701, 5750, 5751}},
		{"V_1_1", false, "urn:oma:lwm2m:ext:3999:1.1", []uint16{5518, 5601, 5602, 5603, 5604, 5605, 5700, 5701, 5750, 5751, 6042, 6049, 6050}},
	} {
		sensor, err := New(Kind{ID: 3999, Name: "Test", Choice: "V", Application: c.application,
			Extra: []lwm2m.Resource{{ID: 5751, Name: "Sensor Type", Operations: lwm2m.R, Type: lwm2m.TypeString}}}, c.version)
		if err != nil {
			t.Fatal(err)
		}
		var ids []uint16
		for _, resource := range sensor.Definition().Resources {
			ids = append(ids, resource.ID)
		}
		if !slices.Equal(ids, c.want) || sensor.Definition().URN != c.urn {
			t.Errorf("%+v: %s %v", c, sensor.Definition().URN, ids)
		}
	}
	for _, member := range []string{"V_2_0", "", "W_1_1"} {
		if _, err := New(Kind{ID: 3303, Choice: "V"}, member); err == nil || !strings.Contains(err.Error(), "V_1_0 or V_1_1") {
			t.Errorf("%q: %v", member, err)
		}
	}
	values := newSensor(t, Kind{ID: 3300, Name: "Generic Sensor", Choice: "V"})
	if ids := values.Children(lwm2m.NewPath(3300, 0)); !slices.Equal(ids, []uint16{ResetMeasured}) {
		t.Errorf("of a sensor of which nothing is known there are %v", ids)
	}
}
