package lwm2m

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	server "github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/lab/packetnet"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/firmware"
)

// Object 5, cases 751 to 780.

// Values of State (/5/0/3) and Update Result (/5/0/5).
const (
	idle        = "0"
	downloading = "1"
	downloaded  = "2"

	initial      = "0"
	success      = "1"
	noSpace      = "2"
	noMemory     = "3"
	lost         = "4"
	damaged      = "5"
	unsupported  = "6"
	invalidURI   = "7"
	failed       = "8"
	unknownProto = "9"
)

// slotted is C.1 with a bootloader: images go into its slots.
func (w *world) slotted() *connected {
	w.t.Helper()
	d := w.newDevice()
	d.board = newBoard(w.t)
	return d.register(d.psk(1))
}

// flashed is C.1 with images in memory, and faults that a disk cannot be given.
func (w *world) flashed() (*connected, *flash) {
	w.t.Helper()
	d, f := w.newDevice(), newFlash()
	d.target = f
	return d.register(d.psk(1)), f
}

// push writes a package.
func (c *connected) push(image []byte) response {
	c.t.Helper()
	return c.replace("/5/0/0", opaque, hex.EncodeToString(image))
}

// stands checks State and Update Result.
func (c *connected) stands(state, result string) {
	c.t.Helper()
	c.read("/5/0", senmlCBOR).want(205).has(values{"/5/0/3": state, "/5/0/5": result})
}

// watch observes State and Update Result.
func (c *connected) watch() *observation {
	c.t.Helper()
	o := c.observe("/5/0", senmlCBOR)
	o.want(205)
	return o
}

// reaches waits for a notification of State and Update Result.
func (o *observation) reaches(state, result string) {
	o.t.Helper()
	for {
		if n := o.next(); n.at("/5/0/3") == state && n.at("/5/0/5") == result {
			return
		}
	}
}

// serve offers an image by CoAP, and gives its URI.
func (w *world) serve(image []byte) string {
	w.t.Helper()
	if err := w.server.AddImage("image", image); err != nil {
		w.t.Fatal(err)
	}
	return "coap://" + plainServer + "/images/image"
}

func TestETS_int_751_Firmware_readable_resources(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		c.stands(idle, initial)
		r := c.read("/5/0", senmlCBOR).want(205).holds("/5/0/3", "/5/0/5", "/5/0/9")
		if method := r.at("/5/0/9"); method != "2" {
			t.Errorf("delivery method %s, want 2: pull and push", method)
		}
		if len(r.below("/5/0/8")) == 0 {
			t.Error("no protocol is supported")
		}
		c.read("/5/0/0", opaque).want(405)
	})
}

func TestETS_int_755_Firmware_write_Package(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.slotted()
		c.push([]byte{0}).want(204)
		c.stands(idle, initial)
		c.push(signed(t, newVersion, 20_000)).want(204)
		c.stands(downloaded, initial)
		c.push(signed(t, newVersion, 20_000)).want(405) // what is there has to be reset first
		c.stands(downloaded, initial)
		c.push([]byte{0}).want(204)
		c.stands(idle, initial)
	})
}

func TestETS_int_756_Firmware_write_Package_URI(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.slotted()
		uri := w.serve(signed(t, newVersion, 20_000))
		c.replace("/5/0/1", text, "").want(204)
		c.stands(idle, initial)
		o := c.watch()
		c.replace("/5/0/1", text, uri).want(204)
		o.reaches(downloaded, initial)
		c.read("/5/0/1", text).want(205).has(values{"/5/0/1": uri})
		c.replace("/5/0/1", text, "").want(204)
		c.stands(idle, initial)
	})
}

func TestETS_int_760_Firmware_observe_State(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.slotted()
		o := c.observe("/5/0/3", none)
		o.has(values{"/5/0/3": idle})
		c.push(signed(t, newVersion, 20_000)).want(204)
		for o.next().at("/5/0/3") != downloaded {
		}
	})
}

func TestETS_int_770_Firmware_success_by_push(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.slotted()
		o := c.watch()
		c.push(signed(t, newVersion, 50_000)).want(204)
		o.reaches(downloaded, initial)
		c.installs()
	})
}

func TestETS_int_771_Firmware_success_by_pull(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.slotted()
		uri := w.serve(signed(t, newVersion, 50_000))
		w.network.SetFate(func(_, _ packetnet.Address, _ []byte) packetnet.Fate { return packetnet.Fate{20 * time.Millisecond} })
		o := c.watch()
		c.replace("/5/0/1", text, uri).want(204)
		o.reaches(downloading, initial)
		o.reaches(downloaded, initial)
		c.installs()
	})
}

// installs executes Update: the device comes back with another version.
func (c *connected) installs() {
	c.t.Helper()
	c.read("/3/0/3", text).want(205).has(values{"/3/0/3": "1"})
	mark := c.log.now()
	c.execute("/5/0/2").want(204)
	again := c.restarted(mark)
	again.stands(idle, success)
	again.read("/3/0/3", text).want(205).has(values{"/3/0/3": "2"})
	if state := again.board.slotState(); state.Trial != slots.NoTrial || state.Last.Outcome != slots.Confirmed || again.board.wasConfirmed() != newVersion {
		again.t.Errorf("the slots: %+v", state)
	}
}

func TestETS_int_772_Firmware_Update_without_a_package(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.execute("/5/0/2").want(405)
		c.stands(idle, initial)
	})
}

func TestETS_int_773_Firmware_not_enough_storage(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.slotted()
		c.board.disk.setRoom(100_000)
		if r := c.push(signed(t, newVersion, 200_000)); r.code != 413 && r.code != 500 {
			t.Errorf("answer %s, want 4.13 or 5.00", r)
		}
		c.stands(idle, noSpace)
		o := c.watch()
		c.replace("/5/0/1", text, w.serve(signed(t, newVersion, 200_000))).want(204)
		o.reaches(idle, noSpace)
	})
}

func TestETS_int_774_Firmware_out_of_memory(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c, f := w.flashed()
		f.begin = firmware.ErrNoMemory
		if r := c.push(newImage("2.0.0", 20_000)); r.code != 500 {
			t.Errorf("answer %s, want 5.00", r)
		}
		c.stands(idle, noMemory)
	})
}

func TestETS_int_775_Firmware_connection_lost(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.slotted()
		uri := w.serve(signed(t, newVersion, 200_000))
		left := 40
		w.network.SetFate(func(from, _ packetnet.Address, _ []byte) packetnet.Fate {
			if from == plainServer {
				if left--; left < 0 {
					return nil
				}
			}
			return packetnet.Fate{0}
		})
		o := c.watch()
		c.replace("/5/0/1", text, uri).want(204)
		o.reaches(idle, lost)
	})
}

func TestETS_int_776_Firmware_integrity_failure(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.slotted()
		image := signed(t, newVersion, 20_000)
		image[10_000]++
		if r := c.push(image); r.code != 204 && r.code != 500 {
			t.Errorf("answer %s, want 2.04 or 5.00", r)
		}
		c.stands(idle, damaged)
	})
}

func TestETS_int_777_Firmware_unsupported_package(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.slotted()
		if r := c.push(bytes.Repeat([]byte("no image "), 3000)); r.code != 204 && r.code != 500 {
			t.Errorf("answer %s, want 2.04 or 5.00", r)
		}
		c.stands(idle, unsupported)
	})
}

func TestETS_int_778_Firmware_invalid_URI(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.slotted()
		uri := w.serve(signed(t, newVersion, 20_000))
		for _, wrong := range []string{uri + "-that-is-not-there", "coap://"} {
			o := c.watch()
			if r := c.replace("/5/0/1", text, wrong); r.code != 204 && r.code != 400 {
				t.Errorf("answer %s, want 2.04 or 4.00", r)
			}
			o.reaches(idle, invalidURI)
			o.cancel().want(205)
			c.replace("/5/0/1", text, "").want(204)
			c.stands(idle, initial)
		}
	})
}

func TestETS_int_779_Firmware_installation_failure(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c, f := w.flashed()
		f.worn = true
		c.push(newImage("2.0.0", 20_000)).want(204)
		c.stands(downloaded, initial)
		o := c.watch()
		c.execute("/5/0/2").want(204)
		o.reaches(downloaded, failed)
		c.read("/3/0/3", text).want(205).has(values{"/3/0/3": "1.0.0"})
	})
}

func TestETS_int_780_Firmware_unsupported_protocol(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		if r := c.replace("/5/0/1", text, "http://127.0.0.1/image"); r.code != 204 && r.code != 400 {
			t.Errorf("answer %s, want 2.04 or 4.00", r)
		}
		c.stands(idle, unknownProto)
	})
}

// TestPushTime: 2 MiB take no longer than 1.3 times what the size of a block and the round trips allow.
func TestPushTime(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		const way, size = 40 * time.Millisecond, 2 << 20
		c, _ := w.flashed()
		w.log.hush()
		w.network.SetFate(func(_, _ packetnet.Address, _ []byte) packetnet.Fate { return packetnet.Fate{way} })
		begun, arrived := time.Now(), 0
		if err := c.PushFirmware(within(t, time.Hour), newImage("2.0.0", size), server.Progress(func(sent, _ int) { arrived = sent })); err != nil {
			t.Fatal(err)
		}
		allowed := size / 1024 * 2 * way
		took := time.Since(begun)
		t.Logf("%.4f times what %d round trips take", float64(took)/float64(allowed), size/1024)
		if float64(took) > 1.3*float64(allowed) || arrived != size {
			t.Errorf("%d bytes took %s, %s is what %d round trips take", arrived, took, allowed, size/1024)
		}
		c.stands(downloaded, initial)
	})
}
