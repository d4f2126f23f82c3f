package management

import (
	"strconv"
	"strings"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/linkformat"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// discover does Discover (Core 1.1.1, 6.3.2): what is there, and the attributes of the asking server. The path itself shows what it inherits too, if
// it is a resource; what lies below shows its own alone.
func (c *call) discover() error {
	nodes, err := c.tree.Discover(c.peer.SSID, c.path)
	if err != nil {
		return err
	}
	var text []byte
	for i, node := range nodes {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, '<')
		text = node.Path.Append(text)
		text = append(text, '>')
		if node.Multiple {
			text = append(text, ";dim="...)
			text = strconv.AppendInt(text, int64(node.Instances), 10)
		}
		if node.Path.Level() == lwm2m.LevelObject {
			if definition, found := c.tree.Definition(node.Path.Object()); found && versionNeeded(definition) {
				text = append(append(text, ";ver="...), definition.Version...)
			}
		}
		set := c.attributes.Own(c.peer.SSID, node.Path)
		if node.Path == c.path {
			set = c.attributes.Discover(c.peer.SSID, node.Path)
		}
		text = set.AppendLink(text)
	}
	return c.contentOf(format.LinkFormat, text)
}

// versionNeeded tells whether a server has to be told an object's version, because it would assume another with lwm2m=1.1 (Core 1.1.1, 7.2.2). For
// object 4 sources differ on what it would assume, so it is always told.
func versionNeeded(definition *lwm2m.Definition) bool {
	assumed := "1.0"
	switch definition.ID {
	case 0, 1, 3:
		assumed = "1.1"
	case 4:
		assumed = ""
	}
	return definition.Version != "" && definition.Version != assumed
}

// ObjectList gives what Register and Update tell of the objects, in link-format (Core 1.1.1, 6.2.1): the formats that are on beside text, then each object's
// instances; the object itself where its version has to be told or where it has no instance. Hidden objects are left out.
func ObjectList(listings []tree.Listing, codec *format.Codec) ([]byte, error) {
	links := []linkformat.Link{{Target: "/", Attributes: []linkformat.Attribute{{Name: "rt", Value: "oma.lwm2m", Quoted: true}}}}
	var formats []string
	for _, f := range []format.Format{format.CBOR, format.SenMLJSON, format.SenMLCBOR, format.TLV, format.JSON} {
		if codec.Supports(f) {
			formats = append(formats, strconv.Itoa(int(f)))
		}
	}
	if len(formats) == 0 {
		formats = []string{strconv.Itoa(int(format.Text))}
	}
	links[0].Attributes = append(links[0].Attributes, linkformat.Attribute{Name: "ct", Value: strings.Join(formats, " "), Quoted: len(formats) > 1})
	for _, listing := range listings {
		if tree.Hidden(listing.Definition.ID) {
			continue
		}
		links = appendObject(links, listing)
		for _, id := range listing.Instances {
			links = append(links, linkformat.Link{Target: lwm2m.NewPath(listing.Definition.ID, id).String()})
		}
	}
	return linkformat.Append(nil, links...)
}

// appendObject adds the link of an object itself, if it is needed.
func appendObject(links []linkformat.Link, listing tree.Listing) []linkformat.Link {
	object := linkformat.Link{Target: lwm2m.NewPath(listing.Definition.ID).String()}
	if versionNeeded(listing.Definition) {
		object.Attributes = []linkformat.Attribute{{Name: "ver", Value: listing.Definition.Version}}
	} else if len(listing.Instances) > 0 {
		return links
	}
	return append(links, object)
}
