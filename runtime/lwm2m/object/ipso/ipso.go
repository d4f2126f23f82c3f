// Package ipso is what the objects of sensors with one value have in common: 3300, 3303, 3304 and 3323 of the OMA LwM2M registry.
package ipso

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Resources of a sensor.
const (
	Timestamp     = 5518
	MinMeasured   = 5601
	MaxMeasured   = 5602
	MinRange      = 5603
	MaxRange      = 5604
	ResetMeasured = 5605
	SensorValue   = 5700
	SensorUnits   = 5701

	applicationType  = 5750
	qualityIndicator = 6042
)

// Kind says what distinguishes one sensor's object from the others.
type Kind struct {
	ID          uint16
	Name        string
	Description string
	Choice      string           // option whose members are the versions, as LWM2M_IPSO_TEMP_SENSOR_VERSION
	Extra       []lwm2m.Resource // beside the common ones
	Application bool             // version 1.0 has an application type
	Units       string           // "": not known
	Min, Max    float64          // range of the sensor; both 0: not known
}

// Sensor is the object of a kind of sensor, with one instance. The program sets the values; smallest and largest follow by Measure.
type Sensor struct {
	lwm2m.Values
	store lwm2m.Store
}

// New makes the object in the version that a member of its choice names: with _1_0 or _1_1 behind the choice's name.
func New(kind Kind, member string) (*Sensor, error) {
	definition := &lwm2m.Definition{
		ID: kind.ID, Name: kind.Name, Version: "1.1", URN: fmt.Sprintf("urn:oma:lwm2m:ext:%d:1.1", kind.ID), Multiple: true, Description: kind.Description,
	}
	definition.Resources = append(slices.Clone(common), kind.Extra...)
	slices.SortFunc(definition.Resources, func(a, b lwm2m.Resource) int { return cmp.Compare(a.ID, b.ID) })
	switch member {
	case kind.Choice + "_1_1":
	case kind.Choice + "_1_0": // without timestamps and quality
		definition = definition.Below("1.0", fmt.Sprintf("urn:oma:lwm2m:ext:%d", kind.ID), func(resource uint16) bool {
			return resource == Timestamp || resource >= qualityIndicator || resource == applicationType && !kind.Application
		})
	default:
		return nil, fmt.Errorf("%s is %q: it must be %s_1_0 or %s_1_1", kind.Choice, member, kind.Choice, kind.Choice)
	}
	return &Sensor{Values: lwm2m.Values{Of: definition, Instances: 1, Initial: kind.initial}}, nil
}

func (k Kind) initial(instance uint16) []lwm2m.Item {
	at := lwm2m.NewPath(k.ID, instance)
	var items []lwm2m.Item
	if k.Min != 0 || k.Max != 0 {
		items = append(items, lwm2m.Item{Path: at.Child(MinRange), Value: lwm2m.Float(k.Min)}, lwm2m.Item{Path: at.Child(MaxRange), Value: lwm2m.Float(k.Max)})
	}
	if k.Units != "" {
		items = append(items, lwm2m.Item{Path: at.Child(SensorUnits), Value: lwm2m.String(k.Units)})
	}
	return items
}

// Attach implements lwm2m.Object.
func (s *Sensor) Attach(store lwm2m.Store) error {
	s.store = store
	return s.Values.Attach(store)
}

// Execute implements lwm2m.Executor: smallest and largest value begin anew with the newest one.
func (s *Sensor) Execute(path lwm2m.Path, _ []lwm2m.Argument) (func(), error) {
	if path.Resource() != ResetMeasured {
		return nil, lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "%v: this device does not do that", path)
	}
	at := path.Up(lwm2m.LevelInstance)
	newest, measured := s.store.Get(at.Child(SensorValue))
	if !measured {
		return nil, nil // then there is no smallest and no largest value either
	}
	return nil, s.store.Set(lwm2m.Item{Path: at.Child(MinMeasured), Value: newest}, lwm2m.Item{Path: at.Child(MaxMeasured), Value: newest})
}

// Measure gives what to set for a new value of an instance: the value itself, and the smallest and the largest one where it goes beyond them.
func Measure(store lwm2m.Store, instance lwm2m.Path, value float64) []lwm2m.Item {
	items := []lwm2m.Item{{Path: instance.Child(SensorValue), Value: lwm2m.Float(value)}}
	if smallest, known := store.Get(instance.Child(MinMeasured)); !known || value < smallest.Float() {
		items = append(items, lwm2m.Item{Path: instance.Child(MinMeasured), Value: lwm2m.Float(value)})
	}
	if largest, known := store.Get(instance.Child(MaxMeasured)); !known || value > largest.Float() {
		items = append(items, lwm2m.Item{Path: instance.Child(MaxMeasured), Value: lwm2m.Float(value)})
	}
	return items
}
