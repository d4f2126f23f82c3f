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
	cell         data.Cell // without Taken and neighbours
	steady       bool      // the cell's RSRP counts; else it wanders
	longMNC      bool      // the network's code has three digits
	band         int
	mode         string
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
	if s.steady {
		return s.cell.RSRP
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

func (s *surroundings) failure(kind string) error {
	for _, f := range s.failures {
		if f.kind == kind && f.text != "" {
			return errors.New("simulated modem: " + f.text)
		}
	}
	return nil
}

// change does what a line of a script says. After an error the surroundings are of no use: it is called once when the script is read, to see that it
// can be, and again when it is time.
func (s *surroundings) change(verb string, args []string) error {
	switch verb {
	case "cell":
		return s.changeCell(args)
	case "signal":
		return s.changeSignal(args)
	case "neighbour":
		return s.addNeighbour(args)
	case "wifi":
		return s.addAccessPoint(args)
	case "gnss":
		return s.changeSky(args)
	case "agnss":
		return s.changeLacking(args)
	case "fail":
		return s.changeFailure(args)
	}
	return errorf("%q is nothing that can happen: ready, lte, carrier, error, cell, signal, neighbour, wifi, position, gnss, agnss and fail are", verb)
}

func (s *surroundings) changeCell(args []string) error {
	if len(args) == 0 {
		return errors.New("cell takes what it is, as in cell id=1234567 area=4660: mcc, mnc, id, area, earfcn, ta, band, mode")
	}
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

func (s *surroundings) changeSignal(args []string) error {
	if len(args) == 0 {
		return errors.New("signal takes rsrp in dBm, rsrq in dB or both, as in signal rsrp=-110 rsrq=-14")
	}
	return values("signal", args, func(name, value string) (known bool, err error) {
		switch name {
		case "rsrp":
			s.steady = true
			s.cell.RSRP, err = power(value)
		case "rsrq":
			s.cell.RSRQ, err = quality(value)
		default:
			return false, nil
		}
		return true, err
	})
}

func (s *surroundings) addNeighbour(args []string) error {
	if len(args) == 1 && args[0] == "none" {
		s.neighbours = []data.NeighbourCell{}
		return nil
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
	s.neighbours = append(s.neighbours, cell)
	return err
}

func (s *surroundings) addAccessPoint(args []string) error {
	if len(args) == 1 && args[0] == "none" {
		s.accessPoints = nil
		return nil
	}
	if len(args) != 2 {
		return errors.New("wifi takes none, or an access point's address and signal in dBm, as in wifi a0:b1:c2:d3:e4:f5 -60")
	}
	var found data.AccessPoint
	address, err := net.ParseMAC(args[0])
	if err != nil || copy(found.MAC[:], address) != len(address) {
		return errorf("%q is no address of an access point: write six bytes, as a0:b1:c2:d3:e4:f5", args[0])
	}
	found.SignalStrength, err = integer("the signal of an access point", args[1], -128, 0)
	s.accessPoints = append(s.accessPoints, found)
	return err
}

func (s *surroundings) changeSky(args []string) error {
	if len(args) == 1 {
		if s.obstructed = args[0] == "none"; s.obstructed {
			return nil
		}
		search, err := time.ParseDuration(args[0])
		if s.search = search; err == nil && search >= 0 {
			return nil
		}
	}
	return errors.New("gnss takes the time that a fix takes, as 30s, or none")
}

func (s *surroundings) changeFailure(args []string) error {
	if len(args) < 2 {
		return errors.New("fail takes what fails, and the text of the error or none")
	}
	kind, text := args[0], strings.Join(args[1:], " ")
	switch kind {
	case callIdentity, callNetwork, callCell, callGNSS, callWiFi, callAssistance, callUpdate, callTime:
	default:
		return errorf("fail %q: it must be identity, network, cell, gnss, wifi, agnss, update or time", kind)
	}
	if text == "none" {
		text = ""
	}
	for i := range s.failures {
		if s.failures[i].kind == kind {
			s.failures[i].text = text
			return nil
		}
	}
	s.failures = append(s.failures, failure{kind, text})
	return nil
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
