// Package aws is the backend of AWS IoT Core: MQTT over mutual TLS, the device shadow, application topics.
//
// The client id is the thing name too. What the service offers and how it answers follows the AWS IoT developer guide; topics and
// documents of the application follow the SDK's asset_tracker_v2.
package aws

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/module"
	"github.com/cloudgen/cloudgen/runtime/mqtt"
)

// Config is what the options say about AWS IoT Core.
type Config struct {
	BrokerHostName          string        `kconfig:"AWS_IOT_BROKER_HOST_NAME"`
	ClientIDMaxLen          int           `kconfig:"AWS_IOT_CLIENT_ID_MAX_LEN"` // bytes
	ConnectTimeout          time.Duration `kconfig:"AWS_IOT_CONNECT_TIMEOUT_SECONDS,unit=s"`
	AutoDeviceShadowRequest bool          `kconfig:"AWS_IOT_AUTO_DEVICE_SHADOW_REQUEST"`
	GetAccepted             bool          `kconfig:"AWS_IOT_TOPIC_GET_ACCEPTED_SUBSCRIBE"`
	GetRejected             bool          `kconfig:"AWS_IOT_TOPIC_GET_REJECTED_SUBSCRIBE"`
	UpdateAccepted          bool          `kconfig:"AWS_IOT_TOPIC_UPDATE_ACCEPTED_SUBSCRIBE"`
	UpdateRejected          bool          `kconfig:"AWS_IOT_TOPIC_UPDATE_REJECTED_SUBSCRIBE"`
	UpdateDelta             bool          `kconfig:"AWS_IOT_TOPIC_UPDATE_DELTA_SUBSCRIBE"`
	DeleteAccepted          bool          `kconfig:"AWS_IOT_TOPIC_DELETE_ACCEPTED_SUBSCRIBE"`
	DeleteRejected          bool          `kconfig:"AWS_IOT_TOPIC_DELETE_REJECTED_SUBSCRIBE"`
	UpdateDocuments         bool          `kconfig:"AWS_IOT_TOPIC_UPDATE_DOCUMENTS_SUBSCRIBE"`
	DesiredConfig           bool          `kconfig:"AWS_IOT_TOPIC_DESIRED_CFG_SUBSCRIBE"` // see Rules
	ShadowName              string        `kconfig:"AWS_IOT_SHADOW_NAME"`                 // "": the classic shadow
	VersionedReports        bool          `kconfig:"AWS_IOT_SHADOW_VERSIONED_REPORTS"`    // with GetAccepted, UpdateAccepted and UpdateRejected
	JustInTimeProvisioning  bool          `kconfig:"AWS_IOT_JUST_IN_TIME_PROVISIONING"`
	MemfaultProjectKey      string        `kconfig:"MEMFAULT_NCS_PROJECT_KEY"` // "": none
	FOTA                    bool          `kconfig:"AWS_FOTA"`                 // with Jobs
	MQTT                    mqtt.Config

	Jobs JobsAgent `slot:"aws-jobs"` // carries out jobs; nil without FOTA
}

// Backend is the driver of AWS IoT Core. Its methods may be called from any goroutine.
type Backend struct {
	cloud.Notifier
	config  Config
	device  module.Device
	logger  *slog.Logger
	target  mqtt.Target
	receive func(data.Received)

	mu          sync.Mutex
	initialized bool
	id          string
	topics      table
	application []applicationTopic
	session     *session // from the start of Connect until after EventDisconnected
	shadow      shadowVersion
	version     *int64 // newest version of the shadow that any message told; nil: none
	requests    requests
	closures    closures
	accepted    bool // the service has accepted a connection since Init
}

// session is one connection, and the attempt to make it.
type session struct {
	cancel  context.CancelFunc // ends the attempt
	conn    *mqtt.Connection   // nil while connecting
	byUser  bool               // Disconnect was called
	since   time.Time          // when it was accepted
	wake    chan struct{}      // a request to the shadow service is due
	alarm   *time.Timer        // wakes; nil while connecting
	failed  error              // why the backend itself closed the connection
	ended   error              // why the connection ended; set before done
	settled chan struct{}      // closed when Connect has given EventReady, or never will
	done    chan struct{}      // closed when nothing more comes of it
}

