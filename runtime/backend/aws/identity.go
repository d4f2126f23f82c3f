package aws

import (
	"fmt"
	"strings"
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
)

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
	for _, r := range id {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(":_-", r) {
			continue
		}
		return fmt.Errorf("the client id %q holds %q: it is the thing name too, so only a-z, A-Z, 0-9, colon, underscore and hyphen are possible", id, r)
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
