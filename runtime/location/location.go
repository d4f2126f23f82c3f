// Package location finds out where the device is: by satellites, or by asking the cloud with the cells and the access points around it (SDK:
// location module and location library).
package location

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/tracker"
)

// Method is a member of one of the three choices LOCATION_REQUEST_DEFAULT_METHOD_…; its end tells which method it is.
type Method string

// The ends.
const (
	byGNSS     = "_GNSS"
	byWiFi     = "_WIFI"
	byCellular = "_CELLULAR"
)

// Accuracy is a member of the choice LOCATION_REQUEST_DEFAULT_GNSS_ACCURACY.
type Accuracy string

// AccuracyHigh takes the best of several fixes; with any other the first one counts.
const AccuracyHigh Accuracy = "LOCATION_REQUEST_DEFAULT_GNSS_ACCURACY_HIGH"

// Config is what the options say. Limits of 0 and less are none.
type Config struct {
	GNSS     bool `kconfig:"LOCATION_METHOD_GNSS"`
	Cellular bool `kconfig:"LOCATION_METHOD_CELLULAR"`
	WiFi     bool `kconfig:"LOCATION_METHOD_WIFI"`

	First  Method `kconfig:"LOCATION_REQUEST_DEFAULT_METHOD_FIRST"`
	Second Method `kconfig:"LOCATION_REQUEST_DEFAULT_METHOD_SECOND"`
	Third  Method `kconfig:"LOCATION_REQUEST_DEFAULT_METHOD_THIRD"`

	GNSSTimeout     time.Duration `kconfig:"LOCATION_REQUEST_DEFAULT_GNSS_TIMEOUT,unit=ms"`
	CellularTimeout time.Duration `kconfig:"LOCATION_REQUEST_DEFAULT_CELLULAR_TIMEOUT,unit=ms"`
	WiFiTimeout     time.Duration `kconfig:"LOCATION_REQUEST_DEFAULT_WIFI_TIMEOUT,unit=ms"`

	Accuracy Accuracy `kconfig:"LOCATION_REQUEST_DEFAULT_GNSS_ACCURACY"`
	Fixes    int      `kconfig:"LOCATION_REQUEST_DEFAULT_GNSS_NUM_CONSECUTIVE_FIXES"` // with AccuracyHigh

	Cells        int `kconfig:"LOCATION_REQUEST_DEFAULT_CELLULAR_CELL_COUNT"` // neighbours of a request at most
	AccessPoints int `kconfig:"LOCATION_METHOD_WIFI_SCANNING_RESULTS_MAX_CNT"`
}

// Cells tells about the cell that serves the device, and its neighbours. It is the part of modem.Radio that is needed here.
type Cells interface {
	Cell(ctx context.Context) (data.Cell, error)
}

// Sources are what the device can find its location with; nil members are missing.
type Sources struct {
	Receiver modem.Receiver
	Cells    Cells
	WiFi     modem.Scanner
}

// Finder tries the methods in their order. It implements tracker.Finder.
type Finder struct {
	config  Config
	sources Sources
	order   []string // ends of methods that are on and possible
}

// New makes a Finder. A method that is on and has no source is told of and left out; one that stands in two places, or that is off, is an error.
func New(config Config, sources Sources, logger *slog.Logger) (*Finder, error) {
	f := &Finder{config: config, sources: sources}
	for _, place := range []Method{config.First, config.Second, config.Third} {
		method, on, possible := config.method(place, sources)
		if method == "" {
			continue
		}
		if !on {
			return nil, errorf("location: %s is chosen, and LOCATION_METHOD%s is off: switch it on, or choose another", place, method)
		}
		for _, before := range f.order {
			if before == method {
				return nil, errorf("location: %s is chosen, and the same method stands before it: choose another, or none", place)
			}
		}
		if !possible {
			logger.Warn("a method of finding the location is left out, for the device has nothing for it", "method", string(place))
			continue
		}
		f.order = append(f.order, method)
	}
	return f, nil
}

// Open is New with what a modem adapter offers, in the form that firmware.Program takes.
func (c Config) Open(device modem.Modem, logger *slog.Logger) (tracker.Locator, error) {
	var sources Sources
	if receiver, ok := device.(modem.Receiver); ok {
		sources.Receiver = receiver
	}
	if radio, ok := device.(modem.Radio); ok {
		sources.Cells = radio
	}
	if scanner, ok := device.(modem.Scanner); ok {
		sources.WiFi = scanner
	}
	finder, err := New(c, sources, logger)
	if err != nil {
		return nil, err
	}
	return tracker.NewLocator(finder), nil
}

