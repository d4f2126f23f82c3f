package jobs

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/http"
)

// usual is what the options say by default.
var usual = rules{
	limits: limits{document: 1350, image: 1 << 20, hosts: http.Hosts{"*.example"}, tag: 42},
	status: 1350, autoSchedule: true, running: "1.0.0", firmwareOnly: true, tags: []int{42},
}

// script drives a machine by words, and writes down what it wants in words.
type script struct {
	t testing.TB
	*machine
	now   time.Time
	token string // of the last request
	topic string // of the last request
	last  update
}

func newScript(t testing.TB, r rules, kept record) *script {
	return &script{t: t, machine: newMachine(r, kept, func() float64 { return 0 }), now: time.Unix(1_800_000_000, 0)}
}

const goodDocument = `{"operation":"app_fw_update","fwversion":"2.0.0","size":1000,"location":{"url":"https://files.example/app.bin?sig=secret"}}`

// do takes one word:
//
//	up, down                  the connection
//	next:JOB:NUMBER:VERSION:STATUS   the answer to $next/get; next:none
//	notify:…                  the same by notify-next
//	ok, ok:VERSION            the update is accepted; with the version of its executionState
//	no:CODE, no:CODE:STATUS:VERSION  the update, or $next/get, is rejected
//	PERCENT%, finished, error:CAUSE, error!:CAUSE (worth a retry), cancelled   of the download
//	outcome:NAME              of the target
//	postponed, postponed! (another restart may help)  the target says that it waits
//	scheduled, unschedulable  by the target
//	released, held            by the target: it has the image no more, or still
//	+DURATION                 time passes
func (s *script) do(word string) {
	s.t.Helper()
	parts := strings.Split(word, ":")
	switch verb := parts[0]; verb {
	case "up":
		s.usable()
	case "down":
		s.unusable()
	case "next":
		s.message(s.now, topicNextAccepted, s.headMessage(s.token, parts[1:]))
	case "notify":
		s.message(s.now, topicNotify, s.headMessage("", parts[1:]))
	case "ok":
		body := map[string]any{"clientToken": s.token}
		if len(parts) > 1 {
			body["executionState"] = map[string]any{"status": s.last.Status, "versionNumber": json.Number(parts[1])}
		}
		s.message(s.now, s.topic+"/accepted", marshal(body))
	case "no":
		body := map[string]any{"clientToken": s.token, "code": parts[1], "message": "no"}
		if len(parts) > 3 {
			body["executionState"] = map[string]any{"status": parts[2], "versionNumber": json.Number(parts[3])}
		}
		s.message(s.now, s.topic+"/rejected", marshal(body))
	case "finished":
		s.finished(s.now, fota.TypeMCUboot)
	case "error", "error!":
		causes := map[string]fota.Cause{"CONNECT": fota.CauseConnectFailed, "DOWNLOAD": fota.CauseDownloadFailed, "INVALID": fota.CauseInvalidUpdate, "DFU": fota.CauseDFU}
		written := fota.Type(0)
		if parts[1] == "DFU" { // while it was scheduled
			written = fota.TypeMCUboot
		}
		s.broken(s.now, &fota.Error{Cause: causes[parts[1]], Problem: "it broke", Retry: verb == "error!"}, written)
	case "cancelled":
		s.cancelled()
	case "outcome":
		outcomes := map[string]fota.Outcome{
			"none": fota.OutcomeNone, "pending": fota.OutcomePending, "trial": fota.OutcomeTrial, "installed": fota.OutcomeInstalled, "failed": fota.OutcomeFailed,
		}
		var reason error
		if parts[1] == "failed" {
			reason = errors.New("it crashed")
		}
		s.settled(s.now, fate{is: outcomes[parts[1]], reason: reason})
	case "postponed", "postponed!":
		s.settled(s.now, fate{is: fota.OutcomePending, reason: errors.New("low battery"), restart: verb == "postponed!"})
	case "released", "held":
		s.machine.released(s.now, verb == "held")
	case "scheduled":
		s.machine.scheduled(s.now, nil)
	case "unschedulable":
		s.machine.scheduled(s.now, errors.New("the slot is gone"))
	default:
		if percent, is := strings.CutSuffix(word, "%"); is {
			var n int
			if _, err := fmt.Sscan(percent, &n); err != nil {
				s.t.Fatal(err)
			}
			s.progressed(n)
			return
		}
		wait, err := time.ParseDuration(strings.TrimPrefix(word, "+"))
		if err != nil {
			s.t.Fatalf("there is no word %q", word)
		}
		s.now = s.now.Add(wait)
	}
}

