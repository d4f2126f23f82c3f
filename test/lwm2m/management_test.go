package lwm2m

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

// Device management, cases 200 to 299.

func TestETS_int_201_Querying_in_Plain_Text(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		for _, path := range []string{"/3/0/0", "/3/0/1", "/3/0/2"} {
			if r := c.read(path, text).want(205).in(text); r.at(path) == "" || r.at(path) != c.local(path) {
				t.Errorf("%s is %q, the device has %q", path, r.at(path), c.local(path))
			}
		}
	})
}

// identity is what the cases of querying look at.
var identity = []string{"/3/0/0", "/3/0/1", "/3/0/2", "/3/0/3", "/3/0/11", "/3/0/16"}

func TestETS_int_203_Querying_in_TLV(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.queried(c.read("/3/0", tlv), tlv)
	})
}

func TestETS_int_204_Querying_in_JSON(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.queried(c.read("/3/0", oldJSON), oldJSON)
	})
}

// queried checks an answer with the whole of /3/0.
func (c *connected) queried(r response, format int) {
	c.t.Helper()
	r.want(205).in(format).holds(identity...)
	for _, path := range identity[:3] {
		if got := r.at(path); got != c.local(path) {
			c.t.Errorf("%s is %q, the device has %q", path, got, c.local(path))
		}
	}
}

func TestETS_int_205_Setting_in_Plain_Text(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c3()
		c.singles(text)
	})
}

// singles writes and reads the resources of C.3 one by one.
func (c *connected) singles(format int) {
	c.t.Helper()
	for path, value := range (values{"/1/0/2": "101", "/1/0/3": "1010", "/1/0/5": "2000"}) {
		c.replace(path, format, value).want(204)
		c.read(path, format).want(205).in(format).has(values{path: value})
	}
	for path, value := range (values{"/1/0/2": "1", "/1/0/3": "10", "/1/0/5": "86400"}) {
		c.replace(path, format, value).want(204)
	}
	c.read("/1/0", tlv).want(205).has(values{"/1/0/2": "1", "/1/0/3": "10", "/1/0/5": "86400"})
}

func TestETS_int_211_Querying_in_CBOR(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c3()
		for path, value := range (values{"/1/0/0": "1", "/1/0/6": "false", "/1/0/7": "U"}) {
			c.read(path, cbor).want(205).in(cbor).has(values{path: value})
		}
	})
}

func TestETS_int_212_Setting_in_CBOR(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c3()
		c.singles(cbor)
	})
}

func TestETS_int_215_Setting_in_TLV(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c3()
		c.updateAndReplace(tlv)
	})
}

func TestETS_int_220_Setting_in_JSON(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c3()
		c.updateAndReplace(oldJSON)
	})
}

// updateAndReplace changes three values of /1/0 by POST, and restores the instance by PUT.
func (c *connected) updateAndReplace(format int) {
	c.t.Helper()
	before := c.read("/1/0", tlv).want(205)
	c.post("/1/0", format, values{"2": "101", "3": "1010", "5": "2000"}).want(204)
	changed := values{"/1/0/0": "1", "/1/0/1": before.at("/1/0/1"), "/1/0/2": "101", "/1/0/3": "1010", "/1/0/5": "2000", "/1/0/7": "U"}
	c.read("/1/0", tlv).want(205).has(changed)
	restored := make(values)
	for _, path := range []string{"/1/0/1", "/1/0/2", "/1/0/3", "/1/0/5", "/1/0/6", "/1/0/7"} {
		restored[path] = before.at(path)
	}
	c.put("/1/0", format, restored).want(204)
	c.read("/1/0", tlv).want(205).has(restored)
}

func TestETS_int_221_Operations_on_Security(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.raw("/0/0", packet{code: get}).want(401)
		c.raw("/0/0/0", packet{code: get}.with(optionAccept, text)).want(401)
		c.raw("/0/0/0", packet{code: put, payload: []byte("coap://x")}.with(optionFormat, text)).want(401)
		c.raw("/0/0", packet{code: put}.with(optionQuery, "pmin=10")).want(401)
		c.raw("/0", packet{code: get}).want(401)
		c.raw("/0/0", packet{code: get}.with(optionObserve, 0)).want(401)
		c.raw("/0", packet{code: get}.with(optionAccept, link)).want(401)
		c.raw("/0/0", packet{code: del}).want(401)
		c.read("/3/0/0", text).want(205)
	})
}

func TestETS_int_222_Read_on_Object(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		r := c.read("/1", none).want(205)
		r.holds("/1/0/0", "/1/0/1", "/1/0/6", "/1/0/7")
		for _, path := range r.below("/1/0") {
			for _, hidden := range []string{"/1/0/13", "/1/0/14", "/1/0/15", "/1/0/16", "/1/0/17", "/1/0/18", "/1/0/19", "/1/0/20"} {
				if path == hidden {
					t.Errorf("%s can be read", path)
				}
			}
		}
	})
}

