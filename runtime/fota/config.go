package fota

import (
	"net/url"
	"strings"
	"time"
)

// Config is what the options say about downloads.
type Config struct {
	Retries        int  `kconfig:"FOTA_SOCKET_RETRIES"`                   // tries after the first; the count starts again with each percent of the image
	ProgressEvents bool `kconfig:"FOTA_DOWNLOAD_PROGRESS_EVT"`            // EventProgress is told
	AutoSchedule   bool `kconfig:"FOTA_CLIENT_AUTOSCHEDULE_UPDATE"`       // Target.Schedule is called before EventFinished
	KeepProgress   bool `kconfig:"DFU_TARGET_STREAM_SAVE_PROGRESS"`       // a restart goes on where the download was cut
	FileNameMax    int  `kconfig:"FOTA_DOWNLOAD_FILE_NAME_LENGTH"`        // bytes of the URL's path
	HostNameMax    int  `kconfig:"FOTA_DOWNLOAD_HOST_NAME_LENGTH"`        // bytes
	URLMax         int  `kconfig:"FOTA_DOWNLOAD_RESOURCE_LOCATOR_LENGTH"` // bytes
	TagsMax        int  `kconfig:"FOTA_DOWNLOAD_SEC_TAG_LIST_SIZE_MAX"`   // security tags of one download

	// A checkpoint syncs the image and writes the record. What was written after the last one is downloaded again after a power cut.
	CheckpointTime  time.Duration // between checkpoints at least, while bytes come; 0: DefaultCheckpointTime
	CheckpointBytes int64         // that make a checkpoint before that time; 0: none do
}

// DefaultCheckpointTime is the time between checkpoints.
const DefaultCheckpointTime = 5 * time.Second

// Job says what to download.
type Job struct {
	// ID names the file for resuming, where the cloud has a name for the job: two jobs of one ID are the same download, though their URLs may
	// differ in their query, as signed ones do. "": the URL names it.
	ID       string
	URL      string
	Tags     []int // security tags, for https and coaps
	Size     int64 // of the file in bytes, where the cloud tells it; 0: the server must
	Limit    int64 // most bytes that the file may have; 0: only the target limits it
	Expected Type  // set of types that are allowed; 0: any that has a target
}

// check parses the job's URL and checks the job against the limits.
func (c Config) check(job Job) (*url.URL, *Error) {
	invalid := func(format string, args ...any) (*url.URL, *Error) {
		return nil, failure(CauseInvalidConfiguration, nil, format, args...)
	}
	if len(job.URL) > c.URLMax {
		return invalid("the image's URL has %d bytes: FOTA_DOWNLOAD_RESOURCE_LOCATOR_LENGTH allows %d", len(job.URL), c.URLMax)
	}
	u, err := url.Parse(job.URL)
	switch {
	case err != nil: // url's error repeats the URL, which may hold a secret
		return invalid("the image's URL cannot be read: it must be like https://host/path")
	case u.Scheme == "" || u.Host == "" || u.Hostname() == "":
		return invalid("the image's URL has no scheme or no host: it must be like https://host/path")
	case u.User != nil:
		return invalid("the image's URL contains a user name: it is not sent, take it out")
	case strings.ContainsAny(job.ID, "\r\n") || len(job.ID) > maxID:
		return invalid("the job's ID has %d bytes or a line end: at most %d bytes without one are possible", len(job.ID), maxID)
	case len(u.Hostname()) > c.HostNameMax:
		return invalid("the host name of the image has %d bytes: FOTA_DOWNLOAD_HOST_NAME_LENGTH allows %d", len(u.Hostname()), c.HostNameMax)
	case len(u.EscapedPath()) > c.FileNameMax:
		return invalid("the path of the image has %d bytes: FOTA_DOWNLOAD_FILE_NAME_LENGTH allows %d", len(u.EscapedPath()), c.FileNameMax)
	case len(job.Tags) > c.TagsMax:
		return invalid("%d security tags are given: FOTA_DOWNLOAD_SEC_TAG_LIST_SIZE_MAX allows %d", len(job.Tags), c.TagsMax)
	case job.Size < 0 || job.Limit < 0:
		return invalid("the job's size %d or limit %d is negative", job.Size, job.Limit)
	}
	return u, nil
}

const maxID = 256 // bytes
