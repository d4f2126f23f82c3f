package jobs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// A presigned URL is made when the document is delivered: for each delivery another (create-manage-jobs, "Presigned URLs"). The control plane gives
// the document with its placeholders (manage-job-cli, "Get a job document").
func TestPresignedURLs(t *testing.T) {
	s := NewStore(Config{Presign: func(url string, until time.Time) string { return fmt.Sprintf("%s?a=1&until=%d", url, until.Unix()) }})
	document := `{"first":"${aws:iot:s3-presigned-url:https://h/a}", "more":["x \u0024{aws:iot:s3-presigned-url-v2:https:\/\/h/b} y","${aws:iot:s3-presigned-url:https://h/a}${aws:iot:s3-presigned-url:https://h/c}"],"n":1.50,"same":"\u0041 ${x}"}`
	request := `{"targets":["` + thingARN + `thing"],"document":` + string(encode(document)) + `,"presignedUrlConfig":{"roleArn":"arn:aws:iam::000000000000:role/lab","expiresInSec":100}}`
	delivered := func(until string) string {
		return `{"first":"https://h/a?a=1&until=` + until + `","more":["x https://h/b?a=1&until=` + until + ` y","https://h/a?a=1&until=` + until + `https://h/c?a=1&until=` + until + `"],"n":1.50,"same":"\u0041 ${x}"}`
	}
	messages := createRaw("J", request)(s, start)
	if want := delivered("1700000100"); !strings.HasSuffix(messages[1], `"jobDocument":`+want+`}}`) {
		t.Errorf("notify-next is\n%s, want in it\n%s", messages[1], want)
	}
	answer := publish("$next/get", ``)(s, start.Add(time.Minute))
	if want := delivered("1700000160"); !strings.Contains(answer[0], `"jobDocument":`+want+`}`) {
		t.Errorf("the answer a minute later is\n%s, want in it\n%s", answer[0], want)
	}
	if got, err := s.GetJobDocument("J"); got != document || err != nil {
		t.Errorf("GetJobDocument: %s, %v", got, err)
	}
}

