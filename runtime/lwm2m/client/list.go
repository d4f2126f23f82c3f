package client

import (
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/management"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// objectList makes the payload of a Register: what the client understands, its objects, their versions and their instances. The second value
// are the instances in it.
func (c *Client) objectList() (payload []byte, instances map[lwm2m.Path]bool, err error) {
	listings := c.tree.Listings()
	instances = map[lwm2m.Path]bool{}
	for _, object := range listings {
		if tree.Hidden(object.Definition.ID) {
			continue
		}
		for _, instance := range object.Instances {
			instances[lwm2m.NewPath(object.Definition.ID, instance)] = true
		}
	}
	payload, err = management.ObjectList(listings, c.codec)
	return payload, instances, err
}
