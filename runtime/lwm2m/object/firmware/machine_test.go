package firmware

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// until brings a device to a state.
var until = map[string]func(d *device){
	"idle": func(d *device) { // with a result, so that it shows what resets it
		d.target.(*target).commit = ErrIntegrity
		d.Pack("image")
		d.target.(*target).commit = nil
		d.Want("idle", "0/5")
	},
	"pulling": func(d *device) {
		d.URI("coap://files.example/image")
		d.remote.parts <- []byte("im")
		d.Want("pulling", "1/0")
	},
	"pushing": func(d *device) {
		d.Begin(0, "im")
		d.Want("pushing", "1/0")
	},
	"downloaded": func(d *device) {
		d.Pack("image")
		d.Want("downloaded", "2/0")
	},
	"updating": func(d *device) {
		d.Pack("image")
		d.Execute()
		d.Want("updating", "3/0")
	},
	"installed": func(d *device) {
		d.Pack("image")
		d.Execute()
		d.restart()
		d.Want("installed", "0/1")
	},
	"given up": func(d *device) {
		d.Pack("image")
		d.Execute()
		d.target.(*target).installed, d.target.(*target).staged = ErrReverted, fs.ErrNotExist
		d.restart()
		d.target.(*target).installed, d.target.(*target).staged = nil, nil
		d.Want("given up", "0/8")
	},
}

// events are what can happen, with the answer to the server where there is one.
var events = map[string]func(d *device) string{
	"first block":     func(d *device) string { return d.Begin(0, "other") },
	"package":         func(d *device) string { return d.Pack("image") },
	"package, empty":  func(d *device) string { return d.Pack("") },
	"package, zero":   func(d *device) string { return d.Pack("\x00") },
	"package, A":      func(d *device) string { return d.Pack("A") },
	"block, zero":     func(d *device) string { d.Begin(1, ""); return d.Last("\x00") },
	"URI":             func(d *device) string { return d.URI("coap://files.example/image") },
	"URI, secure":     func(d *device) string { return d.URI("coaps://files.example:7000/image?x") },
	"URI, empty":      func(d *device) string { return d.URI("") },
	"URI, http":       func(d *device) string { return d.URI("http://files.example/image") },
	"URI, no scheme":  func(d *device) string { return d.URI("files.example/image") },
	"URI, no host":    func(d *device) string { return d.URI("coap:///image") },
	"URI, broken":     func(d *device) string { return d.URI("coap://[::1/image") },
	"URI, 256 bytes":  func(d *device) string { return d.URI("coap://" + strings.Repeat("x", 249)) },
	"Update":          func(d *device) string { return d.Execute() },
	"restart":         func(d *device) string { d.restart(); return "" },
	"last block":      func(d *device) string { return d.Last("age") },
	"push aborted":    func(d *device) string { d.Upload.Abort(errOther); return "" },
	"pull, whole":     func(d *device) string { d.remote.end <- nil; return "" },
	"pull, lost":      func(d *device) string { return d.failed(lwm2m.FetchLost) },
	"pull, not found": func(d *device) string { return d.failed(lwm2m.FetchInvalid) },
	"pull, scheme":    func(d *device) string { return d.failed(lwm2m.FetchUnsupported) },
	"pull, part":      func(d *device) string { d.remote.parts <- []byte("age"); return "" },
}

func (d *device) failed(cause lwm2m.FetchCause) string {
	d.remote.end <- &lwm2m.FetchError{Cause: cause, Err: errOther}
	return ""
}

// The state machine of reference lwm2m, 15: object 5, version 1.0.
func TestStateMachine(t *testing.T) {
	full := func(t *target) { t.write = fmt.Errorf("write: %w", ErrNoSpace) }
	for _, c := range []struct {
		from, event string
		with        func(t *target)
		answer      string
		to          string
	}{
		{"idle", "first block", nil, "2.31", "1/0"},
		{"idle", "package", nil, "2.04", "2/0"},
		{"idle", "package, empty", nil, "2.04", "0/0"},
		{"idle", "package, zero", nil, "2.04", "0/0"},
		{"idle", "block, zero", nil, "2.04", "0/0"},
		{"idle", "package, A", func(t *target) { t.write = ErrUnsupported }, "5.00", "0/6"},
		{"idle", "package, A", func(t *target) { t.commit = ErrUnsupported }, "2.04", "0/6"},
		{"idle", "package", func(t *target) { t.begin = ErrNoSpace }, "4.13", "0/2"},
		{"idle", "package", func(t *target) { t.begin = errOther }, "5.00", "0/8"},
		{"idle", "URI", nil, "2.04", "1/0"},
		{"idle", "URI, secure", nil, "2.04", "1/0"},
		{"idle", "URI, empty", nil, "2.04", "0/0"},
		{"idle", "URI, http", nil, "2.04", "0/9"},
		{"idle", "URI, no scheme", nil, "2.04", "0/7"},
		{"idle", "URI, no host", nil, "2.04", "0/7"},
		{"idle", "URI, broken", nil, "2.04", "0/7"},
		{"idle", "URI, 256 bytes", nil, "4.00", "0/5"},
		{"idle", "Update", nil, "4.05", "0/5"},
		{"idle", "restart", nil, "", "0/5"},
		{"idle", "restart", func(t *target) { t.discard = errOther }, "", "0/5"},

		{"pushing", "last block", nil, "2.04", "2/0"},
		{"pushing", "last block", full, "4.13", "0/2"},
		{"pushing", "last block", func(t *target) { t.write = ErrNoMemory }, "5.00", "0/3"},
		{"pushing", "push aborted", nil, "", "0/4"},
		{"pushing", "last block", func(t *target) { t.commit = ErrIntegrity }, "2.04", "0/5"},
		{"pushing", "last block", func(t *target) { t.write = ErrIntegrity }, "5.00", "0/5"},
		{"pushing", "last block", func(t *target) { t.commit = ErrUnsupported }, "2.04", "0/6"},
		{"pushing", "last block", func(t *target) { t.commit = errOther }, "2.04", "0/8"},
		{"pushing", "first block", nil, "4.05", "1/0"},
		{"pushing", "package", nil, "4.05", "1/0"},
		{"pushing", "package, A", nil, "4.05", "1/0"},
		{"pushing", "package, empty", nil, "2.04", "0/0"},
		{"pushing", "package, zero", nil, "2.04", "0/0"},
		{"pushing", "URI", nil, "4.05", "1/0"},
		{"pushing", "URI, http", nil, "4.05", "1/0"},
		{"pushing", "URI, empty", nil, "2.04", "0/0"},
		{"pushing", "Update", nil, "4.05", "1/0"},
		{"pushing", "restart", nil, "", "0/0"},

		{"pulling", "pull, part", nil, "", "1/0"},
		{"pulling", "pull, part", full, "", "0/2"},
		{"pulling", "pull, part", func(t *target) { t.write = ErrNoMemory }, "", "0/3"},
		{"pulling", "pull, part", func(t *target) { t.write = ErrUnsupported }, "", "0/6"},
		{"pulling", "pull, part", func(t *target) { t.write = errOther }, "", "0/8"},
		{"pulling", "pull, whole", nil, "", "2/0"},
		{"pulling", "pull, whole", func(t *target) { t.commit = ErrIntegrity }, "", "0/5"},
		{"pulling", "pull, whole", func(t *target) { t.commit = ErrUnsupported }, "", "0/6"},
		{"pulling", "pull, lost", nil, "", "0/4"},
		{"pulling", "pull, not found", nil, "", "0/7"},
		{"pulling", "pull, scheme", nil, "", "0/9"},
		{"pulling", "first block", nil, "4.05", "1/0"},
		{"pulling", "package", nil, "4.05", "1/0"},
		{"pulling", "package, empty", nil, "2.04", "0/0"},
		{"pulling", "package, zero", nil, "2.04", "0/0"},
		{"pulling", "URI", nil, "4.05", "1/0"},
		{"pulling", "URI, empty", nil, "2.04", "0/0"},
		{"pulling", "Update", nil, "4.05", "1/0"},
		{"pulling", "restart", nil, "", "0/0"},

		{"downloaded", "first block", nil, "4.05", "2/0"},
		{"downloaded", "package", nil, "4.05", "2/0"},
		{"downloaded", "package, empty", nil, "2.04", "0/0"},
		{"downloaded", "package, zero", nil, "2.04", "0/0"},
		{"downloaded", "URI", nil, "4.05", "2/0"},
		{"downloaded", "URI, empty", nil, "2.04", "0/0"},
		{"downloaded", "Update", nil, "2.04", "3/0"},
		{"downloaded", "Update", func(t *target) { t.install = errOther }, "2.04", "2/8"},
		{"downloaded", "Update", func(t *target) { t.install, t.staged = errOther, fs.ErrNotExist }, "2.04", "0/8"},
		{"downloaded", "Update", func(t *target) { t.install, t.staged = ErrIntegrity, ErrIntegrity }, "2.04", "0/5"},
		{"downloaded", "restart", nil, "", "2/0"},
		{"downloaded", "restart", func(t *target) { t.staged = fs.ErrNotExist }, "", "0/8"},
		{"downloaded", "restart", func(t *target) { t.staged = ErrIntegrity }, "", "0/5"},
		{"downloaded", "restart", func(t *target) { t.staged = fmt.Errorf("staged: %w", ErrRuns) }, "", "0/1"},

		{"updating", "first block", nil, "4.05", "3/0"},
		{"updating", "package", nil, "4.05", "3/0"},
		{"updating", "package, empty", nil, "4.05", "3/0"},
		{"updating", "package, zero", nil, "4.05", "3/0"},
		{"updating", "URI", nil, "4.05", "3/0"},
		{"updating", "URI, empty", nil, "4.05", "3/0"},
		{"updating", "Update", nil, "4.05", "3/0"},
		{"updating", "restart", nil, "", "0/1"},
		{"updating", "restart", func(t *target) { t.installed = errOther }, "", "2/8"},
		{"updating", "restart", func(t *target) { t.installed, t.staged = errOther, fs.ErrNotExist }, "", "0/8"},
		{"updating", "restart", func(t *target) { t.installed, t.staged = errOther, ErrIntegrity }, "", "0/5"},
		{"updating", "restart", func(t *target) { t.installed, t.staged = ErrReverted, fs.ErrNotExist }, "", "0/8"},

		{"installed", "restart", nil, "", "0/1"},
		{"installed", "restart", func(t *target) { t.installed = errOther }, "", "0/1"},
		{"installed", "restart", func(t *target) { t.installed = fmt.Errorf("reverted: %w", ErrReverted) }, "", "0/8"},
		{"installed", "first block", nil, "2.31", "1/0"},
		{"installed", "URI, empty", nil, "2.04", "0/0"},
		{"given up", "restart", nil, "", "0/8"},
		{"given up", "restart", func(t *target) { t.staged = fmt.Errorf("staged: %w", ErrRuns) }, "", "0/1"},
		{"given up", "package", nil, "2.04", "2/0"},
	} {
		t.Run(c.from+"/"+c.event, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				to := &target{}
				d := newDevice(t, to)
				until[c.from](d)
				if c.with != nil {
					c.with(to)
				}
				equal(t, "answer", events[c.event](d), c.answer)
				d.Want("after "+c.event, c.to)
				if d.object.current != nil && c.to != "1/0" {
					t.Error("a download goes on")
				}
				if c.event != "restart" { // what is shown is what was kept
					d.target = &target{}
					d.restart()
					kept := c.to
					switch kept {
					case "1/0":
						kept = "0/0"
					case "3/0":
						kept = "0/1"
					}
					d.Want("after a restart", kept)
				}
			})
		})
	}
}

