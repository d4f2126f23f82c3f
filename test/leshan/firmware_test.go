//go:build real

package leshan

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// Object 5, cases 751 to 780.

// Values of State (/5/0/3) and Update Result (/5/0/5).
const (
	idle        = "0"
	downloading = "1"
	downloaded  = "2"
	updating    = "3"

	initial      = "0"
	success      = "1"
	noSpace      = "2"
	lost         = "4"
	damaged      = "5"
	unsupported  = "6"
	invalidURI   = "7"
	failed       = "8"
	unknownProto = "9"
)

// executable is the least that the firmware takes for an image: the header of an ELF executable for its machine without any part, and size
// bytes in all.
func executable(t *testing.T, size int) []byte {
	t.Helper()
	image := bytes.Repeat([]byte("cloudgen"), size/8+1)[:size]
	copy(image, make([]byte, 64))
	file, err := os.Open(built.firmware)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := io.ReadFull(file, image[:20]); err != nil {
		t.Fatal(err)
	}
	return image
}

// push writes a package.
func (c *client) push(image []byte) response {
	c.t.Helper()
	return c.ask("replace", "/5/0/0", map[string]any{"format": opaque, "values": map[string]string{"/5/0/0": hex.EncodeToString(image)}, "timeout": 120_000})
}

// update reads State and Update Result.
func (c *client) firmware() (state, result string) {
	c.t.Helper()
	r := c.read("/5/0", senmlCBOR).want(c.t, 205)
	return r.at(c.t, "/5/0/3"), r.at(c.t, "/5/0/5")
}

// stands checks State and Update Result.
func (c *client) stands(state, result string) {
	c.t.Helper()
	if s, r := c.firmware(); s != state || r != result {
		c.t.Errorf("state %s and result %s, want %s and %s", s, r, state, result)
	}
}

// watch observes State and Update Result.
func (c *client) watch() (mark int, observation string) {
	c.t.Helper()
	mark = c.now()
	r := c.observe("/5/0", senmlCBOR).want(c.t, 205)
	return mark, r.Observation
}

// reaches waits for a notification of State and Update Result.
func (c *client) reaches(mark int, observation, state, result string) event {
	c.t.Helper()
	return c.within(mark, 2*time.Minute, "notification", func(e event) bool {
		return e.Observation == observation && e.Response.Values["/5/0/3"].Text == state && e.Response.Values["/5/0/5"].Text == result
	})
}

func TestETS_int_751_Firmware_readable_resources(t *testing.T) {
	ets(t)
	c := c1(t)
	c.stands(idle, initial)
	r := c.read("/5/0", senmlCBOR).want(t, 205).holds(t, "/5/0/3", "/5/0/5", "/5/0/9")
	if method := r.at(t, "/5/0/9"); method != "2" {
		t.Errorf("delivery method %s, want 2: pull and push", method)
	}
	if len(r.below("/5/0/8")) == 0 {
		t.Error("no protocol is supported")
	}
	c.read("/5/0/0", opaque).want(t, 405)
}

func TestETS_int_755_Firmware_write_Package(t *testing.T) {
	ets(t)
	c := c1(t)
	c.push([]byte{0}).want(t, 204)
	c.stands(idle, initial)
	c.push(executable(t, 20_000)).want(t, 204)
	c.stands(downloaded, initial)
	c.push([]byte{0}).want(t, 204)
	c.stands(idle, initial)
}

func TestETS_int_756_Firmware_write_Package_URI(t *testing.T) {
	ets(t)
	c := c1(t)
	s := serve(t, executable(t, 20_000))
	c.replace("/5/0/1", text, "").want(t, 204)
	c.stands(idle, initial)
	mark, observation := c.watch()
	c.replace("/5/0/1", text, s).want(t, 204)
	c.reaches(mark, observation, downloaded, initial)
	c.read("/5/0/1", text).want(t, 205).has(t, values{"/5/0/1": s})
	c.replace("/5/0/1", text, "").want(t, 204)
	c.stands(idle, initial)
}

