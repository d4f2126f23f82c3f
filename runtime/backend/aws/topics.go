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
	useShadowUpdate
	useShadowGet
	useShadowDelete
	useConfig
	useAGNSS
	usePGPS
	useGetAccepted
	useGetRejected
	useUpdateAccepted
	useUpdateRejected
	useUpdateDelta
	useDeleteAccepted
	useDeleteRejected
	useCount
	useApplication = useCount // topics that the application has subscribed to
)

// idPlaceholder stands for the client id, which is the thing name too.
const idPlaceholder = "{id}"

// Topic is a topic that the backend uses. The device's policy has to allow exactly these.
type Topic struct {
	Name      string // with {id} in place of the client id
	Direction Direction
	QoS       byte   // highest that is used
	Option    string // option that switches it on; "" for always
	use       use
}

// Topics lists the topics that the backend can use, switched on or not. The application's own, see SubscriptionsAdd, come on top.
// Source: the SDK's asset_tracker_v2 (application topics) and the AWS IoT developer guide, "Device Shadow MQTT topics". A rule in the
// account republishes the member cfg on …/shadow/get/accepted/desired/cfg, it is not a topic of the service.
func Topics() []Topic {
	return []Topic{
		{"{id}/batch", Up, 1, "", useBatch},
		{"{id}/messages", Up, 1, "", useMessages},
		{"{id}/ground-fix", Up, 1, "", useGroundFix},
		{"{id}/agnss/get", Up, 1, "", useAGNSSRequest},
		{"{id}/pgps/get", Up, 1, "", usePGPSRequest},
		{"{id}/memfault", Up, 1, "", useDiagnostics},
		{"$aws/things/{id}/shadow/update", Up, 1, "", useShadowUpdate},
		{"$aws/things/{id}/shadow/get", Up, 0, "", useShadowGet},
		{"$aws/things/{id}/shadow/delete", Up, 1, "", useShadowDelete},
		{"$aws/things/{id}/shadow/get/accepted/desired/cfg", Down, 0, "", useConfig},
		{"{id}/agnss", Down, 0, "", useAGNSS},
		{"{id}/pgps", Down, 0, "", usePGPS},
		{"$aws/things/{id}/shadow/get/accepted", Down, 1, "AWS_IOT_TOPIC_GET_ACCEPTED_SUBSCRIBE", useGetAccepted},
		{"$aws/things/{id}/shadow/get/rejected", Down, 1, "AWS_IOT_TOPIC_GET_REJECTED_SUBSCRIBE", useGetRejected},
		{"$aws/things/{id}/shadow/update/accepted", Down, 1, "AWS_IOT_TOPIC_UPDATE_ACCEPTED_SUBSCRIBE", useUpdateAccepted},
		{"$aws/things/{id}/shadow/update/rejected", Down, 1, "AWS_IOT_TOPIC_UPDATE_REJECTED_SUBSCRIBE", useUpdateRejected},
		{"$aws/things/{id}/shadow/update/delta", Down, 1, "AWS_IOT_TOPIC_UPDATE_DELTA_SUBSCRIBE", useUpdateDelta},
		{"$aws/things/{id}/shadow/delete/accepted", Down, 1, "AWS_IOT_TOPIC_DELETE_ACCEPTED_SUBSCRIBE", useDeleteAccepted},
		{"$aws/things/{id}/shadow/delete/rejected", Down, 1, "AWS_IOT_TOPIC_DELETE_REJECTED_SUBSCRIBE", useDeleteRejected},
	}
}

// subscribed tells whether the options switch a topic on.
func (c Config) subscribed(t Topic) bool {
	switch t.use {
	case useGetAccepted:
		return c.GetAccepted
	case useGetRejected:
		return c.GetRejected
	case useUpdateAccepted:
		return c.UpdateAccepted
	case useUpdateRejected:
		return c.UpdateRejected
	case useUpdateDelta:
		return c.UpdateDelta
	case useDeleteAccepted:
		return c.DeleteAccepted
	case useDeleteRejected:
		return c.DeleteRejected
	}
	return t.Direction == Down
}

// table is the topics of one device.
type table struct {
	names [useCount]string // by use
	down  []Topic          // to subscribe to, names filled in
}

func newTable(config Config, id string) table {
	var t table
	for _, topic := range Topics() {
		topic.Name = strings.ReplaceAll(topic.Name, idPlaceholder, id)
		t.names[topic.use] = topic.Name
		if config.subscribed(topic) {
			t.down = append(t.down, topic)
		}
	}
	return t
}

// incoming tells what a topic is for; the whole name has to agree.
func (t *table) incoming(name string) (use, bool) {
	for _, topic := range t.down {
		if topic.Name == name {
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
