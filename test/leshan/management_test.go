//go:build real

package leshan

import (
	"slices"
	"strings"
	"testing"
)

// Device management, cases 200 to 299.

func TestETS_int_201_Querying_in_Plain_Text(t *testing.T) {
	ets(t)
	c := c1(t)
	for _, path := range []string{"/3/0/0", "/3/0/1", "/3/0/2"} {
		if r := c.read(path, text).want(t, 205).in(t, text); r.at(t, path) == "" || r.at(t, path) != c.local(path) {
			t.Errorf("%s is %q, the device has %q", path, r.at(t, path), c.local(path))
		}
	}
}

// identity is what the cases of querying look at.
var identity = []string{"/3/0/0", "/3/0/1", "/3/0/2", "/3/0/3", "/3/0/11", "/3/0/16"}

func TestETS_int_203_Querying_in_TLV(t *testing.T) {
	ets(t)
	c := c1(t)
	c.queried(c.read("/3/0", tlv), tlv)
}

func TestETS_int_204_Querying_in_JSON(t *testing.T) {
	ets(t)
	c := c1(t)
	c.queried(c.read("/3/0", oldJSON), oldJSON)
}

// queried checks an answer with the whole of /3/0.
func (c *client) queried(r response, format int) {
	c.t.Helper()
	r.want(c.t, 205).in(c.t, format).holds(c.t, identity...)
	for _, path := range identity[:3] {
		if got := r.at(c.t, path); got != c.local(path) {
			c.t.Errorf("%s is %q, the device has %q", path, got, c.local(path))
		}
	}
}

func TestETS_int_205_Setting_in_Plain_Text(t *testing.T) {
	ets(t)
	c := c3(t)
	c.singles(text)
}

// singles writes and reads the resources of C.3 one by one.
func (c *client) singles(format int) {
	c.t.Helper()
	for path, value := range (values{"/1/0/2": "101", "/1/0/3": "1010", "/1/0/5": "2000"}) {
		c.replace(path, format, value).want(c.t, 204)
		c.read(path, format).want(c.t, 205).in(c.t, format).has(c.t, values{path: value})
	}
	for path, value := range (values{"/1/0/2": "1", "/1/0/3": "10", "/1/0/5": "86400"}) {
		c.replace(path, format, value).want(c.t, 204)
	}
	c.read("/1/0", tlv).want(c.t, 205).has(c.t, values{"/1/0/2": "1", "/1/0/3": "10", "/1/0/5": "86400"})
}

func TestETS_int_211_Querying_in_CBOR(t *testing.T) {
	ets(t)
	c := c3(t)
	for path, value := range (values{"/1/0/0": "1", "/1/0/6": "false", "/1/0/7": "U"}) {
		c.read(path, cbor).want(t, 205).in(t, cbor).has(t, values{path: value})
	}
}

func TestETS_int_212_Setting_in_CBOR(t *testing.T) {
	ets(t)
	c := c3(t)
	c.singles(cbor)
}

func TestETS_int_215_Setting_in_TLV(t *testing.T) {
	ets(t)
	c := c3(t)
	c.updateAndReplace(tlv)
}

func TestETS_int_220_Setting_in_JSON(t *testing.T) {
	ets(t)
	c := c3(t)
	c.updateAndReplace(oldJSON)
}

// updateAndReplace changes three values of /1/0 by POST, and restores the instance by PUT.
func (c *client) updateAndReplace(format int) {
	c.t.Helper()
	before := c.read("/1/0", tlv).want(c.t, 205)
	c.post("/1/0", format, values{"2": "101", "3": "1010", "5": "2000"}).want(c.t, 204)
	changed := values{"/1/0/0": "1", "/1/0/1": before.at(c.t, "/1/0/1"), "/1/0/2": "101", "/1/0/3": "1010", "/1/0/5": "2000", "/1/0/7": "U"}
	c.read("/1/0", tlv).want(c.t, 205).has(c.t, changed)
	restored := make(values)
	for _, path := range []string{"/1/0/1", "/1/0/2", "/1/0/3", "/1/0/5", "/1/0/6", "/1/0/7"} {
		restored[path] = before.at(c.t, path)
	}
	c.put("/1/0", format, restored).want(c.t, 204)
	c.read("/1/0", tlv).want(c.t, 205).has(c.t, restored)
}

