package lwm2m

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cloudgen/cloudgen/lab/lwm2m/coap"
	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
)

// Raw is a payload that is sent as it is.
type Raw []byte

// choice is what Options set.
type choice struct {
	accept         *format.Format
	format         format.Format
	nonConfirmable bool
	progress       func(sent, total int)
	query          []string
}

// Option changes an operation.
type Option func(*choice)

// Accept asks for a format of the answer.
func Accept(f format.Format) Option { return func(c *choice) { c.accept = &f } }

// In sets the format of the path list of composite operations; without it SenML CBOR.
func In(f format.Format) Option { return func(c *choice) { c.format = f } }

// NonConfirmable has the request go as NON.
func NonConfirmable() Option { return func(c *choice) { c.nonConfirmable = true } }

// Progress is told how much of a body in blocks has arrived, in bytes.
func Progress(f func(sent, total int)) Option { return func(c *choice) { c.progress = f } }

// Query adds a Uri-Query option.
func Query(query string) Option { return func(c *choice) { c.query = append(c.query, query) } }

func choose(options []Option) choice {
	c := choice{format: format.SenMLCBOR}
	for _, option := range options {
		option(&c)
	}
	return c
}

// request makes the request of an operation.
func (c choice) request(code coap.Code) coap.Message {
	m := coap.Message{Code: code, NonConfirmable: c.nonConfirmable}
	m.AddString(coap.URIQuery, c.query...)
	if c.accept != nil {
		m.AddUint(coap.Accept, uint32(*c.accept))
	}
	return m
}

// Content is what an answer or a notification carries.
type Content struct {
	Code    coap.Code
	Format  format.Format // of the payload
	Payload []byte
	Items   []format.Item
}

// Value gives the value at a path; nil if it is not there.
func (c *Content) Value(path string) any {
	for _, item := range c.Items {
		if item.Path == path {
			return item.Value
		}
	}
	return nil
}

// content reads the payload of an answer.
func (s *Server) content(path string, m *coap.Message) (*Content, error) {
	c := &Content{Code: m.Code, Payload: m.Payload}
	number, ok := m.Uint(coap.ContentFormat)
	if !ok && len(m.Payload) > 0 {
		return c, errors.New("the payload has no Content-Format")
	}
	c.Format = format.Format(number)
	if !ok {
		return c, nil
	}
	var err error
	c.Items, err = format.Decode(c.Format, path, m.Payload, s.definitions)
	return c, err
}

// expect wants one of the codes that an operation has for success.
func expect(x exchange, codes ...coap.Code) error {
	for _, code := range codes {
		if x.response.Code == code {
			return nil
		}
	}
	return fmt.Errorf("the client answers %v; success of this operation is %v", x.response.Code, codes)
}

// Read reads a path of one to four levels. Without Accept the client chooses the format. If the payload is wrong the error comes with the content as
// far as it could be read.
func (d *Device) Read(ctx context.Context, path string, options ...Option) (*Content, error) {
	x, err := d.do(ctx, opRead, path, choose(options).request(coap.Get), coap.Options{})
	if err != nil {
		return nil, err
	}
	if err := expect(x, coap.Content); err != nil {
		return nil, fmt.Errorf("Read %s: %w", path, err)
	}
	c, err := d.server.content(path, x.response)
	if err != nil {
		return c, fmt.Errorf("Read %s: %w", path, err)
	}
	return c, nil
}

// Discover gives the links of a path with their attributes.
func (d *Device) Discover(ctx context.Context, path string, options ...Option) ([]format.CoreLinkItem, error) {
	request := choose(append(options, Accept(format.LinkFormat))).request(coap.Get)
	x, err := d.do(ctx, opDiscover, path, request, coap.Options{})
	if err != nil {
		return nil, err
	}
	number, _ := x.response.Uint(coap.ContentFormat)
	if format.Format(number) != format.LinkFormat {
		return nil, fmt.Errorf("Discover %s: the answer is %v, not link-format", path, format.Format(number))
	}
	links, err := format.ParseLinks(x.response.Payload)
	if err != nil {
		return links, fmt.Errorf("Discover %s: %w", path, err)
	}
	return links, nil
}

// body puts a value into a request: a format.Item list, a Raw payload, or one value of the path itself (see format.Item for the types).
func (d *Device) body(request *coap.Message, path string, f format.Format, value any) error {
	request.AddUint(coap.ContentFormat, uint32(f))
	var items []format.Item
	switch v := value.(type) {
	case Raw:
		request.Payload = v
		return nil
	case []format.Item:
		items = v
	default:
		items = []format.Item{{Path: path, Value: v}}
	}
	var err error
	request.Payload, err = format.Encode(f, path, format.Fit(items, d.server.definitions))
	return err
}

func (d *Device) write(ctx context.Context, operation string, code coap.Code, path string, f format.Format, value any, options []Option) (exchange, error) {
	c := choose(options)
	request := c.request(code)
	if err := d.body(&request, path, f, value); err != nil {
		return exchange{}, fmt.Errorf("%s %s: %w", operation, path, err)
	}
	return d.do(ctx, operation, path, request, coap.Options{Progress: c.progress})
}