// method gives the end of a place's method; "" for none.
func (c Config) method(place Method, sources Sources) (end string, on, possible bool) {
	switch {
	case strings.HasSuffix(string(place), byGNSS):
		return byGNSS, c.GNSS, sources.Receiver != nil
	case strings.HasSuffix(string(place), byWiFi):
		return byWiFi, c.WiFi, sources.WiFi != nil
	case strings.HasSuffix(string(place), byCellular):
		return byCellular, c.Cellular, sources.Cells != nil
	}
	return "", false, false
}

// Possible tells whether there is a method that may be used.
func (f *Finder) Possible(without data.NoData) bool {
	for _, method := range f.order {
		if !excluded(method, without) {
			return true
		}
	}
	return false
}

func excluded(method string, without data.NoData) bool {
	switch method {
	case byGNSS:
		return without.GNSS
	case byWiFi:
		return without.WiFi
	}
	return without.NeighbourCells
}

// Locate tries the methods that may be used, each for as long as its option says, until one succeeds or ctx ends. It gives a fix, or what the cloud
// is to be asked with. Cells and access points that follow each other in the order make one request. The error joins why each method failed.
func (f *Finder) Locate(ctx context.Context, search tracker.Search) (*data.Fix, *data.LocationRequest, error) {
	var request data.LocationRequest
	var failures []error
	failed := func(what string, err error) { failures = append(failures, errorf("%s: %w", what, err)) }
	for _, method := range f.order {
		if excluded(method, search.Without) {
			continue
		}
		switch method {
		case byGNSS:
			if request != (data.LocationRequest{}) {
				return nil, &request, nil
			}
			fix, err := f.fix(ctx, search.Satellites)
			if err == nil {
				return &fix, nil, nil
			}
			failed("by satellites", err)
		case byWiFi:
			scan, err := f.scan(ctx)
			if err == nil {
				request.WiFi = &scan
				continue
			}
			failed("by access points", err)
		case byCellular:
			cell, err := f.cell(ctx)
			if err == nil {
				request.Cell = &cell
				continue
			}
			failed("by cells", err)
		}
	}
	if request != (data.LocationRequest{}) {
		return nil, &request, nil
	}
	if len(failures) == 0 {
		failures = append(failures, errors.New("no method may be used"))
	}
	return nil, nil, errorf("location: %w", errors.Join(failures...))
}

// fix gives a fix, or for high accuracy the best of several. The time ends them all: what was found by then counts.
func (f *Finder) fix(ctx context.Context, searching func(bool)) (best data.Fix, err error) {
	ctx, cancel := limited(ctx, f.config.GNSSTimeout)
	defer cancel()
	if searching != nil {
		searching(true)
		defer searching(false)
	}
	if best, err = f.sources.Receiver.Fix(ctx); err != nil || f.config.Accuracy != AccuracyHigh {
		return best, err
	}
	for range f.config.Fixes - 1 {
		next, err := f.sources.Receiver.Fix(ctx)
		if err != nil {
			break
		}
		if next.Accuracy <= best.Accuracy {
			best = next
		}
	}
	return best, nil
}

func (f *Finder) scan(ctx context.Context) (data.WiFi, error) {
	ctx, cancel := limited(ctx, f.config.WiFiTimeout)
	defer cancel()
	scan, err := f.sources.WiFi.ScanWiFi(ctx)
	if err == nil && len(scan.AccessPoints) == 0 {
		err = errors.New("there are none")
	}
	scan.AccessPoints = scan.AccessPoints[:min(len(scan.AccessPoints), max(f.config.AccessPoints, 0))]
	return scan, err
}

func (f *Finder) cell(ctx context.Context) (data.Cell, error) {
	ctx, cancel := limited(ctx, f.config.CellularTimeout)
	defer cancel()
	cell, err := f.sources.Cells.Cell(ctx)
	cell.Neighbours = cell.Neighbours[:min(len(cell.Neighbours), max(f.config.Cells, 0))]
	return cell, err
}

func limited(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }
