// Package lwm2m is a local LwM2M 1.1 server (OMA-TS-LightweightM2M 1.1.1), for the development and tests of clients: registration, all operations,
// observations, Send, firmware push and images to pull, a PSK store, a bootstrap server, and faults on demand. It is strict: what the documents
// refuse it refuses, and it says why in an Event of kind Refused.
//
// It shares no code with the firmware, so that the two do not share mistakes. It runs on any net.PacketConn, also in memory, and takes its time from
// package time only: in a bubble of testing/synctest thousands of seconds pass at once.
package lwm2m

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
	"github.com/cloudgen/cloudgen/lab/lwm2m/definition"
	"github.com/cloudgen/cloudgen/lab/lwm2m/dtls"
)

// Config is what Start needs. All is optional; a server without sockets serves nobody.
type Config struct {
	Secure, Plain                   net.PacketConn // device management: coaps and coap. The server owns them, also if Start fails
	BootstrapSecure, BootstrapPlain net.PacketConn // the bootstrap server
	Host                            string         // name for URLs; "": that of the sockets

	Store        *Store          // PSK store and plans; nil: a new one in memory
	DeviceKey    []byte          // accepted for any identity that is not in the store, which then gets it; nil: no such key
	BootstrapKey []byte          // likewise at the bootstrap server
	Definitions  *definition.Set // nil: definition.Core
	CoAP         coap.Config
	CIDLength    int // bytes of our DTLS Connection IDs; 0: 6; negative: no Connection IDs
	NoResumption bool
	AwakeTime    time.Duration // how long a client in queue mode listens after the last message; 0: 93 s (MAX_TRANSMIT_WAIT)
	Observe      func(Event)   // called in order from one goroutine; must not call Close. nil: nobody looks
	Logger       *slog.Logger  // nil: none
}

// Server is a running LwM2M server. Its methods may be called from any goroutine, Close not by Config.Observe.
type Server struct {
	config      Config
	store       *Store
	definitions *definition.Set
	events      events
	faults      *Faults
	images      images
	ctx         context.Context
	cancel      context.CancelFunc
	running     sync.WaitGroup // goroutines of operations in the background
	reading     sync.WaitGroup // of sockets
	observing   sync.WaitGroup
	listeners   []*dtls.Listener
	plain       []net.PacketConn
	urls        []string

	mu         sync.Mutex
	closed     bool
	devices    map[string]*Device       // by endpoint
	byLocation map[string]*registration // living ones
	peers      map[*peer]struct{}
	changed    chan struct{} // closed when a registration or a client's wakefulness may have changed
	waiting    int           // how many wait for changed
}

// Start starts a server. The caller closes it.
func Start(config Config) (*Server, error) {
	s := &Server{
		config: config, store: config.Store, definitions: config.Definitions, faults: newFaults(), images: images{byName: map[string][]byte{}},
		events:  events{subs: map[*Subscription]struct{}{}},
		devices: map[string]*Device{}, byLocation: map[string]*registration{}, peers: map[*peer]struct{}{}, changed: make(chan struct{}),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.config.Logger = cmp.Or(config.Logger, slog.New(slog.DiscardHandler))
	s.config.AwakeTime = cmp.Or(config.AwakeTime, 93*time.Second)
	s.config.CIDLength = max(0, cmp.Or(config.CIDLength, 6))
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, closeAll(config.Secure, config.Plain, config.BootstrapSecure, config.BootstrapPlain))
	}
	if config.Observe != nil {
		watch := s.events.subscribe()
		s.observing.Go(func() {
			for {
				event, err := watch.Next(context.Background(), nil)
				if err != nil {
					return
				}
				config.Observe(event)
			}
		})
	}
	s.serveSecure(config.Secure, config.DeviceKey, false)
	s.servePlain(config.Plain, false)
	s.serveSecure(config.BootstrapSecure, config.BootstrapKey, true)
	s.servePlain(config.BootstrapPlain, true)
	for _, url := range s.urls {
		s.emit(Event{Kind: Listening, Detail: url})
	}
	return s, nil
}

