package definition

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
)

const own = `<?xml version="1.0"?><LWM2M><Object ObjectType="MODefinition"><Name>Own</Name><ObjectID>32800</ObjectID><LWM2MVersion>1.1</LWM2MVersion>
<MultipleInstances>Multiple</MultipleInstances><Mandatory>Optional</Mandatory><Resources>
<Item ID="3"><Name>Level</Name><Operations>RW</Operations><MultipleInstances>Single</MultipleInstances><Mandatory>Mandatory</Mandatory><Type>Unsigned Integer</Type></Item>
<Item ID="4"><Name>Go</Name><Operations>E</Operations><Type></Type></Item></Resources></Object></LWM2M>`

func TestCore(t *testing.T) {
	core, err := Core()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[[2]uint16]format.Type{
		{3, 0}: format.String, {3, 13}: format.Time, {3, 22}: format.ObjectLink, {3, 4}: format.None, {5, 0}: format.OpaqueBytes, {1, 11}: format.Unsigned,
		{3303, 5700}: format.Float, {50009, 5}: format.Float, {9999, 1}: format.Unknown,
	} {
		if got := core.Type(path[0], path[1]); got != want {
			t.Errorf("%v: %v, want %v", path, got, want)
		}
	}
	for _, o := range core.Objects() {
		if o.Name == "" || o.Version == "" || len(o.Resources) == 0 {
			t.Errorf("object %+v", o)
		}
	}
	if r := core.objects[3].Resources[7]; !r.Multiple || r.Mandatory || r.Operations != "R" {
		t.Errorf("/3/0/7 is %+v", r)
	}
	if r := core.objects[1].Resources[13]; r.Operations != "" {
		t.Errorf("/1/0/13 is %+v", r)
	}
}

func TestLoad(t *testing.T) {
	core, err := Core()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "32800.xml"), []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	more, err := core.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if more.Type(32800, 3) != format.Unsigned || more.Type(3, 0) != format.String || core.Type(32800, 3) != format.Unknown || more.objects[32800].Version != "1.0" {
		t.Errorf("loaded %+v", more.objects[32800])
	}
	if err := os.WriteFile(filepath.Join(dir, "bad.xml"), []byte("<LWM2M><Object><ObjectID>x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := core.Load(dir); err == nil {
		t.Error("a broken file is loaded")
	}
	if same, err := core.Load(filepath.Join(dir, "none")); err != nil || len(same.objects) != len(core.objects) {
		t.Errorf("no folder: %v", err)
	}
}

func FuzzParseXML(f *testing.F) {
	f.Add([]byte(own))
	f.Fuzz(func(t *testing.T, content []byte) {
		objects, err := ParseXML(content)
		if err != nil {
			return
		}
		for _, o := range objects {
			if o.Resources == nil || o.Version == "" {
				t.Fatalf("%+v", o)
			}
		}
	})
}
