package aws

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	lab "github.com/cloudgen/cloudgen/lab/aws"
	"github.com/cloudgen/cloudgen/lab/aws/files"
	"github.com/cloudgen/cloudgen/lab/aws/jobs"
	"github.com/cloudgen/cloudgen/lab/aws/registry"
	"github.com/cloudgen/cloudgen/lab/broker"
	"github.com/cloudgen/cloudgen/lab/pki"
)

const (
	thing       = "t-1" // short, as a policy has at most 2048 characters
	securityTag = 42
	patience    = 30 * time.Second
)

// cloud is the lab's AWS IoT Core with one thing, and a host of images by https.
type cloud struct {
	*lab.Cloud
	testing.TB
	files       *files.Host
	host        *httptest.Server
	credentials string // folder of the device's

	mu      sync.Mutex
	refused []string
	told    []string // JOB=STATUS, of updates that end a job
}

// newCloud starts one that allows the device what a policy says.
func newCloud(t testing.TB, policy string) *cloud {
	t.Helper()
	c := &cloud{TB: t, credentials: t.TempDir()}
	authority, err := pki.Open(c.credentials, time.Now())
	check(t, err)
	server, err := authority.Server(nil, time.Now())
	check(t, err)
	folder, err := authority.Device(securityTag, thing, time.Now())
	check(t, err)
	device, err := tls.LoadX509KeyPair(filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"))
	check(t, err)
	clock := lab.NewClock(nil)
	c.files, err = files.Open(files.Config{Dir: t.TempDir(), Secret: []byte("a secret of the test"), Now: clock.Now})
	check(t, err)
	t.Cleanup(func() { check(t, c.files.Close()) })
	c.host = httptest.NewUnstartedServer(c.files)
	c.host.TLS = &tls.Config{Certificates: []tls.Certificate{server}}
	c.host.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that are given up are no news
	c.host.StartTLS()
	t.Cleanup(c.host.Close)
	c.Cloud, err = lab.Start(lab.Config{
		Listen: "localhost:0", Certificate: server, Device: &lab.FirstDevice{Certificate: device.Leaf, Policy: policy},
		Limits: lab.Limits{Connects: 100}, Presign: c.presign, Observe: c.observe, Clock: clock,
	})
	check(t, err)
	t.Cleanup(func() { check(t, c.Close()) })
	check(t, c.Registry(func(r *registry.Registry, now time.Time) error {
		_, err := r.CreateThing(thing, "", nil, now)
		return err
	}))
	return c
}

// observe notes what the cloud refuses: a device with a good policy and good manners is refused nothing. It also notes which outcomes it is told.
func (c *cloud) observe(e broker.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	topic := strings.Split(e.Topic, "/") // $aws/things/THING/jobs/JOB/update
	switch {
	case e.Kind == broker.Refused:
		c.refused = append(c.refused, fmt.Sprintf("%+v", e))
	case e.Kind == broker.Received && len(topic) == 6 && topic[3] == "jobs" && topic[5] == "update":
		var update struct {
			Status string `json:"status"`
		}
		if err := json.Unmarshal(e.Payload, &update); err != nil {
			c.Error(err)
		}
		if update.Status != "IN_PROGRESS" {
			c.told = append(c.told, topic[4]+"="+update.Status)
		}
	}
}

// outcomes gives what the device has told of ended jobs.
func (c *cloud) outcomes() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.told, " ")
}

// wantNothingRefused checks that, except for refusals with one of some words.
func (c *cloud) wantNothingRefused(but ...string) {
	c.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, each := range c.refused {
		if !slices.ContainsFunc(but, func(word string) bool { return strings.Contains(each, word) }) {
			c.Errorf("the cloud has refused: %s", each)
		}
	}
}

// presign makes a URL of the placeholder's, which names the object in a bucket of S3.
func (c *cloud) presign(address string, until time.Time) string {
	u, err := url.Parse(address)
	if err != nil {
		c.Error(err)
		return address
	}
	signed, err := c.files.Presign(c.host.URL, strings.TrimPrefix(u.Path, "/"+c.files.Bucket()+"/"), until.Sub(c.Clock().Now()).Truncate(time.Second))
	if err != nil {
		c.Error(err)
	}
	return signed
}

// placeholder stands for the presigned URL of an object.
func (c *cloud) placeholder(key string) string {
	return "${aws:iot:s3-presigned-url:https://s3.us-east-1.amazonaws.com/" + c.files.Bucket() + "/" + key + "}"
}

// put gives the host an image.
func (c *cloud) put(key string, content []byte) {
	c.Helper()
	_, err := c.files.PutBytes(key, content)
	check(c, err)
}

// job makes a job for the device, which has an hour for it; its URL lives ten minutes.
func (c *cloud) job(id, document string) {
	c.Helper()
	check(c, c.Jobs(func(s *jobs.Store, now time.Time) ([]jobs.Message, error) {
		_, messages, err := s.CreateJob(id, jobs.JobRequest{
			Document: document, Targets: []string{"arn:aws:iot:us-east-1:000000000000:thing/" + thing},
			PresignedURLConfig: &jobs.PresignedURLConfig{RoleARN: "arn:aws:iam::000000000000:role/files", ExpiresInSec: 600},
			TimeoutConfig:      &jobs.TimeoutConfig{InProgressTimeoutInMinutes: 60},
		}, now)
		return messages, err
	}))
}

// cancel cancels a job, also where it is in progress.
func (c *cloud) cancel(id string) {
	c.Helper()
	check(c, c.Jobs(func(s *jobs.Store, now time.Time) ([]jobs.Message, error) {
		_, messages, err := s.CancelJob(id, jobs.CancelRequest{}, true, now)
		return messages, err
	}))
}

// execution tells what a job has come to on the device.
func (c *cloud) execution(id string) (e jobs.Execution) {
	c.Helper()
	check(c, c.Jobs(func(s *jobs.Store, now time.Time) (messages []jobs.Message, err error) {
		e, err = s.DescribeJobExecution(thing, id, 0, now)
		return nil, err
	}))
	return e
}

func detail(e jobs.Execution, name string) string {
	if e.StatusDetails == nil {
		return ""
	}
	return e.StatusDetails.DetailsMap[name]
}
