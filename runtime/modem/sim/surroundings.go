package sim

import (
	"errors"
	"net"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
)

const (
	strongestRSRP = -84  // dBm
	weakestRSRP   = -112 // dBm

	usualSearch = 2 * time.Second // that a fix takes
)

// surroundings are what the modem hears, as the script has made them.
type surroundings struct {
	cell         data.Cell // without Taken, RSRP and neighbours
	longMNC      bool      // the network's code has three digits
	band         int
	mode         string
	rsrp         *int                 // dBm; nil: it wanders
	neighbours   []data.NeighbourCell // nil: the usual ones
	accessPoints []data.AccessPoint
	obstructed   bool          // no satellite is heard
	search       time.Duration // that a fix takes
	lacking      []string      // assistance data, by the script's words
	lackingTimes int           // that the script has set it
	failures     []failure
}

// failure is what a kind of call fails with.
type failure struct{ kind, text string }

// usual are surroundings without a script. 001-01 is the network of test equipment (ITU-T E.212, annex A).
func usual() surroundings {
	return surroundings{
		cell: data.Cell{MCC: 1, MNC: 1, ID: 1234567, AreaCode: 4660, EARFCN: 6400, TimingAdvance: 65, RSRQ: -9},
		band: 20, mode: "LTE-M", search: usualSearch,
	}
}

// power is the serving cell's. Without a script it goes from the strongest to the weakest and back within the hour, one step a minute:
// something to see, and the same at every run.
func (s *surroundings) power(now time.Time) int {
	if s.rsrp != nil {
		return *s.rsrp
	}
	const span = strongestRSRP - weakestRSRP
	minute := now.Minute()
	if minute > 30 {
		minute = 60 - minute
	}
	return strongestRSRP - span*minute/30
}

func (s *surroundings) heard(now time.Time) []data.NeighbourCell {
	if s.neighbours != nil {
		return append([]data.NeighbourCell(nil), s.neighbours...)
	}
	return []data.NeighbourCell{
		{EARFCN: s.cell.EARFCN, PhysicalCellID: 57, RSRP: s.power(now) - 11, RSRQ: -14},
		{EARFCN: s.cell.EARFCN, PhysicalCellID: 120, RSRP: s.power(now) - 17, RSRQ: -16},
	}
}

func (s *surroundings) mccmnc() int {
	if s.longMNC {
		return s.cell.MCC*1000 + s.cell.MNC
	}
	return s.cell.MCC*100 + s.cell.MNC
}

// fail sets what a kind of call fails with; "": with nothing.
func (s *surroundings) fail(kind, text string) {
	for i := range s.failures {
		if s.failures[i].kind == kind {
			s.failures[i].text = text
			return
		}
	}
	s.failures = append(s.failures, failure{kind, text})
}

func (s *surroundings) failure(kind string) error {
	for _, f := range s.failures {
		if f.kind == kind && f.text != "" {
			return errors.New("simulated modem: " + f.text)
		}
	}
	return nil
}

// surrounding gives the change that a line of a script makes.
func surrounding(verb string, args []string) (func(*surroundings), error) {
	switch verb {
	case "cell":
		return cellChange(args)
	case "signal":
		return signalChange(args)
	case "neighbour":
		return neighbourChange(args)
	case "wifi":
		return wifiChange(args)
	case "gnss":
		return gnssChange(args)
	case "agnss":
		return needChange(args)
	case "fail":
		return failChange(args)
	}
	return nil, errorf("%q is nothing that can happen: ready, lte, carrier, error, cell, signal, neighbour, wifi, position, gnss, agnss and fail are", verb)
}

func cellChange(args []string) (func(*surroundings), error) {
	// The values are checked on surroundings that are thrown away, and set again when it is time.
	change := func(s *surroundings) error {
		return values("cell", args, func(name, value string) (known bool, err error) {
			switch name {
			case "mcc":
				s.cell.MCC, err = integer(name, value, 0, 999)
			case "mnc":
				s.cell.MNC, err = integer(name, value, 0, 999)
				s.longMNC = len(value) == 3
			case "id":
				s.cell.ID, err = integer(name, value, 0, 1<<28-1)
			case "area":
				s.cell.AreaCode, err = integer(name, value, 0, 1<<16-1)
			case "earfcn":
				s.cell.EARFCN, err = integer(name, value, 0, 1<<18-1)
			case "ta":
				s.cell.TimingAdvance, err = integer(name, value, 0, 1<<16-1)
			case "band":
				s.band, err = integer(name, value, 1, 255)
			case "mode":
				if s.mode = value; value != "LTE-M" && value != "NB-IoT" {
					err = errorf("mode is %q: it must be LTE-M or NB-IoT", value)
				}
			default:
				return false, nil
			}
			return true, err
		})
	}
	if len(args) == 0 {
		return nil, errors.New("cell takes what it is, as in cell id=1234567 area=4660: mcc, mnc, id, area, earfcn, ta, band, mode")
	}
	if err := change(new(surroundings)); err != nil {
		return nil, err
	}
	return func(s *surroundings) { _ = change(s) }, nil // it was right before
}

