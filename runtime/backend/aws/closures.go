package aws

import (
	"errors"
	"fmt"
	"time"
)

// earlyClose is the time within which the end of a connection is early. The cloud module takes one for lasting after the same time.
const earlyClose = 60 * time.Second

// ErrClosedAgain is wrapped by the error of EventDisconnected, and of Connect, when the service has closed several connections in a row soon after it
// had accepted them. MQTT 3.1.1 gives no reason, so it is told apart from a mere loss by the repetition.
var ErrClosedAgain = errors.New("AWS IoT Core closes each connection soon after accepting it")

// closures counts connections that the service closed soon after it had accepted them.
type closures struct{ inRow int }

// ended notes the end of a connection and gives the error that explains it, or nil. A loss by the network neither counts nor clears.
func (c *closures) ended(lasted time.Duration, byService bool, id string) error {
	switch {
	case lasted >= earlyClose:
		c.inRow = 0
	case byService:
		c.inRow++
	default:
		return nil
	}
	if c.inRow < 2 {
		return nil
	}
	return fmt.Errorf("%w (%d in a row): probably another device has the client id %q too, of which the service keeps the newest connection only; "+
		"or the device publishes what its policy forbids. $aws/events/presence/disconnected/%s tells the reason", ErrClosedAgain, c.inRow, id, id)
}
