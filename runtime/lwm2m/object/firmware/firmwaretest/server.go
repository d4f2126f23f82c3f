// Package firmwaretest asks object 5 as a server does, for tests of the object and of its targets.
package firmwaretest

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/attribute"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/management"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// Server manages one client. It is used within a synctest bubble. Answers are given as their codes, like 2.04.
type Server struct {
	T      testing.TB
	Upload coap.Upload // the push that goes on
	Values *tree.Tree  // what the client has
	server *management.Server
}

// Attach begins anew, with a client that has this object.
func (s *Server) Attach(object lwm2m.Object) {
	s.T.Helper()
	s.Upload, s.Values = nil, tree.New()
	if err := s.Values.Add(object); err != nil {
		s.T.Fatal(err)
	}
	codec := format.New(format.Config{TLV: true, SenMLCBOR: true})
	s.server = management.New(s.Values, codec, attribute.NewStore(attribute.Config{Max: 5}), management.Options{Preferred: format.None})
}

// Status gives state and result as 1/0, once nothing moves any more.
func (s *Server) Status() string {
	s.T.Helper()
	synctest.Wait()
	state, _ := s.Values.Get(lwm2m.NewPath(5, 0, 3))
	result, known := s.Values.Get(lwm2m.NewPath(5, 0, 5))
	if !known {
		s.T.Fatal("/5/0/5 is not there")
	}
	return fmt.Sprintf("%d/%d", state.Int(), result.Int())
}

// Want compares state and result.
func (s *Server) Want(what, status string) {
	s.T.Helper()
	if got := s.Status(); got != status {
		s.T.Fatalf("%s: state and result are %s, want %s", what, got, status)
	}
}

// Request makes a request of a resource; content is that of the payload, negative for none.
func Request(code coap.Code, resource string, content int, payload []byte) *coap.Request {
	r := &coap.Request{Confirmable: true, Token: []byte("t")}
	r.Code, r.Payload = code, payload
	for _, segment := range []string{"5", "0", resource} {
		r.Options.AddString(coap.URIPath, segment)
	}
	if content >= 0 {
		r.Options.SetUint(coap.ContentFormat, uint32(content))
	}
	return r
}

// Serve asks, and gives the answer whole.
func (s *Server) Serve(r *coap.Request) coap.Response {
	return s.server.Serve(management.Peer{SSID: 1}, r)
}

// Do asks, and does what is due after the answer.
func (s *Server) Do(r *coap.Request) string { return done(s.Serve(r)) }

func done(response coap.Response) string {
	if response.After != nil {
		response.After()
	}
	return response.Code.String()
}

// URI writes the package URI.
func (s *Server) URI(text string) string { return s.Do(Request(coap.PUT, "1", 0, []byte(text))) }

// Execute executes Update.
func (s *Server) Execute() string { return s.Do(Request(coap.POST, "2", -1, nil)) }

// Pack writes the package at once.
func (s *Server) Pack(whole string) string { return s.Do(Request(coap.PUT, "0", 42, []byte(whole))) }

// Begin starts a block-wise push, and gives the error answer to its first block or that the next one is asked for.
func (s *Server) Begin(size uint32, part string) string {
	s.T.Helper()
	r := Request(coap.PUT, "0", 42, nil)
	if size > 0 {
		r.Options.SetUint(coap.Size1, size)
	}
	if s.Upload = s.server.Stream(management.Peer{SSID: 1}, r); s.Upload == nil {
		s.T.Fatal("the package is not streamed")
	}
	return s.More(part)
}

// More writes a further block.
func (s *Server) More(part string) string {
	if response := s.Upload.Write([]byte(part)); response != nil {
		return response.Code.String()
	}
	return "2.31"
}

// Last writes the last block.
func (s *Server) Last(part string) string {
	if code := s.More(part); code != "2.31" {
		return code
	}
	return done(s.Upload.Commit())
}
