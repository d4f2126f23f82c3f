package tracker

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
)

func pointer[T any](value T) *T { return &value }

func TestDecodeConfiguration(t *testing.T) {
	all := data.ConfigurationChange{
		ActiveMode: pointer(true), LocationTimeout: pointer(300 * time.Second), ActiveWait: pointer(120 * time.Second),
		MovementResolution: pointer(150 * time.Second), MovementTimeout: pointer(3600 * time.Second), AccelerometerActivity: pointer(4.0),
		AccelerometerInactivity: pointer(3.5), AccelerometerInactivityTimeout: pointer(60.25), NoData: &data.NoData{GNSS: true, WiFi: true},
	}
	one := data.ConfigurationChange{ActiveWait: pointer(60 * time.Second)}
	for name, c := range map[string]struct {
		document string
		path     []string
		want     data.ConfigurationChange
	}{
		"what we write":     {string(AppendConfiguration(nil, configuration)), nil, all},
		"keys in any case":  {`{"CFG":{"ActWT":60}}`, nil, one},
		"root before path":  {`{"state":{"cfg":{"actwt":1}},"cfg":{"actwt":60}}`, []string{"state"}, one},
		"in state":          {`{"version":7,"state":{"cfg":{"actwt":60}}}`, []string{"state"}, one},
		"in desired":        {`{"state":{"desired":{"cfg":{"actwt":60}},"reported":{"cfg":{"actwt":1}}}}`, []string{"state", "desired"}, one},
		"null section":      {`{"cfg":null,"state":{"cfg":{"actwt":60}}}`, []string{"state"}, one},
		"unknown members":   {`{"cfg":{"actwt":60,"new":{"deep":[1,2]}}}`, nil, one},
		"nothing":           {`{"cfg":{}}`, nil, data.ConfigurationChange{}},
		"null members":      {`{"cfg":{"act":null,"nod":null,"loct":null}}`, nil, data.ConfigurationChange{}},
		"number for a bool": {`{"cfg":{"act":0}}`, nil, data.ConfigurationChange{ActiveMode: pointer(false)}},
		"whole with point":  {`{"cfg":{"actwt":6.0e1}}`, nil, one},
		"longest":           {`{"cfg":{"mvt":2147483647}}`, nil, data.ConfigurationChange{MovementTimeout: pointer(2147483647 * time.Second)}},
		"negative real":     {`{"cfg":{"accath":-0.5}}`, nil, data.ConfigurationChange{AccelerometerActivity: pointer(-0.5)}},
		"nothing excluded":  {`{"cfg":{"nod":[]}}`, nil, data.ConfigurationChange{NoData: &data.NoData{}}},
		"unknown excluded":  {`{"cfg":{"nod":["ncell","sonar","GNSS"]}}`, nil, data.ConfigurationChange{NoData: &data.NoData{GNSS: true, NeighbourCells: true}}},
		"space around":      {" \n{ \"cfg\" : { \"actwt\" : 60 } } ", nil, one},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := DecodeConfiguration([]byte(c.document), c.path...)
			if err != nil || got.Refused != nil {
				t.Fatalf("error %v, refused %v", err, got.Refused)
			}
			if !reflect.DeepEqual(got.ConfigurationChange, c.want) {
				t.Errorf("got %+v, want %+v", got.ConfigurationChange, c.want)
			}
		})
	}
}

