package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/lab/lwm2m/format"
)

// operation is the body of POST /api/devices/ENDPOINT/OPERATION; which members count depends on the operation.
type operation struct {
	Path           string          `json:"path"`
	Paths          []string        `json:"paths"`      // composite
	Accept         string          `json:"accept"`     // format of the answer
	Format         string          `json:"format"`     // of the payload
	Value          json.RawMessage `json:"value"`      // of the path itself
	Items          []format.Item   `json:"items"`      // of paths at or below it
	Payload        []byte          `json:"payload"`    // in place of both: bytes as they are, base64
	Attributes     []string        `json:"attributes"` // as pmin=10
	Arguments      string          `json:"arguments"`  // of Execute
	ID             string          `json:"id"`         // of an observation
	NonConfirmable bool            `json:"nonConfirmable"`
}

func (o operation) options() ([]lwm2m.Option, error) {
	var options []lwm2m.Option
	if o.Accept != "" {
		f, err := format.Parse(o.Accept)
		if err != nil {
			return nil, inputError{err}
		}
		options = append(options, lwm2m.Accept(f))
	}
	if o.Format != "" && o.Value == nil && o.Items == nil {
		f, err := format.Parse(o.Format)
		if err != nil {
			return nil, inputError{err}
		}
		options = append(options, lwm2m.In(f))
	}
	if o.NonConfirmable {
		options = append(options, lwm2m.NonConfirmable())
	}
	return options, nil
}

// body gives the format and the value of a write.
func (o operation) body(fallback format.Format) (format.Format, any, error) {
	f := fallback
	if o.Format != "" {
		var err error
		if f, err = format.Parse(o.Format); err != nil {
			return 0, nil, inputError{err}
		}
	}
	switch {
	case o.Payload != nil:
		return f, lwm2m.Raw(o.Payload), nil
	case o.Items != nil:
		return f, o.Items, nil
	case o.Value != nil:
		value, err := format.ParseJSONValue(o.Value)
		if err != nil {
			return 0, nil, inputError{err}
		}
		return f, value, nil
	}
	return 0, nil, inputError{errors.New("the request has no value, items or payload")}
}

// answer is a device's answer to a read.
type answer struct {
	Code    string        `json:"code"`
	Format  string        `json:"format"`
	Items   []format.Item `json:"items"`
	Payload []byte        `json:"payload"` // base64
	Error   string        `json:"error,omitempty"`
}

func shown(c *lwm2m.Content, err error) (any, error) {
	if c == nil {
		return nil, err
	}
	a := answer{Code: c.Code.String(), Format: c.Format.String(), Items: c.Items, Payload: c.Payload}
	if a.Items == nil {
		a.Items = []format.Item{}
	}
	if err != nil {
		a.Error = err.Error() // the payload is wrong; show it
	}
	return a, nil
}

func (h *handler) operate(r *http.Request) (any, error) {
	device, err := h.find(r)
	if err != nil {
		return nil, err
	}
	var o operation
	if err := read(r, &o); err != nil {
		return nil, err
	}
	for _, path := range append([]string{o.Path}, o.Paths...) {
		if _, err := format.ParsePath(path); path != "" && err != nil {
			return nil, inputError{err}
		}
	}
	ctx, cancel, err := limit(r)
	if err != nil {
		return nil, err
	}
	defer cancel()
	options, err := o.options()
	if err != nil {
		return nil, err
	}
	return perform(ctx, device, r.PathValue("operation"), o, options)
}

func perform(ctx context.Context, device *lwm2m.Device, name string, o operation, options []lwm2m.Option) (any, error) {
	switch name {
	case "read":
		return shown(device.Read(ctx, o.Path, options...))
	case "read-composite":
		return shown(device.ReadComposite(ctx, o.Paths, options...))
	case "discover":
		links, err := device.Discover(ctx, o.Path, options...)
		if err != nil {
			return nil, err
		}
		return links, nil
	case "write-attributes":
		return nil, device.WriteAttributes(ctx, o.Path, o.Attributes...)
	case "execute":
		return nil, device.Execute(ctx, o.Path, o.Arguments, options...)
	case "delete":
		return nil, device.Delete(ctx, o.Path, options...)
	case "observe", "observe-composite":
		return observe(ctx, device, name, o, options)
	case "cancel":
		for _, observation := range device.Observations() {
			if observation.ID() == o.ID {
				return nil, observation.Cancel(ctx)
			}
		}
		return nil, inputError{fmt.Errorf("there is no observation with the id %q", o.ID)}
	case "forget":
		device.Forget()
		return nil, nil
	case "forget-session":
		return nil, device.ForgetSession()
	}
	return write(ctx, device, name, o, options)
}

func observe(ctx context.Context, device *lwm2m.Device, name string, o operation, options []lwm2m.Option) (any, error) {
	var observation *lwm2m.Observation
	var err error
	if name == "observe" {
		observation, err = device.Observe(ctx, o.Path, options...)
	} else {
		observation, err = device.ObserveComposite(ctx, o.Paths, options...)
	}
	if err != nil {
		return nil, err
	}
	return show(observation), nil
}

func write(ctx context.Context, device *lwm2m.Device, name string, o operation, options []lwm2m.Option) (any, error) {
	fallback := format.TLV
	if name == "write-composite" {
		fallback = format.SenMLCBOR
	}
	f, value, err := o.body(fallback)
	if err != nil {
		return nil, err
	}
	switch name {
	case "write":
		return nil, device.Write(ctx, o.Path, f, value, options...)
	case "write-partial":
		return nil, device.WritePartial(ctx, o.Path, f, value, options...)
	case "write-composite":
		return nil, device.WriteComposite(ctx, f, value, options...)
	case "create":
		location, err := device.Create(ctx, o.Path, f, value, options...)
		if err != nil {
			return nil, err
		}
		return map[string]string{"path": location}, nil
	}
	return nil, inputError{fmt.Errorf("there is no operation %q", name)}
}
