package aws

import "strings"

// Direction tells who publishes on a topic.
type Direction int

// The directions.
const (
	Up   Direction = iota // the device publishes
	Down                  // the cloud publishes, the device subscribes
)

// use tells what a topic is for.
type use int

const (
	useBatch use = iota
	useMessages
	useGroundFix
	useAGNSSRequest
	usePGPSRequest
	useDiagnostics
	useLastWill
	useShadowUpdate
	useShadowGet
	useShadowDelete
	useJobsNext
	useJobsUpdate
	useConfig
	useAGNSS
	usePGPS
	useGetAccepted
	useGetRejected
	useUpdateAccepted
	useUpdateRejected
	useUpdateDelta
	useUpdateDocuments
	useDeleteAccepted
	useDeleteRejected
	useJobsNotify
	useJobsNextAccepted
	useJobsNextRejected
	useJobsUpdateAccepted
	useJobsUpdateRejected
	useCount
	useApplication = useCount // topics that the application has subscribed to
)

// idPlaceholder, in braces, stands for the client id, which is the thing name too.
const idPlaceholder = "id"

// Topic is a topic that the backend uses. The device's policy has to allow exactly these.
type Topic struct {
	// Name has {id} in place of the client id, and {OPTION} in place of the value of an option; see Substitutions too. A level + stands for any.
	Name      string
	Direction Direction
	QoS       byte   // highest that is used
	Option    string // option that switches it on; "" for always
	use       use
}

// Topics lists the topics that the backend can use, switched on or not. The application's own, see SubscriptionsAdd, come on top.
// The generator reads this function as data, so it stays one literal. Source: the SDK's asset_tracker_v2 (application topics) and the AWS
// IoT developer guide, "Device Shadow MQTT topics" and "Jobs MQTT API". On …/shadow/get/accepted/desired/cfg a rule in the account publishes, see Rules; it
// is not a topic of the service.
func Topics() []Topic {
	return []Topic{
		{"{id}/batch", Up, 1, "", useBatch},
		{"{id}/messages", Up, 1, "", useMessages},
		{"{id}/ground-fix", Up, 1, "", useGroundFix},
		{"{id}/agnss/get", Up, 1, "", useAGNSSRequest},
		{"{id}/pgps/get", Up, 1, "", usePGPSRequest},
		{"{id}/memfault", Up, 1, "", useDiagnostics},
		{"{MQTT_HELPER_LAST_WILL_TOPIC}", Up, 1, "MQTT_HELPER_LAST_WILL", useLastWill},
		{"$aws/things/{id}/shadow/update", Up, 1, "", useShadowUpdate},
		{"$aws/things/{id}/shadow/get", Up, 0, "", useShadowGet},
		{"$aws/things/{id}/shadow/delete", Up, 1, "", useShadowDelete},
		{"$aws/things/{id}/jobs/$next/get", Up, 1, "AWS_FOTA", useJobsNext},
		{"$aws/things/{id}/jobs/+/update", Up, 1, "AWS_FOTA", useJobsUpdate},
		{"$aws/things/{id}/shadow/get/accepted/desired/cfg", Down, 0, "AWS_IOT_TOPIC_DESIRED_CFG_SUBSCRIBE", useConfig},
		{"{id}/agnss", Down, 0, "", useAGNSS},
		{"{id}/pgps", Down, 0, "", usePGPS},
		{"$aws/things/{id}/shadow/get/accepted", Down, 1, "AWS_IOT_TOPIC_GET_ACCEPTED_SUBSCRIBE", useGetAccepted},
		{"$aws/things/{id}/shadow/get/rejected", Down, 1, "AWS_IOT_TOPIC_GET_REJECTED_SUBSCRIBE", useGetRejected},
		{"$aws/things/{id}/shadow/update/accepted", Down, 1, "AWS_IOT_TOPIC_UPDATE_ACCEPTED_SUBSCRIBE", useUpdateAccepted},
		{"$aws/things/{id}/shadow/update/rejected", Down, 1, "AWS_IOT_TOPIC_UPDATE_REJECTED_SUBSCRIBE", useUpdateRejected},
		{"$aws/things/{id}/shadow/update/delta", Down, 1, "AWS_IOT_TOPIC_UPDATE_DELTA_SUBSCRIBE", useUpdateDelta},
		{"$aws/things/{id}/shadow/update/documents", Down, 1, "AWS_IOT_TOPIC_UPDATE_DOCUMENTS_SUBSCRIBE", useUpdateDocuments},
		{"$aws/things/{id}/shadow/delete/accepted", Down, 1, "AWS_IOT_TOPIC_DELETE_ACCEPTED_SUBSCRIBE", useDeleteAccepted},
		{"$aws/things/{id}/shadow/delete/rejected", Down, 1, "AWS_IOT_TOPIC_DELETE_REJECTED_SUBSCRIBE", useDeleteRejected},
		{"$aws/things/{id}/jobs/notify-next", Down, 1, "AWS_FOTA", useJobsNotify},
		{"$aws/things/{id}/jobs/$next/get/accepted", Down, 1, "AWS_FOTA", useJobsNextAccepted},
		{"$aws/things/{id}/jobs/$next/get/rejected", Down, 1, "AWS_FOTA", useJobsNextRejected},
		{"$aws/things/{id}/jobs/+/update/accepted", Down, 1, "AWS_FOTA", useJobsUpdateAccepted},
		{"$aws/things/{id}/jobs/+/update/rejected", Down, 1, "AWS_FOTA", useJobsUpdateRejected},
	}
}

// Substitution says how an option of type string changes the names of topics: where its value is not empty, New takes the place of Old.
type Substitution struct {
	Option string
	Old    string // literal part of a name in Topics
	New    string // with {OPTION} in place of the value
}