// TestRefusedMembers holds that a bad member is refused by name and its neighbour is taken.
func TestRefusedMembers(t *testing.T) {
	for member, says := range map[string]string{
		`"act":"true"`:             `cfg.act: "true" where true or false is expected`,
		`"act":2`:                  `cfg.act: 2 where true or false is expected`,
		`"act":[]`:                 `cfg.act: [] where true or false is expected`,
		`"loct":0`:                 `cfg.loct: 0 is not between 1 and 2147483647`,
		`"loct":-300`:              `cfg.loct: -300 is not between`,
		`"loct":2147483648`:        `cfg.loct: 2147483648 is not between`,
		`"loct":1e300`:             `cfg.loct: 1e300 is not between`,
		`"loct":1e999`:             `cfg.loct: 1e999 is too large a number`,
		`"loct":1.5`:               `cfg.loct: 1.5 is not a whole number`,
		`"loct":"300"`:             `cfg.loct: a text where a number is expected`,
		`"loct":true`:              `cfg.loct: true or false where a number is expected`,
		`"loct":{}`:                `cfg.loct: an object where a number is expected`,
		`"mvres":0.5`:              `cfg.mvres: 0.5 is not a whole number`,
		`"mvt":[]`:                 `cfg.mvt: a list where a number is expected`,
		`"accath":"4"`:             `cfg.accath: a text where a number is expected`,
		`"accith":false`:           `cfg.accith: true or false where a number is expected`,
		`"accito":1e999`:           `cfg.accito: 1e999 is too large a number`,
		`"nod":"gnss"`:             `cfg.nod: a text where a list is expected`,
		`"nod":["gnss",7]`:         `cfg.nod: item 1: a number where a text is expected`,
		`"loct":5,"LOCT":6`:        `cfg.loct: member "loct" is given twice`,
		`"nod":[null]`:             `cfg.nod: item 0: null where a text is expected`,
		`"loct":` + manyDigits:     `cfg.loct: ` + manyDigits[:40] + `… is not between`,
		`"accath":{"nested":true}`: `cfg.accath: an object where a number is expected`,
	} {
		got, err := DecodeConfiguration([]byte(`{"cfg":{` + member + `,"actwt":60}}`))
		if err != nil || len(got.Refused) != 1 {
			t.Errorf("%s: error %v, refused %v", member, err, got.Refused)
			continue
		}
		if !strings.HasPrefix(got.Refused[0].Error(), says) {
			t.Errorf("%s: %q, want %q", member, got.Refused[0], says)
		}
		if want := (data.ConfigurationChange{ActiveWait: pointer(60 * time.Second)}); !reflect.DeepEqual(got.ConfigurationChange, want) {
			t.Errorf("%s: changes %+v", member, got.ConfigurationChange)
		}
	}
}

var manyDigits = strings.Repeat("9", 50)

func TestUnusableDocuments(t *testing.T) {
	for document, says := range map[string]string{
		``:                                "not JSON",
		`{`:                               "not JSON",
		`{"cfg":{}} {}`:                   "not JSON",
		`[{"cfg":{}}]`:                    "a list where an object is expected",
		`"cfg"`:                           "a text where an object is expected",
		`null`:                            "null where an object is expected",
		`{"cfg":[1]}`:                     `member "cfg": a list where an object is expected`,
		`{"cfg":"x"}`:                     `member "cfg": a text where an object is expected`,
		`{"state":7}`:                     `member "state": a number where an object is expected`,
		`{"cfg":{},"Cfg":{}}`:             `member "cfg" is given twice`,
		`{"state":{},"State":{}}`:         `member "state" is given twice`,
		"{\"cfg\":{\"\xff\":1}}":          "not UTF-8",
		strings.Repeat("[", 20000):        "not JSON",
		strings.Repeat(`{"cfg":`, 100000): "not JSON",
	} {
		if _, err := DecodeConfiguration([]byte(document), "state"); err == nil || errors.Is(err, ErrNoConfiguration) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40q: error %v, want %q", document, err, says)
		}
	}
	for _, document := range []string{`{}`, `{"state":{}}`, `{"state":null}`, `{"cfg":null}`, `{"state":{"desired":{"cfg":{}}}}`} {
		if _, err := DecodeConfiguration([]byte(document), "state"); !errors.Is(err, ErrNoConfiguration) {
			t.Errorf("%s: error %v, want ErrNoConfiguration", document, err)
		}
	}
}

// FuzzDecodeConfiguration holds that nothing panics and that whatever is taken is in range and can be reported again.
func FuzzDecodeConfiguration(f *testing.F) {
	f.Add(AppendConfiguration(nil, configuration))
	f.Add([]byte(`{"state":{"cfg":{"act":1,"nod":["gnss",null],"loct":-1}},"version":3}`))
	f.Add([]byte(`{"cfg":{"accath":1e308,"ACCATH":2,"mvt":"7"}}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		change, err := DecodeConfiguration(document, "state", "desired")
		if err != nil {
			if change.Refused != nil || !reflect.DeepEqual(change.ConfigurationChange, data.ConfigurationChange{}) {
				t.Fatalf("error %v, and yet %+v", err, change)
			}
			return
		}
		for _, d := range []*time.Duration{change.LocationTimeout, change.ActiveWait, change.MovementResolution, change.MovementTimeout} {
			if d != nil && (*d < time.Second || *d > maxSeconds*time.Second || *d%time.Second != 0) {
				t.Fatalf("takes %v", *d)
			}
		}
		for _, r := range []*float64{change.AccelerometerActivity, change.AccelerometerInactivity, change.AccelerometerInactivityTimeout} {
			if r != nil && !finite(*r) {
				t.Fatalf("takes %v", *r)
			}
		}
		again, err := DecodeConfiguration(document, "state", "desired")
		if err != nil || !reflect.DeepEqual(again.ConfigurationChange, change.ConfigurationChange) {
			t.Fatalf("decodes differently the second time: %+v, %v", again, err)
		}
		if bytes.IndexByte(document, '{') < 0 {
			t.Fatalf("takes %q", document)
		}
	})
}
