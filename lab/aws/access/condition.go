package access

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// condition is one key of one operator. All conditions of a statement must hold (IAM user guide, "Condition operators").
type condition struct {
	name     string // of the operator, as written
	key      string
	set      string // ForAllValues, ForAnyValue or ""
	ifExists bool
	operator operator
	values   []value
}

// value is one of the alternatives that a condition compares with.
type value struct {
	text    pattern
	network netip.Prefix
	arn     arnPattern
}

type operator struct {
	base    string // without "Not"
	negated bool
}

// findOperator knows the operators of IAM that a condition key of AWS IoT Core can be used with: none is a number, a date or binary.
func findOperator(name string) (operator, bool) {
	switch name {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike", "Bool", "IpAddress", "Null":
		return operator{base: name}, true
	case "StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "NotIpAddress":
		return operator{base: strings.Replace(name, "Not", "", 1), negated: true}, true
	case "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike": // Equals and Like are the same
		return operator{base: "Arn", negated: strings.HasPrefix(name, "ArnNot")}, true
	}
	return operator{}, false
}

func parseConditions(where string, element any, variables bool) ([]condition, error) {
	operators, ok := element.(object)
	if !ok {
		return nil, &MalformedError{Where: where, Problem: "must be a JSON object of operators"}
	}
	var conditions []condition
	for _, o := range operators {
		at := where + ", " + o.key
		c := condition{name: o.key}
		name := o.key
		if set, rest, ok := strings.Cut(name, ":"); ok {
			if set != "ForAllValues" && set != "ForAnyValue" {
				return nil, &MalformedError{Where: at, Problem: "before the colon must be ForAllValues or ForAnyValue"}
			}
			c.set, name = set, rest
		}
		name, c.ifExists = strings.CutSuffix(name, "IfExists")
		if c.operator, ok = findOperator(name); !ok || name == "Null" && (c.ifExists || c.set != "") {
			return nil, &MalformedError{Where: at, Problem: "is no operator for a condition key of AWS IoT Core; there are StringEquals, StringLike, ArnEquals, Bool, IpAddress, Null and their variants"}
		}
		keys, ok := o.value.(object)
		if !ok {
			return nil, &MalformedError{Where: at, Problem: "must be a JSON object of condition keys"}
		}
		for _, k := range keys {
			c := c
			c.key, c.values = k.key, nil
			at := at + ", " + k.key
			if !keyName(c.key) {
				return nil, &MalformedError{Where: at, Problem: "is no condition key: one is written SERVICE:NAME, for example iot:ClientId"}
			}
			list, err := texts(at, k.value, true)
			if err != nil {
				return nil, err
			}
			for _, text := range list {
				v, err := c.operator.parse(text, variables)
				if err != nil {
					return nil, &MalformedError{Where: at, Problem: err.Error()}
				}
				c.values = append(c.values, v)
			}
			conditions = append(conditions, c)
		}
	}
	return conditions, nil
}

// parse reads a value. Variables are allowed with strings and ARNs (IAM user guide, "Policy elements: Variables").
func (o operator) parse(text string, variables bool) (v value, err error) {
	switch o.base {
	case "Bool", "Null":
		if text != "true" && text != "false" {
			err = fmt.Errorf("%q is neither true nor false", text)
		}
	case "IpAddress":
		if v.network, err = network(text); err != nil {
			err = fmt.Errorf("%q is no address or range: one is written 203.0.113.0/24", text)
		}
	case "Arn":
		v.arn, err = compileARN(text, variables)
	}
	if err == nil && o.base != "Arn" {
		isString := strings.HasPrefix(o.base, "String")
		v.text, err = compile(text, o.base == "StringLike", isString && variables)
	} else {
		v.text.source = text
	}
	return v, err
}

func network(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		return netip.ParsePrefix(text)
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return address.Prefix(address.BitLen())
}

// holds tells whether the condition is true. A key without a value makes it false, or true if the operator is negated, has IfExists, or
// asks about all values. A variable without a value makes it false.
func (c condition) holds(context Context) bool {
	have, _ := context.lookup(c.key)
	if c.operator.base == "Null" {
		return slices.ContainsFunc(c.values, func(v value) bool { return (v.text.source == "true") == (len(have) == 0) })
	}
	if len(have) == 0 {
		return c.ifExists || c.set == "ForAllValues" || c.set == "" && c.operator.negated
	}
	unresolved := false
	test := func(text string) bool {
		matches := false
		for _, v := range c.values {
			ok, missing := c.operator.compare(text, v, context)
			matches = matches || ok
			unresolved = unresolved || missing
		}
		return matches != c.operator.negated
	}
	if c.set == "ForAllValues" || c.set == "" && c.operator.negated {
		return !slices.ContainsFunc(have, func(text string) bool { return !test(text) }) && !unresolved
	}
	return slices.ContainsFunc(have, test) && !unresolved
}

// compare compares the value of a request with one of the policy.
func (o operator) compare(have string, want value, context Context) (equal, unresolved bool) {
	switch o.base {
	case "StringEquals", "StringLike", "StringEqualsIgnoreCase":
		runes, missing := want.text.resolve(context)
		if missing != "" {
			return false, true
		}
		if o.base == "StringEqualsIgnoreCase" {
			return strings.EqualFold(string(runes), have), false
		}
		return match(runes, []rune(have)), false
	case "Arn":
		matches, missing := want.arn.match(have, context)
		return matches, missing != ""
	case "Bool":
		return strings.EqualFold(have, want.text.source), false
	case "IpAddress":
		address, err := netip.ParseAddr(have)
		return err == nil && want.network.Contains(address.Unmap()), false
	}
	return false, false
}

// String writes the condition as in the document.
func (c condition) String() string {
	values := make([]string, len(c.values))
	for i, v := range c.values {
		values[i] = strconv.Quote(v.text.source)
	}
	return fmt.Sprintf("%s of %s with [%s]", c.name, c.key, strings.Join(values, ", "))
}
