package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/lab"
	"github.com/cloudgen/cloudgen/lab/pki"
)

// What is downloaded, and how often.
const (
	downloadSize  = 16 << 20
	downloadTurns = 9
)

// download compares downloads of the firmware with curl's, from Go's server over loopback TLS. Both begin without a connection and write a new
// file; curl does not wait until it is on the medium.
func (b *bench) download(ctx context.Context) (err error) {
	curl, err := installed("curl")
	if err != nil {
		return err
	}
	dir := filepath.Join(b.dir, "download")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	files, err := serveFile(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, files.server.Close()) }()
	device, err := files.device(ctx, b.program("download"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, device.end()) }()
	if _, err := device.download("once"); err != nil { // a device that is connected has used TLS before
		return err
	}
	memory, err := device.download("memory")
	if err != nil {
		return err
	}
	var written, synced, curls []float64 // MiB a second
	for range downloadTurns {
		ours, err := device.download("once")
		if err != nil {
			return err
		}
		theirs, err := files.curl(ctx, curl)
		if err != nil {
			return err
		}
		written, synced, curls = append(written, rate(ours.Written)), append(synced, rate(ours.Synced)), append(curls, rate(theirs))
	}
	const unit = "%.0f MiB/s"
	table(fmt.Sprintf("Download of 16 MiB over loopback TLS (median of %d each, in turn)", downloadTurns),
		row{"curl, until the file is written", fmt.Sprintf(unit, median(curls)), ""},
		row{"firmware, until the file is written", fmt.Sprintf(unit, median(written)), ""},
		row{"ratio", quotient(median(written), median(curls)), "at least 0.80"},
		row{"firmware, until the file is on the medium", fmt.Sprintf(unit, median(synced)), ""},
		row{"firmware, memory above idle", fmt.Sprintf("%.2f MiB", float64(memory.Above)/(1<<20)), "4 MiB"},
	)
	return nil
}

func rate(d time.Duration) float64 { return downloadSize / d.Seconds() / (1 << 20) }

// files is an HTTPS server with one file.
type files struct {
	server   *http.Server
	url, dir string
	image    []byte
}

const downloadTag = lab.DefaultTag

func serveFile(dir string) (*files, error) {
	now := time.Now()
	authority, err := pki.Open(dir, now)
	if err != nil {
		return nil, err
	}
	if _, err := authority.Device(downloadTag, "bench", now); err != nil {
		return nil, err
	}
	certificate, err := authority.Server([]string{"localhost"}, now)
	if err != nil {
		return nil, err
	}
	f := &files{dir: dir, image: make([]byte, downloadSize)}
	if _, err := rand.Read(f.image); err != nil {
		return nil, err
	}
	copy(f.image, []byte{0x3d, 0xb8, 0xf3, 0x96}) // MCUboot's magic: the firmware wants to know what it gets
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	f.url = "https://localhost:" + port + "/image.bin"
	f.server = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"1"`)
			http.ServeContent(w, r, "image.bin", time.Time{}, bytes.NewReader(f.image))
		}),
		TLSConfig:    &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}},
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}, // HTTP/1.1 for both
		ErrorLog:     log.New(io.Discard, "", 0),
	}
	go func() { _ = f.server.ServeTLS(listener, "", "") }() // ends with Close
	return f, nil
}

func (f *files) out() string { return filepath.Join(f.dir, "out.bin") }

// curl downloads the file and gives how long that took, from the beginning of its transfer as it sees it.
func (f *files) curl(ctx context.Context, program string) (time.Duration, error) {
	if err := os.Remove(f.out()); err != nil {
		return 0, err
	}
	output, err := exec.CommandContext(ctx, program, "--silent", "--show-error", "--fail", "--http1.1", "--cacert", filepath.Join(f.dir, "ca.pem"),
		"--output", f.out(), "--write-out", "%{time_total}", f.url).Output()
	if err != nil {
		return 0, fmt.Errorf("curl: %w", err)
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(string(output)), 64)
	if err != nil {
		return 0, err
	}
	return time.Duration(seconds * float64(time.Second)), f.check()
}

// check looks at what was downloaded.
func (f *files) check() error {
	content, err := os.ReadFile(f.out())
	if err == nil && !bytes.Equal(content, f.image) {
		err = errors.New("another file was downloaded")
	}
	return err
}

// device is a program that downloads when it is told to.
type device struct {
	files   *files
	command *exec.Cmd
	words   io.WriteCloser
	answers *bufio.Reader
}

// took is what it says of itself.
type took struct {
	Written time.Duration `json:"writtenNs"`
	Synced  time.Duration `json:"syncedNs"`
	Above   int64         `json:"above"`
}

func (f *files) device(ctx context.Context, program string) (*device, error) {
	d := &device{files: f, command: exec.CommandContext(ctx, program,
		"-url", f.url, "-credentials", f.dir, "-tag", strconv.Itoa(downloadTag), "-out", f.out(), "-state", f.dir)}
	d.command.Stderr = os.Stderr
	answers, err := d.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	d.answers = bufio.NewReader(answers)
	if d.words, err = d.command.StdinPipe(); err != nil {
		return nil, err
	}
	return d, d.command.Start()
}

func (d *device) download(word string) (took, error) {
	if _, err := fmt.Fprintln(d.words, word); err != nil {
		return took{}, err
	}
	line, err := d.answers.ReadBytes('\n')
	if err != nil {
		return took{}, fmt.Errorf("%s: %w", d.command.Path, err)
	}
	var t took
	if err := json.Unmarshal(line, &t); err != nil {
		return took{}, err
	}
	return t, d.files.check()
}

// end ends the program.
func (d *device) end() error { return errors.Join(d.words.Close(), d.command.Wait()) }
