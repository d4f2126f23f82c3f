package access

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// pattern is a string of a policy: text with wildcards and policy variables (developer guide, "Policy variables").
type pattern struct {
	source string
	pieces []piece
}

// piece is text, or the place of a variable.
type piece struct {
	runes    []rune // with anyText and anyRune for the wildcards
	variable string // its name; "": the piece is text
	fallback []rune // what stands for a variable without a value; nil: nothing does
}

// Wildcards, as runes that no text has.
const (
	anyText rune = -1 - iota // *
	anyRune                  // ?
)

// compile reads a string. Wildcards are plain characters unless wild; ${ is plain unless variables.
func compile(source string, wild, variables bool) (pattern, error) {
	p := pattern{source: source}
	var text []rune
	for rest := source; rest != ""; {
		if inside, ok := strings.CutPrefix(rest, "${"); ok && variables {
			name, after, closed := strings.Cut(inside, "}")
			if !closed {
				return pattern{}, fmt.Errorf("%q has a ${ without its }; a plain dollar sign is written ${$}", source)
			}
			rest = after
			switch name {
			case "*", "?", "$": // IAM user guide, "Policy elements: Variables", special characters
				text = append(text, []rune(name)...)
			default:
				variable, err := reference(name)
				if err != nil {
					return pattern{}, fmt.Errorf("%q: %w", source, err)
				}
				p.pieces = append(p.pieces, piece{runes: text}, variable)
				text = nil
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
		switch {
		case wild && r == '*':
			r = anyText
		case wild && r == '?':
			r = anyRune
		}
		text = append(text, r)
	}
	p.pieces = append(p.pieces, piece{runes: text})
	return p, nil
}

// reference reads what is in ${…}: a key, and maybe a default: ${aws:userid, 'anonymous'} (IAM user guide, the same page).
func reference(inside string) (piece, error) {
	name, fallback, ok := strings.Cut(inside, ", '")
	p := piece{variable: name}
	if ok {
		text, closed := strings.CutSuffix(fallback, "'")
		if !closed {
			return piece{}, fmt.Errorf("the default of ${%s} has no closing quotation mark", name)
		}
		p.fallback = append([]rune{}, []rune(text)...)
	}
	if !keyName(name) {
		return piece{}, fmt.Errorf("${%s} is no policy variable: one is written ${SERVICE:NAME}, for example ${iot:ClientId}", name)
	}
	return p, nil
}

// keyName tells whether a text can be the name of a condition key, which policy variables are too.
func keyName(name string) bool {
	service, rest, ok := strings.Cut(name, ":")
	return ok && service != "" && rest != "" && !strings.ContainsAny(name, " ${}\"'*?")
}

// escape writes a text so that it stands for itself where wildcards and variables are.
func escape(text string) string {
	return strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}").Replace(text)
}

// resolve puts in the values of the variables, which are plain text. It gives the name of the first one without a value.
func (p pattern) resolve(context Context) (runes []rune, missing string) {
	for _, piece := range p.pieces {
		switch value, ok := context.variable(piece.variable); {
		case piece.variable == "":
			runes = append(runes, piece.runes...)
		case ok:
			runes = append(runes, []rune(value)...)
		case piece.fallback != nil:
			runes = append(runes, piece.fallback...)
		default:
			return nil, piece.variable
		}
	}
	return runes, ""
}

// match tells whether the text is what the pattern says: * is any text, also with slashes and none at all, ? is one character. + and #
// are plain characters (developer guide, "Publish/Subscribe policy examples").
func match(pattern, text []rune) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == anyText:
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == anyRune || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == anyText {
		p++
	}
	return p == len(pattern)
}

// arnPattern is a resource: "*", or an ARN whose six parts are matched one by one (IAM user guide, "Condition operators", ARN).
type arnPattern struct {
	source string
	all    bool
	parts  [components]pattern
}

// compileARN reads a resource. Variables are allowed after the fifth colon only (IAM user guide, "Policy elements: Variables").
func compileARN(source string, variables bool) (arnPattern, error) {
	a := arnPattern{source: source, all: source == "*"}
	if a.all {
		return a, nil
	}
	parts := strings.SplitN(source, ":", components)
	if len(parts) < components || parts[0] != "arn" {
		return arnPattern{}, fmt.Errorf("%q is neither * nor an ARN like arn:aws:iot:REGION:ACCOUNT:topic/NAME", source)
	}
	for i, part := range parts {
		last := i == components-1
		if variables && !last && strings.Contains(part, "${") {
			return arnPattern{}, fmt.Errorf("%q has a policy variable before the fifth colon, where none is allowed", source)
		}
		if last && part == "" {
			return arnPattern{}, fmt.Errorf("%q names no resource after the fifth colon", source)
		}
		var err error
		if a.parts[i], err = compile(part, true, variables && last); err != nil {
			return arnPattern{}, err
		}
	}
	return a, nil
}

// match also gives the name of the variable that had no value, if that is why it does not match.
func (a arnPattern) match(arn string, context Context) (matches bool, missing string) {
	if a.all {
		return true, ""
	}
	parts := strings.SplitN(arn, ":", components)
	if len(parts) < components {
		return false, ""
	}
	for i, part := range parts {
		runes, missing := a.parts[i].resolve(context)
		if missing != "" {
			return false, missing
		}
		if !match(runes, []rune(part)) {
			return false, ""
		}
	}
	return true, ""
}
