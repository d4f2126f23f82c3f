package object_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
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
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/signalmeas"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/temperature"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/wifiap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// every gives the objects as the options have them by default, and then the versions that are not the default.
func every() []lwm2m.Object {
	var all []lwm2m.Object
	one := func(made lwm2m.Object, err error) {
		if err != nil {
			panic(err)
		}
		all = append(all, made)
	}
	one(device.New(device.Config{PowerSourceMax: 5, ErrorCodeMax: 10, ExtDevInfoMax: 5}))
	one(connmon.New(connmon.Config{Version: connmon.Version10}))
	one(firmware.New(firmware.Config{PortNonSecure: 5683, PortSecure: 5684}))
	one(location.New(location.Config{}))
	one(connstat.New(connstat.Config{}))
	one(cellular.New(cellular.Config{Version11: true}))
	one(portfolio.New(portfolio.Config{}))
	one(binaryapp.New(binaryapp.Config{}))
	one(genericsensor.New(genericsensor.Config{Version: genericsensor.Version10}))
	one(temperature.New(temperature.Config{Version: temperature.Version10}))
	one(humidity.New(humidity.Config{Version: humidity.Version10}))
	one(pressure.New(pressure.Config{Version: pressure.Version10}))
	one(pushbutton.New(pushbutton.Config{Version: pushbutton.Version10, Instances: 1}))
	one(signalmeas.New(signalmeas.Config{Instances: 3}))
	one(gnssassist.New(gnssassist.Config{BufferSize: 4096}))
	one(groundfix.New(groundfix.Config{}))
	one(wifiap.New(wifiap.Config{Instances: 5}))
	one(configuration.New(configuration.Config{}))

	one(connmon.New(connmon.Config{Version: connmon.Version12}))
	one(connmon.New(connmon.Config{Version: connmon.Version13}))
	one(cellular.New(cellular.Config{}))
	one(genericsensor.New(genericsensor.Config{Version: genericsensor.Version11}))
	one(temperature.New(temperature.Config{Version: temperature.Version11}))
	one(humidity.New(humidity.Config{Version: humidity.Version11}))
	one(pressure.New(pressure.Config{Version: pressure.Version11}))
	one(pushbutton.New(pushbutton.Config{Version: pushbutton.Version11, Instances: 4}))
	return all
}

// host is the program around the objects.
type host struct{ folder string }

func (host) Load(string) ([]byte, error)                    { return nil, fs.ErrNotExist }
func (host) Save(string, []byte) error                      { return nil }
func (h host) Folder() string                               { return h.folder }
func (host) Restart(string)                                 {}
func (host) Go(func(ctx context.Context))                   {}
func (host) Fetch(context.Context, string, io.Writer) error { return nil }
func (host) Firmware(lwm2m.FirmwareProgress)                {}
func (host) WatchMessages(func(sent bool, size int))        {}
func (host) Logger() *slog.Logger                           { return slog.New(slog.DiscardHandler) }

// name gives id and version, as the sections of testdata/registry.txt have them.
func name(d *lwm2m.Definition) string { return fmt.Sprintf("%d %s", d.ID, d.Version) }

