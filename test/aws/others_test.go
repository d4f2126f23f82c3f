package aws

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/command"
	"github.com/cloudgen/cloudgen/runtime/fota/modemimage"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/modem/sim"
)

// simulated is the simulated modem, whose answer may be lost with the power.
type simulated struct {
	*sim.Modem
	device *device
}

// modem is the one of the next start.
func (d *device) modem() modem.Modem {
	d.mu.Lock()
	defer d.mu.Unlock()
	script := sim.Calm()
	script.Update = d.update
	return simulated{sim.New(sim.Options{DataDir: d.data, Script: &script}), d}
}

func (s simulated) ApplyUpdate() (modem.UpdateOutcome, error) {
	outcome, err := s.Modem.ApplyUpdate()
	s.device.mu.Lock()
	lose := s.device.lose
	s.device.mu.Unlock()
	if lose != nil {
		lose()
	}
	return outcome, err
}

// others makes the targets of images that are no firmware of the device.
func (d *device) others() []fota.Target {
	d.Helper()
	modem, err := modemimage.New(modemimage.Config{Delta: true, Full: true, EraseNotices: patience})
	check(d, err)
	if d.hook == "" {
		return []fota.Target{modem}
	}
	custom, err := command.New(command.Config{Hook: d.hook, Limit: patience})
	check(d, err)
	return []fota.Target{modem, custom}
}

// becomes says what will become of modem firmware.
func (d *device) becomes(update sim.Update) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.update = update
}

// modemFirmware is the version that the modem has got by updates; "": it has got none.
func (d *device) modemFirmware() string {
	d.Helper()
	content, err := os.ReadFile(filepath.Join(d.data, "modem.firmware"))
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	check(d, err)
	return strings.TrimSpace(string(content))
}

// hooked gives the device a hook. It is a link, for a program that is being written cannot be started while another test forks.
func (d *device) hooked() *device {
	d.Helper()
	program, err := filepath.Abs("testdata/hook")
	check(d, err)
	d.hook = filepath.Join(d.TempDir(), "hook")
	check(d, os.Symlink(program, d.hook))
	return d
}

// answers says with which status the hook ends when it is told a word.
func (d *device) answers(word string, status int) {
	d.Helper()
	path := filepath.Join(filepath.Dir(d.hook), word)
	check(d, os.WriteFile(path+".new", []byte(strconv.Itoa(status)), 0o600))
	check(d, os.Rename(path+".new", path))
}

// told is what the hook was told.
func (d *device) told() string {
	d.Helper()
	content, err := os.ReadFile(filepath.Join(filepath.Dir(d.hook), "told"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		d.Fatal(err)
	}
	return strings.Join(strings.Fields(string(content)), " ")
}

// keeps tells whether an image lies in a folder of the data folder.
func (d *device) keeps(folder string) bool {
	_, err := os.Stat(filepath.Join(d.data, folder, "image"))
	return err == nil
}

// losing has the power fail between an answer of the modem and its being written down. It gives a channel that tells, and what makes the disk what it
// was then, when the device has stopped.
func (d *device) losing(t *testing.T) (lost <-chan struct{}, restore func()) {
	t.Helper()
	folder, before, done := filepath.Join(d.data, "modem-update"), filepath.Join(t.TempDir(), "before"), make(chan struct{})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lose = func() {
		check(t, os.CopyFS(before, os.DirFS(folder)))
		d.mu.Lock()
		defer d.mu.Unlock()
		d.lose = nil
		d.cancel()
		close(done)
	}
	return done, func() {
		check(t, os.RemoveAll(folder))
		check(t, os.CopyFS(folder, os.DirFS(before)))
	}
}
