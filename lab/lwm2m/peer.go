package lwm2m

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
	"github.com/cloudgen/cloudgen/lab/lwm2m/dtls"
)

// peer is one client on one address or one DTLS session.
type peer struct {
	server    *Server
	session   *coap.Session
	secure    *dtls.Session // nil: NoSec
	address   net.Addr      // of NoSec
	bootstrap bool

	// Under server.mu:
	last     time.Time // the last datagram in either direction
	silent   bool      // a request timed out: the client is taken as asleep until it speaks
	gone     bool      // the session is over
	sequence bool      // a bootstrap sequence runs

	registration *registration // the living one that was made or updated from here, if any
}

func (p *peer) remote() string {
	if p.secure != nil {
		return p.secure.Remote().String()
	}
	return p.address.String()
}

func (p *peer) identity() string {
	if p.secure != nil {
		return string(p.secure.Identity())
	}
	return ""
}

// newPeer makes a peer whose datagrams leave by send.
func (s *Server) newPeer(p *peer, send func([]byte) error) (*peer, error) {
	p.server = s
	var err error
	p.session, err = coap.NewSession(s.config.CoAP, coap.Hooks{
		Send:  send,
		Serve: func(request *coap.Message) coap.Response { return s.serve(p, request) },
		Problem: func(err error) {
			s.emit(Event{Kind: Notice, Endpoint: s.endpointOf(p), Remote: p.remote(), Err: err})
		},
		Activity: func(now time.Time, received bool) {
			s.mu.Lock()
			defer s.mu.Unlock()
			p.last = now
			if received {
				p.silent = false
			}
		},
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		p.session.Close()
	}
	s.peers[p] = struct{}{}
	return p, nil
}

// receive takes a datagram, and then lets go what waited for the client to wake.
func (p *peer) receive(datagram []byte) {
	p.session.Receive(datagram)
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	p.server.broadcast()
}

func (s *Server) removePeer(p *peer) {
	p.session.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.peers, p)
	p.gone = true
	s.broadcast()
}

// endpointOf gives the endpoint that is registered from a peer, or "".
func (s *Server) endpointOf(p *peer) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.registration != nil {
		return p.registration.Endpoint
	}
	return ""
}

// Bounds of clients without security.
const (
	mostPlainPeers  = 4096
	idlePlainPeer   = 10 * time.Minute
	largestDatagram = 8192
)

// servePlain serves a socket without security.
func (s *Server) servePlain(socket net.PacketConn, bootstrap bool) {
	if socket == nil {
		return
	}
	s.urls = append(s.urls, s.url("coap", socket))
	socket = &faulty{PacketConn: socket, faults: s.faults}
	s.plain = append(s.plain, socket)
	s.reading.Go(func() {
		peers := map[string]*peer{}
		buffer := make([]byte, largestDatagram)
		for {
			n, from, err := socket.ReadFrom(buffer)
			if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				continue // an ICMP error of an earlier datagram
			}
			p := peers[from.String()]
			if p == nil {
				s.forgetIdle(peers)
				if len(peers) >= mostPlainPeers {
					continue
				}
				p, err = s.newPeer(&peer{address: from, bootstrap: bootstrap}, func(datagram []byte) error {
					_, err := socket.WriteTo(datagram, from)
					return err
				})
				if err != nil {
					s.emit(Event{Kind: Notice, Err: err})
					continue
				}
				peers[from.String()] = p
			}
			p.receive(buffer[:n])
		}
	})
}

// forgetIdle drops the addresses that have no registration and were not heard of for a while.
func (s *Server) forgetIdle(peers map[string]*peer) {
	s.mu.Lock()
	var idle []string
	for address, p := range peers {
		if p.registration == nil && !p.sequence && time.Since(p.last) > idlePlainPeer {
			idle = append(idle, address)
		}
	}
	s.mu.Unlock()
	for _, address := range idle {
		s.removePeer(peers[address])
		delete(peers, address)
	}
}

