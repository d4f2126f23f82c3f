package shadow

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Where the rules are written: the developer guide's pages, the quotas, and our reference.
const (
	documentPage = "device-shadow-document"
	mqttPage     = "device-shadow-mqtt"
	flowPage     = "device-shadow-data-flow"
	restPage     = "device-shadow-rest-api"
	errorsPage   = "device-shadow-error-messages"
	quotasPage   = "AWS IoT Core endpoints and quotas"
	diagnosis    = "diagnosing-shadows"
	referencePar = "mqtt-clouds.md 2.3"
)

// Each row is a rule: what is sent one second after the other ("get", "delete", or the body of an update), and what the last of it leads to: messages
// that hold all of the parts (and not those with a !), and messages that are not there.
func TestRules(t *testing.T) {
	nested := func(levels int) string {
		return strings.Repeat(`{"a":`, levels-1) + `{"a":1}` + strings.Repeat("}", levels-1)
	}
	sized := func(n int) string { return `{"state":{"reported":{"a":"` + strings.Repeat("x", n) + `"}}}` }
	const desired, reported = `{"state":{"desired":{"a":1,"o":{"x":1,"y":2}}}}`, `{"state":{"reported":{"a":1,"o":{"x":1,"y":2}}}}`
	for _, row := range []struct {
		source, rule string
		send         []string
		want         map[string][]string // by topic, parts of the message; a topic with nil must be absent
	}{
		{documentPage, "the first document has version 1", []string{desired}, map[string][]string{"update/accepted": {`"version":1,`}}},
		{documentPage, "every update counts the version up", []string{desired, desired, `{"state":{}}`}, map[string][]string{"update/accepted": {`"version":3,`}}},
		{documentPage, "a refused update does not count", []string{desired, `{"state":[]}`, desired}, map[string][]string{"update/accepted": {`"version":2,`}}},
		{flowPage, "an older version is a conflict", []string{desired, desired, `{"state":{},"version":1}`}, map[string][]string{"update/rejected": {`"code":409`, `"Version conflict"`}, "update/accepted": nil}},
		{flowPage, "a newer version is a conflict", []string{desired, `{"state":{},"version":2}`}, map[string][]string{"update/rejected": {`"code":409`}}},
		{flowPage, "the same version is taken", []string{desired, `{"state":{},"version":1}`}, map[string][]string{"update/accepted": {`"version":2,`}}},
		{documentPage, "without a version nothing is compared", []string{desired, desired, `{"state":{}}`}, map[string][]string{"update/accepted": {`"version":3,`}}},
		{flowPage, "deleting does not reset the version", []string{desired, "delete", desired}, map[string][]string{"update/accepted": {`"version":2,`}}},
		{flowPage, "nor does deleting twice", []string{desired, "delete", desired, "delete", desired}, map[string][]string{"update/accepted": {`"version":3,`}}},
		{flowPage, "state null does not delete the shadow", []string{desired, `{"state":null}`, "get"}, map[string][]string{"get/accepted": {`"desired":{"a":1`, `"version":2,`}}},
		{mqttPage, "the content of a delete is ignored", []string{desired, "delete nonsense"}, map[string][]string{"delete/accepted": {`"version":1,`}}},
		{mqttPage, "so is a version in it", []string{desired, `delete {"version":9,"clientToken":"t"}`}, map[string][]string{"delete/accepted": {`"clientToken":"t"`}}},
		{errorsPage, "what is deleted is gone", []string{desired, "delete", "delete"}, map[string][]string{"delete/rejected": {`"code":404`, `No shadow exists with name: 'thing'`}}},

		{flowPage, "updates affect only the fields specified", []string{desired, `{"state":{"desired":{"o":{"x":5}}}}`, "get"}, map[string][]string{"get/accepted": {`"desired":{"a":1,"o":{"x":5,"y":2}}`}}},
		{flowPage, "null removes a field", []string{desired, `{"state":{"desired":{"o":{"x":null}}}}`, "get"}, map[string][]string{"get/accepted": {`"state":{"desired":{"a":1,"o":{"y":2}}`}}},
		{referencePar, "and its metadata", []string{desired, `{"state":{"desired":{"o":{"x":null}}}}`, "get"}, map[string][]string{"get/accepted": {`"o":{"y":{"timestamp":1700000001}}`}}},
		{referencePar, "a null that removes nothing is taken", []string{desired, `{"state":{"desired":{"none":null}}}`, "get"}, map[string][]string{"get/accepted": {`"desired":{"a":1,"o":{"x":1,"y":2}}`, `"version":2,`}}},
		{documentPage, "a section that is null is removed", []string{desired, reported, `{"state":{"desired":null}}`, "get"}, map[string][]string{"get/accepted": {`"state":{"reported":{"a":1,`}}},
		{documentPage, "a document without sections is a document", []string{desired, `{"state":{"desired":null}}`, "get"}, map[string][]string{"get/accepted": {`{"state":{},"metadata":{},"version":2,`}}},
		{documentPage, "an array is replaced as a whole", []string{`{"state":{"desired":{"c":["RED","GREEN","BLUE"]}}}`, `{"state":{"desired":{"c":["RED"]}}}`, "get"}, map[string][]string{"get/accepted": {`"desired":{"c":["RED"]}`}}},
		{documentPage, "an array has no nulls", []string{`{"state":{"desired":{"c":[null,"RED"]}}}`}, map[string][]string{"update/rejected": {`"code":400`}}},
		{"using-device-shadows", "an array's metadata is by element", []string{`{"state":{"reported":{"c":[1,2]}}}`}, map[string][]string{"update/accepted": {`"metadata":{"reported":{"c":[{"timestamp":1700000001},{"timestamp":1700000001}]}}`}}},
		{diagnosis, "what stands outside desired and reported is ignored", []string{`{"state":{"reported":{"a":1},"else":2},"more":[null]}`, "get"}, map[string][]string{"get/accepted": {`{"state":{"reported":{"a":1}},"metadata":{"reported":{"a":{"timestamp":1700000001}}},"version":1,`}}},
		{documentPage, "metadata tell when each attribute was set", []string{desired, `{"state":{"desired":{"a":2}}}`, "get"}, map[string][]string{"get/accepted": {`"metadata":{"desired":{"a":{"timestamp":1700000002},"o":{"x":{"timestamp":1700000001}`}}},
		{referencePar, "a value that is set again is new", []string{desired, desired, "get"}, map[string][]string{"get/accepted": {`"metadata":{"desired":{"a":{"timestamp":1700000002},"o":{"x":{"timestamp":1700000002}`}}},
		{referencePar, "accepted has what the request has, and no more", []string{desired, `{"state":{"desired":{"a":2}}}`}, map[string][]string{"update/accepted": {`{"state":{"desired":{"a":2}},"metadata":{"desired":{"a":{"timestamp":1700000002}}},"version":2,"timestamp":1700000002}`}}},

		{mqttPage, "the delta has what differs", []string{desired, `{"state":{"reported":{"a":1,"o":{"x":7,"y":2}}}}`}, map[string][]string{"update/delta": {`"state":{"o":{"x":1}}`, `"metadata":{"o":{"x":{"timestamp":1700000001}}}`}}},
		{mqttPage, "all of it, not only what the update says", []string{desired, `{"state":{"reported":{"z":1}}}`}, map[string][]string{"update/delta": {`"state":{"a":1,"o":{"x":1,"y":2}}`}}},
		{mqttPage, "what is reported alone is not in it", []string{desired, `{"state":{"reported":{"a":1,"o":{"x":1,"y":2},"z":1}}}`}, map[string][]string{"update/accepted": {}, "update/delta": nil}},
		{mqttPage, "what is removed from reported is", []string{desired, reported, `{"state":{"reported":{"a":null}}}`}, map[string][]string{"update/delta": {`"state":{"a":1}`}}},
		{mqttPage, "an array is in it as a whole", []string{`{"state":{"desired":{"c":[1,2]},"reported":{"c":[1,3]}}}`}, map[string][]string{"update/delta": {`"state":{"c":[1,2]}`}}},
		{referencePar, "no difference, no delta", []string{desired, reported}, map[string][]string{"update/documents": {}, "update/delta": nil}},
		{referencePar, "nor in the answer to get", []string{desired, reported, "get"}, map[string][]string{"get/accepted": {`"version":2`, `!delta`}}},
		{flowPage, "get tells the delta", []string{desired, "get"}, map[string][]string{"get/accepted": {`"delta":{"a":1,"o":{"x":1,"y":2}}}`}}},
		{referencePar, "documents have none", []string{desired, desired}, map[string][]string{"update/documents": {`"previous":{"state":{"desired":`, `"version":1},"current":{"state":{"desired":`, `"version":2},"timestamp":1700000002`, `!delta`}}},

		{documentPage, "a token of 64 bytes is taken", []string{`{"state":{},"clientToken":"` + strings.Repeat("é", 32) + `"}`}, map[string][]string{"update/accepted": {`"clientToken":"éé`}}},
		{documentPage, "one of 65 is not", []string{`{"state":{},"clientToken":"` + strings.Repeat("é", 32) + `x"}`}, map[string][]string{"update/rejected": {`"code":400`, "Invalid clientToken"}}},
		{errorsPage, "nor for get", []string{desired, `get {"clientToken":"` + strings.Repeat("x", 65) + `"}`}, map[string][]string{"get/rejected": {`"code":400`, "Invalid clientToken"}}},
		{errorsPage, "nor for delete", []string{desired, `delete {"clientToken":"` + strings.Repeat("x", 65) + `"}`}, map[string][]string{"delete/rejected": {`"code":400`, "Invalid clientToken"}}},
		{errorsPage, "JSON", []string{`{"state":`}, map[string][]string{"update/rejected": {`"code":400`, "Invalid JSON"}}},
		{errorsPage, "an empty update is none", []string{``}, map[string][]string{"update/rejected": {`"code":400`, "Invalid JSON"}}},
		{errorsPage, "state is needed", []string{`{"desired":{}}`}, map[string][]string{"update/rejected": {`"code":400`, "Missing required node: state"}}},
		{errorsPage, "state is an object", []string{`{"state":"on"}`}, map[string][]string{"update/rejected": {`"code":400`, "State node must be an object"}}},
		{errorsPage, "desired is an object", []string{`{"state":{"desired":[1]}}`}, map[string][]string{"update/rejected": {`"code":400`, "Desired node must be an object"}}},
		{errorsPage, "reported is an object", []string{`{"state":{"reported":1}}`}, map[string][]string{"update/rejected": {`"code":400`, "Reported node must be an object"}}},
		{errorsPage, "a version is an integer", []string{`{"state":{},"version":1.5}`}, map[string][]string{"update/rejected": {`"code":400`, "Invalid version"}}},
		{errorsPage, "UTF-8", []string{"{\"state\":{\"reported\":{\"a\":\"\xe9\"}}}"}, map[string][]string{"update/rejected": {`"code":415`, "supported encoding is UTF-8"}}},

		{quotasPage, "8 levels are taken", []string{`{"state":{"desired":` + nested(8) + `}}`}, map[string][]string{"update/accepted": {}}},
		{quotasPage, "9 are not", []string{`{"state":{"desired":` + nested(9) + `}}`}, map[string][]string{"update/rejected": {`"code":400`, "too many levels of nesting"}}},
		{quotasPage, "8 KB of state are taken", []string{sized(8192 - len(`{"a":""}`))}, map[string][]string{"update/accepted": {}}},
		{quotasPage, "more are not", []string{sized(8193 - len(`{"a":""}`))}, map[string][]string{"update/rejected": {`"code":413`, "The payload exceeds the maximum size allowed"}}},
		{diagnosis, "both sections count together", []string{sized(5000), strings.Replace(sized(5000), "reported", "desired", 1)}, map[string][]string{"update/rejected": {`"code":413`}}},
		{diagnosis, "metadata do not count", []string{`{"state":{"reported":{"c":[` + strings.Repeat("1,", 4000) + `1]}}}`, "get"}, map[string][]string{"get/accepted": {`[{"timestamp":1700000001},{`}}},
		{diagnosis, "what is stored counts with what comes", []string{sized(8000), `{"state":{"reported":{"b":"` + strings.Repeat("x", 300) + `"}}}`}, map[string][]string{"update/rejected": {`"code":413`}}},
		{diagnosis, "what goes does not", []string{sized(8000), `{"state":{"reported":{"a":null,"b":"` + strings.Repeat("x", 300) + `"}}}`}, map[string][]string{"update/accepted": {}}},
	} {
		t.Run(row.rule, func(t *testing.T) {
			var store Store
			var last []Message
			for i, request := range row.send {
				operation, body, _ := strings.Cut(request, " ")
				if operation != "get" && operation != "delete" {
					operation, body = "update", request
				}
				last = send(&store, operation, body, start.Add(time.Duration(i+1)*time.Second))
			}
			for topic, parts := range row.want {
				i := slices.IndexFunc(last, func(m Message) bool { return m.Topic == topic })
				if (i < 0) != (parts == nil) {
					t.Fatalf("%s: %s, among %s", row.source, topic, last)
				}
				for _, part := range parts {
					part, absent := strings.CutPrefix(part, "!")
					if strings.Contains(string(last[i].Payload), part) == absent {
						t.Errorf("%s: %s, in it %s: %v", row.source, last[i], part, absent)
					}
				}
			}
		})
	}
}