func (s *script) headMessage(token string, parts []string) []byte {
	body := map[string]any{"timestamp": 1, "clientToken": token}
	if parts[0] != "none" {
		document := goodDocument
		if len(parts) > 4 {
			document = map[string]string{
				"bad": `{}`, "http": `{"location":{"url":"http://files.example/a"}}`, "running": strings.Replace(goodDocument, "2.0.0", "v1.0.0", 1),
				"fresh": strings.Replace(goodDocument, "secret", "other", 1), "": "null",
			}[parts[4]]
		}
		body["execution"] = map[string]any{
			"jobId": parts[0], "executionNumber": json.Number(parts[1]), "versionNumber": json.Number(parts[2]), "status": parts[3],
			"jobDocument": json.RawMessage(document), "thingName": "thing", "queuedAt": 1,
		}
	}
	return marshal(body)
}

// wants gives what the machine wants, in words.
func (s *script) wants() string {
	s.t.Helper()
	var words []string
	for range 20 {
		out := s.effects(s.now)
		if len(out) == 0 {
			return strings.Join(words, " ")
		}
		for _, each := range out {
			if word := s.word(each); word != "" {
				words = append(words, word)
			}
		}
	}
	s.t.Fatalf("the machine never rests: %v", words)
	return ""
}

func (s *script) word(what effect) string {
	switch e := what.(type) {
	case publish:
		s.topic = e.topic
		s.last = update{}
		if err := json.Unmarshal(e.payload, &s.last); err != nil {
			s.t.Fatalf("%s: %v", e.payload, err)
		}
		s.token = s.last.ClientToken
		if e.topic == "$next/get" {
			if strings.Contains(string(e.payload), `"includeJobDocument":false`) {
				return "get-bare"
			}
			return "get"
		}
		text := fmt.Sprintf("%s=%s", strings.TrimSuffix(e.topic, "/update"), s.last.Status)
		if s.last.ExpectedVersion != nil {
			text += fmt.Sprintf("@%d", *s.last.ExpectedVersion)
		}
		if step := s.last.StatusDetails[detailStep]; step != "" && step != "download" {
			text += "/" + step
		} else if progress := s.last.StatusDetails[detailProgress]; progress != "" && progress != "0" {
			text += "/" + progress
		}
		if s.last.ExecutionNumber > 1 {
			text += fmt.Sprintf("#%d", s.last.ExecutionNumber)
		}
		return text
	case fetch:
		if e.job.Limit != s.image || !slices.Equal(e.job.Tags, s.tags) || e.job.ID != s.current.job {
			s.t.Errorf("download of %+v", e.job)
		}
		_, query, _ := strings.Cut(e.job.URL, "?sig=")
		return "fetch(" + query + ")"
	case cancel:
		return "cancel"
	case keep:
		return "keep(" + [...]string{"nothing", "started", "scheduled", "reported"}[e.record.stage] + ")"
	case inquire:
		return "inquire"
	case schedule:
		return "schedule"
	case forget:
		return "forget"
	case release:
		return "release"
	case notify:
		return strings.TrimPrefix(e.event.Type.String(), "CLOUD_EVT_FOTA_")
	case refuse:
		return "refuse"
	case note:
		return ""
	}
	s.t.Fatalf("an effect of the type %T", what)
	return ""
}

// play does the words of a line of "WORD -> what is wanted then"; without an arrow nothing is.
func (s *script) play(lines ...string) {
	s.t.Helper()
	for i, line := range lines {
		words, want, _ := strings.Cut(line, "->")
		var got []string
		for word := range strings.FieldsSeq(words) {
			s.do(word)
			if wanted := s.wants(); wanted != "" {
				got = append(got, wanted)
			}
		}
		if text := strings.Join(got, " "); text != strings.Join(strings.Fields(want), " ") {
			s.t.Fatalf("line %d, %s:\n got %s\nwant %s\nin phase %v", i+1, strings.TrimSpace(words), text, strings.TrimSpace(want), s.phase)
		}
	}
}

// kept is the record of a job whose image was scheduled.
var kept = record{stage: stageScheduled, execution: execution{job: "J", number: 1, version: -1}, expected: "2.0.0", kind: fota.TypeMCUboot}

func with(r rules, change func(*rules)) rules {
	change(&r)
	return r
}

// toDownload brings a machine to where the image comes.
const toDownload = "up next:J:1:1:QUEUED ok:2 -> get keep(started) J=IN_PROGRESS@1 START fetch(secret)"

func TestMachine(t *testing.T) {
	started := record{stage: stageStarted, execution: execution{job: "J", number: 1, version: -1}, expected: "2.0.0"}
	reported := record{stage: stageReported, execution: execution{job: "J", number: 1, version: -1}, status: succeeded}
	same := started
	same.expected = "v1.0.0"
	early := with(usual, func(r *rules) { r.reportEarly = true })
	for name, test := range map[string]struct {
		rules rules
		kept  record
		lines []string
	}{
		"nothing to do": {usual, record{}, []string{"up next:none -> get", "notify:none"}},
		"from the queue to the restart": {usual, record{}, []string{
			toDownload,
			"5% 10% -> J=IN_PROGRESS@2/10", "20% 30%", "ok:3", "+5s -> J=IN_PROGRESS@3/30", "ok:4 100%",
			"finished -> J=IN_PROGRESS@4/restart", "ok:5 -> DONE", "up down up",
		}},
		"by notify-next":                          {usual, record{}, []string{"up next:none -> get", "notify:J:1:1:QUEUED -> keep(started) J=IN_PROGRESS@1", "ok -> START fetch(secret)", "finished -> J=IN_PROGRESS@2/restart"}},
		"progress is told as events":              {with(usual, func(r *rules) { r.progress = true }), record{}, []string{toDownload, "1% 2% -> DL_PROGRESS DL_PROGRESS"}},
		"restart without an answer":               {usual, record{}, []string{toDownload, "finished -> J=IN_PROGRESS@2/restart", "+9s", "+1s -> DONE"}},
		"restart without a connection":            {usual, record{}, []string{toDownload, "down finished -> DONE"}},
		"restart while the progress is told":      {usual, record{}, []string{toDownload, "50% -> J=IN_PROGRESS@2/50", "finished", "ok:3 -> J=IN_PROGRESS@3/restart", "ok:4 -> DONE"}},
		"installed":                               {usual, kept, []string{"up -> inquire", "outcome:installed -> get", "next:J:1:5:IN_PROGRESS -> J=SUCCEEDED@5", "ok:6 -> keep(reported) get", "next:none"}},
		"failed":                                  {usual, kept, []string{"up -> inquire", "outcome:failed -> ERROR get", "next:J:1:5:IN_PROGRESS -> J=FAILED@5", "ok:6 -> keep(reported) get", "next:none"}},
		"installed, told in vain":                 {usual, kept, []string{"up -> inquire", "outcome:installed -> get", "next:none -> J=SUCCEEDED", "no:ResourceNotFound -> keep(reported) get"}},
		"installed, the job timed out meanwhile":  {usual, kept, []string{"up outcome:installed next:none -> inquire get J=SUCCEEDED", "no:InvalidStateTransition:TIMED_OUT:7 -> keep(reported) get"}},
		"installed, told before the power cut":    {usual, kept, []string{"up outcome:installed next:none -> inquire get J=SUCCEEDED", "no:InvalidStateTransition:SUCCEEDED:7 -> keep(reported) get"}},
		"failed, tried again by the service":      {usual, kept, []string{"up outcome:failed next:J:2:1:QUEUED -> inquire ERROR get J=FAILED", "no:InvalidStateTransition:FAILED:7 -> keep(reported) get", "next:J:2:1:QUEUED -> keep(started) J=IN_PROGRESS@1#2", "ok -> START fetch(secret)"}},
		"on trial, not confirmed yet":             {usual, kept, []string{"up outcome:trial -> inquire", "+59s", "+1s -> inquire", "outcome:installed -> get"}},
		"the next job is not begun before":        {usual, kept, []string{"up outcome:trial -> inquire", "notify:K:1:1:QUEUED", "down up -> inquire"}},
		"the image is lost":                       {usual, kept, []string{"up outcome:none -> inquire keep(started) get", "next:J:1:5:IN_PROGRESS -> J=IN_PROGRESS@5", "ok:6 -> START fetch(secret)"}},
		"cut before it was scheduled":             {usual, kept, []string{"up outcome:pending -> inquire schedule", "scheduled -> keep(scheduled) get", "next:J:1:5:IN_PROGRESS -> J=IN_PROGRESS@5/restart", "ok:6 -> DONE"}},
		"cut before it was scheduled, and no way": {usual, kept, []string{"up outcome:pending -> inquire schedule", "unschedulable -> release", "released -> keep(started) ERROR get", "next:J:1:5:IN_PROGRESS -> J=FAILED@5"}},
		"never installed":                         {usual, with3(kept), []string{"up outcome:pending -> inquire release", "released -> keep(started) ERROR get", "next:J:1:5:IN_PROGRESS -> J=FAILED@5"}},
		"the application says when":               {with(usual, func(r *rules) { r.autoSchedule = false }), kept, []string{"up outcome:pending next:J:1:5:IN_PROGRESS -> inquire get J=IN_PROGRESS@5/wait", "ok:6 +60s outcome:pending -> inquire"}},
		"never installed, and not taken back": {usual, with3(kept), []string{
			"up outcome:pending -> inquire release", "held -> get", "next:J:1:5:IN_PROGRESS -> J=IN_PROGRESS@5/wait", "ok:6",
			"+60s -> inquire", "outcome:pending -> release", "held", "+60s -> inquire", "outcome:installed -> J=SUCCEEDED@6",
		}},
		"put off, and tried at longer and longer times": {usual, kept, []string{
			"up postponed! -> inquire get", "next:J:1:5:IN_PROGRESS -> J=IN_PROGRESS@5/wait", "ok:6 +59m -> inquire", "postponed! +1m -> inquire schedule",
			"scheduled -> keep(scheduled) J=IN_PROGRESS@6/restart", "ok:7 -> DONE",
		}},
		"put off for the fourth time": {usual, with3(kept), []string{
			"up postponed! next:J:1:5:IN_PROGRESS ok:6 -> inquire get J=IN_PROGRESS@5/wait", "+7h59m postponed! -> inquire", "+1m postponed! -> inquire schedule",
			"scheduled -> keep(scheduled) J=IN_PROGRESS@6/restart",
		}},
		"put off without a connection":  {usual, kept, []string{"up postponed! down -> inquire get", "+1h -> schedule", "scheduled -> keep(scheduled) DONE"}},
		"put off for a week, installed": {usual, kept, []string{"up postponed next:J:1:5:IN_PROGRESS ok:6 -> inquire get J=IN_PROGRESS@5/wait", "+168h -> inquire", "outcome:installed -> J=SUCCEEDED@6"}},
		"put off, and damaged":          {usual, kept, []string{"up postponed! next:J:1:5:IN_PROGRESS ok:6 -> inquire get J=IN_PROGRESS@5/wait", "+1h postponed! -> inquire schedule", "unschedulable -> release", "released -> keep(started) ERROR J=FAILED@6"}},
		"put off, and cancelled": {usual, kept, []string{
			"up postponed next:J:1:5:IN_PROGRESS ok:6 -> inquire get J=IN_PROGRESS@5/wait", "notify:K:1:1:QUEUED -> get",
			"next:K:1:1:QUEUED -> forget ERROR keep(nothing) get", "next:K:1:1:QUEUED -> keep(started) K=IN_PROGRESS@1",
		}},
		"put off, and cancelled while it was off": {usual, kept, []string{"up postponed -> inquire get", "next:none -> forget ERROR keep(nothing) get"}},
		"put off, another before ours":            {usual, kept, []string{"up postponed -> inquire get", "next:K:1:3:IN_PROGRESS -> J=IN_PROGRESS/wait", "no:InvalidStateTransition:TIMED_OUT:9 -> forget ERROR keep(nothing) get"}},
		"put off, and the service's timer":        {with(usual, func(r *rules) { r.stepTimeout = 10 }), kept, []string{"up postponed next:J:1:5:IN_PROGRESS ok:6 -> inquire get J=IN_PROGRESS@5/wait", "+5m postponed -> inquire J=IN_PROGRESS@6/wait"}},
		"put off, and the telling is never taken": {usual, kept, []string{"up postponed next:J:1:5:IN_PROGRESS no:InvalidRequest -> inquire get J=IN_PROGRESS@5/wait refuse", "+60s postponed -> inquire"}},
		"cancelled before the restart":            {usual, record{}, []string{toDownload, "finished -> J=IN_PROGRESS@2/restart", "no:InvalidStateTransition:CANCELED:3 -> forget ERROR keep(nothing) get", "next:none"}},

		"early":            {early, record{}, []string{toDownload, "finished -> J=SUCCEEDED@2", "ok:3 -> keep(reported) DONE"}},
		"early, cancelled": {early, record{}, []string{toDownload, "finished -> J=SUCCEEDED@2", "no:InvalidStateTransition:CANCELED:3 -> forget ERROR keep(nothing) get"}},
		"early, told before the connection broke": {early, record{}, []string{toDownload, "finished -> J=SUCCEEDED@2", "down up -> J=SUCCEEDED@2", "no:InvalidStateTransition:SUCCEEDED:3 -> keep(reported) DONE"}},
		"early, no connection":                    {early, record{}, []string{toDownload, "down finished", "+9m59s", "+1s -> DONE"}},

		"restarted while downloading":               {usual, started, []string{"up next:J:1:4:IN_PROGRESS -> get J=IN_PROGRESS@4", "ok:5 -> START fetch(secret)"}},
		"reported, but the service has forgotten":   {usual, reported, []string{"up next:J:1:4:IN_PROGRESS -> get J=SUCCEEDED@4", "ok:5 -> get", "next:J:1:4:IN_PROGRESS -> J=SUCCEEDED@4", "ok:5 -> get", "next:J:1:4:IN_PROGRESS", "+4s -> J=SUCCEEDED@4"}},
		"reported, and begun anew by the service":   {usual, reported, []string{"up next:J:2:1:QUEUED -> get keep(started) J=IN_PROGRESS@1#2"}},
		"nothing is left, and the version runs":     {usual, record{}, []string{"up next:J:1:4:IN_PROGRESS:running -> get J=SUCCEEDED@4"}},
		"nothing is left, and it may be a modem's":  {with(usual, func(r *rules) { r.firmwareOnly = false }), record{}, []string{"up next:J:1:4:IN_PROGRESS:running -> get keep(started) J=IN_PROGRESS@4"}},
		"queued, and the version runs":              {usual, record{}, []string{"up next:J:1:4:QUEUED:running -> get keep(started) J=IN_PROGRESS@4"}},
		"cut while downloading, same version":       {usual, same, []string{"up next:J:1:4:IN_PROGRESS:running -> get J=IN_PROGRESS@4"}},
		"nothing is left of it, and it is unsuited": {usual, record{}, []string{"up next:J:1:4:IN_PROGRESS:bad -> get ERROR J=FAILED@4"}},

		"unsuited":                            {usual, record{}, []string{"up next:J:1:1:QUEUED:bad -> get ERROR J=REJECTED@1", "ok:2 -> keep(reported) get", "next:none"}},
		"unsuited, and the state has moved":   {usual, record{}, []string{"up next:J:1:1:QUEUED:http -> get ERROR J=REJECTED@1", "no:InvalidStateTransition:IN_PROGRESS:2 -> J=FAILED@2", "ok:3 -> keep(reported) get"}},
		"a queue of jobs":                     {usual, record{}, []string{"up next:J:1:1:QUEUED:bad ok next:K:1:1:QUEUED:bad ok next:L:1:1:QUEUED ok -> get ERROR J=REJECTED@1 keep(reported) get ERROR K=REJECTED@1 keep(reported) get keep(started) L=IN_PROGRESS@1 START fetch(secret)"}},
		"refused by the downloader":           {usual, record{}, []string{toDownload, "error:INVALID -> ERROR J=FAILED@2", "ok:3 -> keep(reported) get"}},
		"cannot be scheduled":                 {usual, record{}, []string{toDownload, "9%", "error:DFU -> release", "released -> keep(started) ERROR J=FAILED@2", "ok:3 -> keep(reported) get"}},
		"cannot be scheduled, nor taken back": {usual, record{}, []string{toDownload, "9%", "error:DFU -> release", "held -> get", "next:J:1:2:IN_PROGRESS -> J=IN_PROGRESS@2/wait"}},
		"the server has nothing":              {usual, record{}, []string{toDownload, "error:DOWNLOAD -> ERROR J=FAILED@2"}},
		"the server cannot be reached":        {usual, record{}, []string{toDownload, "error!:CONNECT +10s -> get", "next:J:1:2:IN_PROGRESS -> fetch(secret)", "error!:CONNECT +19s", "+1s -> get", "next:J:1:2:IN_PROGRESS:fresh -> fetch(other)", "error!:CONNECT -> ERROR J=FAILED@2"}},
		"the signature has expired":           {usual, record{}, []string{toDownload, "9% error:DOWNLOAD +10s -> get", "next:J:1:2:IN_PROGRESS:fresh -> fetch(other)", "error:DOWNLOAD -> ERROR J=FAILED@2"}},
		"each try gets a little":              {usual, record{}, []string{toDownload, "1% error:DOWNLOAD +10s next:J:1:2:IN_PROGRESS 2% error:DOWNLOAD +10s next:J:1:2:IN_PROGRESS 3% error:DOWNLOAD +10s next:J:1:2:IN_PROGRESS -> get fetch(secret) get fetch(secret) get fetch(secret)"}},
		"gone while it pauses":                {usual, record{}, []string{toDownload, "1% error:DOWNLOAD +10s next:none -> get ERROR keep(nothing) get"}},
		"the link is gone with the download":  {usual, record{}, []string{toDownload, "down 5% error!:DOWNLOAD +1h up -> get", "next:J:1:2:IN_PROGRESS:fresh -> fetch(other)"}},

		"cancelled while downloading":           {usual, record{}, []string{toDownload, "notify:none -> get", "next:none -> cancel", "cancelled -> ERROR keep(nothing) get", "next:none"}},
		"another one while downloading":         {usual, record{}, []string{toDownload, "notify:K:1:1:QUEUED -> get", "next:K:1:1:QUEUED -> cancel", "cancelled -> ERROR keep(nothing) get", "next:K:1:1:QUEUED -> keep(started) K=IN_PROGRESS@1"}},
		"a late notice while downloading":       {usual, record{}, []string{toDownload, "notify:none -> get", "next:J:1:2:IN_PROGRESS", "10% -> J=IN_PROGRESS@2/10"}},
		"another one before ours":               {usual, record{}, []string{toDownload, "notify:K:1:3:IN_PROGRESS -> get", "next:K:1:3:IN_PROGRESS -> J=IN_PROGRESS@2", "ok:3"}},
		"another one instead of ours":           {usual, record{}, []string{toDownload, "notify:K:1:3:IN_PROGRESS -> get", "next:K:1:3:IN_PROGRESS -> J=IN_PROGRESS@2", "no:InvalidStateTransition:CANCELED:3 -> cancel", "cancelled -> ERROR keep(nothing) get"}},
		"cancelled, but finished before":        {usual, record{}, []string{toDownload, "notify:none next:none -> get cancel", "finished -> forget ERROR keep(nothing) get"}},
		"cancelled, but failed before":          {usual, record{}, []string{toDownload, "notify:none next:none -> get cancel", "error:INVALID -> ERROR keep(nothing) get"}},
		"cancelled as the progress is told":     {usual, record{}, []string{toDownload, "10% -> J=IN_PROGRESS@2/10", "no:ResourceNotFound -> cancel", "cancelled -> ERROR keep(nothing) get"}},
		"cancelled before it began":             {usual, record{}, []string{"up next:J:1:1:QUEUED -> get keep(started) J=IN_PROGRESS@1", "no:InvalidStateTransition:CANCELED:2 -> keep(nothing) get", "next:none"}},
		"the same job again":                    {usual, record{}, []string{toDownload, "notify:J:1:1:QUEUED notify:J:1:2:IN_PROGRESS"}},
		"another execution of the same job":     {usual, record{}, []string{toDownload, "notify:J:2:1:QUEUED -> get", "next:J:2:1:QUEUED -> cancel", "cancelled -> ERROR keep(nothing) get", "next:J:2:1:QUEUED -> keep(started) J=IN_PROGRESS@1#2"}},
		"no such job while the outcome is told": {usual, record{}, []string{"up next:J:1:1:QUEUED:bad -> get ERROR J=REJECTED@1", "no:ResourceNotFound -> keep(reported) get"}},
		"terminal at the head":                  {usual, record{}, []string{"up next:J:1:1:SUCCEEDED -> get get", "next:J:1:1:SUCCEEDED -> get", "next:J:1:1:SUCCEEDED", "+4s -> get"}},
		"the service and the device do not agree": {usual, record{}, []string{
			"up next:J:1:1:QUEUED no:ResourceNotFound -> get keep(started) J=IN_PROGRESS@1 keep(nothing) get", "next:J:1:1:QUEUED no:ResourceNotFound -> keep(started) J=IN_PROGRESS@1 keep(nothing) get",
			"next:J:1:1:QUEUED -> keep(started)", "+3s", "+1s -> J=IN_PROGRESS@1",
		}},

		"version mismatch":                      {usual, record{}, []string{"up next:J:1:1:QUEUED -> get keep(started) J=IN_PROGRESS@1", "no:VersionMismatch:QUEUED:3 -> J=IN_PROGRESS@3", "no:VersionMismatch:QUEUED:4", "+2s -> J=IN_PROGRESS@4", "ok:5 -> START fetch(secret)"}},
		"version mismatch, but taken before":    {usual, record{}, []string{"up next:J:1:1:QUEUED -> get keep(started) J=IN_PROGRESS@1", "no:VersionMismatch:IN_PROGRESS:3 -> START fetch(secret)"}},
		"version mismatch, told before":         {usual, kept, []string{"up outcome:installed next:J:1:3:IN_PROGRESS -> inquire get J=SUCCEEDED@3", "no:VersionMismatch:SUCCEEDED:4 -> keep(reported) get"}},
		"version mismatch, cancelled":           {usual, record{}, []string{toDownload, "10% -> J=IN_PROGRESS@2/10", "no:VersionMismatch:CANCELED:5 -> cancel"}},
		"version mismatch without a state":      {usual, record{}, []string{"up next:J:1:1:QUEUED -> get keep(started) J=IN_PROGRESS@1", "no:VersionMismatch +1s -> get", "next:J:1:7:QUEUED -> J=IN_PROGRESS@7"}},
		"version mismatch of the outcome":       {usual, kept, []string{"up outcome:installed next:J:1:3:IN_PROGRESS -> inquire get J=SUCCEEDED@3", "no:VersionMismatch:IN_PROGRESS:9 -> J=SUCCEEDED@9"}},
		"throttled":                             {usual, record{}, []string{"up next:J:1:1:QUEUED -> get keep(started) J=IN_PROGRESS@1", "no:RequestThrottled +1s -> J=IN_PROGRESS@1", "no:RequestThrottled +1s", "+1s -> J=IN_PROGRESS@1", "no:InternalError +3s", "+1s -> J=IN_PROGRESS@1", "ok -> START fetch(secret)"}},
		"throttled, the queue":                  {usual, record{}, []string{"up no:RequestThrottled -> get refuse", "+1s -> get", "next:none"}},
		"throttled, and the outcome is told":    {usual, kept, []string{"up outcome:installed no:RequestThrottled -> inquire get refuse", "+1s -> J=SUCCEEDED"}},
		"no answer":                             {usual, record{}, []string{"up -> get", "+29s", "+1s", "+1s -> get", "+30s +2s -> get", "next:none"}},
		"no answer to an update":                {usual, record{}, []string{"up next:J:1:1:QUEUED -> get keep(started) J=IN_PROGRESS@1", "+30s +1s -> J=IN_PROGRESS@1", "no:VersionMismatch:IN_PROGRESS:2 -> START fetch(secret)"}},
		"reconnected before the answer":         {usual, record{}, []string{"up next:J:1:1:QUEUED -> get keep(started) J=IN_PROGRESS@1", "down up -> get", "next:J:1:2:IN_PROGRESS:fresh -> J=IN_PROGRESS@2", "ok:3 -> START fetch(other)"}},
		"reconnected, and it is gone":           {usual, record{}, []string{"up next:J:1:1:QUEUED -> get keep(started) J=IN_PROGRESS@1", "down up next:none -> get keep(nothing)"}},
		"reconnected, and another is there":     {usual, record{}, []string{"up next:J:1:1:QUEUED -> get keep(started) J=IN_PROGRESS@1", "down up next:K:1:1:QUEUED -> get keep(started) K=IN_PROGRESS@1"}},
		"reconnected while downloading":         {usual, record{}, []string{toDownload, "down 50% up -> get", "next:J:1:9:IN_PROGRESS -> J=IN_PROGRESS@9/50"}},
		"reconnected while the outcome is told": {usual, kept, []string{"up outcome:failed next:J:1:3:IN_PROGRESS -> inquire ERROR get J=FAILED@3", "down up -> J=FAILED@3", "no:VersionMismatch:FAILED:4 -> keep(reported) get"}},
		"a refused update":                      {usual, record{}, []string{"up next:J:1:1:QUEUED -> get keep(started) J=IN_PROGRESS@1", "no:InvalidRequest -> refuse", "+1s -> J=IN_PROGRESS@1", "ok:2 -> START fetch(secret)"}},
		"an outcome that is never taken":        {usual, kept, []string{"up outcome:installed next:J:1:3:IN_PROGRESS -> inquire get J=SUCCEEDED@3", "no:InvalidRequest +1s no:InvalidRequest +2s no:InvalidRequest -> refuse J=SUCCEEDED@3 refuse J=SUCCEEDED@3 refuse keep(reported) get"}},
		"progress that is never taken":          {usual, record{}, []string{toDownload, "10% -> J=IN_PROGRESS@2/10", "no:InvalidRequest -> refuse", "20% -> J=IN_PROGRESS@2", "no:InvalidRequest finished -> refuse J=IN_PROGRESS@2", "+10s -> DONE"}},

		"the service's timer is wound up": {with(usual, func(r *rules) { r.stepTimeout = 10 }), record{}, []string{toDownload, "+299s", "+1s -> J=IN_PROGRESS@2", "ok:3 +5m -> J=IN_PROGRESS@3"}},
	} {
		t.Run(name, func(t *testing.T) {
			newScript(t, test.rules, test.kept).play(test.lines...)
		})
	}
}

// with3 is a record of an image for which the device has restarted three times.
func with3(r record) record {
	r.restarts = maxRestarts
	return r
}
