package sim

import (
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
)

const (
	strongestRSRP = -84  // dBm
	weakestRSRP   = -112 // dBm

	usualSearch = 2 * time.Second // that a fix takes
)

// Surroundings are what the modem hears, as the steps of its script have made them.
type Surroundings struct {
	Cell         data.Cell // the serving one, without Taken and neighbours
	Steady       bool      // the cell's RSRP counts; else it wanders
	LongMNC      bool      // the network's code has three digits
	Band         int
	Mode         string               // LTE-M or NB-IoT
	Neighbours   []data.NeighbourCell // nil: the usual ones
	AccessPoints []data.AccessPoint
	Obstructed   bool           // no satellite is heard
	Search       time.Duration  // that a fix takes
	Lacking      []string       // assistance data, by the words of docs/modem.md
	LackingTimes int            // that the script has set it
	Failures     map[Call]error // what calls answer in place of data; nil: they answer
}

// Call is a kind of calls that a script can let fail.
type Call string

// The kinds of calls.
const (
	CallIdentity   Call = "identity"
	CallNetwork    Call = "network"
	CallCell       Call = "cell"
	CallGNSS       Call = "gnss"
	CallWiFi       Call = "wifi"
	CallAssistance Call = "agnss"
	CallUpdate     Call = "update"
	CallTime       Call = "time"
)

// Usual are surroundings without a script. 001-01 is the network of test equipment (ITU-T E.212, annex A).
func Usual() Surroundings {
	return Surroundings{
		Cell: data.Cell{MCC: 1, MNC: 1, ID: 1234567, AreaCode: 4660, EARFCN: 6400, TimingAdvance: 65, RSRQ: -9},
		Band: 20, Mode: "LTE-M", Search: usualSearch,
	}
}

// power is the serving cell's. Without a script it goes from the strongest to the weakest and back within the hour, one step a minute:
// something to see, and the same at every run.
func (s *Surroundings) power(now time.Time) int {
	if s.Steady {
		return s.Cell.RSRP
	}
	const span = strongestRSRP - weakestRSRP
	minute := now.Minute()
	if minute > 30 {
		minute = 60 - minute
	}
	return strongestRSRP - span*minute/30
}

func (s *Surroundings) heard(now time.Time) []data.NeighbourCell {
	if s.Neighbours != nil {
		return append([]data.NeighbourCell(nil), s.Neighbours...)
	}
	return []data.NeighbourCell{
		{EARFCN: s.Cell.EARFCN, PhysicalCellID: 57, RSRP: s.power(now) - 11, RSRQ: -14},
		{EARFCN: s.Cell.EARFCN, PhysicalCellID: 120, RSRP: s.power(now) - 17, RSRQ: -16},
	}
}

func (s *Surroundings) mccmnc() int {
	if s.LongMNC {
		return s.Cell.MCC*1000 + s.Cell.MNC
	}
	return s.Cell.MCC*100 + s.Cell.MNC
}
