package jobs

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

var start = time.Unix(1700000000, 0)

// act is something that is done to a store. What it answers beside messages is put first, as "= CONTENT"; an *Error as "! CODE STATUS".
type act func(s *Store, now time.Time) []string

// step is an act, one second after the last, and everything that it has to lead to: "> TOPIC JSON" for the client that asked, "* TOPIC JSON" for
// subscribers, "*other TOPIC JSON" for those of the thing "other". JSON "..." is any; NOW and NOW-n are seconds.
type step struct {
	act   act
	after time.Duration // instead of a second
	want  []string
}

func run(t *testing.T, s *Store, steps []step) {
	t.Helper()
	now := start
	for i, step := range steps {
		if step.after == 0 {
			step.after = time.Second
		}
		now = now.Add(step.after)
		got := step.act(s, now)
		if len(got) != len(step.want) {
			t.Errorf("step %d: %d results, want %d:\n%s", i, len(got), len(step.want), strings.Join(got, "\n"))
			continue
		}
		for j, want := range step.want {
			want = times(want, now)
			if any, ok := strings.CutSuffix(want, "..."); ok {
				if !strings.HasPrefix(got[j], any) {
					t.Errorf("step %d: %s\nwant %s...", i, got[j], any)
				}
				continue
			}
			gotHead, gotContent := splitContent(got[j])
			wantHead, wantContent := splitContent(want)
			if gotHead != wantHead || !sameJSON(t, gotContent, wantContent) {
				t.Errorf("step %d:\n%s, want\n%s", i, got[j], want)
			}
		}
	}
}

func splitContent(line string) (head, content string) {
	head, content, ok := strings.Cut(line, "{")
	if !ok {
		return head, "{}"
	}
	return head, "{" + content
}

func times(text string, now time.Time) string {
	for n := 99; n > 0; n-- {
		text = strings.ReplaceAll(text, fmt.Sprintf("NOW-%d", n), fmt.Sprint(now.Unix()-int64(n)))
	}
	return strings.ReplaceAll(text, "NOW", fmt.Sprint(now.Unix()))
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	for text, target := range map[string]*any{a: &x, b: &y} {
		if err := json.Unmarshal([]byte(text), target); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
	}
	if a == b {
		return true
	}
	return reflect.DeepEqual(x, y)
}

func lines(messages []Message) []string {
	var all []string
	for _, m := range messages {
		mark := "*"
		if m.Unicast {
			mark = ">"
		}
		if m.Thing != "thing" {
			mark += m.Thing
		}
		all = append(all, mark+" "+m.Topic+" "+string(m.Payload))
	}
	return all
}

func outcome(content []byte, messages []Message, err error) []string {
	if e, ok := errors.AsType[*Error](err); ok {
		return []string{fmt.Sprintf("! %s %d", e.Code, e.HTTPStatus)}
	}
	if err != nil {
		return []string{"! " + err.Error()}
	}
	if content != nil {
		return append([]string{"= " + string(content)}, lines(messages)...)
	}
	return lines(messages)
}

const thingARN = "arn:aws:iot:eu-central-1:000000000000:thing/"

// request is a body of CreateJob for "thing", with the document {"operation":"test"} and more members.
func jobBody(members string) string {
	return `{"targets":["` + thingARN + `thing"],"document":"{\"operation\":\"test\"}"` + members + `}`
}

func create(id, members string) act { return createRaw(id, jobBody(members)) }

func createRaw(id, body string) act {
	return func(s *Store, now time.Time) []string {
		r, err := DecodeJobRequest([]byte(body))
		if err != nil {
			return outcome(nil, nil, err)
		}
		_, messages, err := s.CreateJob(id, r, now)
		return outcome(nil, messages, err)
	}
}

func publish(topic, body string) act {
	return func(s *Store, now time.Time) []string {
		return lines(s.Device("thing").Publish(topic, []byte(body), now))
	}
}

func startOverHTTP(body string) act {
	return func(s *Store, now time.Time) []string {
		return outcome(s.Device("thing").StartNextPendingJobExecution([]byte(body), now))
	}
}

func updateOverHTTP(id, body string) act {
	return func(s *Store, now time.Time) []string {
		return outcome(s.Device("thing").UpdateJobExecution(id, []byte(body), now))
	}
}

func describeOverHTTP(id, number, document string) act {
	return func(s *Store, now time.Time) []string {
		content, err := s.Device("thing").DescribeJobExecution(id, number, document, now)
		return outcome(content, nil, err)
	}
}

func pendingOverHTTP(s *Store, _ time.Time) []string {
	return outcome(s.Device("thing").GetPendingJobExecutions(), nil, nil)
}

func tick(s *Store, now time.Time) []string { return lines(s.Tick(now)) }

func cancel(id string, force bool) act { return cancelWith(id, "", force) }

func cancelWith(id, body string, force bool) act {
	return func(s *Store, now time.Time) []string {
		r, err := DecodeCancelRequest([]byte(body))
		if err != nil {
			return outcome(nil, nil, err)
		}
		_, messages, err := s.CancelJob(id, r, force, now)
		return outcome(nil, messages, err)
	}
}

