package broker

import (
	"strings"
	"testing"
)

// The examples of MQTT 3.1.1 sections 4.7.1 and 4.7.2, and the corners between them.
func TestFilterMatches(t *testing.T) {
	tests := []struct {
		filter, topic string
		want          bool
	}{
		{"sport/tennis/player1/#", "sport/tennis/player1", true},
		{"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
		{"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
		{"sport/tennis/player1/#", "sport/tennis/player2", false},
		{"sport/#", "sport", true},
		{"#", "a/b/c", true},
		{"sport/tennis/+", "sport/tennis/player1", true},
		{"sport/tennis/+", "sport/tennis/player1/ranking", false},
		{"sport/+", "sport", false},
		{"sport/+", "sport/", true},
		{"+/+", "/finance", true},
		{"/+", "/finance", true},
		{"+", "/finance", false},
		{"+/tennis/#", "sport/tennis/x/y", true},
		{"#", "$SYS/x", false},
		{"+/monitor/Clients", "$SYS/monitor/Clients", false},
		{"$SYS/#", "$SYS/x", true},
		{"$SYS/monitor/+", "$SYS/monitor/Clients", true},
		{"a", "a", true}, {"a", "A", false}, {"a", "a/", false}, {"a/", "a", false}, {"a/b", "a", false}, {"", "a", false}, {"a//b", "a//b", true}, {"a/+/b", "a//b", true},
	}
	for _, test := range tests {
		if got := filterMatches(test.filter, test.topic); got != test.want {
			t.Errorf("%q and %q: %v", test.filter, test.topic, got)
		}
	}
	for filter, want := range map[string]string{"a/b": "a/b", "$share/g/a/b": "a/b", "$share/g": "$share/g", "$share/g//a": "/a", "$aws/x": "$aws/x"} {
		if got := unshared(filter); got != want {
			t.Errorf("%q without its share: %q, want %q", filter, got, want)
		}
	}
}

// A topic matches itself, and every filter that puts + or # in the place of its levels.
func FuzzFilterMatches(f *testing.F) {
	f.Add("a/b//c", uint16(0b101), 2)
	f.Add("$aws/things/t", uint16(0), 1)
	f.Fuzz(func(t *testing.T, topic string, plus uint16, hash int) {
		if topic == "" || strings.ContainsAny(topic, "+#") || strings.HasPrefix(topic, "$") {
			return
		}
		levels := strings.Split(topic, "/")
		filter := append([]string{}, levels...)
		for i := range filter {
			if i < 16 && plus>>i&1 == 1 {
				filter[i] = "+"
			}
		}
		if hash >= 0 && hash <= len(filter) {
			filter = append(filter[:hash], "#")
		}
		if !filterMatches(strings.Join(filter, "/"), topic) {
			t.Errorf("%q does not match %q", filter, topic)
		}
		if filterMatches(strings.Join(levels, "/")+"/more", topic) {
			t.Errorf("%q matches a filter with a level more", topic)
		}
	})
}