// Write replaces an instance, a resource or a resource instance (PUT). The value is a list of format.Item, Raw, or the one value of the path.
func (d *Device) Write(ctx context.Context, path string, f format.Format, value any, options ...Option) error {
	x, err := d.write(ctx, opWrite, coap.Put, path, f, value, options)
	if err != nil {
		return err
	}
	return expect(x, coap.Changed)
}

// WritePartial updates what is named in an instance (POST).
func (d *Device) WritePartial(ctx context.Context, path string, f format.Format, value any, options ...Option) error {
	x, err := d.write(ctx, opWritePartial, coap.Post, path, f, value, options)
	if err != nil {
		return err
	}
	return expect(x, coap.Changed)
}

// WriteAttributes sets attributes, as pmin=10, and unsets them, as pmin.
func (d *Device) WriteAttributes(ctx context.Context, path string, attributes ...string) error {
	c := choose(nil)
	c.query = attributes
	x, err := d.do(ctx, opWriteAttributes, path, c.request(coap.Put), coap.Options{})
	if err != nil {
		return err
	}
	return expect(x, coap.Changed)
}

// Execute executes a resource. Arguments are sent as they are; "" sends none.
func (d *Device) Execute(ctx context.Context, path, arguments string, options ...Option) error {
	request := choose(options).request(coap.Post)
	if arguments != "" {
		request.AddUint(coap.ContentFormat, uint32(format.Text))
		request.Payload = []byte(arguments)
	}
	x, err := d.do(ctx, opExecute, path, request, coap.Options{})
	if err != nil {
		return err
	}
	return expect(x, coap.Changed)
}

// Create creates an instance of the object at a path. The items name the new instance, or have format.NoID in its place, which TLV can say only.
// It returns the path of the new instance: that of Location-Path, or that of the items.
func (d *Device) Create(ctx context.Context, path string, f format.Format, value any, options ...Option) (string, error) {
	x, err := d.write(ctx, opCreate, coap.Post, path, f, value, options)
	if err != nil {
		return "", err
	}
	if err := expect(x, coap.Created); err != nil {
		return "", err
	}
	if location := x.response.Strings(coap.LocationPath); len(location) > 0 {
		return "/" + strings.Join(location, "/"), nil
	}
	if items, ok := value.([]format.Item); ok && len(items) > 0 {
		p, err := format.ParsePath(items[0].Path)
		if err == nil && len(p) > 2 && p[1] != format.NoID {
			return p[:2].String(), nil
		}
	}
	return "", errors.New("the client chose the instance and told no Location-Path (reference 6.2)")
}

// Delete deletes an instance.
func (d *Device) Delete(ctx context.Context, path string, options ...Option) error {
	x, err := d.do(ctx, opDelete, path, choose(options).request(coap.Delete), coap.Options{})
	if err != nil {
		return err
	}
	return expect(x, coap.Deleted)
}

// composite makes a request with a list of paths.
func composite(c choice, paths []string) (coap.Message, error) {
	request := c.request(coap.Fetch)
	request.AddUint(coap.ContentFormat, uint32(c.format))
	var err error
	request.Payload, err = format.EncodePaths(c.format, paths)
	return request, err
}

// ReadComposite reads several paths of any level. What does not exist is not in the answer.
func (d *Device) ReadComposite(ctx context.Context, paths []string, options ...Option) (*Content, error) {
	request, err := composite(choose(options), paths)
	if err != nil {
		return nil, err
	}
	x, err := d.do(ctx, opReadComposite, "/", request, coap.Options{})
	if err != nil {
		return nil, err
	}
	if err := expect(x, coap.Content); err != nil {
		return nil, err
	}
	c, err := d.server.content("/", x.response)
	if err != nil {
		return c, fmt.Errorf("Read-Composite: %w", err)
	}
	return c, nil
}

// WriteComposite writes resources and resource instances of several objects, all or none.
func (d *Device) WriteComposite(ctx context.Context, f format.Format, value any, options ...Option) error {
	x, err := d.write(ctx, opWriteComposite, coap.IPatch, "/", f, value, options)
	if err != nil {
		return err
	}
	return expect(x, coap.Changed)
}

// Do sends any request, for input that the other methods do not make. Any code is an answer, not an error.
func (d *Device) Do(ctx context.Context, path string, request coap.Message) (*coap.Message, error) {
	x, err := d.do(ctx, opRaw, path, request, coap.Options{})
	if _, answered := errors.AsType[*CodeError](err); answered {
		return x.response, nil
	}
	return x.response, err
}

// PushFirmware writes an image to /5/0/0 in blocks.
func (d *Device) PushFirmware(ctx context.Context, image []byte, options ...Option) error {
	return d.Write(ctx, "/5/0/0", format.Opaque, Raw(image), options...)
}