func TestETS_int_221_Operations_on_Security(t *testing.T) {
	ets(t)
	c := c1(t)
	format := text
	c.raw(rawRequest{Method: "GET", Path: "/0/0"}).want(t, 401)
	c.raw(rawRequest{Method: "GET", Path: "/0/0/0", Accept: &format}).want(t, 401)
	c.raw(rawRequest{Method: "PUT", Path: "/0/0/0", Format: &format, Payload: "636f61703a2f2f78"}).want(t, 401)
	c.raw(rawRequest{Method: "PUT", Path: "/0/0", Query: []string{"pmin=10"}}).want(t, 401)
	c.raw(rawRequest{Method: "GET", Path: "/0"}).want(t, 401)
	c.raw(rawRequest{Method: "DELETE", Path: "/0/0"}).want(t, 401)
	c.read("/3/0/0", text).want(t, 205)
}

func TestETS_int_222_Read_on_Object(t *testing.T) {
	ets(t)
	c := c1(t)
	r := c.read("/1", none).want(t, 205)
	r.holds(t, "/1/0/0", "/1/0/1", "/1/0/6", "/1/0/7")
	for _, path := range r.below("/1/0") {
		for _, hidden := range []string{"/1/0/13", "/1/0/14", "/1/0/15", "/1/0/16", "/1/0/17", "/1/0/18", "/1/0/19", "/1/0/20"} {
			if path == hidden {
				t.Errorf("%s can be read", path)
			}
		}
	}
}

func TestETS_int_223_Read_on_Object_Instance(t *testing.T) {
	ets(t)
	c := c1(t)
	c.read("/1/0", none).want(t, 205).has(t, values{"/1/0/0": "1", "/1/0/1": "86400", "/1/0/7": "U"}).holds(t, "/1/0/6")
	c.read("/3/0", none).want(t, 205).holds(t, identity...)
}

func TestETS_int_224_Read_on_Resource(t *testing.T) {
	ets(t)
	c := c1(t)
	for _, path := range []string{"/3/0/0", "/3/0/1", "/3/0/2"} {
		c.read(path, none).want(t, 205).has(t, values{path: c.local(path)})
	}
}

func TestETS_int_225_Read_on_Resource_Instance(t *testing.T) {
	ets(t)
	c := c1(t)
	c.read("/3/0/11/0", none).want(t, 205).has(t, values{"/3/0/11/0": "0"})
	c.read("/3/0/11/9", none).want(t, 404)
}

func TestETS_int_226_Write_partial_update(t *testing.T) {
	ets(t)
	c := c3(t)
	mark := c.now()
	c.post("/1/0", tlv, values{"1": "4000", "6": "true"}).want(t, 204)
	c.read("/1/0", tlv).want(t, 205).has(t, values{"/1/0/1": "4000", "/1/0/6": "true", "/1/0/2": "1", "/1/0/3": "10"})
	if updated := c.await(mark, "updated", anything); updated.Registration.Lifetime != 4000 {
		t.Errorf("updated to %+v", updated.Registration)
	}
}

func TestETS_int_227_Write_replace_on_Resource(t *testing.T) {
	ets(t)
	c := c3(t)
	mark := c.now()
	c.replace("/1/0/1", senmlCBOR, "4001").want(t, 204)
	c.await(mark, "updated", func(e event) bool { return e.Registration.Lifetime == 4001 })
	c.read("/1/0", tlv).want(t, 205).has(t, values{"/1/0/1": "4001", "/1/0/2": "1", "/1/0/3": "10"})
}

// portfolio makes /16/0 as configuration C.12 has it.
func (c *client) portfolio() {
	c.t.Helper()
	c.delete("/16/0")
	c.create("/16", senmlCBOR, values{"0/0/0": "Host Device ID #1", "0/0/1": "Host Device Manufacturer #1", "0/0/2": "Host Device Model #1",
		"0/0/3": "Host Device Software Version #1"}).want(c.t, 201)
}

func TestETS_int_228_Write_on_Resource_Instance(t *testing.T) {
	ets(t)
	c := c1(t)
	c.portfolio()
	c.replace("/16/0/0/0", text, "Host Device ID #2").want(t, 204)
	c.read("/16/0/0", tlv).want(t, 205).has(t, values{"/16/0/0/0": "Host Device ID #2", "/16/0/0/1": "Host Device Manufacturer #1",
		"/16/0/0/2": "Host Device Model #1", "/16/0/0/3": "Host Device Software Version #1"})
}

