package lwm2m

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
)

// images are what clients can pull as /images/NAME.
type images struct {
	mu     sync.Mutex
	byName map[string][]byte
	tags   map[string][]byte
}

// mostImages bounds how many there can be.
const mostImages = 64

// AddImage has clients pull an image as /images/NAME. The server keeps the content, which must not change any more.
func (s *Server) AddImage(name string, content []byte) error {
	if name == "" || len(name) > 255 || strings.ContainsAny(name, "/?#") {
		return fmt.Errorf("%q is no name of an image: 1 to 255 bytes without / ? #", name)
	}
	s.images.mu.Lock()
	defer s.images.mu.Unlock()
	if _, there := s.images.byName[name]; !there && len(s.images.byName) >= mostImages {
		return fmt.Errorf("there are %d images already: remove one", mostImages)
	}
	if s.images.tags == nil {
		s.images.tags = map[string][]byte{}
	}
	sum := sha256.Sum256(content)
	s.images.byName[name], s.images.tags[name] = content, sum[:8]
	return nil
}

// RemoveImage takes an image away; it is no error if there is none.
func (s *Server) RemoveImage(name string) {
	s.images.mu.Lock()
	defer s.images.mu.Unlock()
	delete(s.images.byName, name)
	delete(s.images.tags, name)
}

// Images gives the names of the images.
func (s *Server) Images() []string {
	s.images.mu.Lock()
	defer s.images.mu.Unlock()
	return slices.Sorted(maps.Keys(s.images.byName))
}

// serveImage answers GET /images/NAME.
func (s *Server) serveImage(p *peer, request *coap.Message, name string) coap.Response {
	if request.Code != coap.Get {
		return coap.Refuse(coap.MethodNotAllowed, "an image takes GET only")
	}
	s.images.mu.Lock()
	content, ok := s.images.byName[name]
	tag := s.images.tags[name]
	s.images.mu.Unlock()
	if !ok {
		return coap.Refuse(coap.NotFound, "there is no such image")
	}
	if block, inParts := request.Uint(coap.Block2); !inParts || block>>4 == 0 {
		s.emit(Event{Kind: Fetched, Remote: p.remote(), Path: request.Path(), Detail: fmt.Sprintf("%d bytes", len(content))})
	}
	response := coap.Response{Message: coap.Message{Code: coap.Content, Payload: content}}
	response.AddUint(coap.ContentFormat, uint32(format.Opaque))
	response.Add(coap.ETag, tag)
	return response
}