func signalChange(args []string) (func(*surroundings), error) {
	var rsrp, rsrq *int
	err := values("signal", args, func(name, value string) (bool, error) {
		switch name {
		case "rsrp":
			number, err := power(value)
			rsrp = &number
			return true, err
		case "rsrq":
			number, err := quality(value)
			rsrq = &number
			return true, err
		}
		return false, nil
	})
	if err == nil && len(args) == 0 {
		err = errors.New("signal takes rsrp in dBm, rsrq in dB or both, as in signal rsrp=-110 rsrq=-14")
	}
	return func(s *surroundings) {
		if rsrp != nil {
			s.rsrp = rsrp
		}
		if rsrq != nil {
			s.cell.RSRQ = *rsrq
		}
	}, err
}

func neighbourChange(args []string) (func(*surroundings), error) {
	if len(args) == 1 && args[0] == "none" {
		return func(s *surroundings) { s.neighbours = []data.NeighbourCell{} }, nil
	}
	var cell data.NeighbourCell
	err := values("neighbour", args, func(name, value string) (known bool, err error) {
		switch name {
		case "earfcn":
			cell.EARFCN, err = integer(name, value, 0, 1<<18-1)
		case "pci":
			cell.PhysicalCellID, err = integer(name, value, 0, 503)
		case "rsrp":
			cell.RSRP, err = power(value)
		case "rsrq":
			cell.RSRQ, err = quality(value)
		default:
			return false, nil
		}
		return true, err
	})
	if err == nil && len(args) < 4 {
		err = errors.New("neighbour takes none, or all of earfcn, pci, rsrp and rsrq")
	}
	return func(s *surroundings) { s.neighbours = append(s.neighbours, cell) }, err
}

func wifiChange(args []string) (func(*surroundings), error) {
	if len(args) == 1 && args[0] == "none" {
		return func(s *surroundings) { s.accessPoints = nil }, nil
	}
	if len(args) != 2 {
		return nil, errors.New("wifi takes none, or an access point's address and signal in dBm, as in wifi a0:b1:c2:d3:e4:f5 -60")
	}
	address, err := net.ParseMAC(args[0])
	if err != nil || len(address) != len(data.AccessPoint{}.MAC) {
		return nil, errorf("%q is no address of an access point: write six bytes, as a0:b1:c2:d3:e4:f5", args[0])
	}
	strength, err := integer("the signal of an access point", args[1], -128, 0)
	found := data.AccessPoint{MAC: [6]byte(address), SignalStrength: strength}
	return func(s *surroundings) { s.accessPoints = append(s.accessPoints, found) }, err
}

func gnssChange(args []string) (func(*surroundings), error) {
	if len(args) == 1 {
		if args[0] == "none" {
			return func(s *surroundings) { s.obstructed = true }, nil
		}
		if wait, err := time.ParseDuration(args[0]); err == nil && wait >= 0 {
			return func(s *surroundings) { s.obstructed, s.search = false, wait }, nil
		}
	}
	return nil, errors.New("gnss takes the time that a fix takes, as 30s, or none")
}

func failChange(args []string) (func(*surroundings), error) {
	if len(args) < 2 {
		return nil, errors.New("fail takes what fails, and the text of the error or none")
	}
	kind, text := args[0], strings.Join(args[1:], " ")
	switch kind {
	case callIdentity, callNetwork, callCell, callGNSS, callWiFi, callAssistance, callUpdate, callTime:
	default:
		return nil, errorf("fail %q: it must be identity, network, cell, gnss, wifi, agnss, update or time", kind)
	}
	if text == "none" {
		text = ""
	}
	return func(s *surroundings) { s.fail(kind, text) }, nil
}

// The kinds of calls that a script can let fail.
const (
	callIdentity   = "identity"
	callNetwork    = "network"
	callCell       = "cell"
	callGNSS       = "gnss"
	callWiFi       = "wifi"
	callAssistance = "agnss"
	callUpdate     = "update"
	callTime       = "time"
)
