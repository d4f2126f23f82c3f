package client

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/management"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
)

// Config is what the options say about a client.
type Config struct {
	CoAP    coap.Config
	Formats format.Config

	Lifetime          time.Duration `kconfig:"LWM2M_ENGINE_DEFAULT_LIFETIME,unit=s"` // also the shortest that is taken from a server
	UpdatePeriod      time.Duration `kconfig:"LWM2M_UPDATE_PERIOD,unit=s"`           // 0: UpdateEarly alone says when
	UpdateEarly       time.Duration `kconfig:"LWM2M_SECONDS_TO_UPDATE_EARLY,unit=s"`
	SSID              int           `kconfig:"LWM2M_SERVER_DEFAULT_SSID"` // of a factory account that has none
	MinimumPeriod     time.Duration `kconfig:"LWM2M_SERVER_DEFAULT_PMIN,unit=s"`
	MaximumPeriod     time.Duration `kconfig:"LWM2M_SERVER_DEFAULT_PMAX,unit=s"` // 0: none
	MaxRetries        int           `kconfig:"LWM2M_RD_CLIENT_MAX_RETRIES"`      // see package registration
	Bootstrap         bool          `kconfig:"LWM2M_RD_CLIENT_SUPPORT_BOOTSTRAP"`
	EndpointNameSize  int           `kconfig:"LWM2M_RD_CLIENT_ENDPOINT_NAME_MAX_LENGTH"` // bytes, one more than the longest name
	QueueMode         bool          `kconfig:"LWM2M_QUEUE_MODE_ENABLED"`
	Uptime            time.Duration `kconfig:"LWM2M_QUEUE_MODE_UPTIME,unit=s"`
	SendAtOnce        bool          `kconfig:"LWM2M_QUEUE_MODE_NO_MSG_BUFFERING"` // a sleeping device sends without an Update before it
	AtIdle            string        `kconfig:"LWM2M_RD_CLIENT_AT_IDLE"`           // name of the choice's member; "": the socket is closed
	PeerPort          int           `kconfig:"LWM2M_PEER_PORT"`                   // of a coap URI without one
	DNS               bool          `kconfig:"LWM2M_DNS_SUPPORT"`
	MaxObservations   int           `kconfig:"LWM2M_ENGINE_MAX_OBSERVER"`
	MaxAttributes     int           `kconfig:"LWM2M_NUM_ATTR"`
	MaxCompositePaths int           `kconfig:"LWM2M_COMPOSITE_PATH_LIST_SIZE"`
	CancelByPath      bool          `kconfig:"LWM2M_CANCEL_OBSERVE_BY_PATH"`
	BlockSize         int           `kconfig:"LWM2M_COAP_BLOCK_SIZE"`          // bytes
	MaxMessage        int           `kconfig:"LWM2M_COAP_MAX_MSG_SIZE"`        // bytes, without header and options
	BlockTransfer     bool          `kconfig:"LWM2M_COAP_BLOCK_TRANSFER"`      // our own requests too may go in blocks
	MaxBody           int           `kconfig:"LWM2M_COAP_ENCODE_BUFFER_SIZE"`  // bytes of a Send or a notification that goes in blocks
	IncomingBodies    int           `kconfig:"LWM2M_NUM_BLOCK1_CONTEXT"`       // requests that come in blocks at a time
	OutgoingBodies    int           `kconfig:"LWM2M_NUM_OUTPUT_BLOCK_CONTEXT"` // responses that go in blocks at a time
	KeySize           int           `kconfig:"LWM2M_SECURITY_KEY_SIZE"`        // bytes of an identity or a key
	SecurityInstances int           `kconfig:"LWM2M_SECURITY_INSTANCE_COUNT"`
	ServerInstances   int           `kconfig:"LWM2M_SERVER_INSTANCE_COUNT"`
	MaxCipherSuites   int           `kconfig:"LWM2M_SECURITY_DTLS_TLS_CIPHERSUITE_MAX"`
}

// Options are what the program gives a client.
type Options struct {
	Endpoint string // the client's name
	// Accounts are those of the factory: instances 0, 1, … of object 0, and for each one that is not the bootstrap server's an instance of
	// object 1. A saved configuration takes their place (Store). There may be none; then Start fails until there is one.
	Accounts []security.Account
	// Manual leaves the accounts to a console: instance 0 of object 0 exists and is empty, object 1 has no instance, and nothing that was saved is
	// used. StartAs begins.
	Manual  bool
	Objects []lwm2m.Object // besides 0 and 1

	Plain  Dialer // of coap; nil: coap.DialUDP
	Secure Dialer // of coaps; nil: coaps is not possible
	Store  Store  // keeps what a bootstrap server has written; nil: it is lost with the program
	// Program is what Hosted objects ask for; nil: there can be none.
	Program Program
	// Events is told what happens. It is called from the client's goroutine, one event after the other, and must not block; it may call
	// every method of the client but Run and Send.
	Events func(Event)
	Logger *slog.Logger // nil: nothing is logged
}

// Store keeps the accounts that a bootstrap server has written. The content holds keys.
type Store interface {
	Load() ([]byte, error) // fs.ErrNotExist where nothing was saved
	Save(content []byte) error
}

