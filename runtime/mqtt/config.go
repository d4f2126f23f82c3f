// Package mqtt is one MQTT 3.1.1 connection over TLS, on eclipse/paho.mqtt.golang, which only this package imports.
//
// A Connection lives from Connect to its loss or Close; a new one is a new Connection. Reconnecting is the caller's business: the
// cloud module has the table of delays. What arrives is taken with Next by one goroutine of the caller. The package starts goroutines
// and Close joins them.
//
// Between paho and the network stands a link of our own: it checks and bounds every packet before paho buffers it, bounds writes, and
// knows when something was sent last. The environment's proxies are not used.
package mqtt

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/cloudgen/cloudgen/runtime/credentials"
)

// Config is what the options say about the connection.
type Config struct {
	KeepAlive       time.Duration `kconfig:"MQTT_KEEPALIVE,unit=s"` // 0: off; at most 65535 s
	CleanSession    bool          `kconfig:"MQTT_CLEAN_SESSION"`
	TLS             bool          `kconfig:"MQTT_LIB_TLS"`
	ALPN            bool          `kconfig:"MQTT_LIB_TLS_USE_ALPN"`
	Port            int           `kconfig:"MQTT_HELPER_PORT"`
	SecTag          int           `kconfig:"MQTT_HELPER_SEC_TAG"`
	SecondarySecTag int           `kconfig:"MQTT_HELPER_SECONDARY_SEC_TAG"` // negative: none
	SendTimeout     bool          `kconfig:"MQTT_HELPER_SEND_TIMEOUT"`
	SendTimeoutTime time.Duration `kconfig:"MQTT_HELPER_SEND_TIMEOUT_SEC,unit=s"`
	StaticIPAddress string        `kconfig:"MQTT_HELPER_STATIC_IP_ADDRESS"`
	PayloadMax      int           `kconfig:"MQTT_HELPER_PAYLOAD_BUFFER_LEN"` // bytes; a longer incoming payload is refused, the connection stands
	LastWill        bool          `kconfig:"MQTT_HELPER_LAST_WILL"`
	LastWillMessage string        `kconfig:"MQTT_HELPER_LAST_WILL_MESSAGE"`
	LastWillTopic   string        `kconfig:"MQTT_HELPER_LAST_WILL_TOPIC"`
	LastWillQoS     int           `kconfig:"MQTT_HELPER_LAST_WILL_QOS"` // 0 or 1
	LastWillRetain  bool          `kconfig:"MQTT_HELPER_LAST_WILL_RETAIN"`
}

// Target is the broker to connect to and who connects.
type Target struct {
	Host     string     // name or address that the server's certificate must carry
	Port     int        // 1 to 65535
	Address  netip.Addr // connect to this address, without looking Host up; the zero value: look it up
	ALPN     []string   // protocols offered in the TLS handshake; none: the extension is not sent
	ClientID string
	Username string // with Password: sent in CONNECT, where not empty
	Password string

	// Dial makes the network connection to an address of the form HOST:PORT, below TLS; nil: TCP by the system. Its connection belongs
	// to the caller of Dial.
	Dial func(ctx context.Context, address string) (net.Conn, error)

	Credentials *credentials.Store // needed with Config.TLS
	Certificate bool               // the client proves itself with the certificate of Config.SecTag
}

// NewTarget gives host, port and address of the broker: of the configured one, or, when endpoint is not empty, of HOST:PORT, which takes
// the place of all three.
func NewTarget(config Config, host, endpoint string) (Target, error) {
	if endpoint != "" {
		name, text, err := net.SplitHostPort(endpoint)
		if err != nil {
			return Target{}, fmt.Errorf("endpoint %q is not HOST:PORT, as broker.example:8883 or [::1]:8883", endpoint)
		}
		port, err := strconv.Atoi(text)
		if err != nil || port < 1 || port > 65535 || name == "" {
			return Target{}, fmt.Errorf("endpoint %q is not HOST:PORT with a port from 1 to 65535", endpoint)
		}
		return Target{Host: name, Port: port}, nil
	}
	if host == "" {
		return Target{}, fmt.Errorf("the host name of the broker is empty")
	}
	target := Target{Host: host, Port: config.Port}
	if target.Port < 1 || target.Port > 65535 {
		return Target{}, fmt.Errorf("MQTT_HELPER_PORT = %d is not a port: 1 to 65535", config.Port)
	}
	if config.StaticIPAddress != "" {
		address, err := netip.ParseAddr(config.StaticIPAddress)
		if err != nil {
			return Target{}, fmt.Errorf("MQTT_HELPER_STATIC_IP_ADDRESS = %q is not an IP address", config.StaticIPAddress)
		}
		target.Address = address
	}
	return target, nil
}

// Name gives HOST:PORT.
func (t Target) Name() string { return net.JoinHostPort(t.Host, strconv.Itoa(t.Port)) }

func (t Target) dialAddress() string {
	if t.Address.IsValid() {
		return netip.AddrPortFrom(t.Address, uint16(t.Port)).String()
	}
	return t.Name()
}

// The field is a 16-bit number of seconds (MQTT 3.1.1, 3.1.2.10).
const maxKeepAlive = 65535 * time.Second

func check(config Config, target Target) error {
	switch {
	case config.KeepAlive < 0 || config.KeepAlive > maxKeepAlive || config.KeepAlive%time.Second != 0:
		return fmt.Errorf("MQTT_KEEPALIVE is %v: whole seconds from 0 to %d are possible", config.KeepAlive, int(maxKeepAlive/time.Second))
	case config.PayloadMax < 1:
		return fmt.Errorf("MQTT_HELPER_PAYLOAD_BUFFER_LEN is %d: at least 1 byte", config.PayloadMax)
	case config.SendTimeout && config.SendTimeoutTime <= 0:
		return fmt.Errorf("MQTT_HELPER_SEND_TIMEOUT_SEC is %v: at least 1 s", config.SendTimeoutTime)
	case config.TLS && target.Credentials == nil:
		return fmt.Errorf("TLS needs a credentials store")
	case target.Host == "" || target.Port < 1 || target.Port > 65535:
		return fmt.Errorf("no broker: host %q, port %d", target.Host, target.Port)
	}
	if config.LastWill {
		if config.LastWillQoS < 0 || config.LastWillQoS > 1 {
			return fmt.Errorf("MQTT_HELPER_LAST_WILL_QOS is %d: 0 and 1 are possible", config.LastWillQoS)
		}
		if err := checkTopicName(config.LastWillTopic); err != nil {
			return fmt.Errorf("MQTT_HELPER_LAST_WILL_TOPIC: %w", err)
		}
		if len(config.LastWillMessage) > maxString {
			return fmt.Errorf("MQTT_HELPER_LAST_WILL_MESSAGE has %d bytes: at most %d are possible", len(config.LastWillMessage), maxString)
		}
	}
	for name, value := range map[string]string{"client id": target.ClientID, "user name": target.Username, "password": target.Password} {
		if len(value) > maxString {
			return fmt.Errorf("the %s has %d bytes: at most %d are possible", name, len(value), maxString)
		}
	}
	return nil
}