func TestETS_int_229_Read_Composite(t *testing.T) {
	ets(t)
	c := c1(t)
	for _, format := range []int{senmlJSON, senmlCBOR} {
		r := c.readComposite(format, "/3/0/0", "/1/0/1").want(t, 205).in(t, format)
		r.has(t, values{"/3/0/0": c.local("/3/0/0"), "/1/0/1": "86400"})
		if len(r.Values) != 2 {
			t.Errorf("%v, want two values", r.Values)
		}
	}
}

func TestETS_int_230_Write_Composite(t *testing.T) {
	ets(t)
	c := c1(t)
	c.portfolio()
	for _, format := range []int{senmlJSON, senmlCBOR} {
		written := values{"/1/0/1": "3601", "/1/0/6": "true", "/16/0/0/0": "99", "/16/0/0/1": "100"}
		c.writeComposite(format, written).want(t, 204)
		c.readComposite(format, "/1/0/1", "/1/0/6", "/16/0/0/0", "/16/0/0/1").want(t, 205).has(t, written)
		restored := values{"/1/0/1": "86400", "/1/0/6": "false", "/16/0/0/0": "Host Device ID #1", "/16/0/0/1": "Host Device Manufacturer #1"}
		c.writeComposite(format, restored).want(t, 204)
		c.readComposite(format, "/1/0/1", "/1/0/6", "/16/0/0/0", "/16/0/0/1").want(t, 205).has(t, restored)
	}
	// All or nothing: /1/0/0 is read-only.
	c.writeComposite(senmlCBOR, values{"/16/0/0/0": "half", "/1/0/0": "7"}).want(t, 405)
	c.read("/16/0/0/0", text).want(t, 205).has(t, values{"/16/0/0/0": "Host Device ID #1"})
}

func TestETS_int_231_Querying_in_SenML_JSON(t *testing.T) {
	ets(t)
	c := c1(t)
	c.fourLevels(senmlJSON)
}

func TestETS_int_232_Querying_in_SenML_CBOR(t *testing.T) {
	ets(t)
	c := c1(t)
	c.fourLevels(senmlCBOR)
}

// fourLevels reads object, instance, resource and resource instance.
func (c *client) fourLevels(format int) {
	c.t.Helper()
	c.portfolio()
	c.read("/3", format).want(c.t, 205).in(c.t, format).holds(c.t, identity...)
	c.queried(c.read("/3/0", format), format)
	c.read("/16/0", format).want(c.t, 205).in(c.t, format).holds(c.t, "/16/0/0/0", "/16/0/0/1", "/16/0/0/2", "/16/0/0/3")
	c.read("/16/0/0", format).want(c.t, 205).in(c.t, format).holds(c.t, "/16/0/0/0", "/16/0/0/1", "/16/0/0/2", "/16/0/0/3")
	c.read("/3/0/0", format).want(c.t, 205).in(c.t, format).has(c.t, values{"/3/0/0": c.local("/3/0/0")})
	r := c.read("/16/0/0/0", format).want(c.t, 205).in(c.t, format).has(c.t, values{"/16/0/0/0": "Host Device ID #1"})
	if len(r.Values) != 1 {
		c.t.Errorf("%v, want one value", r.Values)
	}
}

func TestETS_int_233_Setting_in_SenML_CBOR(t *testing.T) {
	ets(t)
	c := c1(t)
	c.setThreeLevels(senmlCBOR)
}

func TestETS_int_234_Setting_in_SenML_JSON(t *testing.T) {
	ets(t)
	c := c1(t)
	c.setThreeLevels(senmlJSON)
}

