package tracker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
)

// Locator finds out where the device is. It is asked from one goroutine at a time.
type Locator interface {
	// Possible tells whether anything may be used to find the location when some kinds of data are not wanted.
	Possible(without data.NoData) bool
	// Locate searches until it knows or ctx ends. It gives a fix, or what the cloud is to be asked with, or an error.
	Locate(ctx context.Context, without data.NoData) (*data.Fix, *data.LocationRequest, error)
}

// fixBuffer is how many positions are held back (DATA_GNSS_BUFFER_COUNT as the SDK has it by default).
const fixBuffer = 10

// The time that sampling waits for the location (reference 4.6).
const (
	leastLocationWait  = 5 * time.Second
	mostLocationWait   = 110 * time.Second
	locationWaitMargin = 5 * time.Second // before the next sampling
)

// locationWait is how long the samples wait for the location.
func locationWait(c data.Configuration) time.Duration {
	interval := c.MovementResolution
	if c.ActiveMode {
		interval = c.ActiveWait
	}
	return max(leastLocationWait, min(interval-locationWaitMargin, mostLocationWait))
}

// located is the outcome of a search.
type located struct {
	fix     *data.Fix
	request *data.LocationRequest
	err     error
}

// search is the one search for the location that may go on.
type search struct {
	active  bool
	outcome chan located // of one place: the search never waits
	running sync.WaitGroup
}

// locate starts a search, unless one goes on. It tells whether one does.
func (a *App) locate(ctx context.Context) bool {
	configuration := a.Configuration()
	if a.search.active || a.options.Locator == nil || !a.options.Locator.Possible(configuration.NoData) {
		return a.search.active
	}
	a.search.active = true
	a.search.running.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, configuration.LocationTimeout)
		defer cancel()
		var l located
		l.fix, l.request, l.err = a.options.Locator.Locate(ctx, configuration.NoData)
		a.search.outcome <- l
	})
	return true
}

// found takes the outcome of a search. Only the newest request is kept: where the device was before is of no use to a cloud that is asked where it
// is.
func (a *App) found(l located) {
	a.search.active = false
	if !a.sampled("location", l.err) {
		return
	}
	if l.fix != nil {
		a.fixes.add(*l.fix)
	}
	if l.request != nil && !a.noLocations {
		a.locationRequest = l.request
	}
}

// sendLocationRequest tells whether it makes sense to go on.
func (a *App) sendLocationRequest(ctx context.Context, to Cloud) bool {
	if a.locationRequest == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := to.RequestLocation(ctx, *a.locationRequest)
	if err != nil && !errors.Is(err, cloud.ErrUnsupported) {
		a.logger.Warn("the location could not be asked for yet", "error", err)
		return false
	}
	a.noLocations = err != nil
	a.locationRequest = nil
	return true
}
