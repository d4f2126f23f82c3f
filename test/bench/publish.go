package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/cloudgen/cloudgen/lab"
	"github.com/cloudgen/cloudgen/lab/pki"
	"github.com/cloudgen/cloudgen/test/bench/stopwatch"
)

// What is published in each run.
const (
	publications = 50_000
	publishTurns = 7
)

// publish compares the backend of AWS IoT Core with paho alone, as processes of their own at a mosquitto: QoS 1, over mutual TLS.
func (b *bench) publish(ctx context.Context) (err error) {
	broker, err := b.mosquitto(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, broker.end(syscall.SIGTERM)) }()
	var rate, cpu, floorRate, floorCPU []float64 // messages a second; microseconds of the client's a message
	for range publishTurns {
		floor, err := broker.publications(ctx, b.program("floor-publish"), "-credentials", broker.tag)
		if err != nil {
			return err
		}
		ours, err := broker.publications(ctx, b.program("publish"), "-credentials", filepath.Dir(broker.tag), "-tag", filepath.Base(broker.tag))
		if err != nil {
			return err
		}
		rate, floorRate = append(rate, perSecond(ours)), append(floorRate, perSecond(floor))
		cpu, floorCPU = append(cpu, microseconds(ours)), append(floorCPU, microseconds(floor))
	}
	table(fmt.Sprintf("Publishing %d messages of 200 bytes at QoS 1 to mosquitto over mutual TLS, 20 unacknowledged (median of %d runs each, in turn)",
		publications, publishTurns),
		row{"paho alone: messages a second", fmt.Sprintf("%.0f", median(floorRate)), ""},
		row{"backend of AWS IoT Core: messages a second", fmt.Sprintf("%.0f", median(rate)), ""},
		row{"time a message, ratio", quotient(median(floorRate), median(rate)), "1.10"},
		row{"paho alone: processor time a message", fmt.Sprintf("%.1f µs", median(floorCPU)), ""},
		row{"backend of AWS IoT Core: processor time a message", fmt.Sprintf("%.1f µs", median(cpu)), ""},
		row{"processor time, ratio", quotient(median(cpu), median(floorCPU)), "1.10"},
	)
	return nil
}

// report compares reports of samples, from their values to the acknowledgement, with paho that publishes the finished document: benchmarks of the
// backend, whose peer in the same process only acknowledges.
func (b *bench) report(ctx context.Context) error {
	wall, cpu := map[string][]float64{}, map[string][]float64{} // by benchmark
	for range publishTurns {
		results, err := benchmarks(ctx, "./runtime/backend/aws", "^BenchmarkReport(Bare)?$")
		if err != nil {
			return err
		}
		for _, r := range results {
			used, err := r.metric("cpu-ns/op")
			if err != nil {
				return err
			}
			wall[r.name], cpu[r.name] = append(wall[r.name], r.nsPerOp), append(cpu[r.name], used)
		}
	}
	const ours, bare = "Report", "ReportBare"
	if len(wall[ours]) != publishTurns || len(wall[bare]) != publishTurns {
		return fmt.Errorf("the benchmarks of ./runtime/backend/aws gave %d and %d results, want %d of each", len(wall[ours]), len(wall[bare]), publishTurns)
	}
	const unit = "%.1f µs"
	table(fmt.Sprintf("Reports of four samples to the shadow at QoS 1, a peer in the same process acknowledges (median of %d runs)", publishTurns),
		row{"paho alone, the finished document: time", fmt.Sprintf(unit, median(wall[bare])/1e3), ""},
		row{"backend of AWS IoT Core, from the values: time", fmt.Sprintf(unit, median(wall[ours])/1e3), ""},
		row{"time, ratio", quotient(median(wall[ours]), median(wall[bare])), "1.10"},
		row{"paho alone: processor time, peer included", fmt.Sprintf(unit, median(cpu[bare])/1e3), ""},
		row{"backend of AWS IoT Core: processor time, peer included", fmt.Sprintf(unit, median(cpu[ours])/1e3), ""},
		row{"processor time, ratio", quotient(median(cpu[ours]), median(cpu[bare])), "1.10"},
	)
	return nil
}

func perSecond(r stopwatch.Reading) float64 { return float64(r.Count) / r.Wall.Seconds() }

func microseconds(r stopwatch.Reading) float64 {
	return float64(r.CPU) / float64(time.Microsecond) / float64(r.Count)
}

// broker is a mosquitto, and the folder of a client's credentials.
type broker struct {
	*process
	endpoint, tag string
}

const mosquittoConfig = `
listener %s 127.0.0.1
cafile %[2]s/ca.pem
certfile %[2]s/server.pem
keyfile %[2]s/server-key.pem
require_certificate true
allow_anonymous true
persistence false
`

// mosquitto starts one. The caller ends it.
func (b *bench) mosquitto(ctx context.Context) (*broker, error) {
	program, err := installed("mosquitto")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(b.dir, "mosquitto")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	now := time.Now()
	authority, err := pki.Open(dir, now)
	if err != nil {
		return nil, err
	}
	tag, err := authority.Device(lab.DefaultTag, "bench", now)
	if err != nil {
		return nil, err
	}
	server, err := authority.Server([]string{"localhost"}, now)
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(server.PrivateKey)
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	var chain []byte
	for _, each := range server.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: each})...)
	}
	config, lines := filepath.Join(dir, "mosquitto.conf"), fmt.Sprintf(mosquittoConfig, port, dir)
	if os.Geteuid() == 0 { // it would change to a user of its own, who cannot read the keys
		lines += "user root\n"
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(dir, "server.pem"), chain, 0o600),
		os.WriteFile(filepath.Join(dir, "server-key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600),
		os.WriteFile(config, []byte(lines), 0o600),
	)
	if err != nil {
		return nil, err
	}
	p, err := launch(ctx, program, "-c", config)
	if err != nil {
		return nil, err
	}
	if _, _, err := p.await(" running"); err != nil {
		return nil, errors.Join(err, p.end(syscall.SIGTERM))
	}
	return &broker{p, net.JoinHostPort("localhost", port), tag}, nil
}

// publications has a program publish and gives what it says of itself.
func (b *broker) publications(ctx context.Context, program string, args ...string) (stopwatch.Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	command := exec.CommandContext(ctx, program, append(args, "-endpoint", b.endpoint, "-count", strconv.Itoa(publications))...)
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return stopwatch.Reading{}, fmt.Errorf("%s: %w", program, err)
	}
	var r stopwatch.Reading
	err = json.Unmarshal(output, &r)
	return r, err
}

// installed finds a program that scripts/install-test-deps installs. Some are not on the PATH of Debian's users.
func installed(name string) (string, error) {
	program, err := exec.LookPath(name)
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		return "", fmt.Errorf("%s is not installed. Run as root: scripts/install-test-deps", name)
	}
	return program, nil
}

// freePort gives a port that was free a moment ago.
func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, err
}