// device-shadow-rest-api, ListNamedShadowsForThing: the classic shadow is not in the list; a thing without named shadows has an empty one.
func TestList(t *testing.T) {
	var store Store
	for _, name := range []Name{{"thing", ""}, {"other", "x"}, {"only", ""}} {
		store.Update(name, []byte(`{"state":{}}`), start)
	}
	for i := range 30 {
		store.Update(Name{"thing", fmt.Sprintf("s%02d", i)}, []byte(`{"state":{}}`), start)
	}
	store.Delete(Name{"thing", "s29"}, nil, start)
	for _, row := range []struct {
		thing, token string
		size, want   int
		first, next  string
	}{
		{"thing", "", 0, 25, "s00", "s24"},
		{"thing", "s24", 0, 4, "s25", ""},
		{"thing", "", 29, 29, "s00", ""},
		{"thing", "", 1, 1, "s00", "s00"},
		{"thing", "", 100, 29, "s00", ""},
		{"other", "", 0, 1, "x", ""},
		{"only", "", 0, 0, "", ""},
		{"nobody", "", 0, 0, "", ""},
	} {
		list, err := store.List(row.thing, row.token, row.size, start)
		if err != nil || list.Results == nil || len(list.Results) != row.want || list.NextToken != row.next || list.Timestamp != start.Unix() ||
			row.want > 0 && list.Results[0] != row.first {
			t.Errorf("%+v: %+v, %v", row, list, err)
		}
	}
	for _, size := range []int{-1, 101} {
		if list, err := store.List("thing", "", size, start); err == nil {
			t.Errorf("a page of %d: %+v", size, list)
		}
	}
}

func TestNames(t *testing.T) {
	for _, row := range []struct {
		name  Name
		valid bool
	}{
		{Name{"a", ""}, true},
		{Name{"aZ09:_-", "aZ09:_-$"}, true},
		{Name{strings.Repeat("x", 128), strings.Repeat("x", 64)}, true},
		{Name{"a", "$package"}, true},
		{Name{"", ""}, false},
		{Name{"$a", ""}, false},
		{Name{"a.b", ""}, false},
		{Name{"ä", ""}, false},
		{Name{"a", "a/b"}, false},
		{Name{strings.Repeat("x", 129), ""}, false},
		{Name{"a", strings.Repeat("x", 65)}, false},
	} {
		if got := row.name.Valid(); got != row.valid {
			t.Errorf("%+v: %v", row.name, got)
		}
	}
}

// After a restart everything is as it was: values as they were written, times, versions, and those of deleted shadows.
func TestSnapshot(t *testing.T) {
	var store Store
	for i, body := range []string{
		`{"state":{"desired":{"n":1.50,"timestamp":{"timestamp":5},"list":[1,{"x":[true]}],"o":{},"e":[]},"reported":{}}}`,
		`{"state":{"desired":{"n":9223372036854775807,"text":"<&>\u2028"}}}`,
	} {
		store.Update(Name{"thing", ""}, []byte(body), start.Add(time.Duration(i)*time.Second))
	}
	store.Update(Name{"thing", "config"}, []byte(`{"state":{"reported":{"a":1}}}`), start)
	store.Update(Name{"thing", "gone"}, []byte(`{"state":{}}`), start)
	store.Delete(Name{"thing", "gone"}, nil, start)
	before, err := store.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	var restored Store
	if err := restored.Restore(before); err != nil {
		t.Fatal(err)
	}
	if after, err := restored.Snapshot(); err != nil || string(after) != string(before) {
		t.Errorf("%v, restored: %s\nwant %s", err, after, before)
	}
	later := start.Add(47 * time.Hour)
	for _, name := range []Name{{"thing", ""}, {"thing", "config"}, {"thing", "gone"}} {
		if got, want := restored.Get(name, nil, later)[0].String(), store.Get(name, nil, later)[0].String(); got != want {
			t.Errorf("get %+v: %s, want %s", name, got, want)
		}
		body := []byte(`{"state":{"desired":{"list":[2],"timestamp":null}}}`)
		got, want := restored.Update(name, body, later), store.Update(name, body, later)
		if !slices.EqualFunc(got, want, func(a, b Message) bool { return a.String() == b.String() }) {
			t.Errorf("update %+v: %s, want %s", name, got, want)
		}
	}
	if got := restored.Update(Name{"thing", "gone"}, []byte(`{"state":{}}`), later)[0].String(); !strings.Contains(got, `"version":3`) {
		t.Errorf("the version of what was deleted does not go on: %s", got)
	}

	whole := string(before)
	for change, text := range map[string][2]string{
		"no JSON":             {`{"shadows"`, `{shadows`},
		"no name":             {`"thing":"thing"`, `"thing":""`},
		"a wrong name":        {`"shadow":"config"`, `"shadow":"a/b"`},
		"twice":               {`"shadow":"gone"`, `"shadow":"config"`},
		"no version":          {`"version":2`, `"version":0`},
		"a version too high":  {`"version":2`, `"version":9223372036854775807`},
		"a null":              {`"n":9223372036854775807`, `"n":null`},
		"a null in an array":  {`[1,{`, `[null,{`},
		"metadata missing":    {`"n":{"timestamp":1700000001},`, ``},
		"metadata of another": {`"n":{"timestamp":1700000001}`, `"m":{"timestamp":1700000001}`},
		"metadata no leaf":    {`"n":{"timestamp":1700000001}`, `"n":{"timestamp":"now"}`},
		"deleted twice":       {`"deleted":[`, `"deleted":[{"thing":"thing","shadow":"gone","version":1,"deleted":"2023-11-14T22:13:20Z"},`},
		"metadata too much":   {`"n":{"timestamp":1700000001}`, `"n":{"timestamp":1,"x":1}`},
		"metadata of more":    {`"n":{"timestamp":1700000001}`, `"m":{"timestamp":1},"n":{"timestamp":1}`},
		"array too short":     {`"e":[]`, `"e":[1]`},
		"object for a value":  {`"o":{}`, `"o":{"x":1}`},
		"no object":           {`"state":{}`, `"state":[]`},
		"metadata no object":  {`"metadata":{}`, `"metadata":[]`},
		"too large":           {`"n":9223372036854775807`, `"n":"` + strings.Repeat("x", 8192) + `"`},
	} {
		damaged := strings.Replace(whole, text[0], text[1], 1)
		if damaged == whole {
			t.Fatalf("%s: %s is not in %s", change, text[0], whole)
		}
		if err := new(Store).Restore([]byte(damaged)); err == nil {
			t.Errorf("%s: restored", change)
		}
	}
}

