// Package objects tells which LwM2M objects a plan puts into a firmware, with their definitions. It makes the objects of the runtime as the
// generated code would; those of users' modules it can only name.
package objects

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/cloudgen/cloudgen/gen/bind"
	"github.com/cloudgen/cloudgen/gen/plan"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/binaryapp"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/cellular"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/configuration"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/connmon"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/connstat"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/device"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/firmware"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/genericsensor"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/gnssassist"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/groundfix"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/humidity"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/location"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/portfolio"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/pressure"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/pushbutton"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/server"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/signalmeas"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/temperature"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/wifiap"
)

// Slot is the slot of a backend that takes LwM2M objects.
const Slot = "lwm2m-object"

// Of gives the definitions of the objects of a plan, by id, and the components that are not cloudgen's own. A plan whose backend takes no
// objects has none. The error is about cloudgen's own sources.
func Of(p *plan.Plan) (definitions []*lwm2m.Definition, others []plan.Component, err error) {
	for _, slot := range p.Backend.Slots {
		if slot.Name != Slot {
			continue
		}
		// These the client itself brings: no component stands for them.
		definitions = append(definitions, (*security.Object)(nil).Definition(), (*server.Object)(nil).Definition())
		for _, each := range slot.Components {
			construct, ours := makers[each.Dir]
			if !ours {
				others = append(others, each)
				continue
			}
			object, err := construct(each.Config)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", each.Dir, err)
			}
			definitions = append(definitions, object.Definition())
		}
	}
	slices.SortFunc(definitions, func(a, b *lwm2m.Definition) int { return cmp.Compare(a.ID, b.ID) })
	return definitions, others, nil
}

// makers are the constructors of the objects that come with cloudgen, by the folders of their components. A test finds it incomplete.
var makers = map[string]func(plan.Literal) (lwm2m.Object, error){
	"runtime/lwm2m/object/binaryapp":     maker(binaryapp.New),
	"runtime/lwm2m/object/cellular":      maker(cellular.New),
	"runtime/lwm2m/object/configuration": maker(configuration.New),
	"runtime/lwm2m/object/connmon":       maker(connmon.New),
	"runtime/lwm2m/object/connstat":      maker(connstat.New),
	"runtime/lwm2m/object/device":        maker(device.New),
	"runtime/lwm2m/object/firmware":      maker(firmware.New),
	"runtime/lwm2m/object/genericsensor": maker(genericsensor.New),
	"runtime/lwm2m/object/gnssassist":    maker(gnssassist.New),
	"runtime/lwm2m/object/groundfix":     maker(groundfix.New),
	"runtime/lwm2m/object/humidity":      maker(humidity.New),
	"runtime/lwm2m/object/location":      maker(location.New),
	"runtime/lwm2m/object/portfolio":     maker(portfolio.New),
	"runtime/lwm2m/object/pressure":      maker(pressure.New),
	"runtime/lwm2m/object/pushbutton":    maker(pushbutton.New),
	"runtime/lwm2m/object/signalmeas":    maker(signalmeas.New),
	"runtime/lwm2m/object/temperature":   maker(temperature.New),
	"runtime/lwm2m/object/wifiap":        maker(wifiap.New),
}

// maker lets a constructor take its Config as a plan has it.
func maker[C any, O lwm2m.Object](construct func(C) (O, error)) func(plan.Literal) (lwm2m.Object, error) {
	return func(literal plan.Literal) (lwm2m.Object, error) {
		var config C
		if err := fillIn(reflect.ValueOf(&config).Elem(), literal); err != nil {
			return nil, err
		}
		return construct(config)
	}
}

// fillIn sets the fields of a struct as the generated code would.
func fillIn(into reflect.Value, literal plan.Literal) error {
	for _, each := range literal.Fields {
		field := into.FieldByName(each.Name)
		if !field.IsValid() {
			return fmt.Errorf("the plan has a field %s, and %s has none", each.Name, into.Type())
		}
		switch {
		case each.Kind == bind.Nested:
			if err := fillIn(field, *each.Literal); err != nil {
				return err
			}
		case each.Kind == bind.Bool:
			field.SetBool(each.Value == "true")
		case each.Kind == bind.Text:
			field.SetString(each.Value)
		case field.CanUint():
			value, err := strconv.ParseUint(each.Value, 0, 64)
			if err != nil {
				return err
			}
			field.SetUint(value)
		default:
			value, err := strconv.ParseInt(each.Value, 0, 64)
			if err != nil {
				return err
			}
			if each.Kind == bind.Duration {
				value *= int64(map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "min": time.Minute, "h": time.Hour}[each.Unit])
			}
			field.SetInt(value)
		}
	}
	return nil
}