// What has become of an update is told once, also where a reverted image had told of its success.
func TestOutcomeIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := &target{}
		d := newDevice(t, to)
		until["installed"](d)
		equal(t, "progress", d.host.took(), "started 100% downloaded installing succeeded")
		d.restart()
		equal(t, "progress of another restart", d.host.took(), "")
		to.installed, to.staged = ErrReverted, fs.ErrNotExist
		d.restart()
		d.Want("after the revert", "0/8")
		equal(t, "progress after the revert", d.host.took(), "failed")
		d.restart()
		d.Want("after another restart", "0/8")
		equal(t, "progress of another restart", d.host.took(), "")
	})
}

func TestWithoutTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDevice(t, nil)
		equal(t, "push", d.Pack("image"), "5.00")
		d.Want("push", "0/6")
		d.URI("coap://files.example/image")
		d.remote.parts <- []byte("image")
		d.Want("pull", "0/6")
		d.restart()
		d.Want("restart", "0/6")
		equal(t, "Update", d.Execute(), "4.05")
	})
}

func TestStepRefusesWhatIsNotInTheTable(t *testing.T) {
	for from := idle; from <= updating; from++ {
		for what := begun; what <= bootUnfinished; what++ {
			before := status{State: from, Result: resultIntegrity}
			after, possible := before.step(what, resultNoSpace)
			rows := 0
			for _, row := range transitions {
				if row.from == from && row.what == what {
					rows++
				}
			}
			if rows > 1 || rows == 1 != possible || !possible && after != before {
				t.Errorf("signal %d in state %v: %v, %t, %d rows", what, from, after, possible, rows)
			}
		}
	}
	if _, possible := (status{State: 9}).step(reset, resultInitial); possible {
		t.Error("a state that there is not has a successor")
	}
	equal(t, "name", fmt.Sprint(downloaded, state(7)), "downloaded state 7")
}
