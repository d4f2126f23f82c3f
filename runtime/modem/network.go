package modem

import (
	"context"
	"net/netip"
	"time"
)

// PowerSaver is implemented by a modem that can ask its network for power saving. The network decides and may decide anew with each
// registration, so what it granted is asked for separately.
type PowerSaver interface {
	// RequestPSM asks for the power saving mode, or to leave it. It returns when the modem has taken the request.
	RequestPSM(ctx context.Context, request PSMRequest) error
	// RequestEDRX asks for extended discontinuous reception, or to leave it.
	RequestEDRX(ctx context.Context, request EDRXRequest) error
	// PowerSaving gives what the network has granted. Without a network it wraps ErrNoNetwork.
	PowerSaving(ctx context.Context) (PowerSaving, error)
}

// PSMRequest holds the timers as the options and the AT commands have them (3GPP TS 27.007, 7.38, AT+CPSMS): text of eight binary digits. ""
// leaves the choice to the network.
type PSMRequest struct {
	On             bool
	PeriodicUpdate string // GPRS timer 3 (LTE_PSM_REQ_RPTAU)
	ActiveTime     string // GPRS timer 2 (LTE_PSM_REQ_RAT)
}

// EDRXRequest holds the values as the options and the AT commands have them (3GPP TS 27.007, 7.40, AT+CEDRXS): text of four binary digits. ""
// leaves the choice to the network.
type EDRXRequest struct {
	On                      bool
	CycleLTEM, CycleNBIoT   string // LTE_EDRX_REQ_VALUE_LTE_M, LTE_EDRX_REQ_VALUE_NBIOT
	WindowLTEM, WindowNBIoT string // LTE_PTW_VALUE_LTE_M, LTE_PTW_VALUE_NBIOT
}

// PowerSaving is what a network has granted (SDK: MODEM_EVT_LTE_PSM_UPDATE, MODEM_EVT_LTE_EDRX_UPDATE). Times of 0: not granted.
type PowerSaving struct {
	PeriodicUpdate, ActiveTime time.Duration
	Cycle, Window              time.Duration
}

// Clock is implemented by a modem that learns the time of day from its network.
type Clock interface {
	// NetworkTime gives the time now. When the network has not told any yet, the error wraps ErrNoNetwork.
	NetworkTime(ctx context.Context) (time.Time, error)
}

// Addresser is implemented by an adapter that knows addresses of the device but no cells. One that implements Radio tells the address there.
type Addresser interface {
	// Addresses gives the unicast addresses, other than link-local ones, of the interface that the default route goes by. Without one it wraps
	// ErrNoNetwork.
	Addresses(ctx context.Context) ([]netip.Addr, error)
}
