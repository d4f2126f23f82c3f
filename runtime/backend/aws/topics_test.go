package aws

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/mqtt"
)

// TestTopicTable holds the table against the reference (asset_tracker_v2: up and down topics with their quality).
func TestTopicTable(t *testing.T) {
	want := map[string]string{
		"{id}/batch": "up 1", "{id}/messages": "up 1", "{id}/ground-fix": "up 1", "{id}/agnss/get": "up 1", "{id}/pgps/get": "up 1", "{id}/memfault": "up 1",
		"{MQTT_HELPER_LAST_WILL_TOPIC}":  "up 1 MQTT_HELPER_LAST_WILL",
		"$aws/things/{id}/shadow/update": "up 1", "$aws/things/{id}/shadow/get": "up 0", "$aws/things/{id}/shadow/delete": "up 1",
		"$aws/things/{id}/shadow/get/accepted/desired/cfg": "down 0 AWS_IOT_TOPIC_DESIRED_CFG_SUBSCRIBE", "{id}/agnss": "down 0", "{id}/pgps": "down 0",
		"$aws/things/{id}/shadow/get/accepted":     "down 1 AWS_IOT_TOPIC_GET_ACCEPTED_SUBSCRIBE",
		"$aws/things/{id}/shadow/get/rejected":     "down 1 AWS_IOT_TOPIC_GET_REJECTED_SUBSCRIBE",
		"$aws/things/{id}/shadow/update/accepted":  "down 1 AWS_IOT_TOPIC_UPDATE_ACCEPTED_SUBSCRIBE",
		"$aws/things/{id}/shadow/update/rejected":  "down 1 AWS_IOT_TOPIC_UPDATE_REJECTED_SUBSCRIBE",
		"$aws/things/{id}/shadow/update/delta":     "down 1 AWS_IOT_TOPIC_UPDATE_DELTA_SUBSCRIBE",
		"$aws/things/{id}/shadow/update/documents": "down 1 AWS_IOT_TOPIC_UPDATE_DOCUMENTS_SUBSCRIBE",
		"$aws/things/{id}/shadow/delete/accepted":  "down 1 AWS_IOT_TOPIC_DELETE_ACCEPTED_SUBSCRIBE",
		"$aws/things/{id}/shadow/delete/rejected":  "down 1 AWS_IOT_TOPIC_DELETE_REJECTED_SUBSCRIBE",
		"$aws/things/{id}/jobs/$next/get":          "up 1 AWS_FOTA",
		"$aws/things/{id}/jobs/+/update":           "up 1 AWS_FOTA",
		"$aws/things/{id}/jobs/notify-next":        "down 1 AWS_FOTA",
		"$aws/things/{id}/jobs/$next/get/accepted": "down 1 AWS_FOTA",
		"$aws/things/{id}/jobs/$next/get/rejected": "down 1 AWS_FOTA",
		"$aws/things/{id}/jobs/+/update/accepted":  "down 1 AWS_FOTA",
		"$aws/things/{id}/jobs/+/update/rejected":  "down 1 AWS_FOTA",
	}
	got := make(map[string]string)
	uses := make(map[use]bool)
	for _, topic := range Topics() {
		direction := [...]string{Up: "up", Down: "down"}[topic.Direction]
		got[topic.Name] = strings.TrimSpace(direction + " " + string('0'+topic.QoS) + " " + topic.Option)
		if uses[topic.use] {
			t.Errorf("%s: its use stands for another topic", topic.Name)
		}
		uses[topic.use] = true
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("table\n got %v\nwant %v", got, want)
	}
	if len(uses) != int(useCount) {
		t.Errorf("%d uses of %d have a topic", len(uses), useCount)
	}
}