func cancelExecution(id, body string, force bool) act {
	return func(s *Store, now time.Time) []string {
		r, err := DecodeCancelExecutionRequest([]byte(body))
		if err != nil {
			return outcome(nil, nil, err)
		}
		messages, err := s.CancelJobExecution("thing", id, r, force, now)
		return outcome(nil, messages, err)
	}
}

func deleteJob(id string, force bool) act {
	return func(s *Store, now time.Time) []string {
		messages, err := s.DeleteJob(id, force, now)
		return outcome(nil, messages, err)
	}
}

func deleteExecution(id string, number int64, force bool) act {
	return func(s *Store, now time.Time) []string {
		messages, err := s.DeleteJobExecution("thing", id, number, force, now)
		return outcome(nil, messages, err)
	}
}

func inject(id string, status Status) act {
	return func(s *Store, now time.Time) []string {
		messages, err := s.Inject("thing", id, 0, status, nil, now)
		return outcome(nil, messages, err)
	}
}

// describe gives the content of the control plane's DescribeJobExecution; job that of DescribeJob, with the members named.
func describe(id string, number int64) act {
	return func(s *Store, now time.Time) []string {
		x, err := s.DescribeJobExecution("thing", id, number, now)
		return outcome(encode(x), nil, err)
	}
}

func describeJob(id string, members ...string) act {
	return func(s *Store, _ time.Time) []string {
		j, err := s.DescribeJob(id)
		var all map[string]any
		if json.Unmarshal(encode(j), &all) != nil {
			return []string{"no JSON"}
		}
		some := map[string]any{}
		for _, name := range members {
			some[name] = all[name]
		}
		return outcome(encode(some), nil, err)
	}
}

// The notifications of the guide's page jobs-comm-notifications, "The following series of examples", step by step.
func TestNotifications(t *testing.T) {
	run(t, NewStore(Config{}), []step{
		{act: create("job1", ""), want: []string{
			`* notify {"timestamp":NOW,"jobs":{"QUEUED":[{"jobId":"job1","queuedAt":NOW,"lastUpdatedAt":NOW,"executionNumber":1,"versionNumber":1}]}}`,
			`* notify-next {"timestamp":NOW,"execution":{"jobId":"job1","status":"QUEUED","queuedAt":NOW,"lastUpdatedAt":NOW,"versionNumber":1,"executionNumber":1,"jobDocument":{"operation":"test"}}}`,
		}},
		{act: create("job2", ""), want: []string{
			`* notify {"timestamp":NOW,"jobs":{"QUEUED":[{"jobId":"job1","queuedAt":NOW-1,"lastUpdatedAt":NOW-1,"executionNumber":1,"versionNumber":1},` +
				`{"jobId":"job2","queuedAt":NOW,"lastUpdatedAt":NOW,"executionNumber":1,"versionNumber":1}]}}`,
		}},
		{act: publish("job1/update", `{"status":"IN_PROGRESS"}`), want: []string{`> job1/update/accepted {"timestamp":NOW}`}},
		{act: create("job3", ""), want: []string{
			`* notify {"timestamp":NOW,"jobs":{"IN_PROGRESS":[{"jobId":"job1","queuedAt":NOW-3,"startedAt":NOW-1,"lastUpdatedAt":NOW-1,"executionNumber":1,"versionNumber":2}],` +
				`"QUEUED":[{"jobId":"job2","queuedAt":NOW-2,"lastUpdatedAt":NOW-2,"executionNumber":1,"versionNumber":1},{"jobId":"job3","queuedAt":NOW,"lastUpdatedAt":NOW,"executionNumber":1,"versionNumber":1}]}}`,
		}},
		{act: publish("job1/update", `{"status":"SUCCEEDED"}`), want: []string{
			`> job1/update/accepted {"timestamp":NOW}`,
			`* notify {"timestamp":NOW,"jobs":{"QUEUED":[{"jobId":"job2","queuedAt":NOW-3,"lastUpdatedAt":NOW-3,"executionNumber":1,"versionNumber":1},{"jobId":"job3","queuedAt":NOW-1,"lastUpdatedAt":NOW-1,"executionNumber":1,"versionNumber":1}]}}`,
			`* notify-next {"timestamp":NOW,"execution":{"jobId":"job2","status":"QUEUED","queuedAt":NOW-3,"lastUpdatedAt":NOW-3,"versionNumber":1,"executionNumber":1,"jobDocument":{"operation":"test"}}}`,
		}},
		{act: publish("job3/update", `{"status":"IN_PROGRESS"}`), want: []string{
			`> job3/update/accepted {"timestamp":NOW}`,
			`* notify-next {"timestamp":NOW,"execution":{"jobId":"job3","status":"IN_PROGRESS","queuedAt":NOW-2,"startedAt":NOW,"lastUpdatedAt":NOW,"versionNumber":2,"executionNumber":1,"jobDocument":{"operation":"test"}}}`,
		}},
		{act: publish("job2/update", `{"status":"REJECTED"}`), want: []string{
			`> job2/update/accepted {"timestamp":NOW}`,
			`* notify {"timestamp":NOW,"jobs":{"IN_PROGRESS":[{"jobId":"job3","queuedAt":NOW-3,"startedAt":NOW-1,"lastUpdatedAt":NOW-1,"executionNumber":1,"versionNumber":2}]}}`,
		}},
		{act: deleteExecution("job3", 1, true), want: []string{`* notify {"timestamp":NOW,"jobs":{}}`, `* notify-next {"timestamp":NOW}`}},
		{act: describeJob("job3", "status"), want: []string{`= {"status":"COMPLETED"}`}},
	})
}