// Whatever a file of shadows holds: an error, or a store that works and is saved as it is.
func FuzzRestore(f *testing.F) {
	var store Store
	store.Update(Name{"thing", ""}, []byte(`{"state":{"desired":{"a":[1,{"b":2}],"c":{}},"reported":{"a":1.5}}}`), start)
	store.Update(Name{"thing", "gone"}, []byte(`{"state":{}}`), start)
	store.Delete(Name{"thing", "gone"}, nil, start)
	data, err := store.Snapshot()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"shadows":[{"thing":"t","version":1,"desired":{"state":{"a":{"timestamp":1}},"metadata":{"a":{"timestamp":{"timestamp":1}}}}}],"deleted":null}`))
	f.Add([]byte(`{"shadows":[{"thing":"t","version":1,"desired":{"state":null}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var store, again Store
		if store.Restore(data) != nil {
			return
		}
		saved, err := store.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Restore(saved); err != nil {
			t.Fatalf("%v in %s", err, saved)
		}
		for name := range store.documents {
			for _, m := range slices.Concat(store.Get(name, nil, start), store.Update(name, []byte(`{"state":{"reported":{"a":null,"b":1}}}`), start), store.Delete(name, nil, start)) {
				if !json.Valid(m.Payload) {
					t.Errorf("not JSON: %s", m)
				}
			}
		}
	})
}
