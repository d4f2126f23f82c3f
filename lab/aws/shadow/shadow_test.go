package shadow

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

var start = time.Unix(1700000000, 0)

// step is a request, one second after the last, and everything that it has to lead to: topic and JSON, in any order of members.
type step struct {
	request string // "get", "update", "delete"; "named update": of the shadow "config"
	body    string
	after   time.Duration // instead of a second
	want    []string
}

func TestSemantics(t *testing.T) {
	rejected := func(request string, code int, text, rest string) []string {
		return []string{fmt.Sprintf(`%s/rejected {"code":%d,"message":%q,"timestamp":NOW%s}`, request, code, text, rest)}
	}
	refused := func(code int, text string) []string { return rejected("update", code, text, "") }
	nested := func(levels int) string {
		return strings.Repeat(`{"a":`, levels-1) + `{"a":1}` + strings.Repeat("}", levels-1)
	}
	tests := map[string][]step{
		// mqtt-clouds.md 11, "Test vectors and golden transcripts".
		"reference transcript": {
			{request: "update", body: `{"state":{"desired":{"led":1,"net":{"apn":"a"}}}}`, want: []string{
				`update/accepted {"state":{"desired":{"led":1,"net":{"apn":"a"}}},"metadata":{"desired":{"led":{"timestamp":NOW},"net":{"apn":{"timestamp":NOW}}}},"version":1,"timestamp":NOW}`,
				`update/delta {"version":1,"timestamp":NOW,"state":{"led":1,"net":{"apn":"a"}},"metadata":{"led":{"timestamp":NOW},"net":{"apn":{"timestamp":NOW}}}}`,
				`update/documents {"previous":{"state":{},"metadata":{},"version":0},"current":{"state":{"desired":{"led":1,"net":{"apn":"a"}}},"metadata":{"desired":{"led":{"timestamp":NOW},"net":{"apn":{"timestamp":NOW}}}},"version":1},"timestamp":NOW}`,
			}},
			{request: "update", body: `{"state":{"reported":{"led":1,"net":{"apn":"b","x":2}}}}`, want: []string{
				`update/accepted {"state":{"reported":{"led":1,"net":{"apn":"b","x":2}}},"metadata":{"reported":{"led":{"timestamp":NOW},"net":{"apn":{"timestamp":NOW},"x":{"timestamp":NOW}}}},"version":2,"timestamp":NOW}`,
				`update/delta {"version":2,"timestamp":NOW,"state":{"net":{"apn":"a"}},"metadata":{"net":{"apn":{"timestamp":NOW-1}}}}`,
				`update/documents ...`,
			}},
			{request: "update", body: `{"state":{"desired":{"net":null}}}`, want: []string{
				`update/accepted {"state":{"desired":{"net":null}},"metadata":{"desired":{}},"version":3,"timestamp":NOW}`,
				`update/documents {"previous":{"state":{"desired":{"led":1,"net":{"apn":"a"}},"reported":{"led":1,"net":{"apn":"b","x":2}}},"metadata":{"desired":{"led":{"timestamp":NOW-2},"net":{"apn":{"timestamp":NOW-2}}},"reported":{"led":{"timestamp":NOW-1},"net":{"apn":{"timestamp":NOW-1},"x":{"timestamp":NOW-1}}}},"version":2},` +
					`"current":{"state":{"desired":{"led":1},"reported":{"led":1,"net":{"apn":"b","x":2}}},"metadata":{"desired":{"led":{"timestamp":NOW-2}},"reported":{"led":{"timestamp":NOW-1},"net":{"apn":{"timestamp":NOW-1},"x":{"timestamp":NOW-1}}}},"version":3},"timestamp":NOW}`,
			}},
			{request: "update", body: `{"state":{"desired":{"net":null}},"version":2}`, want: refused(409, "Version conflict")},
			{request: "delete", body: ``, want: []string{`delete/accepted {"version":3,"timestamp":NOW}`}},
			{request: "get", body: ``, want: rejected("get", 404, "No shadow exists with name: 'thing'", "")},
			{request: "update", body: `{"state":{"desired":{"led":2}}}`, after: 47 * time.Hour, want: []string{
				`update/accepted {"state":{"desired":{"led":2}},"metadata":{"desired":{"led":{"timestamp":NOW}}},"version":4,"timestamp":NOW}`,
				`update/delta ...`, `update/documents ...`,
			}},
		},
		"counter starts again 48 h after deletion": {
			{request: "update", body: `{"state":{"reported":{"a":1}}}`, want: []string{`update/accepted ...`, `update/documents ...`}},
			{request: "delete", body: ``, want: []string{`delete/accepted {"version":1,"timestamp":NOW}`}},
			{request: "update", body: `{"state":{"reported":{"a":1}}}`, after: 48 * time.Hour, want: []string{
				`update/accepted {"state":{"reported":{"a":1}},"metadata":{"reported":{"a":{"timestamp":NOW}}},"version":1,"timestamp":NOW}`, `update/documents ...`,
			}},
		},
		"get gives both sections, the delta and the token": {
			{request: "update", body: `{"state":{"desired":{"a":1,"b":true},"reported":{"a":"1","b":true}}}`, want: []string{`update/accepted ...`, `update/delta ...`, `update/documents ...`}},
			{request: "get", body: `{"clientToken":"t"}`, want: []string{
				`get/accepted {"state":{"desired":{"a":1,"b":true},"reported":{"a":"1","b":true},"delta":{"a":1}},` +
					`"metadata":{"desired":{"a":{"timestamp":NOW-1},"b":{"timestamp":NOW-1}},"reported":{"a":{"timestamp":NOW-1},"b":{"timestamp":NOW-1}},"delta":{"a":{"timestamp":NOW-1}}},"version":1,"timestamp":NOW,"clientToken":"t"}`,
			}},
			{request: "update", body: `{"state":{"reported":{"a":1}}}`, want: []string{`update/accepted ...`, `update/documents ...`}},
			{request: "get", body: `{}`, want: []string{
				`get/accepted {"state":{"desired":{"a":1,"b":true},"reported":{"a":1,"b":true}},` +
					`"metadata":{"desired":{"a":{"timestamp":NOW-3},"b":{"timestamp":NOW-3}},"reported":{"a":{"timestamp":NOW-1},"b":{"timestamp":NOW-3}}},"version":2,"timestamp":NOW}`,
			}},
		},
		"token is in every answer": {
			{request: "update", body: `{"state":{"desired":{"a":1}},"clientToken":"u"}`, want: []string{
				`update/accepted {"state":{"desired":{"a":1}},"metadata":{"desired":{"a":{"timestamp":NOW}}},"version":1,"timestamp":NOW,"clientToken":"u"}`,
				`update/delta {"version":1,"timestamp":NOW,"state":{"a":1},"metadata":{"a":{"timestamp":NOW}},"clientToken":"u"}`,
				`update/documents {"previous":{"state":{},"metadata":{},"version":0},"current":{"state":{"desired":{"a":1}},"metadata":{"desired":{"a":{"timestamp":NOW}}},"version":1},"timestamp":NOW,"clientToken":"u"}`,
			}},
			{request: "update", body: `{"state":{},"version":9,"clientToken":"v"}`, want: rejected("update", 409, "Version conflict", `,"clientToken":"v"`)},
			{request: "update", body: `{"clientToken":"w"}`, want: rejected("update", 400, "Missing required node: state", `,"clientToken":"w"`)},
			{request: "update", body: `{"clientToken":"x","version":"1","state":{}}`, want: rejected("update", 400, "Invalid version", `,"clientToken":"x"`)},
			{request: "delete", body: `{"clientToken":"d"}`, want: []string{`delete/accepted {"version":1,"timestamp":NOW,"clientToken":"d"}`}},
			{request: "delete", body: `{"clientToken":"e"}`, want: rejected("delete", 404, "No shadow exists with name: 'thing'", `,"clientToken":"e"`)},
			{request: "get", body: `{"clientToken":"f"}`, want: rejected("get", 404, "No shadow exists with name: 'thing'", `,"clientToken":"f"`)},
		},
		"an update that changes nothing counts": {
			{request: "update", body: `{"state":{"desired":{"a":1},"reported":{"a":1}},"version":0}`, want: []string{`update/accepted ...`, `update/documents ...`}},
			{request: "update", body: `{"state":{"desired":{"a":1}},"version":1}`, want: []string{
				`update/accepted {"state":{"desired":{"a":1}},"metadata":{"desired":{"a":{"timestamp":NOW}}},"version":2,"timestamp":NOW}`,
				`update/documents {"previous":{"state":{"desired":{"a":1},"reported":{"a":1}},"metadata":{"desired":{"a":{"timestamp":NOW-1}},"reported":{"a":{"timestamp":NOW-1}}},"version":1},` +
					`"current":{"state":{"desired":{"a":1},"reported":{"a":1}},"metadata":{"desired":{"a":{"timestamp":NOW}},"reported":{"a":{"timestamp":NOW-1}}},"version":2},"timestamp":NOW}`,
			}},
			{request: "update", body: `{"state":{}}`, want: []string{`update/accepted {"state":{},"metadata":{},"version":3,"timestamp":NOW}`, `update/documents ...`}},
			{request: "update", body: `{"state":null}`, want: []string{`update/accepted {"state":{},"metadata":{},"version":4,"timestamp":NOW}`, `update/documents ...`}},
			{request: "get", want: []string{`get/accepted {"state":{"desired":{"a":1},"reported":{"a":1}},"metadata":{"desired":{"a":{"timestamp":NOW-3}},"reported":{"a":{"timestamp":NOW-4}}},"version":4,"timestamp":NOW}`}},
		},
		"null removes a section": {
			{request: "update", body: `{"state":{"desired":{"a":1},"reported":{"b":2}}}`, want: []string{`update/accepted ...`, `update/delta ...`, `update/documents ...`}},
			{request: "update", body: `{"state":{"desired":null}}`, want: []string{`update/accepted {"state":{"desired":null},"metadata":{"desired":null},"version":2,"timestamp":NOW}`, `update/documents ...`}},
			{request: "get", want: []string{`get/accepted {"state":{"reported":{"b":2}},"metadata":{"reported":{"b":{"timestamp":NOW-2}}},"version":2,"timestamp":NOW}`}},
		},
		"objects merge, arrays and scalars replace": {
			{request: "update", body: `{"state":{"reported":{"o":{"keep":1,"go":2},"list":[1,{"x":2},[3]],"s":{"was":"object"},"t":5}}}`, want: []string{`update/accepted ...`, `update/documents ...`}},
			{request: "update", body: `{"state":{"reported":{"o":{"go":null,"new":[]},"list":[4],"s":"now text","t":{"now":{}}}}}`, want: []string{
				`update/accepted {"state":{"reported":{"o":{"go":null,"new":[]},"list":[4],"s":"now text","t":{"now":{}}}},"metadata":{"reported":{"o":{"new":[]},"list":[{"timestamp":NOW}],"s":{"timestamp":NOW},"t":{"now":{}}}},"version":2,"timestamp":NOW}`,
				`update/documents {"previous":{"state":{"reported":{"o":{"keep":1,"go":2},"list":[1,{"x":2},[3]],"s":{"was":"object"},"t":5}},` +
					`"metadata":{"reported":{"o":{"keep":{"timestamp":NOW-1},"go":{"timestamp":NOW-1}},"list":[{"timestamp":NOW-1},{"x":{"timestamp":NOW-1}},[{"timestamp":NOW-1}]],"s":{"was":{"timestamp":NOW-1}},"t":{"timestamp":NOW-1}}},"version":1},` +
					`"current":{"state":{"reported":{"o":{"keep":1,"new":[]},"list":[4],"s":"now text","t":{"now":{}}}},` +
					`"metadata":{"reported":{"o":{"keep":{"timestamp":NOW-1},"new":[]},"list":[{"timestamp":NOW}],"s":{"timestamp":NOW},"t":{"now":{}}}},"version":2},"timestamp":NOW}`,
			}},
		},
		"nulls of a new object are not stored": {
			{request: "update", body: `{"state":{"reported":{"o":{"a":{"b":null},"c":null}}}}`, want: []string{`update/accepted ...`, `update/documents ...`}},
			{request: "get", want: []string{`get/accepted {"state":{"reported":{"o":{"a":{}}}},"metadata":{"reported":{"o":{"a":{}}}},"version":1,"timestamp":NOW}`}},
		},
		"delta has whole arrays, and what changed its type": {
			{request: "update", body: `{"state":{"desired":{"list":[1,2],"same":[1,{"a":null}],"o":{"x":1},"s":"x","n":4,"empty":{}},"reported":{"list":[1],"s":{"x":1},"o":5,"n":4.0,"extra":1}}}`,
				want: refused(400, "State contains an invalid node")},
			{request: "update", body: `{"state":{"desired":{"list":[1,2],"same":[1,{"a":2}],"o":{"x":1},"s":"x","n":4,"empty":{}},"reported":{"list":[1],"same":[1,{"a":2}],"s":{"x":1},"o":5,"n":4.0,"extra":1}}}`, want: []string{
				`update/accepted ...`,
				`update/delta {"version":1,"timestamp":NOW,"state":{"list":[1,2],"o":{"x":1},"s":"x"},"metadata":{"list":[{"timestamp":NOW},{"timestamp":NOW}],"o":{"x":{"timestamp":NOW}},"s":{"timestamp":NOW}}}`,
				`update/documents ...`,
			}},
		},
		"types and numbers stay as they were written": {
			{request: "update", body: `{"state":{"reported":{"f":1.50,"big":9223372036854775807,"exp":1e3,"neg":-0,"yes":true,"text":"<&>é\u2028"}},"other":{"ignored":[null]}}`, want: []string{
				`update/accepted {"state":{"reported":{"f":1.50,"big":9223372036854775807,"exp":1e3,"neg":-0,"yes":true,"text":"<&>é\u2028"}},"metadata":{"reported":{"f":{"timestamp":NOW},"big":{"timestamp":NOW},"exp":{"timestamp":NOW},"neg":{"timestamp":NOW},"yes":{"timestamp":NOW},"text":{"timestamp":NOW}}},"version":1,"timestamp":NOW}`,
				`update/documents ...`,
			}},
		},
		"sections beside desired and reported are not stored": {
			{request: "update", body: `{"state":{"other":{"a":1},"reported":{"b":1}}}`, want: []string{`update/accepted {"state":{"reported":{"b":1}},"metadata":{"reported":{"b":{"timestamp":NOW}}},"version":1,"timestamp":NOW}`, `update/documents ...`}},
			{request: "get", want: []string{`get/accepted {"state":{"reported":{"b":1}},"metadata":{"reported":{"b":{"timestamp":NOW-1}}},"version":1,"timestamp":NOW}`}},
		},
		"named shadows are their own": {
			{request: "named update", body: `{"state":{"reported":{"a":1}}}`, want: []string{`update/accepted ...`, `update/documents ...`}},
			{request: "get", want: rejected("get", 404, "No shadow exists with name: 'thing'", "")},
			{request: "named get", want: []string{`get/accepted ...`}},
			{request: "named delete", want: []string{`delete/accepted {"version":1,"timestamp":NOW}`}},
			{request: "named get", want: rejected("get", 404, "No shadow exists with name: 'thing~config'", "")},
		},
		"size counts the stored state": {
			{request: "update", body: `{"state":{"reported":{"a":"` + strings.Repeat("x", 8192-len(`{"a":""}`)) + `"}}}`, want: []string{`update/accepted ...`, `update/documents ...`}},
			{request: "update", body: `{"state":{"reported":{"b":1}}}`, want: refused(413, "The payload exceeds the maximum size allowed")},
			{request: "update", body: `{"state":{"desired":{"b":1}}}`, want: refused(413, "The payload exceeds the maximum size allowed")},
			{request: "update", body: `{"state":{"reported":{"a":null,"b":1}}}`, want: []string{`update/accepted ...`, `update/documents ...`}},
			{request: "get", want: []string{`get/accepted {"state":{"reported":{"b":1}},"metadata":{"reported":{"b":{"timestamp":NOW-1}}},"version":2,"timestamp":NOW}`}},
		},
		"refusals change nothing": {
			{request: "update", body: ``, want: refused(400, "Invalid JSON")},
			{request: "update", body: `{`, want: refused(400, "Invalid JSON")},
			{request: "update", body: `{} {}`, want: refused(400, "Invalid JSON")},
			{request: "update", body: `[]`, want: refused(400, "Invalid JSON")},
			{request: "update", body: `null`, want: refused(400, "Invalid JSON")},
			{request: "update", body: strings.Repeat(`[`, 100_000), want: refused(400, "Invalid JSON")},
			{request: "update", body: "{\"state\":{\"desired\":{\"a\":\"\xff\"}}}", want: refused(415, "Unsupported documented encoding; supported encoding is UTF-8")},
			{request: "update", body: `{}`, want: refused(400, "Missing required node: state")},
			{request: "update", body: `{"state":1}`, want: refused(400, "State node must be an object")},
			{request: "update", body: `{"state":{"desired":1}}`, want: refused(400, "Desired node must be an object")},
			{request: "update", body: `{"state":{"reported":[]}}`, want: refused(400, "Reported node must be an object")},
			{request: "update", body: `{"state":{},"version":1.0}`, want: refused(400, "Invalid version")},
			{request: "update", body: `{"state":{},"version":-1}`, want: refused(400, "Invalid version")},
			{request: "update", body: `{"state":{},"version":null}`, want: refused(400, "Invalid version")},
			{request: "update", body: `{"state":{},"version":99999999999999999999}`, want: refused(400, "Invalid version")},
			{request: "update", body: `{"state":{},"clientToken":7}`, want: refused(400, "Invalid clientToken")},
			{request: "update", body: `{"state":{},"clientToken":"` + strings.Repeat("x", 65) + `"}`, want: refused(400, "Invalid clientToken")},
			{request: "update", body: `{"state":{"desired":{"a":[1,null]}}}`, want: refused(400, "State contains an invalid node")},
			{request: "update", body: `{"state":{"desired":{"a":[{"b":null}]}}}`, want: refused(400, "State contains an invalid node")},
			{request: "update", body: `{"state":{"desired":{"a":1e999}}}`, want: refused(400, "State contains an invalid node")},
			{request: "update", body: `{"state":{"desired":` + nested(9) + `}}`, want: refused(400, "JSON contains too many levels of nesting; maximum is 6")},
			{request: "update", body: `{"state":{"desired":{"a":[[[[[[[[1]]]]]]]]}}}`, want: refused(400, "JSON contains too many levels of nesting; maximum is 6")},
			{request: "get", body: `x`, want: rejected("get", 400, "Invalid JSON", "")},
			{request: "get", body: `{"clientToken":{}}`, want: rejected("get", 400, "Invalid clientToken", "")},
			{request: "delete", body: `[1]`, want: rejected("delete", 404, "No shadow exists with name: 'thing'", "")},
			{request: "delete", body: `{"clientToken":1}`, want: rejected("delete", 400, "Invalid clientToken", "")},
			{request: "get", want: rejected("get", 404, "No shadow exists with name: 'thing'", "")},
			{request: "update", body: `{"state":{"reported":` + nested(8) + `}, "clientToken":"` + strings.Repeat("x", 64) + `"}`, want: []string{`update/accepted ...`, `update/documents ...`}},
		},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			var store Store
			now := start
			for i, s := range steps {
				if s.after == 0 {
					s.after = time.Second
				}
				now = now.Add(s.after)
				got := send(&store, s.request, s.body, now)
				if len(got) != len(s.want) {
					t.Errorf("step %d, %s %.200s: %d messages, want %d: %s", i, s.request, s.body, len(got), len(s.want), got)
					continue
				}
				for j, want := range s.want {
					topic, content, _ := strings.Cut(want, " ")
					if got[j].Topic != topic {
						t.Errorf("step %d, %s %.200s: message on %s, want %s", i, s.request, s.body, got[j].Topic, topic)
					}
					if content != "..." && !sameJSON(t, string(got[j].Payload), times(content, now)) {
						t.Errorf("step %d, %s %.200s: %s is\n%s, want\n%s", i, s.request, s.body, topic, got[j].Payload, times(content, now))
					}
				}
			}
		})
	}
}