func TestETS_int_760_Firmware_observe_State(t *testing.T) {
	ets(t)
	c := c1(t)
	mark := c.now()
	r := c.observe("/5/0/3", none).want(t, 205).has(t, values{"/5/0/3": idle})
	c.push(executable(t, 20_000)).want(t, 204)
	c.await(mark, "notification", func(e event) bool {
		return e.Observation == r.Observation && e.Response.Values["/5/0/3"].Text == downloaded
	})
}

func TestETS_int_770_Firmware_success_by_push(t *testing.T) {
	ets(t)
	c := c1(t)
	image, err := os.ReadFile(built.next)
	if err != nil {
		t.Fatal(err)
	}
	mark, observation := c.watch()
	c.push(image).want(t, 204)
	c.reaches(mark, observation, downloaded, initial)
	c.installs()
}

func TestETS_int_771_Firmware_success_by_pull(t *testing.T) {
	ets(t)
	c := c1(t)
	image, err := os.ReadFile(built.next)
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, image)
	mark, observation := c.watch()
	c.replace("/5/0/1", text, s).want(t, 204)
	c.reaches(mark, observation, downloading, initial)
	c.reaches(mark, observation, downloaded, initial)
	c.installs()
}

// installs executes Update, and brings the device back with what it has installed.
func (c *client) installs() {
	c.t.Helper()
	before := c.read("/3/0/3", text).want(c.t, 205).at(c.t, "/3/0/3")
	installed := filepath.Join(c.staging(), "image.installed")
	mark := c.now()
	c.execute("/5/0/2").want(c.t, 204)
	c.restarted(mark, installed)
	c.stands(idle, success)
	if after := c.read("/3/0/3", text).want(c.t, 205).at(c.t, "/3/0/3"); after == before {
		c.t.Errorf("the version is still %s", after)
	}
}

func TestETS_int_772_Firmware_Update_without_a_package(t *testing.T) {
	ets(t)
	c := c1(t)
	c.execute("/5/0/2").want(t, 405)
	c.stands(idle, initial)
}

func TestETS_int_773_Firmware_not_enough_storage(t *testing.T) {
	ets(t)
	d := newDevice(t)
	d.kill()
	// No file of this device may have more than 100 KiB.
	d.program = start(t, d.folder, d.endpoint, "sh", "-c", `ulimit -f 200 && exec "$0" "$@"`, built.firmware, "-data", d.folder)
	c := d.register(86400, d.own())
	if r := c.push(executable(t, 200_000)); r.Code != 413 && r.Code != 500 {
		t.Errorf("answer %s, want 4.13 or 5.00", r)
	}
	c.stands(idle, noSpace)
}

func TestETS_int_775_Firmware_connection_lost(t *testing.T) {
	ets(t)
	c := c1(t)
	n := newNAT(t, portOf(t, serve(t, executable(t, 200_000))))
	n.cutAfter(40)
	mark, observation := c.watch()
	c.replace("/5/0/1", text, "coap://127.0.0.1:"+n.port()+"/image").want(t, 204)
	c.reaches(mark, observation, idle, lost)
}

func TestETS_int_776_Firmware_integrity_failure(t *testing.T) {
	ets(t)
	c := c1(t)
	image := executable(t, 20_000)
	copy(image[40:], "\x00\x00\x10") // section headers at 1 MiB
	image[58], image[60] = 64, 1
	if r := c.push(image); r.Code != 204 && r.Code != 500 {
		t.Errorf("answer %s, want 2.04 or 5.00", r)
	}
	c.stands(idle, damaged)
}

func TestETS_int_777_Firmware_unsupported_package(t *testing.T) {
	ets(t)
	c := c1(t)
	if r := c.push(bytes.Repeat([]byte("no image "), 3000)); r.Code != 204 && r.Code != 500 {
		t.Errorf("answer %s, want 2.04 or 5.00", r)
	}
	c.stands(idle, unsupported)
}

