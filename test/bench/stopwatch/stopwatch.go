// Package stopwatch has a program measure itself: wall time and time of its own on processors.
package stopwatch

import (
	"encoding/json"
	"io"
	"syscall"
	"time"
)

// Reading is what was measured.
type Reading struct {
	Count int           `json:"count"`  // of what was done
	Wall  time.Duration `json:"wallNs"` // for all of it
	CPU   time.Duration `json:"cpuNs"`  // of the whole process, in user and system mode
}

// Watch is running.
type Watch struct {
	began time.Time
	used  time.Duration
}

// Start starts one.
func Start() (Watch, error) {
	used, err := processorTime()
	return Watch{time.Now(), used}, err
}

// Stop gives what was measured since Start.
func (w Watch) Stop(count int) (Reading, error) {
	wall := time.Since(w.began)
	used, err := processorTime()
	return Reading{count, wall, used - w.used}, err
}

// Print writes the reading as a line of JSON.
func (r Reading) Print(to io.Writer) error { return json.NewEncoder(to).Encode(r) }

func processorTime() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}
