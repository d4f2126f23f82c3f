package module

import (
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
)

// signal is one thing that happens to the machine. Each type of this group is one; there are no others.
type signal interface{ signal() }

type (
	modemInitialized struct{}
	initDone         struct {
		id  uint64
		err error
	}
	linkChanged    struct{ up bool }
	carrierFOTA    struct{ pending bool }
	rebootWanted   reboot // the modem's wish or failure
	shutdownWanted struct{}
	connectDone    struct {
		id     uint64
		result cloud.ConnectResult
		err    error
	}
	disconnectDone struct {
		id  uint64
		err error
	}
	// backendEvent is a cloud.Event, with the attempt that ran when it was notified.
	backendEvent struct {
		attempt uint64
		event   cloud.Event
	}
	// backendData is a data.Received, likewise.
	backendData struct {
		attempt  uint64
		received data.Received
	}
	timerFired struct {
		timer timer
		at    time.Time // what startTimer said: another time is that of an older start
	}
	sendWanted struct {
		request uint64
		content content
	}
	sendDone struct {
		seq uint64
		err error
	}
)

func (modemInitialized) signal() {}
func (initDone) signal()         {}
func (linkChanged) signal()      {}
func (carrierFOTA) signal()      {}
func (rebootWanted) signal()     {}
func (shutdownWanted) signal()   {}
func (connectDone) signal()      {}
func (disconnectDone) signal()   {}
func (backendEvent) signal()     {}
func (backendData) signal()      {}
func (timerFired) signal()       {}
func (sendWanted) signal()       {}
func (sendDone) signal()         {}

// effect is one thing that the machine wants done. Each type of this group is one; there are no others. None of them comes back as
// a signal by itself: an event that the module emits does not run through the machine again.
type effect interface{ effect() }

type (
	initBackend     struct{ id uint64 } // answered by initDone
	connect         struct{ id uint64 } // answered by connectDone
	disconnect      struct{ id uint64 } // answered by disconnectDone
	cancelOperation struct{ id uint64 } // ends the context of that operation, which still gives its answer
	startTimer      struct {
		timer timer
		at    time.Time // in place of an earlier time
	}
	stopTimer struct{ timer timer }
	publish   struct { // answered by sendDone
		seq      uint64
		delivery Delivery
		content  content
	}
	cancelPublish struct{ seq uint64 }
	reply         struct { // to a caller of Send or its kin
		request uint64
		err     error
	}
	emit          struct{ event Event }
	deliver       struct{ received data.Received } // to OnCommand or OnConfig
	settleUpdates struct{}                         // the cloud can be used: what runs is confirmed, and told to the cloud
	requestLink   struct{ up bool }
	finish        struct{ reboot reboot } // the machine has ended
)

func (initBackend) effect()     {}
func (connect) effect()         {}
func (disconnect) effect()      {}
func (cancelOperation) effect() {}
func (startTimer) effect()      {}
func (stopTimer) effect()       {}
func (publish) effect()         {}
func (cancelPublish) effect()   {}
func (reply) effect()           {}
func (emit) effect()            {}
func (deliver) effect()         {}
func (settleUpdates) effect()   {}
func (requestLink) effect()     {}
func (finish) effect()          {}
