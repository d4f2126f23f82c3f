package tracker

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
)

// configKey is the member that holds the configuration, in both directions.
const configKey = "cfg"

// The names of the kinds of data that "nod" excludes.
const (
	noGNSS  = "gnss"
	noCells = "ncell"
	noWiFi  = "wifi"
)

// AppendConfiguration encodes the device's configuration: {"cfg":{…}}, times as whole seconds.
func AppendConfiguration(dst []byte, c data.Configuration) []byte {
	dst = append(appendKey(append(dst, '{'), configKey), '{')
	dst = appendBool(dst, "act", c.ActiveMode)
	dst = appendSeconds(dst, "loct", c.LocationTimeout)
	dst = appendSeconds(dst, "actwt", c.ActiveWait)
	dst = appendSeconds(dst, "mvres", c.MovementResolution)
	dst = appendSeconds(dst, "mvt", c.MovementTimeout)
	dst = appendReal(dst, "accath", c.AccelerometerActivity)
	dst = appendReal(dst, "accith", c.AccelerometerInactivity)
	dst = appendReal(dst, "accito", c.AccelerometerInactivityTimeout)
	dst = append(appendKey(dst, "nod"), '[')
	for _, kind := range [...]struct {
		off  bool
		name string
	}{{c.NoData.GNSS, noGNSS}, {c.NoData.NeighbourCells, noCells}, {c.NoData.WiFi, noWiFi}} {
		if kind.off {
			dst = appendString(appendComma(dst), kind.name)
		}
	}
	return append(dst, ']', '}', '}')
}

// ErrNoConfiguration says that a document has no configuration section.
var ErrNoConfiguration = errors.New("the document has no configuration section")

// Change is a decoded configuration section.
type Change struct {
	data.ConfigurationChange
	// Refused tells, for each member that cannot be taken, why: wrong type, out of range, given twice. The others are taken.
	Refused []error
}

// DecodeConfiguration takes the section "cfg" of a document, or, while there is none, that of the objects that the path names, each
// within the one before. Keys are matched without regard to case, unknown ones are passed over. A document without the section gives
// ErrNoConfiguration; any other error means that the document cannot be used at all.
func DecodeConfiguration(document []byte, path ...string) (Change, error) {
	at, err := decodeObject(document)
	if err != nil {
		return Change{}, err
	}
	for {
		section, found, err := at.get(configKey)
		if err != nil {
			return Change{}, err
		}
		if found && !section.isNull() {
			members, err := section.object()
			if err != nil {
				return Change{}, fmt.Errorf("member %q: %w", configKey, err)
			}
			return decodeChange(members), nil
		}
		if len(path) == 0 {
			return Change{}, ErrNoConfiguration
		}
		inner, found, err := at.get(path[0])
		if err != nil {
			return Change{}, err
		}
		if !found || inner.isNull() {
			return Change{}, ErrNoConfiguration
		}
		if at, err = inner.object(); err != nil {
			return Change{}, fmt.Errorf("member %q: %w", path[0], err)
		}
		path = path[1:]
	}
}

// maxSeconds is the longest time that the SDK's fields hold, an int of 32 bits.
const maxSeconds = 1<<31 - 1

func decodeChange(members object) Change {
	var change Change
	seconds := func(target **time.Duration) func(rawValue) error {
		return func(v rawValue) error {
			n, err := v.integer(1, maxSeconds)
			if err == nil {
				d := time.Duration(n) * time.Second
				*target = &d
			}
			return err
		}
	}
	real := func(target **float64) func(rawValue) error {
		return func(v rawValue) error {
			f, err := v.real()
			if err == nil {
				*target = &f
			}
			return err
		}
	}
	c := &change.ConfigurationChange
	fields := [...]struct {
		key  string
		take func(rawValue) error
	}{
		{"act", func(v rawValue) error {
			b, err := v.boolean()
			if err == nil {
				c.ActiveMode = &b
			}
			return err
		}},
		{"loct", seconds(&c.LocationTimeout)},
		{"actwt", seconds(&c.ActiveWait)},
		{"mvres", seconds(&c.MovementResolution)},
		{"mvt", seconds(&c.MovementTimeout)},
		{"accath", real(&c.AccelerometerActivity)},
		{"accith", real(&c.AccelerometerInactivity)},
		{"accito", real(&c.AccelerometerInactivityTimeout)},
		{"nod", func(v rawValue) error {
			excluded, err := decodeNoData(v)
			if err == nil {
				c.NoData = &excluded
			}
			return err
		}},
	}
	for _, field := range fields {
		value, found, err := members.get(field.key)
		if err == nil && found && !value.isNull() { // null: the cloud has taken the member away; the device keeps its value
			err = field.take(value)
		}
		if err != nil {
			change.Refused = append(change.Refused, fmt.Errorf("%s.%s: %w", configKey, field.key, err))
		}
	}
	return change
}

// decodeNoData passes unknown names over: a cloud may know kinds of data that this device does not have.
func decodeNoData(v rawValue) (data.NoData, error) {
	items, err := v.array()
	if err != nil {
		return data.NoData{}, err
	}
	var excluded data.NoData
	for i, item := range items {
		name, err := item.text()
		if err != nil {
			return data.NoData{}, fmt.Errorf("item %d: %w", i, err)
		}
		switch strings.ToLower(name) {
		case noGNSS:
			excluded.GNSS = true
		case noCells:
			excluded.NeighbourCells = true
		case noWiFi:
			excluded.WiFi = true
		}
	}
	return excluded, nil
}
