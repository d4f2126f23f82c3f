package tracker

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
)

// configurationFile is the file in the data directory that keeps the real-time configuration (SDK: settings key data_module/config).
const configurationFile = "configuration"

// apply changes a configuration as the cloud asks. Members that are nil, or that ask for what is not accepted, keep their value; each of the
// latter is told. Accepted are times of whole seconds above 0 and any finite number (reference 6.6).
func apply(current data.Configuration, change data.ConfigurationChange) (next data.Configuration, refused []error) {
	next = current
	if change.ActiveMode != nil {
		next.ActiveMode = *change.ActiveMode
	}
	for _, each := range []struct {
		name         string
		field, asked *time.Duration
	}{
		{"location timeout", &next.LocationTimeout, change.LocationTimeout},
		{"active wait", &next.ActiveWait, change.ActiveWait},
		{"movement resolution", &next.MovementResolution, change.MovementResolution},
		{"movement timeout", &next.MovementTimeout, change.MovementTimeout},
	} {
		switch {
		case each.asked == nil:
		case *each.asked < time.Second:
			refused = append(refused, errorf("%s: %v is refused, it must be at least 1 s; it stays %v", each.name, *each.asked, *each.field))
		default:
			*each.field = each.asked.Truncate(time.Second)
		}
	}
	for _, each := range []struct {
		name         string
		field, asked *float64
	}{
		{"activity threshold", &next.AccelerometerActivity, change.AccelerometerActivity},
		{"inactivity threshold", &next.AccelerometerInactivity, change.AccelerometerInactivity},
		{"inactivity time", &next.AccelerometerInactivityTimeout, change.AccelerometerInactivityTimeout},
	} {
		switch {
		case each.asked == nil:
		case math.IsNaN(*each.asked) || math.IsInf(*each.asked, 0):
			refused = append(refused, errorf("%s: %v is refused, it must be a finite number; it stays %v", each.name, *each.asked, *each.field))
		default:
			*each.field = *each.asked
		}
	}
	if change.NoData != nil {
		next.NoData = *change.NoData
	}
	return next, refused
}

// members is the form of the file: one object of JSON, with times in seconds. They are read and written one by one, which takes a twentieth of the
// code that encoding/json needs to read.
func members(c *data.Configuration) []member {
	return []member{
		{"active_mode", &c.ActiveMode},
		{"location_timeout_s", &c.LocationTimeout},
		{"active_wait_s", &c.ActiveWait},
		{"movement_resolution_s", &c.MovementResolution},
		{"movement_timeout_s", &c.MovementTimeout},
		{"activity_threshold_m_s2", &c.AccelerometerActivity},
		{"inactivity_threshold_m_s2", &c.AccelerometerInactivity},
		{"inactivity_time_s", &c.AccelerometerInactivityTimeout},
		{"without_gnss", &c.NoData.GNSS},
		{"without_neighbour_cells", &c.NoData.NeighbourCells},
		{"without_wifi", &c.NoData.WiFi},
	}
}

type member struct {
	name  string
	field any // *bool, *float64 or *time.Duration
}

func encodeConfiguration(c data.Configuration) []byte {
	content := []byte("{")
	for i, each := range members(&c) {
		if i > 0 {
			content = append(content, ',')
		}
		content = append(strconv.AppendQuote(content, each.name), ':')
		switch field := each.field.(type) {
		case *bool:
			content = strconv.AppendBool(content, *field)
		case *float64:
			content = strconv.AppendFloat(content, *field, 'g', -1, 64)
		case *time.Duration:
			content = strconv.AppendInt(content, int64(*field/time.Second), 10)
		}
	}
	return append(content, '}')
}

// decodeConfiguration reads what encodeConfiguration wrote over a configuration of compiled-in values. A member that is missing, as in a file of
// an older firmware, or null keeps the compiled-in value. It is strict: a file with an unknown member or an impossible value was not written by
// this firmware.
func decodeConfiguration(content []byte, compiledIn data.Configuration) (data.Configuration, error) {
	text := strings.TrimSpace(string(content))
	text, opened := strings.CutPrefix(text, "{")
	text, closed := strings.CutSuffix(text, "}")
	if !opened || !closed {
		return data.Configuration{}, errors.New("it is no object of JSON")
	}
	c := compiledIn
	known := members(&c)
	if strings.TrimSpace(text) == "" {
		return c, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		i := slices.IndexFunc(known, func(each member) bool { return strconv.Quote(each.name) == name })
		if i < 0 {
			return data.Configuration{}, errorf("%.40q is no member of it", name)
		}
		if value != "null" && !known[i].read(value) {
			return data.Configuration{}, errorf("%s: %.40q is no value of it", name, value)
		}
	}
	return c, nil
}

// read takes the text of a value, if the configuration could have it.
func (m member) read(text string) bool {
	switch field := m.field.(type) {
	case *bool:
		*field = text == "true"
		return *field || text == "false"
	case *float64:
		number, err := strconv.ParseFloat(text, 64)
		*field = number
		return err == nil && strings.Trim(text, "+-.0123456789Ee") == "" // no NaN, no infinity, nothing hexadecimal
	case *time.Duration:
		seconds, err := strconv.ParseInt(text, 10, 64)
		*field = time.Duration(seconds) * time.Second
		return err == nil && seconds >= 1 && seconds <= math.MaxInt64/int64(time.Second)
	}
	return false
}
