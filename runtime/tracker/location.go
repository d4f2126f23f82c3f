package tracker

import (
	"context"
	"errors"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
)

// Finder finds out where the device is. It is asked from one goroutine at a time.
type Finder interface {
	// Possible tells whether anything may be used to find the location when some kinds of data are not wanted.
	Possible(without data.NoData) bool
	// Locate searches until it knows or ctx ends. It gives a fix, or what the cloud is to be asked with, or an error.
	Locate(ctx context.Context, search Search) (*data.Fix, *data.LocationRequest, error)
}

// Search is what a Finder is to look for.
type Search struct {
	Without data.NoData // kinds of data that are not to be used
	// Satellites is called with true when a search by satellites begins, so that the receiver can be given what helps it, and with false when that
	// has ended. It does not block. nil: nobody wants to know.
	Satellites func(searching bool)
}

// LocationCloud is a Cloud that can be asked where the device is. The call is as those of Cloud.
type LocationCloud interface {
	RequestLocation(ctx context.Context, request data.LocationRequest) error
}

// Locator is what an App looks for the location with: NewLocator makes it. A program that makes none has nothing of the search, nor of the cloud
// module's requests, linked into it.
type Locator interface {
	// search looks for the location and gives the channel that the one outcome comes by; nil: nothing may be used.
	search(ctx context.Context, configuration data.Configuration, satellites func(bool)) <-chan located
	// request asks the cloud, for at most sendTimeout.
	request(ctx context.Context, to Cloud, request data.LocationRequest) error
}

// NewLocator makes a Locator that asks finder.
func NewLocator(finder Finder) Locator { return locator{finder} }

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

type locator struct{ finder Finder }

func (l locator) search(ctx context.Context, configuration data.Configuration, satellites func(bool)) <-chan located {
	if !l.finder.Possible(configuration.NoData) {
		return nil
	}
	outcome := make(chan located, 1) // the search never waits
	go func() {
		ctx, cancel := context.WithTimeout(ctx, configuration.LocationTimeout)
		defer cancel()
		var found located
		found.fix, found.request, found.err = l.finder.Locate(ctx, Search{configuration.NoData, satellites})
		outcome <- found
	}()
	return outcome
}

func (l locator) request(ctx context.Context, to Cloud, request data.LocationRequest) error {
	asked, can := to.(LocationCloud)
	if !can {
		return cloud.ErrUnsupported
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return asked.RequestLocation(ctx, request)
}

// locate starts a search, unless one goes on. It tells whether one does.
func (a *App) locate(ctx context.Context) bool {
	if a.search == nil && a.options.Locator != nil {
		a.search = a.options.Locator.search(ctx, a.Configuration(), a.satellites)
	}
	return a.search != nil
}

// found takes the outcome of a search. Only the newest request is kept: where the device was before is of no use to a cloud that is asked where it
// is.
func (a *App) found(l located) {
	a.search = nil
	if !a.sampled("location", l.err) {
		return
	}
	if l.fix != nil {
		a.fixes.add(*l.fix)
		if a.options.Assistance != nil {
			a.options.Assistance.Found(*l.fix)
		}
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
	err := a.options.Locator.request(ctx, to, *a.locationRequest)
	if err != nil && !errors.Is(err, cloud.ErrUnsupported) {
		a.logger.Warn("the location could not be asked for yet", "error", err)
		return false
	}
	a.noLocations = err != nil
	a.locationRequest = nil
	return true
}