// mqtt-clouds.md 11, "Jobs".
func TestReferenceTranscript(t *testing.T) {
	run(t, NewStore(Config{}), []step{
		{act: create("J", ""), want: []string{`* notify ...`, `* notify-next ...`}},
		{act: publish("start-next", `{"clientToken":"t1"}`), want: []string{
			`> start-next/accepted {"execution":{"jobId":"J","thingName":"thing","jobDocument":{"operation":"test"},"status":"IN_PROGRESS","queuedAt":NOW-1,"startedAt":NOW,"lastUpdatedAt":NOW,"versionNumber":2,"executionNumber":1},"timestamp":NOW,"clientToken":"t1"}`,
		}},
		{act: publish("J/update", `{"status":"IN_PROGRESS","expectedVersion":"2","statusDetails":{"progress":"50"},"includeJobExecutionState":true}`), want: []string{
			`> J/update/accepted {"executionState":{"status":"IN_PROGRESS","statusDetails":{"progress":"50"},"versionNumber":3},"timestamp":NOW}`,
		}},
		{act: publish("J/update", `{"status":"SUCCEEDED","expectedVersion":2}`), want: []string{
			`> J/update/rejected {"code":"VersionMismatch","message":"expectedVersion is 2, the version of the execution is 3","executionState":{"status":"IN_PROGRESS","statusDetails":{"progress":"50"},"versionNumber":3},"timestamp":NOW}`,
		}},
		{act: publish("J/update", `{"status":"SUCCEEDED","expectedVersion":3}`), want: []string{
			`> J/update/accepted {"timestamp":NOW}`, `* notify {"timestamp":NOW,"jobs":{}}`, `* notify-next {"timestamp":NOW}`,
		}},
		{act: describeJob("J", "status", "completedAt", "jobProcessDetails"), want: []string{`= {"status":"COMPLETED","completedAt":NOW-1,"jobProcessDetails":` + process(`"numberOfSucceededThings":1`) + `}`}},
	})
}

func process(nonzero string) string {
	all := map[string]int{}
	for _, state := range []string{"Canceled", "Succeeded", "Failed", "Rejected", "Queued", "InProgress", "Removed", "TimedOut"} {
		all["numberOf"+state+"Things"] = 0
	}
	if err := json.Unmarshal([]byte("{"+nonzero+"}"), &all); err != nil {
		return err.Error()
	}
	return string(encode(all))
}

// What aws_fota of the nRF Connect SDK sends and needs: mqtt-clouds.md 2.5.
func TestSequenceOfFOTA(t *testing.T) {
	const document = `{"operation":"app_fw_update","fwversion":"v2.1.0","size":204800,"location":{"protocol":"https","host":"fw.example.net","path":"app/2.1.0.bin?sig=a&b"}}`
	next := func(version int, status, more string) string {
		return fmt.Sprintf(`"execution":{"jobId":"fota","thingName":"thing","jobDocument":%s,"status":%q,"queuedAt":%d,"lastUpdatedAt":NOW-1,"versionNumber":%d,"executionNumber":1%s}`,
			document, status, start.Unix()+2, version, more)
	}
	started := fmt.Sprintf(`,"startedAt":%d`, start.Unix()+4)
	run(t, NewStore(Config{}), []step{
		{act: publish("$next/get", `{"clientToken": ""}`), want: []string{`> $next/get/accepted {"timestamp":NOW}`}},
		{act: createRaw("fota", `{"targets":["`+thingARN+`thing"],"document":`+string(encode(document))+`}`), want: []string{`* notify ...`, `* notify-next ...`}},
		{act: publish("$next/get", `{"clientToken": ""}`), want: []string{`> $next/get/accepted {` + next(1, "QUEUED", "") + `,"timestamp":NOW}`}},
		{act: publish("fota/update", `{"status":"IN_PROGRESS","statusDetails":null,"expectedVersion": "1","clientToken": ""}`), want: []string{`> fota/update/accepted {"timestamp":NOW}`}},
		// Power loss: after boot the job is still in progress, and IN_PROGRESS again is legal.
		{act: publish("$next/get", `{"clientToken": ""}`), want: []string{`> $next/get/accepted {` + next(2, "IN_PROGRESS", started) + `,"timestamp":NOW}`}},
		{act: publish("fota/update", `{"status":"IN_PROGRESS","statusDetails":null,"expectedVersion": "2","clientToken": ""}`), want: []string{`> fota/update/accepted {"timestamp":NOW}`}},
		{act: publish("fota/update", `{"status":"SUCCEEDED","statusDetails":null,"expectedVersion": "3","clientToken": ""}`), want: []string{
			`> fota/update/accepted {"timestamp":NOW}`, `* notify {"timestamp":NOW,"jobs":{}}`, `* notify-next {"timestamp":NOW}`,
		}},
		// Sent again after a reconnect.
		{act: publish("fota/update", `{"status":"SUCCEEDED","statusDetails":null,"expectedVersion": "3","clientToken": ""}`), want: []string{
			`> fota/update/rejected {"code":"VersionMismatch","message":"expectedVersion is 3, the version of the execution is 4","executionState":{"status":"SUCCEEDED","statusDetails":{},"versionNumber":4},"timestamp":NOW}`,
		}},
		{act: publish("$next/get", `{"clientToken": ""}`), want: []string{`> $next/get/accepted {"timestamp":NOW}`}},
	})
}

