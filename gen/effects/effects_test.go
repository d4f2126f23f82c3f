package effects

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen"
	"github.com/cloudgen/cloudgen/gen"
	"github.com/cloudgen/cloudgen/gen/source"
	"github.com/cloudgen/cloudgen/kconfig"
)

// effectsOf gives the effects of shipped overlays with lines on top.
func effectsOf(t *testing.T, overlay, lines string) *Effects {
	t.Helper()
	files := cloudgen.Sources()
	tree, diags := kconfig.LoadTree(files, "runtime/Kconfig.hcl")
	var layers []*kconfig.Layer
	add := func(name string, text []byte) {
		layer, found := kconfig.ParseOverlay(name, text)
		layers, diags = append(layers, layer), append(diags, found...)
	}
	for _, name := range []string{"overlays/base.hcl", overlay} {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		add(name, text)
	}
	add("lines.hcl", []byte(lines))
	config, found := tree.Resolve(layers...)
	if diags = append(diags, found...); diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	made, found, err := gen.Plan(config, files, gen.Settings{Name: "aws"})
	if err != nil || found.HasErrors() {
		t.Fatal(err, found)
	}
	sources, err := source.Open(files)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Of(config, made, sources)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEffectsOfAShippedOverlay(t *testing.T) {
	e := effectsOf(t, "overlays/overlay-aws.hcl", "")
	for _, want := range []struct {
		list []string
		has  string
	}{
		{e.Components, "runtime/backend/aws"},
		{e.Packages, "runtime/mqtt"},
		{e.Programs, "firmware"},
		{e.Endpoints, "MQTT_HELPER_PORT = 8883"},
		{e.Endpoints, `AWS_IOT_BROKER_HOST_NAME = "localhost"`},
		{e.Topics, "publish {id}/batch"},
		{e.Topics, "subscribe $aws/things/{id}/shadow/update/delta"},
		{e.Files, "backend.go"},
	} {
		if !slices.Contains(want.list, want.has) {
			t.Errorf("no %s in %q", want.has, want.list)
		}
	}
	if !slices.ContainsFunc(e.Modules, func(m string) bool { return strings.HasPrefix(m, "github.com/eclipse/paho.mqtt.golang v") }) {
		t.Errorf("modules: %q", e.Modules)
	}
	if slices.Contains(e.Topics, "subscribe $aws/things/{id}/shadow/delete/accepted") {
		t.Errorf("a topic that is off is among %q", e.Topics)
	}
}

func TestBetween(t *testing.T) {
	before := effectsOf(t, "overlays/overlay-aws.hcl", "")
	after := effectsOf(t, "overlays/overlay-aws.hcl", "MQTT_KEEPALIVE = 60\nMQTT_HELPER_PORT = 443\nAWS_IOT_TOPIC_UPDATE_DELTA_SUBSCRIBE = n\nAWS_IOT_TOPIC_DELETE_ACCEPTED_SUBSCRIBE = y\n")
	d := Between(before, after)
	if want := []string{"MQTT_HELPER_PORT = 443"}; !slices.Equal(d.Endpoints.Gained, want) {
		t.Errorf("endpoints gained: %q", d.Endpoints.Gained)
	}
	if want := []string{"MQTT_HELPER_PORT = 8883"}; !slices.Equal(d.Endpoints.Lost, want) {
		t.Errorf("endpoints lost: %q", d.Endpoints.Lost)
	}
	if want := []string{"subscribe $aws/things/{id}/shadow/delete/accepted"}; !slices.Equal(d.Topics.Gained, want) {
		t.Errorf("topics gained: %q", d.Topics.Gained)
	}
	if want := []string{"subscribe $aws/things/{id}/shadow/update/delta"}; !slices.Equal(d.Topics.Lost, want) {
		t.Errorf("topics lost: %q", d.Topics.Lost)
	}
	if i := slices.IndexFunc(d.Fields, func(f Field) bool { return f.Option == "MQTT_KEEPALIVE" }); i < 0 || d.Fields[i].Before != "1200 s" || d.Fields[i].After != "60 s" {
		t.Errorf("fields: %+v", d.Fields)
	}
	if len(d.Packages.Gained)+len(d.Packages.Lost)+len(d.Components.Gained)+len(d.Modules.Lost) > 0 {
		t.Errorf("values alone changed packages: %+v", d)
	}
	if same := Between(before, before); len(same.Fields) > 0 || len(same.Topics.Gained) > 0 || same.Packages.Lost == nil {
		t.Errorf("something differs from itself: %+v", same)
	}
}
