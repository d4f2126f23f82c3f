package packaging

import (
	"io/fs"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen"
	"github.com/cloudgen/cloudgen/gen"
	"github.com/cloudgen/cloudgen/gen/write"
	"github.com/cloudgen/cloudgen/kconfig"
	lab "github.com/cloudgen/cloudgen/lab/aws"
	"github.com/cloudgen/cloudgen/lab/aws/access"
	"github.com/cloudgen/cloudgen/runtime/backend/aws"
)

// resolve resolves overlays with further values.
func resolve(t *testing.T, overlays []string, set []string) *kconfig.Config {
	t.Helper()
	tree, diags := kconfig.LoadTree(cloudgen.Sources(), "runtime/Kconfig.hcl")
	var layers []*kconfig.Layer
	for _, name := range overlays {
		text, err := fs.ReadFile(cloudgen.Sources(), "overlays/"+name)
		check(t, err)
		layer, found := kconfig.ParseOverlay(name, text)
		layers, diags = append(layers, layer), append(diags, found...)
	}
	layer, found := kconfig.ParseSet(set)
	config, resolved := tree.Resolve(append(layers, layer)...)
	if all := append(append(diags, found...), resolved...); all.HasErrors() {
		t.Fatal(all.Err())
	}
	return config
}

// output gives the files below packaging/aws, by name.
func output(t *testing.T, config *kconfig.Config) map[string]string {
	t.Helper()
	made, diags, err := gen.Plan(config, cloudgen.Sources(), gen.Settings{Name: "tracker"})
	check(t, err)
	if diags.HasErrors() {
		t.Fatal(diags.Err())
	}
	files, err := gen.Files(made, config, cloudgen.Sources())
	check(t, err)
	found := map[string]string{}
	for _, file := range slices.DeleteFunc(files, func(file write.File) bool { return !strings.HasPrefix(file.Path, "packaging/aws/") }) {
		found[strings.TrimPrefix(file.Path, "packaging/aws/")] = string(file.Data)
	}
	return found
}

// fill sets the fields of a struct, and of those in it, that are bound to options of type bool and string.
func fill(t *testing.T, of reflect.Value, config *kconfig.Config) {
	t.Helper()
	for i := range of.NumField() {
		field := of.Field(i)
		option, _, _ := strings.Cut(of.Type().Field(i).Tag.Get("kconfig"), ",")
		value, is := config.Value(option)
		switch {
		case option == "" && field.Kind() == reflect.Struct:
			fill(t, field, config)
		case option != "" && !is:
			t.Errorf("%s is bound to %s, which is not in the tree", of.Type().Field(i).Name, option)
		case field.Kind() == reflect.Bool:
			field.SetBool(value.Bool)
		case field.Kind() == reflect.String:
			field.SetString(value.Text)
		}
	}
}

// everything switches all topics on.
func everything(config aws.Config) aws.Config {
	of := reflect.ValueOf(&config).Elem()
	for i := range of.NumField() {
		if of.Field(i).Kind() == reflect.Bool {
			of.Field(i).SetBool(true)
		}
	}
	config.MQTT.LastWill = true
	return config
}

var shipped = []string{"base.hcl", "overlay-aws.hcl"}

var subscribeAll = []string{
	"AWS_IOT_TOPIC_GET_ACCEPTED_SUBSCRIBE=y", "AWS_IOT_TOPIC_UPDATE_ACCEPTED_SUBSCRIBE=y", "AWS_IOT_TOPIC_UPDATE_REJECTED_SUBSCRIBE=y",
	"AWS_IOT_TOPIC_UPDATE_DOCUMENTS_SUBSCRIBE=y", "AWS_IOT_TOPIC_DELETE_ACCEPTED_SUBSCRIBE=y", "AWS_IOT_TOPIC_DELETE_REJECTED_SUBSCRIBE=y",
}

var retainedWill = []string{"MQTT_HELPER_LAST_WILL=y", "MQTT_HELPER_LAST_WILL_RETAIN=y"}

var configurations = []struct {
	name    string
	set     []string
	grouped []string // the services to whose topics it may subscribe as one, because there are so many
	rule    bool
}{
	{"as shipped", nil, nil, true},
	{"without updates and rule", []string{"AWS_IOT=y", "AWS_FOTA=n", "AWS_IOT_TOPIC_DESIRED_CFG_SUBSCRIBE=n"}, nil, false},
	{"a will", []string{"MQTT_HELPER_LAST_WILL=y"}, []string{"jobs"}, true},
	{"a session that persists", []string{"MQTT_CLEAN_SESSION=n"}, nil, true},
	{"a will and a session that persists", []string{"MQTT_HELPER_LAST_WILL=y", "MQTT_CLEAN_SESSION=n"}, []string{"jobs"}, true},
	{"a retained will", retainedWill, []string{"jobs"}, true},
	{"a will with wildcards and variables", append([]string{"MQTT_HELPER_LAST_WILL_TOPIC=wills/*/a?b/${iot:ClientId}/{id}/\"end\""}, retainedWill...), []string{"jobs"}, true},
	{"all subscriptions", subscribeAll, []string{"jobs", "shadow"}, true},
	{
		"the longest names", append(append([]string{"AWS_IOT_SHADOW_NAME=" + strings.Repeat("s", 64), "MEMFAULT_NCS_PROJECT_KEY=" + strings.Repeat("k", 64)}, subscribeAll...), retainedWill...),
		[]string{"jobs", "shadow"}, false,
	},
}

