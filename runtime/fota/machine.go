package fota

import "time"

// Waits between tries: 1 s, 2 s, 4 s, …
const (
	firstWait = time.Second
	maxWait   = time.Minute
)

// machine decides how a download goes on. It knows no clock, network or medium.
type machine struct {
	config Config
	job    Job

	version Version   // of the file that bytes are here of; the zero value: of none
	kind    Type      // of the image; 0 until it is known
	written int64     // bytes that the target has
	kept    int64     // of these, bytes that are on the medium and recorded as that
	keptAt  time.Time // when they were, or when writing began
	percent int       // that was told last; -1: none

	tries    int   // that have failed since the last progress
	mark     int64 // written at that time
	restarts int   // how often the file was begun anew
}

func newMachine(config Config, job Job, now time.Time) *machine {
	if config.CheckpointTime <= 0 {
		config.CheckpointTime = DefaultCheckpointTime
	}
	return &machine{config: config, job: job, keptAt: now, percent: -1}
}

// takesUp tells whether what a record is about is of use for the job.
func (m *machine) takesUp(r record) bool {
	return m.config.KeepProgress && r.key == keyOf(m.job) && m.allows(r.kind) &&
		(m.job.Size == 0 || m.job.Size == r.version.Size) && (m.job.Limit == 0 || r.version.Size <= m.job.Limit)
}

// resume takes over what an earlier download has left, as far as the target still has it. good: the record of it still holds.
func (m *machine) resume(r record, has int64) (good bool) {
	m.version, m.kind, m.written, m.kept, m.mark = r.version, r.kind, has, 0, has
	if has < r.offset {
		return false
	}
	m.kept = r.offset
	return true
}

// takeOver notes that the target has more of a new image than was recorded.
func (m *machine) takeOver(has int64) { m.written, m.kept, m.mark = has, 0, has }

// id names the image for the target.
func (m *machine) id() string {
	if !m.keeps() {
		return ""
	}
	return m.record().id()
}

// record is what is to be recorded of all that was written.
func (m *machine) record() record {
	return record{key: keyOf(m.job), version: m.version, kind: m.kind, offset: m.written}
}

// next gives where the next try begins, and of which file the bytes before are.
func (m *machine) next() (offset int64, version Version) {
	if m.written == 0 || m.version.Validator == "" {
		return 0, Version{}
	}
	return m.written, m.version
}

// complete tells whether all of the file is here.
func (m *machine) complete() bool { return m.version.Size > 0 && m.written == m.version.Size }

// begin takes what a source says about the file. anew: what is here is of no use, and is thrown away.
func (m *machine) begin(offset int64, version Version) (anew bool, err *Error) {
	if version.Size < 0 && m.job.Size > 0 {
		version.Size = m.job.Size
	}
	switch {
	case version.Size < 0:
		return false, failure(CauseInternal, nil, "the server does not tell the image's size, and the job does not either")
	case version.Size == 0:
		return false, failure(CauseInvalidUpdate, nil, "the image is empty")
	case m.job.Size > 0 && version.Size != m.job.Size:
		return false, failure(CauseInvalidUpdate, nil, "the image has %d bytes at the server, and %d according to the job", version.Size, m.job.Size)
	case m.job.Limit > 0 && version.Size > m.job.Limit:
		return false, failure(CauseInvalidUpdate, nil, "the image has %d bytes: at most %d are possible", version.Size, m.job.Limit)
	case offset != 0 && (offset != m.written || version != m.version):
		return false, failure(CauseInternal, nil, "the image was to go on at byte %d, and goes on at %d of another file", m.written, offset)
	case offset != 0:
		return false, nil
	}
	anew = m.written > 0
	if anew {
		if m.restarts++; m.restarts > max(m.config.Retries, 1) {
			return false, failure(CauseDownloadFailed, nil, "the image has changed %d times while it was downloaded", m.restarts)
		}
	}
	m.version, m.kind, m.written, m.kept, m.mark = version, 0, 0, 0, 0
	return anew, nil
}

// room checks that bytes to come belong to the file.
func (m *machine) room(bytes int64) *Error {
	if here := m.written + bytes; here > m.version.Size {
		return failure(CauseDownloadFailed, nil, "the server sends more than the %d bytes that it has announced", m.version.Size)
	}
	return nil
}

// wrote notes that the target has taken bytes. It tells whether the percentage is another one now, and whether it is time for a checkpoint.
func (m *machine) wrote(bytes int64, now time.Time) (progress, checkpoint bool) {
	if m.written == 0 {
		m.keptAt = now
	}
	m.written += bytes
	if m.written-m.mark >= max(m.version.Size/100, 1) {
		m.tries, m.mark = 0, m.written
	}
	many := m.config.CheckpointBytes > 0 && m.written-m.kept >= m.config.CheckpointBytes
	return m.progress(), m.keeps() && (many || now.Sub(m.keptAt) >= m.config.CheckpointTime)
}

func (m *machine) progress() bool {
	percent := int(m.written * 100 / max(m.version.Size, 1))
	if percent == m.percent {
		return false
	}
	m.percent = percent
	return m.config.ProgressEvents
}

// keeps tells whether a restart can make use of what is here.
func (m *machine) keeps() bool { return m.config.KeepProgress && m.version.Validator != "" }

// loose tells whether a checkpoint would keep more than the last one.
func (m *machine) loose() bool { return m.keeps() && m.written > m.kept }

// synced notes that all that was written is on the medium, and gives the record of it.
func (m *machine) synced(now time.Time) record {
	m.kept, m.keptAt = m.written, now
	return m.record()
}

// failed takes the error of a try. It gives how long to wait until the next one, or the error that ends the download.
func (m *machine) failed(err *Error) (wait time.Duration, end *Error) {
	if !err.Retry || m.tries >= m.config.Retries {
		return 0, err
	}
	wait = min(firstWait<<min(m.tries, 10), maxWait)
	m.tries++
	return wait, nil
}

// allows tells whether a type of image is one that the job is about.
func (m *machine) allows(kind Type) bool { return m.job.Expected == 0 || m.job.Expected&kind != 0 }
