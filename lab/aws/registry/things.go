package registry

import (
	"maps"
	"slices"
	"time"
)

const (
	attributesWithType    = 50 // developer guide, "Thing types"
	attributesWithoutType = 3
)

// Thing is a device's entry.
type Thing struct {
	Name       string            `json:"thingName"`
	ID         string            `json:"thingId"`
	Type       string            `json:"thingTypeName,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Groups     []string          `json:"thingGroups,omitempty"` // names from provisioning templates; the lab has no groups
	Version    int64             `json:"version"`               // from 1, grows with each change
}

func (t *Thing) clone() Thing {
	c := *t
	c.Attributes, c.Groups = maps.Clone(t.Attributes), slices.Clone(t.Groups)
	return c
}

// ThingType is what things of one kind have in common. It stays once it is there: the lab has no deprecation, which comes before deletion.
type ThingType struct {
	Name        string    `json:"thingTypeName"`
	ID          string    `json:"thingTypeId"`
	Description string    `json:"thingTypeDescription,omitempty"`
	Created     time.Time `json:"creationDate"`
}

func (t *ThingType) clone() ThingType { return *t }

// CreateThing adds a thing; a type of "" is none. Doing so again with the same values gives the thing that is there.
func (r *Registry) CreateThing(name, thingType string, attributes map[string]string, now time.Time) (Thing, error) {
	thing := &Thing{Name: name, ID: uuid("thing", name, now), Type: thingType, Version: 1, Attributes: map[string]string{}}
	for key, value := range attributes {
		if value != "" {
			thing.Attributes[key] = value
		}
	}
	if err := r.checkThing(thing); err != nil {
		return Thing{}, err
	}
	if err := r.usable(thingType); err != nil {
		return Thing{}, err
	}
	if there := r.state.Things[name]; there != nil {
		if there.Type != thingType || !maps.Equal(there.Attributes, thing.Attributes) {
			return Thing{}, fail(alreadyExists, "there is a thing %q already, with another type or other attributes", name)
		}
		return there.clone(), nil
	}
	r.state.Things[name] = thing
	return thing.clone(), nil
}

// Thing gives a thing.
func (r *Registry) Thing(name string) (Thing, error) {
	thing, err := r.thing(name)
	if err != nil {
		return Thing{}, err
	}
	return thing.clone(), nil
}

// Things gives all things, by name.
func (r *Registry) Things() []Thing { return sorted(r.state.Things, (*Thing).clone) }

// ThingUpdate says what UpdateThing changes.
type ThingUpdate struct {
	Type            string            // "": it stays
	RemoveType      bool              // the thing loses its type
	Attributes      map[string]string // nil: they stay; an empty value removes an attribute
	Merge           bool              // keep the attributes that Attributes does not name
	ExpectedVersion int64             // 0: any
}

// UpdateThing changes a thing.
func (r *Registry) UpdateThing(name string, update ThingUpdate) error {
	there, err := r.thing(name)
	if err != nil {
		return err
	}
	if update.ExpectedVersion != 0 && update.ExpectedVersion != there.Version {
		return fail(versionConflict, "the thing %q has the version %d, not %d", name, there.Version, update.ExpectedVersion)
	}
	thing := there.clone()
	switch {
	case update.RemoveType && update.Type != "":
		return fail(invalidRequest, "a thing type cannot be given and removed at once")
	case update.RemoveType:
		thing.Type = ""
	case update.Type != "":
		if err := r.usable(update.Type); err != nil {
			return err
		}
		thing.Type = update.Type
	}
	if update.Attributes != nil && !update.Merge || thing.Attributes == nil {
		thing.Attributes = map[string]string{}
	}
	maps.Copy(thing.Attributes, update.Attributes)
	maps.DeleteFunc(thing.Attributes, func(_, value string) bool { return value == "" })
	if err := r.checkThing(&thing); err != nil {
		return err
	}
	thing.Version++
	*there = thing
	return nil
}

// DeleteThing removes a thing that no certificate is attached to. One that does not exist is no error. An expected version of 0 is any.
func (r *Registry) DeleteThing(name string, expectedVersion int64) error {
	thing := r.state.Things[name]
	switch {
	case thing == nil:
		return nil
	case expectedVersion != 0 && expectedVersion != thing.Version:
		return fail(versionConflict, "the thing %q has the version %d, not %d", name, thing.Version, expectedVersion)
	case len(r.ThingPrincipals(name)) > 0:
		return fail(invalidRequest, "the thing %q is attached to a certificate: detach it first", name)
	}
	delete(r.state.Things, name)
	return nil
}

func (r *Registry) thing(name string) (*Thing, error) {
	if thing := r.state.Things[name]; thing != nil {
		return thing, nil
	}
	return nil, fail(notFound, "there is no thing %q", name)
}

func (r *Registry) checkThing(thing *Thing) error {
	if !r.names.thing.MatchString(thing.Name) {
		return fail(invalidRequest, "%q is no name of a thing: 1 to 128 letters, digits and :_- are allowed", thing.Name)
	}
	most := attributesWithoutType
	if thing.Type != "" {
		most = attributesWithType
	}
	if len(thing.Attributes) > most {
		return fail(invalidRequest, "the thing %q has %d attributes; at most %d are allowed with a thing type and %d without", thing.Name, len(thing.Attributes), attributesWithType, attributesWithoutType)
	}
	for _, name := range slices.Sorted(maps.Keys(thing.Attributes)) {
		if value := thing.Attributes[name]; !r.names.attribute.MatchString(name) || !r.names.value.MatchString(value) {
			return fail(invalidRequest, "the attribute %q with the value %q of the thing %q has a character that is not allowed, or is too long", name, value, thing.Name)
		}
	}
	return nil
}

// usable tells whether things may get the type.
func (r *Registry) usable(thingType string) error {
	if thingType != "" && r.state.ThingTypes[thingType] == nil {
		return fail(notFound, "there is no thing type %q", thingType)
	}
	return nil
}

// CreateThingType adds a thing type. Doing so again with the same values gives the one that is there.
func (r *Registry) CreateThingType(name, description string, now time.Time) (ThingType, error) {
	switch there := r.state.ThingTypes[name]; {
	case !r.names.thing.MatchString(name):
		return ThingType{}, fail(invalidRequest, "%q is no name of a thing type: 1 to 128 letters, digits and :_- are allowed", name)
	case there == nil:
	case there.Description != description:
		return ThingType{}, fail(alreadyExists, "there is a thing type %q already, with another description", name)
	default:
		return there.clone(), nil
	}
	t := &ThingType{Name: name, ID: uuid("thingtype", name, now), Description: description, Created: now}
	r.state.ThingTypes[name] = t
	return t.clone(), nil
}

// ThingType gives a thing type.
func (r *Registry) ThingType(name string) (ThingType, error) {
	if t := r.state.ThingTypes[name]; t != nil {
		return t.clone(), nil
	}
	return ThingType{}, fail(notFound, "there is no thing type %q", name)
}

// ThingTypes gives all thing types, by name.
func (r *Registry) ThingTypes() []ThingType { return sorted(r.state.ThingTypes, (*ThingType).clone) }
