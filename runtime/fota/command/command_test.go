package command_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/command"
	"github.com/cloudgen/cloudgen/runtime/fota/staged"
)

// hook writes down what it is told, and answers with the status that a file of its folder says.
const hook = `#!/bin/sh
cd "$(dirname "$0")" || exit 99
echo "$@" "$CLOUDGEN_IMAGE_SIZE" >>told
echo "it is told $1" >&2
[ "$1" = install ] && cat "$2" >installed
exit "$(cat "status-$1" 2>/dev/null || echo 0)"
`

var content = []byte("a bundle for somebody else")

// device is what a start of the firmware finds.
type device struct {
	*testing.T
	dir    string
	target *command.Target
}

func newDevice(t *testing.T) *device {
	d := &device{T: t, dir: t.TempDir()}
	d.write("hook", hook, 0o700)
	d.start()
	return d
}

func (d *device) write(name, text string, mode os.FileMode) {
	d.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), mode); err != nil {
		d.Fatal(err)
	}
}

func (d *device) start() {
	d.Helper()
	if err := d.open(); err != nil {
		d.Fatal(err)
	}
}

func (d *device) open() error {
	d.Helper()
	var err error
	d.target, err = command.New(command.Config{Hook: filepath.Join(d.dir, "hook"), Limit: time.Minute})
	if err != nil {
		d.Fatal(err)
	}
	return d.target.Open(fota.Host{DataDir: d.dir, Logger: slog.New(slog.DiscardHandler)})
}

func (d *device) update() error {
	image, err := d.target.Begin(d.Context(), fota.Plan{ID: "bundle", Type: fota.TypeCustom, Size: int64(len(content))})
	if err != nil {
		return err
	}
	if _, err := image.Write(content); err != nil {
		return err
	}
	if err := image.Commit(); err != nil {
		return err
	}
	return d.target.Schedule()
}

