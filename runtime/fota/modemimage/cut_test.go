package modemimage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

// memory is what a modem keeps when its power goes.
type memory struct {
	Version  string
	Staged   bool
	Applied  int  // updates that were applied
	Broken   bool // there is no firmware
	Answered []modem.UpdateOutcome
}

// patient is a modem whose memory is on the disk that is cut. It answers ApplyUpdate with one outcome of its list after the other, and done after that.
type patient struct {
	modem.Modem
	folder   *durable.Folder
	outcomes []modem.UpdateOutcome
	final    *modem.UpdateOutcome // that ApplyUpdate has given back and that ends an update, before a cut
}

func (p *patient) recall() (m memory, err error) {
	content, err := p.folder.Read("memory")
	if errors.Is(err, fs.ErrNotExist) {
		return memory{Version: "1.0"}, nil
	}
	if err == nil {
		err = json.Unmarshal(content, &m)
	}
	return m, err
}

func (p *patient) keep(m memory) error {
	content, err := json.Marshal(m)
	return errors.Join(err, p.folder.Write("memory", content))
}

func (p *patient) StageUpdate(_ context.Context, _ modem.UpdateKind, file io.ReaderAt, size int64) error {
	read, err := io.ReadAll(io.NewSectionReader(file, 0, size))
	if err == nil && !bytes.Equal(read, patchwork) {
		return modem.ErrUpdateRefused
	}
	m, kept := p.recall()
	if err := errors.Join(err, kept); err != nil {
		return err
	}
	m.Staged = true
	return p.keep(m)
}

func (p *patient) StagedUpdate(context.Context) (bool, error) {
	m, err := p.recall()
	return m.Staged, err
}

func (p *patient) ApplyUpdate() (modem.UpdateOutcome, error) {
	m, err := p.recall()
	if err != nil || !m.Staged {
		return modem.UpdateNone, err
	}
	outcome := modem.UpdateDone
	if n := len(m.Answered); n < len(p.outcomes) {
		outcome = p.outcomes[n]
	}
	m.Answered = append(m.Answered, outcome)
	m.Staged, m.Broken = outcome == modem.UpdateDeferred, outcome == modem.UpdateBroken
	if outcome == modem.UpdateDone {
		m.Applied++
		m.Version = fmt.Sprintf("2.%d", m.Applied)
	}
	if err := p.keep(m); err != nil {
		return modem.UpdateNone, err
	}
	if outcome == modem.UpdateDone || outcome == modem.UpdateRejected {
		p.final = &outcome
	}
	return outcome, nil
}

func (p *patient) Identity(context.Context) (data.Device, error) {
	m, err := p.recall()
	if m.Broken {
		err = errors.New("there is no firmware")
	}
	return data.Device{ModemFirmware: m.Version}, err
}

// patchwork is the image. It begins as a patch of modem firmware does, and nothing looks at it where it goes for whole firmware.
var patchwork = append([]byte{0, 0, 0, 0, 0x6d, 0x65, 0x44, 0x75}, bytes.Repeat([]byte("a patch "), 30)...)

// opened is a start of the firmware.
func opened(t *testing.T, disk durable.FS, outcomes []modem.UpdateOutcome) (*Target, *patient) {
	t.Helper()
	target, err := New(Config{Delta: true, Full: true, SkipPrevalidation: true})
	if err != nil {
		t.Fatal(err)
	}
	target.folder = func(path string) (*durable.Folder, error) { return durable.OpenOn(disk, path), nil }
	p := &patient{folder: durable.OpenOn(disk, "/modem"), outcomes: outcomes}
	if err := target.Open(fota.Host{DataDir: "/data", Modem: p, Logger: slog.New(slog.DiscardHandler)}); err != nil && !errors.Is(err, durabletest.ErrCut) {
		t.Fatal(err)
	}
	return target, p
}

// life is what happens to an image: it is downloaded from where it was, handed over, scheduled and applied by one start after the other. plan.Keep are
// the bytes that an earlier life has synced.
func life(t *testing.T, disk durable.FS, outcomes []modem.UpdateOutcome, plan *fota.Plan) (is fota.Outcome, final *modem.UpdateOutcome, err error) {
	for range 10 {
		target, p := opened(t, disk, outcomes)
		err := target.Apply(t.Context())
		final = p.final
		if errors.Is(err, durabletest.ErrCut) {
			return 0, final, err
		}
		switch is, _ = target.Outcome(); is {
		case fota.OutcomeInstalled, fota.OutcomeFailed:
			return is, final, nil
		case fota.OutcomeNone:
			err = fetched(t, target, plan)
		default:
			err = nil
		}
		if err == nil {
			err = target.Schedule()
		}
		if err != nil {
			return 0, final, err
		}
	}
	return fota.OutcomePending, nil, nil
}

