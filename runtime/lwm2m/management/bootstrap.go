package management

import (
	"errors"
	"slices"
	"strconv"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/linkformat"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

// Objects and resources of the accounts (Core 1.1.1, E.1 and E.2).
const (
	objectSecurity = 0
	objectServer   = 1

	securityURI         = 0
	securityIsBootstrap = 1
	securitySSID        = 10
	serverSSID          = 0
)

// serveBootstrap tells the bootstrap server's operations apart (Core 1.1.1, 6.1.7; Transport 1.1.1, 6.4.2).
func (c *call) serveBootstrap() error {
	if !c.window {
		return lwm2m.Errorf(lwm2m.StatusUnauthorized, "no bootstrap goes on")
	}
	if err := c.precondition(); err != nil {
		return err
	}
	isDiscover := c.accept.given && c.accept.format == format.LinkFormat
	switch {
	case c.finish && c.request.Code == coap.POST:
		return c.bootstrapFinish()
	case c.finish:
		return c.notAllowed()
	case c.request.Code == coap.GET && isDiscover:
		return c.bootstrapDiscover()
	case c.request.Code == coap.GET:
		return c.bootstrapRead()
	case c.request.Code == coap.PUT:
		return c.bootstrapWrite()
	case c.request.Code == coap.DELETE:
		after, err := c.tree.BootstrapDelete(c.path)
		if err != nil {
			return err
		}
		c.attributes.Prune(c.tree.Exists)
		return c.answer(coap.Deleted, after)
	}
	return c.notAllowed()
}

// bootstrapRead does Bootstrap-Read.
func (c *call) bootstrapRead() error {
	items, err := c.tree.BootstrapRead(c.path)
	if err != nil {
		return err
	}
	in, err := c.codec.Choose(c.accept.format, c.accept.given, c.options.Preferred, c.path, items)
	if err != nil {
		return err
	}
	return c.encode(in, items)
}

// bootstrapWrite does Bootstrap-Write. Resources that the definitions do not have are left out.
func (c *call) bootstrapWrite() error {
	if c.path.Level() == lwm2m.LevelRoot || c.path.Level() == lwm2m.LevelResourceInstance {
		return c.notAllowed()
	}
	items, err := c.codec.Decode(c.contentOr(format.Text), c.path, c.request.Payload, c.tree)
	if unknown, is := errors.AsType[*format.UnknownResources](err); is {
		c.options.Logger.Info("the bootstrap server writes resources that are not supported: they are left out", "path", c.path.String(), "resources", unknown.Paths)
	} else if err != nil {
		return err
	}
	after, err := c.tree.BootstrapWrite(c.path, items)
	if err != nil {
		return err
	}
	return c.answer(coap.Changed, after)
}

// bootstrapDiscover does Bootstrap-Discover in its form of version 1.1: all instances, with the Short Server IDs and URIs of accounts.
func (c *call) bootstrapDiscover() error {
	if c.path.Level() > lwm2m.LevelObject {
		return c.notAllowed()
	}
	links := []linkformat.Link{{Target: "/", Attributes: []linkformat.Attribute{{Name: "lwm2m", Value: "1.1"}}}}
	found := c.path.Level() == lwm2m.LevelRoot
	for _, listing := range c.tree.Listings() {
		object := lwm2m.NewPath(listing.Definition.ID)
		if !c.path.Contains(object) {
			continue
		}
		found = true
		links = appendObject(links, listing)
		for _, id := range listing.Instances {
			links = append(links, c.instanceLink(object.Child(id)))
		}
	}
	if !found {
		return lwm2m.Errorf(lwm2m.StatusNotFound, "%v: there is no such object", c.path)
	}
	text, err := linkformat.Append(nil, links...)
	if err != nil {
		return lwm2m.Errorf(lwm2m.StatusInternalServerError, "discover: %v", err)
	}
	return c.contentOf(format.LinkFormat, text)
}

func (c *call) instanceLink(instance lwm2m.Path) linkformat.Link {
	link := linkformat.Link{Target: instance.String()}
	resource := uint16(serverSSID)
	switch instance.Object() {
	case objectSecurity:
		resource = securitySSID
	case objectServer:
	default:
		return link
	}
	if ssid, found := c.tree.Get(instance.Child(resource)); found && !c.isBootstrap(instance) {
		link.Attributes = append(link.Attributes, linkformat.Attribute{Name: "ssid", Value: strconv.FormatInt(ssid.Int(), 10)})
	}
	if instance.Object() == objectSecurity {
		if uri, found := c.tree.Get(instance.Child(securityURI)); found {
			link.Attributes = append(link.Attributes, linkformat.Attribute{Name: "uri", Value: uri.Text(), Quoted: true})
		}
	}
	return link
}

// isBootstrap tells whether an instance is the bootstrap account.
func (s *Server) isBootstrap(instance lwm2m.Path) bool {
	is, found := s.tree.Get(instance.Child(securityIsBootstrap))
	return instance.Object() == objectSecurity && found && is.Bool()
}

// bootstrapFinish does Bootstrap-Finish: 4.06 if the configuration cannot be used.
func (c *call) bootstrapFinish() error {
	missing := c.CheckAccounts()
	after := func() {
		if c.options.Finished != nil {
			c.options.Finished(missing)
		}
	}
	if missing != nil {
		c.options.Logger.Warn("the bootstrap server has ended with a configuration that cannot be used", "missing", missing)
		return c.answer(coap.NotAcceptable, after)
	}
	c.window = false
	c.attributes.ClearAll()
	return c.answer(coap.Changed, after)
}

// CheckAccounts says everything that keeps the accounts from being used: there has to be at least one server in object 1, and each has to have an account in
// object 0 with its Short Server ID, which Options.CheckAccount has nothing against. nil if all is well.
func (s *Server) CheckAccounts() error {
	var missing []error
	servers, accounts := lwm2m.NewPath(objectServer), lwm2m.NewPath(objectSecurity)
	var seen []int64
	for _, id := range s.tree.Children(servers) {
		ssid, found := s.tree.Get(servers.Child(id).Child(serverSSID))
		if !found {
			missing = append(missing, errorf("%v has no Short Server ID", servers.Child(id)))
			continue
		}
		if slices.Contains(seen, ssid.Int()) {
			missing = append(missing, errorf("%v: the Short Server ID %d is that of another server too", servers.Child(id), ssid.Int()))
			continue
		}
		seen = append(seen, ssid.Int())
		if err := s.checkAccount(accounts, ssid.Int()); err != nil {
			missing = append(missing, err)
		}
	}
	if len(s.tree.Children(servers)) == 0 {
		missing = append(missing, errors.New("there is no server in object 1"))
	}
	return errors.Join(missing...)
}

func (s *Server) checkAccount(accounts lwm2m.Path, ssid int64) error {
	for _, id := range s.tree.Children(accounts) {
		account := accounts.Child(id)
		of, found := s.tree.Get(account.Child(securitySSID))
		if !found || of.Int() != ssid || s.isBootstrap(account) {
			continue
		}
		if s.options.CheckAccount != nil {
			if err := s.options.CheckAccount(id); err != nil {
				return errorf("%v, of server %d: %w", account, ssid, err)
			}
			return nil
		}
		if uri, found := s.tree.Get(account.Child(securityURI)); !found || uri.Text() == "" {
			return errorf("%v, of server %d: there is no URI", account, ssid)
		}
		return nil
	}
	return errorf("server %d has no account in object 0", ssid)
}

var _ format.Definitions = (*tree.Tree)(nil)
