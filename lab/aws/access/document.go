// Package access decides what a policy of AWS IoT Core allows, as the developer guide says ("AWS IoT Core policies") and, where that refers
// to it, the IAM user guide. It says why: which statement decided, or which one is missing and which ones are near.
//
// All is pure: no I/O, no clock, no goroutine. A Document may be used by many goroutines.
package access

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maximumDocument is how many characters a document may have without white space, maximumText with it (API reference, CreatePolicy).
	maximumDocument = 2048
	maximumText     = 404600
)

// MalformedError says why a text is no policy document. The service's name for it is MalformedPolicyException.
type MalformedError struct {
	Where   string // "statement 2, Condition"; "" for the whole
	Problem string
}

func (e *MalformedError) Error() string {
	if e.Where == "" {
		return "the policy document is malformed: " + e.Problem
	}
	return "the policy document is malformed: " + e.Where + ": " + e.Problem
}

// Document is a policy document. Its zero value allows nothing.
type Document struct {
	text       string
	statements []statement
}

// String gives the text that was parsed.
func (d *Document) String() string { return d.text }

type statement struct {
	number     int // from 1
	sid        string
	deny       bool
	variables  bool // the version of the document has policy variables
	actions    []pattern
	resources  []arnPattern
	not        struct{ actions, resources bool } // NotAction, NotResource
	conditions []condition
}

// Parse reads a policy document; the error is a *MalformedError. It takes the grammar of IAM's JSON policies (IAM user guide, "Grammar of the
// IAM JSON policy language") without what only IAM has: Principal and Id. Without "Version": "2012-10-17" it has no variables: ${…} is
// plain text.
func Parse(text string) (*Document, error) {
	if !utf8.ValidString(text) {
		return nil, &MalformedError{Problem: "it is not UTF-8"}
	}
	characters := 0
	for _, r := range text {
		if !unicode.IsSpace(r) {
			characters++
		}
	}
	if characters > maximumDocument || len(text) > maximumText {
		return nil, &MalformedError{Problem: fmt.Sprintf("it has %d characters without white space; at most %d are allowed", characters, maximumDocument)}
	}
	value, err := read(text)
	if err != nil {
		return nil, err
	}
	root, ok := value.(object)
	if !ok {
		return nil, &MalformedError{Problem: "it must be a JSON object with Version and Statement"}
	}
	d := &Document{text: text}
	variables := false
	var statements []any
	for _, m := range root {
		switch m.key {
		case "Version":
			if m.value != "2012-10-17" && m.value != "2008-10-17" {
				return nil, &MalformedError{Where: "Version", Problem: `must be "2012-10-17"; it is the version of the policy language, not of this policy`}
			}
			variables = m.value == "2012-10-17"
		case "Statement":
			list, ok := m.value.([]any)
			if !ok {
				list = []any{m.value}
			}
			statements = list
		default:
			return nil, unknown("", m.key, "Version", "Statement")
		}
	}
	if len(statements) == 0 {
		return nil, &MalformedError{Where: "Statement", Problem: "there must be at least one statement"}
	}
	for i, value := range statements {
		s, err := parseStatement(i+1, value, variables)
		if err != nil {
			return nil, err
		}
		if s.sid != "" && slices.ContainsFunc(d.statements, func(other statement) bool { return other.sid == s.sid }) {
			return nil, &MalformedError{Where: fmt.Sprintf("statement %d, Sid", i+1), Problem: fmt.Sprintf("another statement has the Sid %q too", s.sid)}
		}
		d.statements = append(d.statements, s)
	}
	return d, nil
}

func parseStatement(number int, value any, variables bool) (statement, error) {
	s := statement{number: number, variables: variables}
	at := func(key string) string { return fmt.Sprintf("statement %d, %s", number, key) }
	o, ok := value.(object)
	if !ok {
		return s, &MalformedError{Where: fmt.Sprintf("statement %d", number), Problem: "must be a JSON object with Effect, Action and Resource"}
	}
	present := map[string]bool{}
	for _, m := range o {
		present[m.key] = true
		var err error
		switch m.key {
		case "Sid":
			if s.sid, ok = m.value.(string); !ok || strings.ContainsFunc(s.sid, func(r rune) bool {
				return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
			}) {
				return s, &MalformedError{Where: at("Sid"), Problem: "must be a string of letters and digits"}
			}
		case "Effect":
			if m.value != "Allow" && m.value != "Deny" {
				return s, &MalformedError{Where: at("Effect"), Problem: `must be "Allow" or "Deny"`}
			}
			s.deny = m.value == "Deny"
		case "Action", "NotAction":
			s.not.actions = m.key == "NotAction"
			s.actions, err = parseActions(at(m.key), m.value)
		case "Resource", "NotResource":
			s.not.resources = m.key == "NotResource"
			s.resources, err = parseResources(at(m.key), m.value, variables)
		case "Condition":
			s.conditions, err = parseConditions(at(m.key), m.value, variables)
		default:
			err = unknown(fmt.Sprintf("statement %d", number), m.key, "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
		}
		if err != nil {
			return s, err
		}
	}
	for _, choice := range [][2]string{{"Effect"}, {"Action", "NotAction"}, {"Resource", "NotResource"}} {
		switch first, second := present[choice[0]], present[choice[1]]; {
		case !first && !second:
			return s, &MalformedError{Where: at(choice[0]), Problem: "is missing"}
		case first && second:
			return s, &MalformedError{Where: at(choice[1]), Problem: "cannot be there together with " + choice[0]}
		}
	}
	return s, nil
}

func parseActions(where string, value any) ([]pattern, error) {
	list, err := texts(where, value, false)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, &MalformedError{Where: where, Problem: "names no action"}
	}
	patterns := make([]pattern, len(list))
	for i, action := range list {
		service, name, ok := strings.Cut(action, ":")
		if action != "*" && (!ok || service == "" || name == "" || strings.ContainsFunc(service+name, func(r rune) bool {
			return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-*?", r)
		})) {
			return nil, &MalformedError{Where: where, Problem: fmt.Sprintf("%q is no action: one is written SERVICE:NAME, for example iot:Publish", action)}
		}
		if patterns[i], err = compile(strings.ToLower(action), true, false); err != nil {
			return nil, &MalformedError{Where: where, Problem: err.Error()}
		}
		patterns[i].source = action
	}
	return patterns, nil
}

func parseResources(where string, value any, variables bool) ([]arnPattern, error) {
	list, err := texts(where, value, false)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, &MalformedError{Where: where, Problem: "names no resource"}
	}
	patterns := make([]arnPattern, len(list))
	for i, resource := range list {
		if patterns[i], err = compileARN(resource, variables); err != nil {
			return nil, &MalformedError{Where: where, Problem: err.Error()}
		}
	}
	return patterns, nil
}

func unknown(where, key string, allowed ...string) error {
	problem := fmt.Sprintf("%q is no element of a policy; allowed are %s", key, strings.Join(allowed, ", "))
	switch key {
	case "Principal", "NotPrincipal":
		problem = key + " is not allowed: an AWS IoT Core policy is attached to its principals"
	}
	return &MalformedError{Where: where, Problem: problem}
}
