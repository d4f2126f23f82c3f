package lab

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws"
	"github.com/cloudgen/cloudgen/lab/broker"
	"github.com/cloudgen/cloudgen/lab/pki"
)

// AWS is a running local AWS IoT Core: Service. Its files are laid out as package pki says.
type AWS struct {
	cloud       *aws.Cloud
	credentials string
	endpoint    string
}

func serveAWS(options ServeOptions) (*AWS, error) {
	host, _, err := net.SplitHostPort(options.Listen)
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
	service := &AWS{credentials: filepath.Dir(deviceDir)}
	config := aws.Config{Listen: options.Listen, Certificate: certificate, ClientCAs: authority.Pool(), Logger: options.Logger}
	if options.Events != nil {
		config.Observe = func(e broker.Event) {
			options.Events(Event{
				Time: e.Time, Kind: string(e.Kind), Client: e.Client, Remote: e.Remote, Topic: e.Topic, Payload: e.Payload, Detail: e.Detail, Err: e.Err,
				Missed: e.Missed,
			})
		}
	}
	service.cloud, err = aws.Start(config)
	if err != nil {
		return nil, err
	}
	service.endpoint, err = reachable(service.cloud.Broker().Address())
	if err != nil {
		return nil, errors.Join(err, service.Close())
	}
	notes := authority.Notes()
	if host, _, _ := net.SplitHostPort(service.endpoint); net.ParseIP(host) != nil {
		notes = append(notes, fmt.Sprintf("AWS IoT refuses clients that send no server name (SNI), and clients that are told to connect to %s send none: listen on a name", host))
	}
	for _, note := range notes {
		options.Logger.Warn(note)
		service.cloud.Broker().Notify("", "", note)
	}
	return service, nil
}

// Cloud gives the cloud itself, for what applications do in it.
func (s *AWS) Cloud() *aws.Cloud { return s.cloud }

// Endpoints gives the broker's URL: Service.
func (s *AWS) Endpoints() []string { return []string{"mqtts://" + s.endpoint} }

// FirmwareEndpoint gives HOST:PORT: Service. The host is one of the names in the server's certificate.
func (s *AWS) FirmwareEndpoint() string { return s.endpoint }

// CredentialsDir gives the folder of the device's certificates: Service.
func (s *AWS) CredentialsDir() string { return s.credentials }

// Close ends the cloud: Service.
func (s *AWS) Close() error { return s.cloud.Close() }
