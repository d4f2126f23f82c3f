package lab

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/lab/internal/replace"
	"github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/lab/lwm2m/api"
	"github.com/cloudgen/cloudgen/lab/lwm2m/definition"
)

const (
	lwm2mTag          = 35724861 // security tags of the SDK's LwM2M utilities
	lwm2mBootstrapTag = 35724862
	// lwm2mServerID is the short server id that the SDK gives a server without bootstrap.
	lwm2mServerID = 101
	// lwm2mKeyLength is the length of the device's keys, bytes.
	lwm2mKeyLength = 16

	lwm2mState       = "lwm2m.json"
	lwm2mDefinitions = "definitions"
)

// LwM2M is a running LwM2M server with its bootstrap server and its HTTP interface: Service. In the folder are
//
//	TAG/psk            the first device's key, hex, mode 0600; its identity is its endpoint name, so there is no psk_id
//	BOOTSTRAPTAG/psk   its key for the bootstrap server
//	lwm2m.json         PSK store and bootstrap plans, mode 0600
//	definitions/*.xml  OMA's definition files of further objects, if there are any
type LwM2M struct {
	server    *lwm2m.Server
	http      *http.Server
	serving   sync.WaitGroup
	dir       string
	endpoints []string
	firmware  string
}

// lwm2mSockets are the sockets in the order of the endpoints: coaps, coap, and both of the bootstrap server.
type lwm2mSockets [4]net.PacketConn

func (s lwm2mSockets) close() error {
	var err error
	for _, socket := range s {
		if socket != nil {
			err = errors.Join(err, socket.Close())
		}
	}
	return err
}

// lwm2mPorts gives the ports beside that of coaps: coap, coaps and coap of the bootstrap server, HTTP.
func lwm2mPorts(port int) ([5]int, error) {
	if port == 0 {
		return [5]int{}, nil
	}
	if port < 2 || port > 65435 {
		return [5]int{}, fmt.Errorf("port %d leaves no room for the ports beside it: take one from 2 to 65435, or 0", port)
	}
	return [5]int{port, port - 1, port + 100, port + 99, port + 1}, nil
}

func serveLwM2M(ctx context.Context, options ServeOptions) (service *LwM2M, err error) {
	host, text, err := net.SplitHostPort(options.Listen)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("listening on %q: the port is a number", options.Listen)
	}
	ports, err := lwm2mPorts(port)
	if err != nil {
		return nil, err
	}
	config := lwm2m.Config{Logger: options.Logger}
	if config.DeviceKey, err = deviceKey(options.Dir, options.Tag); err != nil {
		return nil, err
	}
	if config.BootstrapKey, err = deviceKey(options.Dir, cmp.Or(options.BootstrapTag, lwm2mBootstrapTag)); err != nil {
		return nil, err
	}
	if config.Store, err = lwm2m.OpenStore(filepath.Join(options.Dir, lwm2mState)); err != nil {
		return nil, err
	}
	core, err := definition.Core()
	if err != nil {
		return nil, err
	}
	if config.Definitions, err = core.Load(filepath.Join(options.Dir, lwm2mDefinitions)); err != nil {
		return nil, err
	}
	if options.Events != nil {
		config.Observe = func(e lwm2m.Event) { options.Events(lwm2mEvent(e)) }
	}
	var sockets lwm2mSockets
	var listening net.ListenConfig
	for i := range sockets {
		sockets[i], err = listening.ListenPacket(ctx, "udp", net.JoinHostPort(host, strconv.Itoa(ports[i])))
		if err != nil {
			return nil, errors.Join(err, sockets.close())
		}
	}
	listener, err := listening.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(ports[4])))
	if err != nil {
		return nil, errors.Join(err, sockets.close())
	}
	config.Secure, config.Plain, config.BootstrapSecure, config.BootstrapPlain = sockets[0], sockets[1], sockets[2], sockets[3]
	// A client that is told a name resolves it: the name of what is listened on, or localhost where that is this machine.
	reach, err := reachable(sockets[0].LocalAddr().String())
	if err == nil {
		config.Host, _, err = net.SplitHostPort(reach)
	}
	if err != nil {
		return nil, errors.Join(err, sockets.close(), listener.Close())
	}
	service = &LwM2M{dir: options.Dir}
	if service.server, err = lwm2m.Start(config); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	service.http = &http.Server{Handler: api.Handler(service.server), ReadHeaderTimeout: 10 * time.Second}
	service.serving.Go(func() {
		if err := service.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			options.Logger.Error("the HTTP interface of the lab ended", "error", err)
		}
	})
	if err := service.describe(listener, options); err != nil {
		return nil, errors.Join(err, service.Close())
	}
	return service, nil
}

// describe sets the endpoints, and the bootstrap plan for those that have none.
func (s *LwM2M) describe(listener net.Listener, options ServeOptions) error {
	urls := s.server.URLs()
	web, err := reachable(listener.Addr().String())
	if err != nil {
		return err
	}
	// The firmware's first, the HTTP interface in the middle, the bootstrap server last.
	s.endpoints = []string{urls[0], urls[1], "http://" + web + "/api/", urls[2], urls[3]}
	which := 0
	if options.Bootstrap {
		which = 2
	}
	if options.Plain {
		which++
	}
	_, s.firmware, _ = strings.Cut(urls[which], "://")
	if _, planned := s.server.Store().Plan(lwm2m.AnyEndpoint); planned {
		return nil
	}
	unmuted := false
	return s.server.Store().SetPlan(lwm2m.AnyEndpoint, lwm2m.BootstrapPlan{Accounts: []lwm2m.Account{{ShortServerID: lwm2mServerID, MuteSend: &unmuted}}})
}

// deviceKey gives the key of a security tag, and makes it where there is none.
func deviceKey(dir string, tag int) ([]byte, error) {
	if tag < 0 {
		return nil, fmt.Errorf("%d is no security tag", tag)
	}
	folder := filepath.Join(dir, strconv.Itoa(tag))
	path := filepath.Join(folder, "psk")
	text, err := os.ReadFile(path)
	if err == nil {
		key, err := hex.DecodeString(string(bytes.TrimSpace(text)))
		if err != nil || len(key) == 0 {
			return nil, fmt.Errorf("%s holds no key in hex: delete it to have a new one", path)
		}
		return key, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key := make([]byte, lwm2mKeyLength)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	if err := replace.File(path, hex.AppendEncode(nil, key), 0o600); err != nil {
		return nil, err
	}
	return key, nil
}

// lwm2mEvent shows an event as those of all clouds.
func lwm2mEvent(e lwm2m.Event) Event {
	event := Event{Time: e.Time, Kind: string(e.Kind), Client: e.Endpoint, Remote: e.Remote, Topic: e.Path, Detail: e.Detail, Err: e.Err, Missed: e.Missed}
	if e.Code != "" {
		event.Detail = e.Code
		if e.Detail != "" {
			event.Detail += " " + e.Detail
		}
	}
	if r := e.Registration; r != nil && event.Detail == "" {
		event.Detail = fmt.Sprintf("%s lifetime %v", r.Location, r.Lifetime)
	}
	if len(e.Items) > 0 {
		if text, err := json.Marshal(e.Items); err == nil {
			event.Payload = text
		}
	}
	return event
}

// Server gives the server itself, for what applications do with it.
func (s *LwM2M) Server() *lwm2m.Server { return s.server }

// Endpoints gives the URLs of coaps, coap, the HTTP interface, and the bootstrap server's two: Service.
func (s *LwM2M) Endpoints() []string { return s.endpoints }

// FirmwareEndpoint gives HOST:PORT, as ServeOptions.Bootstrap and Plain say: Service.
func (s *LwM2M) FirmwareEndpoint() string { return s.firmware }

// CredentialsDir gives the folder of the device's keys: Service.
func (s *LwM2M) CredentialsDir() string { return s.dir }

// Close ends the servers: Service.
func (s *LwM2M) Close() error {
	// Requests in progress end with their connections, and with the server that they wait for.
	err := errors.Join(s.http.Close(), s.server.Close())
	s.serving.Wait()
	return err
}
