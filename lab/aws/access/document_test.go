package access_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/lab/aws/access"
)

// Pages that the rows of the tables are from.
const (
	grammar    = `IAM user guide, "Grammar of the IAM JSON policy language"`
	operators  = `IAM user guide, "Condition operators"`
	variables  = `IAM user guide, "Policy elements: Variables and tags"`
	setValues  = `IAM user guide, "Creating a condition with multiple keys or values"`
	evaluation = `IAM user guide, "Policy evaluation logic"`
	create     = `AWS IoT API reference, "CreatePolicy"`
	policies   = `developer guide, "AWS IoT Core policies"`
	actions    = `developer guide, "AWS IoT Core policy actions"`
	resources  = `developer guide, "Action resources"`
	pubsub     = `developer guide, "Publish/Subscribe policy examples"`
	connecting = `developer guide, "Connect policy examples"`
	basic      = `developer guide, "Basic AWS IoT Core policy variables"`
	things     = `developer guide, "Thing policy variables"`
	thingRules = `developer guide, "Thing policy examples"`
	x509Page   = `developer guide, "X.509 certificate AWS IoT Core policy variables"`
	x509Using  = `developer guide, "Using X.509 certificate policy variables"`
	x509Rules  = `developer guide, "Certificate policy examples"`
	jobsHTTP   = `developer guide, "Authorizing your devices to securely use AWS IoT Jobs on the data plane"`
)

// document wraps statements.
func document(statements string) string {
	return `{"Version":"2012-10-17","Statement":[` + statements + `]}`
}

// stmt is a statement with anything after its resource.
func stmt(effect, action, resource, more string) string {
	return `{"Effect":"` + effect + `","Action":"` + action + `","Resource":"` + resource + `"` + more + `}`
}

