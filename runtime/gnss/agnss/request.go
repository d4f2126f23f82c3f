package agnss

import (
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
)

// Config is what the options say about requests.
type Config struct {
	Filtered        bool `kconfig:"NRF_CLOUD_AGNSS_FILTERED"`         // ephemerides only of satellites above the mask
	FilteredRuntime bool `kconfig:"NRF_CLOUD_AGNSS_FILTERED_RUNTIME"` // SetFiltered may change Filtered
	ElevationMask   int  `kconfig:"NRF_CLOUD_AGNSS_ELEVATION_MASK"`   // degrees above the horizon, 0 to 90
}

// Request is what to ask the cloud for. The cell that serves the device goes with it: what is filtered is filtered for its place.
type Request struct {
	Types         []Type
	Filtered      bool
	ElevationMask int // degrees, with Filtered
}

// For is the request of a device that is served by a cell, for clouds that take no filter.
func (r Request) For(cell data.Cell) data.AGNSSRequest {
	request := data.AGNSSRequest{MCC: cell.MCC, MNC: cell.MNC, AreaCode: cell.AreaCode, CellID: cell.ID}
	for _, t := range r.Types {
		request.Types = append(request.Types, int(t))
	}
	return request
}

// filterInterval is the shortest time between requests for filtered ephemerides, which hold for 2 h less a margin of 10 min: those of
// satellites that have risen meanwhile were left out, so the receiver misses some all the time and would ask without end.
const filterInterval = 110 * time.Minute

// Requester makes requests of needs. It remembers when filtered ephemerides were asked for.
type Requester struct {
	config   Config
	filtered time.Time // zero: not yet
	before   time.Time // what filtered was before the last request
}

// NewRequester makes a Requester.
func NewRequester(config Config) *Requester { return &Requester{config: config} }

// SetFiltered changes Config.Filtered from the next request on. It tells whether that may be changed.
func (r *Requester) SetFiltered(filtered bool) bool {
	if r.config.FilteredRuntime {
		r.config.Filtered = filtered
	}
	return r.config.FilteredRuntime
}

// Next gives the request for a need; ok is false where nothing is to be asked for. A request that could not be sent is to be told with Failed.
func (r *Requester) Next(need Need, now time.Time) (request Request, ok bool) {
	r.before = r.filtered
	if r.config.Filtered {
		if !r.filtered.IsZero() && now.Sub(r.filtered) < filterInterval {
			need.GPS.Ephemerides = 0
		} else if need.GPS.Ephemerides != 0 {
			r.filtered = now
		}
		request.Filtered, request.ElevationMask = true, r.config.ElevationMask
	}
	request.Types = need.Types()
	if len(request.Types) == 0 {
		return Request{}, false
	}
	return request, true
}

// Failed says that the last request brought nothing: its like may be asked again at once.
func (r *Requester) Failed() { r.filtered = r.before }
