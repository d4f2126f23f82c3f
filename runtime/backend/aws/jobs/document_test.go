package jobs

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cloudgen/cloudgen/runtime/fota/http"
)

func TestDocuments(t *testing.T) {
	located := func(location string) string { return `{"location":` + location + `}` }
	at := func(address string) string { return located(`{"url":"` + address + `"}`) }
	for _, test := range []struct {
		document string
		want     string // URL and version; or, of a refusal, what it says
	}{
		// The two forms of the SDK.
		{updateTo2, "https://files.example/app/2.0.0.bin?sig=secret 2.0.0"},
		{goodDocument, "https://files.example/app.bin?sig=secret 2.0.0"},
		{located(`{"protocol":"https","host":"files.example","path":"/a"}`), "https://files.example/a "},
		{located(`{"protocol":"https","host":"files.example/","path":"a"}`), "https://files.example/a "},
		{located(`{"host":"https://files.example","path":"a"}`), "https://files.example/a "},
		{located(`{"protocol":"https","host":"files.example:8443","path":"a?b=c"}`), "https://files.example:8443/a?b=c "},
		{located(`{"url":"https://files.example/a","protocol":"http","host":"evil.test","path":"x"}`), "https://files.example/a "},
		{at("HTTPS://FILES.EXAMPLE/A"), "HTTPS://FILES.EXAMPLE/A "},
		{" \n" + at("https://files.example/a%20b") + " ", "https://files.example/a%20b "},
		{`{"fwversion":"v1.0.2","location":{"url":"https://files.example/a"}}`, "https://files.example/a v1.0.2"},
		{`{"fwversion":12,"location":{"url":"https://files.example/a"}}`, "https://files.example/a 12"},
		{`{"fwversion":{"a":1},"location":{"url":"https://files.example/a"}}`, "https://files.example/a "},
		{`{"fwversion":"a\nb","location":{"url":"https://files.example/a"}}`, "https://files.example/a a b"},
		{`{"size":1048576,"location":{"url":"https://files.example/a"}}`, "https://files.example/a "},
		{`{"operation":17,"size":0,"more":[{}],"location":{"url":"https://files.example/a","more":null}}`, "https://files.example/a "},

		{"", "no JSON object"}, {"null", "no JSON object"}, {"[]", "no JSON object"}, {`"text"`, "no JSON object"}, {"{", "no JSON object"}, {"{}", "no location"},
		{strings.Repeat("[", 1000), "no JSON object"}, {`{"location":` + strings.Repeat("[", 1300) + `}`, "no JSON object"},
		{at("https://files.example/" + strings.Repeat("a", 1350)), "1395 bytes: AWS_FOTA_PAYLOAD_SIZE allows 1350"},
		{located("null"), "no location"}, {located(`"https://files.example/a"`), "no location"}, {located("[]"), "no location"},
		{located(`{"url":5}`), "are texts"}, {located(`{"host":{}}`), "are texts"},
		{located(`{}`), "https://host/path"}, {located(`{"protocol":"https","path":"a"}`), "https://host/path"}, {located(`{"protocol":"https","host":"files.example"}`), "https://host/path"},
		{`{"size":"1","location":{"url":"https://files.example/a"}}`, "size in the job document"}, {`{"size":-1,"location":{"url":"https://files.example/a"}}`, "size in the job document"},
		{`{"size":1e99,"location":{"url":"https://files.example/a"}}`, "size in the job document"}, {`{"size":1.5,"location":{"url":"https://files.example/a"}}`, "size in the job document"},
		{`{"size":1048577,"location":{"url":"https://files.example/a"}}`, "1048577 bytes: AWS_FOTA_IMAGE_SIZE_MAX allows 1048576"},

		// Another host, a file path, plain http, other schemes.
		{at("https://evil.test/a"), `"evil.test", which is not in AWS_FOTA_ALLOWED_HOSTS`}, {at("https://files.example.evil.test/a"), "AWS_FOTA_ALLOWED_HOSTS"},
		{at("https://example/a"), "AWS_FOTA_ALLOWED_HOSTS"}, {at("https://127.0.0.1/a"), "AWS_FOTA_ALLOWED_HOSTS"}, {at("https://[::1]/a"), "AWS_FOTA_ALLOWED_HOSTS"},
		{at("/etc/passwd"), "https://host/path"}, {at("file:///etc/passwd"), "https://host/path"}, {at("file://files.example/etc/passwd"), `by "file"`}, {at("app.bin"), "https://host/path"},
		{at("//files.example/a"), "https://host/path"}, {at("https:files.example/a"), "https://host/path"}, {at("https:///a"), "https://host/path"}, {at("https://files.example"), "https://host/path"},
		{at("https://files.example/"), "https://host/path"}, {at("https://:443/a"), "https://host/path"}, {at("https://files.example:x/a"), "https://host/path"}, {at("https://files.example/%zz"), "https://host/path"},
		{at("http://files.example/a"), "AWS_FOTA_ALLOW_HTTP"}, {at("ftp://files.example/a"), `by "ftp"`}, {at("coaps://files.example/a"), `by "coaps"`}, {at("javascript://files.example/a"), "only https"},
		{at("https://user:password@files.example/a"), "user name"}, {at("https://files.example/s0.bin s1.bin"), "blank"}, {at(`https://files.example/a\u0000b`), "https://host/path"},
		{located(`{"protocol":"https","host":"evil.test#","path":"files.example/a"}`), "https://host/path"}, {located(`{"protocol":"https","host":"files.example@evil.test","path":"a"}`), "user name"},
		{located(`{"protocol":"https","host":"evil.test/?","path":"files.example/a"}`), "https://host/path"},
	} {
		d, err := usual.read(test.document)
		got := d.url + " " + d.version
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != test.want || err != nil && (!strings.Contains(got, test.want) || test.want == "") {
			t.Errorf("%s:\n got %s\nwant %s", test.document, got, test.want)
		}
	}
	open := usual.limits
	open.http, open.tag = true, -1
	if _, err := open.read(at("http://files.example/a")); err != nil {
		t.Error(err)
	}
	if _, err := open.read(at("https://files.example/a")); err == nil || !strings.Contains(err.Error(), "AWS_FOTA_DOWNLOAD_SECURITY_TAG") {
		t.Errorf("https without a tag: %v", err)
	}
}

