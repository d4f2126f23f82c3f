package jobs

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Where the rules are written.
const (
	mqttAPI     = "developer guide, jobs-mqtt-api"
	errorsPage  = "developer guide, jobs-api, ErrorResponse"
	updateAPI   = "API reference, iot-jobs-data, UpdateJobExecution"
	startAPI    = "API reference, iot-jobs-data, StartNextPendingJobExecution"
	createAPI   = "API reference, CreateJob"
	retryAPI    = "API reference, RetryCriteria"
	configPage  = "developer guide, jobs-configurations-details"
	createPage  = "developer guide, create-manage-jobs, Presigned URLs"
	lifecycle   = "developer guide, iot-jobs-lifecycle"
	referenceIn = "mqtt-clouds.md 2.4"
)

// What devices may not say. There is a job Q, queued, and a job D, done, at version 2.
func TestRefusedRequests(t *testing.T) {
	pairs := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`"k%d":"v"`, i))
		}
		return `{"status":"IN_PROGRESS","statusDetails":{` + strings.Join(all, ",") + `}}`
	}
	details := func(key, value string) string {
		return `{"status":"IN_PROGRESS","statusDetails":{` + string(encode(key)) + `:` + string(encode(value)) + `}}`
	}
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, row := range []struct {
		source, topic, body string
		code                string // "": accepted
	}{
		{errorsPage, "get", `{`, "InvalidJson"},
		{errorsPage, "get", "{\"clientToken\":\"\xff\"}", "InvalidJson"},
		{errorsPage, "start-next", `{} {}`, "InvalidJson"},
		{errorsPage, "Q/get", `nil`, "InvalidJson"},
		{errorsPage, "Q/update", `{"status":"IN_PROGRESS",}`, "InvalidJson"},
		{errorsPage, "get", `[]`, "InvalidRequest"},
		{errorsPage, "get", `null`, "InvalidRequest"},
		{errorsPage, "Q/update", `"SUCCEEDED"`, "InvalidRequest"},
		{errorsPage, "pending", `{}`, "InvalidTopic"},
		{errorsPage, "Q/delete", `{}`, "InvalidTopic"},
		{errorsPage, "Q/get/more", `{}`, "InvalidTopic"},
		{errorsPage, "", `{}`, "InvalidTopic"},
		{errorsPage, "$last/get", `{}`, "InvalidTopic"},
		{createAPI, x(65) + "/get", `{}`, "InvalidTopic"}, // jobId: at most 64 of [a-zA-Z0-9_-]
		{createAPI, "Q:/get", `{}`, "InvalidTopic"},
		{mqttAPI, "$next/update", `{"status":"IN_PROGRESS"}`, "InvalidTopic"}, // $next is described for DescribeJobExecution alone
		{mqttAPI, "get", `{"clientToken":5}`, "InvalidRequest"},
		{mqttAPI, "get", ``, ""},
		{mqttAPI, "get", `{"clientToken":null,"other":{}}`, ""},
		{mqttAPI, "start-next", ` `, ""},
		{mqttAPI, "$next/get", ``, ""},

		{mqttAPI, "Q/update", ``, "InvalidRequest"}, // "status … must be specified on every update"
		{mqttAPI, "Q/update", `{"statusDetails":{"a":"b"}}`, "InvalidRequest"},
		{mqttAPI, "Q/update", `{"status":null}`, "InvalidRequest"},
		{mqttAPI, "Q/update", `{"status":1}`, "InvalidRequest"},
		{mqttAPI, "Q/update", `{"status":"in_progress"}`, "InvalidRequest"},
		{mqttAPI, "Q/update", `{"status":"DONE"}`, "InvalidRequest"},
		{mqttAPI, "Q/update", `{"status":"QUEUED"}`, "InvalidRequest"},
		{mqttAPI, "Q/update", `{"status":"CANCELED"}`, "InvalidRequest"},
		{mqttAPI, "Q/update", `{"status":"TIMED_OUT"}`, "InvalidRequest"},
		{mqttAPI, "Q/update", `{"status":"REMOVED"}`, "InvalidRequest"},
		{referenceIn, "Q/update", `{"status":"IN_PROGRESS"}`, ""},
		{referenceIn, "Q/update", `{"status":"SUCCEEDED"}`, ""},
		{referenceIn, "Q/update", `{"status":"FAILED"}`, ""},
		{referenceIn, "Q/update", `{"status":"REJECTED"}`, ""},

		{errorsPage, "X/get", `{}`, "ResourceNotFound"},
		{errorsPage, "X/update", `{"status":"IN_PROGRESS"}`, "ResourceNotFound"},
		{errorsPage, "Q/get", `{"executionNumber":2}`, "ResourceNotFound"},
		{errorsPage, "Q/update", `{"status":"IN_PROGRESS","executionNumber":2}`, "ResourceNotFound"},
		{mqttAPI, "Q/update", `{"status":"IN_PROGRESS","executionNumber":1}`, ""},
		{mqttAPI, "Q/get", `{"executionNumber":1}`, ""},
		{mqttAPI, "Q/get", `{"executionNumber":"1"}`, "InvalidRequest"},
		{mqttAPI, "Q/get", `{"executionNumber":1.0}`, "InvalidRequest"},
		{mqttAPI, "Q/get", `{"executionNumber":9223372036854775808}`, "InvalidRequest"},
		{errorsPage, "D/get", `{}`, "TerminalStateReached"},
		{errorsPage, "D/update", `{"status":"IN_PROGRESS"}`, "InvalidStateTransition"},
		{errorsPage, "D/update", `{"status":"SUCCEEDED","expectedVersion":2}`, "InvalidStateTransition"},
		{errorsPage, "D/update", `{"status":"SUCCEEDED","expectedVersion":1}`, "VersionMismatch"},
		{errorsPage, "Q/update", `{"status":"IN_PROGRESS","expectedVersion":2}`, "VersionMismatch"},
		{errorsPage, "Q/update", `{"status":"IN_PROGRESS","expectedVersion":0}`, "VersionMismatch"},
		{referenceIn, "Q/update", `{"status":"IN_PROGRESS","expectedVersion":1}`, ""},
		{referenceIn, "Q/update", `{"status":"IN_PROGRESS","expectedVersion":"1"}`, ""},
		{referenceIn, "Q/update", `{"status":"IN_PROGRESS","expectedVersion":null}`, ""},
		{mqttAPI, "Q/update", `{"status":"IN_PROGRESS","expectedVersion":"one"}`, "InvalidRequest"},
		{mqttAPI, "Q/update", `{"status":"IN_PROGRESS","expectedVersion":""}`, "InvalidRequest"},
		{mqttAPI, "Q/update", `{"status":"IN_PROGRESS","expectedVersion":"+1"}`, "InvalidRequest"},
		{mqttAPI, "Q/update", `{"status":"IN_PROGRESS","expectedVersion":1e0}`, "InvalidRequest"},
		{mqttAPI, "Q/update", `{"status":"IN_PROGRESS","expectedVersion":true}`, "InvalidRequest"},
		{mqttAPI, "Q/update", `{"status":"IN_PROGRESS","includeJobExecutionState":"true"}`, "InvalidRequest"},
		{mqttAPI, "Q/update", `{"status":"IN_PROGRESS","includeJobDocument":1}`, "InvalidRequest"},
		{mqttAPI, "Q/get", `{"includeJobDocument":"false"}`, "InvalidRequest"},

		{referenceIn, "Q/update", `{"status":"IN_PROGRESS","statusDetails":null}`, ""},
		{updateAPI, "Q/update", `{"status":"IN_PROGRESS","statusDetails":[]}`, "InvalidRequest"},
		{updateAPI, "Q/update", `{"status":"IN_PROGRESS","statusDetails":{"a":1}}`, "InvalidRequest"},
		{updateAPI, "Q/update", `{"status":"IN_PROGRESS","statusDetails":{"a":null}}`, "InvalidRequest"},
		{updateAPI, "Q/update", `{"status":"IN_PROGRESS","statusDetails":{"a":{}}}`, "InvalidRequest"},
		{updateAPI, "Q/update", pairs(10), ""},
		{updateAPI, "Q/update", pairs(11), "InvalidRequest"},
		{updateAPI, "Q/update", details(x(128), "v"), ""},
		{updateAPI, "Q/update", details(x(129), "v"), "InvalidRequest"},
		{updateAPI, "Q/update", details("aZ09:_-", "v"), ""},
		{updateAPI, "Q/update", details("a.b", "v"), "InvalidRequest"},
		{updateAPI, "Q/update", details("é", "v"), "InvalidRequest"},
		{updateAPI, "Q/update", details("", "v"), "InvalidRequest"},
		{updateAPI, "Q/update", details("k", ""), "InvalidRequest"},
		{updateAPI, "Q/update", details("k", x(1024)), ""},
		{updateAPI, "Q/update", details("k", strings.Repeat("é", 1024)), ""}, // characters, not bytes
		{updateAPI, "Q/update", details("k", x(1025)), "InvalidRequest"},
		{updateAPI, "Q/update", details("k", "50 % – ok"), ""},
		{updateAPI, "Q/update", details("k", "a\nb"), "InvalidRequest"},         // [^\p{C}]+
		{updateAPI, "Q/update", details("k", "a\u200bb"), "InvalidRequest"},     // a format character
		{updateAPI, "Q/update", details("k", "a\U000e0fffb"), "InvalidRequest"}, // unassigned
		{startAPI, "start-next", `{"statusDetails":{"":"v"}}`, "InvalidRequest"},

		{updateAPI, "Q/update", `{"status":"IN_PROGRESS","stepTimeoutInMinutes":0}`, "InvalidRequest"},
		{updateAPI, "Q/update", `{"status":"IN_PROGRESS","stepTimeoutInMinutes":-2}`, "InvalidRequest"},
		{updateAPI, "Q/update", `{"status":"IN_PROGRESS","stepTimeoutInMinutes":10081}`, "InvalidRequest"},
		{updateAPI, "Q/update", `{"status":"IN_PROGRESS","stepTimeoutInMinutes":"5"}`, "InvalidRequest"},
		{updateAPI, "Q/update", `{"status":"IN_PROGRESS","stepTimeoutInMinutes":1.5}`, "InvalidRequest"},
		{updateAPI, "Q/update", `{"status":"IN_PROGRESS","stepTimeoutInMinutes":1}`, ""},
		{updateAPI, "Q/update", `{"status":"IN_PROGRESS","stepTimeoutInMinutes":10080}`, ""},
		{updateAPI, "Q/update", `{"status":"IN_PROGRESS","stepTimeoutInMinutes":-1}`, ""},
		{startAPI, "start-next", `{"stepTimeoutInMinutes":-1}`, "InvalidRequest"},
		{startAPI, "start-next", `{"stepTimeoutInMinutes":10080}`, ""},
	} {
		t.Run(row.topic+" "+row.body[:min(len(row.body), 60)], func(t *testing.T) {
			s := NewStore(Config{})
			create("D", "")(s, start)
			publish("D/update", `{"status":"SUCCEEDED"}`)(s, start)
			create("Q", "")(s, start)
			before := snapshotOf(t, s)
			answer := s.Device("thing").Publish(row.topic, []byte(row.body), start.Add(time.Second))[0]
			var got struct {
				Code           string
				Message        string
				ExecutionState *struct{ Status Status }
				Timestamp      int64
			}
			if err := json.Unmarshal(answer.Payload, &got); err != nil {
				t.Fatal(err)
			}
			want := row.topic + "/accepted"
			if row.code != "" {
				want = row.topic + "/rejected"
			}
			if answer.Topic != want || got.Code != row.code || !answer.Unicast || got.Timestamp != start.Unix()+1 {
				t.Errorf("%s: got %s %s, want %s %q", row.source, answer.Topic, answer.Payload, want, row.code)
			}
			// "This field is included only when the code field has the value InvalidStateTransition or VersionMismatch" (jobs-api).
			if stated := row.code == "InvalidStateTransition" || row.code == "VersionMismatch"; stated != (got.ExecutionState != nil) {
				t.Errorf("executionState of %s: %v", row.code, got.ExecutionState)
			}
			if row.code != "" && (got.Message == "" || snapshotOf(t, s) != before) {
				t.Errorf("a refusal without a message, or one that changed something")
			}
		})
	}
}