// Substitutions lists the changes in the order in which they are made. The generator reads this function as data, as Topics.
func Substitutions() []Substitution {
	return []Substitution{
		{"AWS_IOT_SHADOW_NAME", "$aws/things/{id}/shadow/", "$aws/things/{id}/shadow/name/{AWS_IOT_SHADOW_NAME}/"},
		{"MEMFAULT_NCS_PROJECT_KEY", "{id}/memfault", "{id}/memfault/{MEMFAULT_NCS_PROJECT_KEY}"},
	}
}

// Rule is a rule of AWS IoT that the account needs for the device: it republishes what SQL selects.
type Rule struct {
	Name      string // letters, digits and underscores
	SQL       string // version 2016-03-23
	Republish string // topic of the republish action; $$ stands for the $ of a reserved topic
	QoS       byte   // of the republish action
	Option    string // option that makes the device need it; "" for always
}

// Rules lists the rules. The generator reads this function as data, as Topics. Sources: the SDK's asset_tracker_v2 (the topic), the AWS IoT
// developer guide, "Republish" ($$) and "SELECT clause" (what is undefined is left out). Version, timestamp and token are selected beside the
// configuration so that the device can tell whether it is news and an answer to its own request.
func Rules() []Rule {
	return []Rule{
		{
			"cloudgen_desired_cfg",
			"SELECT state.desired.cfg AS cfg, version, timestamp, clientToken FROM '$aws/things/+/shadow/get/accepted'",
			"$$aws/things/${topic(3)}/shadow/get/accepted/desired/cfg", 0, "AWS_IOT_TOPIC_DESIRED_CFG_SUBSCRIBE",
		},
	}
}

// switched gives the value of the option that switches a topic on.
func (c Config) switched(option string) bool {
	switch option {
	case "":
		return true
	case "MQTT_HELPER_LAST_WILL":
		return c.MQTT.LastWill
	case "AWS_IOT_TOPIC_DESIRED_CFG_SUBSCRIBE":
		return c.DesiredConfig
	case "AWS_IOT_TOPIC_GET_ACCEPTED_SUBSCRIBE":
		return c.GetAccepted
	case "AWS_IOT_TOPIC_GET_REJECTED_SUBSCRIBE":
		return c.GetRejected
	case "AWS_IOT_TOPIC_UPDATE_ACCEPTED_SUBSCRIBE":
		return c.UpdateAccepted
	case "AWS_IOT_TOPIC_UPDATE_REJECTED_SUBSCRIBE":
		return c.UpdateRejected
	case "AWS_IOT_TOPIC_UPDATE_DELTA_SUBSCRIBE":
		return c.UpdateDelta
	case "AWS_IOT_TOPIC_UPDATE_DOCUMENTS_SUBSCRIBE":
		return c.UpdateDocuments
	case "AWS_IOT_TOPIC_DELETE_ACCEPTED_SUBSCRIBE":
		return c.DeleteAccepted
	case "AWS_IOT_TOPIC_DELETE_REJECTED_SUBSCRIBE":
		return c.DeleteRejected
	case "AWS_FOTA":
		return c.FOTA
	}
	return false
}

// text gives the value of an option of type string that stands in the name of a topic.
func (c Config) text(option string) string {
	switch option {
	case "AWS_IOT_SHADOW_NAME":
		return c.ShadowName
	case "MEMFAULT_NCS_PROJECT_KEY":
		return c.MemfaultProjectKey
	case "MQTT_HELPER_LAST_WILL_TOPIC":
		return c.MQTT.LastWillTopic
	}
	return ""
}

// Topics gives the topics that a device with this configuration and client id uses, with their names filled in: what it subscribes to, and
// what the policy of its certificate has to allow, less the application's own topics.
func (c Config) Topics(id string) []Topic {
	var used []Topic
	for _, topic := range Topics() {
		if c.switched(topic.Option) {
			topic.Name = c.name(topic.Name, id)
			used = append(used, topic)
		}
	}
	return used
}

// name fills the client id and the values of options into the name of a topic.
func (c Config) name(topic, id string) string {
	for _, each := range Substitutions() {
		if c.text(each.Option) != "" {
			topic = strings.Replace(topic, each.Old, each.New, 1)
		}
	}
	var filled strings.Builder
	for {
		before, rest, opened := strings.Cut(topic, "{")
		placeholder, after, closed := strings.Cut(rest, "}")
		filled.WriteString(before)
		if !opened || !closed {
			return filled.String()
		}
		if placeholder == idPlaceholder {
			filled.WriteString(id)
		} else {
			filled.WriteString(c.text(placeholder))
		}
		topic = after
	}
}

// table is the topics of one device.
type table struct {
	names [useCount]string // by use
	down  []Topic          // to subscribe to, names filled in
}

func newTable(config Config, id string) table {
	var t table
	for _, topic := range config.Topics(id) {
		t.names[topic.use] = topic.Name
		if topic.Direction == Down {
			t.down = append(t.down, topic)
		}
	}
	return t
}

// incoming tells what a topic is for.
func (t *table) incoming(name string) (use, bool) {
	for _, topic := range t.down {
		if matches(topic.Name, name) {
			return topic.use, true
		}
	}
	return 0, false
}

// matches tells whether a topic belongs to a filter, as AWS IoT Core reads it: a/# does not match a.
func matches(filter, topic string) bool {
	for {
		level, rest, more := strings.Cut(filter, "/")
		if level == "#" {
			return true
		}
		name, left, deeper := strings.Cut(topic, "/")
		if level != "+" && level != name {
			return false
		}
		if !more || !deeper {
			return more == deeper
		}
		filter, topic = rest, left
	}
}