func TestDefinitions(t *testing.T) {
	for _, o := range every() {
		d := o.Definition()
		t.Run(name(d), func(t *testing.T) {
			parts := strings.Split(d.URN, ":")
			version := "1.0" // a URN without a version
			if strings.Contains(parts[len(parts)-1], ".") {
				version, parts = parts[len(parts)-1], parts[:len(parts)-1]
			}
			if version != d.Version || d.Version == "1.0" && strings.HasSuffix(d.URN, ":1.0") {
				t.Errorf("URN %s of version %s", d.URN, d.Version)
			}
			kind := "oma"
			switch {
			case d.ID >= 10241:
				kind = "x"
			case d.ID >= 2048:
				kind = "ext"
			}
			if got, want := strings.Join(parts, ":"), fmt.Sprintf("urn:oma:lwm2m:%s:%d", kind, d.ID); got != want {
				t.Errorf("URN %s, want %s", got, want)
			}
			if d.Name == "" || !strings.HasSuffix(d.Description, ".") {
				t.Errorf("name %q, description %q", d.Name, d.Description)
			}
			for i, r := range d.Resources {
				if i > 0 && d.Resources[i-1].ID >= r.ID {
					t.Errorf("%d comes after %d", r.ID, d.Resources[i-1].ID)
				}
				if (r.Operations == lwm2m.E) != (r.Type == lwm2m.TypeNone) || r.Operations == 0 || r.Operations == lwm2m.E && (r.Multiple || r.Range != "") {
					t.Errorf("%d has the operations %v, the type %v and the range %q", r.ID, r.Operations, r.Type, r.Range)
				}
				if r.Name == "" || !strings.HasSuffix(r.Description, ".") {
					t.Errorf("%d: name %q, description %q", r.ID, r.Name, r.Description)
				}
				if r.Operations == lwm2m.E {
					continue
				}
				for _, value := range samples(r.Type) {
					var refused *lwm2m.Error
					if err := format.CheckRange(&r, value); err != nil && (!errors.As(err, &refused) || refused.Status != lwm2m.StatusBadRequest) {
						t.Errorf("%d, range %q: %v", r.ID, r.Range, err)
					}
				}
			}
		})
	}
}

// samples gives values on all sides of a range.
func samples(kind lwm2m.Type) []lwm2m.Value {
	switch kind {
	case lwm2m.TypeInteger:
		return []lwm2m.Value{lwm2m.Integer(math.MinInt64), lwm2m.Integer(0), lwm2m.Integer(math.MaxInt64)}
	case lwm2m.TypeUnsigned:
		return []lwm2m.Value{lwm2m.Unsigned(0), lwm2m.Unsigned(math.MaxUint64)}
	case lwm2m.TypeFloat:
		return []lwm2m.Value{lwm2m.Float(math.Inf(-1)), lwm2m.Float(0), lwm2m.Float(math.NaN())}
	case lwm2m.TypeString:
		return []lwm2m.Value{lwm2m.String(""), lwm2m.String(strings.Repeat("x", 300))}
	case lwm2m.TypeOpaque:
		return []lwm2m.Value{lwm2m.Opaque(nil), lwm2m.Opaque(make([]byte, 300))}
	}
	return nil
}

// Each object fits into a tree with its first values, beside all others and by itself.
func TestObjectsFitIntoATree(t *testing.T) {
	together := tree.New()
	for _, o := range every() {
		d := o.Definition()
		of := []*tree.Tree{tree.New()}
		if _, there := together.Definition(d.ID); !there {
			of = append(of, together)
		}
		for _, values := range of {
			if hosted, is := o.(lwm2m.Hosted); is {
				hosted.SetHost(host{t.TempDir()})
			}
			if err := values.Add(o); err != nil {
				t.Errorf("%s: %v", name(d), err)
			}
			if !d.Multiple && !slices.Equal(values.Children(lwm2m.NewPath(d.ID)), []uint16{0}) {
				t.Errorf("%s: a single object has the instances %v", name(d), values.Children(lwm2m.NewPath(d.ID)))
			}
		}
	}
}

