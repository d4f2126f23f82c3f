package management

import (
	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
)

// The values of the Observe option in a request (RFC 7641, 2).
const (
	observeRegister   = 0
	observeDeregister = 1
)

// read does Read, Observe and Cancel of one path.
func (c *call) read() error {
	items, err := c.tree.Read(c.peer.SSID, c.path)
	if err != nil {
		return err
	}
	in, err := c.codec.Choose(c.accept.format, c.accept.given, c.options.Preferred, c.path, items)
	if err != nil {
		return err
	}
	return c.observable([]lwm2m.Path{c.path}, in, false, func() error {
		items, err := c.tree.Read(c.peer.SSID, c.path)
		if err != nil {
			return err
		}
		return c.encode(in, items)
	})
}

// observable answers a request for values that may have the Observe option. An observation begins before the values of the answer are read, so
// that no change is lost in between; it does not begin if there is no answer.
func (c *call) observable(paths []lwm2m.Path, in format.Format, composite bool, values func() error) error {
	observe, given := c.request.Options.Uint(coap.Observe)
	if !given || c.options.Observer == nil {
		return values()
	}
	switch observe {
	case observeRegister:
		sequence, err := c.options.Observer.Observe(c.peer, c.request.Token, paths, in, composite)
		if err != nil {
			return err
		}
		if err := values(); err != nil {
			c.options.Observer.Cancel(c.peer, c.request.Token, paths)
			return err
		}
		c.response.Options.SetUint(coap.Observe, sequence)
		return nil
	case observeDeregister:
		c.options.Observer.Cancel(c.peer, c.request.Token, paths)
	}
	return values()
}

// readComposite does Read-Composite, Observe-Composite and its Cancel.
func (c *call) readComposite() error {
	if c.path.Level() != lwm2m.LevelRoot {
		return c.notAllowed()
	}
	in, err := c.compositeFormat()
	if err != nil {
		return err
	}
	paths, err := c.codec.DecodePaths(c.content.format, c.request.Payload)
	if err != nil {
		return err
	}
	if c.options.MaxPaths > 0 && len(paths) > c.options.MaxPaths {
		return lwm2m.Errorf(lwm2m.StatusRequestEntityTooLarge, "a composite of %d paths, %d are possible (LWM2M_COMPOSITE_PATH_LIST_SIZE)",
			len(paths), c.options.MaxPaths)
	}
	return c.observable(paths, in, true, func() error {
		return c.encode(in, c.tree.ReadComposite(c.peer.SSID, paths))
	})
}

// compositeFormat checks the formats of a composite operation, which has to name its own, and gives that of the answer: Accept's, else the request's.
func (c *call) compositeFormat() (format.Format, error) {
	if !c.content.given || !isComposite(c.content.format) || !c.codec.Supports(c.content.format) {
		return format.None, lwm2m.Errorf(lwm2m.StatusUnsupportedContentFormat, "a composite operation has to be in SenML, and in one that is on")
	}
	if !c.accept.given {
		return c.content.format, nil
	}
	if !isComposite(c.accept.format) || !c.codec.Supports(c.accept.format) {
		return format.None, lwm2m.Errorf(lwm2m.StatusNotAcceptable, "a composite operation is answered in SenML, not in %v", c.accept.format)
	}
	return c.accept.format, nil
}

func isComposite(f format.Format) bool { return f == format.SenMLCBOR || f == format.SenMLJSON }
