package lwm2m

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
)

func TestStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	s, err := OpenStore(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Credential{
		{Endpoint: "a", Identity: "1", Key: Key("x")}, {Endpoint: "b", Identity: "2", Key: Key("y")}, {Endpoint: "c", Identity: "2", Key: Key("z")}, // takes b's identity
		{Endpoint: "a", Identity: "3", Key: Key("x")}, // a's new identity
	} {
		if err := s.Add(c); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []Credential{{Identity: "1", Key: Key("x")}, {Endpoint: "a", Key: Key("x")}, {Endpoint: "a", Identity: "1"}, {Endpoint: "a", Identity: "1", Key: make(Key, 65)}} {
		if err := s.Add(bad); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
	mute := false
	plan := BootstrapPlan{Accounts: []Account{{URI: "coap://h", ShortServerID: 1, Key: Key("k"), MuteSend: &mute}}, Steps: []Step{{Operation: "write", Path: "/1/0", Items: []format.Item{{Path: "/1/0/1", Value: int64(5)}}}}}
	if err := s.SetPlan("a", plan); err != nil {
		t.Error(err)
	}
	for _, bad := range []BootstrapPlan{{}, {Accounts: []Account{{URI: "coap://h"}}}, {Accounts: []Account{{URI: "http://h", ShortServerID: 1}}}, {Steps: []Step{{Operation: "x"}}}, {Steps: []Step{{Operation: "write", Path: "1"}}}} {
		if err := s.SetPlan("b", bad); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
	again, err := OpenStore(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.List(), s.List()) || len(again.List()) != 2 {
		t.Errorf("%v and %v", again.List(), s.List())
	}
	if got, ok := again.Plan("a"); !ok || !reflect.DeepEqual(got, plan) {
		t.Errorf("plan %+v", got)
	}
	if c, ok := again.ByEndpoint("c"); !ok || string(c.Key) != "z" || strings.Contains(fmt.Sprintf("%v %x %q", c, c.Key, c.Key), "7a") {
		t.Errorf("%v", c)
	}
	if err := again.Remove("2"); err != nil {
		t.Error(err)
	}
	if err := again.RemovePlan("a"); err != nil {
		t.Error(err)
	}
	if _, ok := again.ByIdentity("2"); ok {
		t.Error("still there")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	for _, bad := range []string{"{", `{"credentials":[{"endpoint":"a","identity":"b","key":"secret"}]}`, `{"credentials":[{"endpoint":"a"}]}`} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenStore(path); err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "delete it") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	if err := again.Add(Credential{Endpoint: "z", Identity: "z", Key: Key("z")}); err == nil {
		t.Error("saved nowhere")
	}
	if _, ok := again.ByIdentity("z"); ok {
		t.Error("what was not saved is there")
	}
}