func TestLists(t *testing.T) {
	s := NewStore(Config{Known: func(thing string) bool { return thing == "thing" }})
	for i := range 5 {
		create(fmt.Sprintf("J%d", i), "")(s, start.Add(time.Duration(i)*time.Second))
	}
	create("C", `,"targetSelection":"CONTINUOUS"`)(s, start.Add(9*time.Second))
	cancel("J1", false)(s, start.Add(20*time.Second))
	publish("J2/update", `{"status":"SUCCEEDED"}`)(s, start.Add(21*time.Second))

	jobs := func(filter JobFilter, size int) string {
		var parts []string
		for page := (Page{MaxResults: size}); ; {
			list, err := s.ListJobs(filter, page)
			if err != nil {
				return strings.Join(outcome(nil, nil, err), "")
			}
			var ids []string
			for _, j := range list.Jobs {
				ids = append(ids, j.JobID)
			}
			parts = append(parts, strings.Join(ids, " "))
			if page.NextToken = list.NextToken; list.NextToken == "" {
				return strings.Join(parts, " | ")
			}
		}
	}
	for _, row := range []struct {
		filter JobFilter
		size   int
		want   string
	}{
		{JobFilter{}, 0, "C J4 J3 J0 J2 J1"},
		{JobFilter{}, 4, "C J4 J3 J0 | J2 J1"},
		{JobFilter{}, 6, "C J4 J3 J0 J2 J1"},
		{JobFilter{Status: JobCompleted}, 0, "J2"},
		{JobFilter{Status: JobCanceled}, 0, "J1"},
		{JobFilter{Status: "SCHEDULED"}, 0, ""},
		{JobFilter{TargetSelection: "CONTINUOUS"}, 0, "C"},
		{JobFilter{Status: JobInProgress, TargetSelection: "SNAPSHOT"}, 2, "J4 J3 | J0"},
		{JobFilter{Status: "SUCCEEDED"}, 0, "! InvalidRequestException 400"},
		{JobFilter{TargetSelection: "ALL"}, 0, "! InvalidRequestException 400"},
		{JobFilter{}, 251, "! InvalidRequestException 400"},
		{JobFilter{}, -1, "! InvalidRequestException 400"},
	} {
		if got := jobs(row.filter, row.size); got != row.want {
			t.Errorf("%+v by %d: %q, want %q", row.filter, row.size, got, row.want)
		}
	}
	for token, refused := range map[string]bool{"x": true, "-1": true, "99": false} {
		if _, err := s.ListJobs(JobFilter{}, Page{NextToken: token}); (err != nil) != refused {
			t.Errorf("nextToken %s: %v", token, err)
		}
	}

	executions := func(list ExecutionList, err error) string {
		var all []string
		for _, line := range list.Summaries {
			all = append(all, fmt.Sprintf("%s%s %s", line.JobID, strings.TrimPrefix(line.ThingARN, thingARN), line.Summary.Status))
		}
		return strings.Join(append(all, outcome(nil, nil, err)...), ", ")
	}
	for name, row := range map[string]struct{ got, want string }{
		"of a thing":    {executions(s.ListJobExecutionsForThing("thing", "", "", Page{})), "J0 QUEUED, J1 CANCELED, J2 SUCCEEDED, J3 QUEUED, J4 QUEUED, C QUEUED"},
		"by status":     {executions(s.ListJobExecutionsForThing("thing", "", Queued, Page{MaxResults: 2})), "J0 QUEUED, J3 QUEUED"},
		"by job":        {executions(s.ListJobExecutionsForThing("thing", "J3", "", Page{})), "J3 QUEUED"},
		"of nobody":     {executions(s.ListJobExecutionsForThing("other", "", "", Page{})), "! ResourceNotFoundException 404"},
		"of a job":      {executions(s.ListJobExecutionsForJob("J2", "", Page{})), "thing SUCCEEDED"},
		"of no job":     {executions(s.ListJobExecutionsForJob("X", "", Page{})), "! ResourceNotFoundException 404"},
		"by no status":  {executions(s.ListJobExecutionsForJob("J2", "DONE", Page{})), "! InvalidRequestException 400"},
		"none":          {executions(s.ListJobExecutionsForJob("J2", Queued, Page{})), ""},
		"no execution":  {strings.Join(describe("X", 0)(s, start), ""), "! ResourceNotFoundException 404"},
		"no job at all": {strings.Join(describeJob("X")(s, start), ""), "! ResourceNotFoundException 404"},
	} {
		if row.got != row.want {
			t.Errorf("%s: %q, want %q", name, row.got, row.want)
		}
	}
	if got, err := s.GetJobDocument("X"); err == nil {
		t.Errorf("the document of no job: %s", got)
	}
}

// At most 10 executions are listed (job-limits), those in progress first.
func TestLongQueue(t *testing.T) {
	s := NewStore(Config{})
	for i := range 12 {
		create(fmt.Sprintf("J%d", i), "")(s, start)
	}
	got := publish("J11/update", `{"status":"IN_PROGRESS"}`)(s, start)
	got = append(got, publish("get", ``)(s, start)...)
	if n := strings.Count(got[2], "jobId"); n != 10 || !strings.Contains(got[2], `{"inProgressJobs":[{"jobId":"J11"`) {
		t.Errorf("%d executions in %s", n, got[2])
	}
	if got := create("J12", "")(s, start); strings.Count(got[0], "jobId") != 10 {
		t.Errorf("notify: %s", got)
	}
}

