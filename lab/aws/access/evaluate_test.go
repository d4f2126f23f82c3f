package access_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/lab/aws/access"
)

var account = access.Account{Region: "eu-central-1", ID: "123456789012"}

const arn = "arn:aws:iot:eu-central-1:123456789012:"

// client is the client c1, attached to a thing, changed by a function.
func client(change func(*access.Client)) access.Client {
	c := access.Client{
		ID: "c1", DomainName: "iot.example", SourceIP: netip.MustParseAddr("10.1.2.3"), CertificateID: "abc",
		Thing: &access.Thing{Name: "c1", Type: "tracker", Attributes: map[string]string{"site": "north"}},
	}
	if change != nil {
		change(&c)
	}
	return c
}

func parse(t testing.TB, name string, statements ...string) access.Policy {
	t.Helper()
	d, err := access.Parse(document(strings.Join(statements, ",")))
	if err != nil {
		t.Fatal(err)
	}
	return access.Policy{Name: name, Document: d}
}

func TestEvaluate(t *testing.T) {
	allow := func(action, resource, more string) []string { return []string{stmt("Allow", action, resource, more)} }
	where := func(condition string) []string {
		return allow("iot:*", "*", `,"Condition":{`+condition+`}`)
	}
	topic, filter := account.Topic, account.TopicFilter
	unattached := func(c *access.Client) { c.Thing = nil }
	id := func(id string) func(*access.Client) { return func(c *access.Client) { c.ID = id } }
	connect := func(attributes ...string) func(*access.Client) {
		return func(c *access.Client) { c.ConnectAttributes = attributes }
	}
	const yes, no = true, false
	tests := []struct {
		source, name     string
		statements       []string
		change           func(*access.Client)
		action, resource string
		want             bool
	}{
		{policies, "nothing is allowed by itself", []string{stmt("Deny", "iot:Connect", "*", "")}, nil, access.Publish, topic("a"), no},
		{policies, "allowed", allow("iot:Publish", arn+"topic/a", ""), nil, access.Publish, topic("a"), yes},
		{evaluation, "deny wins", []string{stmt("Allow", "iot:*", "*", ""), stmt("Deny", "iot:Publish", arn+"topic/a", "")}, nil, access.Publish, topic("a"), no},
		{evaluation, "deny wins, written first", []string{stmt("Deny", "iot:Publish", arn+"topic/a", ""), stmt("Allow", "iot:*", "*", "")}, nil, access.Publish, topic("a"), no},
		{evaluation, "deny of another", []string{stmt("Deny", "iot:Publish", arn+"topic/b", ""), stmt("Allow", "iot:*", "*", "")}, nil, access.Publish, topic("a"), yes},

		{grammar, "action with *", allow("iot:Pub*", "*", ""), nil, access.Publish, topic("a"), yes},
		{grammar, "action with ?", allow("iot:Publis?", "*", ""), nil, access.Publish, topic("a"), yes},
		{grammar, "every action", allow("*", "*", ""), nil, access.Publish, topic("a"), yes},
		{grammar, "action in another case", allow("iot:publish", "*", ""), nil, access.Publish, topic("a"), yes},
		{grammar, "list of actions", []string{`{"Effect":"Allow","Action":["iot:Connect","iot:Publish"],"Resource":["` + arn + `client/c1","` + arn + `topic/a"]}`}, nil, access.Publish, topic("a"), yes},
		{grammar, "NotAction", []string{`{"Effect":"Allow","NotAction":"iot:Connect","Resource":"*"}`}, nil, access.Publish, topic("a"), yes},
		{grammar, "NotAction names it", []string{`{"Effect":"Allow","NotAction":"iot:Publish","Resource":"*"}`}, nil, access.Publish, topic("a"), no},
		{grammar, "NotResource", []string{`{"Effect":"Allow","Action":"iot:*","NotResource":"` + arn + `topic/b"}`}, nil, access.Publish, topic("a"), yes},
		{grammar, "NotResource names it", []string{`{"Effect":"Allow","Action":"iot:*","NotResource":"` + arn + `topic/a*"}`}, nil, access.Publish, topic("ab"), no},
		{variables, "NotResource with a variable without value", []string{`{"Effect":"Allow","Action":"iot:*","NotResource":"` + arn + `topic/${iot:Connection.Thing.ThingName}"}`}, unattached, access.Publish, topic("a"), no},
		{actions, "publish is not retain", allow("iot:Publish", "*", ""), nil, access.RetainPublish, topic("a"), no},
		{actions, "jobs by HTTP, as iot:", allow("iot:UpdateJobExecution", arn+"thing/c1", ""), nil, access.UpdateJobExecution, account.Thing("c1"), yes},
		{jobsHTTP, "jobs by HTTP, as iotjobsdata:", allow("iotjobsdata:Describe*", arn+"thing/c1", ""), nil, access.DescribeJobExecution, account.Thing("c1"), yes},

		{resources, "another region", allow("iot:Publish", "arn:aws:iot:us-east-1:123456789012:topic/a", ""), nil, access.Publish, topic("a"), no},
		{resources, "another account", allow("iot:Publish", "arn:aws:iot:eu-central-1:1:topic/a", ""), nil, access.Publish, topic("a"), no},
		{resources, "any region and account", allow("iot:Publish", "arn:aws:iot:*:*:topic/a", ""), nil, access.Publish, topic("a"), yes},
		{resources, "another type", allow("iot:Subscribe", arn+"topic/a", ""), nil, access.Subscribe, filter("a"), no},
		{resources, "client", allow("iot:Connect", arn+"client/c1", ""), nil, access.Connect, account.Client("c1"), yes},
		{resources, "shadow", allow("iot:GetThingShadow", arn+"thing/c1", ""), nil, access.GetThingShadow, account.Thing("c1"), yes},
		{resources, "named shadow", allow("iot:GetThingShadow", arn+"thing/c1/s", ""), nil, access.GetThingShadow, account.NamedShadow("c1", "s"), yes},
		{resources, "named shadow is not the thing", allow("iot:GetThingShadow", arn+"thing/c1", ""), nil, access.GetThingShadow, account.NamedShadow("c1", "s"), no},
		{operators, "wildcards stay in their part of the ARN", allow("iot:Publish", "arn:aws:iot:*:123456789012:topic/a", ""), nil, access.Publish, "arn:aws:iot:eu-central-1:999:topic/x:123456789012:topic/a", no},
		{operators, "colons in the resource", allow("iot:Publish", arn+"topic/a:*", ""), nil, access.Publish, topic("a:b:c"), yes},

		{pubsub, "* matches more levels", allow("iot:Publish", arn+"topic/a/*", ""), nil, access.Publish, topic("a/b/c"), yes},
		{pubsub, "* matches nothing too", allow("iot:Publish", arn+"topic/a/*", ""), nil, access.Publish, topic("a/"), yes},
		{pubsub, "* needs what is before it", allow("iot:Publish", arn+"topic/a/*", ""), nil, access.Publish, topic("a"), no},
		{pubsub, "* in the middle", allow("iot:Publish", arn+"topic/*/b*d", ""), nil, access.Publish, topic("a/x/bcd"), yes},
		{pubsub, "? matches one character", allow("iot:Publish", arn+"topic/a?c", ""), nil, access.Publish, topic("aäc"), yes},
		{pubsub, "? matches no fewer", allow("iot:Publish", arn+"topic/a?c", ""), nil, access.Publish, topic("ac"), no},
		{pubsub, "# is a plain character", allow("iot:Subscribe", arn+"topicfilter/a/#", ""), nil, access.Subscribe, filter("a/b"), no},
		{pubsub, "# as itself", allow("iot:Subscribe", arn+"topicfilter/a/#", ""), nil, access.Subscribe, filter("a/#"), yes},
		{pubsub, "+ is a plain character", allow("iot:Subscribe", arn+"topicfilter/some/+/topic", ""), nil, access.Subscribe, filter("some/x/topic"), no},
		{pubsub, "* covers MQTT's wildcards", allow("iot:Subscribe", arn+"topicfilter/a/*", ""), nil, access.Subscribe, filter("a/+/#"), yes},
		{pubsub, "everything under the thing's name but one", []string{stmt("Allow", "iot:Publish", arn+"topic/${iot:Connection.Thing.ThingName}/*", ""), stmt("Deny", "iot:Publish", arn+"topic/${iot:Connection.Thing.ThingName}/bar", "")}, nil, access.Publish, topic("c1/bar"), no},

		{basic, "client id", allow("iot:Publish", arn+"topic/my/${iot:ClientId}", ""), nil, access.Publish, topic("my/c1"), yes},
		{basic, "another client id", allow("iot:Publish", arn+"topic/my/${iot:ClientId}", ""), nil, access.Publish, topic("my/c2"), no},
		{basic, "client id + opens my/+/topic", allow("iot:Subscribe", arn+"topicfilter/my/${iot:ClientId}/topic", ""), id("+"), access.Subscribe, filter("my/+/topic"), yes},
		{basic, "address", where(`"IpAddress":{"aws:SourceIp":"10.1.2.3"}`), nil, access.Publish, topic("a"), yes},
		{basic, "domain name", where(`"StringEquals":{"iot:DomainName":"iot.example"}`), nil, access.Publish, topic("a"), yes},
		{x509Page, "a client id * is no wildcard", allow("iot:Connect", arn+"client/${iot:ClientId}", ""), id("*"), access.Connect, account.Client("x"), no},
		{x509Page, "a client id * is not put in", allow("iot:Connect", arn+"client/${iot:ClientId}", ""), id("*"), access.Connect, account.Client("*"), no},
		{x509Page, "1024 characters", allow("iot:Connect", arn+"client/${iot:ClientId}", ""), id(strings.Repeat("x", 1024)), access.Connect, account.Client(strings.Repeat("x", 1024)), yes},
		{x509Page, "1025 characters", allow("iot:Connect", arn+"client/${iot:ClientId}", ""), id(strings.Repeat("x", 1025)), access.Connect, account.Client(strings.Repeat("x", 1025)), no},
		{variables, "names in any case", allow("iot:Publish", arn+"topic/${IOT:clientid}", ""), nil, access.Publish, topic("c1"), yes},
		{variables, "${*}", allow("iot:Publish", arn+"topic/${*}", ""), nil, access.Publish, topic("a"), no},
		{variables, "${*} as itself, ${?} and ${$} too", allow("iot:Publish", arn+"topic/${*}${?}${$}", ""), nil, access.Publish, topic("*?$"), yes},
		{variables, "unknown variable", allow("iot:Publish", arn+"topic/${iot:Nothing}", ""), nil, access.Publish, topic("${iot:Nothing}"), no},
		{variables, "default", allow("iot:Publish", arn+"topic/${iot:Nothing, 'none'}", ""), nil, access.Publish, topic("none"), yes},
		{variables, "default not needed", allow("iot:Publish", arn+"topic/${iot:ClientId, 'none'}", ""), nil, access.Publish, topic("none"), no},
		{variables, "deny with a variable without value", []string{stmt("Allow", "iot:*", "*", ""), stmt("Deny", "iot:*", arn+"topic/${iot:Nothing}", "")}, nil, access.Publish, topic("a"), yes},

		{things, "thing name", allow("iot:Connect", arn+"client/${iot:Connection.Thing.ThingName}", ""), nil, access.Connect, account.Client("c1"), yes},
		{things, "thing name, not attached", allow("iot:Connect", arn+"client/${iot:Connection.Thing.ThingName}", ""), unattached, access.Connect, account.Client("c1"), no},
		{things, "thing type", allow("iot:Publish", arn+"topic/${iot:Connection.Thing.ThingTypeName}", ""), nil, access.Publish, topic("tracker"), yes},
		{thingRules, "attribute", allow("iot:Publish", arn+"topic/${iot:Connection.Thing.Attributes[site]}/*", ""), nil, access.Publish, topic("north/1"), yes},
		{thingRules, "attribute that it has not", allow("iot:Publish", arn+"topic/${iot:Connection.Thing.Attributes[room]}/*", ""), nil, access.Publish, topic("north/1"), no},
		{thingRules, "attached", where(`"Bool":{"iot:Connection.Thing.IsAttached":["true"]}`), nil, access.Connect, account.Client("c1"), yes},
		{thingRules, "not attached", where(`"Bool":{"iot:Connection.Thing.IsAttached":["true"]}`), unattached, access.Connect, account.Client("c1"), no},
		{thingRules, "not attached, asked for", where(`"Bool":{"iot:Connection.Thing.IsAttached":"false"}`), unattached, access.Connect, account.Client("c1"), yes},
		{thingRules, "all of several keys", where(`"StringEquals":{"iot:Connection.Thing.Attributes[site]":"north","iot:Connection.Thing.ThingTypeName":"tracker"},"Bool":{"iot:Connection.Thing.IsAttached":"true"}`), nil, access.Publish, topic("a"), yes},
		{thingRules, "not all of several keys", where(`"StringEquals":{"iot:Connection.Thing.Attributes[site]":"north","iot:Connection.Thing.ThingTypeName":"lamp"}`), nil, access.Publish, topic("a"), no},

		{connecting, "persistent session", where(`"ForAllValues:StringEquals":{"iot:ConnectAttributes":["PersistentConnect"]}`), connect(access.PersistentConnect), access.Connect, account.Client("c1"), yes},
		{connecting, "will besides", where(`"ForAllValues:StringEquals":{"iot:ConnectAttributes":["PersistentConnect"]}`), connect(access.PersistentConnect, access.LastWill), access.Connect, account.Client("c1"), no},
		{connecting, "default features", where(`"ForAllValues:StringEquals":{"iot:ConnectAttributes":[]}`), nil, access.Connect, account.Client("c1"), yes},
		{connecting, "only default features", where(`"ForAllValues:StringEquals":{"iot:ConnectAttributes":[]}`), connect(access.LastWill), access.Connect, account.Client("c1"), no},
		{connecting, "all but persistent", where(`"ForAllValues:StringNotEquals":{"iot:ConnectAttributes":["PersistentConnect"]}`), connect(access.LastWill), access.Connect, account.Client("c1"), yes},
		{connecting, "all but persistent, which it is", where(`"ForAllValues:StringNotEquals":{"iot:ConnectAttributes":["PersistentConnect"]}`), connect(access.LastWill, access.PersistentConnect), access.Connect, account.Client("c1"), no},
		{connecting, "persistent at least", where(`"ForAnyValue:StringEquals":{"iot:ConnectAttributes":["PersistentConnect"]}`), connect(access.LastWill, access.PersistentConnect), access.Connect, account.Client("c1"), yes},
		{connecting, "persistent at least, none", where(`"ForAnyValue:StringEquals":{"iot:ConnectAttributes":["PersistentConnect"]}`), nil, access.Connect, account.Client("c1"), no},
		{connecting, "topic of the will", where(`"ArnEquals":{"iot:LastWillTopic":"` + arn + `topic/will/*"}`), func(c *access.Client) { c.LastWillTopic = topic("will/c1") }, access.Connect, account.Client("c1"), yes},
		{connecting, "topic of the will, none", where(`"ArnEquals":{"iot:LastWillTopic":"` + arn + `topic/will/*"}`), nil, access.Connect, account.Client("c1"), no},
		{connecting, "no condition: everything", allow("iot:Connect", "*", ""), connect(access.LastWill, access.PersistentConnect), access.Connect, account.Client("c1"), yes},

		{operators, "StringEquals: one of them", where(`"StringEquals":{"iot:ClientId":["c2","c1"]}`), nil, access.Publish, topic("a"), yes},
		{operators, "StringEquals: case", where(`"StringEquals":{"iot:ClientId":"C1"}`), nil, access.Publish, topic("a"), no},
		{operators, "StringEquals: no wildcards", where(`"StringEquals":{"iot:ClientId":"c*"}`), nil, access.Publish, topic("a"), no},
		{operators, "StringEquals: variable", where(`"StringEquals":{"iot:ClientId":"${iot:Connection.Thing.ThingName}"}`), nil, access.Publish, topic("a"), yes},
		{operators, "StringEquals: no key", where(`"StringEquals":{"iot:Nothing":"c1"}`), nil, access.Publish, topic("a"), no},
		{operators, "StringNotEquals: none of them", where(`"StringNotEquals":{"iot:ClientId":["c2","c1"]}`), nil, access.Publish, topic("a"), no},
		{operators, "StringNotEquals: no key", where(`"StringNotEquals":{"iot:Nothing":"c1"}`), nil, access.Publish, topic("a"), yes},
		{variables, "StringNotEquals: variable without value", where(`"StringNotEquals":{"iot:ClientId":"${iot:Nothing}"}`), nil, access.Publish, topic("a"), no},
		{operators, "StringEqualsIgnoreCase", where(`"StringEqualsIgnoreCase":{"iot:ClientId":"C1"}`), nil, access.Publish, topic("a"), yes},
		{operators, "StringNotEqualsIgnoreCase", where(`"StringNotEqualsIgnoreCase":{"iot:ClientId":"C1"}`), nil, access.Publish, topic("a"), no},
		{operators, "StringLike", where(`"StringLike":{"iot:ClientId":"?*"}`), nil, access.Publish, topic("a"), yes},
		{operators, "StringNotLike", where(`"StringNotLike":{"iot:ClientId":"?1"}`), nil, access.Publish, topic("a"), no},
		{operators, "IfExists without key", where(`"StringEqualsIfExists":{"iot:Nothing":"c1"}`), nil, access.Publish, topic("a"), yes},
		{operators, "IfExists with key", where(`"StringEqualsIfExists":{"iot:ClientId":"c2"}`), nil, access.Publish, topic("a"), no},
		{operators, "Null", where(`"Null":{"iot:Nothing":"true"}`), nil, access.Publish, topic("a"), yes},
		{operators, "Null: it is there", where(`"Null":{"iot:ClientId":true}`), nil, access.Publish, topic("a"), no},
		{operators, "not Null", where(`"Null":{"iot:ClientId":"false"}`), nil, access.Publish, topic("a"), yes},
		{operators, "IpAddress: range", where(`"IpAddress":{"aws:SourceIp":["192.168.0.0/16","10.0.0.0/8"]}`), nil, access.Publish, topic("a"), yes},
		{operators, "IpAddress: mapped", where(`"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`), func(c *access.Client) { c.SourceIP = netip.MustParseAddr("::ffff:10.1.2.3") }, access.Publish, topic("a"), yes},
		{operators, "IpAddress: IPv6", where(`"IpAddress":{"aws:SourceIp":"2001:db8::/32"}`), func(c *access.Client) { c.SourceIP = netip.MustParseAddr("2001:db8::1") }, access.Publish, topic("a"), yes},
		{operators, "NotIpAddress", where(`"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}`), nil, access.Publish, topic("a"), no},
		{operators, "ArnLike: part by part", where(`"ArnLike":{"iot:LastWillTopic":"arn:aws:iot:*:123456789012:topic/a"}`), func(c *access.Client) { c.LastWillTopic = "arn:aws:iot:eu-central-1:999:topic/x:123456789012:topic/a" }, access.Connect, account.Client("c1"), no},
		{operators, "ArnNotLike", where(`"ArnNotLike":{"iot:LastWillTopic":"` + arn + `topic/a*"}`), func(c *access.Client) { c.LastWillTopic = topic("b") }, access.Connect, account.Client("c1"), yes},
		{setValues, "ForAllValues without key", where(`"ForAllValues:StringEquals":{"iot:Nothing":"x"}`), nil, access.Publish, topic("a"), yes},
		{setValues, "ForAnyValue without key", where(`"ForAnyValue:StringLike":{"iot:Nothing":"*"}`), nil, access.Publish, topic("a"), no},
	}
	for _, test := range tests {
		d := access.Evaluate([]access.Policy{parse(t, "p", test.statements...)}, access.Request{Action: test.action, Resource: test.resource, Context: client(test.change).Context()})
		if d.Allowed != test.want {
			t.Errorf("%s (%s): %s", test.name, test.source, d)
		}
	}
}

