package object_test

import (
	"fmt"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// Resources of lamps.
const (
	lampOn     = 0
	lampLevel  = 1
	lampEnergy = 2
	lampReset  = 3
)

// lamps is an object of one's own, 40000: what a file of it needs, beside New(Config) and the options.
type lamps struct {
	lwm2m.Values
	meter  int64 // Wh, as the hardware has it
	driver func(level int64)
}

var lampDefinition = lwm2m.Definition{
	ID: 40000, Name: "Lamp", URN: "urn:oma:lwm2m:x:40000", Version: "1.0", Multiple: true, Description: "A lamp that a server switches.",
	Resources: []lwm2m.Resource{
		{ID: lampOn, Name: "On", Operations: lwm2m.RW, Mandatory: true, Type: lwm2m.TypeBoolean, Description: "Whether it is on."},
		{ID: lampLevel, Name: "Level", Operations: lwm2m.RW, Type: lwm2m.TypeInteger, Range: "0..100", Units: "%", Description: "Brightness."},
		{ID: lampEnergy, Name: "Energy", Operations: lwm2m.R, Type: lwm2m.TypeInteger, Units: "Wh", Description: "Energy used."},
		{ID: lampReset, Name: "Reset", Operations: lwm2m.E, Description: "Begin the energy anew."},
	},
}

func newLamps(driver func(level int64)) *lamps {
	return &lamps{driver: driver, Values: lwm2m.Values{Of: &lampDefinition, Instances: 1, Initial: func(instance uint16) []lwm2m.Item {
		at := lwm2m.NewPath(lampDefinition.ID, instance)
		return []lwm2m.Item{
			{Path: at.Child(lampOn), Value: lwm2m.Boolean(false)},
			{Path: at.Child(lampLevel), Value: lwm2m.Integer(100)},
		}
	}}}
}

// Read gives the energy of this moment; all else is in the store.
func (l *lamps) Read(path lwm2m.Path) (lwm2m.Value, bool) {
	return lwm2m.Integer(l.meter), path.Level() == lwm2m.LevelResource && path.Resource() == lampEnergy
}

// Check refuses what the range of the definition does not.
func (l *lamps) Check(values []lwm2m.Item) error {
	for _, each := range values {
		if level := each.Value.Int(); each.Path.Resource() == lampLevel && level > 0 && level < 5 {
			return lwm2m.Errorf(lwm2m.StatusBadRequest, "%v: it flickers below 5", each.Path)
		}
	}
	return nil
}

// Written hands what a server has written to the hardware.
func (l *lamps) Written(values []lwm2m.Item) {
	for _, each := range values {
		if each.Path.Resource() == lampLevel {
			l.driver(each.Value.Int())
		}
	}
}

// Execute is asked for Reset alone: nothing else is executable.
func (l *lamps) Execute(lwm2m.Path, []lwm2m.Argument) (func(), error) {
	l.meter = 0
	return nil, nil
}

// An object of one's own: values in the store, one that is read when it is asked for, one that is checked and goes to the hardware, and an action. A
// client takes it as it takes its own objects; here the tree of a client does what a server asks for.
func Example() {
	lamp := newLamps(func(level int64) { fmt.Println("driver:", level, "%") })
	values := tree.New()
	if err := values.Add(lamp); err != nil {
		fmt.Println(err)
		return
	}
	const server = 101 // its Short Server ID
	at := lwm2m.NewPath(40000, 0)

	lamp.meter = 42
	read, err := values.Read(server, at)
	for _, each := range read {
		fmt.Println(each.Path, each.Value)
	}
	fmt.Println(err)

	for _, level := range []int64{30, 3, 101} {
		answered, err := values.Write(server, at.Child(lampLevel), tree.Replace, []lwm2m.Item{{Path: at.Child(lampLevel), Value: lwm2m.Integer(level)}})
		if err != nil {
			fmt.Println(err)
			continue
		}
		answered() // the response was sent
	}

	_, err = values.Execute(server, at.Child(lampReset), nil)
	energy, _ := values.Get(at.Child(lampEnergy))
	fmt.Println(energy, err)

	// Output:
	// /40000/0/0 false
	// /40000/0/1 100
	// /40000/0/2 42
	// <nil>
	// driver: 30 %
	// 4.00: /40000/0/1: it flickers below 5
	// 4.00: resource 1 is 101: out of the range 0..100
	// 0 <nil>
}
