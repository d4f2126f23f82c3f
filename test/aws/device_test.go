package aws

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/backend/aws"
	"github.com/cloudgen/cloudgen/runtime/backend/aws/jobs"
	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/credentials"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/application"
	"github.com/cloudgen/cloudgen/runtime/fota/http"
	"github.com/cloudgen/cloudgen/runtime/modem/sim"
	"github.com/cloudgen/cloudgen/runtime/module"
	"github.com/cloudgen/cloudgen/runtime/mqtt"
	"github.com/cloudgen/cloudgen/runtime/qos"
)

// key signs and verifies fast: the signature is the digest. Signatures are the business of runtime/boot.
type key struct{}

func (key) Hash() [32]byte                                 { return [32]byte{1} }
func (key) Signs() image.Type                              { return image.TypeEd25519 }
func (key) Verify(digest *[32]byte, signature []byte) bool { return bytes.Equal(digest[:], signature) }
func (key) Sign(digest *[32]byte) ([]byte, error)          { return bytes.Clone(digest[:]), nil }

// made makes an image of a version, of about so many bytes.
func made(t testing.TB, version uint8, size int) []byte {
	t.Helper()
	payload := bytes.Repeat([]byte{version, 'x'}, size/2)
	var out bytes.Buffer
	check(t, image.Write(&out, bytes.NewReader(payload), int64(len(payload)), image.Description{Version: image.Version{Major: version}}, key{}))
	return out.Bytes()
}

// device is a device with a disk, a bootloader and the firmware, whose behaviour does not depend on its bytes but on its version.
type device struct {
	testing.TB
	cloud  *cloud
	data   string
	config func(*jobs.Config) // nil: as shipped
	bad    uint8              // a version that ends before it reaches the cloud; 0: none
	hook   string             // installs custom images; "": none are taken

	mu      sync.Mutex
	update  sim.Update // what becomes of modem firmware
	lose    func()     // called when the modem has applied an update, in place of hearing its answer
	lines   int        // of the log, since the device was switched on
	stopAt  int        // line of the log at which it is switched off; 0: none
	cancel  func()     // switches it off
	version uint8
	events  []string
	log     strings.Builder
}

// newDevice makes one on which version 1 runs.
func newDevice(t testing.TB, c *cloud) *device {
	t.Helper()
	d := &device{TB: t, cloud: c, data: t.TempDir()}
	_, err := durable.Make(filepath.Join(d.data, slots.FolderName))
	check(t, err)
	factory := made(t, 1, 1000)
	check(t, d.slots(slots.None).Install(bytes.NewReader(factory), int64(len(factory))))
	t.Cleanup(func() {
		if t.Failed() {
			d.mu.Lock()
			defer d.mu.Unlock()
			t.Logf("the device's log:\n%s", d.log.String())
		}
	})
	return d
}

func (d *device) slots(running slots.Slot) *slots.Slots {
	d.Helper()
	s, err := slots.Open(durable.Open(filepath.Join(d.data, slots.FolderName)), slots.Config{Policy: image.Policy{Keys: []image.Key{key{}}}}, running)
	check(d, err)
	return s
}

// Write takes lines of the log.
func (d *device) Write(line []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lines++; d.lines == d.stopAt {
		d.cancel()
	}
	return d.log.Write(line)
}

// shipped is the configuration of overlay-aws.
func (d *device) shipped(t testing.TB) aws.Config {
	t.Helper()
	config := jobs.Config{
		ThingMax: 64, StatusMax: 1350, DocumentMax: 1350, SecurityTag: securityTag, AllowedHosts: "127.0.0.1", ImageMax: 1 << 20,
		FOTA: fota.Config{Retries: 2, AutoSchedule: true, KeepProgress: true, FileNameMax: 128, HostNameMax: 128, URLMax: 512, TagsMax: 5, CheckpointBytes: 10_000},
		HTTP: http.Config{FragmentSize: "DOWNLOAD_CLIENT_HTTP_FRAG_SIZE_1024", Timeout: patience, HostNameMax: 128, FileNameMax: 255},
	}
	if d.config != nil {
		d.config(&config)
	}
	agent, err := jobs.New(config)
	check(t, err)
	return aws.Config{
		BrokerHostName: "localhost", ClientIDMaxLen: 40, ConnectTimeout: patience, DesiredConfig: true, GetRejected: true, UpdateDelta: true, FOTA: true, Jobs: agent,
		MQTT: mqtt.Config{KeepAlive: 1200 * time.Second, TLS: true, Port: 8883, SecTag: securityTag, SecondarySecTag: -1, SendTimeout: true, SendTimeoutTime: 60 * time.Second, PayloadMax: 4096},
	}
}