func TestIsVersion(t *testing.T) {
	for _, test := range []struct {
		announced, running string
		want               bool
	}{
		{"", "", false}, {"1.0.0", "1.0.0", true}, {"v1.0.0", "1.0.0", true}, {"1.0.0", "v1.0.0", true}, {"1.0.0", "1.0.1", false}, {"1.0.0", "", false}, {"v", "", true},
		{"2.0.0", "2.0.0+lab", true}, {"2.0.0+lab", "2.0.0+lab", true}, {"2.0.0+lab", "2.0.0", false}, {"2.0.0+a", "2.0.0+b", false},
	} {
		if got := isVersion(test.announced, test.running); got != test.want {
			t.Errorf("%q is %q: %v", test.announced, test.running, got)
		}
	}
}

func TestDetail(t *testing.T) {
	for from, want := range map[string]string{
		"plain": "plain", "a\nb\tc\x00d\x7fe": "a b c d e", " x ": "x", "\n": "", "ü\u200e": "ü\u200e", "bad \xff byte": "bad ? byte", "\u0085\u00ad\ufeff": "",
		strings.Repeat("ü", 600): strings.Repeat("ü", 512), strings.Repeat("x", 1023) + "ü": strings.Repeat("x", 1023),
	} {
		if got := detail(from); got != want {
			t.Errorf("%q: %q, want %q", from, got, want)
		}
	}
}

func TestUpdateIsCut(t *testing.T) {
	u := update{Status: failed, ClientToken: "t", StatusDetails: map[string]string{detailReason: strings.Repeat("<ü>", 400), detailStep: ""}}
	payload := string(u.encode(600))
	if len(payload) > 600 || !strings.Contains(payload, `"reason":"`) || strings.Contains(payload, detailStep) || !utf8.ValidString(payload) {
		t.Errorf("%d bytes: %s", len(payload), payload)
	}
	if payload := string(u.encode(10)); strings.Contains(payload, "reason") || !strings.Contains(payload, failed) {
		t.Errorf("%s", payload)
	}
}

func FuzzDocument(f *testing.F) {
	for _, seed := range []string{updateTo2, goodDocument, "{}", `{"location":{"url":"https://evil.test/a"}}`, `{"size":1e9,"location":{"host":"a","path":"b"}}`} {
		f.Add(seed)
	}
	hosts := http.Hosts{"*.example", "files.test"}
	l := limits{document: 4096, image: 1 << 20, hosts: hosts, tag: 1}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := l.read(text)
		if err != nil {
			if reason := detail(err.Error()); reason == "" {
				t.Error("refused without a reason")
			}
			return
		}
		u, err := url.Parse(d.url)
		if err != nil || u.Scheme != "https" || !hosts.Allows(u.Hostname()) || u.User != nil || len(d.version) > maxVersion {
			t.Errorf("%q is taken: %+v", text, d)
		}
	})
}

func FuzzRecord(f *testing.F) {
	for _, seed := range []record{
		{stage: stageStarted, execution: execution{job: "J", number: 3, version: -1}, expected: "2.0.0"}, kept,
		{stage: stageReported, execution: execution{job: "J", version: -1}, status: failed, reason: "it = broke"},
	} {
		f.Add(string(seed.encode()))
		if back, ok := decodeRecord(seed.encode()); !ok || back != seed {
			f.Errorf("%+v is read as %+v", seed, back)
		}
	}
	f.Add("version=1\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, ok := decodeRecord([]byte(text))
		if !ok {
			return
		}
		if back, ok := decodeRecord(r.encode()); !ok || back != r {
			t.Errorf("%q: %+v is read as %+v", text, r, back)
		}
	})
}

// FuzzMessage gives a machine messages in every phase. It never wants without end, and what it wants is always sound.
func FuzzMessage(f *testing.F) {
	ways := [][]string{
		{"up"}, {"up", "next:J:1:1:QUEUED"}, {"up", "next:J:1:1:QUEUED", "ok:2", "50%"}, {"up", "next:J:1:1:QUEUED", "ok:2", "9%", "error:DOWNLOAD"},
		{"up", "next:J:1:1:QUEUED", "ok:2", "next:none"}, {"up", "next:J:1:1:QUEUED", "ok:2", "finished"}, {"up", "next:J:1:1:QUEUED:bad"},
	}
	topics := []string{topicNotify, topicNextAccepted, topicNextRejected, "J/update/accepted", "J/update/rejected", "K/update/accepted", ""}
	for i := range topics {
		for _, seed := range []string{
			`{"timestamp":1}`, `{"execution":{"jobId":"J","versionNumber":1,"executionNumber":1,"status":"QUEUED","jobDocument":` + goodDocument + `}}`,
			`{"execution":{"jobId":"K","versionNumber":9,"status":"IN_PROGRESS","jobDocument":{}}}`, `{"execution":{"jobId":"../K","versionNumber":9}}`,
			`{"code":"VersionMismatch","executionState":{"status":"CANCELED","versionNumber":5}}`, `{"code":"InvalidStateTransition"}`, `{"executionState":{"status":"IN_PROGRESS"}}`,
			`{"execution":[]}`, `[`, `{"execution":{"jobId":5}}`, "\xff", strings.Repeat(`{"execution":`, 50),
		} {
			f.Add(byte(i), byte(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, way, topic byte, payload string) {
		s := newScript(t, usual, record{})
		for _, word := range ways[int(way)%len(ways)] {
			s.do(word)
			s.wants()
		}
		for range 3 {
			s.message(s.now, topics[int(topic)%len(topics)], []byte(payload))
			s.sound()
		}
		for range 50 {
			next := s.deadline(s.now)
			if next.IsZero() {
				return
			}
			s.now = next
			s.sound()
		}
	})
}

// sound checks what the machine wants.
func (s *script) sound() {
	for round := range 30 {
		out := s.effects(s.now)
		if len(out) == 0 {
			return
		}
		if round == 29 {
			s.t.Fatal("the machine wants without end")
		}
		for _, each := range out {
			switch e := each.(type) {
			case publish:
				job, isUpdate := strings.CutSuffix(e.topic, "/update")
				if e.topic != "$next/get" && (!isUpdate || checkJobID(job) != nil) || len(e.payload) > s.status {
					s.t.Errorf("a request on %q of %d bytes", e.topic, len(e.payload))
				}
			case fetch:
				u, err := url.Parse(e.job.URL)
				if err != nil || u.Scheme != "https" || !s.hosts.Allows(u.Hostname()) {
					s.t.Errorf("a download from %q", e.job.URL)
				}
			case keep:
				if e.record.stage != stageNone {
					if back, ok := decodeRecord(e.record.encode()); !ok || back != e.record {
						s.t.Errorf("the record %+v is read as %+v", e.record, back)
					}
				}
			case schedule, forget, inquire, cancel, notify, refuse, note:
				_ = fmt.Sprint(e)
			}
		}
	}
}
