package cloud

import "sync"

// Notifier keeps a backend's handler and user data and calls the handler (cloud_notify_event, cloud_user_data_set). A backend embeds
// one; the zero value has no handler and drops events.
type Notifier struct {
	mu       sync.Mutex
	notify   sync.Mutex // one event at a time
	handler  Handler
	userData any
}

// SetHandler sets who takes the events; nil drops them. When it returns, no call of an earlier handler is running. It is not called from
// a handler.
func (n *Notifier) SetHandler(handler Handler) {
	n.notify.Lock()
	defer n.notify.Unlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.handler = handler
}

// SetUserData sets the value that the handler is given (cloud_user_data_set).
func (n *Notifier) SetUserData(userData any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.userData = userData
}

// NotifyEvent calls the handler with an event (cloud_notify_event). Calls from several goroutines take turns; it is not called from a
// handler.
func (n *Notifier) NotifyEvent(backend Backend, event Event) {
	n.notify.Lock()
	defer n.notify.Unlock()
	n.mu.Lock()
	handler, userData := n.handler, n.userData
	n.mu.Unlock()
	if handler != nil {
		handler(backend, event, userData)
	}
}
