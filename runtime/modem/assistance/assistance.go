// Package assistance is what a GNSS receiver offers that takes assistance data element by element. It stands beside package modem so that a
// program without assistance data is built without them.
package assistance

import (
	"context"

	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

// Receiver is implemented by a modem adapter whose receiver takes assistance data element by element.
type Receiver interface {
	agnss.Injector
	// AssistanceNeed tells what the receiver lacks now. It is asked before a search; an empty need means that nothing is to be fetched.
	AssistanceNeed(ctx context.Context) (agnss.Need, error)
}