func send(store *Store, request, body string, now time.Time) []Message {
	name := Name{Thing: "thing"}
	if rest, ok := strings.CutPrefix(request, "named "); ok {
		name.Shadow, request = "config", rest
	}
	switch request {
	case "get":
		return store.Get(name, []byte(body), now)
	case "update":
		return store.Update(name, []byte(body), now)
	default:
		return store.Delete(name, []byte(body), now)
	}
}

// times puts seconds in the place of NOW and NOW-n.
func times(content string, now time.Time) string {
	for n := 9; n > 0; n-- {
		content = strings.ReplaceAll(content, fmt.Sprintf("NOW-%d", n), fmt.Sprint(now.Unix()-int64(n)))
	}
	return strings.ReplaceAll(content, "NOW", fmt.Sprint(now.Unix()))
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	return reflect.DeepEqual(decode(t, a), decode(t, b))
}

func decode(t *testing.T, text string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return value
}

func (m Message) String() string { return m.Topic + " " + string(m.Payload) }

// Whatever two updates say: every answer is JSON, versions count without gaps, and a device that does what the delta says is in step.
func FuzzUpdate(f *testing.F) {
	f.Add([]byte(`{"state":{"desired":{"led":1,"net":{"apn":"a"}}}}`), []byte(`{"state":{"reported":{"led":1,"net":{"apn":"b","x":2}}}}`))
	f.Add([]byte(`{"state":{"desired":{"a":[1,{"b":2}],"c":{}}},"version":0}`), []byte(`{"state":{"desired":null,"reported":{"a":null}},"clientToken":"t"}`))
	f.Add([]byte(`{"state":{"desired":{"a":{"b":1}}}}`), []byte(`{"state":{"desired":{"a":{"b":null}},"reported":{"a":7}}}`))
	f.Add([]byte(`{"state":{"desired":{"a":1.0,"b":1e2,"c":-0}}}`), []byte(`{"state":{"reported":{"a":1,"b":100,"c":0}}}`))
	f.Add([]byte(`{"state":null,"version":1}`), []byte(`[[[[[[[[[[`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var store Store
		name := Name{Thing: "thing"}
		version := int64(0)
		for _, body := range [][]byte{first, second} {
			messages := store.Update(name, body, start)
			if messages[0].Topic == "update/accepted" {
				version++
			} else if len(messages) != 1 {
				t.Errorf("a refusal came with %s", messages)
			}
			for _, m := range messages {
				if !json.Valid(m.Payload) {
					t.Errorf("not JSON: %s", m)
				}
			}
			if got := store.documents[name].version; got != version {
				t.Fatalf("version %d, want %d", got, version)
			}
		}
		store.Get(name, second, start)
		if saved, err := store.Snapshot(); err != nil || new(Store).Restore(saved) != nil {
			t.Errorf("saved: %s, %v", saved, err)
		}
		if version == 0 {
			return
		}
		state, _ := store.documents[name].delta()
		if state == nil {
			return
		}
		answer := store.Update(name, encode(map[string]any{"state": map[string]any{"reported": state}}), start)
		if strings.Contains(string(answer[0].Payload), `"code":413`) {
			return
		}
		if left, _ := store.documents[name].delta(); answer[0].Topic != "update/accepted" || left != nil {
			t.Errorf("reported the delta %s; the answer is %s, the delta then %s", encode(state), answer, encode(left))
		}
	})
}