// TestTopicOptions: each optional topic is switched by the option that its row names, and only by that.
func TestTopicOptions(t *testing.T) {
	options := tree(t)
	for _, topic := range Topics() {
		if topic.Option == "" {
			if !(Config{}).switched(topic.Option) {
				t.Errorf("%s is not used", topic.Name)
			}
			continue
		}
		if !strings.Contains(options, `option "`+topic.Option+`"`) {
			t.Errorf("%s: the tree has no option %s", topic.Name, topic.Option)
		}
		switches := 0
		for name, set := range fields(reflect.Bool) {
			var config Config
			set(&config).SetBool(true)
			if got := config.switched(topic.Option); got != (name == topic.Option) {
				t.Errorf("%s with only %s on: used is %v", topic.Name, name, got)
			} else if got {
				switches++
			}
		}
		if switches != 1 {
			t.Errorf("%s: no field of Config is bound to %s", topic.Name, topic.Option)
		}
	}
	for _, rule := range Rules() {
		if !slices.ContainsFunc(Topics(), func(topic Topic) bool {
			return topic.Option == rule.Option && topic.Direction == Down &&
				"$"+strings.ReplaceAll(topic.Name, "{id}", "${topic(3)}") == rule.Republish && topic.QoS == rule.QoS
		}) {
			t.Errorf("rule %s: the device does not subscribe to what it publishes on", rule.Name)
		}
	}
	if (Config{}).switched("AWS_IOT") {
		t.Error("an option that switches no topic does")
	}
}

// TestTopicTexts: each option whose value stands in a name is bound, and only to the field of its name.
func TestTopicTexts(t *testing.T) {
	var named []string
	for _, each := range Substitutions() {
		named = append(named, each.Option)
		if !strings.Contains(each.New, "{"+each.Option+"}") {
			t.Errorf("%s: its value is not in %s", each.Option, each.New)
		}
		if !slices.ContainsFunc(Topics(), func(topic Topic) bool { return strings.Contains(topic.Name, each.Old) }) {
			t.Errorf("%s: no topic holds %s", each.Option, each.Old)
		}
	}
	for _, topic := range Topics() {
		if _, rest, holds := strings.Cut(topic.Name, "{"); holds && !strings.HasPrefix(rest, "id}") {
			option, _, _ := strings.Cut(rest, "}")
			named = append(named, option)
		}
	}
	options, texts := tree(t), fields(reflect.String)
	for _, option := range named {
		if !strings.Contains(options, `option "`+option+`"`) {
			t.Errorf("the tree has no option %s", option)
		}
		set, bound := texts[option]
		if !bound {
			t.Errorf("no field of Config is bound to %s", option)
			continue
		}
		var config Config
		set(&config).SetString("value")
		if got := config.text(option); got != "value" {
			t.Errorf("%s is %q", option, got)
		}
	}
}

// tree gives the options that topics may name.
func tree(t *testing.T) string {
	t.Helper()
	var all []byte
	for _, file := range []string{"Kconfig.hcl", "jobs/Kconfig.hcl", "../../mqtt/Kconfig.hcl"} {
		options, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, options...)
	}
	return string(all)
}

// fields gives the fields of a kind that Config and those in it have, by the option that they are bound to.
func fields(kind reflect.Kind) map[string]func(*Config) reflect.Value {
	found := make(map[string]func(*Config) reflect.Value)
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if field.Type.Kind() == kind {
			found[field.Tag.Get("kconfig")] = func(c *Config) reflect.Value { return reflect.ValueOf(c).Elem().FieldByIndex(field.Index) }
		}
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[mqtt.Config]()) {
		if field.Type.Kind() == kind {
			found[field.Tag.Get("kconfig")] = func(c *Config) reflect.Value { return reflect.ValueOf(&c.MQTT).Elem().FieldByIndex(field.Index) }
		}
	}
	return found
}

