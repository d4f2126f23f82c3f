// Package jobs updates the firmware by AWS IoT Jobs (developer guide, "Jobs" and "Jobs MQTT API operations").
//
// One job after the other is carried out: its document is checked, the execution is set IN_PROGRESS, the image is downloaded (package fota), scheduled, and the
// device restarts. SUCCEEDED is told once the new firmware has reached the cloud and was confirmed, FAILED with the reason otherwise. A document that
// cannot be used is REJECTED with the reason. AWS_FOTA_REPORT_BEFORE_REBOOT gives the SDK's order: SUCCEEDED, then the restart.
//
// An image that has not been installed by the restart, and may be yet (a modem puts it off, a hook waits for the restart of the machine), is waited for as
// long as it takes: the execution stays IN_PROGRESS, with the step "wait" and the reason, until there is an outcome or the service wants it no more.
// Where another restart may help, the device restarts after an hour, then after two, at last once a day.
//
// What happens when is decided by a machine that knows no clock, network or medium; one goroutine owns it. What must be known after the restart (job,
// number of the execution, type of the image, expected version) is written before the image is scheduled, so that after a power cut at any moment
// the outcome is told for the right job, and nothing is installed twice.
package jobs

import (
	"errors"
	"fmt"
	"sync"

	"github.com/cloudgen/cloudgen/runtime/backend/aws"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/http"
)

// Config is what the options say about updates by AWS IoT Jobs.
type Config struct {
	ThingMax           int    `kconfig:"CLIENT_ID_MAX_LEN"`              // bytes of the thing's name
	StatusMax          int    `kconfig:"UPDATE_JOB_PAYLOAD_LEN"`         // bytes of an update that is sent: a longer reason is cut
	DocumentMax        int    `kconfig:"AWS_FOTA_PAYLOAD_SIZE"`          // bytes of a job document
	SecurityTag        int    `kconfig:"AWS_FOTA_DOWNLOAD_SECURITY_TAG"` // for https; -1: none
	ReportBeforeReboot bool   `kconfig:"AWS_FOTA_REPORT_BEFORE_REBOOT"`  // SUCCEEDED before the restart, as the SDK
	AllowHTTP          bool   `kconfig:"AWS_FOTA_ALLOW_HTTP"`            // images may come by plain http
	AllowedHosts       string `kconfig:"AWS_FOTA_ALLOWED_HOSTS"`         // that images come from; see ParseHosts of package http
	ImageMax           int64  `kconfig:"AWS_FOTA_IMAGE_SIZE_MAX"`        // bytes
	StepTimeout        int    `kconfig:"AWS_FOTA_STEP_TIMEOUT,unit=min"` // minutes that a step may take until the service gives the execution up; 0: no limit by the device
	FOTA               fota.Config
	HTTP               http.Config
}

// Bounds of the service (AWS IoT Device Management quotas; API reference, UpdateJobExecution).
const (
	maxJobID       = 64       // characters
	maxDocument    = 32 << 10 // bytes
	maxStepTimeout = 10080    // minutes
	maxDetail      = 1024     // characters of a value in statusDetails
)

// minStatus is the least that an update needs, in bytes, with a reason that is worth reading.
const minStatus = 512

// Jobs implements aws.JobsAgent. Between Start and Stop it has one goroutine, and one more while an image is downloaded.
type Jobs struct {
	config Config
	hosts  http.Hosts
	disk   disk

	mu  sync.Mutex
	run *running // nil: not started
}

// New makes a Jobs. It checks the configuration.
func New(config Config) (*Jobs, error) {
	hosts, err := http.ParseHosts(config.AllowedHosts)
	switch {
	case err != nil:
		return nil, errorf("AWS_FOTA_ALLOWED_HOSTS: %w", err)
	case len(hosts) == 0:
		return nil, errors.New("AWS_FOTA_ALLOWED_HOSTS is empty: no image could come from anywhere")
	case config.DocumentMax < 1 || config.DocumentMax > maxDocument:
		return nil, errorf("AWS_FOTA_PAYLOAD_SIZE is %d: 1 to %d bytes are possible", config.DocumentMax, maxDocument)
	case config.StatusMax < minStatus:
		return nil, errorf("UPDATE_JOB_PAYLOAD_LEN is %d: at least %d bytes are needed", config.StatusMax, minStatus)
	case config.ImageMax < 1:
		return nil, errorf("AWS_FOTA_IMAGE_SIZE_MAX is %d: an image has at least 1 byte", config.ImageMax)
	case config.StepTimeout < 0 || config.StepTimeout > maxStepTimeout:
		return nil, errorf("AWS_FOTA_STEP_TIMEOUT is %d min: 0 to %d are possible", config.StepTimeout, maxStepTimeout)
	}
	config.HTTP.Plain, config.HTTP.RedirectHosts = config.AllowHTTP, hosts
	if _, err := http.New(config.HTTP, http.Platform{}); err != nil {
		return nil, err
	}
	return &Jobs{config: config, hosts: hosts, disk: osDisk}, nil
}

var _ aws.JobsAgent = (*Jobs)(nil)

// errorf is fmt.Errorf as a call: that is inlined at every place otherwise, with all that it does.
//
//go:noinline
func errorf(format string, arguments ...any) error { return fmt.Errorf(format, arguments...) }