func TestETS_int_223_Read_on_Object_Instance(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.read("/1/0", none).want(205).has(values{"/1/0/0": "1", "/1/0/1": "86400", "/1/0/7": "U"}).holds("/1/0/6")
		c.read("/3/0", none).want(205).holds(identity...)
	})
}

func TestETS_int_224_Read_on_Resource(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		for _, path := range []string{"/3/0/0", "/3/0/1", "/3/0/2"} {
			c.read(path, none).want(205).has(values{path: c.local(path)})
		}
	})
}

func TestETS_int_225_Read_on_Resource_Instance(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.read("/3/0/11/0", none).want(205).has(values{"/3/0/11/0": "0"})
		c.read("/3/0/11/9", none).want(404)
	})
}

func TestETS_int_226_Write_partial_update(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c3()
		mark := c.log.now()
		c.post("/1/0", tlv, values{"1": "4000", "6": "true"}).want(204)
		c.read("/1/0", tlv).want(205).has(values{"/1/0/1": "4000", "/1/0/6": "true", "/1/0/2": "1", "/1/0/3": "10"})
		if update := c.await(mark, updated, anything); update.lab.Registration.Seconds != 4000 {
			t.Errorf("updated to %+v", update.lab.Registration)
		}
	})
}

func TestETS_int_227_Write_replace_on_Resource(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c3()
		mark := c.log.now()
		c.replace("/1/0/1", senmlCBOR, "4001").want(204)
		c.await(mark, updated, func(e event) bool { return e.lab.Registration.Seconds == 4001 })
		c.read("/1/0", tlv).want(205).has(values{"/1/0/1": "4001", "/1/0/2": "1", "/1/0/3": "10"})
	})
}

// portfolio makes /16/0 as configuration C.12 has it.
func (c *connected) portfolio() {
	c.t.Helper()
	c.delete("/16/0")
	c.create("/16", senmlCBOR, values{"0/0/0": "Host Device ID #1", "0/0/1": "Host Device Manufacturer #1", "0/0/2": "Host Device Model #1",
		"0/0/3": "Host Device Software Version #1"}).want(201)
}

func TestETS_int_228_Write_on_Resource_Instance(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.portfolio()
		c.replace("/16/0/0/0", text, "Host Device ID #2").want(204)
		c.read("/16/0/0", tlv).want(205).has(values{"/16/0/0/0": "Host Device ID #2", "/16/0/0/1": "Host Device Manufacturer #1",
			"/16/0/0/2": "Host Device Model #1", "/16/0/0/3": "Host Device Software Version #1"})
	})
}

func TestETS_int_229_Read_Composite(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		for _, format := range []int{senmlJSON, senmlCBOR} {
			r := c.readComposite(format, "/3/0/0", "/1/0/1").want(205).in(format)
			r.has(values{"/3/0/0": c.local("/3/0/0"), "/1/0/1": "86400"})
			if len(r.values) != 2 {
				t.Errorf("%v, want two values", r.values)
			}
		}
	})
}

func TestETS_int_230_Write_Composite(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.portfolio()
		for _, format := range []int{senmlJSON, senmlCBOR} {
			written := values{"/1/0/1": "3601", "/1/0/6": "true", "/16/0/0/0": "99", "/16/0/0/1": "100"}
			c.writeComposite(format, written).want(204)
			c.readComposite(format, "/1/0/1", "/1/0/6", "/16/0/0/0", "/16/0/0/1").want(205).has(written)
			restored := values{"/1/0/1": "86400", "/1/0/6": "false", "/16/0/0/0": "Host Device ID #1", "/16/0/0/1": "Host Device Manufacturer #1"}
			c.writeComposite(format, restored).want(204)
			c.readComposite(format, "/1/0/1", "/1/0/6", "/16/0/0/0", "/16/0/0/1").want(205).has(restored)
		}
		// All or nothing: /1/0/0 is read-only.
		c.writeComposite(senmlCBOR, values{"/16/0/0/0": "half", "/1/0/0": "7"}).want(405)
		c.read("/16/0/0/0", text).want(205).has(values{"/16/0/0/0": "Host Device ID #1"})
	})
}

func TestETS_int_231_Querying_in_SenML_JSON(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.fourLevels(senmlJSON)
	})
}

func TestETS_int_232_Querying_in_SenML_CBOR(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.fourLevels(senmlCBOR)
	})
}

