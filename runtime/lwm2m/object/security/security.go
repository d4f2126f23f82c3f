// Package security is object 0: the accounts with which the client reaches its servers.
package security

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Resources of object 0 that the client uses.
const (
	uri             = 0
	bootstrapServer = 1
	mode            = 2
	identity        = 3
	serverKey       = 4
	secretKey       = 5
	shortServerID   = 10
	holdOff         = 11
	accountTimeout  = 12
	serverName      = 14
	cipherSuites    = 16
)

// Mode is a security mode (/0/x/2).
type Mode int64

// The modes.
const (
	PSK           Mode = 0 // pre-shared key
	RawPublicKey  Mode = 1
	Certificate   Mode = 2
	NoSec         Mode = 3
	CertificateES Mode = 4 // certificate with EST
)

// Config says how much fits.
type Config struct {
	KeySize int // LWM2M_SECURITY_KEY_SIZE: bytes of each of the resources 3 to 5, from 1; 0: no limit
	Suites  int // LWM2M_SECURITY_DTLS_TLS_CIPHERSUITE_MAX: cipher suites of an account; 0: no limit
}

// Object is object 0. It has no instances at first; the client and the bootstrap server make them.
type Object struct {
	_      incomparable
	config Config
	store  lwm2m.Store
}

// New makes the object.
func New(config Config) (*Object, error) {
	if config.KeySize < 0 {
		return nil, errorf("LWM2M_SECURITY_KEY_SIZE is %d: at least 1 byte", config.KeySize)
	}
	return &Object{config: config}, nil
}

// Definition implements lwm2m.Object.
func (*Object) Definition() *lwm2m.Definition { return &definition }

// Attach implements lwm2m.Object.
func (o *Object) Attach(store lwm2m.Store) error {
	o.store = store
	return nil
}

// Check implements lwm2m.Checker: it refuses keys that are too long, and times below 0.
func (o *Object) Check(values []lwm2m.Item) error {
	for _, each := range values {
		switch each.Path.Resource() {
		case identity, serverKey, secretKey:
			if err := o.checkLength(each.Path, each.Value.Bytes()); err != nil {
				return lwm2m.Errorf(lwm2m.StatusBadRequest, "%v", err)
			}
		case holdOff, accountTimeout:
			if each.Value.Int() < 0 {
				return lwm2m.Errorf(lwm2m.StatusBadRequest, "%v: %d s is no time to wait", each.Path, each.Value.Int())
			}
		case cipherSuites:
			if n := o.config.Suites; n > 0 && each.Path.Level() == lwm2m.LevelResourceInstance && int(each.Path.ResourceInstance()) >= n {
				return lwm2m.Errorf(lwm2m.StatusBadRequest, "%v: instances 0 to %d are possible (LWM2M_SECURITY_DTLS_TLS_CIPHERSUITE_MAX)", each.Path, n-1)
			}
		}
	}
	return nil
}

func (o *Object) checkLength(path lwm2m.Path, raw []byte) error {
	if o.config.KeySize > 0 && len(raw) > o.config.KeySize {
		return errorf("%v (%s) has %d bytes: at most %d are possible (LWM2M_SECURITY_KEY_SIZE)", path, nameOf(path.Resource()), len(raw), o.config.KeySize)
	}
	return nil
}

func nameOf(id uint16) string {
	resource, _ := definition.Resource(id)
	return resource.Name
}

// Account is one instance as the client uses it. Its key is a secret: it is never logged.
type Account struct {
	URI            string // scheme coap or coaps, host, port
	Bootstrap      bool   // of the bootstrap server
	Mode           Mode
	Identity       []byte // of PSK
	ServerKey      []byte
	Key            []byte
	SSID           uint16 // 0: none, as with the bootstrap server
	HoldOff        time.Duration
	AccountTimeout time.Duration // 0: never
	ServerName     string        // SNI; "": none is sent
	CipherSuites   []uint16      // none: the client's own
}

// Add makes an instance of an account.
func (o *Object) Add(instance uint16, account Account) error {
	at := lwm2m.NewPath(definition.ID, instance)
	values := []lwm2m.Item{
		{Path: at.Child(uri), Value: lwm2m.String(account.URI)},
		{Path: at.Child(bootstrapServer), Value: lwm2m.Boolean(account.Bootstrap)},
		{Path: at.Child(mode), Value: lwm2m.Integer(int64(account.Mode))},
		{Path: at.Child(identity), Value: lwm2m.Opaque(account.Identity)},
		{Path: at.Child(serverKey), Value: lwm2m.Opaque(account.ServerKey)},
		{Path: at.Child(secretKey), Value: lwm2m.Opaque(account.Key)},
	}
	for _, each := range values[3:] {
		if err := o.checkLength(each.Path, each.Value.Bytes()); err != nil {
			return err
		}
	}
	for _, each := range []struct {
		given    bool
		resource uint16
		value    lwm2m.Value
	}{
		{account.SSID != 0, shortServerID, lwm2m.Integer(int64(account.SSID))},
		{account.Bootstrap, holdOff, lwm2m.Integer(int64(account.HoldOff / time.Second))},
		{account.Bootstrap, accountTimeout, lwm2m.Integer(int64(account.AccountTimeout / time.Second))},
		{account.ServerName != "", serverName, lwm2m.String(account.ServerName)},
	} {
		if each.given {
			values = append(values, lwm2m.Item{Path: at.Child(each.resource), Value: each.value})
		}
	}
	for i, suite := range account.CipherSuites {
		values = append(values, lwm2m.Item{Path: at.Child(cipherSuites).Child(uint16(i)), Value: lwm2m.Unsigned(uint64(suite))})
	}
	return o.store.Create(at, values...)
}

