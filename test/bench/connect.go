package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/cloudgen/cloudgen/runtime/modem/sim"
)

// starts is how many of each program are measured.
const starts = 21

// connect compares the time from the start of the process until the AWS firmware and its floor program are connected to the same local cloud, a
// process of its own.
// The floor program uses the network of the machine, so the firmware does so too: what is compared has the modem adapter of the host. With the
// simulated modem, which every build has if it is not told otherwise, a network has to be searched for first.
func (b *bench) connect(ctx context.Context) (err error) {
	v := variants[0]
	if err := b.generated(ctx, v); err != nil {
		return err
	}
	onHost := filepath.Join(b.dir, "host")
	if _, err := b.run(ctx, nil, "-overlay", overlay, "-set", "MODEM_ADAPTER_HOST=y", "-o", onHost); err != nil {
		return err
	}
	p, endpoint, err := b.labProcess(ctx, "connect")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.end(syscall.SIGTERM)) }()
	credentials := b.labDir("connect")
	firmware := func(data string) []string {
		return []string{"-endpoint", endpoint, "-credentials", credentials, "-data", filepath.Join(b.dir, data)}
	}
	programs := []struct {
		connected string
		path      string
		args      []string
	}{
		{connectedFloor, b.floor(v), []string{"-endpoint", endpoint, "-credentials", filepath.Join(credentials, v.tag)}},
		{connectedFirmware, filepath.Join(onHost, "bin", "firmware"), firmware("data-host")},
		{connectedFirmware, b.firmware(v), firmware("data-connect")},
	}
	times := make([][]time.Duration, len(programs))
	for i := range starts + 1 {
		for n, program := range programs {
			// AWS IoT Core takes one connection a second of a client id, and the cloud keeps its state when a client leaves.
			if err := wait(ctx, 400*time.Millisecond); err != nil {
				return err
			}
			took, err := started(ctx, program.connected, syscall.SIGTERM, program.path, program.args...)
			if err != nil {
				return err
			}
			if i > 0 { // a device starts more than once: its files are there, and the programs are in memory
				times[n] = append(times[n], took)
			}
		}
	}
	floor, host, simulated := median(times[0]), median(times[1]), median(times[2])
	fastestFloor, fastestHost := slices.Min(times[0]), slices.Min(times[1])
	table(fmt.Sprintf("Start of the process until it is connected to the local AWS IoT Core (median of %d starts each, in turn)", starts),
		row{"floor program", tenths(floor), ""},
		row{"firmware on the host's network, until " + connectedFirmware, tenths(host), ""},
		row{"ratio", quotient(host.Seconds(), floor.Seconds()), "2"},
		row{"the fastest of each, which a busy disk or processor spoils least", tenths(fastestFloor) + ", " + tenths(fastestHost), ""},
		row{"ratio of these", quotient(fastestHost.Seconds(), fastestFloor.Seconds()), ""},
		row{fmt.Sprintf("firmware with the simulated modem, which searches for %s", milliseconds(sim.SearchTime)), tenths(simulated), ""},
	)
	return nil
}
