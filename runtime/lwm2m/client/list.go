package client

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/linkformat"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// coreVersions are the versions of the enabler's own objects that a 1.1 server takes for granted (reference: 4.1). That of object 4 is not
// agreed on, so it is always told.
var coreVersions = map[uint16]string{0: "1.1", 1: "1.1", 2: "1.0", 3: "1.1", 5: "1.0", 6: "1.0", 7: "1.0"}

// objectList makes the payload of a Register: what the client understands, its objects, their versions and their instances. The second value
// are the instances in it.
func (c *Client) objectList() (payload []byte, instances map[lwm2m.Path]bool, err error) {
	links := []linkformat.Link{{Target: "/", Attributes: []linkformat.Attribute{{Name: "rt", Value: "oma.lwm2m", Quoted: true}, c.formats()}}}
	instances = map[lwm2m.Path]bool{}
	for _, object := range c.tree.Listings() {
		id := object.Definition.ID
		if tree.Hidden(id) {
			continue
		}
		path := lwm2m.NewPath(id)
		link := linkformat.Link{Target: path.String()}
		if version := object.Definition.Version; version != cmp.Or(coreVersions[id], defaultVersion(id)) {
			link.Attributes = []linkformat.Attribute{{Name: "ver", Value: version}}
		}
		if len(link.Attributes) > 0 || len(object.Instances) == 0 {
			links = append(links, link)
		}
		for _, instance := range object.Instances {
			at := path.Child(instance)
			instances[at] = true
			links = append(links, linkformat.Link{Target: at.String()})
		}
	}
	payload, err = linkformat.Append(nil, links...)
	return payload, instances, err
}

func defaultVersion(object uint16) string {
	if object == 4 {
		return "" // none: always told
	}
	return "1.0"
}

// formats gives ct: the formats that are on, but for the plain ones that every client has.
func (c *Client) formats() linkformat.Attribute {
	var numbers []string
	all := []format.Format{format.CBOR, format.SenMLJSON, format.SenMLCBOR, format.TLV, format.JSON}
	slices.Sort(all)
	for _, each := range all {
		if c.codec.Supports(each) {
			numbers = append(numbers, strconv.Itoa(int(each)))
		}
	}
	if len(numbers) == 0 {
		numbers = []string{strconv.Itoa(int(format.Text))}
	}
	return linkformat.Attribute{Name: "ct", Value: strings.Join(numbers, " "), Quoted: len(numbers) > 1}
}
