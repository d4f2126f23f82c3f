package pgps

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/durable"
)

// Supply is a Store that is opened later than it is configured. It is what package gnss takes for its slot "pgps".
type Supply struct {
	*Store
	config Config
}

// New makes a Supply. Its Store is there from Open on.
func New(config Config) (*Supply, error) {
	return &Supply{config: config}, config.check()
}

// Open is the function Open of the package for the Store.
func (s *Supply) Open(folder *durable.Folder, logger *slog.Logger) (err error) {
	s.Store, err = Open(folder, s.config, logger)
	return err
}

// Ask is Store.Start, with the reason in words; ok is false where nothing is to be asked for. Without start it is Store.Request.
func (s *Supply) Ask(start bool, now time.Time) (request data.PGPSRequest, why string, ok bool) {
	ask := s.Request
	if start {
		ask = s.Start
	}
	request, reason := ask(now)
	return request, reason.String(), reason != ReasonNone
}

// ErrPlaceOnly is a cloud's answer that tells from where the predictions are to be fetched, to a device that fetches nothing.
var ErrPlaceOnly = errors.New("the cloud names the place of the predictions, and this program only takes predictions that the cloud sends itself")

// Take takes the answer to a request, whole. Errors are a cloud's refusal (*agnss.CloudError), ErrPlaceOnly, and those of a Download; the Store asks
// again after any of them.
func (s *Supply) Take(answer []byte, now time.Time) error {
	if !IsFile(answer) {
		place, err := ParsePlace(answer)
		if err == nil {
			err = fmt.Errorf("%w: https://%s/%s", ErrPlaceOnly, place.Host, place.Path)
		}
		s.Failed()
		return err
	}
	download, err := s.Begin()
	if err != nil {
		return err
	}
	_ = download.Write(answer, now) // End tells of what was wrong
	return download.End(now)
}