// A continuous job goes on for things that join its group later; those that leave it are REMOVED (iot-jobs-lifecycle). A snapshot job keeps to its things.
func TestGroups(t *testing.T) {
	members := []string{"a", "b"}
	s := NewStore(Config{Members: func(string) ([]string, bool) { return members, members != nil }})
	group := `{"targets":["arn:aws:iot:eu:0:thinggroup/g","arn:aws:iot:eu:0:thing/b","arn:aws:iot:eu:0:thing/thing"],"document":"{}"`
	heads := func(lines []string) (all []string) {
		for _, line := range lines {
			head, _, _ := strings.Cut(line, " {")
			all = append(all, head)
		}
		return all
	}
	changed := func(now time.Time) []string { return heads(lines(s.GroupsChanged(now))) }
	if got, want := heads(createRaw("C", group+`,"targetSelection":"CONTINUOUS"}`)(s, start)), []string{"*a notify", "*a notify-next", "*b notify", "*b notify-next", "* notify", "* notify-next"}; !slices.Equal(got, want) {
		t.Errorf("created: %q, want %q", got, want)
	}
	createRaw("S", group+`}`)(s, start)
	if got := changed(start); got != nil {
		t.Errorf("nothing changed: %q", got)
	}
	members = []string{"c", "b"}
	if got, want := changed(start), []string{"*a notify", "*a notify-next", "*c notify", "*c notify-next"}; !slices.Equal(got, want) {
		t.Errorf("a left, c joined: %q, want %q", got, want)
	}
	members = nil
	if got := changed(start); got != nil {
		t.Errorf("the group is gone: %q", got)
	}
	members = []string{"a", "b", "c"}
	if got, want := changed(start), []string{"*a notify"}; !slices.Equal(got, want) { // S is still first
		t.Errorf("a came back: %q, want %q", got, want)
	}
	x, err := s.DescribeJobExecution("a", "C", 0, start)
	if err != nil || x.ExecutionNumber != 2 || x.Status != Queued {
		t.Errorf("a came back: %+v, %v", x, err)
	}
	if _, err := s.DeleteJobExecution("c", "C", 1, true, start); err != nil {
		t.Error(err)
	}
	if got := changed(start); got != nil {
		t.Errorf("an execution was deleted: %q", got)
	}
	for _, thing := range []string{"a", "b", "thing"} {
		s.Device(thing).Publish("C/update", []byte(`{"status":"SUCCEEDED"}`), start)
	}
	s.ThingDeleted("thing", start)
	for _, thing := range []string{"a", "b"} {
		s.Device(thing).Publish("S/update", []byte(`{"status":"SUCCEEDED"}`), start)
	}
	run(t, s, []step{
		{act: describeJob("C", "status", "jobProcessDetails"), want: []string{`= {"status":"IN_PROGRESS","jobProcessDetails":` + process(`"numberOfSucceededThings":3`) + `}`}},
		{act: describeJob("S", "status", "jobProcessDetails"), want: []string{`= {"status":"COMPLETED","jobProcessDetails":` + process(`"numberOfSucceededThings":2,"numberOfRemovedThings":1`) + `}`}},
	})
}

// Ten jobs may be DELETION_IN_PROGRESS (API reference, DeleteJob).
func TestDeletionLimit(t *testing.T) {
	s := NewStore(Config{Deletion: time.Minute})
	for i := range 11 {
		create(fmt.Sprint(i), "")(s, start)
		want := ""
		if i == 10 {
			want = "! LimitExceededException 410"
		}
		if got := deleteJob(fmt.Sprint(i), true)(s, start); (want == "") != strings.HasPrefix(got[0], "*") || want != "" && got[0] != want {
			t.Errorf("deletion %d: %s", i, got)
		}
	}
	if due, ok := s.NextDue(); !ok || !due.Equal(start.Add(time.Minute)) {
		t.Errorf("due %v %v", due, ok)
	}
	s.Tick(start.Add(time.Minute))
	if list, err := s.ListJobs(JobFilter{}, Page{}); err != nil || len(list.Jobs) != 1 {
		t.Errorf("left: %+v %v", list, err)
	}
}

// Any state can be set, with what the service publishes for such a change.
func TestInject(t *testing.T) {
	for _, status := range []Status{Queued, InProgress, Succeeded, Failed, TimedOut, Rejected, Removed, Canceled} {
		s := NewStore(Config{})
		create("J", `,"timeoutConfig":{"inProgressTimeoutInMinutes":1},"jobExecutionsRetryConfig":{"criteriaList":[{"failureType":"ALL","numberOfRetries":2}]}`)(s, start)
		first := inject("J", status)(s, start)
		x, err := s.DescribeJobExecution("thing", "J", 0, start)
		if err != nil || x.Status != status || x.VersionNumber != 2 || x.ExecutionNumber != 1 {
			t.Errorf("%s: %+v, %v", status, x, err)
		}
		if _, due := s.NextDue(); due != (status == InProgress) {
			t.Errorf("%s: a timer runs: %v", status, due)
		}
		back := inject("J", Queued)(s, start)
		if status.pending() && (len(first) != 0 || len(back) != 0) || !status.pending() && (len(first) != 2 || len(back) != 2) {
			t.Errorf("%s: %s, and back: %s", status, first, back)
		}
		if j, err := s.DescribeJob("J"); err != nil || j.Status != JobInProgress {
			t.Errorf("%s: the job is %+v, %v", status, j, err)
		}
	}
	run(t, NewStore(Config{}), []step{
		{act: inject("J", Queued), want: []string{"! ResourceNotFoundException 404"}},
		{act: create("J", ""), want: []string{`* notify ...`, `* notify-next ...`}},
		{act: inject("J", "DONE"), want: []string{"! InvalidRequestException 400"}},
	})
}

