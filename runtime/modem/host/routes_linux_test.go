package host

import (
	"errors"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/modem"
)

// TestThisHost only sees that the kernel answers and that nothing is left running: what the routes are here, nobody knows.
func TestThisHost(t *testing.T) {
	table, err := watchRoutes()
	if err != nil {
		t.Fatal(err)
	}
	ifIndex, err := table.best()
	if err != nil {
		t.Error(err)
	}
	if err := table.close(); err != nil {
		t.Error(err)
	}
	if _, more := <-table.changed(); more && len(table.changed()) > 0 {
		t.Error("tokens after the end")
	}
	m := New()
	m.use(ifIndex)
	addresses, err := m.Addresses(t.Context())
	if (ifIndex == 0) != errors.Is(err, modem.ErrNoNetwork) {
		t.Errorf("interface %d: %v, %v", ifIndex, addresses, err)
	}
	for _, a := range addresses {
		if !a.IsGlobalUnicast() {
			t.Errorf("address %v", a)
		}
	}
}
