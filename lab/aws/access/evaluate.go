package access

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Actions that devices need permission for (developer guide, "AWS IoT Core policy actions").
const (
	Connect                  = "iot:Connect"
	Publish                  = "iot:Publish"
	RetainPublish            = "iot:RetainPublish" // besides Publish
	Receive                  = "iot:Receive"
	Subscribe                = "iot:Subscribe"
	GetRetainedMessage       = "iot:GetRetainedMessage"
	ListRetainedMessages     = "iot:ListRetainedMessages"
	GetThingShadow           = "iot:GetThingShadow" // the calls on shadows: by HTTP only; by MQTT they are publications
	UpdateThingShadow        = "iot:UpdateThingShadow"
	DeleteThingShadow        = "iot:DeleteThingShadow"
	ListNamedShadowsForThing = "iot:ListNamedShadowsForThing"
	// The calls on jobs, by HTTP only. Policies may name them iot:… as well: the developer guide has both.
	DescribeJobExecution         = "iotjobsdata:DescribeJobExecution"
	GetPendingJobExecutions      = "iotjobsdata:GetPendingJobExecutions"
	StartNextPendingJobExecution = "iotjobsdata:StartNextPendingJobExecution"
	UpdateJobExecution           = "iotjobsdata:UpdateJobExecution"
)

// maximumNear is how many near misses a decision tells.
const maximumNear = 4

// Policy is a named document.
type Policy struct {
	Name     string
	Document *Document
}

// Request is what a client asks for.
type Request struct {
	Action   string // one of the actions above, or another in the same form
	Resource string // an ARN, see Account
	Context  Context
}

// Decision is the answer, with its reason.
type Decision struct {
	Allowed bool
	// Policy and Statement (from 1) are what decided: an Allow if Allowed, a Deny if not. Statement 0: none did, which denies too.
	Policy    string
	Statement int
	Sid       string // of the statement, if it has one
	// Missing is the least statement that would allow the request, as JSON, if no statement decided.
	Missing string
	// NearMisses say which statements come near, and why they do not apply.
	NearMisses []string

	request  Request
	policies []string
}

// Evaluate decides about a request. A Deny that applies decides, wherever it is; then an Allow that applies does; else it is denied
// (IAM user guide, "Policy evaluation logic").
func Evaluate(policies []Policy, request Request) Decision {
	d := Decision{request: request}
	for _, policy := range policies {
		d.policies = append(d.policies, policy.Name)
		for _, s := range policy.statements() {
			switch applies := s.judge(request, false).applies(); {
			case applies && s.deny:
				d.decided(false, policy.Name, s)
				return d
			case applies && d.Statement == 0:
				d.decided(true, policy.Name, s)
			}
		}
	}
	if !d.Allowed {
		d.Missing, d.NearMisses = missing(request), nearMisses(policies, request)
	}
	return d
}

func (p Policy) statements() []statement {
	if p.Document == nil {
		return nil
	}
	return p.Document.statements
}

// nearMisses says which statements that allow come near a request that none of them allows, the nearest first.
func nearMisses(policies []Policy, request Request) []string {
	var near [far][]string
	for _, policy := range policies {
		for _, s := range policy.statements() {
			if v := s.judge(request, true); !s.deny && v.distance() < far {
				near[v.distance()] = append(near[v.distance()], s.of(policy.Name)+" "+s.explain(v, request))
			}
		}
	}
	list := slices.Concat(near[:]...)
	return list[:min(len(list), maximumNear)]
}

func (d *Decision) decided(allowed bool, policy string, s statement) {
	d.Allowed, d.Policy, d.Statement, d.Sid = allowed, policy, s.number, s.sid
}

// String says in sentences what was decided, why, and what to do.
func (d Decision) String() string {
	what := d.request.Action + " on " + d.request.Resource
	switch by := (statement{number: d.Statement, sid: d.Sid}).of(d.Policy); {
	case d.Allowed:
		return by + " allows " + what
	case d.Statement > 0:
		return by + " denies " + what + ": a Deny wins over every Allow"
	}
	var b strings.Builder
	if len(d.policies) == 0 {
		fmt.Fprintf(&b, "no policy is attached to the certificate, so that nothing is allowed, not even %s", what)
	} else {
		fmt.Fprintf(&b, "no statement of the attached policies (%s) allows %s", strings.Join(d.policies, ", "), what)
	}
	fmt.Fprintf(&b, "; the missing statement is %s", d.Missing)
	for _, near := range d.NearMisses {
		b.WriteString("; " + near)
	}
	return b.String()
}

// missing writes the least statement that allows a request.
func missing(request Request) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	// Strings can always be encoded.
	_ = encoder.Encode(struct {
		Effect, Action, Resource string
	}{"Allow", request.Action, escape(request.Resource)})
	return strings.TrimSuffix(b.String(), "\n")
}

// verdict says what of a statement applies to a request.
type verdict struct {
	action, resource bool
	variable         string     // the variable without a value, if that is why no resource matches
	condition        *condition // the first that does not hold
}

const far = 3

func (v verdict) applies() bool { return v.action && v.resource && v.condition == nil }

