package jobs

import (
	"errors"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/fota"
)

// begun takes that the service has the execution IN_PROGRESS.
func (m *machine) begun(now time.Time) {
	m.phase, m.current.status = downloading, inProgress
	if !m.started {
		m.started = true
		m.do(notify{cloud.Event{Type: cloud.EventFOTAStart}})
		m.do(note{"the update begins", m.current.job, nil})
	}
	m.download(now)
}

// download begins the download, or goes on with it.
func (m *machine) download(now time.Time) {
	m.phase, m.fetchedTo = downloading, m.percent
	m.renew(now)
	m.do(fetch{
		job:  fota.Job{ID: m.current.job, URL: m.document.url, Tags: m.tags, Limit: m.image},
		kept: m.scheduledRecord(0),
	})
}

// scheduledRecord is what is kept of an image that is about to be scheduled.
//
//go:noinline
func (m *machine) scheduledRecord(kind fota.Type) record {
	return record{
		stage: stageScheduled, execution: execution{job: m.current.job, number: m.current.number, version: -1}, expected: m.document.version, kind: kind,
	}
}

// renew winds up the time after which the service's timer is to be wound up.
func (m *machine) renew(now time.Time) {
	m.renewAt = time.Time{}
	if m.stepTimeout > 0 {
		m.renewAt = now.Add(time.Duration(m.stepTimeout) * time.Minute / 2)
	}
}

// progressed takes how far the download is, in percent.
func (m *machine) progressed(percent int) {
	if m.phase != downloading {
		return
	}
	m.percent = percent
	if percent/tellStep > m.told/tellStep && percent < 100 {
		m.tell = true
	}
	if m.progress {
		m.do(notify{cloud.Event{Type: cloud.EventFOTADLProgress, FOTAProgress: percent}})
	}
}

// finished takes that the image is whole and, unless the application says when, scheduled. The record is the one that fetch was given, with the type.
func (m *machine) finished(now time.Time, kind fota.Type) {
	m.record, m.kind = m.scheduledRecord(kind), kind
	if m.phase == stopping {
		m.halted()
		return
	}
	m.percent = 100
	if m.reportEarly {
		m.end(outcome{status: succeeded, early: true})
		m.doneBy = now.Add(reportLimit)
		return
	}
	m.phase = restarting
	m.announce(now)
}

// announce has the service told of the restart, if that can be done soon.
func (m *machine) announce(now time.Time) {
	m.tell, m.tellAt, m.doneBy = true, time.Time{}, now.Add(restartLimit)
	if !m.connected {
		m.doneBy = now
	}
}

// restart wants the device restarted.
func (m *machine) restart() {
	m.phase, m.doneBy = waiting, time.Time{}
	m.do(note{"the image is installed by the restart", m.current.job, nil})
	m.do(notify{cloud.Event{Type: cloud.EventFOTADone}})
}

// broken takes that the download has failed. It is taken up again where that helps: by then the URL may have a fresh signature, or the link be back.
// written is the type of the image if the record of it was written already; 0: it was not.
func (m *machine) broken(now time.Time, err *fota.Error, written fota.Type) {
	if written != 0 {
		m.record, m.kind = m.scheduledRecord(written), written
	}
	if m.phase == stopping {
		m.halted()
		return
	}
	if written != 0 {
		m.giveUp(now, err)
		return
	}
	moved := m.percent > m.fetchedTo
	if moved {
		m.fetches = 0
	}
	transient := err.Cause == fota.CauseConnectFailed || err.Cause == fota.CauseDownloadFailed
	if transient && (moved || err.Retry) {
		if m.fetches++; m.fetches < maxFetches {
			m.do(note{"the download is taken up again after a while", m.current.job, err})
			m.phase, m.fetchAt = pausing, now.Add(fetchPause<<(m.fetches-1))
			return
		}
	}
	m.failed(err)
}

// failed ends the job with an error.
func (m *machine) failed(err error) {
	o := outcome{status: failed, reason: err.Error()}
	if e, is := errors.AsType[*fota.Error](err); is {
		o.cause = strings.TrimPrefix(e.Cause.String(), "FOTA_DOWNLOAD_ERROR_CAUSE_")
	}
	m.fail(err)
	m.end(o)
}

// resume goes on with the download, with the document as it is now.
func (m *machine) resume(now time.Time, head execution) {
	d, err := m.documentOf(head)
	if err != nil {
		m.unsuitable(err)
		return
	}
	m.document = d
	m.download(now)
}

// cancelled takes that the download has ended by cancel.
func (m *machine) cancelled() {
	if m.phase == stopping {
		m.halted()
	}
}

// undo goes back to where the download was begun.
func (m *machine) undo() {
	m.keep(record{stage: stageStarted, execution: execution{job: m.current.job, number: m.current.number, version: -1}, expected: m.document.version})
}

// gone gives up the current job, for the service does not want it any more.
func (m *machine) gone(why string) {
	m.stopped, m.tell, m.doneBy = why, false, time.Time{}
	switch {
	case m.phase == downloading:
		m.phase = stopping
		m.do(cancel{})
	case m.phase == ending && !m.outcome.early:
		m.do(note{"the outcome is not told", m.current.job, errors.New(why)})
		m.reported()
	default:
		m.halted()
	}
}

// halted ends a job that is gone, once its download has ended.
func (m *machine) halted() {
	if m.record.stage == stageScheduled {
		m.do(forget{m.record.kind})
	}
	if m.phase != starting {
		m.fail(errorf("the job was given up: %s", m.stopped))
	}
	m.drop()
	m.ask = true
}

// drop forgets the current job.
//
//go:noinline
func (m *machine) drop() {
	m.phase = idle
	m.keep(record{})
}

// fail tells of an error of the current job.
//
//go:noinline
func (m *machine) fail(err error) {
	m.do(note{"the update has failed", m.current.job, err})
	m.do(notify{cloud.Event{Type: cloud.EventFOTAError, Err: errorf("job %s: %w", m.current.job, err)}})
}

// end has an outcome told.
//
//go:noinline
func (m *machine) end(o outcome) {
	m.phase, m.outcome, m.refusals, m.plain, m.tell = ending, o, 0, false, false
	m.asked = false
}

// reported takes that the service has the outcome, or never will.
func (m *machine) reported() {
	m.keep(record{
		stage: stageReported, execution: execution{job: m.current.job, number: m.current.number, version: -1},
		expected: m.document.version, kind: m.kind, status: m.outcome.status, reason: detail(m.outcome.reason),
	})
	m.phase, m.ask = idle, true
	if m.outcome.early {
		m.restart()
	}
}
