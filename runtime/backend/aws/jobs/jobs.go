package jobs

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/runtime/backend/aws"
	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/http"
)

// publishLimit is for the transport to take a request.
const publishLimit = 30 * time.Second

// running is a Jobs between Start and Stop.
type running struct {
	host       aws.JobsHost
	logger     *slog.Logger
	folder     *durable.Folder
	downloader *fota.Downloader
	machine    *machine
	inbox      inbox

	ctx    context.Context
	cancel context.CancelFunc
	owner  sync.WaitGroup

	mu      sync.Mutex
	pending record    // of the download that runs
	written fota.Type // of the image, once that was written; 0: it was not
}

// Start implements aws.JobsAgent.
func (j *Jobs) Start(host aws.JobsHost) error {
	if len(host.Thing) > j.config.ThingMax {
		return errorf("the thing name %q has %d bytes: CLIENT_ID_MAX_LEN allows %d", host.Thing, len(host.Thing), j.config.ThingMax)
	}
	if host.Device.DataDir == "" {
		return errors.New("the device has no data folder, in which updates are kept")
	}
	logger := host.Device.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	source, err := http.New(j.config.HTTP, http.Platform{Credentials: host.Device.Credentials, Logger: logger})
	if err != nil {
		return err
	}
	sources := map[string]fota.Source{"https": source}
	if j.config.AllowHTTP {
		sources["http"] = source
	}
	return j.start(host, logger, sources)
}

func (j *Jobs) start(host aws.JobsHost, logger *slog.Logger, sources map[string]fota.Source) error {
	folder, err := j.disk(host.Device.DataDir)
	if err != nil {
		return errorf("the folder of updates: %w", err)
	}
	kept, err := load(folder)
	if err != nil { // an update that is lost is no reason for a device without a cloud
		logger.Error("the state of the last update cannot be read", "error", err)
	}
	r := &running{host: host, logger: logger, folder: folder, inbox: inbox{more: make(chan struct{}, 1)}}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.machine = newMachine(j.rules(host), kept, rand.Float64)
	config := j.config.FOTA
	config.ProgressEvents = true
	r.downloader = fota.New(config, fota.Platform{
		Sources: sources, Targets: host.Device.Targets, Folder: folder, Logger: logger, Tell: r.tell, BeforeSchedule: r.beforeSchedule,
	})
	j.mu.Lock()
	j.run = r
	j.mu.Unlock()
	r.owner.Go(r.loop)
	return nil
}

func (j *Jobs) rules(host aws.JobsHost) rules {
	r := rules{
		limits: limits{
			document: j.config.DocumentMax, image: j.config.ImageMax, hosts: j.hosts, http: j.config.AllowHTTP, tag: j.config.SecurityTag,
		},
		status: j.config.StatusMax, stepTimeout: j.config.StepTimeout, reportEarly: j.config.ReportBeforeReboot,
		autoSchedule: j.config.FOTA.AutoSchedule, progress: j.config.FOTA.ProgressEvents, running: host.Device.Version, firmwareOnly: true,
	}
	for _, each := range host.Device.Targets {
		r.firmwareOnly = r.firmwareOnly && isFirmware(each.Types())
	}
	if j.config.SecurityTag >= 0 {
		r.tags = []int{j.config.SecurityTag}
	}
	return r
}

// Usable implements aws.JobsAgent.
func (j *Jobs) Usable() { j.put(usable{}) }

// Unusable implements aws.JobsAgent.
func (j *Jobs) Unusable() { j.put(unusable{}) }

// Take implements aws.JobsAgent.
func (j *Jobs) Take(message aws.JobsMessage) { j.put(message) }

func (j *Jobs) put(what any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.run != nil {
		j.run.inbox.put(what)
	}
}

// Stop implements aws.JobsAgent. A download ends; what is here of it stays.
func (j *Jobs) Stop() {
	j.mu.Lock()
	r := j.run
	j.run = nil
	j.mu.Unlock()
	if r == nil {
		return
	}
	r.cancel()
	r.owner.Wait()
	r.downloader.Wait()
}

// loop is the goroutine that owns the machine.
func (r *running) loop() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for r.ctx.Err() == nil {
		for _, each := range r.inbox.take() {
			r.happened(each)
			r.carryOut()
		}
		r.carryOut()
		now := time.Now()
		if next := r.machine.deadline(now); next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(next.Sub(now))
		}
		select {
		case <-r.ctx.Done():
		case <-r.inbox.more:
		case <-timer.C:
		}
	}
}

// happened tells the machine.
func (r *running) happened(what any) {
	now := time.Now()
	switch e := what.(type) {
	case usable:
		r.machine.usable()
	case unusable:
		r.machine.unusable()
	case lost:
		r.machine.ask = true
	case aws.JobsMessage:
		if e.Refused > 0 {
			r.machine.oversized(e.Topic, e.Refused)
		} else {
			r.machine.message(now, e.Topic, e.Payload)
		}
	case fota.Event:
		r.downloaded(now, e)
	}
}