// Instances gives the ids of the instances that there are, ascending.
func (o *Object) Instances() []uint16 { return o.store.Children(lwm2m.NewPath(definition.ID)) }

// Account gives an instance; of one that is not there, the zero value.
func (o *Object) Account(instance uint16) Account {
	at := lwm2m.NewPath(definition.ID, instance)
	account := Account{
		URI: o.get(at, uri).Text(), Bootstrap: o.get(at, bootstrapServer).Bool(), Mode: Mode(o.get(at, mode).Int()),
		Identity: o.get(at, identity).Bytes(), ServerKey: o.get(at, serverKey).Bytes(), Key: o.get(at, secretKey).Bytes(),
		SSID: uint16(o.get(at, shortServerID).Int()), ServerName: o.get(at, serverName).Text(),
		HoldOff: seconds(o.get(at, holdOff).Int()), AccountTimeout: seconds(o.get(at, accountTimeout).Int()),
	}
	for _, id := range o.store.Children(at.Child(cipherSuites)) {
		if suite, found := o.store.Get(at.Child(cipherSuites).Child(id)); found {
			account.CipherSuites = append(account.CipherSuites, uint16(suite.Uint()))
		}
	}
	return account
}

// It stays a call, which is smaller at its many places.
//
//go:noinline
func (o *Object) get(instance lwm2m.Path, resource uint16) lwm2m.Value {
	value, _ := o.store.Get(instance.Child(resource))
	return value
}

func seconds(n int64) time.Duration { return time.Duration(min(max(n, 0), 1<<32-1)) * time.Second }

// Target is where an account's server is reached.
type Target struct {
	Secure bool   // coaps
	Host   string // name or address, without brackets
	Port   int
}

// Address gives HOST:PORT.
func (t Target) Address() string { return net.JoinHostPort(t.Host, strconv.Itoa(t.Port)) }

// IsNumeric tells whether the host is an address, so that no name has to be looked up.
func (t Target) IsNumeric() bool {
	_, err := netip.ParseAddr(t.Host)
	return err == nil
}

// ParseURI reads a server's address. A coap one without port has the given port, a coaps one 5684.
func ParseURI(text string, plainPort int) (Target, error) {
	target, wrong := parseURI(text, plainPort)
	if wrong != "" {
		return Target{}, errorf("server URI %q: %s; as coaps://server.example:5684", text, wrong)
	}
	return target, nil
}

func parseURI(text string, plainPort int) (target Target, wrong string) {
	parsed, err := url.Parse(text)
	if err != nil {
		return target, "it is no URI"
	}
	target = Target{Host: parsed.Hostname(), Port: plainPort}
	switch strings.ToLower(parsed.Scheme) {
	case "coap":
	case "coaps":
		target.Secure, target.Port = true, 5684
	default:
		return target, "the scheme is coap or coaps"
	}
	switch {
	case target.Host == "":
		return target, "the host is missing"
	case parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" || parsed.Path != "" && parsed.Path != "/":
		return target, "it is more than scheme, host and port"
	}
	if text := parsed.Port(); text != "" {
		port, err := strconv.Atoi(text)
		if err != nil || port < 1 || port > 65535 {
			return target, "the port is a number from 1 to 65535"
		}
		target.Port = port
	}
	return target, ""
}

// Check tells whether the client can connect with an account: nil, or what stands in the way.
func (a *Account) Check() error {
	target, err := ParseURI(a.URI, 5683)
	if err != nil {
		return err
	}
	switch a.Mode {
	case NoSec:
		if target.Secure {
			return errorf("%s needs a security mode other than 3 (none)", a.URI)
		}
	case PSK:
		switch {
		case !target.Secure:
			return errorf("%s with a pre-shared key: the scheme is coaps", a.URI)
		case len(a.Identity) == 0:
			return errorf("%s: the identity of the pre-shared key is missing", a.URI)
		case len(a.Key) == 0:
			return errorf("%s: the pre-shared key is missing", a.URI)
		}
	case RawPublicKey:
		return errorf("%s: security mode 1 (raw public key) is not possible, for pion/dtls has none; use 0 (pre-shared key)", a.URI)
	default:
		return errorf("%s: security mode %d (certificates) is not built; use 0 (pre-shared key)", a.URI, a.Mode)
	}
	if !a.Bootstrap && a.SSID == 0 {
		return errorf("%s: the short server id is missing", a.URI)
	}
	return nil
}

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }

// incomparable stands in structs that nobody compares, for which the compiler makes no function then.
type incomparable [0]func()
