//go:build real

package leshan

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strconv"
	"testing"
	"time"
)

// Core objects, cases 500 to 999 without firmware update, and additional ones.

func TestETS_int_551_Server_access_capability(t *testing.T) {
	ets(t)
	c := c3(t)
	c.updateAndReplace(tlv)
}

func TestETS_int_556_Server_update_capability(t *testing.T) {
	ets(t)
	c := c1(t)
	mark := c.now()
	c.execute("/1/0/8").want(t, 204)
	c.await(mark, "updated", anything)
	if sent := c.arrived(mark, post, c.location()); sent.Query != "" || sent.Payload != "" {
		t.Errorf("Update is %s, want no parameters", sent.message)
	}
}

func TestETS_int_651_Device_write_and_read(t *testing.T) {
	ets(t)
	c := c1(t)
	clock := strconv.FormatInt(time.Now().Add(-time.Hour).Unix(), 10)
	for path, v := range (values{"/3/0/14": "+03:00", "/3/0/15": "Europe/Helsinki"}) {
		c.replace(path, tlv, v).want(t, 204)
		c.read(path, tlv).want(t, 205).in(t, tlv).has(t, values{path: v})
	}
	c.replace("/3/0/13", tlv, clock).want(t, 204)
	set, err := strconv.ParseInt(c.read("/3/0/13", tlv).want(t, 205).at(t, "/3/0/13"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if wanted, _ := strconv.ParseInt(clock, 10, 64); set < wanted-1 || set > wanted+30 { // the clock goes on, and is in whole seconds
		t.Errorf("the clock is at %d, it was set to %s", set, clock)
	}
}

func TestETS_int_652_Device_firmware_version(t *testing.T) {
	ets(t)
	c := c1(t)
	if v := c.read("/3/0/3", text).want(t, 205).at(t, "/3/0/3"); v == "" || v != c.local("/3/0/3") {
		t.Errorf("firmware version %q, the device has %q", v, c.local("/3/0/3"))
	}
}

func TestETS_int_655_Device_reboot(t *testing.T) {
	ets(t)
	c := c1(t)
	c.reboots()
}

func TestETS_int_660_Device_observe(t *testing.T) {
	ets(t)
	c := c4(t)
	c.observesWithPeriods("/3/0/7/0", "u32", "3700", "3600")
}

func TestETS_int_680_Device_create(t *testing.T) {
	ets(t)
	c := c1(t)
	c.create("/3", tlv, values{"1/0": "another"}).want(t, 405)
}

func TestETS_int_685_Device_delete(t *testing.T) {
	ets(t)
	c := c1(t)
	c.delete("/3/0").want(t, 405)
	c.read("/3/0/0", text).want(t, 205)
}

func TestETS_int_701_Connectivity_monitoring_read(t *testing.T) {
	ets(t)
	c := c1(t)
	for path, v := range (values{"/4/0/0": "6", "/4/0/1/0": "6", "/4/0/2": "-90", "/4/0/4/0": "192.0.2.1"}) {
		c.fill(path, v)
	}
	c.read("/4/0", senmlCBOR).want(t, 205).holds(t, "/4/0/0", "/4/0/1", "/4/0/2", "/4/0/4")
}

func TestETS_int_710_Connectivity_monitoring_observe(t *testing.T) {
	ets(t)
	c := c1(t)
	c.observesWithPeriods("/4/0/3", "s32", "-9", "-10") // nothing but the console sets it
}

func TestETS_int_801_Location_read(t *testing.T) {
	ets(t)
	c := c1(t)
	c.located("63.4", "10.4")
	r := c.read("/6/0", senmlCBOR).want(t, 205).holds(t, "/6/0/0", "/6/0/1", "/6/0/5")
	for path, wanted := range map[string]float64{"/6/0/0": 63.4, "/6/0/1": 10.4} {
		if got, err := strconv.ParseFloat(r.at(t, path), 64); err != nil || got != wanted {
			t.Errorf("%s is %s, want %g", path, r.at(t, path), wanted)
		}
	}
}

// located puts the device somewhere.
func (c *client) located(latitude, longitude string) {
	c.t.Helper()
	c.set("/6/0/0", "f", latitude)
	c.set("/6/0/1", "f", longitude)
	c.set("/6/0/5", "t", strconv.FormatInt(time.Now().Unix(), 10))
}

func TestETS_int_810_Location_observe(t *testing.T) {
	ets(t)
	c := c1(t)
	c.located("63.4", "10.4")
	c.attributes("/6/0", "pmin=1", "pmax=60").want(t, 204)
	mark := c.now()
	r := c.observe("/6/0", senmlCBOR)
	begun := c.observed(mark, r)
	c.set("/6/0/0", "f", "63.5")
	moved := c.await(begun.N, "notification", func(e event) bool {
		return e.Observation == r.Observation && e.Response.Values["/6/0/0"].Text == "63.5"
	})
	moved.Response.holds(t, "/6/0/0", "/6/0/1", "/6/0/5")
}

func TestETS_int_901_Connectivity_statistics_collect(t *testing.T) {
	ets(t)
	c := c1(t)
	c.execute("/7/0/6").want(t, 204)
	for range 20 {
		c.read("/3", senmlJSON).want(t, 205)
	}
	c.execute("/7/0/7").want(t, 204)
	r := c.read("/7/0", senmlCBOR).want(t, 205).holds(t, "/7/0/2", "/7/0/3")
	if sent, err := strconv.Atoi(r.at(t, "/7/0/2")); err != nil || sent < 1 {
		t.Errorf("sent %s kB, want some", r.at(t, "/7/0/2"))
	}
	stopped := r.at(t, "/7/0/2")
	for range 20 {
		c.read("/3", senmlJSON).want(t, 205)
	}
	c.read("/7/0", senmlCBOR).want(t, 205).has(t, values{"/7/0/2": stopped})
}

func TestETS_int_905_Connectivity_statistics_set_period(t *testing.T) {
	ets(t)
	c := c1(t)
	c.replace("/7/0/8", text, "3").want(t, 204)
	c.read("/7/0/8", text).want(t, 205).has(t, values{"/7/0/8": "3"})
}

func TestETS_int_910_Connectivity_statistics_observe(t *testing.T) {
	ets(t)
	c := c1(t)
	c.replace("/7/0/8", text, "0").want(t, 204)
	c.execute("/7/0/6").want(t, 204)
	c.attributes("/7/0/2", "pmin=1", "pmax=3").want(t, 204)
	mark := c.now()
	r := c.observe("/7/0/2", none)
	begun := c.observed(mark, r)
	c.notified(c.notified(begun.N, r.Observation).N, r.Observation).Response.holds(t, "/7/0/2")
}

func TestETS_int_1200_Cellular_connectivity_read(t *testing.T) {
	ets(t)
	c := c1(t)
	c.read("/10/0", senmlCBOR).want(t, 205).holds(t, "/10/0/11")
}

func TestETS_int_1201_Cellular_connectivity_read_1_1(t *testing.T) {
	ets(t)
	c := c1(t)
	if version := c.registered.Registration.Objects["10"]; version != "1.1" {
		t.Errorf("object 10 has version %q", version)
	}
	c.replace("/10/0/13", text, "1").want(t, 204)
	c.read("/10/0", senmlCBOR).want(t, 205).has(t, values{"/10/0/13": "1"}).holds(t, "/10/0/11")
}

func TestETS_int_1202_Cellular_connectivity_set_power_saving_mode(t *testing.T) {
	ets(t)
	c := c1(t)
	for _, v := range []values{{"/10/0/4": "86400", "/10/0/5": "60"}, {"/10/0/4": "43200", "/10/0/5": "30"}} {
		for path, seconds := range v {
			c.replace(path, text, seconds).want(t, 204)
		}
		c.read("/10/0", tlv).want(t, 205).has(t, v)
	}
}

func TestETS_int_1203_Cellular_connectivity_observe_power_saving_mode(t *testing.T) {
	ets(t)
	c := c1(t)
	c.replace("/10/0/13", text, "0").want(t, 204)
	mark := c.now()
	r := c.observe("/10/0/13", none)
	begun := c.observed(mark, r)
	c.replace("/10/0/13", text, "1").want(t, 204)
	c.notified(begun.N, r.Observation).Response.has(t, values{"/10/0/13": "1"})
}

func TestETS_int_1204_Cellular_connectivity_observe_timers(t *testing.T) {
	ets(t)
	c := c1(t)
	c.replace("/10/0/4", text, "86400").want(t, 204)
	c.replace("/10/0/5", text, "60").want(t, 204)
	mark := c.now()
	r := c.observe("/10/0", senmlCBOR)
	begun := c.observed(mark, r)
	c.replace("/10/0/4", text, "43200").want(t, 204)
	c.notified(begun.N, r.Observation).Response.has(t, values{"/10/0/4": "43200", "/10/0/5": "60"})
}

func TestETS_int_1630_Create_Portfolio(t *testing.T) {
	ets(t)
	c := c1(t)
	mark := c.now()
	c.portfolio()
	c.await(mark, "updated", func(e event) bool { return slices.Contains(e.Registration.Links, "</16/0>") })
	if l := c.discover("/16/0").want(t, 205).link(t, "/16/0/0"); !attribute(l, "dim=4") {
		t.Errorf("/16/0/0 is %s, want dim=4", l)
	}
	// One whose id the client chooses.
	r := c.ask("create", "/16", map[string]any{"format": senmlCBOR, "client-chooses": true, "values": map[string]string{"/16/0/0/0": "chosen"}})
	if r.Failure == "" {
		location := r.want(t, 201).Location
		c.read(location+"/0/0", text).want(t, 205).has(t, values{location + "/0/0": "chosen"})
	}
}

func TestETS_int_1635_Delete_Portfolio(t *testing.T) {
	ets(t)
	c := c1(t)
	c.portfolio()
	mark := c.now()
	c.delete("/16/0").want(t, 202)
	r := c.discover("/16").want(t, 205)
	if targets := r.targets(); !slices.Equal(targets, []string{"/16"}) {
		t.Errorf("Discover shows %q, want </16>", targets)
	}
	c.await(mark, "updated", func(e event) bool { return !slices.Contains(e.Registration.Links, "</16/0>") })
	c.read("/16/0", senmlCBOR).want(t, 404)
}

func TestETS_int_1900_Binary_application_data_observe(t *testing.T) {
	ets(t)
	c := c1(t)
	big := hex.EncodeToString(bytes.Repeat([]byte("0123456789"), 400)) // several blocks
	c.delete("/19/0")
	c.create("/19", tlv, values{"0/0/0": "00"}).want(t, 201)
	mark := c.now()
	r := c.observe("/19/0/0", tlv)
	begun := c.observed(mark, r)
	c.put("/19/0/0", tlv, values{"0": big}).want(t, 204)
	c.notified(begun.N, r.Observation).Response.has(t, values{"/19/0/0/0": big})
}

func TestETS_int_1901_Binary_application_data_write(t *testing.T) {
	ets(t)
	c := c1(t)
	c.delete("/19/1")
	c.create("/19", tlv, values{"1/0/0": "00"}).want(t, 201)
	big := hex.EncodeToString(bytes.Repeat([]byte("0123456789"), 3000))
	c.replace("/19/1/0/0", opaque, big).want(t, 204)
	c.read("/19/1/0/0", opaque).want(t, 205).in(t, opaque).has(t, values{"/19/1/0/0": big})
}
