package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// How many devices are connected to the lab, how many of them connect at the same time, and how long it is watched then.
const (
	idleDevices = 1000
	connecting  = 8
	watched     = 10 * time.Second
)

// lab measures the local AWS IoT Core as a process of its own: its start, its memory, and a thousand devices that do nothing.
func (b *bench) lab(ctx context.Context) (err error) {
	var first, again []time.Duration
	for i := range repeats {
		for _, into := range []*[]time.Duration{&first, &again} {
			took, err := started(ctx, scheme, syscall.SIGTERM, b.cloudgen, b.labArguments(strconv.Itoa(i))...)
			if err != nil {
				return err
			}
			*into = append(*into, took)
		}
	}
	p, endpoint, err := b.labProcess(ctx, "0")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.end(syscall.SIGTERM)) }()
	if err := wait(ctx, rest); err != nil {
		return err
	}
	alone, err := p.resident()
	if err != nil {
		return err
	}
	crowd, err := gather(ctx, endpoint, filepath.Join(b.labDir("0"), variants[0].tag))
	if err != nil {
		return err
	}
	defer crowd.leave()
	if err := wait(ctx, rest); err != nil {
		return err
	}
	before, err := p.used()
	if err != nil {
		return err
	}
	if err := wait(ctx, watched); err != nil {
		return err
	}
	after, err := p.used()
	if err != nil {
		return err
	}
	resident, err := p.resident()
	if err != nil {
		return err
	}
	if err := crowd.ping(); err != nil { // all of them have been there the whole time
		return err
	}
	table("The local AWS IoT Core (`cloudgen lab serve aws`, a process of its own)",
		row{fmt.Sprintf("start until it serves, first time in a folder: keys are made (median of %d)", repeats), tenths(median(first)), ""},
		row{fmt.Sprintf("start until it serves, later (median of %d)", repeats), tenths(median(again)), ""},
		row{"resident memory after the start", megabytes(alone), ""},
		row{fmt.Sprintf("%d devices connect over mutual TLS, %d at a time", idleDevices, connecting), milliseconds(crowd.took), ""},
		row{fmt.Sprintf("resident memory with %d idle devices", idleDevices), megabytes(resident), ""},
		row{"memory of an idle device", fmt.Sprintf("%.1f kB", float64(resident-alone)/1e3/idleDevices), ""},
		row{fmt.Sprintf("processor time in %.0f s with them", watched.Seconds()), milliseconds(after - before), ""},
	)
	return nil
}

// labProcess starts the local AWS IoT Core in the lab folder of this name, and gives where devices connect. The caller ends it.
func (b *bench) labProcess(ctx context.Context, name string) (*process, string, error) {
	p, err := launch(ctx, b.cloudgen, b.labArguments(name)...)
	if err != nil {
		return nil, "", err
	}
	line, _, err := p.await(scheme)
	if err != nil {
		return nil, "", errors.Join(err, p.end(syscall.SIGTERM))
	}
	return p, strings.TrimPrefix(strings.TrimSpace(line), scheme), nil
}

// scheme begins the first line that the lab prints when it serves.
const scheme = "mqtts://"

func (b *bench) labDir(name string) string { return filepath.Join(b.dir, "lab-start", name) }

func (b *bench) labArguments(name string) []string {
	return []string{"lab", "serve", "aws", "-dir", b.labDir(name), "-listen", "localhost:0"}
}

// crowd is many devices that are connected. They have one certificate, and client ids of their own.
type crowd struct {
	devices []*tls.Conn
	took    time.Duration // to connect
}

// gather connects them.
func gather(ctx context.Context, endpoint, tag string) (*crowd, error) {
	certificate, err := tls.LoadX509KeyPair(filepath.Join(tag, "cert.pem"), filepath.Join(tag, "key.pem"))
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(filepath.Join(tag, "ca.pem"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	dialer := &tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool, Certificates: []tls.Certificate{certificate}}}
	c := &crowd{devices: make([]*tls.Conn, idleDevices)}
	failed := make([]error, connecting)
	began := time.Now()
	var workers sync.WaitGroup
	for worker := range connecting {
		workers.Go(func() {
			for i := worker; i < idleDevices && failed[worker] == nil; i += connecting {
				c.devices[i], failed[worker] = join(ctx, dialer, endpoint, fmt.Sprintf("device-%04d", i))
			}
		})
	}
	workers.Wait()
	c.took = time.Since(began)
	if err := errors.Join(failed...); err != nil {
		c.leave()
		return nil, err
	}
	return c, nil
}

// join connects a device: MQTT 3.1.1, a clean session, keep-alive 1200 s.
func join(ctx context.Context, dialer *tls.Dialer, endpoint, id string) (*tls.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := dialer.DialContext(ctx, "tcp", endpoint)
	if err != nil {
		return nil, err
	}
	device, ok := conn.(*tls.Conn)
	if !ok {
		return nil, errors.Join(errors.New("no TLS"), conn.Close())
	}
	body := []byte{0, 4, 'M', 'Q', 'T', 'T', 4, 0x02}
	body = binary.BigEndian.AppendUint16(body, 1200)
	body = binary.BigEndian.AppendUint16(body, uint16(len(id)))
	body = append(body, id...)
	if err := exchange(device, append([]byte{0x10, byte(len(body))}, body...), []byte{0x20, 2, 0, 0}); err != nil {
		return nil, errors.Join(fmt.Errorf("CONNECT of %s: %w", id, err), device.Close())
	}
	return device, nil
}

// exchange sends a packet and wants this answer.
func exchange(device *tls.Conn, packet, want []byte) error {
	if err := device.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := device.Write(packet); err != nil {
		return err
	}
	answer := make([]byte, len(want))
	if _, err := io.ReadFull(device, answer); err != nil {
		return err
	}
	if string(answer) != string(want) {
		return fmt.Errorf("the answer is % x, want % x", answer, want)
	}
	return device.SetDeadline(time.Time{})
}

// ping has every device ask for a sign of life: PINGREQ and PINGRESP.
func (c *crowd) ping() error {
	for i, device := range c.devices {
		if err := exchange(device, []byte{0xc0, 0}, []byte{0xd0, 0}); err != nil {
			return fmt.Errorf("device %d: %w", i, err)
		}
	}
	return nil
}

// leave closes the connections.
func (c *crowd) leave() {
	for _, device := range c.devices {
		if device != nil {
			device.NetConn().Close() // without the alert, which would wait for the peer
		}
	}
}
