package sim

import (
	"context"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

// Identity implements modem.Identifier.
func (m *Modem) Identity(ctx context.Context) (data.Device, error) {
	if err := m.answer(ctx, CallIdentity); err != nil {
		return data.Device{}, err
	}
	imei, err := m.IMEI(ctx)
	if err != nil {
		return data.Device{}, err
	}
	version, err := m.firmware()
	if err != nil {
		return data.Device{}, err
	}
	// 89 is a telecommunication card, 001 no country (ITU-T E.118); the subscriber's digits are the IMEI's last ones.
	iccid := "89001" + "01" + imei[3:]
	return data.Device{IMEI: imei, ICCID: iccid[:19], ModemFirmware: version, Board: "simulated", Taken: time.Now()}, nil
}

// Network implements modem.Radio.
func (m *Modem) Network(ctx context.Context) (data.Network, error) {
	if err := m.reach(ctx, CallNetwork); err != nil {
		return data.Network{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s, now := &m.around, time.Now()
	return data.Network{
		Band: s.Band, Mode: s.Mode, RSRP: s.power(now), AreaCode: s.Cell.AreaCode, MCCMNC: s.mccmnc(), CellID: s.Cell.ID, IP: "192.0.2.1", Taken: now,
	}, nil
}

// Cell implements modem.Radio.
func (m *Modem) Cell(ctx context.Context) (data.Cell, error) {
	if err := m.reach(ctx, CallCell); err != nil {
		return data.Cell{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	cell := m.around.Cell
	cell.RSRP, cell.Neighbours, cell.Taken = m.around.power(now), m.around.heard(now), now
	return cell, nil
}

// ScanWiFi implements modem.Scanner.
func (m *Modem) ScanWiFi(ctx context.Context) (data.WiFi, error) {
	if err := m.answer(ctx, CallWiFi); err != nil {
		return data.WiFi{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return data.WiFi{AccessPoints: append([]data.AccessPoint(nil), m.around.AccessPoints...), Taken: time.Now()}, nil
}

// NetworkTime implements modem.Clock: the simulated network's clock is the system's.
func (m *Modem) NetworkTime(ctx context.Context) (time.Time, error) {
	if err := m.reach(ctx, CallTime); err != nil {
		return time.Time{}, err
	}
	return time.Now(), nil
}

// answer tells whether a kind of calls is answered.
func (m *Modem) answer(ctx context.Context, call Call) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.around.Failures[call]
}

// reach is answer of a call that needs the network.
func (m *Modem) reach(ctx context.Context, call Call) error {
	if err := m.answer(ctx, call); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.up {
		return errorf("simulated modem: %w", modem.ErrNoNetwork)
	}
	return nil
}