// jobs-configurations-details, "Job execution retry configuration".
func TestRetries(t *testing.T) {
	both := `,"timeoutConfig":{"inProgressTimeoutInMinutes":1},"jobExecutionsRetryConfig":{"criteriaList":[{"failureType":"FAILED","numberOfRetries":1},{"failureType":"TIMED_OUT","numberOfRetries":1}]}`
	run(t, NewStore(Config{}), []step{
		{act: create("J", both), want: []string{`* notify ...`, `* notify-next ...`}},
		{act: create("K", ""), want: []string{`* notify ...`}},
		{act: publish("J/update", `{"status":"FAILED"}`), want: []string{
			`> J/update/accepted {"timestamp":NOW}`,
			`* notify {"timestamp":NOW,"jobs":{"QUEUED":[{"jobId":"K","queuedAt":NOW-1,"lastUpdatedAt":NOW-1,"executionNumber":1,"versionNumber":1},{"jobId":"J","queuedAt":NOW,"lastUpdatedAt":NOW,"executionNumber":2,"versionNumber":1}]}}`,
			`* notify-next {"timestamp":NOW,"execution":{"jobId":"K","status":"QUEUED","queuedAt":NOW-1,"lastUpdatedAt":NOW-1,"versionNumber":1,"executionNumber":1,"jobDocument":{"operation":"test"}}}`,
		}},
		{act: publish("K/update", `{"status":"FAILED"}`), want: []string{`> K/update/accepted {"timestamp":NOW}`, `* notify ...`, `* notify-next ...`}}, // no retries
		{act: describeJob("K", "status"), want: []string{`= {"status":"COMPLETED"}`}},
		{act: publish("start-next", ``), want: []string{`> start-next/accepted {"execution":{"jobId":"J","thingName":"thing","status":"IN_PROGRESS","queuedAt":NOW-3,"startedAt":NOW,"lastUpdatedAt":NOW,"versionNumber":2,"executionNumber":2,"approximateSecondsBeforeTimedOut":60,"jobDocument":{"operation":"test"}},"timestamp":NOW}`}},
		{act: tick, after: 59 * time.Second},
		{act: tick, want: []string{`* notify {"timestamp":NOW,"jobs":{"QUEUED":[{"jobId":"J","queuedAt":NOW,"lastUpdatedAt":NOW,"executionNumber":3,"versionNumber":1}]}}`, `* notify-next ...`}},
		{act: publish("J/update", `{"status":"FAILED"}`), want: []string{`> J/update/accepted {"timestamp":NOW}`, `* notify {"timestamp":NOW,"jobs":{}}`, `* notify-next {"timestamp":NOW}`}},
		{act: func(s *Store, _ time.Time) []string {
			list, err := s.ListJobExecutionsForJob("J", "", Page{})
			var all []string
			for _, line := range list.Summaries {
				all = append(all, fmt.Sprintf("= %s %s %d %d", line.ThingARN, line.Summary.Status, line.Summary.ExecutionNumber, line.Summary.RetryAttempt))
			}
			return append(all, outcome(nil, nil, err)...)
		}, want: []string{"= " + thingARN + "thing FAILED 1 0", "= " + thingARN + "thing TIMED_OUT 2 1", "= " + thingARN + "thing FAILED 3 2"}},
		{act: describeJob("J", "status", "jobProcessDetails"), want: []string{`= {"status":"COMPLETED","jobProcessDetails":` + process(`"numberOfFailedThings":1`) + `}`}},
		// An execution of the past is told apart by its number.
		{act: publish("J/update", `{"status":"SUCCEEDED","executionNumber":2,"expectedVersion":2}`), want: []string{
			`> J/update/rejected {"code":"InvalidStateTransition","message":"the execution is TIMED_OUT, which is terminal","executionState":{"status":"TIMED_OUT","statusDetails":{},"versionNumber":2},"timestamp":NOW}`,
		}},
		// ALL counts both types; REJECTED is never retried; nor is anything of a canceled job.
		{act: create("L", `,"jobExecutionsRetryConfig":{"criteriaList":[{"failureType":"ALL","numberOfRetries":2}]}`), want: []string{`* notify ...`, `* notify-next ...`}},
		{act: publish("start-next", `{"stepTimeoutInMinutes":1}`), want: []string{`> start-next/accepted ...`}},
		{act: tick, after: time.Minute, want: []string{`* notify ...`, `* notify-next ...`}},
		{act: publish("L/update", `{"status":"FAILED"}`), want: []string{`> L/update/accepted {"timestamp":NOW}`, `* notify ...`, `* notify-next ...`}},
		{act: publish("L/update", `{"status":"FAILED"}`), want: []string{`> L/update/accepted {"timestamp":NOW}`, `* notify {"timestamp":NOW,"jobs":{}}`, `* notify-next {"timestamp":NOW}`}},
		{act: create("M", `,"jobExecutionsRetryConfig":{"criteriaList":[{"failureType":"FAILED","numberOfRetries":10}]}`), want: []string{`* notify ...`, `* notify-next ...`}},
		{act: publish("M/update", `{"status":"REJECTED"}`), want: []string{`> M/update/accepted {"timestamp":NOW}`, `* notify {"timestamp":NOW,"jobs":{}}`, `* notify-next {"timestamp":NOW}`}},
		{act: create("N", `,"jobExecutionsRetryConfig":{"criteriaList":[{"failureType":"FAILED","numberOfRetries":10}]}`), want: []string{`* notify ...`, `* notify-next ...`}},
		{act: publish("start-next", ``), want: []string{`> start-next/accepted ...`}},
		{act: cancel("N", false)},
		{act: publish("N/update", `{"status":"FAILED"}`), want: []string{`> N/update/accepted {"timestamp":NOW}`, `* notify {"timestamp":NOW,"jobs":{}}`, `* notify-next {"timestamp":NOW}`}},
	})
}

