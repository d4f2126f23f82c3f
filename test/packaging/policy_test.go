package packaging

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/lab/aws/access"
	"github.com/cloudgen/cloudgen/lab/broker"
	"github.com/cloudgen/cloudgen/runtime/cloud"
)

// generated is the policy of the firmware in examples/aws, which the generator has written beside it.
func generated(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "aws", "packaging", "aws", "policy.json"))
	check(t, err)
	return string(text)
}

// list is a JSON text, or a list of them.
type list []string

func (l *list) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(l))
}

type statement struct {
	Effect    string
	Action    list
	Resource  list
	Condition json.RawMessage `json:",omitempty"`
}

type document struct {
	Version   string
	Statement []statement
}

func read(t testing.TB, text string) document {
	t.Helper()
	var d document
	check(t, json.Unmarshal([]byte(text), &d))
	return d
}

// without leaves out a resource, and its statement where that had no other.
func (d document) without(t testing.TB, i, j int) string {
	t.Helper()
	d.Statement = slices.Clone(d.Statement)
	d.Statement[i].Resource = slices.Delete(slices.Clone(d.Statement[i].Resource), j, j+1)
	if len(d.Statement[i].Resource) == 0 {
		d.Statement = slices.Delete(d.Statement, i, i+1)
	}
	text, err := json.Marshal(d)
	check(t, err)
	return string(text)
}

// request gives what a policy was asked for an event to come about.
func request(account access.Account, e broker.Event) (action, resource string) {
	switch e.Kind {
	case broker.Connected:
		return access.Connect, account.Client(e.Client)
	case broker.Received:
		return access.Publish, account.Topic(e.Topic)
	case broker.Subscribed:
		return access.Subscribe, account.TopicFilter(e.Topic)
	case broker.Sent:
		return access.Receive, account.Topic(e.Topic)
	}
	return "", ""
}

// unused gives the resources of a policy that no event has needed.
func unused(t testing.TB, d document, account access.Account, events []broker.Event) []string {
	t.Helper()
	var idle []string
	for i, s := range d.Statement {
		for j, resource := range s.Resource {
			left, err := access.Parse(d.without(t, i, j))
			check(t, err)
			needed := slices.ContainsFunc(events, func(e broker.Event) bool {
				action, asked := request(account, e)
				return action != "" && !allows(left, action, asked, e.Client)
			})
			if !needed {
				idle = append(idle, s.Action[0]+" "+resource)
			}
		}
	}
	return idle
}

// allows tells what a document allows a client that is the thing of its certificate.
func allows(d *access.Document, action, resource, client string) bool {
	context := access.Client{ID: client, Thing: &access.Thing{Name: client}}.Context()
	return access.Evaluate([]access.Policy{{Name: "policy", Document: d}}, access.Request{Action: action, Resource: resource, Context: context}).Allowed
}

// TestPolicyIsEnoughAndNeeded: the firmware does everything and is refused nothing, and all that it is allowed has been needed.
func TestPolicyIsEnoughAndNeeded(t *testing.T) {
	text := generated(t)
	a := newAccount(t, text)
	m := firmware(t, a)
	a.await(t, "a connection", func([]broker.Event) bool { return a.connected })
	check(t, doEverything(t.Context(), a, m))
	d := read(t, text)
	var idle []string
	a.await(t, "everything that the policy allows is done", func(events []broker.Event) bool {
		idle = unused(t, d, a.Account(), events)
		return len(idle) == 0
	})
	if refused := byPolicy(a.seen()); len(refused) > 0 {
		t.Errorf("the cloud has refused: %v", refused)
	}
}

// TestLessThanThePolicy takes one resource after the other out of the policy: the cloud then refuses the firmware something.
func TestLessThanThePolicy(t *testing.T) {
	d := read(t, generated(t))
	resources := 0
	for i, s := range d.Statement {
		for j, resource := range s.Resource {
			resources++
			t.Run(fmt.Sprintf("%s %d", s.Action[0], j), func(t *testing.T) {
				a := newAccount(t, d.without(t, i, j))
				m := firmware(t, a)
				usable := false
				a.await(t, "a connection, or none", func(events []broker.Event) bool {
					usable = a.connected
					return usable || len(byPolicy(events)) > 0
				})
				if usable {
					_ = doEverything(t.Context(), a, m) // what is refused shows at the cloud
				}
				a.await(t, "a refusal without "+resource, func(events []broker.Event) bool { return len(byPolicy(events)) > 0 })
				kind := strings.ToLower(strings.TrimPrefix(s.Action[0], "iot:"))
				if refused := byPolicy(a.seen())[0]; refused.Rule != kind+"/policy" || !strings.Contains(refused.Detail, "the missing statement is {") {
					t.Errorf("without %s: %v", resource, refused)
				}
			})
		}
	}
	if resources < 20 {
		t.Errorf("the policy has %d resources", resources)
	}
}

// TestTopicsOfAnotherDevice are not the device's: the cloud closes its connection and says which statement is missing.
func TestTopicsOfAnotherDevice(t *testing.T) {
	a := newAccount(t, generated(t))
	m := firmware(t, a)
	a.await(t, "a connection", func([]broker.Event) bool { return a.connected })
	const topic = "350000000000018/messages"
	_ = m.Send(t.Context(), cloud.Message{Endpoint: cloud.Endpoint{Type: cloud.EndpointMsg, Name: topic}}) // it may be accepted before the connection is closed
	a.await(t, "a refusal", func(events []broker.Event) bool { return len(byPolicy(events)) > 0 })
	want := `the missing statement is {"Effect":"Allow","Action":"iot:Publish","Resource":"` + a.Account().Topic(topic) + `"}`
	if refused := byPolicy(a.seen())[0]; refused.Rule != "publish/policy" || !strings.Contains(refused.Detail, want) {
		t.Errorf("the cloud says: %v", refused)
	}
}
