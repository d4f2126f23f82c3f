package firmware

import (
	"context"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// download is one image on its way. That it is the object's current one says that it still counts: after a reset it does not.
type download struct {
	size    int64              // bytes that were announced; -1: none were
	taken   int64              // bytes
	percent int                // of size, as it was told last
	image   Image              // nil: nothing has come
	cancel  context.CancelFunc // of a pull; nil: a push
}

// errEnded is what a download gets that does not count any more.
var errEnded = lwm2m.Errorf(lwm2m.StatusRequestEntityIncomplete, "the download of the firmware was reset")

// begin makes a download the current one.
func (o *Object) begin(d *download) error {
	if !o.move(begun, resultInitial) {
		return lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "the firmware update is %v: reset it with an empty package or URI first", o.status.State)
	}
	o.current = d
	o.host.Firmware(lwm2m.FirmwareProgress{Step: lwm2m.FirmwareStarted})
	return nil
}

// write hands bytes to the target. An error has ended the download.
func (o *Object) write(d *download, part []byte) error {
	if o.current != d {
		return errEnded
	}
	if d.image == nil {
		image, err := o.target.Begin(d.size)
		if err != nil {
			o.spoil(resultOf(err), err)
			return err
		}
		d.image = image
	}
	n, err := d.image.Write(part)
	if err != nil {
		o.spoil(resultOf(err), err)
		return err
	}
	d.taken += int64(n)
	if d.size <= 0 {
		return nil
	}
	if percent := int(min(100, d.taken*100/d.size)); percent > d.percent {
		d.percent = percent
		o.host.Firmware(lwm2m.FirmwareProgress{Step: lwm2m.FirmwareDownloading, Percent: percent})
	}
	return nil
}

// commit ends a download of which all has come. Whether it is any good shows in the state and the result.
func (o *Object) commit(d *download) {
	err := ErrUnsupported
	if d.image != nil {
		err = d.image.Commit()
		d.image = nil
	}
	if err != nil {
		o.spoil(resultOf(err), err)
		return
	}
	o.drop()
	o.move(arrived, resultInitial)
	o.host.Firmware(lwm2m.FirmwareProgress{Step: lwm2m.FirmwareDownloaded})
}

// spoil ends the current download without an image. The image goes first: the status may need its room.
func (o *Object) spoil(because result, err error) {
	o.host.Logger().Error("the firmware image is not taken", "error", err)
	o.drop()
	o.move(spoiled, because)
	o.discard()
	o.host.Firmware(lwm2m.FirmwareProgress{Step: lwm2m.FirmwareFailed, Err: err})
}

// drop forgets the current download, and what has come of it.
func (o *Object) drop() {
	d := o.current
	o.current = nil
	if d == nil {
		return
	}
	if d.cancel != nil {
		d.cancel()
	}
	if d.image != nil {
		d.image.Abort()
	}
}