// fourLevels reads object, instance, resource and resource instance.
func (c *connected) fourLevels(format int) {
	c.t.Helper()
	c.portfolio()
	c.read("/3", format).want(205).in(format).holds(identity...)
	c.queried(c.read("/3/0", format), format)
	c.read("/16/0", format).want(205).in(format).holds("/16/0/0/0", "/16/0/0/1", "/16/0/0/2", "/16/0/0/3")
	c.read("/16/0/0", format).want(205).in(format).holds("/16/0/0/0", "/16/0/0/1", "/16/0/0/2", "/16/0/0/3")
	c.read("/3/0/0", format).want(205).in(format).has(values{"/3/0/0": c.local("/3/0/0")})
	r := c.read("/16/0/0/0", format).want(205).in(format).has(values{"/16/0/0/0": "Host Device ID #1"})
	if len(r.values) != 1 {
		c.t.Errorf("%v, want one value", r.values)
	}
}

func TestETS_int_233_Setting_in_SenML_CBOR(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.setThreeLevels(senmlCBOR)
	})
}

func TestETS_int_234_Setting_in_SenML_JSON(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.setThreeLevels(senmlJSON)
	})
}

// setThreeLevels writes an instance by POST, a resource instance and a resource by PUT.
func (c *connected) setThreeLevels(format int) {
	c.t.Helper()
	c.portfolio()
	c.post("/16/0", format, values{"0/0": "id", "0/1": "maker", "0/2": "model", "0/3": "software"}).want(204)
	c.read("/16/0", format).want(205).has(values{"/16/0/0/0": "id", "/16/0/0/1": "maker", "/16/0/0/2": "model", "/16/0/0/3": "software"})
	c.replace("/16/0/0/0", format, "other").want(204)
	c.read("/16/0/0", format).want(205).has(values{"/16/0/0/0": "other", "/16/0/0/1": "maker"})
	c.put("/16/0/0", format, values{"0": "first", "1": "second"}).want(204)
	r := c.read("/16/0/0", format).want(205).has(values{"/16/0/0/0": "first", "/16/0/0/1": "second"})
	if len(r.values) != 2 {
		c.t.Errorf("%v after PUT on the resource, want two values", r.values)
	}
	c.replace("/1/0/1", format, "3602").want(204)
	c.read("/1/0/1", format).want(205).has(values{"/1/0/1": "3602"})
}

func TestETS_int_235_Read_Composite_on_root(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		for _, format := range []int{senmlJSON, senmlCBOR} {
			r := c.readComposite(format, "/").want(205).in(format)
			r.holds(append([]string{"/1/0/0", "/1/0/1", "/1/0/6", "/1/0/7"}, identity...)...)
			if hidden := append(r.below("/0"), r.below("/21")...); len(hidden) != 0 {
				t.Errorf("root shows %q", hidden)
			}
		}
	})
}

func TestETS_int_236_Read_Composite_partial_presence(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		for _, format := range []int{senmlJSON, senmlCBOR} {
			r := c.readComposite(format, "/1/0/1", "/3/0/11/0", "/3339/0/5522", "/3353/0/6030").want(205).in(format)
			if len(r.values) != 2 {
				t.Errorf("%v, want the two that exist", r.values)
			}
			r.has(values{"/1/0/1": "86400", "/3/0/11/0": "0"})
		}
	})
}

func TestETS_int_237_Read_without_Accept(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		r := c.read("/1", none).want(205)
		if !slices.Contains([]int{tlv, oldJSON, senmlJSON, senmlCBOR}, r.format) {
			t.Errorf("answer %s in no format for an object", r)
		}
		r.holds("/1/0/0", "/1/0/1")
	})
}

func TestETS_int_241_Executable_Resource_reboot(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.reboots()
	})
}

// reboots executes Reboot: it is answered, then the device comes back.
func (c *connected) reboots() {
	c.t.Helper()
	mark := c.log.now()
	c.execute("/3/0/4").want(204)
	c.restarted(mark).read("/3/0/0", text).want(205)
}

func TestETS_int_256_Write_Operation_Failure(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		c.replace("/1/0/0", text, "123").want(405)
		c.read("/1/0/0", text).want(205).has(values{"/1/0/0": "1"})
	})
}