func TestParse(t *testing.T) {
	ok := stmt("Allow", "iot:*", "*", "")
	with := func(more string) string { return document(stmt("Allow", "iot:*", "*", more)) }
	tests := []struct {
		source, name, text string
		where, problem     string // "": accepted
	}{
		{create, "white space does not count", strings.Replace(document(ok), ":", ":"+strings.Repeat(" \n\t", 3000), 1), "", ""},
		{create, "more characters", document(stmt("Allow", "iot:Publish", "arn:aws:iot:r:1:topic/"+strings.Repeat("x", 2048), "")), "", "at most 2048"},
		{create, "empty", "", "", "not JSON"},
		{create, "not UTF-8", "{\"\xff\"", "", "not UTF-8"},
		{grammar, "one statement, no list", `{"Version":"2012-10-17","Statement":` + ok + `}`, "", ""},
		{grammar, "old version", `{"Version":"2008-10-17","Statement":` + ok + `}`, "", ""},
		{grammar, "no version", `{"Statement":[` + ok + `]}`, "", ""},
		{grammar, "another version", `{"Version":"2012-10-18","Statement":[` + ok + `]}`, "Version", "2012-10-17"},
		{grammar, "version as a number", `{"Version":2012,"Statement":[` + ok + `]}`, "Version", "2012-10-17"},
		{grammar, "no statement", `{"Version":"2012-10-17"}`, "Statement", "at least one"},
		{grammar, "empty list of statements", document(""), "Statement", "at least one"},
		{grammar, "statement of another type", document(`"x"`), "statement 1", "JSON object"},
		{grammar, "another type", `[]`, "", "JSON object"},
		{grammar, "syntax", "{\n  \"Version\": x}", "line 2, column 14", "not JSON"},
		{grammar, "text after the end", document(ok) + "x", "line 1", "not JSON"},
		{grammar, "key twice", `{"Version":"2012-10-17","Version":"2012-10-17","Statement":[` + ok + `]}`, "Version", "twice"},
		{grammar, "unknown element", `{"Version":"2012-10-17","Statements":[]}`, "", `"Statements" is no element`},
		{grammar, "another case", document(`{"effect":"Allow","Action":"iot:*","Resource":"*"}`), "statement 1", `"effect" is no element`},
		{grammar, "principal", with(`,"Principal":"*"`), "statement 1", "attached to its principals"},
		{grammar, "no effect", document(`{"Action":"iot:*","Resource":"*"}`), "statement 1, Effect", "missing"},
		{grammar, "unknown effect", document(stmt("allow", "iot:*", "*", "")), "statement 1, Effect", `"Allow" or "Deny"`},
		{grammar, "second statement", document(ok + "," + stmt("Permit", "iot:*", "*", "")), "statement 2, Effect", `"Allow" or "Deny"`},
		{grammar, "no action", document(`{"Effect":"Allow","Resource":"*"}`), "statement 1, Action", "missing"},
		{grammar, "no resource", document(`{"Effect":"Allow","Action":"iot:*"}`), "statement 1, Resource", "missing"},
		{grammar, "both actions", with(`,"NotAction":"iot:*"`), "statement 1, NotAction", "together"},
		{grammar, "NotAction, NotResource", document(`{"Effect":"Deny","NotAction":"iot:*","NotResource":"*"}`), "", ""},
		{grammar, "no action in the list", document(`{"Effect":"Allow","Action":[],"Resource":"*"}`), "statement 1, Action", "no action"},
		{grammar, "action of another type", document(`{"Effect":"Allow","Action":[1],"Resource":"*"}`), "statement 1, Action", "list of strings"},
		{grammar, "action without service", document(stmt("Allow", "Publish", "*", "")), "statement 1, Action", "SERVICE:NAME"},
		{grammar, "action with two colons", document(stmt("Allow", "iot:a:b", "*", "")), "statement 1, Action", "SERVICE:NAME"},
		{grammar, "every action", document(stmt("Allow", "*", "*", "")), "", ""},
		{grammar, "Sid", with(`,"Sid":"Statement1"`), "", ""},
		{grammar, "Sid with a space", with(`,"Sid":"a b"`), "statement 1, Sid", "letters and digits"},
		{grammar, "same Sid", document(stmt("Allow", "iot:*", "*", `,"Sid":"a"`) + "," + stmt("Deny", "iot:*", "*", `,"Sid":"a"`)), "statement 2, Sid", "another statement"},
		{resources, "no ARN", document(stmt("Allow", "iot:Publish", "topic/a", "")), "statement 1, Resource", "neither * nor an ARN"},
		{resources, "ARN without resource", document(stmt("Allow", "iot:Publish", "arn:aws:iot:r:1:", "")), "statement 1, Resource", "names no resource"},
		{resources, "short ARN", document(stmt("Allow", "iot:Publish", "arn:aws:iot:r:topic/a", "")), "statement 1, Resource", "neither * nor an ARN"},
		{variables, "variable for the account", document(stmt("Allow", "iot:Publish", "arn:aws:iot:r:${iot:ClientId}:topic/a", "")), "statement 1, Resource", "fifth colon"},
		{variables, "variable without end", document(stmt("Allow", "iot:Publish", "arn:aws:iot:r:1:topic/${iot:ClientId", "")), "statement 1, Resource", "without its }"},
		{variables, "no variable", document(stmt("Allow", "iot:Publish", "arn:aws:iot:r:1:topic/${ClientId}", "")), "statement 1, Resource", "no policy variable"},
		{variables, "no variables in old versions", `{"Statement":` + stmt("Allow", "iot:Publish", "arn:aws:iot:r:1:topic/${ClientId", "") + `}`, "", ""},
		{variables, "default without end", document(stmt("Allow", "iot:Publish", "arn:aws:iot:r:1:topic/${iot:ClientId, 'a}", "")), "statement 1, Resource", "quotation mark"},
		{operators, "all of them", with(`,"Condition":{"StringEquals":{"a:b":"c"},"StringNotLikeIfExists":{"a:b":["c","*"]},"ForAnyValue:ArnLike":{"a:b":"arn:a:b:c:d:e"},
			"Bool":{"a:b":true},
			"NotIpAddress":{"a:b":["10.0.0.0/8","2001:db8::1"]},"Null":{"a:b":"false"},"StringNotEqualsIgnoreCase":{"a:b":"c"}}`), "", ""},
		{operators, "unknown operator", with(`,"Condition":{"StringMatches":{"a:b":"c"}}`), "statement 1, Condition, StringMatches", "no operator"},
		{operators, "negation at the wrong place", with(`,"Condition":{"NotStringEquals":{"a:b":"1"}}`), "NotStringEquals", "no operator"},
		{operators, "NullIfExists", with(`,"Condition":{"NullIfExists":{"a:b":"true"}}`), "NullIfExists", "no operator"},
		{operators, "no object", with(`,"Condition":"x"`), "statement 1, Condition", "JSON object of operators"},
		{operators, "no keys", with(`,"Condition":{"Bool":"true"}`), "Bool", "JSON object of condition keys"},
		{operators, "key without service", with(`,"Condition":{"Bool":{"IsAttached":"true"}}`), "Bool, IsAttached", "SERVICE:NAME"},
		{operators, "no Boolean", with(`,"Condition":{"Bool":{"a:b":"yes"}}`), "Bool, a:b", "neither true nor false"},
		{operators, "no address", with(`,"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}}`), "IpAddress", "no address"},
		{operators, "no ARN", with(`,"Condition":{"ArnEquals":{"a:b":"c"}}`), "ArnEquals", "neither * nor an ARN"},
		{operators, "value of another type", with(`,"Condition":{"Bool":{"a:b":{}}}`), "Bool", "list of strings"},
		{setValues, "unknown set", with(`,"Condition":{"ForEveryValue:StringEquals":{"a:b":"c"}}`), "ForEveryValue", "ForAllValues"},
		{connecting, "no values", with(`,"Condition":{"ForAllValues:StringEquals":{"iot:ConnectAttributes":[]}}`), "", ""},
	}
	for _, test := range tests {
		d, err := access.Parse(test.text)
		malformed, _ := errors.AsType[*access.MalformedError](err)
		switch {
		case test.problem == "" && err != nil:
			t.Errorf("%s (%s): %v", test.name, test.source, err)
		case test.problem == "":
			if d.String() != test.text {
				t.Errorf("%s: the text is %s", test.name, d)
			}
		case malformed == nil:
			t.Errorf("%s (%s): accepted, or another error: %v", test.name, test.source, err)
		case !strings.Contains(malformed.Where, test.where) || !strings.Contains(malformed.Problem, test.problem):
			t.Errorf("%s (%s): %v; want %s: %s", test.name, test.source, err, test.where, test.problem)
		}
	}
}