// New makes a backend. It checks the configuration; nothing is asked of the device or the network before Init.
func New(config Config, device module.Device) (*Backend, error) {
	switch {
	case config.ClientIDMaxLen < 1 || config.ClientIDMaxLen > maxClientID:
		return nil, fmt.Errorf("aws: AWS_IOT_CLIENT_ID_MAX_LEN is %d: 1 to %d are possible", config.ClientIDMaxLen, maxClientID)
	case config.ConnectTimeout <= 0:
		return nil, fmt.Errorf("aws: AWS_IOT_CONNECT_TIMEOUT_SECONDS is %v: at least 1 s", config.ConnectTimeout)
	case device.ID == nil:
		return nil, errors.New("aws: the device has no source of its id")
	case config.FOTA != (config.Jobs != nil):
		return nil, errors.New("aws: AWS_FOTA needs who carries out jobs, in Config.Jobs, and is needed with it")
	}
	if err := checkConfig(config); err != nil {
		return nil, fmt.Errorf("aws: %w", err)
	}
	target, err := mqtt.NewTarget(config.MQTT, config.BrokerHostName, device.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("aws: %w", err)
	}
	target.Credentials, target.Certificate = device.Credentials, true
	if config.MQTT.ALPN || target.Port == alpnPort {
		target.ALPN = []string{alpnProtocol}
	}
	logger := device.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	if served := servedKeepAlive(config.MQTT.KeepAlive); served != config.MQTT.KeepAlive {
		logger.Info("AWS IoT Core has another keep-alive", "MQTT_KEEPALIVE", config.MQTT.KeepAlive, "used", served)
		config.MQTT.KeepAlive = served
	}
	return &Backend{config: config, device: device, logger: logger, target: target, requests: requests{prefix: rand.Text()[:tokenPrefix]}}, nil
}

// tokenPrefix is the number of random characters in front of this device's tokens. A token takes 64 bytes (quotas).
const tokenPrefix = 8

const (
	// On port 443 the service speaks HTTPS unless ALPN names MQTT (developer guide, "Device communication protocols").
	alpnPort     = 443
	alpnProtocol = "x-amzn-mqtt-ca"
)

// Bind sets the function that takes what the cloud sends. It is called once, before Init.
func (b *Backend) Bind(receive func(data.Received)) { b.receive = receive }

// Init asks the device for its id and sets who takes the events.
func (b *Backend) Init(ctx context.Context, handler cloud.Handler) error {
	b.mu.Lock()
	initialized := b.initialized
	b.mu.Unlock()
	if initialized {
		return errors.New("aws: already initialised: call Uninit first")
	}
	id, err := b.device.ID(ctx)
	if err != nil {
		return fmt.Errorf("aws: client id: %w", err)
	}
	if err := checkClientID(id, b.config.ClientIDMaxLen); err != nil {
		return fmt.Errorf("aws: %w", err)
	}
	if b.jobs() {
		if err := b.config.Jobs.Start(b.jobsHost(id)); err != nil {
			return fmt.Errorf("aws: updates: %w", err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.id, b.target.ClientID = id, id
	b.topics = newTable(b.config, id)
	b.accepted, b.closures = false, closures{}
	b.SetHandler(handler)
	b.initialized = true
	return nil
}

// Uninit closes the connection and joins what the backend has started. It must not be called from the handler.
func (b *Backend) Uninit() error {
	b.mu.Lock()
	if !b.initialized {
		b.mu.Unlock()
		return fmt.Errorf("aws: %w", cloud.ErrNotInitialized)
	}
	s := b.session
	b.mu.Unlock()
	if s != nil {
		b.end(s)
		<-s.done
	}
	if b.jobs() {
		b.config.Jobs.Stop()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.SetHandler(nil)
	b.initialized = false
	return nil
}

// ID gives the client id, which is the thing name too.
func (b *Backend) ID() (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.initialized {
		return "", fmt.Errorf("aws: %w", cloud.ErrNotInitialized)
	}
	return b.id, nil
}

// KeepaliveTimeLeft tells when the next keep-alive is due; negative: keep-alive is off, or there is no connection.
func (b *Backend) KeepaliveTimeLeft() time.Duration {
	conn, err := b.connection()
	if err != nil {
		return -time.Second
	}
	return conn.KeepaliveTimeLeft()
}

// Input does nothing: the connection reads by itself.
func (b *Backend) Input() error { return nil }

// connection gives the connection that stands.
func (b *Backend) connection() (*mqtt.Connection, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !b.initialized:
		return nil, fmt.Errorf("aws: %w", cloud.ErrNotInitialized)
	case b.session == nil || b.session.conn == nil || b.session.conn.Err() != nil:
		return nil, fmt.Errorf("aws: %w", cloud.ErrNotConnected)
	}
	return b.session.conn, nil
}

var (
	_ module.Backend    = (*Backend)(nil)
	_ module.Reporter   = (*Backend)(nil)
	_ module.Batcher    = (*Backend)(nil)
	_ module.Alerter    = (*Backend)(nil)
	_ module.Configurer = (*Backend)(nil)
	_ module.Locator    = (*Backend)(nil)
	_ module.Assistant  = (*Backend)(nil)
	_ module.Diagnoser  = (*Backend)(nil)

	_ module.UpdateReporter = (*Backend)(nil)

	_ cloud.UserDataSetter = (*Backend)(nil)
)
