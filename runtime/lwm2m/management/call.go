package management

import (
	"errors"
	"math"
	"strings"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// call is one request, read.
type call struct {
	*Server
	peer     Peer
	request  *coap.Request
	path     lwm2m.Path
	finish   bool // the path is /bs
	accept   wanted
	content  wanted
	response coap.Response
}

// wanted is a format that an option names, or does not.
type wanted struct {
	format format.Format
	given  bool
}

// parse reads the options of a request. The call is never nil, and good for the log after an error too.
func (s *Server) parse(peer Peer, request *coap.Request) (*call, error) {
	c := &call{Server: s, peer: peer, request: request}
	for _, each := range request.Options {
		if each.ID%2 == 1 && !known(each.ID) {
			return c, lwm2m.Errorf(statusBadOption, "the critical option %d is not known", each.ID)
		}
	}
	segments := request.Options.Strings(coap.URIPath)
	var err error
	if c.finish = len(segments) == 1 && segments[0] == "bs"; !c.finish {
		if c.path, err = lwm2m.ParseSegments(segments); err != nil {
			return c, lwm2m.Errorf(lwm2m.StatusNotFound, "%v", err)
		}
	}
	if c.accept, err = c.formatOf(coap.Accept, lwm2m.StatusNotAcceptable); err != nil {
		return c, err
	}
	if c.content, err = c.formatOf(coap.ContentFormat, lwm2m.StatusUnsupportedContentFormat); err != nil {
		return c, err
	}
	return c, nil
}

// statusBadOption is not one of LwM2M's own.
const statusBadOption = lwm2m.Status(coap.BadOption)

// known tells whether a critical option is understood. Those of blocks are package coap's, and do not matter any more.
func known(id coap.OptionID) bool {
	switch id {
	case coap.IfMatch, coap.URIHost, coap.IfNoneMatch, coap.URIPort, coap.URIPath, coap.URIQuery, coap.Accept, coap.Block1, coap.Block2:
		return true
	}
	return false
}

func (c *call) formatOf(id coap.OptionID, refused lwm2m.Status) (wanted, error) {
	if _, given := c.request.Options.Get(id); !given {
		return wanted{}, nil
	}
	number, valid := c.request.Options.Uint(id)
	if !valid || number >= math.MaxUint16 {
		return wanted{}, lwm2m.Errorf(refused, "option %d names no content format", id)
	}
	return wanted{format: format.Format(number), given: true}, nil
}

// name gives the path for the log.
func (c *call) name() string {
	if c.finish {
		return "/bs"
	}
	if c.path.Level() > lwm2m.LevelRoot {
		return c.path.String()
	}
	name := "/" + strings.Join(c.request.Options.Strings(coap.URIPath), "/")
	return name[:min(len(name), 64)]
}

// serve fills in the response, but for an error. It tells the operations apart (Transport 1.1.1, 6.4.3 and 6.4.4).
func (c *call) serve() error {
	if c.peer.Bootstrap {
		return c.serveBootstrap()
	}
	level := c.path.Level()
	if c.finish {
		return lwm2m.Errorf(lwm2m.StatusNotFound, "only the bootstrap server ends a bootstrap")
	}
	if level >= lwm2m.LevelObject && tree.Hidden(c.path.Object()) {
		return lwm2m.Errorf(lwm2m.StatusUnauthorized, "%v: the object is for the bootstrap server alone", c.path)
	}
	if err := c.precondition(); err != nil {
		return err
	}
	switch c.request.Code {
	case coap.GET:
		if c.accept.given && c.accept.format == format.LinkFormat {
			return c.discover()
		}
		return c.read()
	case coap.PUT:
		if c.content.given || len(c.request.Payload) > 0 {
			return c.write(tree.Replace)
		}
		return c.writeAttributes()
	case coap.POST:
		switch level {
		case lwm2m.LevelInstance:
			return c.write(tree.Update)
		case lwm2m.LevelResource:
			return c.execute()
		case lwm2m.LevelResourceInstance:
			if err := c.tree.Check(c.peer.SSID, c.path); err != nil {
				return err
			}
			return c.notAllowed()
		}
		return c.create()
	case coap.DELETE:
		return c.delete()
	case coap.FETCH:
		return c.readComposite()
	case coap.IPATCH:
		return c.writeComposite()
	}
	return c.notAllowed()
}

func (c *call) notAllowed() error {
	return lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "method %v cannot be used with %s", c.request.Code, c.name())
}

// precondition does If-Match and If-None-Match (RFC 7252, 5.10.8): there are no entity tags that last beyond one transfer, so only being there can match.
func (c *call) precondition() error {
	_, unless := c.request.Options.Get(coap.IfNoneMatch)
	tags := c.request.Options.Strings(coap.IfMatch)
	if !unless && len(tags) == 0 {
		return nil
	}
	exists := c.tree.Exists(c.path)
	if unless && exists {
		return lwm2m.Errorf(lwm2m.StatusPreconditionFailed, "%v exists, and If-None-Match wants it not to", c.path)
	}
	for _, tag := range tags {
		if tag == "" && exists {
			return nil
		}
	}
	if len(tags) > 0 {
		return lwm2m.Errorf(lwm2m.StatusPreconditionFailed, "%v is not as If-Match wants it", c.path)
	}
	return nil
}

// contentOr gives the payload's format, text where the request does not say.
func (c *call) contentOr(other format.Format) format.Format {
	if c.content.given {
		return c.content.format
	}
	return other
}

// encode answers with values.
func (c *call) encode(in format.Format, items []lwm2m.Item) error {
	payload, err := c.codec.Append(nil, in, c.path, items, c.tree)
	if err != nil {
		return err
	}
	return c.contentOf(in, payload)
}

func (c *call) contentOf(in format.Format, payload []byte) error {
	c.response.Options.SetUint(coap.ContentFormat, uint32(in))
	c.response.Payload = payload
	return c.answer(coap.Content, nil)
}

// answer completes the response.
func (c *call) answer(code coap.Code, after func()) error {
	c.response.Code, c.response.After = code, after
	return nil
}

// refusal answers with an error: its status, 5.00 if it has none.
func refusal(err error) coap.Response {
	code := coap.InternalServerError
	if refused, is := errors.AsType[*lwm2m.Error](err); is {
		code = coap.Code(refused.Status)
	}
	return coap.Response{Message: coap.Message{Code: code}}
}

// incomparable stands in structs that nobody compares, for which the compiler makes no function then.
type incomparable [0]func()
