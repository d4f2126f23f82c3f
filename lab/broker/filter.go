package broker

import "strings"

// filterMatches tells whether a topic filter matches a topic by the rules of MQTT (MQTT 3.1.1 section 4.7): + stands for one level, #
// at the end for any number of levels, none included, and neither stands for a first level that begins with $.
func filterMatches(filter, topic string) bool {
	if strings.HasPrefix(topic, "$") && (strings.HasPrefix(filter, "+") || strings.HasPrefix(filter, "#")) {
		return false
	}
	for {
		if filter == "#" {
			return true
		}
		f, filterRest, filterMore := strings.Cut(filter, "/")
		t, topicRest, topicMore := strings.Cut(topic, "/")
		if f != t && f != "+" {
			return false
		}
		if !topicMore {
			return !filterMore || filterRest == "#"
		}
		if !filterMore {
			return false
		}
		filter, topic = filterRest, topicRest
	}
}

func hasWildcard(filter string) bool { return strings.ContainsAny(filter, "+#") }

// unshared gives the filter inside a shared subscription ($share/GROUP/FILTER, MQTT 5 section 4.8.2), and any other filter as it is.
func unshared(filter string) string {
	if !strings.HasPrefix(filter, "$share/") {
		return filter
	}
	parts := strings.SplitN(filter, "/", 3)
	if len(parts) < 3 {
		return filter
	}
	return parts[2]
}
