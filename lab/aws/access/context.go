package access

import (
	"crypto/x509"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maximumVariable is how many characters the value of a variable may have (developer guide, "X.509 certificate policy variables", limitations).
const maximumVariable = 1024

// The values of Client.ConnectAttributes (developer guide, "MQTT", "Using connectAttributes").
const (
	PersistentConnect = "PersistentConnect" // the CONNECT asks for a session that persists
	LastWill          = "LastWill"          // the CONNECT has a will
)

// Client is what is known of who asks. Whatever is empty has no value.
type Client struct {
	ID                string // the MQTT client id
	DomainName        string // the server name that the client connected to (SNI)
	SourceIP          netip.Addr
	CertificateID     string
	Certificate       *x509.Certificate
	Thing             *Thing   // that its certificate is attached to, see there; nil: none, or the request came by HTTP
	ConnectAttributes []string // of iot:Connect only
	LastWillTopic     string   // of iot:Connect only: the ARN of the will's topic
}

// Thing is the thing of a connection: the certificate is attached to it, and its name is the client id, unless the certificate is attached
// to it exclusively (developer guide, "Thing policy variables").
type Thing struct {
	Name       string
	Type       string
	Attributes map[string]string
}

// Context are the condition keys of a request, which are its policy variables too. The zero value has none.
type Context struct {
	values map[string]entry // by the lower case of the key: case does not count (IAM user guide, "Policy elements: Variables")
}

type entry struct {
	items  []string
	single bool // the bare key gives the first item; KEY.0, KEY.1 … and KEY.List give the others
}

// Context gives the condition keys of a client.
func (c Client) Context() Context {
	context := Context{values: map[string]entry{}}
	context.set("iot:ClientId", c.ID)
	context.set("iot:DomainName", c.DomainName)
	if c.SourceIP.IsValid() {
		context.set("aws:SourceIp", c.SourceIP.Unmap().WithZone("").String())
	}
	if len(c.ConnectAttributes) > 0 {
		context.values[strings.ToLower("iot:ConnectAttributes")] = entry{items: slices.Clone(c.ConnectAttributes)}
	}
	context.set("iot:LastWillTopic", c.LastWillTopic)
	context.set("iot:CertificateId", c.CertificateID)
	if c.Certificate != nil {
		context.certificate(c.Certificate)
	}
	context.set("iot:Connection.Thing.IsAttached", strconv.FormatBool(c.Thing != nil))
	if c.Thing != nil {
		context.set("iot:Connection.Thing.ThingName", c.Thing.Name)
		context.set("iot:Connection.Thing.ThingTypeName", c.Thing.Type)
		for name, value := range c.Thing.Attributes {
			context.set("iot:Connection.Thing.Attributes["+name+"]", value)
		}
	}
	return context
}

// set gives a key its value; "" is none.
func (c Context) set(key, value string) {
	if value != "" {
		c.values[strings.ToLower(key)] = entry{items: []string{value}}
	}
}

// lookup gives the values of a key.
func (c Context) lookup(key string) ([]string, bool) {
	key = strings.ToLower(key)
	if e, ok := c.values[key]; ok {
		if e.single {
			return e.items[:1], true
		}
		return e.items, true
	}
	dot := strings.LastIndexByte(key, '.')
	if dot < 0 {
		return nil, false
	}
	e, ok := c.values[key[:dot]]
	if !ok || !e.single {
		return nil, false
	}
	if key[dot+1:] == "list" {
		return e.items, true
	}
	i, err := strconv.Atoi(key[dot+1:])
	if err != nil || i < 0 || i >= len(e.items) {
		return nil, false
	}
	return e.items[i : i+1], true
}

// variable gives the value of a variable. One with wildcards or of too many characters is not put in (developer guide, "X.509 certificate
// policy variables", limitations; the lab holds every variable to it, because what the service does with a client id of * is not written).
func (c Context) variable(key string) (string, bool) {
	items, ok := c.lookup(key)
	if !ok || len(items) != 1 || strings.ContainsAny(items[0], "*?") || utf8.RuneCountInString(items[0]) > maximumVariable {
		return "", false
	}
	return items[0], true
}
