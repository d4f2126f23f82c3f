// Package lab runs the clouds that cloudgen knows on the developer's own machine, for development and tests, and the firmware against them.
package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws"
	"github.com/cloudgen/cloudgen/lab/broker"
	"github.com/cloudgen/cloudgen/lab/pki"
)

const (
	// DefaultListen is where a cloud listens if nothing else is said.
	DefaultListen = "localhost:8883"
	// DefaultTag is the security tag of the first device's credentials: what options get as CLOUD_LAB_DEFAULTS.
	DefaultTag = 42
)

// Event is one thing that happened at a local cloud.
type Event = broker.Event

// ServeOptions say how to serve. Dir is required.
type ServeOptions struct {
	Dir    string       // the authority's and the device's files; see package pki for its layout. Made if needed, reused if there
	Listen string       // HOST:PORT; "": DefaultListen; port 0: a free one
	Tag    int          // security tag of the device's credentials; 0: DefaultTag
	Events func(Event)  // called in order from one goroutine; must not call Close. nil: nobody looks
	Logger *slog.Logger // nil: none
}

// Service is a running local cloud.
type Service struct {
	aws         *aws.Cloud
	dir         string
	credentials string
	endpoint    string
}

// Clouds gives the names that Serve knows.
func Clouds() []string { return []string{"aws"} }

// Serve starts a local cloud. It returns when devices can connect; the context bounds only that. The caller closes the service.
func Serve(ctx context.Context, cloud string, options ServeOptions) (*Service, error) {
	if cloud != "aws" {
		return nil, fmt.Errorf("there is no local cloud %q yet; there is: %s", cloud, strings.Join(Clouds(), ", "))
	}
	if options.Dir == "" {
		return nil, errors.New("the local cloud needs a folder for its certificates")
	}
	options.Listen = cmp.Or(options.Listen, DefaultListen)
	options.Tag = cmp.Or(options.Tag, DefaultTag)
	options.Logger = cmp.Or(options.Logger, slog.New(slog.DiscardHandler))
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(options.Listen)
	if err != nil {
		return nil, fmt.Errorf("listening on %q: %w: write HOST:PORT, for example %s", options.Listen, err, DefaultListen)
	}
	now := time.Now()
	authority, err := pki.Open(options.Dir, now)
	if err != nil {
		return nil, err
	}
	certificate, err := authority.Server([]string{host}, now)
	if err != nil {
		return nil, err
	}
	deviceDir, err := authority.Device(options.Tag, "cloudgen lab device", now)
	if err != nil {
		return nil, err
	}
	service := &Service{dir: options.Dir, credentials: filepath.Dir(deviceDir)}
	service.aws, err = aws.Start(aws.Config{
		Listen: options.Listen, Certificate: certificate, ClientCAs: authority.Pool(), Observe: options.Events, Logger: options.Logger,
	})
	if err != nil {
		return nil, err
	}
	service.endpoint, err = reachable(service.aws.Broker().Address())
	if err != nil {
		return nil, errors.Join(err, service.Close())
	}
	notes := authority.Notes()
	if host, _, _ := net.SplitHostPort(service.endpoint); net.ParseIP(host) != nil {
		notes = append(notes, fmt.Sprintf("AWS IoT refuses clients that send no server name (SNI), and clients that are told to connect to %s send none: listen on a name", host))
	}
	for _, note := range notes {
		options.Logger.Warn(note)
		service.aws.Broker().Notify("", "", note)
	}
	return service, nil
}

// reachable gives the name under which a client on this machine reaches an address that the service listens on. Where there is a choice it
// is a name, because AWS IoT demands one (SNI).
func reachable(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && (ip.IsUnspecified() || ip.IsLoopback()) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port), nil
}

// AWS gives the cloud itself, for what applications do in it; nil if the service is another cloud.
func (s *Service) AWS() *aws.Cloud { return s.aws }

// Endpoints gives what clients connect to, as URLs.
func (s *Service) Endpoints() []string { return []string{"mqtts://" + s.endpoint} }

// FirmwareEndpoint gives HOST:PORT for the firmware's -endpoint. The host is one of the names in the server's certificate.
func (s *Service) FirmwareEndpoint() string { return s.endpoint }

// CredentialsDir gives the folder for the firmware's -credentials: it holds one folder per security tag.
func (s *Service) CredentialsDir() string { return s.credentials }

// Close ends the service. It returns when nothing of it runs any more and the last event was seen.
func (s *Service) Close() error { return s.aws.Close() }
