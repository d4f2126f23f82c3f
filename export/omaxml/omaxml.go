// Package omaxml writes object definitions of LwM2M as the OMA's XML files, which consoles of servers take (schema LWM2M-v1_1.xsd of the
// OMA LwM2M registry). A program of one's own can write those of its own objects with it:
//
//	text, err := omaxml.Document(object.Definition())
package omaxml

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"unicode/utf8"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// firstPrivate is the first id that no registry gives out: what a server knows of such an object, somebody has told it (OMA LwM2M registry,
// classes of objects: 32769 to 42768 are for private use; beyond them nothing is given out either).
const firstPrivate = 32769

// IsPrivate tells whether servers cannot know an object from the OMA's registry.
func IsPrivate(definition *lwm2m.Definition) bool { return definition.ID >= firstPrivate }

// The elements of the schema, in its order. All but those with omitempty have to be there, also empty.
type (
	document struct {
		XMLName  xml.Name `xml:"LWM2M"`
		Instance string   `xml:"xmlns:xsi,attr"`
		Schema   string   `xml:"xsi:noNamespaceSchemaLocation,attr"`
		Objects  []object `xml:"Object"`
	}
	object struct {
		Type              string `xml:"ObjectType,attr"`
		Name              string
		Description1      string
		ObjectID          uint16
		ObjectURN         string
		LWM2MVersion      string
		ObjectVersion     string
		MultipleInstances string
		Mandatory         string
		Items             []item `xml:"Resources>Item"`
		Description2      string
	}
	item struct {
		ID                uint16 `xml:"ID,attr"`
		Name              string
		Operations        string
		MultipleInstances string
		Mandatory         string
		Type              string
		RangeEnumeration  string
		Units             string
		Description       string
	}
)

// Document writes definitions as one XML document. An error says what in a definition cannot be part of one.
func Document(definitions ...*lwm2m.Definition) ([]byte, error) {
	made := document{
		Instance: "http://www.w3.org/2001/XMLSchema-instance",
		Schema:   "http://www.openmobilealliance.org/tech/profiles/LWM2M-v1_1.xsd",
	}
	if len(definitions) == 0 {
		return nil, fmt.Errorf("a definition file holds one object at least")
	}
	for _, each := range definitions {
		one, err := objectOf(each)
		if err != nil {
			return nil, fmt.Errorf("object %d: %w", each.ID, err)
		}
		made.Objects = append(made.Objects, one)
	}
	text := bytes.NewBufferString(xml.Header)
	encoder := xml.NewEncoder(text)
	encoder.Indent("", "\t")
	if err := encoder.Encode(made); err != nil {
		return nil, err
	}
	text.WriteByte('\n')
	return text.Bytes(), nil
}

func objectOf(definition *lwm2m.Definition) (object, error) {
	made := object{
		Type: "MODefinition", Name: definition.Name, Description1: definition.Description, ObjectID: definition.ID, ObjectURN: definition.URN,
		LWM2MVersion: "1.1", ObjectVersion: definition.Version, // as the schema says that the document names
		MultipleInstances: instances(definition.Multiple), Mandatory: mandatory(definition.Mandatory),
	}
	if len(definition.Resources) == 0 {
		return object{}, fmt.Errorf("it has no resources, and a definition file asks for one")
	}
	texts := []string{definition.Name, definition.Description, definition.URN, definition.Version}
	for _, each := range definition.Resources {
		made.Items = append(made.Items, item{
			ID: each.ID, Name: each.Name, Operations: each.Operations.String(), MultipleInstances: instances(each.Multiple),
			Mandatory: mandatory(each.Mandatory), Type: each.Type.String(), RangeEnumeration: each.Range, Units: each.Units, Description: each.Description,
		})
		texts = append(texts, each.Name, each.Range, each.Units, each.Description)
	}
	for _, text := range texts {
		if !fits(text) {
			return object{}, fmt.Errorf("the text %q holds characters that XML does not have", text)
		}
	}
	return made, nil
}

// fits tells whether XML 1.0 has all characters of a text (section 2.2).
func fits(text string) bool {
	for _, r := range text {
		if r == utf8.RuneError || r < ' ' && r != '\t' && r != '\n' || r == 0xfffe || r == 0xffff {
			return false
		}
	}
	return true
}

func instances(multiple bool) string {
	if multiple {
		return "Multiple"
	}
	return "Single"
}

func mandatory(is bool) string {
	if is {
		return "Mandatory"
	}
	return "Optional"
}
