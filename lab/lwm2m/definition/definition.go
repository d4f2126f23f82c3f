// Package definition tells the lab what objects and resources are: a table of those that the firmware has, and OMA's definition files (XML)
// for others.
package definition

import (
	"bufio"
	_ "embed"
	"encoding/xml"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
)

//go:embed core.txt
var core string

// Object is the definition of an object.
type Object struct {
	ID        uint16              `json:"id"`
	Name      string              `json:"name"`
	Version   string              `json:"version"`
	Multiple  bool                `json:"multiple"`
	Resources map[uint16]Resource `json:"resources"`
}

// Resource is the definition of a resource.
type Resource struct {
	ID         uint16      `json:"id"`
	Name       string      `json:"name"`
	Operations string      `json:"operations"` // of R, W, E; "" for bootstrap only
	Multiple   bool        `json:"multiple"`
	Mandatory  bool        `json:"mandatory"`
	Type       format.Type `json:"-"`
	TypeName   string      `json:"type"`
}

// Set is a set of definitions: format.Types. It does not change once made.
type Set struct{ objects map[uint16]Object }

// Core gives the definitions that the lab has itself.
func Core() (*Set, error) {
	s := &Set{objects: map[uint16]Object{}}
	var object Object
	scanner := bufio.NewScanner(strings.NewReader(core))
	for scanner.Scan() {
		line := scanner.Text()
		fields := strings.SplitN(line, " ", 6)
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "object "):
			id, err := strconv.ParseUint(fields[1], 10, 16)
			if err != nil {
				return nil, fmt.Errorf("core.txt: %q: %w", line, err)
			}
			object = Object{ID: uint16(id), Version: fields[2], Multiple: fields[3] == "multiple", Resources: map[uint16]Resource{}}
			object.Name = strings.Join(fields[4:], " ")
			s.objects[object.ID] = object
		case len(fields) == 6:
			id, err := strconv.ParseUint(fields[0], 10, 16)
			if err != nil {
				return nil, fmt.Errorf("core.txt: %q: %w", line, err)
			}
			t, err := parseType(fields[4])
			if err != nil {
				return nil, fmt.Errorf("core.txt: %q: %w", line, err)
			}
			object.Resources[uint16(id)] = Resource{
				ID: uint16(id), Operations: strings.Trim(fields[1], "-"), Multiple: fields[2] == "M", Mandatory: fields[3] == "M",
				Type: t, TypeName: t.String(), Name: fields[5],
			}
		default:
			return nil, fmt.Errorf("core.txt: %q is no line of the table", line)
		}
	}
	return s, scanner.Err()
}

func parseType(text string) (format.Type, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "string":
		return format.String, nil
	case "integer":
		return format.Integer, nil
	case "unsigned", "unsigned integer":
		return format.Unsigned, nil
	case "float":
		return format.Float, nil
	case "boolean":
		return format.Boolean, nil
	case "opaque":
		return format.OpaqueBytes, nil
	case "time":
		return format.Time, nil
	case "objlnk":
		return format.ObjectLink, nil
	case "corelnk":
		return format.CoreLink, nil
	case "none", "":
		return format.None, nil
	}
	return format.Unknown, fmt.Errorf("%q is no type of LwM2M", text)
}

// Load adds the definition files of a folder, *.xml, to a copy of the set. They replace what the set has of the same object.
func (s *Set) Load(dir string) (*Set, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.xml"))
	if err != nil {
		return nil, err
	}
	loaded := &Set{objects: maps.Clone(s.objects)}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		objects, err := ParseXML(content)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, object := range objects {
			loaded.objects[object.ID] = object
		}
	}
	return loaded, nil
}

// xmlFile is a definition file of OMA's registry, as far as the lab uses it.
type xmlFile struct {
	XMLName xml.Name `xml:"LWM2M"`
	Objects []struct {
		Name      string
		ID        string `xml:"ObjectID"`
		Version   string `xml:"ObjectVersion"`
		Multiple  string `xml:"MultipleInstances"`
		Resources []struct {
			ID         string `xml:"ID,attr"`
			Name       string
			Operations string
			Multiple   string `xml:"MultipleInstances"`
			Mandatory  string
			Type       string
		} `xml:"Resources>Item"`
	} `xml:"Object"`
}

// ParseXML reads a definition file of OMA's registry.
func ParseXML(content []byte) ([]Object, error) {
	var file xmlFile
	if err := xml.Unmarshal(content, &file); err != nil {
		return nil, fmt.Errorf("no definition file of OMA: %w", err)
	}
	var objects []Object
	for _, o := range file.Objects {
		id, err := strconv.ParseUint(strings.TrimSpace(o.ID), 10, 16)
		if err != nil {
			return nil, fmt.Errorf("ObjectID %q: %w", o.ID, err)
		}
		object := Object{
			ID: uint16(id), Name: strings.TrimSpace(o.Name), Version: strings.TrimSpace(o.Version), Multiple: strings.TrimSpace(o.Multiple) == "Multiple",
			Resources: map[uint16]Resource{},
		}
		if object.Version == "" {
			object.Version = "1.0"
		}
		for _, r := range o.Resources {
			id, err := strconv.ParseUint(strings.TrimSpace(r.ID), 10, 16)
			if err != nil {
				return nil, fmt.Errorf("resource ID %q of object %d: %w", r.ID, object.ID, err)
			}
			t, err := parseType(r.Type)
			if err != nil {
				return nil, fmt.Errorf("resource %d of object %d: %w", id, object.ID, err)
			}
			object.Resources[uint16(id)] = Resource{
				ID: uint16(id), Name: strings.TrimSpace(r.Name), Operations: strings.TrimSpace(r.Operations), Type: t, TypeName: t.String(),
				Multiple: strings.TrimSpace(r.Multiple) == "Multiple", Mandatory: strings.TrimSpace(r.Mandatory) == "Mandatory",
			}
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// Type gives the type of a resource: format.Types.
func (s *Set) Type(object, resource uint16) format.Type {
	return s.objects[object].Resources[resource].Type
}

// Objects gives all definitions in the order of their ids. They are not to be changed.
func (s *Set) Objects() []Object {
	var all []Object
	for _, id := range slices.Sorted(maps.Keys(s.objects)) {
		all = append(all, s.objects[id])
	}
	return all
}
