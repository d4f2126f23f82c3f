package lwm2m

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
)

// Core objects, cases 500 to 999 without firmware update, and additional ones.

func TestETS_int_551_Server_access_capability(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c3()
		c.updateAndReplace(tlv)
	})
}

func TestETS_int_556_Server_update_capability(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) { w.c1().triggersUpdate() })
}

func TestETS_int_651_Device_write_and_read(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		clock := strconv.FormatInt(time.Now().Add(-time.Hour).Unix(), 10)
		for path, v := range (values{"/3/0/14": "+03:00", "/3/0/15": "Europe/Helsinki"}) {
			c.replace(path, tlv, v).want(204)
			c.read(path, tlv).want(205).in(tlv).has(values{path: v})
		}
		c.replace("/3/0/13", tlv, clock).want(204)
		set, err := strconv.ParseInt(c.read("/3/0/13", tlv).want(205).at("/3/0/13"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if wanted, _ := strconv.ParseInt(clock, 10, 64); set < wanted-1 || set > wanted+30 { // the clock goes on, and is in whole seconds
			t.Errorf("the clock is at %d, it was set to %s", set, clock)
		}
	})
}

func TestETS_int_652_Device_firmware_version(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		if v := c.read("/3/0/3", text).want(205).at("/3/0/3"); v == "" || v != c.local("/3/0/3") {
			t.Errorf("firmware version %q, the device has %q", v, c.local("/3/0/3"))
		}
	})
}

func TestETS_int_655_Device_reboot(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.reboots()
	})
}

func TestETS_int_660_Device_observe(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.observesWithPeriods("/3/0/9", 70, 60)
	})
}

func TestETS_int_680_Device_create(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.create("/3", tlv, values{"1/0": "another"}).want(405)
	})
}

func TestETS_int_685_Device_delete(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.delete("/3/0").want(405)
		c.read("/3/0/0", text).want(205)
	})
}

func TestETS_int_701_Connectivity_monitoring_read(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.read("/4/0", senmlCBOR).want(205).holds("/4/0/0", "/4/0/1", "/4/0/2", "/4/0/4")
	})
}

func TestETS_int_710_Connectivity_monitoring_observe(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.observesWithPeriods("/4/0/2", -90, -100)
	})
}

func TestETS_int_801_Location_read(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		c.located(63.4, 10.4)
		r := c.read("/6/0", senmlCBOR).want(205).holds("/6/0/0", "/6/0/1", "/6/0/5")
		for path, wanted := range map[string]float64{"/6/0/0": 63.4, "/6/0/1": 10.4} {
			if got, err := strconv.ParseFloat(r.at(path), 64); err != nil || got != wanted {
				t.Errorf("%s is %s, want %g", path, r.at(path), wanted)
			}
		}
	})
}

// located puts the device somewhere.
func (c *connected) located(latitude, longitude float64) {
	c.t.Helper()
	c.set("/6/0/0", lwm2m.Float(latitude))
	c.set("/6/0/1", lwm2m.Float(longitude))
	c.set("/6/0/5", lwm2m.Time(time.Now()))
}

func TestETS_int_810_Location_observe(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.located(63.4, 10.4)
		c.attributes("/6/0", "pmin=1", "pmax=60").want(204)
		o := c.observe("/6/0", senmlCBOR)
		c.set("/6/0/0", lwm2m.Float(63.5))
		o.next().has(values{"/6/0/0": "63.5", "/6/0/1": "10.4"}).holds("/6/0/5")
	})
}

func TestETS_int_901_Connectivity_statistics_collect(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		c.execute("/7/0/6").want(204)
		for range 20 {
			c.read("/3", senmlJSON).want(205)
		}
		c.execute("/7/0/7").want(204)
		r := c.read("/7/0", senmlCBOR).want(205).holds("/7/0/2", "/7/0/3")
		if sent, err := strconv.Atoi(r.at("/7/0/2")); err != nil || sent < 1 {
			t.Errorf("sent %s kB, want some", r.at("/7/0/2"))
		}
		stopped := r.at("/7/0/2")
		for range 20 {
			c.read("/3", senmlJSON).want(205)
		}
		c.read("/7/0", senmlCBOR).want(205).has(values{"/7/0/2": stopped})
	})
}

func TestETS_int_905_Connectivity_statistics_set_period(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.replace("/7/0/8", text, "3").want(204)
		c.read("/7/0/8", text).want(205).has(values{"/7/0/8": "3"})
	})
}

