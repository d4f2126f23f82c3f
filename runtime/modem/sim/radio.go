package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

// The network that the modem is in. 001-01 is the network of test equipment (ITU-T E.212, annex A).
const (
	mcc, mnc      = 1, 1
	band          = 20
	areaCode      = 4660
	cellID        = 1234567
	earfcn        = 6400
	strongestRSRP = -84  // dBm
	weakestRSRP   = -112 // dBm
)

// Identity implements modem.Identifier.
func (m *Modem) Identity(ctx context.Context) (data.Device, error) {
	imei, err := m.IMEI(ctx)
	if err != nil {
		return data.Device{}, err
	}
	// 89 is a telecommunication card, 001 no country (ITU-T E.118); the subscriber's digits are the IMEI's last ones.
	iccid := "89001" + "01" + imei[3:]
	return data.Device{IMEI: imei, ICCID: iccid[:19], ModemFirmware: "sim-1.0.0", Board: "simulated", Taken: time.Now()}, nil
}

// Network implements modem.Radio.
func (m *Modem) Network(ctx context.Context) (data.Network, error) {
	if err := m.reachable(ctx); err != nil {
		return data.Network{}, err
	}
	now := time.Now()
	return data.Network{
		Band: band, Mode: "LTE-M", RSRP: rsrp(now), AreaCode: areaCode, MCCMNC: mcc*100 + mnc, CellID: cellID, IP: "192.0.2.1", Taken: now,
	}, nil
}

// Cell implements modem.Radio.
func (m *Modem) Cell(ctx context.Context) (data.Cell, error) {
	if err := m.reachable(ctx); err != nil {
		return data.Cell{}, err
	}
	now := time.Now()
	return data.Cell{
		MCC: mcc, MNC: mnc, ID: cellID, AreaCode: areaCode, EARFCN: earfcn, TimingAdvance: 65, RSRP: rsrp(now), RSRQ: -9,
		Neighbours: []data.NeighbourCell{
			{EARFCN: earfcn, PhysicalCellID: 57, RSRP: rsrp(now) - 11, RSRQ: -14},
			{EARFCN: earfcn, PhysicalCellID: 120, RSRP: rsrp(now) - 17, RSRQ: -16},
		},
		Taken: now,
	}, nil
}

func (m *Modem) reachable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.up {
		return fmt.Errorf("simulated modem: %w", modem.ErrNoNetwork)
	}
	return nil
}

// rsrp goes from the strongest to the weakest signal and back within the hour, one step a minute: something to see, and the same at every
// run.
func rsrp(now time.Time) int {
	const span = strongestRSRP - weakestRSRP
	minute := now.Minute()
	if minute > 30 {
		minute = 60 - minute
	}
	return strongestRSRP - span*minute/30
}
