// Package host is the modem adapter of a device without a modem: Ethernet, Wi-Fi, or a modem that the operating system keeps online. The network
// is up while there is a default route.
package host

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

const (
	// settleTime is how long the routes are left to themselves after a change: one that is replaced is gone for a moment.
	settleTime = 250 * time.Millisecond
	// retryTime is the time between attempts to read the routes when the kernel does not give them.
	retryTime = 5 * time.Second
)

// Modem is the adapter. It implements modem.Modem, modem.Identifier and modem.Addresser.
type Modem struct {
	watch     func() (routes, error)
	machineID func(context.Context) (string, error)
	root      string // of the filesystem

	mu      sync.Mutex
	ifIndex int // interface of the default route; 0: there is none
}

// routes is the kernel's routing table.
type routes interface {
	// changed holds a token when the table may have changed. It is closed when there will be no more of them; then err tells why.
	changed() <-chan struct{}
	err() error
	// best gives the index of the interface that most of the traffic goes by, 0 when there is no default route.
	best() (int, error)
	// close ends what was started for changed, and waits for it.
	close() error
}

// New makes the adapter. It touches nothing yet.
func New() *Modem {
	return &Modem{watch: watchRoutes, machineID: machineID, root: "/"}
}

// Open is New in the form that firmware.Program takes. The data directory is not used.
func Open(string) (modem.Modem, error) { return New(), nil }

// Run implements modem.Modem. It returns an error when the kernel does not tell about routes.
func (m *Modem) Run(ctx context.Context, notify func(modem.Event)) (err error) {
	table, err := m.watch()
	if err != nil {
		return fmt.Errorf("host network: watch the routes: %w", err)
	}
	defer func() {
		if closeErr := table.close(); err == nil && closeErr != nil {
			err = fmt.Errorf("host network: %w", closeErr)
		}
	}()
	notify(modem.Event{Type: modem.EventInitialized})
	notify(modem.Event{Type: modem.EventLTEConnecting})
	settle := time.NewTimer(0)
	defer settle.Stop()
	settling := true
	for {
		select {
		case <-ctx.Done():
			m.use(0)
			return nil
		case _, more := <-table.changed():
			if !more {
				m.use(0)
				return fmt.Errorf("host network: watch the routes: %w", table.err())
			}
			if !settling { // further changes do not put it off
				settle.Reset(settleTime)
				settling = true
			}
		case <-settle.C:
			settling = false
			ifIndex, err := table.best()
			if err != nil { // what was known stays
				settle.Reset(retryTime)
				settling = true
				continue
			}
			for _, event := range transition(m.use(ifIndex), ifIndex) {
				notify(modem.Event{Type: event})
			}
		}
	}
}

// use takes note of the interface and gives the one before.
func (m *Modem) use(ifIndex int) (before int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before, m.ifIndex = m.ifIndex, ifIndex
	return before
}

// transition gives what is to be reported when the default route goes from one interface to another; 0 is none. Connections that go by one do
// not survive the change to another, for their address belongs to the first.
func transition(from, to int) []modem.EventType {
	switch {
	case from == to:
		return nil
	case from == 0:
		return []modem.EventType{modem.EventLTEConnected}
	case to == 0:
		return []modem.EventType{modem.EventLTEDisconnected, modem.EventLTEConnecting}
	}
	return []modem.EventType{modem.EventLTEDisconnected, modem.EventLTEConnecting, modem.EventLTEConnected}
}

// Addresses implements modem.Addresser.
func (m *Modem) Addresses(ctx context.Context) ([]netip.Addr, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	ifIndex := m.ifIndex
	m.mu.Unlock()
	if ifIndex == 0 {
		return nil, fmt.Errorf("host network: %w: there is no default route", modem.ErrNoNetwork)
	}
	link, err := net.InterfaceByIndex(ifIndex)
	if err != nil {
		return nil, fmt.Errorf("host network: %w", err)
	}
	all, err := link.Addrs()
	if err != nil {
		return nil, fmt.Errorf("host network: the addresses of %s: %w", link.Name, err)
	}
	var addresses []netip.Addr
	for _, one := range all {
		if prefix, ok := one.(*net.IPNet); ok && prefix.IP.IsGlobalUnicast() {
			if address, ok := netip.AddrFromSlice(prefix.IP); ok {
				addresses = append(addresses, address.Unmap())
			}
		}
	}
	return addresses, nil
}

// IMEI implements modem.Modem: 15 digits that are made from the machine id (docs/modem.md).
func (m *Modem) IMEI(ctx context.Context) (string, error) {
	id, err := m.machineID(ctx)
	if err != nil {
		return "", fmt.Errorf("host identity: %w", err)
	}
	return imei(id), nil
}

// Identity implements modem.Identifier. There is no SIM card and no modem firmware.
func (m *Modem) Identity(ctx context.Context) (data.Device, error) {
	imei, err := m.IMEI(ctx)
	if err != nil {
		return data.Device{}, err
	}
	return data.Device{IMEI: imei, Board: board(m.root), Taken: time.Now()}, nil
}