// jobs-configurations-details, "How timers work for job timeouts": the guide's example of 20 minutes.
func TestTimers(t *testing.T) {
	due := func(minutes int) act {
		return func(s *Store, _ time.Time) []string {
			next, ok := s.NextDue()
			return []string{fmt.Sprintf("= %v %v", ok, next.Equal(start.Add(2*time.Second+time.Duration(minutes)*time.Minute)))}
		}
	}
	run(t, NewStore(Config{}), []step{
		{act: create("J", `,"timeoutConfig":{"inProgressTimeoutInMinutes":20}`), want: []string{`* notify ...`, `* notify-next ...`}},
		{act: publish("start-next", ``), want: []string{`> start-next/accepted ...`}}, // 12:00
		{act: due(20), after: time.Nanosecond, want: []string{"= true true"}},
		{act: publish("J/update", `{"status":"IN_PROGRESS","stepTimeoutInMinutes":7}`), after: 5*time.Minute - time.Nanosecond, want: []string{`> J/update/accepted {"timestamp":NOW}`}}, // 12:05
		{act: due(12), after: time.Nanosecond, want: []string{"= true true"}},
		{act: publish("J/update", `{"status":"IN_PROGRESS","stepTimeoutInMinutes":5}`), after: 5*time.Minute - time.Nanosecond, want: []string{`> J/update/accepted {"timestamp":NOW}`}}, // 12:10
		{act: due(15), after: time.Nanosecond, want: []string{"= true true"}},
		{act: publish("J/update", `{"status":"IN_PROGRESS","stepTimeoutInMinutes":9}`), after: 3*time.Minute - time.Nanosecond, want: []string{`> J/update/accepted {"timestamp":NOW}`}}, // 12:13
		{act: due(20), after: time.Nanosecond, want: []string{"= true true"}},
		{act: publish("$next/get", `{"includeJobDocument":false}`), after: 2*time.Minute - time.Nanosecond, want: []string{
			fmt.Sprintf(`> $next/get/accepted {"execution":{"jobId":"J","thingName":"thing","status":"IN_PROGRESS","queuedAt":%d,"startedAt":%d,"lastUpdatedAt":%d,"versionNumber":5,"executionNumber":1,"approximateSecondsBeforeTimedOut":300},"timestamp":NOW}`,
				start.Unix()+1, start.Unix()+2, start.Unix()+2+780),
		}}, // 12:15
		{act: tick, after: 5*time.Minute - time.Nanosecond},
		{act: tick, after: time.Nanosecond, want: []string{`* notify {"timestamp":NOW,"jobs":{}}`, `* notify-next {"timestamp":NOW}`}}, // 12:20
		{act: publish("J/update", `{"status":"SUCCEEDED","clientToken":"late"}`), want: []string{
			`> J/update/rejected {"code":"InvalidStateTransition","message":"the execution is TIMED_OUT, which is terminal","executionState":{"status":"TIMED_OUT","statusDetails":{},"versionNumber":5},"clientToken":"late","timestamp":NOW}`,
		}},
		// A step timer without the other; an update without one leaves it running; -1 cancels it (API reference, UpdateJobExecution).
		{act: create("K", ""), want: []string{`* notify ...`, `* notify-next ...`}},
		{act: publish("start-next", `{"stepTimeoutInMinutes":1,"statusDetails":{"a":"b"}}`), want: []string{`> start-next/accepted ...`}},
		{act: publish("K/update", `{"status":"IN_PROGRESS"}`), after: 30 * time.Second, want: []string{`> K/update/accepted {"timestamp":NOW}`}},
		{act: publish("K/update", `{"status":"IN_PROGRESS","stepTimeoutInMinutes":-1,"includeJobExecutionState":true}`), after: 29 * time.Second, want: []string{
			`> K/update/accepted {"executionState":{"status":"IN_PROGRESS","statusDetails":{"a":"b"},"versionNumber":4},"timestamp":NOW}`,
		}},
		{act: tick, after: 24 * time.Hour},
		{act: func(s *Store, _ time.Time) []string { _, ok := s.NextDue(); return []string{fmt.Sprint("= ", ok)} }, want: []string{"= false"}},
		{act: publish("K/update", `{"status":"IN_PROGRESS","stepTimeoutInMinutes":10080}`), want: []string{`> K/update/accepted {"timestamp":NOW}`}},
		{act: tick, after: 10080*time.Minute - 1},
		{act: tick, after: 1, want: []string{`* notify ...`, `* notify-next ...`}},
	})
}

