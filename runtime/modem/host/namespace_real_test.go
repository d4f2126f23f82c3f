//go:build real && linux

package host

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/modem"
)

// inNamespace marks the process that TestInNamespace starts in a network namespace of its own.
const inNamespace = "CLOUDGEN_TEST_NAMESPACE"

// TestInNamespace changes real interfaces and routes. The test's process starts itself anew by unshare(1), as root of a user namespace where it is
// not root already.
func TestInNamespace(t *testing.T) {
	if os.Getenv(inNamespace) == "" {
		child := exec.CommandContext(t.Context(), "unshare", "--user", "--map-root-user", "--net", os.Args[0], "-test.run", "^TestInNamespace$", "-test.v")
		child.Env = append(os.Environ(), inNamespace+"=1")
		output, err := child.CombinedOutput()
		t.Logf("%s", output)
		if err != nil {
			t.Error(err)
		}
		return
	}
	ip := func(command string) {
		t.Helper()
		if output, err := exec.CommandContext(t.Context(), "ip", strings.Fields(command)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s", command, err, output)
		}
	}
	ip("link set lo up")
	ip("link add v0 type veth peer name v1")
	ip("link add w0 type veth peer name w1")
	ip("addr add 10.1.0.1/24 dev v0")
	ip("addr add 10.2.0.1/24 dev w0")
	ip("link set v1 up")
	ip("link set w1 up")

	m := New()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events := make(chan modem.EventType, 100)
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx, func(e modem.Event) { events <- e.Type }) }()
	expect := func(want ...modem.EventType) {
		t.Helper()
		for _, w := range want {
			select {
			case got := <-events:
				if got != w {
					t.Fatalf("%v, want %v", got, w)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("%v has not come", w)
			}
		}
	}
	const up, down, search = modem.EventLTEConnected, modem.EventLTEDisconnected, modem.EventLTEConnecting
	expect(modem.EventInitialized, search)
	ip("link set v0 up")
	ip("link set w0 up")
	ip("route add default via 10.1.0.2")
	expect(up)
	if addresses, err := m.Addresses(ctx); err != nil || len(addresses) != 1 || addresses[0].String() != "10.1.0.1" {
		t.Errorf("%v, %v", addresses, err)
	}
	ip("link set v1 down") // the carrier goes: the kernel does not tell about the route
	expect(down, search)
	ip("link set v1 up")
	expect(up)
	ip("route add default via 10.2.0.2 metric 10") // behind the first
	ip("link set v0 down")                         // the route goes without a notification of its own
	expect(down, search, up)
	if addresses, err := m.Addresses(ctx); err != nil || len(addresses) != 1 || addresses[0].String() != "10.2.0.1" {
		t.Errorf("%v, %v", addresses, err)
	}
	ip("addr del 10.2.0.1/24 dev w0") // as well
	expect(down, search)
	if _, err := m.Addresses(ctx); !errors.Is(err, modem.ErrNoNetwork) {
		t.Errorf("%v", err)
	}
	ip("-6 addr add 2001:db8::1/64 dev w0 nodad")
	ip("-6 route add default via 2001:db8::2 dev w0")
	expect(up)
	ip("addr add 10.2.0.1/24 dev w0")
	ip("route add default via 10.2.0.2") // both by the same interface: nothing changes
	ip("-6 route del default")
	ip("route add 10.9.0.0/16 via 10.2.0.2")
	ip("route replace default via 10.2.0.3")
	ip("route del default")
	expect(down, search)
	ip("link set v0 up")
	ip("route add default nexthop via 10.1.0.2 dev v0 nexthop via 10.2.0.2 dev w0")
	expect(up)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if len(events) > 0 {
		t.Errorf("one event more: %v", <-events)
	}
}