func TestETS_int_910_Connectivity_statistics_observe(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.replace("/7/0/8", text, "0").want(204)
		c.execute("/7/0/6").want(204)
		c.attributes("/7/0/2", "pmin=1", "pmax=3").want(204)
		o := c.observe("/7/0/2", none)
		o.next().holds("/7/0/2")
		o.next().holds("/7/0/2")
	})
}

func TestETS_int_1200_Cellular_connectivity_read(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		w.c1().read("/10/0", senmlCBOR).want(205).holds("/10/0/11")
	})
}

func TestETS_int_1201_Cellular_connectivity_read_1_1(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		if list := links(c.registered.lab.Registration); !slices.Contains(list, "</10>;ver=1.1") {
			t.Errorf("%q, want object 10 in version 1.1", list)
		}
		c.replace("/10/0/13", text, "1").want(204)
		c.read("/10/0", senmlCBOR).want(205).has(values{"/10/0/13": "1"}).holds("/10/0/11")
	})
}

func TestETS_int_1202_Cellular_connectivity_set_power_saving_mode(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		for _, v := range []values{{"/10/0/4": "86400", "/10/0/5": "60"}, {"/10/0/4": "43200", "/10/0/5": "30"}} {
			for path, seconds := range v {
				c.replace(path, text, seconds).want(204)
			}
			c.read("/10/0", tlv).want(205).has(v)
		}
	})
}

func TestETS_int_1203_Cellular_connectivity_observe_power_saving_mode(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.replace("/10/0/13", text, "0").want(204)
		o := c.observe("/10/0/13", none)
		c.replace("/10/0/13", text, "1").want(204)
		o.next().has(values{"/10/0/13": "1"})
	})
}

func TestETS_int_1204_Cellular_connectivity_observe_timers(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.replace("/10/0/4", text, "86400").want(204)
		c.replace("/10/0/5", text, "60").want(204)
		o := c.observe("/10/0", senmlCBOR)
		c.replace("/10/0/4", text, "43200").want(204)
		o.next().has(values{"/10/0/4": "43200", "/10/0/5": "60"})
	})
}

func TestETS_int_1630_Create_Portfolio(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		mark := c.log.now()
		c.portfolio()
		c.await(mark, updated, func(e event) bool { return slices.Contains(links(e.lab.Registration), "</16/0>") })
		if l := c.discover("/16/0").want(205).link("/16/0/0"); !attribute(l, "dim=4") {
			t.Errorf("/16/0/0 is %s, want dim=4", l)
		}
		// One whose id the client chooses.
		chosen := c.create("/16", tlv, values{"65535/0/0": "chosen"}).want(201).location
		if chosen != "/16/1" {
			t.Errorf("created %s, want the lowest free id", chosen)
		}
		c.read(chosen+"/0/0", text).want(205).has(values{chosen + "/0/0": "chosen"})
	})
}

func TestETS_int_1635_Delete_Portfolio(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		c.portfolio()
		mark := c.log.now()
		c.delete("/16/0").want(202)
		r := c.discover("/16").want(205)
		if targets := r.targets(); !slices.Equal(targets, []string{"/16"}) {
			t.Errorf("Discover shows %q, want </16>", targets)
		}
		c.await(mark, updated, func(e event) bool { return !slices.Contains(links(e.lab.Registration), "</16/0>") })
		c.read("/16/0", senmlCBOR).want(404)
	})
}

func TestETS_int_1900_Binary_application_data_observe(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		big := hex.EncodeToString(bytes.Repeat([]byte("0123456789"), 400)) // several blocks
		c.delete("/19/0")
		c.create("/19", tlv, values{"0/0/0": "00"}).want(201)
		o := c.observe("/19/0/0", tlv)
		c.put("/19/0/0", tlv, values{"0": big}).want(204)
		o.next().has(values{"/19/0/0/0": big})
	})
}

func TestETS_int_1901_Binary_application_data_write(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.delete("/19/1")
		c.create("/19", tlv, values{"1/0/0": "00"}).want(201)
		big := hex.EncodeToString(bytes.Repeat([]byte("0123456789"), 3000))
		c.replace("/19/1/0/0", opaque, big).want(204)
		c.read("/19/1/0/0", opaque).want(205).in(opaque).has(values{"/19/1/0/0": big})
	})
}
