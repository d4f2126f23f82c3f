package jobs

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/fota"
)

// stage is how far the execution of a record has come.
type stage uint8

const (
	stageNone      stage = iota // nothing is kept
	stageStarted                // the image is being downloaded: the record of package fota says how far
	stageScheduled              // the image is whole, and the target is told to install it, or about to be
	stageReported               // the service has taken the outcome
)

// record is what is known of a job after a restart.
type record struct {
	stage     stage
	execution execution // job and number
	expected  string    // version, as the document says
	kind      fota.Type // of the image, from stageScheduled on
	restarts  int       // that were asked for to install the image
	status    string    // stageReported: what was told
	reason    string    // stageReported: and why
}

// Where it is kept, beside the record of package fota.
const (
	folderName = "fota"
	recordName = "aws-job"
)

// disk gives the folder below a device's data folder.
type disk func(dataDir string) (*durable.Folder, error)

func osDisk(dataDir string) (*durable.Folder, error) {
	return durable.Make(filepath.Join(dataDir, folderName))
}

// encode writes lines of NAME=VALUE.
func (r record) encode() []byte {
	return fmt.Appendf(nil, "version=1\nstage=%d\njob=%s\nexecution=%d\nexpected=%s\ntype=%d\nrestarts=%d\nstatus=%s\nreason=%s\n",
		r.stage, r.execution.job, r.execution.number, detail(r.expected), r.kind, r.restarts, r.status, detail(r.reason))
}

// decodeRecord reads a record. ok is false where it is none that this program has written.
func decodeRecord(content []byte) (r record, ok bool) {
	values := map[string]string{}
	for line := range strings.Lines(string(content)) {
		name, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if _, twice := values[name]; !found || twice {
			return record{}, false
		}
		values[name] = value
	}
	number := func(name string, most int64) int64 {
		n, err := strconv.ParseInt(values[name], 10, 64)
		if err != nil || n < 0 || n > most {
			ok = false
		}
		return n
	}
	ok = len(values) == 9 && values["version"] == "1" && checkJobID(values["job"]) == nil
	r = record{
		stage: stage(number("stage", int64(stageReported))), kind: fota.Type(number("type", 255)), restarts: int(number("restarts", 1<<30)),
		execution: execution{job: values["job"], number: number("execution", 1<<62), version: -1},
		expected:  detail(values["expected"]), status: values["status"], reason: detail(values["reason"]),
	}
	switch r.stage {
	case stageStarted:
	case stageScheduled:
		ok = ok && r.kind != 0
	case stageReported:
		ok = ok && (r.status == succeeded || r.status == failed || r.status == rejected)
	default:
		ok = false
	}
	if !ok {
		return record{}, false
	}
	return r, true
}

// load reads what an earlier run has kept. A record that cannot be read is an error, and the zero record.
func load(folder *durable.Folder) (record, error) {
	content, err := folder.Read(recordName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return record{}, nil
	case err != nil:
		return record{}, err
	}
	r, ok := decodeRecord(content)
	if !ok {
		return record{}, errorf("%s is damaged: what an earlier update has come to is not known", folder.Path(recordName))
	}
	return r, nil
}

// keep makes a record the one that is found after a restart.
func (r record) keep(folder *durable.Folder) error {
	if r.stage == stageNone {
		return folder.Remove(recordName)
	}
	return folder.Write(recordName, r.encode())
}
