package scripted

import (
	"errors"
	"net"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem/sim"
)

// change does what a line of a script says. After an error the surroundings are of no use: it is called once when the script is read, to see that it
// can be, and again when it is time.
func change(s *sim.Surroundings, verb string, args []string) error {
	switch verb {
	case "cell":
		return changeCell(s, args)
	case "signal":
		return changeSignal(s, args)
	case "neighbour":
		return addNeighbour(s, args)
	case "wifi":
		return addAccessPoint(s, args)
	case "gnss":
		return changeSky(s, args)
	case "agnss":
		return changeLacking(s, args)
	case "fail":
		return changeFailure(s, args)
	}
	return errorf("%q is nothing that can happen: ready, lte, carrier, error, cell, signal, neighbour, wifi, position, gnss, agnss and fail are", verb)
}

func changeCell(s *sim.Surroundings, args []string) error {
	if len(args) == 0 {
		return errors.New("cell takes what it is, as in cell id=1234567 area=4660: mcc, mnc, id, area, earfcn, ta, band, mode")
	}
	return values("cell", args, func(name, value string) (known bool, err error) {
		switch name {
		case "mcc":
			s.Cell.MCC, err = integer(name, value, 0, 999)
		case "mnc":
			s.Cell.MNC, err = integer(name, value, 0, 999)
			s.LongMNC = len(value) == 3
		case "id":
			s.Cell.ID, err = integer(name, value, 0, 1<<28-1)
		case "area":
			s.Cell.AreaCode, err = integer(name, value, 0, 1<<16-1)
		case "earfcn":
			s.Cell.EARFCN, err = integer(name, value, 0, 1<<18-1)
		case "ta":
			s.Cell.TimingAdvance, err = integer(name, value, 0, 1<<16-1)
		case "band":
			s.Band, err = integer(name, value, 1, 255)
		case "mode":
			if s.Mode = value; value != "LTE-M" && value != "NB-IoT" {
				err = errorf("mode is %q: it must be LTE-M or NB-IoT", value)
			}
		default:
			return false, nil
		}
		return true, err
	})
}

func changeSignal(s *sim.Surroundings, args []string) error {
	if len(args) == 0 {
		return errors.New("signal takes rsrp in dBm, rsrq in dB or both, as in signal rsrp=-110 rsrq=-14")
	}
	return values("signal", args, func(name, value string) (known bool, err error) {
		switch name {
		case "rsrp":
			s.Steady = true
			s.Cell.RSRP, err = power(value)
		case "rsrq":
			s.Cell.RSRQ, err = quality(value)
		default:
			return false, nil
		}
		return true, err
	})
}

func addNeighbour(s *sim.Surroundings, args []string) error {
	if len(args) == 1 && args[0] == "none" {
		s.Neighbours = []data.NeighbourCell{}
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
	s.Neighbours = append(s.Neighbours, cell)
	return err
}

func addAccessPoint(s *sim.Surroundings, args []string) error {
	if len(args) == 1 && args[0] == "none" {
		s.AccessPoints = nil
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
	s.AccessPoints = append(s.AccessPoints, found)
	return err
}

func changeSky(s *sim.Surroundings, args []string) error {
	if len(args) == 1 {
		if s.Obstructed = args[0] == "none"; s.Obstructed {
			return nil
		}
		search, err := time.ParseDuration(args[0])
		if s.Search = search; err == nil && search >= 0 {
			return nil
		}
	}
	return errors.New("gnss takes the time that a fix takes, as 30s, or none")
}

func changeFailure(s *sim.Surroundings, args []string) error {
	if len(args) < 2 {
		return errors.New("fail takes what fails, and the text of the error or none")
	}
	call, text := sim.Call(args[0]), strings.Join(args[1:], " ")
	switch call {
	case sim.CallIdentity, sim.CallNetwork, sim.CallCell, sim.CallGNSS, sim.CallWiFi, sim.CallAssistance, sim.CallUpdate, sim.CallTime:
	default:
		return errorf("fail %q: it must be identity, network, cell, gnss, wifi, agnss, update or time", call)
	}
	if s.Failures == nil {
		s.Failures = map[sim.Call]error{}
	}
	if s.Failures[call] = nil; text != "none" {
		s.Failures[call] = errors.New("simulated modem: " + text)
	}
	return nil
}

// everything are the words of a line "agnss all".
var everything = [...]string{"utc", "ephemerides", "almanacs", "klobuchar", "nequick", "time", "location", "integrity"}

func changeLacking(s *sim.Surroundings, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "none":
		args = nil
	case len(args) == 1 && args[0] == "all":
		args = everything[:]
	case len(args) == 0:
		return errors.New("agnss takes none, all, or any of " + strings.Join(everything[:], " "))
	}
next:
	for _, word := range args {
		for _, known := range everything {
			if word == known {
				continue next
			}
		}
		return errorf("agnss does not take %q: it takes none, all, or any of %s", word, strings.Join(everything[:], " "))
	}
	s.Lacking = args
	s.LackingTimes++
	return nil
}
