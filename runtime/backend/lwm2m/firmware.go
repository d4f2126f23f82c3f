package lwm2m

import (
	"context"
	"errors"
	"strconv"
	"syscall"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/firmware"
)

// keptTypes is the file that names the target of the last image that was to be installed, by the types that it takes: a number. It goes with the next
// download.
const keptTypes = "lwm2m-firmware-types"

// firmwareTarget is what object 5 sees of the device's targets of new firmware. Which of them an image goes to its first bytes say.
type firmwareTarget struct {
	targets []fota.Target
	state   *durable.Folder
}

// FirmwareTarget makes targets of new firmware one for object 5. The folder keeps which of them has to install, over the restart.
func FirmwareTarget(targets []fota.Target, state *durable.Folder) firmware.Target {
	return &firmwareTarget{targets, state}
}

// useTargets gives object 5, where the build has it, the device's targets.
func (b *Backend) useTargets(state *durable.Folder) {
	for _, each := range b.config.Objects {
		if object, is := each.(interface{ UseTarget(target firmware.Target) }); is {
			object.UseTarget(FirmwareTarget(b.device.Targets, state))
		}
	}
}

// Begin implements firmware.Target.
func (t *firmwareTarget) Begin(size int64) (firmware.Image, error) {
	if len(t.targets) == 0 {
		return nil, errorf("%w: no target of images is part of this firmware", firmware.ErrUnsupported)
	}
	if err := t.state.Remove(keptTypes); err != nil {
		return nil, explained(err)
	}
	if size <= 0 {
		size = -1
	}
	return &incoming{targets: t.targets, size: size}, nil
}

// Staged implements firmware.Target.
func (t *firmwareTarget) Staged() error {
	_, err := t.staged()
	return err
}

// staged gives the target that has an image to install. An image that was put off may have been installed by a later restart than that of its update.
func (t *firmwareTarget) staged() (fota.Target, error) {
	var errs []error
	for _, each := range t.targets {
		err := each.Staged()
		if err == nil {
			return each, nil
		}
		errs = append(errs, err)
	}
	if errs == nil {
		return nil, firmware.ErrUnsupported
	}
	if t.Installed() == nil {
		return nil, firmware.ErrRuns
	}
	return nil, explained(joined(errs))
}

// Install implements firmware.Target. Once Schedule is called the new image may run at any moment: what it has to know is kept before.
func (t *firmwareTarget) Install() error {
	target, err := t.staged()
	if err == nil {
		err = t.state.Write(keptTypes, strconv.AppendInt(nil, int64(target.Types()), 10))
	}
	if err == nil {
		err = explained(target.Schedule())
	}
	return err
}

// Installed implements firmware.Target. An image on trial counts as installed: if it is given up after all, a later call says so.
func (t *firmwareTarget) Installed() error {
	content, err := t.state.Read(keptTypes)
	if err != nil {
		return err
	}
	types, err := strconv.ParseUint(string(content), 10, 8)
	target := fota.For(t.targets, fota.Type(types))
	if target == nil {
		return errorf("the new image was for %v, which this firmware has no target for (%w)", fota.Type(types), err)
	}
	switch outcome, reason := target.Outcome(); outcome {
	case fota.OutcomeTrial, fota.OutcomeInstalled:
		return nil
	case fota.OutcomeFailed:
		return errorf("%w: %w", firmware.ErrReverted, reason)
	case fota.OutcomePending:
		return errors.New("the new image was not started")
	}
	return errors.New("no new image was started")
}

// Discard implements firmware.Target. What is on trial stays, for Forget leaves it.
func (t *firmwareTarget) Discard() error {
	var errs []error
	for _, each := range t.targets {
		errs = append(errs, each.Forget(), each.Discard())
	}
	return joined(errs)
}

// joined is errors.Join as a call.
//
//go:noinline
func joined(errs []error) error { return errors.Join(errs...) }

// incoming is an image on its way from the server to a target.
type incoming struct {
	targets []fota.Target
	size    int64
	start   []byte     // fewer than fota.RecognizedSize, until image is there
	image   fota.Image // nil: its type is not known yet
}

// Write implements io.Writer.
func (i *incoming) Write(part []byte) (int, error) {
	whole := part
	if i.image == nil {
		i.start = append(i.start, part...)
		if len(i.start) < fota.RecognizedSize {
			return len(part), nil
		}
		if err := i.begin(); err != nil {
			return 0, explained(err)
		}
		whole, i.start = i.start, nil
	}
	if _, err := i.image.Write(whole); err != nil {
		return 0, explained(err)
	}
	return len(part), nil
}

func (i *incoming) begin() (err error) {
	kind := fota.Recognize(i.start)
	if kind == 0 {
		kind = fota.TypeCustom
	}
	target := fota.For(i.targets, kind)
	if target == nil {
		return errorf("%w: its type is %v", firmware.ErrUnsupported, kind)
	}
	i.image, err = target.Begin(context.Background(), fota.Plan{Type: kind, Size: i.size})
	return err
}

// Commit implements firmware.Image.
func (i *incoming) Commit() error {
	if i.image == nil {
		return errorf("%w: it has %d bytes", firmware.ErrUnsupported, len(i.start))
	}
	return explained(i.image.Commit())
}

// Abort implements firmware.Image. What has come goes with the Discard that follows, or that of the next start.
func (i *incoming) Abort() {
	if i.image != nil {
		_ = i.image.Close()
	}
}

// explained says what an error of a target means for object 5.
func explained(err error) error {
	var means error
	refusal, refused := errors.AsType[*image.Refusal](err)
	switch {
	case refused:
		means = meaningOf(refusal.Reason)
	case errors.Is(err, fota.ErrTooBig) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG):
		means = firmware.ErrNoSpace
	case errors.Is(err, fota.ErrRefused):
		means = firmware.ErrUnsupported
	default:
		return err
	}
	return errorf("%w: %w", means, err)
}

// meaningOf tells images that are damaged, or that nobody we know has signed, from those that are not for this device.
func meaningOf(reason image.Reason) error {
	switch reason {
	case image.TooLarge:
		return firmware.ErrNoSpace
	case image.NotAnImage, image.Unsupported, image.WrongBoard, image.Downgraded, image.Unmet:
		return firmware.ErrUnsupported
	}
	return firmware.ErrIntegrity
}
