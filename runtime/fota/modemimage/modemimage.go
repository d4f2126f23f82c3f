// Package modemimage is the target of modem firmware: an image is kept whole as a file, handed to the modem adapter, and applied at the next start,
// before the modem is switched on.
package modemimage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/staged"
	"github.com/cloudgen/cloudgen/runtime/modem"
)

// folderName is the folder of the image in the data folder.
const folderName = "modem-update"

// Config is what the options say about modem firmware.
type Config struct {
	Delta        bool          `kconfig:"DFU_TARGET_MODEM_DELTA"` // patches are taken
	Full         bool          `kconfig:"DFU_TARGET_FULL_MODEM"`  // whole firmware is taken
	EraseNotices time.Duration `kconfig:"DFU_TARGET_MODEM_TIMEOUT,unit=s"`
	// SkipPrevalidation takes whole firmware whose hash has not been compared.
	SkipPrevalidation bool `kconfig:"FMFU_FDEV_SKIP_PREVALIDATION"`
}

// Target is a fota.Target.
type Target struct {
	config Config
	store  *staged.Store // nil: there is none
	closed error         // why
	modem  modem.Updater
	logger *slog.Logger

	folder    func(path string) (*durable.Folder, error)
	postponed error // why the update waits for another start
}

// New makes a Target.
func New(config Config) (*Target, error) {
	return &Target{config: config, closed: errors.New("the target of modem firmware is not open"), folder: durable.Make}, nil
}

// Types implements fota.Target.
func (t *Target) Types() fota.Type {
	var types fota.Type
	if t.config.Delta {
		types |= fota.TypeModemDelta
	}
	if t.config.Full {
		types |= fota.TypeFullModem
	}
	return types
}

// Open implements fota.Target.
func (t *Target) Open(host fota.Host) error {
	updater, is := host.Modem.(modem.Updater)
	if !is {
		t.closed = errors.New("the firmware of this modem cannot be updated: its adapter is no modem.Updater")
		host.Logger.Info(t.closed.Error())
		return nil
	}
	folder, err := t.folder(filepath.Join(host.DataDir, folderName))
	if err == nil {
		t.store, err = staged.Open(folder, t.check)
	}
	if err != nil {
		t.store, t.closed = nil, err
		return err
	}
	t.modem, t.logger = updater, host.Logger
	return nil
}

// Begin implements fota.Target.
func (t *Target) Begin(ctx context.Context, plan fota.Plan) (fota.Image, error) {
	if t.store == nil {
		return nil, t.closed
	}
	t.postponed = nil
	image, err := t.store.Begin(plan)
	if err != nil {
		return nil, err
	}
	return &incoming{Image: image, target: t, ctx: ctx, tell: plan.Tell}, nil
}

// incoming is an image on its way. It keeps the context of the download, for Commit hands the image to the modem, which can take minutes.
type incoming struct {
	*staged.Image
	target *Target
	ctx    context.Context
	tell   func(fota.EventKind)
}

// Commit implements fota.Image: the image is checked, staged, and handed to the modem, which may refuse it.
func (i *incoming) Commit() error {
	if err := i.Image.Commit(); err != nil {
		return err
	}
	err := i.target.hand(i.ctx, i.tell)
	// Where the firmware is about to end the next start goes on here; otherwise nobody comes back for the image.
	if err != nil && (errors.Is(err, fota.ErrRefused) || i.ctx.Err() == nil || !errors.Is(context.Cause(i.ctx), i.ctx.Err())) {
		return errors.Join(err, i.target.store.Forget())
	}
	return err
}

// hand gives the staged image to the modem, and tells whoever downloads that it takes its time.
func (t *Target) hand(ctx context.Context, tell func(fota.EventKind)) error {
	file, err := t.store.Image()
	if err != nil {
		return err
	}
	kind := modem.UpdateDelta
	if t.store.Type() == fota.TypeFullModem {
		kind = modem.UpdateFull
	}
	done := t.notices(tell)
	err = t.modem.StageUpdate(ctx, kind, file, t.store.Size())
	done()
	if errors.Is(err, modem.ErrUpdateTooLarge) {
		err = fmt.Errorf("%w: %w", fota.ErrTooBig, err)
	}
	if errors.Is(err, modem.ErrUpdateRefused) || errors.Is(err, modem.ErrUpdateTooLarge) || errors.Is(err, errors.ErrUnsupported) {
		err = fmt.Errorf("%w: %w", fota.ErrRefused, err)
	}
	return errors.Join(err, file.Close())
}

