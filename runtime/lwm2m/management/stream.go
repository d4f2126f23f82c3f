package management

import (
	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
)

// Stream takes a large Write of a resource that its object takes as it comes (lwm2m.Uploader), if the payload is the bare bytes (Content-Format 42). nil
// means that the request is to be put together and served.
func (s *Server) Stream(peer Peer, request *coap.Request) coap.Upload {
	c, err := s.parse(peer, request)
	if err != nil || peer.Bootstrap || request.Code != coap.PUT || c.path.Level() != lwm2m.LevelResource || c.content.format != format.Opaque || c.precondition() != nil {
		return nil
	}
	size := int64(-1)
	if announced, given := request.Options.Uint(coap.Size1); given {
		size = int64(announced)
	}
	into, streams, err := s.tree.Upload(peer.SSID, c.path, size)
	if err != nil {
		return &upload{call: c, refused: err}
	}
	if !streams {
		return nil
	}
	return &upload{call: c, into: into}
}

// upload is a value on its way to its object. It is refused at its first part if the object does not take it.
type upload struct {
	_       incomparable
	call    *call
	into    lwm2m.Upload
	refused error
}

// Write implements coap.Upload.
func (u *upload) Write(part []byte) *coap.Response {
	err := u.refused
	if err == nil {
		_, err = u.into.Write(part)
	}
	if err == nil {
		return nil
	}
	response := u.refuse(err)
	return &response
}

// Commit implements coap.Upload.
func (u *upload) Commit() coap.Response {
	if u.refused != nil {
		return u.refuse(u.refused)
	}
	after, err := u.into.Commit()
	if err != nil {
		return u.refuse(err)
	}
	return coap.Response{Message: coap.Message{Code: coap.Changed}, After: after}
}

// Abort implements coap.Upload.
func (u *upload) Abort(cause error) {
	if u.refused == nil {
		u.into.Abort(cause)
	}
}

func (u *upload) refuse(err error) coap.Response {
	u.call.options.Logger.Info("a server's upload is refused", "server", u.call.peer.SSID, "path", u.call.path.String(), "reason", err)
	return refusal(err)
}
