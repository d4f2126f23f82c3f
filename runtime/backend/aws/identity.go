package aws

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

const (
	// maxClientID is the service's bound on client ids and thing names, in bytes (AWS IoT Core quotas).
	maxClientID = 128
	// maxTopic and maxSlashes are the service's bounds on a topic; $aws/rules/NAME/ in front does not count as depth (quotas).
	maxTopic   = 256
	maxSlashes = 7
	// maxPayload is the service's bound on a publication's payload, in bytes (quotas).
	maxPayload = 128 << 10
	// maxShadow is the service's bound on the state in a shadow document, in bytes (quotas).
	maxShadow = 8 << 10
	// maxShadowName is the service's bound on the name of a shadow, in bytes (quotas).
	maxShadowName = 64
	// maxKeepAlive is the service's bound on the keep-alive (quotas). Shorter than 30 s it takes for 30 s, which costs nothing but pings.
	maxKeepAlive = 1200 * time.Second
)

// servedKeepAlive is the keep-alive to use for one that is asked for. The service takes more than 1200 s, and 0, for 1200 s; a device that
// waited longer would be taken for lost.
func servedKeepAlive(asked time.Duration) time.Duration {
	if asked == 0 || asked > maxKeepAlive {
		return maxKeepAlive
	}
	return asked
}

// checkConfig tells whether the service takes what the options say, as far as it does not depend on the client id.
func checkConfig(config Config) error {
	if err := checkName(config.ShadowName, maxShadowName, ":_-"); err != nil {
		return fmt.Errorf("AWS_IOT_SHADOW_NAME: %w", err)
	}
	if err := checkName(config.MemfaultProjectKey, maxShadowName, "_-"); err != nil {
		return fmt.Errorf("MEMFAULT_NCS_PROJECT_KEY: %w", err)
	}
	switch {
	case config.ShadowName != "" && config.DesiredConfig:
		return fmt.Errorf("AWS_IOT_TOPIC_DESIRED_CFG_SUBSCRIBE: the shadow %q has a name, which makes this topic too deep; AWS_IOT_TOPIC_GET_ACCEPTED_SUBSCRIBE takes its place",
			config.ShadowName)
	case config.VersionedReports && !(config.GetAccepted && config.UpdateAccepted && config.UpdateRejected):
		return fmt.Errorf("AWS_IOT_SHADOW_VERSIONED_REPORTS needs AWS_IOT_TOPIC_GET_ACCEPTED_SUBSCRIBE, …UPDATE_ACCEPTED… and …UPDATE_REJECTED…")
	case !config.MQTT.LastWill:
		return nil
	case strings.HasPrefix(config.MQTT.LastWillTopic, "$"):
		// Developer guide, "Reserved topics" and "Device Shadow": wills for them are ignored.
		return fmt.Errorf("MQTT_HELPER_LAST_WILL_TOPIC is %q: AWS IoT Core ignores wills for topics that begin with $; have a rule republish it", config.MQTT.LastWillTopic)
	}
	if err := checkPublication(config.MQTT.LastWillTopic, []byte(config.MQTT.LastWillMessage)); err != nil {
		return fmt.Errorf("last will: %w", err)
	}
	return nil
}

// checkName tells whether a text can be a level of a topic: letters, digits and a few others, none at all included.
func checkName(name string, most int, others string) error {
	if len(name) > most {
		return fmt.Errorf("%q has %d bytes: at most %d are possible", name, len(name), most)
	}
	for _, r := range name {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(others, r) {
			continue
		}
		return fmt.Errorf("%q holds %q: only a-z, A-Z, 0-9 and %s are possible", name, r, others)
	}
	return nil
}

// stateSize gives the number of bytes that count against maxShadow in an update: those of the state. What cannot be told apart counts whole;
// the service says what is wrong with it.
func stateSize(update []byte) int {
	if len(update) <= maxShadow {
		return len(update)
	}
	var document struct {
		State json.RawMessage `json:"state"`
	}
	if err := json.Unmarshal(update, &document); err != nil || document.State == nil {
		return len(update)
	}
	return len(document.State)
}

// checkClientID tells whether an id can be the client id and, as the topics need it, the thing name: letters, digits, colon, underscore
// and hyphen (API reference, CreateThing).
func checkClientID(id string, most int) error {
	switch {
	case id == "":
		return fmt.Errorf("the client id is empty")
	case len(id) > maxClientID:
		return fmt.Errorf("the client id %q has %d bytes: AWS IoT Core takes at most %d", id, len(id), maxClientID)
	case len(id) > most:
		return fmt.Errorf("the client id %q has %d bytes, more than AWS_IOT_CLIENT_ID_MAX_LEN = %d: raise it or use a shorter id", id, len(id), most)
	}
	if err := checkName(id, maxClientID, ":_-"); err != nil {
		return fmt.Errorf("the client id, which is the thing name too: %w", err)
	}
	return nil
}

// checkPublication tells whether the service takes a message; it would close the connection otherwise.
func checkPublication(topic string, payload []byte) error {
	depth := topic
	if rest, basicIngest := strings.CutPrefix(topic, "$aws/rules/"); basicIngest {
		_, depth, _ = strings.Cut(rest, "/")
	}
	switch {
	case len(topic) > maxTopic:
		return fmt.Errorf("the topic %q has %d bytes: AWS IoT Core takes at most %d", topic, len(topic), maxTopic)
	case strings.Count(depth, "/") > maxSlashes:
		return fmt.Errorf("the topic %q has %d slashes: AWS IoT Core takes at most %d", topic, strings.Count(depth, "/"), maxSlashes)
	case len(payload) > maxPayload:
		return fmt.Errorf("%d bytes for %q: AWS IoT Core takes at most %d", len(payload), topic, maxPayload)
	}
	return nil
}