// setThreeLevels writes an instance by POST, a resource instance and a resource by PUT.
func (c *client) setThreeLevels(format int) {
	c.t.Helper()
	c.portfolio()
	c.post("/16/0", format, values{"0/0": "id", "0/1": "maker", "0/2": "model", "0/3": "software"}).want(c.t, 204)
	c.read("/16/0", format).want(c.t, 205).has(c.t, values{"/16/0/0/0": "id", "/16/0/0/1": "maker", "/16/0/0/2": "model", "/16/0/0/3": "software"})
	c.replace("/16/0/0/0", format, "other").want(c.t, 204)
	c.read("/16/0/0", format).want(c.t, 205).has(c.t, values{"/16/0/0/0": "other", "/16/0/0/1": "maker"})
	c.put("/16/0/0", format, values{"0": "first", "1": "second"}).want(c.t, 204)
	r := c.read("/16/0/0", format).want(c.t, 205).has(c.t, values{"/16/0/0/0": "first", "/16/0/0/1": "second"})
	if len(r.Values) != 2 {
		c.t.Errorf("%v after PUT on the resource, want two values", r.Values)
	}
	c.replace("/1/0/1", format, "3602").want(c.t, 204)
	c.read("/1/0/1", format).want(c.t, 205).has(c.t, values{"/1/0/1": "3602"})
}

func TestETS_int_235_Read_Composite_on_root(t *testing.T) {
	ets(t)
	c := c1(t)
	for _, format := range []int{senmlJSON, senmlCBOR} {
		r := c.readComposite(format, "/").want(t, 205).in(t, format)
		r.holds(t, append([]string{"/1/0/0", "/1/0/1", "/1/0/6", "/1/0/7"}, identity...)...)
		if hidden := append(r.below("/0"), r.below("/21")...); len(hidden) != 0 {
			t.Errorf("root shows %q", hidden)
		}
	}
}

func TestETS_int_236_Read_Composite_partial_presence(t *testing.T) {
	ets(t)
	c := c1(t)
	for _, format := range []int{senmlJSON, senmlCBOR} {
		r := c.readComposite(format, "/1/0/1", "/3/0/11/0", "/3339/0/5522", "/3353/0/6030").want(t, 205).in(t, format)
		if len(r.Values) != 2 {
			t.Errorf("%v, want the two that exist", r.Values)
		}
		r.has(t, values{"/1/0/1": "86400", "/3/0/11/0": "0"})
	}
}

func TestETS_int_237_Read_without_Accept(t *testing.T) {
	ets(t)
	c := c1(t)
	r := c.read("/1", none).want(t, 205)
	if r.Format == nil || !slices.Contains([]int{tlv, oldJSON, senmlJSON, senmlCBOR}, *r.Format) {
		t.Errorf("answer %s in no format for an object", r)
	}
	r.holds(t, "/1/0/0", "/1/0/1")
}

func TestETS_int_241_Executable_Resource_reboot(t *testing.T) {
	ets(t)
	c := c1(t)
	c.reboots()
}

// reboots executes Reboot: it is answered, then the device comes back.
func (c *client) reboots() {
	c.t.Helper()
	mark := c.now()
	answer := c.execute("/3/0/4")
	if strings.Contains(answer.Failure, "RequestCanceledException") {
		// Leshan gives up what it has asked when the device de-registers, also where the answer has come just before.
		c.await(mark, "coap", func(e event) bool { return e.Direction == "in" && e.Code == 204 })
	} else {
		answer.want(c.t, 204)
	}
	c.restarted(mark, 1)
	c.read("/3/0/0", text).want(c.t, 205)
}

func TestETS_int_256_Write_Operation_Failure(t *testing.T) {
	ets(t)
	c := c1(t)
	c.replace("/1/0/0", text, "123").want(t, 405)
	c.read("/1/0/0", text).want(t, 205).has(t, values{"/1/0/0": "1"})
}

func TestETS_int_257_Write_Composite_Server_and_Device(t *testing.T) {
	ets(t)
	c := c1(t)
	// [{"bn":"/1/0/","n":"1","v":60},{"n":"6","vb":true},{"bn":"/3/0/","n":"14","vs":"+02:00"}]
	format := senmlCBOR
	c.raw(rawRequest{Method: "IPATCH", Path: "/", Format: &format, Payload: "83" +
		"a321652f312f302f0061310218" + "3c" + "a20061 3604f5" +
		"a321652f332f302f00623134 03662b30323a3030"}.compact()).want(t, 204)
	c.readComposite(senmlCBOR, "/1/0/1", "/1/0/6", "/3/0/14").want(t, 205).has(t, values{"/1/0/1": "60", "/1/0/6": "true", "/3/0/14": "+02:00"})
	json := senmlJSON
	c.raw(rawRequest{Method: "IPATCH", Path: "/", Format: &json,
		Payload: hexOf(`[{"bn":"/1/0/","n":"1","v":86400},{"n":"6","vb":false},{"bn":"/3/0/","n":"14","vs":"-01:00"}]`)}).want(t, 204)
	c.readComposite(senmlCBOR, "/1/0/1", "/1/0/6", "/3/0/14").want(t, 205).has(t, values{"/1/0/1": "86400", "/1/0/6": "false", "/3/0/14": "-01:00"})
}