// TestTopicsOfConfiguration: the exact topics of two configurations, which a policy has to allow. No name is beyond the service's limits.
func TestTopicsOfConfiguration(t *testing.T) {
	long := shipped
	long.ShadowName, long.DesiredConfig, long.GetAccepted, long.MemfaultProjectKey = strings.Repeat("s", maxShadowName), false, true, strings.Repeat("k", 64)
	long.UpdateAccepted, long.UpdateRejected, long.UpdateDocuments, long.DeleteAccepted, long.DeleteRejected = true, true, true, true, true
	for _, topic := range long.Topics(strings.Repeat("i", maxClientID)) {
		if err := checkPublication(topic.Name, nil); err != nil {
			t.Error(err)
		}
	}
	named := shipped
	named.ShadowName, named.DesiredConfig, named.GetAccepted, named.MemfaultProjectKey = "tracker", false, true, "key"
	named.MQTT.LastWill, named.MQTT.LastWillTopic = true, "wills/{id}"
	for name, c := range map[string]struct {
		config Config
		want   []string
	}{
		"shipped": {shipped, []string{
			"up t1/batch", "up t1/messages", "up t1/ground-fix", "up t1/agnss/get", "up t1/pgps/get", "up t1/memfault",
			"up $aws/things/t1/shadow/update", "up $aws/things/t1/shadow/get", "up $aws/things/t1/shadow/delete",
			"down $aws/things/t1/shadow/get/accepted/desired/cfg", "down t1/agnss", "down t1/pgps",
			"down $aws/things/t1/shadow/get/rejected", "down $aws/things/t1/shadow/update/delta",
		}},
		"named shadow, key, will": {named, []string{
			"up t1/batch", "up t1/messages", "up t1/ground-fix", "up t1/agnss/get", "up t1/pgps/get", "up t1/memfault/key",
			"up wills/{id}", // a value is taken as it is
			"up $aws/things/t1/shadow/name/tracker/update", "up $aws/things/t1/shadow/name/tracker/get", "up $aws/things/t1/shadow/name/tracker/delete",
			"down t1/agnss", "down t1/pgps",
			"down $aws/things/t1/shadow/name/tracker/get/accepted", "down $aws/things/t1/shadow/name/tracker/get/rejected",
			"down $aws/things/t1/shadow/name/tracker/update/delta",
		}},
	} {
		var got []string
		for _, topic := range c.config.Topics("t1") {
			got = append(got, [...]string{Up: "up ", Down: "down "}[topic.Direction]+topic.Name)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
	}
}

func TestIncomingNeedsWholeTopic(t *testing.T) {
	table := newTable(shipped, thing)
	for topic, want := range map[string]bool{
		thing + "/agnss": true, thing + "/agns": false, thing + "/agnss/get": false, thing + "/agnss/": false, thing: false, "": false,
		prefix + "update/delta": true, prefix + "update": false, prefix + "update/accepted": false, // not switched on
		"$aws/things/other/shadow/update/delta": false,
	} {
		if _, got := table.incoming(topic); got != want {
			t.Errorf("%q is known: %v", topic, got)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		filter, topic string
		want          bool
	}{
		{"a/b", "a/b", true}, {"a/b", "a", false}, {"a/b", "a/b/c", false}, {"a/b", "a/bc", false},
		{"a/+", "a/b", true}, {"a/+", "a/", true}, {"a/+", "a", false}, {"a/+", "a/b/c", false}, {"+/+", "a/b", true}, {"+", "a/b", false},
		{"a/#", "a/b", true}, {"a/#", "a/b/c", true}, {"a/#", "a", false}, {"a/#", "ab", false}, {"#", "a", true}, {"#", "a/b", true},
		{"a/+/c", "a/b/c", true}, {"a/+/c", "a/b/d", false}, {"/a", "/a", true}, {"/a", "a", false},
	} {
		if got := matches(c.filter, c.topic); got != c.want {
			t.Errorf("%s matches %s: %v", c.filter, c.topic, got)
		}
	}
}

func TestCheckPublication(t *testing.T) {
	for says, c := range map[string]struct {
		topic string
		bytes int
	}{
		"257 bytes": {strings.Repeat("x", 257), 0}, "8 slashes": {"1/2/3/4/5/6/7/8/9", 0}, "131073 bytes": {"a", maxPayload + 1},
		"has 8 slashes": {"$aws/rules/rule/1/2/3/4/5/6/7/8/9", 0},
	} {
		if err := checkPublication(c.topic, make([]byte, c.bytes)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
	for _, topic := range []string{strings.Repeat("x", 256), "1/2/3/4/5/6/7/8", "$aws/rules/rule/1/2/3/4/5/6/7/8"} {
		if err := checkPublication(topic, make([]byte, maxPayload)); err != nil {
			t.Error(err)
		}
	}
}
