package aws

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestTopicTable holds the table against the reference (asset_tracker_v2: up and down topics with their quality).
func TestTopicTable(t *testing.T) {
	want := map[string]string{
		"{id}/batch": "up 1", "{id}/messages": "up 1", "{id}/ground-fix": "up 1", "{id}/agnss/get": "up 1", "{id}/pgps/get": "up 1", "{id}/memfault": "up 1",
		"$aws/things/{id}/shadow/update": "up 1", "$aws/things/{id}/shadow/get": "up 0", "$aws/things/{id}/shadow/delete": "up 1",
		"$aws/things/{id}/shadow/get/accepted/desired/cfg": "down 0", "{id}/agnss": "down 0", "{id}/pgps": "down 0",
		"$aws/things/{id}/shadow/get/accepted":    "down 1 AWS_IOT_TOPIC_GET_ACCEPTED_SUBSCRIBE",
		"$aws/things/{id}/shadow/get/rejected":    "down 1 AWS_IOT_TOPIC_GET_REJECTED_SUBSCRIBE",
		"$aws/things/{id}/shadow/update/accepted": "down 1 AWS_IOT_TOPIC_UPDATE_ACCEPTED_SUBSCRIBE",
		"$aws/things/{id}/shadow/update/rejected": "down 1 AWS_IOT_TOPIC_UPDATE_REJECTED_SUBSCRIBE",
		"$aws/things/{id}/shadow/update/delta":    "down 1 AWS_IOT_TOPIC_UPDATE_DELTA_SUBSCRIBE",
		"$aws/things/{id}/shadow/delete/accepted": "down 1 AWS_IOT_TOPIC_DELETE_ACCEPTED_SUBSCRIBE",
		"$aws/things/{id}/shadow/delete/rejected": "down 1 AWS_IOT_TOPIC_DELETE_REJECTED_SUBSCRIBE",
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
	tree, err := os.ReadFile("Kconfig.hcl")
	if err != nil {
		t.Fatal(err)
	}
	configType := reflect.TypeFor[Config]()
	for _, topic := range Topics() {
		if topic.Direction == Up {
			if topic.Option != "" {
				t.Errorf("%s: a topic to publish on has an option", topic.Name)
			}
			continue
		}
		if topic.Option == "" {
			if !(Config{}).subscribed(topic) {
				t.Errorf("%s is not subscribed to", topic.Name)
			}
			continue
		}
		if !strings.Contains(string(tree), `option "`+topic.Option+`"`) {
			t.Errorf("%s: the tree has no option %s", topic.Name, topic.Option)
		}
		for i := range configType.NumField() {
			field := configType.Field(i)
			if !strings.HasSuffix(field.Tag.Get("kconfig"), "_SUBSCRIBE") {
				continue
			}
			var config Config
			reflect.ValueOf(&config).Elem().Field(i).SetBool(true)
			if got, want := config.subscribed(topic), field.Tag.Get("kconfig") == topic.Option; got != want {
				t.Errorf("%s with only %s on: subscribed is %v", topic.Name, field.Name, got)
			}
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