// manage-job-cli, "Cancel a job", "Cancel a job execution", "Delete a job"; API reference.
func TestCancelWhileInProgress(t *testing.T) {
	run(t, NewStore(Config{Deletion: time.Minute}), []step{
		{act: create("J", ""), want: []string{`* notify ...`, `* notify-next ...`}},
		{act: create("K", ""), want: []string{`* notify ...`}},
		{act: publish("start-next", ``), want: []string{`> start-next/accepted ...`}},
		{act: cancelExecution("J", ``, false), want: []string{`! InvalidStateTransitionException 409`}},
		{act: cancelExecution("J", `{"expectedVersion":1}`, true), want: []string{`! VersionConflictException 409`}},
		{act: cancelExecution("J", `{"statusDetails":{"":""}}`, true), want: []string{`! InvalidRequestException 400`}},
		{act: cancelExecution("X", ``, true), want: []string{`! ResourceNotFoundException 404`}},
		{act: cancelExecution("J", `{"expectedVersion":2,"statusDetails":{"why":"stop"}}`, true), want: []string{`* notify ...`, `* notify-next {"timestamp":NOW,"execution":{"jobId":"K"...`}},
		{act: describe("J", 1), want: []string{`= {"jobId":"J","status":"CANCELED","forceCanceled":true,"statusDetails":{"detailsMap":{"why":"stop"}},"thingArn":"` + thingARN + `thing","queuedAt":NOW-8,"startedAt":NOW-6,"lastUpdatedAt":NOW-1,"executionNumber":1,"versionNumber":2}`}},
		{act: publish("J/update", `{"status":"IN_PROGRESS","expectedVersion":"2"}`), want: []string{
			`> J/update/rejected {"code":"InvalidStateTransition","message":"the execution is CANCELED, which is terminal","executionState":{"status":"CANCELED","statusDetails":{"why":"stop"},"versionNumber":2},"timestamp":NOW}`,
		}},
		{act: cancelExecution("J", ``, true), want: []string{`! InvalidStateTransitionException 409`}},
		{act: describeJob("J", "status"), want: []string{`= {"status":"COMPLETED"}`}},
		{act: cancel("J", true), want: []string{`! InvalidRequestException 400`}},

		// A job: what is queued is canceled; what is in progress only by force, which a second call can still ask for.
		{act: publish("start-next", ``), want: []string{`> start-next/accepted ...`}},
		{act: cancelWith("K", `{"reasonCode":"no"}`, false), want: []string{`! InvalidRequestException 400`}},
		{act: cancelWith("K", `{"comment":"\u0007"}`, false), want: []string{`! InvalidRequestException 400`}},
		{act: cancelWith("K", `{"reasonCode":"BAD_IMAGE","comment":"it hangs"}`, false)},
		{act: describeJob("K", "status", "reasonCode", "comment"), want: []string{`= {"status":"CANCELED","reasonCode":"BAD_IMAGE","comment":"it hangs"}`}},
		{act: publish("K/update", `{"status":"IN_PROGRESS"}`), want: []string{`> K/update/accepted {"timestamp":NOW}`}},
		{act: cancel("K", true), want: []string{`* notify {"timestamp":NOW,"jobs":{}}`, `* notify-next {"timestamp":NOW}`}},
		{act: describeJob("K", "status", "forceCanceled", "reasonCode", "completedAt"), want: []string{`= {"status":"CANCELED","forceCanceled":true,"reasonCode":"BAD_IMAGE","completedAt":null}`}},
		{act: describe("K", 0), want: []string{`= {"jobId":"K","status":"CANCELED","forceCanceled":true...`}},
		{act: create("L", ""), want: []string{`* notify ...`, `* notify-next ...`}},
		{act: cancel("L", false), want: []string{`* notify {"timestamp":NOW,"jobs":{}}`, `* notify-next {"timestamp":NOW}`}},

		// Deletion.
		{act: create("M", ""), want: []string{`* notify ...`, `* notify-next ...`}},
		{act: deleteExecution("M", 1, false), want: []string{`! InvalidStateTransitionException 409`}},
		{act: deleteExecution("M", 2, true), want: []string{`! ResourceNotFoundException 404`}},
		{act: deleteJob("M", false), want: []string{`! InvalidStateTransitionException 409`}},
		{act: deleteJob("M", true), want: []string{`* notify {"timestamp":NOW,"jobs":{}}`, `* notify-next {"timestamp":NOW}`}},
		{act: describeJob("M", "status"), want: []string{`= {"status":"DELETION_IN_PROGRESS"}`}},
		{act: create("M", ""), want: []string{`! ResourceAlreadyExistsException 409`}},
		{act: deleteJob("M", true), want: []string{`! InvalidStateTransitionException 409`}},
		{act: cancel("M", true), want: []string{`! InvalidRequestException 400`}},
		{act: publish("M/get", ``), want: []string{`> M/get/rejected {"code":"ResourceNotFound","message":"the thing has no such execution of the job M","timestamp":NOW}`}},
		{act: tick, after: time.Minute},
		{act: describeJob("M"), want: []string{`! ResourceNotFoundException 404`}},
		{act: create("M", ""), want: []string{`* notify ...`, `* notify-next ...`}},
		{act: deleteJob("J", false)},
		{act: deleteJob("X", false), want: []string{`! ResourceNotFoundException 404`}},
		{act: cancel("X", false), want: []string{`! ResourceNotFoundException 404`}},
	})
}