func TestETS_int_260_Discover(t *testing.T) {
	ets(t)
	c := c4(t)
	r := c.discover("/3").want(t, 205).in(t, link)
	for _, path := range append([]string{"/3", "/3/0", "/3/0/4"}, identity...) {
		r.link(t, path)
	}
	c.attributes("/3", "pmin=10", "pmax=200").want(t, 204)
	c.attributes("/3/0/7", "lt=1", "gt=6", "st=1").want(t, 204)
	if l := c.discover("/3").want(t, 205).link(t, "/3"); !attribute(l, "pmin=10") || !attribute(l, "pmax=200") {
		t.Errorf("/3 is %s, want pmin=10 and pmax=200", l)
	}
	l := c.discover("/3/0").want(t, 205).link(t, "/3/0/7")
	for _, wanted := range []string{"dim=2", "lt=1", "gt=6", "st=1"} {
		if !numeric(l, wanted) {
			t.Errorf("/3/0/7 is %s, want %s", l, wanted)
		}
	}
	// A resource shows what it inherits.
	l = c.discover("/3/0/7").want(t, 205).link(t, "/3/0/7")
	for _, wanted := range []string{"dim=2", "lt=1", "gt=6", "st=1", "pmin=10", "pmax=200"} {
		if !numeric(l, wanted) {
			t.Errorf("/3/0/7 is %s, want %s", l, wanted)
		}
	}
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
	ets(t)
	c := c1(t)
	c.attributes("/3/0/11", "pmin=10", "pmax=200").want(t, 204)
	if l := c.discover("/3/0/11").want(t, 205).link(t, "/3/0/11"); !attribute(l, "pmin=10") || !attribute(l, "pmax=200") || !attribute(l, "dim=1") {
		t.Errorf("/3/0/11 is %s", l)
	}
	c.attributes("/3/0/11/0", "pmax=320").want(t, 204)
	r := c.discover("/3/0/11").want(t, 205)
	if l := r.link(t, "/3/0/11/0"); !attribute(l, "pmax=320") {
		t.Errorf("/3/0/11/0 is %s, want pmax=320", l)
	}
	if l := r.link(t, "/3/0/11"); !attribute(l, "pmax=200") {
		t.Errorf("/3/0/11 is %s, want pmax=200", l)
	}
	c.attributes("/3/0/11", "pmin", "pmax").want(t, 204)
	if l := c.discover("/3/0/11").want(t, 205).link(t, "/3/0/11"); strings.Contains(l, "pmin") || strings.Contains(l, "pmax=200") {
		t.Errorf("/3/0/11 is %s after both were unset", l)
	}
}

func TestETS_int_280_Successful_Read_Composite(t *testing.T) {
	ets(t)
	c := c1(t)
	for _, format := range []int{senmlJSON, senmlCBOR} {
		r := c.readComposite(format, "/3/0/0", "/3/0/1", "/1/0").want(t, 205).in(t, format)
		r.has(t, values{"/3/0/0": c.local("/3/0/0"), "/3/0/1": c.local("/3/0/1"), "/1/0/0": "1", "/1/0/1": "86400"})
		for path := range r.Values {
			if path != "/3/0/0" && path != "/3/0/1" && !strings.HasPrefix(path, "/1/0/") {
				t.Errorf("%s was not asked for", path)
			}
		}
	}
}

func TestETS_int_281_Partially_Successful_Read_Composite(t *testing.T) {
	ets(t)
	c := c1(t)
	for _, format := range []int{senmlJSON, senmlCBOR} {
		r := c.readComposite(format, "/1/0/1", "/1/0/7", "/1/0/8").want(t, 205).in(t, format)
		if len(r.Values) != 2 {
			t.Errorf("%v, want the two that can be read", r.Values)
		}
		r.has(t, values{"/1/0/1": "86400", "/1/0/7": "U"})
	}
}