// What developers are told.
func TestDecision(t *testing.T) {
	p := parse(t, "p",
		stmt("Allow", "iot:Connect", arn+"client/${iot:Connection.Thing.ThingName}", `,"Sid":"Hello"`),
		stmt("Allow", "iot:Publish", arn+"topic/a", ""),
		stmt("Allow", "iot:Subscribe", arn+"topic/a/*", ""),
		stmt("Allow", "iot:Receive", "arn:aws:iot:us-east-1:123456789012:topic/a", ""),
		stmt("Deny", "iot:RetainPublish", "*", ""),
		stmt("Allow", "iot:Publish", arn+"topic/when", `,"Condition":{"StringEquals":{"iot:Connection.Thing.ThingTypeName":["lamp","pump"]}}`),
		stmt("Allow", "iot:Publish", arn+"topic/${iot:Thing.ThingName}", ""),
	)
	unattached := func(c *access.Client) { c.Thing = nil }
	tests := []struct {
		name             string
		policies         []access.Policy
		change           func(*access.Client)
		action, resource string
		statement        int
		missing          string
		says             []string
	}{
		{"allowed", []access.Policy{p}, nil, access.Connect, account.Client("c1"), 1, "", []string{"statement 1 (Hello) of policy p allows iot:Connect on " + arn + "client/c1"}},
		{"denied", []access.Policy{p}, nil, access.RetainPublish, account.Topic("a"), 5, "", []string{"statement 5 of policy p denies", "a Deny wins"}},
		{"no policy", nil, nil, access.Publish, account.Topic("b"), 0, `{"Effect":"Allow","Action":"iot:Publish","Resource":"` + arn + `topic/b"}`, []string{"no policy is attached"}},
		{"another topic", []access.Policy{p}, nil, access.Publish, account.Topic("b"), 0, `{"Effect":"Allow","Action":"iot:Publish","Resource":"` + arn + `topic/b"}`,
			[]string{"no statement of the attached policies (p)", "the missing statement is {", "statement 2 of policy p allows iot:Publish on topic/a, the client asks for topic/b"}},
		{"wildcards are escaped", []access.Policy{p}, nil, access.Publish, account.Topic("<$*?>"), 0, `{"Effect":"Allow","Action":"iot:Publish","Resource":"` + arn + `topic/<${$}${*}${?}>"}`, nil},
		{"variable without value", []access.Policy{p}, unattached, access.Connect, account.Client("c1"), 0, `{"Effect":"Allow","Action":"iot:Connect","Resource":"` + arn + `client/c1"}`,
			[]string{"statement 1 (Hello) of policy p allows iot:Connect on client/${iot:Connection.Thing.ThingName}, where ${iot:Connection.Thing.ThingName} has no value: the certificate is attached to no thing"}},
		{"misspelt variable", []access.Policy{p}, nil, access.Publish, account.Topic("b"), 0, `{"Effect":"Allow","Action":"iot:Publish","Resource":"` + arn + `topic/b"}`,
			[]string{"statement 7", "the variable is named ${iot:Connection.Thing.ThingName}"}},
		{"wrong type", []access.Policy{p}, nil, access.Subscribe, account.TopicFilter("a/#"), 0, `{"Effect":"Allow","Action":"iot:Subscribe","Resource":"` + arn + `topicfilter/a/#"}`,
			[]string{"allows iot:Subscribe on topic/a/*, the client asks for topicfilter/a/# (the resource of iot:Subscribe is of the type topicfilter)"}},
		{"another region", []access.Policy{p}, nil, access.Receive, account.Topic("a"), 0, `{"Effect":"Allow","Action":"iot:Receive","Resource":"` + arn + `topic/a"}`,
			[]string{"allows iot:Receive on arn:aws:iot:us-east-1:123456789012:topic/a, the client asks for " + arn + "topic/a", "statement 2 of policy p allows iot:Publish on this resource, not iot:Receive"}},
		{"condition", []access.Policy{p}, nil, access.Publish, account.Topic("when"), 0, `{"Effect":"Allow","Action":"iot:Publish","Resource":"` + arn + `topic/when"}`,
			[]string{`statement 6 of policy p would allow it, but its condition StringEquals of iot:Connection.Thing.ThingTypeName with ["lamp", "pump"] does not hold: iot:Connection.Thing.ThingTypeName is ["tracker"]`}},
		{"condition without value", []access.Policy{p}, unattached, access.Publish, account.Topic("when"), 0, `{"Effect":"Allow","Action":"iot:Publish","Resource":"` + arn + `topic/when"}`,
			[]string{"iot:Connection.Thing.ThingTypeName has no value"}},
	}
	for _, test := range tests {
		d := access.Evaluate(test.policies, access.Request{Action: test.action, Resource: test.resource, Context: client(test.change).Context()})
		if d.Statement != test.statement || d.Missing != test.missing {
			t.Errorf("%s: statement %d, missing %s", test.name, d.Statement, d.Missing)
		}
		for _, text := range test.says {
			if !strings.Contains(d.String(), text) {
				t.Errorf("%s: %q\nlacks %q", test.name, d, text)
			}
		}
	}
}