// coapHeader is the room for header and options of a message whose payload may be as long as LWM2M_COAP_MAX_MSG_SIZE.
const coapHeader = 128

func (c *Config) coap() coap.Config {
	config := c.CoAP
	config.Critical = management.Critical()
	config.BlockTransfer = c.BlockTransfer
	config.BlockSize = c.BlockSize
	if c.MaxMessage > 0 {
		config.MaxMessage = min(c.MaxMessage+coapHeader, 65507)
	}
	config.MaxIncomingBodies = c.IncomingBodies
	config.MaxOutgoingBodies = c.OutgoingBodies
	return config
}

// The members of the choice LWM2M_RD_CLIENT_AT_IDLE.
var idles = map[string]registration.Idle{
	"":                                       registration.IdleClose,
	"LWM2M_RD_CLIENT_CLOSE_SOCKET_AT_IDLE":   registration.IdleClose,
	"LWM2M_RD_CLIENT_SUSPEND_SOCKET_AT_IDLE": registration.IdleSuspend,
	"LWM2M_RD_CLIENT_STOP_POLLING_AT_IDLE":   registration.IdleStopPolling,
	"LWM2M_RD_CLIENT_LISTEN_AT_IDLE":         registration.IdleListen,
}

func (c *Config) settings() registration.Settings {
	settings := registration.Settings{
		UpdatePeriod: c.UpdatePeriod, UpdateEarly: c.UpdateEarly, MaxRetries: c.MaxRetries, Bootstrap: c.Bootstrap,
		QueueMode: c.QueueMode, Uptime: c.Uptime, SendAtOnce: c.SendAtOnce, Idle: idles[c.AtIdle],
	}
	for _, each := range []struct {
		format format.Format
		on     bool
	}{{format.SenMLCBOR, c.Formats.SenMLCBOR}, {format.SenMLJSON, c.Formats.SenMLJSON}, {format.TLV, c.Formats.TLV}} {
		if each.on {
			settings.BootstrapFormats = append(settings.BootstrapFormats, uint16(each.format))
		}
	}
	return settings
}

// check says what of the options cannot be, by its name.
func (c *Config) check(options Options) error {
	if _, known := idles[c.AtIdle]; !known {
		return errorf("LWM2M_RD_CLIENT_AT_IDLE is %s: it has no such member", c.AtIdle)
	}
	if err := c.checkEndpoint(options.Endpoint); err != nil {
		return err
	}
	switch {
	case options.Manual && len(options.Accounts) > 0:
		return errors.New("there are accounts, and they are to be made by hand too (Options.Manual)")
	case c.MaxObservations < 1:
		return errorf("LWM2M_ENGINE_MAX_OBSERVER is %d: at least 1", c.MaxObservations)
	case c.MaxCompositePaths < 1:
		return errorf("LWM2M_COMPOSITE_PATH_LIST_SIZE is %d: at least 1", c.MaxCompositePaths)
	case c.MaxAttributes < 1:
		return errorf("LWM2M_NUM_ATTR is %d: at least 1", c.MaxAttributes)
	case c.QueueMode && c.Uptime <= 0:
		return errorf("LWM2M_QUEUE_MODE_UPTIME is %v: at least 1 s", c.Uptime)
	case c.UpdateEarly <= 0:
		return errorf("LWM2M_SECONDS_TO_UPDATE_EARLY is %v: at least 1 s", c.UpdateEarly)
	case c.SecurityInstances > 0 && len(options.Accounts) > c.SecurityInstances:
		return errorf("there are %d accounts, and LWM2M_SECURITY_INSTANCE_COUNT is %d", len(options.Accounts), c.SecurityInstances)
	}
	return c.coap().Check()
}

func (c *Config) checkEndpoint(name string) error {
	switch {
	case name == "":
		return errors.New("the endpoint name is empty")
	case c.EndpointNameSize > 0 && len(name) >= c.EndpointNameSize:
		return errorf("the endpoint name %q has %d bytes: at most %d are possible (LWM2M_RD_CLIENT_ENDPOINT_NAME_MAX_LENGTH - 1)",
			name, len(name), c.EndpointNameSize-1)
	case len(name) > 252:
		return errorf("the endpoint name has %d bytes: ep= and at most 252 fit into a query option (RFC 7252, 5.10)", len(name))
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return errorf("the endpoint name %q has control characters, or is not UTF-8", name)
	}
	return nil
}

// checkAccount tells whether this client can connect with an account.
func (c *Client) checkAccount(account *security.Account) error {
	if err := account.Check(); err != nil {
		return err
	}
	target, err := security.ParseURI(account.URI, c.config.PeerPort)
	switch {
	case err != nil:
		return err
	case target.Secure && c.options.Secure == nil:
		return errorf("%s needs DTLS: set LWM2M_DTLS_SUPPORT", account.URI)
	case !target.IsNumeric() && !c.config.DNS:
		return errorf("%s has the name of a host: set LWM2M_DNS_SUPPORT, or give its address", account.URI)
	}
	return nil
}

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }
