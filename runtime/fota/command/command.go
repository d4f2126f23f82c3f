// Package command is the target of images that another program installs: RAUC, SWUpdate, Mender, or a script of one's own. The image is kept whole as a
// file; a hook is told to install it, asked after the restart what has become of it, and told when it has proved itself. docs/updates.md
// says what a hook has to do.
package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/staged"
)

// folderName is the folder of the image in the data folder.
const folderName = "custom-update"

// The exit statuses of a hook that mean something; any other is that it could not do what it was told.
const (
	statusDone    = 0
	statusGone    = 1  // status: the update was given up
	statusRefused = 65 // install: the image will never be taken (EX_DATAERR of sysexits.h)
	statusLater   = 75 // status: it waits for the restart (EX_TEMPFAIL)
)

// Config is what the options say about the hook.
type Config struct {
	Hook  string        `kconfig:"DFU_TARGET_COMMAND_PATH"` // the program
	Limit time.Duration `kconfig:"DFU_TARGET_COMMAND_TIMEOUT_SECONDS,unit=s"`
}

// Target is a fota.Target.
type Target struct {
	config Config
	store  *staged.Store // nil: there is none
	closed error         // why
	logger *slog.Logger
	trial  bool // the hook says that the update runs

	postponed error // why the update waits
}

// New makes a Target.
func New(config Config) (*Target, error) {
	if config.Hook == "" || config.Limit <= 0 {
		return nil, errors.New("DFU_TARGET_COMMAND_PATH is empty, or DFU_TARGET_COMMAND_TIMEOUT_SECONDS is not above 0")
	}
	return &Target{config: config, closed: errors.New("the target of custom images is not open")}, nil
}

// Types implements fota.Target.
func (*Target) Types() fota.Type { return fota.TypeCustom }

// Open implements fota.Target. Where an image was installed before the restart, the hook is asked what has become of it.
func (t *Target) Open(host fota.Host) error {
	t.logger = host.Logger
	folder, err := durable.Make(filepath.Join(host.DataDir, folderName))
	if err == nil {
		t.store, err = staged.Open(folder, nil)
	}
	if err != nil {
		t.store, t.closed = nil, err
		return err
	}
	if t.store.Trying() || t.store.Held() {
		return t.ask()
	}
	return nil
}

// ask takes the hook's word for what has become of an update.
func (t *Target) ask() error {
	status, err := t.run("status")
	t.postponed = nil
	switch {
	case status == statusDone:
		t.trial = true
		return nil
	case status == statusLater:
		t.postponed = errors.New("the hook says that the update waits for the restart of the machine")
		return t.store.Hold()
	case status == statusGone && t.store.Held():
		return t.store.End(errors.New("the hook says that the update was given up"))
	case status == statusGone: // a cut has ended the installation
		return t.store.Return()
	}
	t.postponed = err
	return err
}

// Begin implements fota.Target.
func (t *Target) Begin(_ context.Context, plan fota.Plan) (fota.Image, error) {
	switch {
	case t.store == nil:
		return nil, t.closed
	case t.trial:
		return nil, errors.New("the last update has not proved itself yet")
	}
	t.postponed = nil
	return t.store.Begin(plan)
}

// Schedule implements fota.Target: the hook installs the image, so that the next start of the machine runs it. A hook that has done so is asked
// what has become of it.
func (t *Target) Schedule() error {
	if t.store == nil {
		return t.closed
	}
	if err := t.store.Schedule(); err != nil || t.trial {
		return err
	}
	if t.store.Trying() || t.store.Held() {
		if err := t.ask(); err != nil || t.trial || t.store.Held() {
			return err
		}
		if outcome, reason := t.store.Outcome(); outcome == fota.OutcomeFailed {
			return reason
		}
	}
	return t.install()
}

// install has the hook install the image.
func (t *Target) install() error {
	if err := t.store.Try(""); err != nil {
		return err
	}
	status, err := t.run("install", t.store.Path())
	switch status {
	case statusDone:
		return t.store.Hold()
	case statusRefused:
		err = fmt.Errorf("%w: %w", fota.ErrRefused, err)
	}
	return errors.Join(err, t.store.End(err))
}

// run runs the hook with what it is told. What it writes goes to the log.
func (t *Target) run(words ...string) (status int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), t.config.Limit)
	defer cancel()
	hook := exec.CommandContext(ctx, t.config.Hook, words...)
	hook.Env = append(os.Environ(), "CLOUDGEN_IMAGE_SIZE="+strconv.FormatInt(t.store.Size(), 10), "CLOUDGEN_IMAGE_SHA256="+t.store.SHA256())
	hook.WaitDelay = 5 * time.Second
	var said tail
	hook.Stdout, hook.Stderr = &said, &said
	err = hook.Run()
	t.logger.Info("the update hook has ended", "hook", t.config.Hook, "told", words[0], "output", said.String(), "error", err)
	if exit, is := errors.AsType[*exec.ExitError](err); is {
		status = exit.ExitCode()
		return status, fmt.Errorf("the hook %s says to %q: %w: %s", t.config.Hook, words[0], err, said.String())
	}
	if err != nil {
		return -1, fmt.Errorf("the hook %s cannot be run: %w", t.config.Hook, err)
	}
	return statusDone, nil
}

// Staged implements fota.Target.
func (t *Target) Staged() error {
	if t.store == nil {
		return t.closed
	}
	return t.store.Staged()
}

// Outcome implements fota.Target.
func (t *Target) Outcome() (fota.Outcome, error) {
	switch {
	case t.store == nil:
		return fota.OutcomeNone, nil
	case t.trial:
		return fota.OutcomeTrial, nil
	}
	return t.store.Outcome()
}

// Postponed tells why an update waits though the firmware has restarted, nil where it does not: for the restart of the machine, which is the hook's
// business, or until the hook can tell. Another start of the firmware is no help.
func (t *Target) Postponed() (why error, restart bool) {
	if t.store == nil || !t.store.Scheduled() || t.trial {
		return nil, false
	}
	return t.postponed, false
}

// Confirm implements fota.Confirmer. A hook that could not tell what has become of the update is asked again before.
func (t *Target) Confirm() error {
	if t.store == nil {
		return nil
	}
	if !t.trial && (t.store.Trying() || t.store.Held() && t.postponed != nil) {
		if err := t.ask(); err != nil {
			return err
		}
	}
	if !t.trial {
		return nil
	}
	if _, err := t.run("confirm"); err != nil {
		return err
	}
	if err := t.store.End(nil); err != nil {
		return err
	}
	t.trial = false
	return nil
}

// Discard implements fota.Target.
func (t *Target) Discard() error {
	if t.store == nil {
		return nil
	}
	return t.store.Discard()
}

// Forget implements fota.Target.
func (t *Target) Forget() error {
	if t.store == nil || t.store.Trying() || t.store.Held() { // what the hook has, it has
		return nil
	}
	return t.store.Forget()
}

// tailSize is how much of what a hook writes is kept, in bytes.
const tailSize = 2048

// tail keeps the end of what is written to it.
type tail struct{ kept []byte }

func (t *tail) Write(part []byte) (int, error) {
	t.kept = append(t.kept, part...)
	if over := len(t.kept) - tailSize; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(part), nil
}

// String gives it as one line.
func (t *tail) String() string {
	return strings.Join(strings.FieldsFunc(string(bytes.ToValidUTF8(t.kept, []byte("?"))), func(r rune) bool { return r == '\n' || r == '\r' }), " | ")
}

var (
	_ fota.Target    = (*Target)(nil)
	_ fota.Confirmer = (*Target)(nil)
)
