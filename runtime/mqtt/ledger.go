package mqtt

import (
	"sync"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// ledger is the paho.Store of a connection. It keeps no packets, for a Connection never sends one again: whoever wants that publishes
// anew on the next Connection. It remembers which id of the caller stands behind which packet identifier, which paho alone chooses:
// paho puts a PUBLISH into its store within the caller's Publish and takes it out when PUBACK comes.
type ledger struct {
	acknowledged func(id uint16)

	mu      sync.Mutex
	next    uint16 // id of the publication that is being handed to paho
	waiting map[string]uint16
}

// expect sets the id that the next Put belongs to; 0: nobody wants to know.
func (l *ledger) expect(id uint16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next = id
}

// Put is called with each outgoing PUBLISH of quality 1, and with each incoming one.
func (l *ledger) Put(key string, packet packets.ControlPacket) {
	if _, isPublish := packet.(*packets.PublishPacket); !isPublish || !outbound(key) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next != 0 {
		l.waiting[key] = l.next
		l.next = 0
	}
}

// Del is called when an acknowledgement has come, or has been sent for an incoming packet.
func (l *ledger) Del(key string) {
	if !outbound(key) {
		return
	}
	l.mu.Lock()
	id, found := l.waiting[key]
	delete(l.waiting, key)
	l.mu.Unlock()
	if found {
		l.acknowledged(id)
	}
}

// outbound tells paho's two kinds of keys, i.N and o.N, apart.
func outbound(key string) bool { return len(key) > 0 && key[0] == 'o' }

// Open is part of paho.Store.
func (l *ledger) Open() {}

// Close is part of paho.Store.
func (l *ledger) Close() {}

// Reset is part of paho.Store.
func (l *ledger) Reset() {}

// Get finds nothing: nothing is kept.
func (l *ledger) Get(string) packets.ControlPacket { return nil }

// All is empty: nothing is kept.
func (l *ledger) All() []string { return nil }
