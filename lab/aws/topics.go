package aws

import (
	"regexp"
	"strings"

	"github.com/cloudgen/cloudgen/lab/aws/shadow"
)

// kind says what a topic is to the service (developer guide, "Reserved topics").
type kind int

const (
	application  kind = iota // anything that does not begin with $
	shadowCall               // a request to the shadow service
	jobsCall                 // a request to the jobs service
	provisioning             // a request of fleet provisioning
	basicIngest              // $aws/rules/RULE/…: to a rule, past the broker
	answer                   // what only the service publishes
	undefined                // begins with $ and is nothing that the guide lists
)

// call is a request to the shadow service.
type call struct {
	name      shadow.Name
	operation string // get, update or delete
	prefix    string // of the answers: "$aws/things/THING/shadow/" or "$aws/things/THING/shadow/name/SHADOW/"
}

// thingName and shadowName are the characters and lengths that names may have (API reference, CreateThing and UpdateThingShadow).
const (
	thingName  = `([a-zA-Z0-9:_-]{1,128})`
	shadowName = `([a-zA-Z0-9:_-]{1,64})`
	jobID      = `(\$next|[a-zA-Z0-9_-]{1,64})`
)

// patterns are the reserved topics. They are compiled once per Cloud.
type patterns struct {
	shadow, shadowAnswer, jobs, jobsAnswer, provisioning, provisioningAnswer, ingest *regexp.Regexp
}

func newPatterns() patterns {
	const (
		shadowPrefix = `^(\$aws/things/` + thingName + `/shadow/(?:name/` + shadowName + `/)?)`
		jobsPrefix   = `^\$aws/things/` + thingName + `/jobs/`
		jobsRequest  = `(?:get|start-next|` + jobID + `/(?:get|update))`
		create       = `^\$aws/(?:certificates/create(?:-from-csr)?|provisioning-templates/[^/]+/provision)/(?:json|cbor)`
	)
	return patterns{
		shadow:             regexp.MustCompile(shadowPrefix + `(get|update|delete)$`),
		shadowAnswer:       regexp.MustCompile(shadowPrefix + `(?:(?:get|update|delete)/(?:accepted|rejected)|update/(?:delta|documents)|get/accepted/desired/cfg)$`),
		jobs:               regexp.MustCompile(jobsPrefix + jobsRequest + `$`),
		jobsAnswer:         regexp.MustCompile(jobsPrefix + `(?:notify|notify-next|` + jobsRequest + `/(?:accepted|rejected))$`),
		provisioning:       regexp.MustCompile(create + `$`),
		provisioningAnswer: regexp.MustCompile(create + `/(?:accepted|rejected)$`),
		ingest:             regexp.MustCompile(`^\$aws/rules/[a-zA-Z0-9_]+/.`),
	}
}

func (p *patterns) classify(topic string) (kind, call) {
	if !strings.HasPrefix(topic, "$") {
		return application, call{}
	}
	if m := p.shadow.FindStringSubmatch(topic); m != nil {
		return shadowCall, call{prefix: m[1], name: shadow.Name{Thing: m[2], Shadow: m[3]}, operation: m[4]}
	}
	for _, candidate := range []struct {
		pattern *regexp.Regexp
		kind    kind
	}{
		{p.jobs, jobsCall}, {p.ingest, basicIngest}, {p.provisioning, provisioning},
		{p.shadowAnswer, answer}, {p.jobsAnswer, answer}, {p.provisioningAnswer, answer},
	} {
		if candidate.pattern.MatchString(topic) {
			return candidate.kind, call{}
		}
	}
	if strings.HasPrefix(topic, "$aws/events/") {
		return answer, call{}
	}
	return undefined, call{}
}

// subscribable tells whether a filter is within what the service lets clients subscribe to.
func subscribable(filter string) bool {
	if !strings.HasPrefix(filter, "$") {
		return true
	}
	first, rest, _ := strings.Cut(filter, "/")
	if first != "$aws" {
		return false
	}
	second, _, _ := strings.Cut(rest, "/")
	switch second {
	case "things", "events", "certificates", "provisioning-templates", "+", "#":
		return true
	}
	return false
}