// "Job executions are returned in the order in which they were created", those in progress first; jobs-mqtt-api.
func TestQueueOfThree(t *testing.T) {
	entry := func(id, rest string) string {
		return fmt.Sprintf(`{"jobId":%q,"executionNumber":1,%s}`, id, rest)
	}
	run(t, NewStore(Config{}), []step{
		{act: create("A", ""), want: []string{`* notify ...`, `* notify-next ...`}},
		{act: create("B", ""), want: []string{`* notify ...`}},
		{act: create("C", ""), want: []string{`* notify ...`}},
		{act: publish("C/update", `{"status":"IN_PROGRESS","includeJobDocument":true}`), want: []string{`> C/update/accepted {"jobDocument":{"operation":"test"},"timestamp":NOW}`, `* notify-next {"timestamp":NOW,"execution":{"jobId":"C"...`}},
		{act: publish("B/update", `{"status":"IN_PROGRESS"}`), want: []string{`> B/update/accepted {"timestamp":NOW}`, `* notify-next {"timestamp":NOW,"execution":{"jobId":"B"...`}},
		{act: publish("get", `{"clientToken":"x"}`), want: []string{
			`> get/accepted {"inProgressJobs":[` + entry("B", `"queuedAt":NOW-4,"startedAt":NOW-1,"lastUpdatedAt":NOW-1,"versionNumber":2`) + `,` + entry("C", `"queuedAt":NOW-3,"startedAt":NOW-2,"lastUpdatedAt":NOW-2,"versionNumber":2`) +
				`],"queuedJobs":[` + entry("A", `"queuedAt":NOW-5,"lastUpdatedAt":NOW-5,"versionNumber":1`) + `],"timestamp":NOW,"clientToken":"x"}`,
		}},
		// In progress: returned as it is, its details are not changed.
		{act: publish("start-next", `{"statusDetails":{"new":"details"}}`), want: []string{
			`> start-next/accepted {"execution":{"jobId":"B","thingName":"thing","jobDocument":{"operation":"test"},"status":"IN_PROGRESS","queuedAt":NOW-5,"startedAt":NOW-2,"lastUpdatedAt":NOW-2,"versionNumber":2,"executionNumber":1},"timestamp":NOW}`,
		}},
		{act: publish("B/update", `{"status":"SUCCEEDED"}`), want: []string{`> B/update/accepted {"timestamp":NOW}`, `* notify ...`, `* notify-next {"timestamp":NOW,"execution":{"jobId":"C"...`}},
		{act: publish("C/update", `{"status":"FAILED"}`), want: []string{`> C/update/accepted {"timestamp":NOW}`, `* notify ...`, `* notify-next {"timestamp":NOW,"execution":{"jobId":"A"...`}},
		{act: publish("start-next", `{"statusDetails":{"k":"v"}}`), want: []string{
			`> start-next/accepted {"execution":{"jobId":"A","thingName":"thing","jobDocument":{"operation":"test"},"status":"IN_PROGRESS","statusDetails":{"k":"v"},"queuedAt":NOW-9,"startedAt":NOW,"lastUpdatedAt":NOW,"versionNumber":2,"executionNumber":1},"timestamp":NOW}`,
		}},
		{act: publish("A/update", `{"status":"SUCCEEDED"}`), want: []string{`> A/update/accepted {"timestamp":NOW}`, `* notify {"timestamp":NOW,"jobs":{}}`, `* notify-next {"timestamp":NOW}`}},
		{act: publish("start-next", `{"clientToken":"t"}`), want: []string{`> start-next/accepted {"timestamp":NOW,"clientToken":"t"}`}},
		{act: publish("get", ``), want: []string{`> get/accepted {"inProgressJobs":[],"queuedJobs":[],"timestamp":NOW}`}},
	})
}

