package jobs

import (
	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/fota"
)

// effect is something that the machine wants done. Effects are carried out in their order, and one that has a result is told it before the next.
type effect any

type (
	// publish sends a request on a topic below $aws/things/THING/jobs/. unsent tells that it did not work.
	publish struct {
		topic   string
		payload []byte
	}
	// fetch downloads an image, in the background. kept is to be written before the image is scheduled.
	fetch struct {
		job  fota.Job
		kept record
	}
	// cancel ends the download.
	cancel struct{}
	// keep writes the record.
	keep struct{ record record }
	// inquire asks the target of a type what has become of its image; settled takes the answer.
	inquire struct{ kind fota.Type }
	// schedule has the target of a type install its image by the next restart; scheduled takes the answer.
	schedule struct{ kind fota.Type }
	// release is forget, for an image that is given up; released takes whether the target still has it, as one that may yet be installed.
	release struct{ kind fota.Type }
	// forget throws away an image that was not tried yet.
	forget struct{ kind fota.Type }
	// notify tells an event of the Cloud API.
	notify struct{ event cloud.Event }
	// refuse tells that a message cannot be used.
	refuse struct {
		topic string
		err   error
	}
	// note goes to the log.
	note struct {
		text string
		job  string
		err  error // nil: it is no problem
	}
)