// Just 2048 characters, and one more.
func TestParseLimit(t *testing.T) {
	frame := document(stmt("Allow", "iot:Publish", "arn:aws:iot:r:1:topic/", ""))
	fill := func(n int) string {
		return strings.Replace(frame, "topic/", "topic/"+strings.Repeat("ä", n-len(frame)), 1)
	}
	if _, err := access.Parse(fill(2048)); err != nil {
		t.Errorf("2048 characters (%s): %v", create, err)
	}
	if _, err := access.Parse(fill(2049)); err == nil {
		t.Errorf("2049 characters (%s): accepted", create)
	}
}

// Whatever is accepted decides without harm, and what a decision says is missing is what would allow the request.
func FuzzParse(f *testing.F) {
	f.Add(document(stmt("Allow", "iot:*", "*", "")), "a/b")
	f.Add(document(stmt("Deny", "iot:Publish", "arn:aws:iot:eu-central-1:123456789012:topic/${iot:ClientId}/*", "")), "c1/x")
	f.Add(document(stmt("Allow", "iot:Pub*", "arn:aws:iot:*:*:topic/a?${*}${iot:Certificate.Subject.CommonName.1, 'x'}", "")), "ab*x")
	f.Add(`{"Statement":{"Effect":"Allow","NotAction":["iot:Connect"],"NotResource":["*"],"Condition":{"ForAllValues:StringNotLikeIfExists":{"a:b":[1,true]}}}}`, "$aws/${x}")
	f.Add(document(stmt("Allow", "iot:Publish", "arn:aws:iot:a:1:topic/a", `,"Condition":{"StringLike":{"aws:EpochTime":1e9},"IpAddress":{"aws:SourceIp":"::/0"}}`)), "?")
	f.Fuzz(func(t *testing.T, text, topic string) {
		d, err := access.Parse(text)
		if err != nil {
			if _, ok := errors.AsType[*access.MalformedError](err); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		attached := []access.Policy{{Name: "p", Document: d}}
		request := access.Request{Action: access.Publish, Resource: account.Topic(topic), Context: client(nil).Context()}
		decision := access.Evaluate(attached, request)
		if decision.String() == "" || decision.Allowed && decision.Statement == 0 || (decision.Missing == "") != (decision.Statement > 0) {
			t.Fatalf("%+v", decision)
		}
		if decision.Missing == "" || len(decision.Missing) > 2000 {
			return
		}
		more, err := access.Parse(document(decision.Missing))
		if err != nil {
			t.Fatalf("%s: %v", decision.Missing, err)
		}
		if again := access.Evaluate(append(attached, access.Policy{Name: "q", Document: more}), request); !again.Allowed || again.Policy != "q" {
			t.Fatalf("with %s: %s", decision.Missing, again)
		}
	})
}