// The same operations over HTTP: no timestamp, no token, the document as a string (jobs-http-device-api; mqtt-clouds.md 2.4).
func TestDataPlaneOverHTTP(t *testing.T) {
	run(t, NewStore(Config{}), []step{
		{act: pendingOverHTTP, want: []string{`= {"inProgressJobs":[],"queuedJobs":[]}`}},
		{act: startOverHTTP(``), want: []string{`= {}`}},
		{act: describeOverHTTP("$next", "", ""), want: []string{`= {}`}},
		{act: create("J", ""), want: []string{`* notify ...`, `* notify-next ...`}},
		{act: pendingOverHTTP, want: []string{`= {"inProgressJobs":[],"queuedJobs":[{"jobId":"J","queuedAt":NOW-1,"lastUpdatedAt":NOW-1,"versionNumber":1,"executionNumber":1}]}`}},
		{act: describeOverHTTP("$next", "", "false"), want: []string{`= {"execution":{"jobId":"J","thingName":"thing","status":"QUEUED","queuedAt":NOW-2,"lastUpdatedAt":NOW-2,"versionNumber":1,"executionNumber":1}}`}},
		{act: startOverHTTP(`{"statusDetails":{"a":"b"}}`), want: []string{`= {"execution":{"jobId":"J","thingName":"thing","status":"IN_PROGRESS","statusDetails":{"a":"b"},"queuedAt":NOW-3,"startedAt":NOW,"lastUpdatedAt":NOW,"versionNumber":2,"executionNumber":1,"jobDocument":"{\"operation\":\"test\"}"}}`}},
		{act: describeOverHTTP("J", "1", "true"), want: []string{`= {"execution":{"jobId":"J","thingName":"thing","status":"IN_PROGRESS","statusDetails":{"a":"b"},"queuedAt":NOW-4,"startedAt":NOW-1,"lastUpdatedAt":NOW-1,"versionNumber":2,"executionNumber":1,"jobDocument":"{\"operation\":\"test\"}"}}`}},
		{act: updateOverHTTP("J", `{"status":"IN_PROGRESS","expectedVersion":1}`), want: []string{`! VersionConflictException 409`}},
		{act: updateOverHTTP("J", `{"status":"IN_PROGRESS","includeJobDocument":true,"includeJobExecutionState":true}`), want: []string{`= {"executionState":{"status":"IN_PROGRESS","statusDetails":{"a":"b"},"versionNumber":3},"jobDocument":"{\"operation\":\"test\"}"}`}},
		{act: updateOverHTTP("J", `{"status":"SUCCEEDED"}`), want: []string{`= {}`, `* notify {"timestamp":NOW,"jobs":{}}`, `* notify-next {"timestamp":NOW}`}},
		{act: updateOverHTTP("J", `{"status":"SUCCEEDED"}`), want: []string{`! InvalidStateTransitionException 409`}},
		{act: describeOverHTTP("J", "", ""), want: []string{`! TerminalStateException 410`}},
		{act: describeOverHTTP("J", "2", ""), want: []string{`! ResourceNotFoundException 404`}},
		{act: describeOverHTTP("J", "x", ""), want: []string{`! InvalidRequestException 400`}},
		{act: describeOverHTTP("J", "", "yes"), want: []string{`! InvalidRequestException 400`}},
		{act: describeOverHTTP("$last", "", ""), want: []string{`! InvalidRequestException 400`}},
		{act: updateOverHTTP("K", `{"status":"SUCCEEDED"}`), want: []string{`! ResourceNotFoundException 404`}},
		{act: updateOverHTTP("$next", `{"status":"SUCCEEDED"}`), want: []string{`! InvalidRequestException 400`}},
		{act: updateOverHTTP("K", `{"status`), want: []string{`! InvalidRequestException 400`}},
		{act: startOverHTTP(`[]`), want: []string{`! InvalidRequestException 400`}},
		{act: startOverHTTP(`{"stepTimeoutInMinutes":-1}`), want: []string{`! InvalidRequestException 400`}},
	})
}