func (r *running) downloaded(now time.Time, e fota.Event) {
	switch e.Kind {
	case fota.EventProgress:
		r.machine.progressed(e.Percent)
	case fota.EventFinished:
		r.machine.finished(now, e.Type)
	case fota.EventError:
		r.mu.Lock()
		written := r.written
		r.mu.Unlock()
		r.machine.kind = e.Type
		r.machine.broken(now, e.Err, written)
	case fota.EventCancelled:
		r.machine.cancelled()
	case fota.EventErasePending:
		r.host.Notify(cloud.Event{Type: cloud.EventFOTAErasePending})
	case fota.EventEraseDone:
		r.host.Notify(cloud.Event{Type: cloud.EventFOTAEraseDone})
	case fota.EventEraseTimeout:
		r.logger.Info("the place of the image is still being erased")
	}
}

// carryOut does what the machine wants, until it wants nothing more.
func (r *running) carryOut() {
	for r.ctx.Err() == nil {
		effects := r.machine.effects(time.Now())
		if len(effects) == 0 {
			return
		}
		for _, each := range effects {
			r.do(each)
		}
	}
}

func (r *running) do(what effect) {
	switch e := what.(type) {
	case publish:
		ctx, cancel := context.WithTimeout(r.ctx, publishLimit)
		defer cancel()
		if err := r.host.Publish(ctx, e.topic, e.payload); err != nil {
			r.machine.unsent(time.Now(), err)
		}
	case fetch:
		r.fetch(e)
	case cancel:
		r.downloader.Cancel()
	case keep:
		if err := e.record.keep(r.folder); err != nil { // the update goes on: what is known after a power cut is as true as it was
			r.logger.Error("the state of the update cannot be kept", "error", err)
		}
	case inquire:
		r.machine.settled(time.Now(), r.inquire(e.kind))
	case schedule:
		err := errNoTarget
		if target := fota.For(r.host.Device.Targets, e.kind); target != nil {
			err = target.Schedule()
		}
		r.machine.scheduled(time.Now(), err)
	case forget:
		r.forget(e.kind)
	case release:
		r.forget(e.kind)
		r.machine.released(time.Now(), r.inquire(e.kind).is == fota.OutcomePending)
	case notify:
		r.host.Notify(e.event)
	case refuse:
		r.host.Reject(e.topic, e.err)
	case note:
		if e.err != nil {
			r.logger.Warn(e.text, "job", e.job, "error", e.err)
		} else {
			r.logger.Info(e.text, "job", e.job)
		}
	}
}

// postponer is a target whose image may wait for longer: Postponed tells why it does though the device has restarted, nil where it does not, and
// whether another restart of the firmware may help.
type postponer interface {
	Postponed() (why error, restart bool)
}

// inquire asks the target of a type what has become of its image.
func (r *running) inquire(kind fota.Type) (found fate) {
	target := fota.For(r.host.Device.Targets, kind)
	if target == nil {
		return fate{}
	}
	found.is, found.reason = target.Outcome()
	if slow, is := target.(postponer); is && found.is == fota.OutcomePending {
		found.reason, found.restart = slow.Postponed()
	}
	return found
}

// forget throws away an image that was not tried yet.
func (r *running) forget(kind fota.Type) {
	r.downloader.Wait() // it has told its last event
	target := fota.For(r.host.Device.Targets, kind)
	if target == nil {
		return
	}
	if err := target.Forget(); err != nil {
		r.logger.Error("an image that is not wanted any more cannot be thrown away", "error", err)
	}
}

var errNoTarget = errors.New("this device takes no images of this type any more")

// fetch starts a download. One that has told its end may still be about to return.
func (r *running) fetch(e fetch) {
	r.downloader.Wait()
	r.mu.Lock()
	r.pending, r.written = e.kept, 0
	r.mu.Unlock()
	if err := r.downloader.Start(r.ctx, e.job); err != nil {
		failure, is := errors.AsType[*fota.Error](err)
		if !is {
			failure = &fota.Error{Cause: fota.CauseInternal, Problem: "the download cannot begin", Err: err}
		}
		r.machine.broken(time.Now(), failure, 0)
	}
}

// tell takes the events of the download, in its goroutine.
func (r *running) tell(e fota.Event) { r.inbox.put(e) }

// beforeSchedule keeps what must be known after the restart, in the download's goroutine.
func (r *running) beforeSchedule(kind fota.Type) error {
	r.mu.Lock()
	kept := r.pending
	r.mu.Unlock()
	kept.kind = kind
	if err := kept.keep(r.folder); err != nil {
		return err
	}
	r.mu.Lock()
	r.written = kind
	r.mu.Unlock()
	return nil
}
