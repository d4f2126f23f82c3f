package command_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/command"
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
	var err error
	d.target, err = command.New(command.Config{Hook: filepath.Join(d.dir, "hook"), Limit: time.Minute})
	if err != nil {
		d.Fatal(err)
	}
	if err := d.target.Open(fota.Host{DataDir: d.dir, Logger: slog.New(slog.DiscardHandler)}); err != nil {
		d.Fatal(err)
	}
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
