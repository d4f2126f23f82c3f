package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/cloudgen/cloudgen/lab"
)

// connectedFloor and connectedFirmware are what the programs say as soon as they are connected.
const (
	connectedFloor    = "connected"
	connectedFirmware = "CLOUD_EVT_CONNECTED"
)

// local is the local cloud of a variant, and the arguments by which its programs connect to it. The firmware's lack the
// folder of its data.
type local struct {
	lab.Service
	floor, firmware []string
}

// serve starts the local cloud of a variant, in this process. The caller closes it.
func (b *bench) serve(ctx context.Context, v variant) (*local, error) {
	service, err := lab.Serve(ctx, v.name, lab.ServeOptions{Dir: filepath.Join(b.dir, "lab-"+v.name), Listen: "localhost:0"})
	if err != nil {
		return nil, err
	}
	l := &local{Service: service}
	tag := filepath.Join(service.CredentialsDir(), v.tag)
	endpoint := []string{"-endpoint", service.FirmwareEndpoint()}
	l.firmware = slices.Concat(endpoint, []string{"-credentials", service.CredentialsDir()})
	if v.name == "aws" {
		l.floor = slices.Concat(endpoint, []string{"-credentials", tag})
		return l, nil
	}
	key, err := os.ReadFile(filepath.Join(tag, "psk"))
	if err != nil {
		return nil, errors.Join(err, service.Close())
	}
	l.floor = slices.Concat(endpoint, []string{"-key", strings.TrimSpace(string(key))})
	return l, nil
}

// memory compares the resident memory of both programs once they are connected and idle.
func (b *bench) memory(ctx context.Context) error {
	var rows []row
	for _, v := range variants {
		if err := b.generated(ctx, v); err != nil {
			return err
		}
		floor, firmware, err := b.residents(ctx, v)
		if err != nil {
			return err
		}
		rows = append(rows,
			row{v.title + ": floor program", megabytes(floor), ""},
			row{v.title + ": firmware", megabytes(firmware), ""},
			row{v.title + ": ratio", ratio(firmware, floor), "1.25"},
		)
	}
	table("Resident memory, connected and idle for 5 s (VmRSS, median of 5 starts)", rows...)
	return nil
}

func (b *bench) residents(ctx context.Context, v variant) (floor, firmware int64, err error) {
	service, err := b.serve(ctx, v)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, service.Close()) }()
	if floor, err = idle(ctx, connectedFloor, b.floor(v), service.floor...); err != nil {
		return 0, 0, err
	}
	data := filepath.Join(b.dir, "data-"+v.name)
	firmware, err = idle(ctx, connectedFirmware, b.firmware(v), append(service.firmware, "-data", data)...)
	return floor, firmware, err
}

// idle starts a program several times, waits until it says that it is connected and has had time to come to rest, and gives the median
// of its resident memory in bytes.
func idle(ctx context.Context, connected, program string, args ...string) (int64, error) {
	var all []int64
	for range 5 {
		resident, err := idleOnce(ctx, connected, program, args...)
		if err != nil {
			return 0, err
		}
		all = append(all, resident)
	}
	return median(all), nil
}

func idleOnce(ctx context.Context, connected, program string, args ...string) (resident int64, err error) {
	p, err := launch(ctx, program, args...)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.end(syscall.SIGKILL)) }()
	if _, _, err := p.await(connected); err != nil {
		return 0, err
	}
	if err := wait(ctx, rest); err != nil {
		return 0, err
	}
	return p.resident()
}