// Without the version that has them, variables are plain text (IAM user guide, "Policy elements: Variables and tags").
func TestOldVersion(t *testing.T) {
	d, err := access.Parse(`{"Statement":` + stmt("Allow", "iot:Publish", arn+"topic/${iot:ClientId}", "") + `}`)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(topic string) access.Decision {
		return access.Evaluate([]access.Policy{{Name: "p", Document: d}}, access.Request{Action: access.Publish, Resource: account.Topic(topic), Context: client(nil).Context()})
	}
	if d := ask("c1"); d.Allowed || !strings.Contains(d.String(), `without "Version": "2012-10-17"`) {
		t.Error(d)
	}
	if d := ask("${iot:ClientId}"); !d.Allowed {
		t.Error(d)
	}
}

func BenchmarkEvaluate(b *testing.B) {
	p := []access.Policy{parse(b, "p",
		stmt("Allow", "iot:Connect", arn+"client/${iot:Connection.Thing.ThingName}", ""),
		stmt("Allow", "iot:Subscribe", arn+"topicfilter/$aws/things/${iot:Connection.Thing.ThingName}/*", ""),
		stmt("Allow", "iot:Receive", arn+"topic/$aws/things/${iot:Connection.Thing.ThingName}/*", ""),
		stmt("Allow", "iot:Publish", arn+"topic/$aws/things/${iot:Connection.Thing.ThingName}/*", ""))}
	request := access.Request{Action: access.Publish, Resource: account.Topic("$aws/things/c1/shadow/update"), Context: client(nil).Context()}
	for b.Loop() {
		if !access.Evaluate(p, request).Allowed {
			b.Fatal("denied")
		}
	}
}