func TestETS_int_257_Write_Composite_Server_and_Device(t *testing.T) {
	virtual(t, func(_ *testing.T, w *world) {
		c := w.c1()
		// [{"bn":"/1/0/","n":"1","v":60},{"n":"6","vb":true},{"bn":"/3/0/","n":"14","vs":"+02:00"}]
		sample, err := hex.DecodeString("83" + "a321652f312f302f0061310218" + "3c" + "a200613604f5" + "a321652f332f302f0062313403662b30323a3030")
		if err != nil {
			t.Fatal(err)
		}
		c.raw("/", packet{code: iPatch, payload: sample}.with(optionFormat, senmlCBOR)).want(204)
		c.readComposite(senmlCBOR, "/1/0/1", "/1/0/6", "/3/0/14").want(205).has(values{"/1/0/1": "60", "/1/0/6": "true", "/3/0/14": "+02:00"})
		json := []byte(`[{"bn":"/1/0/","n":"1","v":86400},{"n":"6","vb":false},{"bn":"/3/0/","n":"14","vs":"-01:00"}]`)
		c.raw("/", packet{code: iPatch, payload: json}.with(optionFormat, senmlJSON)).want(204)
		c.readComposite(senmlCBOR, "/1/0/1", "/1/0/6", "/3/0/14").want(205).has(values{"/1/0/1": "86400", "/1/0/6": "false", "/3/0/14": "-01:00"})
	})
}

func TestETS_int_260_Discover(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		r := c.discover("/3").want(205).in(link)
		for _, path := range append([]string{"/3", "/3/0", "/3/0/4"}, identity...) {
			r.link(path)
		}
		c.attributes("/3", "pmin=10", "pmax=200").want(204)
		c.attributes("/3/0/7", "lt=1", "gt=6", "st=1").want(204)
		if l := c.discover("/3").want(205).link("/3"); !attribute(l, "pmin=10") || !attribute(l, "pmax=200") {
			t.Errorf("/3 is %s, want pmin=10 and pmax=200", l)
		}
		l := c.discover("/3/0").want(205).link("/3/0/7")
		for _, wanted := range []string{"dim=2", "lt=1", "gt=6", "st=1"} {
			if !numeric(l, wanted) {
				t.Errorf("/3/0/7 is %s, want %s", l, wanted)
			}
		}
		// A resource shows what it inherits.
		l = c.discover("/3/0/7").want(205).link("/3/0/7")
		for _, wanted := range []string{"dim=2", "lt=1", "gt=6", "st=1", "pmin=10", "pmax=200"} {
			if !numeric(l, wanted) {
				t.Errorf("/3/0/7 is %s, want %s", l, wanted)
			}
		}
	})
}

// numeric is attribute for numbers, which may be written with a fraction of zero.
func numeric(link, wanted string) bool {
	for part := range strings.SplitSeq(link, ";") {
		if part == wanted || strings.TrimRight(strings.TrimSuffix(part, ".0"), "0") == wanted {
			return true
		}
	}
	return false
}

func TestETS_int_261_Write_Attributes_on_a_multiple_resource(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		c.attributes("/3/0/11", "pmin=10", "pmax=200").want(204)
		if l := c.discover("/3/0/11").want(205).link("/3/0/11"); !attribute(l, "pmin=10") || !attribute(l, "pmax=200") || !attribute(l, "dim=1") {
			t.Errorf("/3/0/11 is %s", l)
		}
		c.attributes("/3/0/11/0", "pmax=320").want(204)
		r := c.discover("/3/0/11").want(205)
		if l := r.link("/3/0/11/0"); !attribute(l, "pmax=320") {
			t.Errorf("/3/0/11/0 is %s, want pmax=320", l)
		}
		if l := r.link("/3/0/11"); !attribute(l, "pmax=200") {
			t.Errorf("/3/0/11 is %s, want pmax=200", l)
		}
		c.attributes("/3/0/11", "pmin", "pmax").want(204)
		if l := c.discover("/3/0/11").want(205).link("/3/0/11"); strings.Contains(l, "pmin") || strings.Contains(l, "pmax=200") {
			t.Errorf("/3/0/11 is %s after both were unset", l)
		}
	})
}

func TestETS_int_280_Successful_Read_Composite(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		for _, format := range []int{senmlJSON, senmlCBOR} {
			r := c.readComposite(format, "/3/0/0", "/3/0/1", "/1/0").want(205).in(format)
			r.has(values{"/3/0/0": c.local("/3/0/0"), "/3/0/1": c.local("/3/0/1"), "/1/0/0": "1", "/1/0/1": "86400"})
			for path := range r.values {
				if path != "/3/0/0" && path != "/3/0/1" && !strings.HasPrefix(path, "/1/0/") {
					t.Errorf("%s was not asked for", path)
				}
			}
		}
	})
}

func TestETS_int_281_Partially_Successful_Read_Composite(t *testing.T) {
	virtual(t, func(t *testing.T, w *world) {
		c := w.c1()
		for _, format := range []int{senmlJSON, senmlCBOR} {
			r := c.readComposite(format, "/1/0/1", "/1/0/7", "/1/0/8").want(205).in(format)
			if len(r.values) != 2 {
				t.Errorf("%v, want the two that can be read", r.values)
			}
			r.has(values{"/1/0/1": "86400", "/1/0/7": "U"})
		}
	})
}
