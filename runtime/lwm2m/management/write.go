package management

import (
	"strconv"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/attribute"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// write does Write at an instance, a resource or a resource instance.
func (c *call) write(mode tree.Mode) error {
	if err := c.tree.CheckWrite(c.peer.SSID, c.path); err != nil {
		return err
	}
	items, err := c.codec.Decode(c.contentOr(format.Text), c.path, c.request.Payload, c.tree)
	if err != nil {
		return err
	}
	after, err := c.tree.Write(c.peer.SSID, c.path, mode, items)
	if err != nil {
		return err
	}
	return c.answer(coap.Changed, after)
}

// writeAttributes does Write-Attributes.
func (c *call) writeAttributes() error {
	if err := c.tree.Check(c.peer.SSID, c.path); err != nil {
		return err
	}
	change, err := attribute.ParseQuery(c.request.Options.Strings(coap.URIQuery))
	if err != nil {
		return err
	}
	kind := lwm2m.TypeNone
	if c.path.Level() >= lwm2m.LevelResource {
		if definition, found := c.tree.Definition(c.path.Object()); found {
			if resource, found := definition.Resource(c.path.Resource()); found {
				kind = resource.Type
			}
		}
	}
	if err := c.attributes.Write(c.peer.SSID, c.path, kind, change); err != nil {
		return err
	}
	if c.options.Observer != nil {
		c.options.Observer.AttributesChanged(c.peer, c.path)
	}
	return c.answer(coap.Changed, nil)
}

// execute does Execute.
func (c *call) execute() error {
	if err := c.tree.CheckExecute(c.peer.SSID, c.path); err != nil {
		return err
	}
	if in := c.contentOr(format.Text); in != format.Text {
		return lwm2m.Errorf(lwm2m.StatusUnsupportedContentFormat, "%v: arguments of execute are text, not %v", c.path, in)
	}
	arguments, err := tree.ParseArguments(string(c.request.Payload))
	if err != nil {
		return err
	}
	after, err := c.tree.Execute(c.peer.SSID, c.path, arguments)
	if err != nil {
		return err
	}
	return c.answer(coap.Changed, after)
}

// create does Create. The answer always says which instance it was.
func (c *call) create() error {
	if err := c.tree.CheckCreate(c.peer.SSID, c.path); err != nil {
		return err
	}
	at, items := c.path, []lwm2m.Item(nil)
	if c.content.given || len(c.request.Payload) > 0 {
		id, hasID, given, err := c.codec.DecodeCreate(c.contentOr(format.Text), c.path.Object(), c.request.Payload, c.tree)
		if err != nil {
			return err
		}
		items = given
		switch free, found := c.tree.FreeInstance(c.path.Object()); {
		case hasID:
			at = c.path.Child(id)
		case found:
			at = free
			move(items, free)
		}
	}
	instance, after, err := c.tree.CreateInstance(c.peer.SSID, at, items)
	if err != nil {
		return err
	}
	c.response.Options.AddString(coap.LocationPath, strconv.Itoa(int(instance.Object())))
	c.response.Options.AddString(coap.LocationPath, strconv.Itoa(int(instance.Instance())))
	return c.answer(coap.Created, after)
}

// move makes values of instance 0 into those of another.
func move(items []lwm2m.Item, to lwm2m.Path) {
	for i := range items {
		from := items[i].Path
		path := to.Child(from.Resource())
		if from.Level() == lwm2m.LevelResourceInstance {
			path = path.Child(from.ResourceInstance())
		}
		items[i].Path = path
	}
}

// delete does Delete: what was set at the instance or below it goes with it.
func (c *call) delete() error {
	after, err := c.tree.DeleteInstance(c.peer.SSID, c.path)
	if err != nil {
		return err
	}
	c.attributes.Remove(c.path)
	return c.answer(coap.Deleted, after)
}

// writeComposite does Write-Composite.
func (c *call) writeComposite() error {
	if c.path.Level() != lwm2m.LevelRoot {
		return c.notAllowed()
	}
	if _, err := c.compositeFormat(); err != nil {
		return err
	}
	items, err := c.codec.Decode(c.content.format, lwm2m.Path{}, c.request.Payload, c.tree)
	if err != nil {
		return err
	}
	after, err := c.tree.WriteComposite(c.peer.SSID, items)
	if err != nil {
		return err
	}
	return c.answer(coap.Changed, after)
}
