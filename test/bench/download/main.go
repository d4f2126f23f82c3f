// Command download downloads a file by HTTPS into a file, once for each line on standard input, as firmware does with an image, and answers
// each with a line of JSON.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/fotatest"
	"github.com/cloudgen/cloudgen/runtime/fota/http"
)

// wordMemory is the line that has the program let go of all memory that it does not need before it downloads, and measure how much it takes.
const wordMemory = "memory"

// took is the answer.
type took struct {
	Written time.Duration `json:"writtenNs"` // from Start until all bytes are written
	Synced  time.Duration `json:"syncedNs"`  // until they are on the medium
	Above   int64         `json:"above"`     // bytes of resident memory at the most, above what was resident before; 0 without wordMemory
}

func main() {
	url := flag.String("url", "", "URL of the file")
	tags := flag.String("credentials", ".", "folder of security tags")
	tag := flag.Int("tag", 42, "security tag")
	out := flag.String("out", "image.bin", "file to write")
	state := flag.String("state", ".", "folder for the record of the download")
	flag.Parse()
	if err := serve(*url, *tags, *tag, *out, *state); err != nil {
		slog.Error("download", "error", err)
		os.Exit(1)
	}
}

func serve(url, tags string, tag int, out, state string) error {
	// What the options have by default.
	config := http.Config{Timeout: 30 * time.Second, HostNameMax: 255, FileNameMax: 255}
	source, err := http.New(config, http.Platform{Credentials: credentials.Open(tags)})
	if err != nil {
		return err
	}
	var last fota.Event
	var began, written time.Time
	device := fota.New(
		fota.Config{Retries: 2, ProgressEvents: true, AutoSchedule: true, KeepProgress: true, FileNameMax: 255, HostNameMax: 255, URLMax: 512, TagsMax: 5},
		fota.Platform{
			Sources: map[string]fota.Source{"https": source}, Targets: []fota.Target{&target{path: out}}, Folder: durable.Open(state),
			Tell: func(e fota.Event) {
				if last = e; e.Kind == fota.EventProgress && e.Percent == 100 {
					written = time.Now()
				}
			},
		})
	words := bufio.NewScanner(os.Stdin)
	for words.Scan() {
		if err := os.Remove(out); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		idle := int64(0)
		if words.Text() == wordMemory {
			debug.FreeOSMemory()
			if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o600); err != nil { // the peak is the present value: proc_pid_clear_refs(5)
				return err
			}
			if idle, err = memory("VmRSS"); err != nil {
				return err
			}
		}
		began = time.Now()
		if err := device.Start(context.Background(), fota.Job{URL: url, Tags: []int{tag}}); err != nil {
			return err
		}
		device.Wait()
		answer := took{Written: written.Sub(began), Synced: time.Since(began)}
		if last.Kind != fota.EventFinished {
			return fmt.Errorf("%v: %w", last.Kind, last.Err)
		}
		if idle != 0 {
			peak, err := memory("VmHWM")
			if err != nil {
				return err
			}
			answer.Above = peak - idle
		}
		if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
			return err
		}
	}
	return words.Err()
}

// memory gives a value of this process in bytes.
func memory(name string) (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); fields[0] == name+":" {
			kilobytes, err := strconv.ParseInt(fields[1], 10, 64)
			return kilobytes * 1024, err
		}
	}
	return 0, errors.New("no " + name + " in /proc/self/status")
}

// target keeps an image in a file and does nothing more with it, as curl.
type target struct {
	fotatest.Target
	path string
}

type imageFile struct{ *os.File }

func (t *target) Begin(context.Context, fota.Plan) (fota.Image, error) {
	file, err := os.Create(t.path)
	return imageFile{file}, err
}

func (*target) Schedule() error { return nil }

func (imageFile) Offset() int64   { return 0 }
func (f imageFile) Commit() error { return f.Close() }
