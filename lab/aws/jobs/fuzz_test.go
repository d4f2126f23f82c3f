package jobs

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Whatever a device publishes: one answer for it, JSON, with its token; a refusal changes nothing, what is accepted changes what it says; and the
// same body over HTTP is refused or not as over MQTT.
func FuzzRequest(f *testing.F) {
	f.Add("get", []byte(`{"clientToken":"t"}`))
	f.Add("start-next", []byte(`{"statusDetails":{"a":"b"},"stepTimeoutInMinutes":5}`))
	f.Add("$next/get", []byte(`{"includeJobDocument":false,"clientToken":"\u2028"}`))
	f.Add("J/get", []byte(`{"executionNumber":1}`))
	f.Add("J/update", []byte(`{"status":"IN_PROGRESS","statusDetails":null,"expectedVersion":"1","clientToken":""}`))
	f.Add("J/update", []byte(`{"status":"SUCCEEDED","expectedVersion":1,"includeJobExecutionState":true,"includeJobDocument":true}`))
	f.Add("J/update", []byte(`{"status":"FAILED","executionNumber":1e99,"stepTimeoutInMinutes":-9223372036854775808}`))
	f.Add("J/update", []byte(strings.Repeat(`{"statusDetails":[`, 200)))
	f.Fuzz(func(t *testing.T, topic string, body []byte) {
		s := NewStore(Config{})
		create("J", `,"jobExecutionsRetryConfig":{"criteriaList":[{"failureType":"FAILED","numberOfRetries":1}]}`)(s, start)
		create("K", "")(s, start)
		before := snapshotOf(t, s)
		other := NewStore(Config{})
		if err := other.Restore([]byte(before)); err != nil {
			t.Fatal(err)
		}
		messages := s.Device("thing").Publish(topic, body, start.Add(time.Second))
		for i, m := range messages {
			if !json.Valid(m.Payload) || m.Unicast != (i == 0) || m.Thing != "thing" {
				t.Errorf("message %d: %+v %s", i, m, m.Payload)
			}
		}
		accepted := messages[0].Topic == topic+"/accepted"
		if !accepted && (messages[0].Topic != topic+"/rejected" || len(messages) != 1 || snapshotOf(t, s) != before) {
			t.Errorf("a refusal with effects: %s", lines(messages))
		}
		var sent map[string]any
		var got struct{ ClientToken string }
		if utf8.Valid(body) && json.Unmarshal(body, &sent) == nil {
			if token, ok := sent["clientToken"].(string); ok && (json.Unmarshal(messages[0].Payload, &got) != nil || got.ClientToken != token) {
				t.Errorf("token %q is not in %s", token, messages[0].Payload)
			}
		}
		if id, operation, _ := strings.Cut(topic, "/"); operation == "update" && isJobID(id) {
			_, overHTTP, err := other.Device("thing").UpdateJobExecution(id, body, start.Add(time.Second))
			if (err == nil) != accepted || len(overHTTP) != len(messages)-1 || snapshotOf(t, s) != snapshotOf(t, other) {
				t.Errorf("over HTTP: %v, %s; over MQTT: %s", err, lines(overHTTP), lines(messages))
			}
		}
	})
}

// Whatever a body of CreateJob holds: an *Error, or a job whose document reaches the device as JSON without placeholders, and that a snapshot keeps.
func FuzzCreateJob(f *testing.F) {
	f.Add("J", []byte(jobBody(`,"timeoutConfig":{"inProgressTimeoutInMinutes":7},"targetSelection":"CONTINUOUS"`)))
	f.Add("J", []byte(`{"targets":["`+thingARN+`thing"],"document":"{\"a\":\"${aws:iot:s3-presigned-url:https://h/a}\",\"b\":\"\\u0024{aws:iot:s3-presigned-url-v2:https://h/b}\"}","presignedUrlConfig":{"roleArn":"arn:aws:iam::0:role/lab"}}`))
	f.Add("J", []byte(`{"targets":["`+thingARN+`thing"],"document":"{\"\\\"${aws:\":1}"}`))
	f.Add("", []byte(`null`))
	f.Fuzz(func(t *testing.T, id string, body []byte) {
		s := NewStore(Config{Presign: func(string, time.Time) string { return `https://signed/"` }})
		r, err := DecodeJobRequest(body)
		if err == nil {
			_, _, err = s.CreateJob(id, r, start)
		}
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Errorf("no *Error: %v", err)
			}
			return
		}
		for _, m := range s.Device("thing").Publish("$next/get", nil, start) {
			if !json.Valid(m.Payload) {
				t.Errorf("not JSON: %s", m.Payload)
			}
			var document any
			if json.Unmarshal(m.Payload, &document) == nil && holds(document, placeholder) {
				t.Errorf("a placeholder is left: %s", m.Payload)
			}
		}
		if err := NewStore(Config{}).Restore([]byte(snapshotOf(t, s))); err != nil {
			t.Error(err)
		}
	})
}

func holds(value any, text string) bool {
	switch value := value.(type) {
	case string:
		return strings.Contains(value, text)
	case []any:
		for _, element := range value {
			if holds(element, text) {
				return true
			}
		}
	case map[string]any:
		for name, member := range value {
			if holds(name, text) || holds(member, text) {
				return true
			}
		}
	}
	return false
}

// Whatever a file of jobs holds: an error, or a store that works.
func FuzzRestore(f *testing.F) {
	s := NewStore(Config{Deletion: time.Hour})
	create("J", `,"timeoutConfig":{"inProgressTimeoutInMinutes":5}`)(s, start)
	publish("start-next", `{"statusDetails":{"a":"b"}}`)(s, start)
	create("K", "")(s, start)
	create("L", "")(s, start)
	deleteJob("K", true)(s, start)
	data, err := s.Snapshot()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"jobs":[{"id":"J","request":{"document":"{}","targets":[""]},"status":"IN_PROGRESS","executions":[],"numbers":null}],"sequence":0}`))
	f.Add([]byte(`{"jobs":[null]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := NewStore(Config{})
		if s.Restore(data) != nil {
			return
		}
		again := NewStore(Config{})
		first := snapshotOf(t, s)
		if err := again.Restore([]byte(first)); err != nil {
			t.Fatalf("%v in %s", err, first)
		}
		s.NextDue()
		s.Tick(start.Add(24 * time.Hour))
		for _, body := range []string{`{}`, `{"status":"IN_PROGRESS"}`, `{"status":"FAILED"}`} {
			for _, topic := range []string{"start-next", "J/update", "get"} {
				s.Device("thing").Publish(topic, []byte(body), start)
			}
		}
		list, err := s.ListJobs(JobFilter{}, Page{})
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range list.Jobs {
			if _, err := s.DeleteJob(j.JobID, true, start); err != nil && j.Status != JobDeleting {
				t.Error(err)
			}
		}
	})
}
