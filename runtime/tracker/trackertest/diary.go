// Package trackertest has a cloud for tests that let the application live through a day.
package trackertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
)

// Diary is a cloud that writes down what it is told, as long as the network is up: tracker.Cloud. Its methods may be called from any goroutine.
type Diary struct {
	Start time.Time // what is told is noted with the time since

	mu    sync.Mutex
	up    bool
	lines []string
}

// SetUp says whether there is a network.
func (d *Diary) SetUp(up bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.up = up
}

// Lines gives what was written down.
func (d *Diary) Lines() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.lines...)
}

// Note writes a line, with a network or without.
func (d *Diary) Note(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

// Write writes down what the cloud is told; without a network it is an error.
func (d *Diary) Write(format string, arguments ...any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.up {
		return cloud.ErrNotConnected
	}
	d.lines = append(d.lines, time.Since(d.Start).String()+" "+fmt.Sprintf(format, arguments...))
	return nil
}

// Report implements tracker.Cloud.
func (d *Diary) Report(_ context.Context, u data.Update) error {
	var kinds []string
	if u.Device != nil {
		kinds = append(kinds, "device")
	}
	if u.Network != nil {
		kinds = append(kinds, fmt.Sprintf("cell %d", u.Network.CellID))
	}
	if u.Fix != nil {
		kinds = append(kinds, Place(*u.Fix))
	}
	if u.Environment != nil {
		kinds = append(kinds, "environment")
	}
	if u.Battery != nil {
		kinds = append(kinds, "battery")
	}
	return d.Write("report %s", strings.Join(kinds, ", "))
}

// ReportBatch implements tracker.Cloud.
func (d *Diary) ReportBatch(_ context.Context, b data.Batch) error {
	var places []string
	for _, fix := range b.Fix {
		places = append(places, fix.Taken.Sub(d.Start).String()+" "+Place(fix))
	}
	return d.Write("batch network %d, environment %d, battery %d, fixes [%s]", len(b.Network), len(b.Environment), len(b.Battery), strings.Join(places, ", "))
}

// ReportConfig implements tracker.Cloud.
func (d *Diary) ReportConfig(_ context.Context, c data.Configuration) error {
	return d.Write("configuration: every %v", c.ActiveWait)
}

// RequestLocation implements tracker.Cloud.
func (d *Diary) RequestLocation(_ context.Context, r data.LocationRequest) error {
	text := "location?"
	if r.Cell != nil {
		text += fmt.Sprintf(" cell %d and %d more", r.Cell.ID, len(r.Cell.Neighbours))
	}
	if r.WiFi != nil {
		text += fmt.Sprintf(" access points %d", len(r.WiFi.AccessPoints))
	}
	return d.Write("%s", text)
}

// Place gives where a fix is.
func Place(fix data.Fix) string { return fmt.Sprintf("%.2f/%.2f", fix.Latitude, fix.Longitude) }