func (d *device) want(outcome fota.Outcome, told ...string) {
	d.Helper()
	got, reason := d.target.Outcome()
	if got != outcome || (reason != nil) != (outcome == fota.OutcomeFailed) {
		d.Errorf("the outcome is %v: %v, want %v", got, reason, outcome)
	}
	lines, err := os.ReadFile(filepath.Join(d.dir, "told"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		d.Fatal(err)
	}
	if text := strings.TrimSpace(string(lines)); text != strings.Join(told, "\n") {
		d.Errorf("the hook was told %q, want %q", text, told)
	}
}

func TestUpdate(t *testing.T) {
	d := newDevice(t)
	if err := d.update(); err != nil {
		t.Fatal(err)
	}
	install := "install " + filepath.Join(d.dir, "custom-update", "image") + " 26"
	d.want(fota.OutcomePending, install)
	if installed, err := os.ReadFile(filepath.Join(d.dir, "installed")); err != nil || string(installed) != string(content) {
		t.Errorf("installed %q: %v", installed, err)
	}
	d.write("status-status", "75", 0o600)
	d.start() // of the process alone: the machine has not restarted
	d.want(fota.OutcomePending, install, "status 26")
	d.write("status-status", "0", 0o600)
	d.start()
	d.want(fota.OutcomeTrial, install, "status 26", "status 26")
	if err := d.update(); err == nil {
		t.Error("an update begins while the last one is on trial")
	}
	d.write("status-confirm", "3", 0o600)
	if err := d.target.Confirm(); err == nil || !strings.Contains(err.Error(), "it is told confirm") {
		t.Errorf("a hook that cannot confirm: %v", err)
	}
	d.write("status-confirm", "0", 0o600)
	for range 2 {
		if err := d.target.Confirm(); err != nil {
			t.Error(err)
		}
	}
	d.start()
	d.want(fota.OutcomeInstalled, install, "status 26", "status 26", "confirm 26", "confirm 26")
}

func TestGivenUp(t *testing.T) {
	d := newDevice(t)
	d.write("status-status", "1", 0o600)
	if err := d.update(); err != nil {
		t.Fatal(err)
	}
	d.start()
	d.start() // it is asked once
	d.want(fota.OutcomeFailed, "install "+filepath.Join(d.dir, "custom-update", "image")+" 26", "status 26")
}

// TestScheduledAgain: a hook that has taken the image is asked, and not told to install it once more.
func TestScheduledAgain(t *testing.T) {
	d := newDevice(t)
	if err := d.update(); err != nil {
		t.Fatal(err)
	}
	install := "install " + filepath.Join(d.dir, "custom-update", "image") + " 26"
	d.write("status-status", "75", 0o600)
	if err := d.target.Schedule(); err != nil {
		t.Error(err)
	}
	d.want(fota.OutcomePending, install, "status 26")
	if why, restart := d.target.Postponed(); why == nil || restart {
		t.Errorf("postponed: %v, %v", why, restart)
	}
	if err := d.target.Forget(); err != nil || d.target.Staged() != nil {
		t.Errorf("what the hook has is forgotten: %v", err)
	}
	d.write("status-status", "1", 0o600)
	if err := d.target.Schedule(); err == nil || !strings.Contains(err.Error(), "given up") {
		t.Errorf("given up: %v", err)
	}
	d.want(fota.OutcomeFailed, install, "status 26", "status 26")
}

// TestCutInstallation: the power goes while the hook installs. When it knows of nothing then, it is told once more.
func TestCutInstallation(t *testing.T) {
	for status, want := range map[string]fota.Outcome{"1": fota.OutcomePending, "75": fota.OutcomePending, "0": fota.OutcomeTrial} {
		d := newDevice(t)
		d.cutWhileInstalling()
		d.write("status-status", status, 0o600)
		d.start()
		d.want(want, "status 26")
		if why, _ := d.target.Postponed(); (why != nil) != (status == "75") {
			t.Errorf("status %s: postponed: %v", status, why)
		}
		told := []string{"status 26"}
		if err := d.target.Schedule(); err != nil {
			t.Error(err)
		}
		switch status {
		case "1":
			told = append(told, "install "+filepath.Join(d.dir, "custom-update", "image")+" 26")
		case "75":
			told = append(told, "status 26")
		}
		d.want(want, told...)
	}
}

// cutWhileInstalling leaves what a cut during the installation does.
func (d *device) cutWhileInstalling() {
	d.Helper()
	folder := durable.Open(filepath.Join(d.dir, "custom-update"))
	store, err := staged.Open(folder, nil)
	if err != nil {
		d.Fatal(err)
	}
	image, err := store.Begin(fota.Plan{ID: "bundle", Type: fota.TypeCustom, Size: int64(len(content))})
	if err == nil {
		_, err = image.Write(content)
	}
	if err == nil {
		err = errors.Join(image.Commit(), store.Schedule(), store.Try(""))
	}
	if err != nil {
		d.Fatal(err)
	}
}

// TestHookThatCannotTell is asked again when the cloud is reached: what it has to look at may start after the firmware.
func TestHookThatCannotTell(t *testing.T) {
	d := newDevice(t)
	if err := d.update(); err != nil {
		t.Fatal(err)
	}
	install := "install " + filepath.Join(d.dir, "custom-update", "image") + " 26"
	d.write("status-status", "4", 0o600)
	if err := d.open(); err == nil {
		t.Error("it cannot tell, and that is no error")
	}
	if why, restart := d.target.Postponed(); why == nil || restart {
		t.Errorf("postponed: %v, %v", why, restart)
	}
	if err := d.target.Confirm(); err == nil {
		t.Error("it cannot tell, and that is no error")
	}
	d.want(fota.OutcomePending, install, "status 26", "status 26")
	d.write("status-status", "0", 0o600)
	if err := d.target.Confirm(); err != nil {
		t.Error(err)
	}
	d.want(fota.OutcomeInstalled, install, "status 26", "status 26", "status 26", "confirm 26")
}

func TestRefused(t *testing.T) {
	for status, refused := range map[string]bool{"65": true, "1": false} {
		d := newDevice(t)
		d.write("status-install", status, 0o600)
		if err := d.update(); err == nil || errors.Is(err, fota.ErrRefused) != refused {
			t.Errorf("status %s: %v", status, err)
		}
		if outcome, reason := d.target.Outcome(); outcome != fota.OutcomeFailed || !strings.Contains(reason.Error(), "it is told install") {
			t.Errorf("status %s: %v: %v", status, outcome, reason)
		}
	}
	d := newDevice(t)
	if err := os.Remove(filepath.Join(d.dir, "hook")); err != nil {
		t.Fatal(err)
	}
	if err := d.update(); err == nil {
		t.Error("no hook, and no error")
	}
}
