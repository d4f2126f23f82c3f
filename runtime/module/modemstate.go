package module

import (
	"errors"
	"sync"

	"github.com/cloudgen/cloudgen/runtime/modem"
)

var errModemStopped = errors.New("the modem stopped by itself")

// modemState holds what the modem has reported and the owner has not taken yet. It is of fixed size, and the modem never waits: of several
// changes of the network the owner sees the last, and that the network was gone if it was.
type modemState struct {
	changed chan struct{} // holds one entry when there is something to take

	mu          sync.Mutex
	initialized bool
	down, up    bool  // in this order
	carrier     *bool // after them: a carrier's update is pending, or over
	reboot      *reboot
	link        bool // the latest word, taken or not
}

func newModemState() *modemState { return &modemState{changed: make(chan struct{}, 1)} }

// notify takes an event of the modem.
func (s *modemState) notify(event modem.Event) {
	s.mu.Lock()
	switch event.Type {
	case modem.EventInitialized:
		s.initialized = true
	case modem.EventLTEConnected:
		if !s.link {
			s.carrier = nil
		}
		s.up, s.link = true, true
	case modem.EventLTEDisconnected:
		s.down, s.up, s.link = true, false, false
		s.carrier = nil
	case modem.EventCarrierFOTAPending, modem.EventCarrierFOTAStopped:
		s.carrier = new(event.Type == modem.EventCarrierFOTAPending)
	case modem.EventCarrierReboot, modem.EventError:
		if s.reboot == nil {
			s.reboot = &reboot{reason: event.Type.String(), err: event.Err}
		}
	case modem.EventLTEConnecting: // of no concern to the cloud side
	}
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// signals takes what there is.
func (s *modemState) signals() []signal {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []signal
	if s.initialized {
		list = append(list, modemInitialized{})
	}
	if s.down {
		list = append(list, linkChanged{up: false})
	}
	if s.up {
		list = append(list, linkChanged{up: true})
	}
	if s.carrier != nil {
		list = append(list, carrierFOTA{pending: *s.carrier})
	}
	if s.reboot != nil {
		list = append(list, rebootWanted(*s.reboot))
	}
	s.initialized, s.down, s.up, s.carrier, s.reboot = false, false, false, nil, nil
	return list
}