// policy allows what the backend's table of topics says, and nothing more. A policy has at most 2048 characters: so one statement an action, and short ARNs.
func policy(config aws.Config) string {
	const arn = "arn:aws:iot:*:*:"
	resources := map[string][]string{"Connect": {arn + "client/" + thing}}
	for _, topic := range config.Topics(thing) {
		names := arn + "topic/" + strings.ReplaceAll(topic.Name, "+", "*") // of any job
		if topic.Direction == aws.Up {
			resources["Publish"] = append(resources["Publish"], names)
		} else {
			resources["Subscribe"] = append(resources["Subscribe"], arn+"topicfilter/"+topic.Name)
			resources["Receive"] = append(resources["Receive"], names)
		}
	}
	var statements []string
	for action, allowed := range resources {
		statements = append(statements, fmt.Sprintf(`{"Effect":"Allow","Action":"iot:%s","Resource":["%s"]}`, action, strings.Join(allowed, `","`)))
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// run runs the device until ctx ends, with the restarts that it wants.
func (d *device) run(ctx context.Context) {
	d.Helper()
	for ctx.Err() == nil {
		started, err := d.slots(slots.None).Boot(2)
		check(d, err)
		running := started.Info.Header.Version.Major
		d.mu.Lock()
		d.version = running
		d.mu.Unlock()
		if running == d.bad {
			continue
		}
		if err := d.firmware(ctx, started.Slot); err != nil {
			var restart *module.RebootError
			if !errors.As(err, &restart) || restart.Reason != "CLOUD_EVT_FOTA_DONE" {
				d.Errorf("the firmware has ended: %v", err)
				return
			}
		}
	}
}

// firmware is the program.
func (d *device) firmware(ctx context.Context, slot slots.Slot) error {
	config := module.Config{
		ClientIDUseCustom: true, ClientID: thing, ConnectRetries: 5, QoS: qos.Config{PendingMax: 10, NotifiedCountMax: 5, NotifyTimeout: time.Minute},
		Targets: append([]fota.Target{application.Of(d.slots(slot))}, d.others()...),
	}
	options := module.Options{
		Modem: d.modem(), Credentials: credentials.Open(d.cloud.credentials), DataDir: d.data, Endpoint: d.cloud.Broker().Address(),
		Version: fmt.Sprintf("%d.0.0", d.version), Logger: slog.New(slog.NewTextHandler(d, nil)),
		OnEvent: func(e module.Event) {
			switch e.Type {
			case module.EventFOTAStart, module.EventFOTADone, module.EventFOTAError, module.EventInputRejected:
				d.mu.Lock()
				defer d.mu.Unlock()
				d.events = append(d.events, strings.TrimPrefix(e.Type.String(), "CLOUD_EVT_"))
			}
		},
	}
	made, err := module.NewDevice(config, options)
	if err != nil {
		return err
	}
	backend, err := aws.New(d.shipped(d), made)
	if err != nil {
		return err
	}
	cloudModule, err := module.New(config, backend, options)
	if err != nil {
		return err
	}
	return cloudModule.Run(ctx)
}

// start switches the device on, until the test ends or stop is called.
func (d *device) start() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	d.mu.Lock()
	d.lines, d.cancel = 0, cancel
	d.mu.Unlock()
	var running sync.WaitGroup
	running.Go(func() { d.run(ctx) })
	stop = func() {
		cancel()
		running.Wait()
	}
	d.Cleanup(stop)
	return stop
}

func (d *device) runs() uint8 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.version
}

// logged tells whether the log holds a text.
func (d *device) logged(text string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Contains(d.log.String(), text)
}

func (d *device) story() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.events, " ")
}

// await waits until something is so. Nothing tells when, so it is looked for again and again.
func await(t testing.TB, what string, is func() bool) {
	t.Helper()
	end := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("in vain: %s", what)
		}
	}
}