// distance orders near misses: 0 is the nearest. A statement about another action is near only if it names this very resource.
func (v verdict) distance() int {
	switch {
	case v.action && v.resource:
		return 0
	case v.action:
		return 1
	case v.resource && v.condition == nil:
		return 2
	}
	return far
}

// judge compares a statement with a request; unless thorough, only as long as it may apply.
func (s statement) judge(request Request, thorough bool) verdict {
	var v verdict
	actions := []string{strings.ToLower(request.Action)}
	if name, ok := strings.CutPrefix(actions[0], "iotjobsdata:"); ok {
		actions = append(actions, "iot:"+name)
	}
	for _, pattern := range s.actions {
		runes, _ := pattern.resolve(Context{}) // actions have no variables
		v.action = v.action || slices.ContainsFunc(actions, func(action string) bool { return match(runes, []rune(action)) })
	}
	if v.action = v.action != s.not.actions; !v.action && !thorough {
		return v
	}
	for _, pattern := range s.resources {
		matches, missing := pattern.match(request.Resource, request.Context)
		v.resource = v.resource || matches
		if missing != "" && v.variable == "" {
			v.variable = missing
		}
	}
	if s.not.resources { // a variable without a value makes the statement not apply
		v.resource = !v.resource && v.variable == ""
	}
	for i, condition := range s.conditions {
		if !condition.holds(request.Context) {
			v.condition = &s.conditions[i]
			break
		}
	}
	return v
}

// of names the statement.
func (s statement) of(policy string) string {
	name := fmt.Sprintf("statement %d", s.number)
	if s.sid != "" {
		name += fmt.Sprintf(" (%s)", s.sid)
	}
	return fmt.Sprintf("%s of policy %s", name, policy)
}

// explain says why the statement, an Allow, does not apply.
func (s statement) explain(v verdict, request Request) string {
	switch {
	case v.action && v.resource:
		value := "has no value"
		if items, ok := request.Context.lookup(v.condition.key); ok {
			value = fmt.Sprintf("is %q", items)
		}
		return fmt.Sprintf("would allow it, but its condition %s does not hold: %s %s", v.condition, v.condition.key, value)
	case v.action && v.variable != "":
		return fmt.Sprintf("allows %s on %s, where ${%s} has no value%s", request.Action, s.names(request), v.variable, unset(v.variable))
	case v.action:
		text := fmt.Sprintf("allows %s on %s, the client asks for %s", request.Action, s.names(request), s.asked(request))
		kind, _, _ := strings.Cut(short(request.Resource), "/")
		if !s.not.resources && !slices.ContainsFunc(s.resources, func(r arnPattern) bool { return strings.HasPrefix(short(r.source), kind+"/") }) {
			text += fmt.Sprintf(" (the resource of %s is of the type %s)", request.Action, kind)
		}
		if !s.variables && slices.ContainsFunc(s.resources, func(r arnPattern) bool { return strings.Contains(r.source, "${") }) {
			text += ` (without "Version": "2012-10-17" in the document ${…} is plain text)`
		}
		return text
	}
	names := make([]string, len(s.actions))
	for i, action := range s.actions {
		names[i] = action.source
	}
	verb := "allows "
	if s.not.actions {
		verb = "allows all but "
	}
	return verb + strings.Join(names, ", ") + " on this resource, not " + request.Action
}

// names lists the resources of the statement, without what they have in common with the one that is asked for.
func (s statement) names(request Request) string {
	const most = 3
	var names []string
	for _, resource := range s.resources[:min(len(s.resources), most)] {
		if s.whole(request) {
			names = append(names, resource.source)
		} else {
			names = append(names, short(resource.source))
		}
	}
	if len(s.resources) > most {
		names = append(names, fmt.Sprintf("%d more", len(s.resources)-most))
	}
	list := strings.Join(names, ", ")
	if s.not.resources {
		list = "all but " + list
	}
	return list
}

func (s statement) asked(request Request) string {
	if s.whole(request) {
		return request.Resource
	}
	return short(request.Resource)
}

// whole tells whether ARNs must be told as a whole, because region or account differ.
func (s statement) whole(request Request) bool {
	parts := strings.SplitN(request.Resource, ":", components)
	if len(parts) < components {
		return true
	}
	return slices.ContainsFunc(s.resources, func(r arnPattern) bool {
		if r.all {
			return false
		}
		for i, part := range parts[:components-1] {
			runes, _ := r.parts[i].resolve(Context{}) // no variables there
			if !match(runes, []rune(part)) {
				return true
			}
		}
		return false
	})
}

// unset says what gives a variable its value.
func unset(variable string) string {
	switch name := strings.ToLower(variable); {
	case strings.HasPrefix(name, "iot:connection.thing.attributes["), name == "iot:connection.thing.thingtypename":
		return ": the thing that the certificate is attached to, with the client id as its name, has none"
	case name == "iot:connection.thing.thingname":
		return ": the certificate is attached to no thing that has the client id as its name"
	case strings.HasPrefix(name, "iot:certificate."):
		return ": the certificate has none that can be put in"
	case name == "iot:clientid":
		return ": a client id with * or ? is not put in"
	case strings.HasPrefix(name, "iot:thing."):
		return fmt.Sprintf(": the variable is named ${iot:Connection.%s}", variable[len("iot:"):])
	}
	return ": no such variable is known for this request"
}
