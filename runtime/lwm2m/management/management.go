// Package management answers what servers ask of a client: reading, writing, creating, deleting, executing, discovering, attributes, composite
// operations and observing (OMA Core 1.1.1, 6.3 and 6.4; Transport 1.1.1, 6.4), and what the bootstrap server asks while a bootstrap goes on (Core
// 1.1.1, 6.1). It tells the operations apart, decodes, lets the tree do them, and encodes. It starts nothing and knows no clock.
package management

import (
	"fmt"
	"log/slog"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/attribute"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// Peer is who a request comes from: known by the connection over which it came, never by anything in the request.
type Peer struct {
	SSID      uint16 // Short Server ID; of no matter for the bootstrap server
	Bootstrap bool   // the bootstrap server
}

// Observer keeps the observations. Its methods are called from Serve.
type Observer interface {
	// Observe begins an observation, or replaces the one with the same token. paths is one path, unless it is a composite one. The values of the answer are
	// read after it has returned. sequence is the answer's Observe option. An *lwm2m.Error is the answer instead.
	Observe(peer Peer, token []byte, paths []lwm2m.Path, in format.Format, composite bool) (sequence uint32, err error)
	// Cancel ends the observation with the token, if there is one; paths are what the request names.
	Cancel(peer Peer, token []byte, paths []lwm2m.Path)
	// AttributesChanged tells that the server has changed attributes at a path.
	AttributesChanged(peer Peer, at lwm2m.Path)
}

// Options are what a Server needs besides the tree, the codec and the attributes.
type Options struct {
	Observer  Observer      // nil: Observe is answered as Read, which RFC 7641, 4.1 allows
	Preferred format.Format // of answers where the server does not say; format.None for none
	MaxPaths  int           // paths of one Read-Composite (LWM2M_COMPOSITE_PATH_LIST_SIZE); 0: no limit
	// CheckAccount says what is wrong with an instance of object 0, asked at Bootstrap-Finish for each account that a server of object 1 has. nil: an
	// account needs a URI and no more.
	CheckAccount func(instance uint16) error
	// Finished is called after a Bootstrap-Finish was answered: with nil the configuration can be used and the window is closed; an error says all that
	// is missing, and the bootstrap server may go on. May be nil.
	Finished func(missing error)
	Logger   *slog.Logger // nil: what is refused is not logged
}

// Server answers requests. Its methods and those of its attributes are called by one goroutine at a time.
type Server struct {
	tree       *tree.Tree
	codec      *format.Codec
	attributes *attribute.Store
	options    Options
	window     bool
}

// New makes a server of requests.
func New(values *tree.Tree, codec *format.Codec, attributes *attribute.Store, options Options) *Server {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	return &Server{tree: values, codec: codec, attributes: attributes, options: options}
}

// OpenBootstrap lets the bootstrap server do its work from now on: its 2.04 to Bootstrap-Request has come.
func (s *Server) OpenBootstrap() { s.window = true }

// CloseBootstrap ends that: the bootstrap was given up. A Bootstrap-Finish with a usable configuration does it too.
func (s *Server) CloseBootstrap() { s.window = false }

// Critical gives the critical options that Serve understands beyond those that package coap handles itself (coap.Config.Critical).
func Critical() []coap.OptionID { return []coap.OptionID{coap.IfMatch, coap.IfNoneMatch} }

// Serve answers a request. A request that is refused has changed nothing; the reason is logged, not sent. What an operation leads to beyond the values in the
// tree follows with the response's After.
func (s *Server) Serve(peer Peer, request *coap.Request) coap.Response {
	c, err := s.parse(peer, request)
	if err == nil {
		err = c.serve()
	}
	if err != nil {
		s.options.Logger.Info("a server's request is refused", "server", peer.SSID, "bootstrap", peer.Bootstrap, "method", request.Code.String(), "path", c.name(), "reason", err)
		return refusal(err)
	}
	return c.response
}

// Handler gives a coap.Handler and coap.Streamer for the requests of one peer.
func (s *Server) Handler(peer Peer) *Handler { return &Handler{server: s, peer: peer} }

// Handler is a Server for one peer.
type Handler struct {
	server *Server
	peer   Peer
}

var (
	_ coap.Handler  = (*Handler)(nil)
	_ coap.Streamer = (*Handler)(nil)
)

// Serve implements coap.Handler.
func (h *Handler) Serve(request *coap.Request) coap.Response { return h.server.Serve(h.peer, request) }

// Stream implements coap.Streamer.
func (h *Handler) Stream(request *coap.Request) coap.Upload { return h.server.Stream(h.peer, request) }

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }
