package lab

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws"
	"github.com/cloudgen/cloudgen/lab/aws/api"
	"github.com/cloudgen/cloudgen/lab/aws/files"
	"github.com/cloudgen/cloudgen/lab/broker"
	"github.com/cloudgen/cloudgen/lab/internal/replace"
	"github.com/cloudgen/cloudgen/lab/pki"
)

const (
	awsState  = "aws.json"
	awsFiles  = "files"
	awsSecret = "files-secret"
)

// AWS is a running local AWS IoT Core: Service. In the folder are, beside what package pki lays out,
//
//	aws.json       the account: registry, shadows, jobs, sessions, mode 0600; delete it to begin anew
//	files/         the images of the file host
//	files-secret   what its presigned URLs are signed with, mode 0600
type AWS struct {
	cloud       *aws.Cloud
	files       *files.Host
	servers     []*http.Server // of the file host and of the control interface
	serving     sync.WaitGroup
	credentials string
	endpoint    string
	second      string // HOST:PORT
	control     string // URLs
	fileHost    string
}

// awsPorts gives the ports beside that of MQTT: the one with ALPN, the control interface, the file host.
func awsPorts(port int) ([3]int, error) {
	if port == 0 {
		return [3]int{}, nil
	}
	if port <= 440 || port > 65533 {
		return [3]int{}, fmt.Errorf("port %d leaves no room for the ports beside it: take one from 441 to 65533, or 0", port)
	}
	return [3]int{port - 440, port + 1, port + 2}, nil
}

func serveAWS(ctx context.Context, options ServeOptions) (_ *AWS, err error) {
	host, text, err := net.SplitHostPort(options.Listen)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("listening on %q: the port is a number", options.Listen)
	}
	ports, err := awsPorts(port)
	if err != nil {
		return nil, err
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
	device, err := tls.LoadX509KeyPair(filepath.Join(deviceDir, "cert.pem"), filepath.Join(deviceDir, "key.pem"))
	if err != nil {
		return nil, err
	}
	secret, err := fileSecret(filepath.Join(options.Dir, awsSecret))
	if err != nil {
		return nil, err
	}
	service := &AWS{credentials: filepath.Dir(deviceDir)}
	var sockets [3]net.Listener
	started := false
	defer func() {
		if started {
			return
		}
		for _, socket := range sockets {
			if socket != nil {
				err = errors.Join(err, socket.Close())
			}
		}
		if service.files != nil {
			err = errors.Join(err, service.files.Close())
		}
	}()
	var listening net.ListenConfig
	var names [3]string
	for i := range sockets {
		if sockets[i], err = listening.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(ports[i]))); err != nil {
			return nil, err
		}
		if names[i], err = reachable(sockets[i].Addr().String()); err != nil {
			return nil, err
		}
	}
	service.second, service.control, service.fileHost = names[0], "http://"+names[1], "https://"+names[2]
	clock := aws.NewClock(nil)
	told := make(chan struct{}) // closed when service.cloud is set
	service.files, err = files.Open(files.Config{
		Dir: filepath.Join(options.Dir, awsFiles), Secret: secret, Now: clock.Now, Region: aws.DefaultAccount().Region,
		Observe: func(a files.Access) {
			<-told
			service.cloud.Downloaded(a)
		},
	})
	if err != nil {
		return nil, err
	}
	config := aws.Config{
		Listen: options.Listen, Certificate: certificate, Device: &aws.FirstDevice{Certificate: device.Leaf, Policy: options.Policy},
		State: filepath.Join(options.Dir, awsState), Clock: clock, Logger: options.Logger,
		Presign: func(url string, until time.Time) string { return service.presign(url, until.Sub(clock.Now())) },
	}
	stream := api.NewStream()
	config.Observe = func(e broker.Event) {
		stream.Event(e)
		if options.Events == nil {
			return
		}
		options.Events(Event{
			Time: e.Time, Kind: string(e.Kind), Client: e.Client, Remote: e.Remote, Topic: e.Topic, Payload: e.Payload, Detail: e.Detail, Err: e.Err,
			Missed: e.Missed,
		})
	}
	service.cloud, err = aws.Start(config)
	close(told)
	if err != nil {
		return nil, err
	}
	started = true
	service.endpoint, err = reachable(service.cloud.Broker().Address())
	if err == nil {
		err = service.cloud.ServeALPN(sockets[0], certificate, api.Data(service.cloud))
	}
	if err != nil {
		return nil, errors.Join(err, sockets[1].Close(), sockets[2].Close(), service.Close())
	}
	service.serve(options, sockets[1], api.Control(api.Config{
		Cloud: service.cloud, Files: service.files, FileHost: service.fileHost, Stream: stream, Authority: authority,
		Endpoints: api.Endpoints{Data: service.second, Jobs: service.second},
	}))
	service.serve(options, tls.NewListener(sockets[2], &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}), service.files)
	service.note(options, authority.Notes())
	return service, nil
}

// fileSecret reads the secret, and makes one where there is none.
func fileSecret(path string) ([]byte, error) {
	secret, err := os.ReadFile(path)
	if err == nil && len(secret) >= 16 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	text := rand.Text()
	return []byte(text), replace.File(path, []byte(text), 0o600)
}

func (s *AWS) serve(options ServeOptions, listener net.Listener, handler http.Handler) {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(options.Logger.Handler(), slog.LevelWarn), // of TLS handshakes, above all
	}
	s.servers = append(s.servers, server)
	s.serving.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			options.Logger.Error("an HTTP interface of the lab ended", "error", err)
		}
	})
}

// note tells what people should know at the start.
func (s *AWS) note(options ServeOptions, notes []string) {
	if host, _, _ := net.SplitHostPort(s.endpoint); net.ParseIP(host) != nil {
		notes = append(notes, fmt.Sprintf("AWS IoT refuses clients that send no server name (SNI), and clients that are told to connect to %s send none: listen on a name", host))
	}
	for _, note := range notes {
		options.Logger.Warn(note)
		s.cloud.Broker().Notify("", "", note)
	}
}

// presign makes the URL of the file host for one of S3, https://BUCKET.s3.REGION.amazonaws.com/KEY or https://s3.REGION.amazonaws.com/BUCKET/KEY;
// any other stays as it is.
func (s *AWS) presign(from string, life time.Duration) string {
	u, err := url.Parse(from)
	if err != nil {
		return from
	}
	key := strings.TrimPrefix(u.Path, "/")
	if bucket, _, ok := strings.Cut(u.Host, ".s3."); !ok || bucket != s.files.Bucket() {
		if key, ok = strings.CutPrefix(key, s.files.Bucket()+"/"); !ok {
			return from
		}
	}
	signed, err := s.files.Presign(s.fileHost, key, max(time.Second, life))
	if err != nil {
		return from
	}
	return signed
}

// Cloud gives the cloud itself, for what applications do in it.
func (s *AWS) Cloud() *aws.Cloud { return s.cloud }

// Files gives the file host's store.
func (s *AWS) Files() *files.Host { return s.files }

// FileHost gives the URL of the file host, https://HOST:PORT.
func (s *AWS) FileHost() string { return s.fileHost }

// Control gives the URL of the HTTP interface, http://HOST:PORT: AWS's paths, and the lab's below /lab/.
func (s *AWS) Control() string { return s.control }

// ALPNEndpoint gives HOST:PORT of the port that serves MQTT (ALPN x-amzn-mqtt-ca) and HTTPS.
func (s *AWS) ALPNEndpoint() string { return s.second }

// Endpoints gives the URLs of MQTT, MQTT by ALPN, the HTTPS data plane, the HTTP interface and the file host: Service.
func (s *AWS) Endpoints() []string {
	return []string{
		"mqtts://" + s.endpoint, "mqtts://" + s.second + "?alpn=x-amzn-mqtt-ca", "https://" + s.second + "/", s.control + "/",
		s.fileHost + "/" + s.files.Bucket() + "/",
	}
}

// FirmwareEndpoint gives HOST:PORT: Service. The host is one of the names in the server's certificate.
func (s *AWS) FirmwareEndpoint() string { return s.endpoint }

// CredentialsDir gives the folder of the device's certificates: Service.
func (s *AWS) CredentialsDir() string { return s.credentials }

// Close ends the cloud: Service.
func (s *AWS) Close() error {
	var err error
	for _, server := range s.servers {
		err = errors.Join(err, server.Close())
	}
	err = errors.Join(err, s.cloud.Close())
	s.serving.Wait()
	return errors.Join(err, s.files.Close())
}
