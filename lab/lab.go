// Package lab runs the clouds that cloudgen knows on the developer's own machine, for development and tests, and the firmware against them.
package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"
)

// DefaultTag is the security tag of the first device's credentials for AWS: what options get as CLOUD_LAB_DEFAULTS.
const DefaultTag = 42

// Event is one thing that happened at a local cloud, for people to see.
type Event struct {
	Time    time.Time
	Kind    string // a word of the cloud, such as connected
	Client  string // client id or endpoint name
	Remote  string // HOST:PORT of the client
	Topic   string // topic or path
	Payload []byte // shared: not to be changed
	Detail  string
	Err     error
	Missed  int // events that were dropped before this one, because the observer was too slow
}

// ServeOptions say how to serve. Dir is required.
type ServeOptions struct {
	Dir          string       // the clouds' and the device's files; see docs/lab.md. Made if needed, reused if there
	Listen       string       // HOST:PORT; "": the cloud's usual one; port 0: a free one
	Tag          int          // security tag of the device's credentials; 0: the cloud's usual one
	BootstrapTag int          // that of its credentials for a bootstrap server, where the cloud has one; 0: the usual one
	Bootstrap    bool         // the firmware is to start with the bootstrap server
	Plain        bool         // the firmware speaks without security, where the cloud has that
	Policy       string       // AWS: policy document of the device's certificate; "": one for things whose names are their client ids
	Events       func(Event)  // called in order from one goroutine; must not call Close. nil: nobody looks
	Logger       *slog.Logger // nil: none
}

// Service is a running local cloud.
type Service interface {
	// Endpoints gives what clients and people connect to, as URLs, that of the firmware first.
	Endpoints() []string
	// FirmwareEndpoint gives what the firmware takes as -endpoint.
	FirmwareEndpoint() string
	// CredentialsDir gives the folder for the firmware's -credentials: it holds one folder per security tag.
	CredentialsDir() string
	// Close ends the service. It returns when nothing of it runs any more and the last event was seen.
	Close() error
}

// cloud is one that Serve knows.
type cloud struct {
	name   string
	listen string // usual address
	tag    int    // usual security tag
	serve  func(ctx context.Context, options ServeOptions) (Service, error)
}

func clouds() []cloud {
	return []cloud{
		{name: "aws", listen: "localhost:8883", tag: DefaultTag, serve: func(ctx context.Context, o ServeOptions) (Service, error) { return serveAWS(ctx, o) }},
		{name: "lwm2m", listen: "localhost:5684", tag: lwm2mTag, serve: func(ctx context.Context, o ServeOptions) (Service, error) { return serveLwM2M(ctx, o) }},
	}
}

// Clouds gives the names that Serve knows.
func Clouds() []string {
	var names []string
	for _, c := range clouds() {
		names = append(names, c.name)
	}
	return names
}

// Serve starts a local cloud: an *AWS or an *LwM2M. It returns when devices can connect; the context bounds only that. The caller closes the service.
func Serve(ctx context.Context, name string, options ServeOptions) (Service, error) {
	all := clouds()
	i := slices.IndexFunc(all, func(c cloud) bool { return c.name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no local cloud %q yet; there is: %s", name, strings.Join(Clouds(), ", "))
	}
	if options.Dir == "" {
		return nil, errors.New("the local cloud needs a folder for its certificates and keys")
	}
	options.Listen = cmp.Or(options.Listen, all[i].listen)
	options.Tag = cmp.Or(options.Tag, all[i].tag)
	options.Logger = cmp.Or(options.Logger, slog.New(slog.DiscardHandler))
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, _, err := net.SplitHostPort(options.Listen); err != nil {
		return nil, fmt.Errorf("listening on %q: %w: write HOST:PORT, for example %s", options.Listen, err, all[i].listen)
	}
	return all[i].serve(ctx, options)
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