// TestPolicyAgreesWithTheRuntime compares the policies of configurations with the topics that the runtime uses under them, for a device and for another.
func TestPolicyAgreesWithTheRuntime(t *testing.T) {
	const id = "tracker-1"
	account := lab.DefaultAccount()
	for _, c := range configurations {
		t.Run(c.name, func(t *testing.T) {
			overlays := shipped
			if slices.Contains(c.set, "AWS_FOTA=n") {
				overlays = overlays[:1] // the other one has values for updates
			}
			config := resolve(t, overlays, c.set)
			files := output(t, config)
			policy, err := access.Parse(files["policy.json"]) // not too long either
			check(t, err)
			var runtime aws.Config
			fill(t, reflect.ValueOf(&runtime).Elem(), config)
			may := func(action, resource string) bool { return allows(policy, action, resource, id) }
			want := func(is bool, action, resource string) {
				t.Helper()
				if may(action, resource) != is {
					t.Errorf("%s on %s: allowed %v, want %v\n%s", action, resource, !is, is, files["policy.json"])
				}
			}
			connect := func(is bool, as string, client access.Client) {
				t.Helper()
				asked := access.Request{Action: access.Connect, Resource: account.Client(client.ID), Context: client.Context()}
				if decision := access.Evaluate([]access.Policy{{Name: "policy", Document: policy}}, asked); decision.Allowed != is {
					t.Errorf("connecting %s: %v", as, decision)
				}
			}
			persists, will, one := !runtime.MQTT.CleanSession, runtime.MQTT.LastWill, &access.Thing{Name: id}
			connect(true, "as the thing", access.Client{ID: id, Thing: one})
			connect(false, "under another name", access.Client{ID: id + "0", Thing: one})
			connect(false, "as no thing", access.Client{ID: id})
			connect(persists, "for a session that persists", access.Client{ID: id, Thing: one, ConnectAttributes: []string{access.PersistentConnect}})
			connect(will, "with a will", access.Client{ID: id, Thing: one, ConnectAttributes: []string{access.LastWill}})
			connect(persists && will, "with both", access.Client{ID: id, Thing: one, ConnectAttributes: []string{access.PersistentConnect, access.LastWill}})
			of := func(topic aws.Topic) (name, other string) {
				name = strings.ReplaceAll(topic.Name, "+", "J-1")
				return name, strings.ReplaceAll(name, id, "tracker-2")
			}
			var used []string
			for _, topic := range runtime.Topics(id) {
				used = append(used, topic.Name)
				name, other := of(topic)
				actions := []string{access.Receive}
				if topic.Direction == aws.Up {
					actions = []string{access.Publish}
				} else {
					want(true, access.Subscribe, account.TopicFilter(topic.Name))
					want(false, access.Subscribe, account.TopicFilter(strings.ReplaceAll(topic.Name, id, "+")))
					want(false, access.Subscribe, account.TopicFilter(strings.ReplaceAll(topic.Name, id, "tracker-2")))
				}
				for _, action := range actions {
					want(true, action, account.Topic(name))
					if other != name {
						want(false, action, account.Topic(other))
					}
				}
				isWill := topic.Option == "MQTT_HELPER_LAST_WILL"
				want(isWill && runtime.MQTT.LastWillRetain, access.RetainPublish, account.Topic(name))
			}
			for _, topic := range everything(runtime).Topics(id) {
				name, _ := of(topic)
				switch {
				case name == "" || slices.Contains(used, topic.Name):
				case topic.Direction == aws.Up:
					want(false, access.Publish, account.Topic(name))
				case !slices.ContainsFunc(c.grouped, func(service string) bool { return strings.Contains(name, "/"+service+"/") }):
					want(false, access.Subscribe, account.TopicFilter(topic.Name))
				}
			}
			want(false, access.Subscribe, account.TopicFilter("#"))
			want(false, access.Subscribe, account.TopicFilter(id+"/#"))
			want(false, access.Publish, account.Topic("wills/x/acb/"+id+"/{id}/\"end\"")) // what * and ? and the variable would match
			for _, service := range []string{"jobs", "shadow"} {
				of := regexp.MustCompile(`topicfilter/\$aws/things/\$\{iot:ClientId\}/`+service+`/[^"]*`).FindAllString(files["policy.json"], -1)
				if grouped := len(of) == 1 && strings.HasSuffix(of[0], "/*"); grouped != slices.Contains(c.grouped, service) {
					t.Errorf("subscriptions to %s: %q, wanted as one: %q", service, of, c.grouped)
				}
			}
			_, has := files["rule.json"]
			if _, trust := files["role-trust.json"]; has != c.rule || trust != c.rule || strings.Contains(files["README.md"], "create-topic-rule") != c.rule {
				t.Errorf("a rule: %v, wanted %v; the README:\n%s", has, c.rule, files["README.md"])
			}
		})
	}
}

// TestPolicyThatIsTooLong is an error of the configuration.
func TestPolicyThatIsTooLong(t *testing.T) {
	longest := configurations[len(configurations)-1].set
	config := resolve(t, shipped, append([]string{"MQTT_HELPER_LAST_WILL_TOPIC=" + strings.Repeat("w", 250)}, longest...))
	made, diags, err := gen.Plan(config, cloudgen.Sources(), gen.Settings{Name: "tracker"})
	check(t, err)
	if made != nil || !diags.HasErrors() || !strings.Contains(diags.Err().Error(), "packaging/aws/policy.json: its shortest form has 2") {
		t.Errorf("%v", diags)
	}
}
