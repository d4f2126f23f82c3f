package sim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"

	"github.com/cloudgen/cloudgen/runtime/modem"
)

// The files in the data directory that make an update outlive the process.
const (
	firmwareFile = "modem.firmware" // the version that an update has brought, and a newline
	stagedFile   = "modem.staged"   // the version that the staged update brings, and a newline
)

// MaxVersion is the longest version of a modem's firmware, in bytes (SDK: modem static data).
const MaxVersion = 39

// usualFirmware is the version of a modem that was never updated.
const usualFirmware = "sim-1.0.0"

// firmware gives the version.
func (m *Modem) firmware() (string, error) {
	version, err := m.kept(firmwareFile)
	if version == "" && err == nil {
		if version = m.script.Firmware; version == "" {
			version = usualFirmware
		}
	}
	return version, err
}

// kept gives the line that a file holds; "" where there is none.
func (m *Modem) kept(name string) (string, error) {
	content, err := m.folder.Read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", errorf("simulated modem: %w", err)
	}
	line := string(bytes.TrimSpace(content))
	if len(line) > MaxVersion {
		return "", errorf("simulated modem: %s holds more than a version: delete it", m.folder.Path(name))
	}
	return line, nil
}

// StageUpdate implements modem.Updater. The file is read whole and not kept: its hash names the version that it brings, unless the script
// does.
func (m *Modem) StageUpdate(ctx context.Context, kind modem.UpdateKind, file io.ReaderAt, size int64) error {
	if err := m.answer(ctx, CallUpdate); err != nil {
		return err
	}
	if kind != modem.UpdateDelta && kind != modem.UpdateFull {
		return errorf("simulated modem: an update of kind %d: %w", kind, errors.ErrUnsupported)
	}
	if m.script.Update.Refused {
		return errorf("simulated modem: %w, as the script says", modem.ErrUpdateRefused)
	}
	hash := sha256.New()
	section := io.NewSectionReader(file, 0, size)
	var read int64
	for {
		n, err := io.CopyN(hash, section, 1<<16)
		read += n
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errorf("simulated modem: read the update: %w", err)
		}
	}
	if read != size {
		return errorf("simulated modem: the update is shorter than the %d bytes it should have: %d", size, read)
	}
	version := m.script.Update.Version
	if version == "" {
		version = "sim-" + hex.EncodeToString(hash.Sum(nil)[:4])
	}
	if err := m.folder.Write(stagedFile, []byte(version+"\n")); err != nil {
		return errorf("simulated modem: stage the update: %w", err)
	}
	return nil
}

// StagedUpdate implements modem.Updater.
func (m *Modem) StagedUpdate(ctx context.Context) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	version, err := m.kept(stagedFile)
	return version != "", err
}

// ApplyUpdate implements modem.Updater: the script says with what outcome.
func (m *Modem) ApplyUpdate() (modem.UpdateOutcome, error) {
	version, err := m.kept(stagedFile)
	if version == "" || err != nil {
		return modem.UpdateNone, err
	}
	outcome := m.script.Update.Outcome
	if outcome == modem.UpdateDone {
		if err := m.folder.Write(firmwareFile, []byte(version+"\n")); err != nil {
			return modem.UpdateDeferred, errorf("simulated modem: apply the update: %w", err)
		}
	}
	if outcome != modem.UpdateDeferred {
		if err := m.folder.Remove(stagedFile); err != nil {
			return modem.UpdateDeferred, errorf("simulated modem: apply the update: %w", err)
		}
	}
	if outcome != modem.UpdateDone {
		return outcome, errorf("simulated modem: the update is %v, as the script says", outcome)
	}
	return outcome, nil
}
