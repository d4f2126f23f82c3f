//go:build real

package awssdk

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// schemaTable says what is validated against which schema, and explains all that differs.
type schemaTable struct {
	Messages []struct {
		File    string `json:"file"`   // from the root of the repository
		At      string `json:"at"`     // path of what is validated; "": the whole document
		Schema  string `json:"schema"` // of the package
		None    string `json:"none"`   // why there is no schema for it
		Differs []struct {
			finding
			Reason string `json:"reason"`
		} `json:"differs"`
		Means map[string]string `json:"means"` // by path: what validation cannot see, because the meaning differs and not the form
	} `json:"messages"`
	Unused map[string]string `json:"unused"` // schemas that no message is validated against, and why
}

// finding is where a document breaks a schema.
type finding struct {
	Path    string `json:"path"`    // as JSON pointer
	Keyword string `json:"keyword"` // of the schema
}

// goldenFolders have the messages that our firmware sends, byte for byte: the tests beside them hold the encoders to them.
func goldenFolders() []string {
	return []string{"runtime/codec/tracker/testdata", "runtime/backend/aws/testdata"}
}

// Our firmware's messages are what the vendor's cloud takes, with no member that it does not know; differences are in the table, each with its reason.
func TestSchemas(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/schemas.json")
	check(t, err)
	var table schemaTable
	check(t, json.Unmarshal(content, &table))
	d := newDriver(t, "")

	unseen := map[string]bool{}
	for _, folder := range goldenFolders() {
		files, err := filepath.Glob(filepath.Join("../..", folder, "*.json"))
		check(t, err)
		for _, file := range files {
			unseen[folder+"/"+filepath.Base(file)] = true
		}
	}
	var names []string
	check(t, json.Unmarshal(d.call("schema.names", nil), &names))
	unvalidated := map[string]bool{}
	for _, name := range names {
		unvalidated[name] = true
	}

	for _, m := range table.Messages {
		document, err := os.ReadFile(filepath.Join("../..", m.File))
		check(t, err)
		delete(unseen, m.File)
		for path, reason := range m.Means {
			if _, there := pointer(document, m.At, path); !there || reason == "" {
				t.Errorf("%s: the table explains %q, which is not there, or says nothing of it", m.File, path)
			}
		}
		if m.Schema == "" {
			if m.None == "" {
				t.Errorf("%s: the table does not say why there is no schema", m.File)
			}
			continue
		}
		part, there := pointer(document, m.At, "")
		if !there {
			t.Errorf("%s: there is no %s", m.File, m.At)
			continue
		}
		delete(unvalidated, m.Schema)
		var findings, explained []finding
		check(t, json.Unmarshal(d.call("schema.validate", object{"schema": m.Schema, "document": part}), &findings))
		for _, difference := range m.Differs {
			explained = append(explained, difference.finding)
			if difference.Reason == "" {
				t.Errorf("%s: the table has no reason for %v", m.File, difference.finding)
			}
		}
		for _, f := range findings {
			if !slices.Contains(explained, f) {
				t.Errorf("%s breaks %s at %q: %s", m.File, m.Schema, f.Path, f.Keyword)
			}
		}
		for _, f := range explained {
			if !slices.Contains(findings, f) {
				t.Errorf("%s: the table explains %s at %q, which the schema does not find", m.File, f.Keyword, f.Path)
			}
		}
	}
	for file := range unseen {
		t.Errorf("%s is not in testdata/schemas.json", file)
	}
	for name := range unvalidated {
		if table.Unused[name] == "" {
			t.Errorf("no message is validated against %s, and testdata/schemas.json does not say why", name)
		}
	}
	for name := range table.Unused {
		if !slices.Contains(names, name) || !unvalidated[name] {
			t.Errorf("testdata/schemas.json says that %s is not used; there is no such schema, or it is", name)
		}
	}
}

// Documents that are wrong do not pass: the validation finds what it is there to find.
func TestSchemasFind(t *testing.T) {
	t.Parallel()
	d := newDriver(t, "")
	for name, test := range map[string]struct {
		schema, document string
		want             finding
	}{
		"unknown member":          {"AGNSSRequest", `{"mcc":262,"mnc":7,"area":1,"cell":2,"types":[1],"tac":1}`, finding{"/tac", "additionalProperties"}},
		"name that is misspelt":   {"AWSReported", `{"gps":{}}`, finding{"/gps", "unevaluatedProperties"}},
		"unknown member in parts": {"AWSReported", `{"dev":{"v":{"appV":"1","imei":"350000000000017","modV":"m","brdV":"b","x":1},"ts":1735689600000}}`, finding{"/dev/v/x", "unevaluatedProperties"}},
		"seconds":                 {"Message", `{"btn":{"v":1,"ts":1735689600}}`, finding{"/btn/ts", "minimum"}},
		"number as text":          {"PGPSRequest", `{"n":"32"}`, finding{"/n", "type"}},
		"missing":                 {"Message", `{"btn":{"v":1}}`, finding{"/btn", "required"}},
		"in an array":             {"Batch", `{"bat":[{"v":0,"ts":1735689600000}]}`, finding{"/bat/0/v", "minimum"}},
	} {
		var findings []finding
		check(t, json.Unmarshal(d.call("schema.validate", object{"schema": test.schema, "document": json.RawMessage(test.document)}), &findings))
		if !slices.Contains(findings, test.want) {
			t.Errorf("%s: %v; want %v", name, findings, test.want)
		}
	}
}