// After a restart everything goes on, timers too.
func TestSnapshot(t *testing.T) {
	s := NewStore(Config{Deletion: time.Hour})
	create("J", `,"timeoutConfig":{"inProgressTimeoutInMinutes":5},"jobExecutionsRetryConfig":{"criteriaList":[{"failureType":"TIMED_OUT","numberOfRetries":1}]}`)(s, start)
	create("K", "")(s, start)
	create("gone", "")(s, start)
	deleteJob("gone", true)(s, start)
	publish("start-next", `{"statusDetails":{"progress":"1"},"stepTimeoutInMinutes":3}`)(s, start.Add(time.Second))
	before := snapshotOf(t, s)

	restored := NewStore(Config{Deletion: time.Hour})
	if err := restored.Restore([]byte(before)); err != nil {
		t.Fatal(err)
	}
	if after := snapshotOf(t, restored); after != before {
		t.Errorf("restored: %s\nwant %s", after, before)
	}
	run(t, restored, []step{
		{act: tick, after: 3 * time.Minute},
		{act: tick, want: []string{`* notify ...`, `* notify-next {"timestamp":NOW,"execution":{"jobId":"K"...`}},
		{act: describe("J", 0), want: []string{`= {"jobId":"J","status":"QUEUED","thingArn":"` + thingARN + `thing","queuedAt":NOW-1,"lastUpdatedAt":NOW-1,"executionNumber":2,"versionNumber":1}`}},
		{act: create("gone", ""), want: []string{`! ResourceAlreadyExistsException 409`}},
		{act: create("L", ""), want: []string{`* notify ...`}},
	})

	whole := snapshotOf(t, restored)
	again := NewStore(Config{})
	if err := again.Restore([]byte(whole)); err != nil {
		t.Fatal(err)
	}
	queue := func(s *Store) (ids []string) {
		for _, e := range s.pending("thing") {
			ids = append(ids, e.job.ID)
		}
		return ids
	}
	if got, want := queue(again), []string{"K", "J", "L"}; !slices.Equal(got, want) || !slices.Equal(queue(restored), want) {
		t.Errorf("the queue is %s, %s before; want %s", got, queue(restored), want)
	}
	for change, text := range map[string][2]string{
		"no JSON":           {`{"jobs"`, `{jobs`},
		"a wrong type":      {`"executionNumber":2`, `"executionNumber":"2"`},
		"a number too high": {`"executionNumber":2`, `"executionNumber":9`},
		"a number twice":    {`"executionNumber":2`, `"executionNumber":1`},
		"a job twice":       {`"id":"K"`, `"id":"J"`},
		"no job id":         {`"id":"K"`, `"id":"K/"`},
		"no such state":     {`"status":"QUEUED"`, `"status":"DONE"`},
		"no such job state": {`"status":"DELETION_IN_PROGRESS"`, `"status":"GONE"`},
		"no such thing":     {`"thing":"thing"`, `"thing":"/"`},
		"bad details":       {`"progress":"1"`, `"":"1"`},
		"no version":        {`"versionNumber":1`, `"versionNumber":0`},
		"bad document":      {`"document":"{`, `"document":"`},
		"sequence":          {`"sequence":`, `"sequence":-`},
		"null job":          {`"jobs":[`, `"jobs":[null,`},
		"null execution":    {`"executions":[{`, `"executions":[null,{`},
	} {
		damaged := strings.Replace(whole, text[0], text[1], 1)
		if damaged == whole {
			t.Fatalf("%s: %s is not in %s", change, text[0], whole)
		}
		if err := restored.Restore([]byte(damaged)); err == nil {
			t.Errorf("%s: restored", change)
		}
		if snapshotOf(t, restored) != whole {
			t.Fatalf("%s: what was there changed", change)
		}
	}
}