// differences are what is not as in the registry on purpose: object, version, resource, and what.
var differences = map[string]string{
	"3 1.1 7 units":   "mV",            // the registry says it in the description
	"3 1.1 8 units":   "mA",            // so too
	"3 1.1 10 units":  "kB",            // so too
	"3 1.1 21 units":  "kB",            // so too
	"4 1.0 9 units":   "",              // % is a mistake of the registry, that later versions do not have
	"4 1.2 2 units":   "dBm",           // lost between 1.1 and 1.2
	"4 1.3 2 units":   "dBm",           // so too
	"4 1.3 6 units":   "%",             // the registry writes /100, which is the same
	"6 1.0 0 range":   "-90.0..90.0",   // of a latitude
	"6 1.0 1 range":   "-180.0..180.0", // of a longitude
	"7 1.0 2 units":   "kB",            // the registry says it in the description
	"7 1.0 3 units":   "kB",            // so too
	"7 1.0 8 range":   "0..2147483647", // a time
	"10 1.0 1 units":  "min",           // the registry says it in the description
	"10 1.1 1 units":  "min",           // so too
	"10 1.0 7 range":  "1..1",          // the registry has 8 bit
	"10 1.0 8 range":  "1..1",          // so too
	"10 1.0 9 range":  "1..1",          // so too
	"10 1.0 10 range": "1..1",          // so too
	"10 1.1 7 range":  "1..1",          // the registry has 0..255 for the value of the one byte; for an Opaque ours is the length
	"10 1.1 8 range":  "1..1",          // so too
	"10 1.1 9 range":  "1..1",          // so too
	"10 1.1 10 range": "1..1",          // so too
	"19 1.0 1 range":  "0..255",        // the registry has 1 bytes
	"19 1.0 3 range":  "0..32",         // the registry has 32 bytes
	"19 1.0 4 range":  "0..32",         // so too
	"19 1.0 5 range":  "0..65535",      // the registry has 2 bytes
}

// testdata/registry.txt is what the definition files of the OMA LwM2M registry say of these objects: name, URN, instances and whether it is
// mandatory; of each resource id, name, operations, instances, whether it is mandatory, type, range and units, with tabs between them.
func TestDefinitionsAreThoseOfTheRegistry(t *testing.T) {
	text, err := os.ReadFile("testdata/registry.txt")
	if err != nil {
		t.Fatal(err)
	}
	registered := map[string][]string{}
	last := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if rest, is := strings.CutPrefix(line, "object "); is {
			section, rest, _ := strings.Cut(rest, "\t")
			registered[section] = []string{rest}
			last = section
		} else {
			registered[last] = append(registered[last], line)
		}
	}
	used := map[string]bool{}
	for _, o := range every() {
		d := o.Definition()
		want, found := registered[name(d)]
		if !found {
			if d.ID < 33625 {
				t.Errorf("the registry lacks %s", name(d))
			}
			continue
		}
		delete(registered, name(d))
		if got := lines(d, want, used); !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nthe registry has\n%s", name(d), strings.Join(without(got, want), "\n"), strings.Join(without(want, got), "\n"))
		}
	}
	for section := range registered {
		t.Errorf("there is no object %s", section)
	}
	for difference := range differences {
		if !used[difference] {
			t.Errorf("%s does not differ", difference)
		}
	}
}

// lines gives a definition as the registry's lines; where it differs on purpose, it is the registry's.
func lines(d *lwm2m.Definition, registered []string, used map[string]bool) []string {
	one := func(multiple, mandatory bool) string {
		return map[bool]string{false: "Single", true: "Multiple"}[multiple] + "\t" + map[bool]string{false: "Optional", true: "Mandatory"}[mandatory]
	}
	all := []string{d.Name + "\t" + d.URN + "\t" + one(d.Multiple, d.Mandatory)}
	for _, r := range d.Resources {
		limits, units := r.Range, r.Units
		for _, line := range registered[1:] {
			if fields := append(strings.Split(line, "\t"), "", "", ""); fields[0] == fmt.Sprint(r.ID) {
				for what, at := range map[string]struct {
					ours  *string
					index int
				}{"range": {&limits, 6}, "units": {&units, 7}} {
					key := fmt.Sprintf("%s %d %s", name(d), r.ID, what)
					if wanted, differs := differences[key]; differs && *at.ours == wanted && fields[at.index] != wanted {
						*at.ours, used[key] = fields[at.index], true
					}
				}
			}
		}
		line := fmt.Sprintf("%d\t%s\t%v\t%s\t%v\t%s\t%s", r.ID, r.Name, r.Operations, one(r.Multiple, r.Mandatory), r.Type, limits, units)
		all = append(all, strings.TrimRight(line, "\t"))
	}
	return all
}

func without(lines, others []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return slices.Contains(others, line) })
}
