package aws

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/module"
)

// What the service wants around the state that a device reports (developer guide, "Device Shadow service documents").
const (
	reportOpen  = `{"state":{"reported":`
	reportState = len(`{"state":`) // where the state begins
)

// newReport has what stands in front of the reported state.
func newReport() []byte { return append(newBuffer(), reportOpen...) }

// report updates the reported state with what an encoder has appended to newReport. keep: the report is made again where the service
// refuses it for a reason that passes, if the options let the device hear of that.
func (b *Backend) report(ctx context.Context, document []byte, delivery module.Delivery, keep bool) error {
	if len(document) == len(reportOpen) {
		return b.deliver(ctx, useShadowUpdate, nil, delivery)
	}
	document = append(document, '}')
	if size := len(document) - reportState; size > maxShadow {
		return fmt.Errorf("aws: a shadow update with a state of %d bytes: AWS IoT Core takes at most %d", size, maxShadow)
	}
	versioned := keep && b.config.VersionedReports
	var kept []byte
	if keep && b.config.UpdateAccepted && b.config.UpdateRejected { // else nobody says whether it was taken
		kept = document[:len(document):len(document)]
	}
	b.mu.Lock()
	serial := uint32(0)
	if b.standing() && (b.config.UpdateAccepted || b.config.UpdateRejected) {
		serial = b.requests.begin(operationUpdate, kept, time.Now())
		b.setAlarm()
	}
	document = b.finishReport(document, serial, versioned)
	b.mu.Unlock()
	err := b.deliver(ctx, useShadowUpdate, document, delivery)
	if err != nil {
		b.cancel(serial)
	}
	return err
}

// finishReport writes what stands behind the state. b.mu is held.
func (b *Backend) finishReport(document []byte, serial uint32, versioned bool) []byte {
	if versioned && b.version != nil {
		document = strconv.AppendInt(append(document, `,"version":`...), *b.version, 10)
	}
	if serial != 0 {
		document = append(b.requests.appendToken(append(document, `,"clientToken":"`...), serial), '"')
	}
	return append(document, '}')
}

// fetch asks for the shadow.
func (b *Backend) fetch(ctx context.Context) error {
	b.mu.Lock()
	serial := uint32(0)
	if b.standing() {
		serial = b.requests.begin(operationGet, nil, time.Now())
		b.setAlarm()
	}
	payload := b.getPayload(serial)
	b.mu.Unlock()
	err := b.publish(ctx, useShadowGet, "", 0, 0, payload)
	if err != nil {
		b.cancel(serial)
	}
	return err
}

// getPayload gives the body of a request for the shadow. b.mu is held.
func (b *Backend) getPayload(serial uint32) []byte {
	if serial == 0 {
		return nil
	}
	return append(b.requests.appendToken([]byte(`{"clientToken":"`), serial), `"}`...)
}

func (b *Backend) cancel(serial uint32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests.cancel(serial)
	b.setAlarm()
}

// againTimeout bounds how long the session's goroutine, which reads from the network too, waits for room to publish.
const againTimeout = 5 * time.Second

// carryOut does what the requests machine wants done. It runs in the session's goroutine.
func (b *Backend) carryOut(source string, out outcome) {
	if out.fetch {
		ctx, cancel := context.WithTimeout(context.Background(), againTimeout)
		if err := b.fetch(ctx); err != nil {
			b.logger.Debug("shadow not asked for", "error", err)
		}
		cancel()
	}
	for i := range out.again {
		b.publishAgain(&out.again[i])
	}
	b.mu.Lock()
	b.setAlarm()
	b.mu.Unlock()
	if out.err != nil && !errors.Is(out.err, errRefused) {
		b.reject(source, out.err)
	}
}

func (b *Backend) publishAgain(q *request) {
	ctx, cancel := context.WithTimeout(context.Background(), againTimeout)
	defer cancel()
	b.mu.Lock()
	to, qos := useShadowGet, byte(0)
	var payload []byte
	if q.op == operationGet {
		payload = b.getPayload(q.serial)
	} else {
		to, qos = useShadowUpdate, 1
		document := make([]byte, 0, len(q.document)+64)
		payload = b.finishReport(append(document, q.document...), q.serial, b.config.VersionedReports)
	}
	b.mu.Unlock()
	if err := b.publish(ctx, to, "", qos, 0, payload); err != nil && !errors.Is(err, cloud.ErrNotConnected) {
		b.logger.Debug("request to the shadow service not made again", "request", q.op.String(), "error", err)
	}
}

// due does what the passing of time asks for.
func (b *Backend) due() {
	b.mu.Lock()
	out := b.requests.pass(time.Now())
	source := b.topics.names[useShadowGet]
	b.mu.Unlock()
	if out.err != nil && b.config.DesiredConfig && !b.config.GetAccepted {
		out.err = fmt.Errorf("%w; has the account the rule that republishes the configuration? See packaging/aws", out.err)
	}
	b.carryOut(source, out)
}

// standing tells whether there is a connection. b.mu is held.
func (b *Backend) standing() bool { return b.session != nil && b.session.alarm != nil }

// setAlarm has the session's goroutine woken when a request is due. b.mu is held.
func (b *Backend) setAlarm() {
	if !b.standing() {
		return
	}
	if next := b.requests.next(); next.IsZero() {
		b.session.alarm.Stop()
	} else {
		b.session.alarm.Reset(time.Until(next))
	}
}
