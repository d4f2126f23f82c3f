package tracker

import (
	"strconv"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
)

// AppendLocationRequest encodes what the device hears: {"lte":…,"wifi":…}.
func AppendLocationRequest(dst []byte, r data.LocationRequest) []byte {
	start := len(dst)
	dst = append(dst, '{')
	if r.Cell != nil {
		dst = appendCell(appendKey(dst, "lte"), r.Cell)
	}
	if r.WiFi != nil {
		dst = appendWiFi(appendKey(dst, "wifi"), r.WiFi)
	}
	return closeObject(dst, start)
}

func appendCell(dst []byte, c *data.Cell) []byte {
	dst = append(dst, '{')
	dst = appendInt(dst, "mcc", c.MCC)
	dst = appendInt(dst, "mnc", c.MNC)
	dst = appendInt(dst, "cell", c.ID)
	dst = appendInt(dst, "area", c.AreaCode)
	dst = appendInt(dst, "earfcn", c.EARFCN)
	dst = appendInt(dst, "adv", c.TimingAdvance)
	dst = appendInt(dst, "rsrp", c.RSRP)
	dst = appendInt(dst, "rsrq", c.RSRQ)
	dst = appendTime(dst, c.Taken)
	if len(c.Neighbours) > 0 {
		dst = append(appendKey(dst, "nmr"), '[')
		for _, n := range c.Neighbours {
			dst = append(appendComma(dst), '{')
			dst = appendInt(dst, "earfcn", n.EARFCN)
			dst = appendInt(dst, "cell", n.PhysicalCellID)
			dst = appendInt(dst, "rsrp", n.RSRP)
			dst = append(appendInt(dst, "rsrq", n.RSRQ), '}')
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func appendWiFi(dst []byte, w *data.WiFi) []byte {
	dst = appendTime(append(dst, '{'), w.Taken)
	dst = append(appendKey(dst, "aps"), '[')
	for _, ap := range w.AccessPoints {
		dst = append(appendComma(dst), '"')
		for _, b := range ap.MAC {
			dst = append(dst, hexDigits[b>>4], hexDigits[b&0xf])
		}
		dst = append(dst, '"')
	}
	return append(dst, ']', '}')
}

// AppendAGNSSRequest encodes a request for assistance data: {"mcc":…,"mnc":…,"area":…,"cell":…,"types":[…]}.
func AppendAGNSSRequest(dst []byte, r data.AGNSSRequest) []byte {
	dst = append(dst, '{')
	dst = appendInt(dst, "mcc", r.MCC)
	dst = appendInt(dst, "mnc", r.MNC)
	dst = appendInt(dst, "area", r.AreaCode)
	dst = appendInt(dst, "cell", r.CellID)
	dst = append(appendKey(dst, "types"), '[')
	for _, t := range r.Types {
		dst = strconv.AppendInt(appendComma(dst), int64(t), 10)
	}
	return append(dst, ']', '}')
}

// AppendPGPSRequest encodes a request for predictions: {"n":…,"int":MINUTES,"day":GPSDAY,"time":SECONDS}.
func AppendPGPSRequest(dst []byte, r data.PGPSRequest) []byte {
	dst = append(dst, '{')
	dst = appendInt(dst, "n", r.Predictions)
	dst = appendInt(dst, "int", int(r.Interval/time.Minute))
	dst = appendInt(dst, "day", r.GPSDay)
	dst = appendSeconds(dst, "time", r.TimeOfDay)
	return append(dst, '}')
}
