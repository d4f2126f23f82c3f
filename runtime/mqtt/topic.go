package mqtt

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxString is the length that fits the two bytes in front of a string (MQTT 3.1.1, 1.5.3).
const maxString = 65535

var (
	errTopicEmpty    = errors.New("the topic is empty")
	errTopicEncoding = errors.New("the topic is not UTF-8 or holds a null character")
	errTopicWildcard = errors.New("the topic to publish on holds a wildcard (+ or #)")
)

// checkTopicName tells whether something can be published on a topic (MQTT 3.1.1, 4.7).
func checkTopicName(topic string) error {
	if err := checkTopic(topic); err != nil {
		return err
	}
	if strings.ContainsAny(topic, "+#") {
		return errTopicWildcard
	}
	return nil
}

// CheckFilter tells whether a filter can be subscribed to (MQTT 3.1.1, 4.7.1).
func CheckFilter(filter string) error {
	if err := checkTopic(filter); err != nil {
		return err
	}
	levels := strings.Split(filter, "/")
	for i, level := range levels {
		switch {
		case level == "+", level == "#" && i == len(levels)-1:
		case strings.ContainsAny(level, "+#"):
			return fmt.Errorf("topic filter %q: + stands for a whole level, # for the rest and only at the end", filter)
		}
	}
	return nil
}

func checkTopic(topic string) error {
	switch {
	case topic == "":
		return errTopicEmpty
	case len(topic) > maxString:
		return fmt.Errorf("the topic has %d bytes: at most %d are possible", len(topic), maxString)
	case !utf8.ValidString(topic) || strings.IndexByte(topic, 0) >= 0:
		return errTopicEncoding
	}
	return nil
}