// fetched downloads what is missing, in pieces, with a sync after each, and commits.
func fetched(t *testing.T, target *Target, plan *fota.Plan) error {
	i, err := target.Begin(t.Context(), *plan)
	if err != nil {
		return err
	}
	plan.Keep = i.Offset()
	for part := range slices.Chunk(patchwork[i.Offset():], 100) {
		_, err := i.Write(part)
		if err == nil {
			err = i.Sync()
		}
		if err != nil {
			return errors.Join(err, i.Close())
		}
		plan.Keep = i.Offset()
	}
	return i.Commit()
}

// TestPowerCuts: the power is cut at every operation, of the modem's memory too, from the first byte of the download until the image is gone. Afterwards
// the update comes to the same end; what was synced is taken up, an image that is needed is whole, and one that the modem has applied is not applied again.
func TestPowerCuts(t *testing.T) {
	for name, test := range map[string]struct {
		kind     fota.Type
		outcomes []modem.UpdateOutcome
		want     fota.Outcome
		applied  int
	}{
		"done":              {fota.TypeModemDelta, nil, fota.OutcomeInstalled, 1},
		"deferred, done":    {fota.TypeModemDelta, []modem.UpdateOutcome{modem.UpdateDeferred, modem.UpdateDeferred}, fota.OutcomeInstalled, 1},
		"rejected":          {fota.TypeModemDelta, slices.Repeat([]modem.UpdateOutcome{modem.UpdateRejected}, 10), fota.OutcomeFailed, 0},
		"broken, then done": {fota.TypeFullModem, []modem.UpdateOutcome{modem.UpdateBroken}, fota.OutcomeInstalled, 1},
	} {
		t.Run(name, func(t *testing.T) {
			points, disks := 0, 0
			for at := 0; ; at++ {
				disk := durabletest.New()
				for _, folder := range []string{"/modem", "/data", "/data/" + folderName} {
					if _, err := durable.MakeOn(disk, folder); err != nil {
						t.Fatal(err)
					}
				}
				disk.CutAfter(at)
				plan := fota.Plan{ID: "job 1", Type: test.kind, Size: int64(len(patchwork))}
				is, final, err := life(t, disk, test.outcomes, &plan)
				if err == nil && disk.Operations() < at {
					if is != test.want {
						t.Fatalf("without a cut: %v", is)
					}
					break
				}
				points++
				for found := range disk.Crashes() {
					disks++
					survives(t, found, test.outcomes, plan, at, final)
					after, p := opened(t, found, nil)
					m, err := p.recall()
					is, reason := after.Outcome()
					if err != nil || is != test.want || m.Applied != test.applied || (reason != nil) != (is == fota.OutcomeFailed) {
						t.Fatalf("cut after %d operations: %v (%v), the modem's memory %+v", at, is, reason, m)
					}
					if _, err := found.Open("/data/" + folderName + "/image"); !errors.Is(err, fs.ErrNotExist) {
						t.Fatalf("cut after %d operations: the image is left: %v", at, err)
					}
				}
			}
			t.Logf("%d cut points, %d disks looked at", points, disks)
			if points < 60 || disks < 150 {
				t.Error("the enumeration has lost cases")
			}
		})
	}
}

// survives goes on from what was found after a cut. final is the answer that ends the update and that the modem has given before.
func survives(t *testing.T, disk *durabletest.Disk, outcomes []modem.UpdateOutcome, plan fota.Plan, at int, final *modem.UpdateOutcome) {
	t.Helper()
	target, p := opened(t, disk, outcomes)
	m, err := p.recall()
	if err != nil {
		t.Fatal(err)
	}
	is, _ := target.Outcome()
	if final != nil && is == fota.OutcomeNone {
		t.Fatalf("cut after %d operations: that there was an update is forgotten", at)
	}
	if is == fota.OutcomePending {
		if err := target.Staged(); err != nil {
			t.Fatalf("cut after %d operations: the image is needed: %v", at, err)
		}
	}
	if is == fota.OutcomeNone && plan.Keep > 0 {
		i, err := target.Begin(t.Context(), plan)
		if err != nil || i.Offset() != plan.Keep {
			t.Fatalf("cut after %d operations: not %d bytes are taken up: %v", at, plan.Keep, err)
		}
		if err := i.Close(); err != nil {
			t.Fatal(err)
		}
	}
	answered := len(m.Answered)
	if _, _, err := life(t, disk, outcomes, &plan); err != nil {
		t.Fatalf("cut after %d operations: %v", at, err)
	}
	if m, err = p.recall(); err != nil {
		t.Fatal(err)
	}
	if final != nil && *final == modem.UpdateDone && len(m.Answered) != answered {
		t.Fatalf("cut after %d operations: what the modem has done is done again: %v", at, m.Answered)
	}
}
