//go:build real

package awssdk

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab"
	"github.com/cloudgen/cloudgen/lab/aws"
	"github.com/cloudgen/cloudgen/lab/aws/registry"
	"github.com/cloudgen/cloudgen/lab/pki"
)

// cloud is a local AWS IoT Core in this process.
type cloud struct {
	*testing.T
	*lab.AWS
	authority *pki.Authority
	dir       string

	mu     sync.Mutex
	events []lab.Event
	news   chan struct{} // closed and made anew with each event
	tags   int
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{T: t, dir: t.TempDir(), news: make(chan struct{})}
	service, err := lab.Serve(t.Context(), "aws", lab.ServeOptions{Dir: c.dir, Listen: "localhost:0", Events: c.observe})
	check(t, err)
	c.AWS = service.(*lab.AWS)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the cloud saw:\n%s", c.story())
		}
	})
	c.authority, err = pki.Open(c.dir, time.Now())
	check(t, err)
	return c
}

// newPatientCloud gives one that lets a client id connect more often than once a second.
func newPatientCloud(t *testing.T) *cloud {
	t.Helper()
	c := newCloud(t)
	check(t, c.Cloud().SetLimits(aws.Limits{Connects: 100}))
	return c
}

// port gives that of MQTT, as 8883.
func (c *cloud) port() int { return portOf(c.T, c.FirmwareEndpoint()) }

// second gives the port of MQTT or HTTPS, as 443.
func (c *cloud) second() int { return portOf(c.T, c.ALPNEndpoint()) }

// data gives the URL of the data planes.
func (c *cloud) data() string { return "https://" + c.ALPNEndpoint() }

// http gives the URL that a client of the AWS SDK has to use: iot, data or jobs.
func (c *cloud) http(client string) string {
	if client == "iot" {
		return c.Control()
	}
	return c.data()
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(address)
	check(t, err)
	port, err := strconv.Atoi(text)
	check(t, err)
	return port
}

func (c *cloud) observe(e lab.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, e)
	close(c.news)
	c.news = make(chan struct{})
}

// story gives the events as text, one a line.
func (c *cloud) story() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for _, e := range c.events {
		b.WriteString(line(e) + "\n")
	}
	return b.String()
}

func line(e lab.Event) string {
	text := strings.Join([]string{e.Time.Format("05.000"), e.Kind, e.Client, e.Topic, string(e.Payload), e.Detail}, " ")
	if e.Err != nil {
		text += " " + e.Err.Error()
	}
	return text
}

// saw waits for an event of the cloud, after a mark, whose line holds all the texts.
func (c *cloud) saw(mark int, texts ...string) lab.Event {
	c.Helper()
	timeout := time.After(patience)
	for {
		c.mu.Lock()
		events, news := c.events[mark:], c.news
		c.mu.Unlock()
		if i := slices.IndexFunc(events, func(e lab.Event) bool { return holds(line(e), texts) }); i >= 0 {
			return events[i]
		}
		select {
		case <-news:
		case <-timeout:
			c.Fatalf("the cloud did not see %q", texts)
		}
	}
}

func holds(text string, texts []string) bool {
	return !slices.ContainsFunc(texts, func(part string) bool { return !strings.Contains(text, part) })
}

// seen tells how many events hold all the texts.
func (c *cloud) seen(texts ...string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, e := range c.events {
		if holds(line(e), texts) {
			n++
		}
	}
	return n
}

// now gives the present end of the events, for saw.
func (c *cloud) now() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.events)
}

// ca gives the file of the authority's certificate.
func (c *cloud) ca() string { return filepath.Join(c.dir, "ca.pem") }

// access is where a client connects, and as whom.
type access struct {
	Host string `json:"host"`
	Port int    `json:"port"`
	Cert string `json:"cert"`
	Key  string `json:"key"`
	CA   string `json:"ca"`
}

// on gives the access to another port.
func (a access) on(port int) access {
	a.Port = port
	return a
}

// device registers a new certificate with a policy, and the things, to which it is attached.
func (c *cloud) device(policy string, things ...string) access {
	c.Helper()
	c.tags++
	name := "client-" + strconv.Itoa(c.tags)
	dir, err := c.authority.Device(c.tags, name, time.Now())
	check(c.T, err)
	a := access{Host: "localhost", Port: c.port(), Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"), CA: c.ca()}
	content, err := os.ReadFile(a.Cert)
	check(c.T, err)
	check(c.T, c.Cloud().Registry(func(r *registry.Registry, now time.Time) error {
		certificate, err := r.RegisterCertificateWithoutCA(string(content), registry.Active, now)
		if err != nil {
			return err
		}
		arn := c.Cloud().Account().ARN("cert", certificate.ID)
		if _, err := r.CreatePolicy(name, policy, now); err != nil {
			return err
		}
		if err := r.AttachPolicy(name, arn); err != nil {
			return err
		}
		for _, thing := range things {
			if _, err := r.CreateThing(thing, "", nil, now); err != nil {
				return err
			}
			if err := r.AttachThingPrincipal(thing, arn, false); err != nil {
				return err
			}
		}
		return nil
	}))
	return a
}

// written gives the access of a client with this certificate and key.
func (c *cloud) written(certificate, key string) access {
	c.Helper()
	dir := c.TempDir()
	a := access{Host: "localhost", Port: c.port(), Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"), CA: c.ca()}
	check(c.T, os.WriteFile(a.Cert, []byte(certificate), 0o600))
	check(c.T, os.WriteFile(a.Key, []byte(key), 0o600))
	return a
}

// everything is a policy that allows it.
const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}`