// prepare makes what can fail before anything is served.
func (s *Server) prepare() (err error) {
	if s.store == nil {
		if s.store, err = OpenStore(""); err != nil {
			return err
		}
	}
	if s.definitions == nil {
		if s.definitions, err = definition.Core(); err != nil {
			return err
		}
	}
	_, err = coap.NewSession(s.config.CoAP, coap.Hooks{})
	return err
}

func closeAll(sockets ...net.PacketConn) error {
	var err error
	for _, socket := range sockets {
		if socket != nil {
			err = errors.Join(err, socket.Close())
		}
	}
	return err
}

// URLs gives what clients connect to: coaps and coap of device management, then those of the bootstrap server, as far as they are served.
func (s *Server) URLs() []string { return slices.Clone(s.urls) }

func (s *Server) url(scheme string, socket net.PacketConn) string {
	address := socket.LocalAddr().String()
	if host, port, err := net.SplitHostPort(address); err == nil {
		if ip := net.ParseIP(host); s.config.Host != "" {
			host = s.config.Host
		} else if host == "" || ip != nil && ip.IsUnspecified() {
			host = "localhost"
		}
		address = net.JoinHostPort(host, port)
	}
	return scheme + "://" + address
}

// Store gives the PSK store and the bootstrap plans.
func (s *Server) Store() *Store { return s.store }

// Definitions gives the definitions that the server knows.
func (s *Server) Definitions() *definition.Set { return s.definitions }

// Faults gives what can be made to go wrong.
func (s *Server) Faults() *Faults { return s.faults }

// Subscribe begins to collect events. The caller closes the subscription.
func (s *Server) Subscribe() *Subscription { return s.events.subscribe() }

func (s *Server) emit(event Event) { s.events.emit(event) }

// Close ends the server: sessions get close_notify, operations end with ErrClosed. It returns when nothing of the server runs any more and the last
// event was seen.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	for _, r := range s.byLocation {
		r.timer.Stop()
	}
	peers := s.peerList()
	s.broadcast()
	s.mu.Unlock()
	s.cancel()
	for _, p := range peers {
		p.session.Close()
	}
	var err error
	for _, listener := range s.listeners {
		err = errors.Join(err, listener.Close())
	}
	err = errors.Join(err, closeAll(s.plain...))
	s.reading.Wait()
	s.running.Wait()
	s.mu.Lock()
	for _, d := range s.devices {
		d.dropObservations()
	}
	s.mu.Unlock()
	s.emit(Event{Kind: Stopped})
	s.events.close()
	s.observing.Wait()
	return err
}

// peerList gives all peers. Caller holds mu.
func (s *Server) peerList() []*peer {
	var all []*peer
	for p := range s.peers {
		all = append(all, p)
	}
	return all
}

// broadcast wakes all that wait for a change. Caller holds mu.
func (s *Server) broadcast() {
	if s.waiting > 0 {
		close(s.changed)
		s.changed = make(chan struct{})
		s.waiting = 0
	}
}

// await waits until a condition holds; it is called with mu held, and its error ends the wait.
func (s *Server) await(ctx context.Context, condition func() (bool, error)) error {
	for {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			return ErrClosed
		}
		done, err := condition()
		if done || err != nil {
			s.mu.Unlock()
			return err
		}
		s.waiting++
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// background runs something that ends with the server. It runs nothing if the server is closed.
func (s *Server) background(f func(ctx context.Context)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.running.Go(func() { f(s.ctx) })
	}
}

// Await gives the device of an endpoint as soon as it is registered.
func (s *Server) Await(ctx context.Context, endpoint string) (*Device, error) {
	var device *Device
	err := s.await(ctx, func() (bool, error) {
		device = s.devices[endpoint]
		return device != nil && device.registration != nil, nil
	})
	if err != nil {
		return nil, fmt.Errorf("waiting for %s to register: %w", endpoint, err)
	}
	return device, nil
}

// Device gives the device of an endpoint that has registered at some time.
func (s *Server) Device(endpoint string) (*Device, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.devices[endpoint]
	return d, ok
}

// Registrations gives all living registrations in the order of their endpoints.
func (s *Server) Registrations() []Registration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Registration
	for _, r := range s.byLocation {
		all = append(all, r.view())
	}
	slices.SortFunc(all, func(a, b Registration) int { return strings.Compare(a.Endpoint, b.Endpoint) })
	return all
}
