package kconfig

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// variablesOf gives the values that a source block has put for $(NAME) in the files that it names, as Kconfig's macros; nil where it has none.
func variablesOf(block *hclsyntax.Block) (map[string]string, error) {
	attribute := block.Body.Attributes["variables"]
	if attribute == nil {
		return nil, nil
	}
	object, ok := attribute.Expr.(*hclsyntax.ObjectConsExpr)
	if !ok || len(object.Items) == 0 {
		return nil, errors.New("not an object of names and texts")
	}
	values := map[string]string{}
	for _, item := range object.Items {
		name, ok := literalText(item.KeyExpr)
		if !ok || !isVariableName(name) {
			return nil, errors.New("a variable's name is made of letters, digits, _ and -")
		}
		value, ok := literalText(item.ValueExpr)
		if !ok || strings.ContainsAny(value, "\"\\\n\r$%{}/") {
			return nil, fmt.Errorf("the value of %s is not a plain text on one line", name)
		}
		if _, again := values[name]; again {
			return nil, fmt.Errorf("%s has two values", name)
		}
		values[name] = value
	}
	return values, nil
}

// literalText evaluates an expression that names nothing.
func literalText(e hclsyntax.Expression) (string, bool) {
	value, diags := e.Value(nil)
	if diags.HasErrors() || value.Type() != cty.String || value.IsNull() || !value.IsKnown() {
		return "", false
	}
	return value.AsString(), true
}

func isVariableName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}

// describe lists the values for people, in a stable order.
func describe(values map[string]string) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		words = append(words, name+"="+values[name])
	}
	return strings.Join(words, ", ")
}

// substitute puts the values in the place of $(NAME).
func substitute(source []byte, values map[string]string) []byte {
	for name, value := range values {
		source = bytes.ReplaceAll(source, []byte("$("+name+")"), []byte(value))
	}
	return source
}