// notices tells that the modem makes room, and again as long as it does, until the function that it gives is called.
func (t *Target) notices(tell func(fota.EventKind)) (done func()) {
	if tell == nil {
		return func() {}
	}
	tell(fota.EventErasePending)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		if t.config.EraseNotices <= 0 {
			return
		}
		ticker := time.NewTicker(t.config.EraseNotices)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
				tell(fota.EventEraseTimeout)
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
		tell(fota.EventEraseDone)
	}
}

// Schedule implements fota.Target.
func (t *Target) Schedule() error {
	if t.store == nil {
		return t.closed
	}
	return t.store.Schedule()
}

// Staged implements fota.Target.
func (t *Target) Staged() error {
	if t.store == nil {
		return t.closed
	}
	return t.store.Staged()
}

// Apply implements fota.Applier. An update that the modem defers stays for the next start.
func (t *Target) Apply(ctx context.Context) error {
	if t.store == nil || !t.store.Scheduled() {
		return nil
	}
	err := t.apply(ctx)
	if err != nil && t.store.Scheduled() && (t.store.Trying() || t.store.Held()) {
		t.postponed = err
	}
	return err
}

func (t *Target) apply(ctx context.Context) error {
	if applied, err := t.prepare(ctx); applied || err != nil {
		return err
	}
	t.logger.Info("the modem's firmware is updated: keep the power on")
	outcome, err := t.modem.ApplyUpdate()
	if outcome == modem.UpdateDone {
		t.logger.Info("the modem's firmware is updated")
		return t.store.End(nil)
	}
	reason := fmt.Errorf("the update of the modem was not applied: %v", outcome)
	if err != nil {
		reason = fmt.Errorf("%w: %w", reason, err)
	}
	switch outcome {
	case modem.UpdateNone, modem.UpdateDeferred:
		t.postponed = reason
		return errors.Join(reason, t.store.Return())
	case modem.UpdateBroken: // there is no other firmware to go back to: the same one is tried at each start until it is replaced
		return errors.Join(reason, t.store.Hold())
	}
	return errors.Join(reason, t.store.End(reason))
}

// prepare sees to it that the modem has what it is to apply. applied: it was before a cut, which has taken the modem's answer.
func (t *Target) prepare(ctx context.Context) (applied bool, err error) {
	waits, err := t.modem.StagedUpdate(ctx)
	if err == nil && !waits && t.store.Trying() {
		if applied, err = t.applied(ctx); applied {
			t.logger.Warn("the modem's firmware was updated as far as can be told: its answer was lost")
			return true, t.store.End(nil)
		}
	}
	if err == nil && !waits { // the modem has lost it, or has refused it, which it will do again
		err = t.hand(ctx, nil)
	}
	if errors.Is(err, fota.ErrRefused) {
		return false, errors.Join(err, t.store.End(err))
	}
	if err != nil {
		return false, err
	}
	return false, t.store.Try(t.version(ctx))
}

// applied tells whether an update that is not staged any more has been applied: then another version runs than before. Where that was not known, it is
// taken for applied. A modem that runs its version already, as whole firmware may be of the same one, is given it once more: that does no harm.
func (t *Target) applied(ctx context.Context) (bool, error) {
	before, now := t.store.Note(), t.version(ctx)
	if before != "" && now == "" && t.store.Type() == fota.TypeModemDelta { // a patch is for one version alone
		return false, errors.New("the modem does not tell which firmware it runs, and so not whether it was updated")
	}
	return before == "" || now != "" && now != before, nil
}

// version is that of the modem's firmware; "" where the modem does not tell.
func (t *Target) version(ctx context.Context) string {
	identifier, is := t.modem.(modem.Identifier)
	if !is {
		return ""
	}
	device, err := identifier.Identity(ctx)
	if err != nil {
		t.logger.Warn("the modem does not tell which firmware it runs", "error", err)
		return ""
	}
	return device.ModemFirmware
}

// Postponed tells why an update waits though the device has restarted, nil where it does not. Another start may help.
func (t *Target) Postponed() (why error, restart bool) {
	if t.store == nil || !t.store.Scheduled() {
		return nil, false
	}
	return t.postponed, true
}

// Outcome implements fota.Target.
func (t *Target) Outcome() (fota.Outcome, error) {
	if t.store == nil {
		return fota.OutcomeNone, nil
	}
	return t.store.Outcome()
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
	if t.store == nil || t.store.Trying() || t.store.Held() { // the modem is at it, or is without firmware: the image is all that helps
		return nil
	}
	return t.store.Forget()
}

var (
	_ fota.Target  = (*Target)(nil)
	_ fota.Applier = (*Target)(nil)
)