func snapshotOf(t *testing.T, s *Store) string {
	t.Helper()
	data, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// What CreateJob takes and refuses.
func TestCreateJob(t *testing.T) {
	document := func(document string) string {
		return `{"targets":["` + thingARN + `thing"],"document":` + string(encode(document)) + `}`
	}
	presigned := func(document, config string) string {
		return strings.TrimSuffix(document, "}") + `,"presignedUrlConfig":` + config + `}`
	}
	role := `{"roleArn":"arn:aws:iam::000000000000:role/lab"}`
	retries := func(list string) string {
		return jobBody(`,"timeoutConfig":{"inProgressTimeoutInMinutes":1},"jobExecutionsRetryConfig":{"criteriaList":[` + list + `]}`)
	}
	x := func(n int) string { return strings.Repeat("x", n) }
	const bad = "InvalidRequestException 400"
	for _, row := range []struct{ source, id, body, want string }{
		{createAPI, "j", jobBody(""), ""},
		{createAPI, x(64), jobBody(""), ""},
		{createAPI, "aZ09_-", jobBody(""), ""},
		{createAPI, "", jobBody(""), bad},
		{createAPI, x(65), jobBody(""), bad},
		{createAPI, "a.b", jobBody(""), bad},
		{createAPI, "a:b", jobBody(""), bad},
		{createAPI, "ÄÖ", jobBody(""), bad},
		{createAPI, "there", jobBody(""), "ResourceAlreadyExistsException 409"},
		{createAPI, "j", ``, bad},
		{createAPI, "j", `{`, bad},
		{createAPI, "j", `[]`, bad},
		{createAPI, "j", jobBody("") + `{}`, bad},
		{createAPI, "j", "{\"document\":\"\xff\"}", bad},
		{createAPI, "j", `{"targets":[],"document":"{}"}`, bad},
		{createAPI, "j", `{"document":"{}"}`, bad},
		{createAPI, "j", `{"targets":["thing"],"document":"{}"}`, bad},
		{createAPI, "j", `{"targets":["arn:aws:iot:eu:0:cert/x"],"document":"{}"}`, bad},
		{createAPI, "j", `{"targets":["arn:aws:iot:eu:0:thing/a.b"],"document":"{}"}`, bad},
		{createAPI, "j", `{"targets":["arn:aws:s3:eu:0:thing/x"],"document":"{}"}`, bad},
		{createAPI, "j", `{"targets":["arn:aws:iot:us-east-1:1:thing/other"],"document":"{}"}`, ""},
		{createAPI, "j", `{"targets":["arn:aws:iot:us-east-1:1:thing/nobody"],"document":"{}"}`, "ResourceNotFoundException 404"},
		{createAPI, "j", `{"targets":["arn:aws:iot:us-east-1:1:thinggroup/all"],"document":"{}"}`, ""},
		{createAPI, "j", `{"targets":["arn:aws:iot:us-east-1:1:thinggroup/none"],"document":"{}"}`, "ResourceNotFoundException 404"},
		{createAPI, "j", jobBody(`,"targetSelection":"SNAPSHOT"`), ""},
		{createAPI, "j", jobBody(`,"targetSelection":"CONTINUOUS"`), ""},
		{createAPI, "j", jobBody(`,"targetSelection":"ONCE"`), bad},
		{createAPI, "j", jobBody(`,"description":"` + x(2028) + `"`), ""},
		{createAPI, "j", jobBody(`,"description":"` + x(2029) + `"`), bad},
		{createAPI, "j", jobBody(`,"description":"a\nb"`), bad},
		{createAPI, "j", jobBody(`,"abortConfig":{}`), bad}, // ours: what is not served is not ignored
		{createAPI, "j", `{"targets":["` + thingARN + `thing"],"documentSource":"https://s3.example/d"}`, bad},

		{createAPI, "j", document(`{"a":"` + x(32<<10-8) + `"}`), ""},
		{createAPI, "j", document(`{"a":"` + x(32<<10-7) + `"}`), bad},
		{createAPI, "j", document(``), bad},
		{createAPI, "j", document(`{"a":}`), bad},
		{createAPI, "j", document(`{} {}`), bad},
		{createAPI, "j", document(`["a"]`), bad},
		{createAPI, "j", document(` {"a":[1,null,"${HOME}"]} `), ""}, // a placeholder is what begins with ${aws:
		{createPage, "j", presigned(document(`{"u":"${aws:iot:s3-presigned-url:https://s3.example/b/k}"}`), role), ""},
		{createPage, "j", presigned(document(`{"u":"${aws:iot:s3-presigned-url-v2:https://s3.example/b/k}"}`), role), ""},
		{createPage, "j", document(`{"u":"${aws:iot:s3-presigned-url:https://s3.example/b/k}"}`), bad},
		{createPage, "j", presigned(document(`{"u":"${aws:iot:s3-presigned-url:https://s3.example/b/k}"}`), `{}`), bad},
		{createPage, "j", presigned(document(`{"u":"${aws:iot:s3-presigned-url:http://s3.example/b/k}"}`), role), bad},
		{createPage, "j", presigned(document(`{"u":"${aws:iot:s3-presigned-url:https://}"}`), role), bad},
		{createPage, "j", presigned(document(`{"u":"${aws:iot:s3-presigned-url:https://s3.example/b/k"}`), role), bad},
		{createPage, "j", presigned(document(`{"u":"${aws:iot:package:p:version:1:attributes:u}"}`), role), bad},
		{createPage, "j", presigned(document(`{"u":"ok ${aws:iot:s3-presigned-url:https://a/b} \u0024{aws:thing}"}`), role), bad},
		{createAPI, "j", presigned(jobBody(""), `{"roleArn":"short"}`), bad},
		{createAPI, "j", presigned(jobBody(""), `{"expiresInSec":60}`), ""},
		{createAPI, "j", presigned(jobBody(""), `{"expiresInSec":59}`), bad},
		{createAPI, "j", presigned(jobBody(""), `{"expiresInSec":3601}`), bad},

		{configPage, "j", jobBody(`,"timeoutConfig":{"inProgressTimeoutInMinutes":1}`), ""},
		{configPage, "j", jobBody(`,"timeoutConfig":{"inProgressTimeoutInMinutes":10080}`), ""},
		{configPage, "j", jobBody(`,"timeoutConfig":{"inProgressTimeoutInMinutes":10081}`), bad},
		{configPage, "j", jobBody(`,"timeoutConfig":{"inProgressTimeoutInMinutes":0}`), bad},
		{configPage, "j", jobBody(`,"timeoutConfig":{"inProgressTimeoutInMinutes":-1}`), bad},
		{configPage, "j", jobBody(`,"timeoutConfig":{"inProgressTimeoutInMinutes":1.5}`), bad},
		{retryAPI, "j", retries(``), bad},
		{retryAPI, "j", retries(`{"failureType":"FAILED","numberOfRetries":10}`), ""},
		{retryAPI, "j", retries(`{"failureType":"FAILED","numberOfRetries":0}`), ""},
		{retryAPI, "j", retries(`{"failureType":"FAILED","numberOfRetries":11}`), bad},
		{retryAPI, "j", retries(`{"failureType":"FAILED","numberOfRetries":-1}`), bad},
		{retryAPI, "j", retries(`{"failureType":"REJECTED","numberOfRetries":1}`), bad},
		{retryAPI, "j", retries(`{"failureType":"ALL","numberOfRetries":10}`), ""},
		{retryAPI, "j", retries(`{"failureType":"FAILED","numberOfRetries":1},{"failureType":"TIMED_OUT","numberOfRetries":1},{"failureType":"ALL","numberOfRetries":1}`), bad},
		{retryAPI, "j", retries(`{"failureType":"FAILED","numberOfRetries":1},{"failureType":"FAILED","numberOfRetries":1}`), bad},
		{retryAPI, "j", retries(`{"failureType":"FAILED","numberOfRetries":1},{"failureType":"ALL","numberOfRetries":1}`), bad},
		{configPage, "j", retries(`{"failureType":"FAILED","numberOfRetries":5},{"failureType":"TIMED_OUT","numberOfRetries":5}`), ""},
		{configPage, "j", retries(`{"failureType":"FAILED","numberOfRetries":5},{"failureType":"TIMED_OUT","numberOfRetries":6}`), bad},   // "up to 10 retries for both failure types combined"
		{configPage, "j", jobBody(`,"jobExecutionsRetryConfig":{"criteriaList":[{"failureType":"TIMED_OUT","numberOfRetries":1}]}`), bad}, // "you must enable the timeout configuration"
	} {
		t.Run(row.id[:min(len(row.id), 8)]+" "+row.body[:min(len(row.body), 160)], func(t *testing.T) {
			s := NewStore(Config{
				Known:   func(thing string) bool { return thing != "nobody" },
				Members: func(group string) ([]string, bool) { return []string{"a", "b"}, group == "all" },
			})
			create("there", "")(s, start)
			got := createRaw(row.id, row.body)(s, start)
			refused := len(got) == 1 && strings.HasPrefix(got[0], "! ")
			if row.want == "" && refused || row.want != "" && (!refused || got[0] != "! "+row.want) {
				t.Errorf("%s: got %s, want %q", row.source, got, row.want)
			}
			if _, err := s.DescribeJob(row.id); (err == nil) != (row.want == "" || row.id == "there") {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
	targets := strings.Repeat(`"`+thingARN+`thing",`, 101)
	if got := createRaw("j", `{"document":"{}","targets":[`+strings.TrimSuffix(targets, ",")+`]}`)(NewStore(Config{}), start); got[0] != "! "+bad {
		t.Errorf("101 targets: %s", got)
	}
}
