// Package tracker encodes and decodes the JSON documents of the tracker application, which AWS IoT Core and Azure IoT Hub share (SDK:
// cloud_codec of asset_tracker_v2). It knows no topics and no wrapping: AWS puts samples and configuration into state.reported, Azure
// leaves them at the root.
//
// The encoders append to a buffer and use no reflection. Key order, names and units are fixed (runtime/codec/tracker/testdata holds
// one document of each kind). Numbers are written without exponent. JSON has no NaN and no infinity: a member with such a value is left
// out, and a group is left out when what remains means nothing (a position without both coordinates, an impact without magnitude). An
// encoder that has nothing to say returns its buffer unchanged.
package tracker

import "github.com/cloudgen/cloudgen/runtime/data"

// maxHeadingAccuracy is the uncertainty, in degrees, from which on a heading is not reported (SDK: the GNSS codec).
const maxHeadingAccuracy = 60

// AppendUpdate encodes the newest samples: {"dev":…,"roam":…,"gnss":…,"env":…,"bat":…}, each group only where there is a sample.
func AppendUpdate(dst []byte, u data.Update) []byte {
	start := len(dst)
	dst = append(dst, '{')
	dst = appendGroup(dst, "dev", u.Device, appendDevice)
	dst = appendGroup(dst, "roam", u.Network, appendNetwork)
	dst = appendGroup(dst, "gnss", u.Fix, appendFix)
	dst = appendGroup(dst, "env", u.Environment, appendEnvironment)
	dst = appendGroup(dst, "bat", u.Battery, appendBattery)
	return closeObject(dst, start)
}

// AppendBatch encodes samples that were held back: the same groups as arrays, and "btn" and "impact".
func AppendBatch(dst []byte, b data.Batch) []byte {
	start := len(dst)
	dst = append(dst, '{')
	dst = appendGroups(dst, "roam", b.Network, appendNetwork)
	dst = appendGroups(dst, "gnss", b.Fix, appendFix)
	dst = appendGroups(dst, "env", b.Environment, appendEnvironment)
	dst = appendGroups(dst, "bat", b.Battery, appendBattery)
	dst = appendGroups(dst, "btn", b.Button, appendButton)
	dst = appendGroups(dst, "impact", b.Impact, appendImpact)
	return closeObject(dst, start)
}

// AppendAlert encodes a button press as {"btn":…} or a shock as {"impact":…}.
func AppendAlert(dst []byte, a data.Alert) []byte {
	start := len(dst)
	dst = append(dst, '{')
	dst = appendGroup(dst, "btn", a.Button, appendButton)
	dst = appendGroup(dst, "impact", a.Impact, appendImpact)
	return closeObject(dst, start)
}

// closeObject ends the object opened at start, or takes it away when it is empty.
func closeObject(dst []byte, start int) []byte {
	if len(dst) == start+1 {
		return dst[:start]
	}
	return append(dst, '}')
}

func appendGroup[Sample any](dst []byte, key string, sample *Sample, value func([]byte, *Sample) ([]byte, bool)) []byte {
	if sample == nil {
		return dst
	}
	start := len(dst)
	dst, meaningful := value(appendKey(dst, key), sample)
	if !meaningful {
		return dst[:start]
	}
	return dst
}

func appendGroups[Sample any](dst []byte, key string, samples []Sample, value func([]byte, *Sample) ([]byte, bool)) []byte {
	start := len(dst)
	dst = append(appendKey(dst, key), '[')
	empty := true
	for i := range samples {
		mark := len(dst)
		var meaningful bool
		if dst, meaningful = value(appendComma(dst), &samples[i]); !meaningful {
			dst = dst[:mark]
			continue
		}
		empty = false
	}
	if empty {
		return dst[:start]
	}
	return append(dst, ']')
}

func appendDevice(dst []byte, d *data.Device) ([]byte, bool) {
	dst = append(dst, `{"v":{`...)
	dst = appendText(dst, "imei", d.IMEI)
	dst = appendText(dst, "iccid", d.ICCID)
	dst = appendText(dst, "modV", d.ModemFirmware)
	dst = appendText(dst, "brdV", d.Board)
	dst = appendText(dst, "appV", d.Version)
	return append(appendTime(append(dst, '}'), d.Taken), '}'), true
}

func appendNetwork(dst []byte, n *data.Network) ([]byte, bool) {
	dst = append(dst, `{"v":{`...)
	dst = appendInt(dst, "band", n.Band)
	dst = appendText(dst, "nw", n.Mode)
	dst = appendInt(dst, "rsrp", n.RSRP)
	dst = appendInt(dst, "area", n.AreaCode)
	dst = appendInt(dst, "mccmnc", n.MCCMNC)
	dst = appendInt(dst, "cell", n.CellID)
	dst = appendText(dst, "ip", n.IP)
	return append(appendTime(append(dst, '}'), n.Taken), '}'), true
}

func appendFix(dst []byte, f *data.Fix) ([]byte, bool) {
	if !finite(f.Latitude) || !finite(f.Longitude) {
		return dst, false
	}
	dst = append(dst, `{"v":{`...)
	dst = appendReal(dst, "lat", f.Latitude)
	dst = appendReal(dst, "lng", f.Longitude)
	dst = appendReal(dst, "acc", f.Accuracy)
	dst = appendReal(dst, "alt", f.Altitude)
	dst = appendReal(dst, "spd", f.Speed)
	if f.HeadingAccuracy < maxHeadingAccuracy { // false for NaN
		dst = appendReal(dst, "hdg", f.Heading)
	}
	return append(appendTime(append(dst, '}'), f.Taken), '}'), true
}

func appendEnvironment(dst []byte, e *data.Environment) ([]byte, bool) {
	dst = append(dst, `{"v":{`...)
	start := len(dst)
	dst = appendReal(dst, "temp", e.Temperature)
	dst = appendReal(dst, "hum", e.Humidity)
	dst = appendReal(dst, "atmp", e.Pressure)
	if e.AirQuality >= 0 {
		dst = appendInt(dst, "bsec_iaq", e.AirQuality)
	}
	if len(dst) == start {
		return dst, false
	}
	return append(appendTime(append(dst, '}'), e.Taken), '}'), true
}

func appendBattery(dst []byte, b *data.Battery) ([]byte, bool) {
	dst = appendInt(append(dst, '{'), "v", b.Percent)
	return append(appendTime(dst, b.Taken), '}'), true
}

func appendButton(dst []byte, b *data.Button) ([]byte, bool) {
	dst = appendInt(append(dst, '{'), "v", b.Number)
	return append(appendTime(dst, b.Taken), '}'), true
}

func appendImpact(dst []byte, i *data.Impact) ([]byte, bool) {
	if !finite(i.Magnitude) {
		return dst, false
	}
	dst = appendReal(append(dst, '{'), "v", i.Magnitude)
	return append(appendTime(dst, i.Taken), '}'), true
}
