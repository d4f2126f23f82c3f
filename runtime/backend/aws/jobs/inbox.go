package jobs

import (
	"sync"

	"github.com/cloudgen/cloudgen/runtime/backend/aws"
	"github.com/cloudgen/cloudgen/runtime/fota"
)

type (
	usable   struct{} // the cloud can be used
	unusable struct{} // the connection is gone
	lost     struct{} // there was no room for a message
)

// maxMessages is how many messages of the cloud may wait for the owner.
const maxMessages = 16

// inbox holds what has happened until the owner takes it. Whoever puts something in never waits: the goroutine that reads from the connection does, and
// the owner may be waiting for that one. So messages for which there is no room are dropped, and the owner asks anew.
type inbox struct {
	more chan struct{} // has a place

	mu       sync.Mutex
	waiting  []any
	messages int // among them
}

func (b *inbox) put(what any) {
	b.mu.Lock()
	last := len(b.waiting) - 1
	event, progress := what.(fota.Event)
	_, message := what.(aws.JobsMessage)
	switch {
	case message && b.messages >= maxMessages:
		if b.waiting[last] != any(lost{}) {
			b.waiting = append(b.waiting, lost{})
		}
	case progress && event.Kind == fota.EventProgress && last >= 0 && isProgress(b.waiting[last]):
		b.waiting[last] = what // the newest counts
	case last >= 0 && isLink(what) && isLink(b.waiting[last]):
		b.waiting[last] = what
	default:
		if message {
			b.messages++
		}
		b.waiting = append(b.waiting, what)
	}
	b.mu.Unlock()
	select {
	case b.more <- struct{}{}:
	default:
	}
}

// take gives what has happened, the oldest first.
func (b *inbox) take() []any {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.waiting
	b.waiting, b.messages = nil, 0
	return all
}

func isProgress(what any) bool {
	e, is := what.(fota.Event)
	return is && e.Kind == fota.EventProgress
}

func isLink(what any) bool {
	switch what.(type) {
	case usable, unusable:
		return true
	}
	return false
}