func TestETS_int_778_Firmware_invalid_URI(t *testing.T) {
	ets(t)
	c := c1(t)
	s := serve(t, executable(t, 20_000))
	for _, uri := range []string{s + "-that-is-not-there", "coap://"} {
		mark, observation := c.watch()
		if r := c.replace("/5/0/1", text, uri); r.Code != 204 && r.Code != 400 {
			t.Errorf("answer %s, want 2.04 or 4.00", r)
		}
		c.reaches(mark, observation, idle, invalidURI)
		c.cancel(observation).want(t, 205)
		c.replace("/5/0/1", text, "").want(t, 204)
		c.stands(idle, initial)
	}
}

func TestETS_int_779_Firmware_installation_failure(t *testing.T) {
	ets(t)
	c := c1(t)
	before := c.read("/3/0/3", text).want(t, 205).at(t, "/3/0/3")
	c.push(executable(t, 20_000)).want(t, 204)
	c.stands(downloaded, initial)
	// What was installed before is in the way, and does not go away.
	if err := os.MkdirAll(filepath.Join(c.staging(), "image.installed", "occupied"), 0o700); err != nil {
		t.Fatal(err)
	}
	mark, observation := c.watch()
	c.execute("/5/0/2").want(t, 204)
	c.reaches(mark, observation, downloaded, failed)
	c.read("/3/0/3", text).want(t, 205).has(t, values{"/3/0/3": before})
}

func TestETS_int_780_Firmware_unsupported_protocol(t *testing.T) {
	ets(t)
	c := c1(t)
	if r := c.replace("/5/0/1", text, "http://127.0.0.1/image"); r.Code != 204 && r.Code != 400 {
		t.Errorf("answer %s, want 2.04 or 4.00", r)
	}
	c.stands(idle, unknownProto)
}

// staging is the folder that holds the staged image.
func (d *device) staging() string {
	d.t.Helper()
	var found string
	err := filepath.WalkDir(d.folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Name() == "image" && !entry.IsDir() {
			found = filepath.Dir(path)
		}
		return err
	})
	if err != nil || found == "" {
		d.t.Fatalf("no staged image in %s (%v)", d.folder, err)
	}
	return found
}

// serve offers an image by CoAP, with libcoap's server, and gives its URI.
func serve(t *testing.T, image []byte) string {
	t.Helper()
	port := strconv.Itoa(freePort(t))
	start(t, "", "coap-server", "coap-server-notls", "-A", "127.0.0.1", "-p", port, "-d", "1")
	file := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(file, image, 0o600); err != nil {
		t.Fatal(err)
	}
	uri := "coap://127.0.0.1:" + port + "/image"
	for deadline := time.Now().Add(patience); ; {
		answer, err := exec.Command("coap-client-notls", "-B", "2", "-m", "put", "-b", "1024", "-f", file, uri).CombinedOutput()
		if check, _ := exec.Command("coap-client-notls", "-B", "5", "-m", "get", "-b", "1024", uri).Output(); bytes.Equal(bytes.TrimSuffix(check, []byte("\n")), bytes.TrimSuffix(image, []byte("\n"))) {
			return uri
		}
		if time.Now().After(deadline) {
			t.Fatalf("coap-server does not take the image: %v %s", err, answer)
		}
	}
}

// freePort finds a port of UDP at which nobody listens, nor at the next one.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		first, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := first.LocalAddr().(*net.UDPAddr).Port
		second, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port+1))
		first.Close()
		if err == nil {
			second.Close()
			return port
		}
	}
	t.Fatal("no two free ports in a row")
	return 0
}

func portOf(t *testing.T, uri string) string {
	t.Helper()
	var port, path string
	if _, err := fmt.Sscanf(uri, "coap://127.0.0.1:%5s%s", &port, &path); err != nil {
		t.Fatalf("%s: %v", uri, err)
	}
	return port
}