// serveSecure serves a socket with DTLS. extra is the key of identities that are not in the store.
func (s *Server) serveSecure(socket net.PacketConn, extra []byte, bootstrap bool) {
	if socket == nil {
		return
	}
	s.urls = append(s.urls, s.url("coaps", socket))
	s.listeners = append(s.listeners, dtls.Serve(&faulty{PacketConn: socket, faults: s.faults}, dtls.Config{
		CIDLength: s.config.CIDLength, NoResumption: s.config.NoResumption,
		Key: func(identity []byte) ([]byte, error) {
			if credential, ok := s.store.ByIdentity(string(identity)); ok {
				return credential.Key, nil
			}
			if extra != nil && len(identity) > 0 && len(identity) <= longestIdentity {
				return extra, nil
			}
			return nil, fmt.Errorf("%w: %q", dtls.ErrUnknownIdentity, identity)
		},
		Failed: func(remote net.Addr, identity []byte, cause error) {
			s.emit(Event{Kind: Unsecured, Remote: remote.String(), Detail: fmt.Sprintf("handshake, identity %q", identity), Err: cause})
		},
		Accept: func(session *dtls.Session) (func([]byte), func(error)) {
			return s.acceptSecure(session, extra, bootstrap)
		},
	}))
}

func (s *Server) acceptSecure(session *dtls.Session, extra []byte, bootstrap bool) (func([]byte), func(error)) {
	identity := string(session.Identity())
	if _, known := s.store.ByIdentity(identity); !known && extra != nil && !bootstrap {
		// The device has just proved that it has the key.
		if err := s.store.Add(Credential{Endpoint: identity, Identity: identity, Key: extra}); err != nil {
			s.emit(Event{Kind: Notice, Remote: session.Remote().String(), Err: err})
		} else {
			s.emit(Event{Kind: Notice, Remote: session.Remote().String(), Detail: fmt.Sprintf("identity %q has the device key and is in the PSK store now", identity)})
		}
	}
	p, err := s.newPeer(&peer{secure: session, bootstrap: bootstrap}, session.Send)
	if err != nil {
		s.emit(Event{Kind: Notice, Err: err})
		session.Close()
		return func([]byte) {}, func(error) {}
	}
	detail := fmt.Sprintf("identity %q", identity)
	if session.ConnectionID() {
		detail += ", with Connection ID"
	}
	s.emit(Event{Kind: Secured, Remote: p.remote(), Detail: detail})
	return p.receive, func(cause error) {
		endpoint := s.endpointOf(p)
		s.removePeer(p)
		s.emit(Event{Kind: Unsecured, Endpoint: endpoint, Remote: p.remote(), Detail: fmt.Sprintf("end of session, identity %q", identity), Err: cause})
	}
}

// serve answers a client's request.
func (s *Server) serve(p *peer, request *coap.Message) coap.Response {
	response := s.dispatch(p, request)
	response.Delay = s.faults.delay()
	if !response.Code.Success() {
		s.emit(Event{
			Kind: Refused, Endpoint: s.endpointOf(p), Remote: p.remote(), Path: request.Path(), Code: response.Code.String(),
			Err: errors.New(string(response.Payload)),
		})
	}
	return response
}

func (s *Server) dispatch(p *peer, request *coap.Message) coap.Response {
	path := request.Strings(coap.URIPath)
	first := ""
	if len(path) > 0 {
		first = path[0]
	}
	switch {
	case p.bootstrap && first == "bs" && len(path) == 1:
		return s.serveBootstrap(p, request)
	case first == "images" && len(path) == 2:
		return s.serveImage(p, request, path[1])
	case p.bootstrap:
		return coap.Refuse(coap.NotFound, "this is a bootstrap server: it has /bs only")
	case first == "rd" && len(path) == 1:
		return s.register(p, request)
	case first == "rd" && len(path) == 2:
		return s.existing(p, request, path[1])
	case first == "dp" && len(path) == 1:
		return s.send(p, request)
	}
	return coap.Refuse(coap.NotFound, "this server has /rd, /rd/LOCATION, /dp and /images/NAME (OMA-TS-Transport 1.1.1 section 6.4)")
}
