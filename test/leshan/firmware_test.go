//go:build real

package leshan

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/image/keyfile"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/durable"
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

// signed makes an image of size bytes, and some more, that is signed with the key of builds with the lab's defaults (cmd/cloudgen/lab_key.go).
func signed(t *testing.T, size int) []byte {
	t.Helper()
	return imageOf(t, bytes.Repeat([]byte("cloudgen"), size/8))
}

func imageOf(t *testing.T, program []byte) []byte {
	t.Helper()
	seed := sha256.Sum256([]byte("cloudgen lab image key"))
	signer, err := keyfile.Signer(ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := image.Write(&out, bytes.NewReader(program), int64(len(program)), image.Description{Version: image.Version{Major: 2}}, signer); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
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
	c := slotted(t)
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
	c := slotted(t)
	c.push([]byte{0}).want(t, 204)
	c.stands(idle, initial)
	c.push(signed(t, 20_000)).want(t, 204)
	c.stands(downloaded, initial)
	c.push([]byte{0}).want(t, 204)
	c.stands(idle, initial)
}

func TestETS_int_756_Firmware_write_Package_URI(t *testing.T) {
	ets(t)
	c := slotted(t)
	s := serve(t, signed(t, 20_000))
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
	c := slotted(t)
	mark := c.now()
	r := c.observe("/5/0/3", none).want(t, 205).has(t, values{"/5/0/3": idle})
	c.push(signed(t, 20_000)).want(t, 204)
	c.await(mark, "notification", func(e event) bool {
		return e.Observation == r.Observation && e.Response.Values["/5/0/3"].Text == downloaded
	})
}

func TestETS_int_770_Firmware_success_by_push(t *testing.T) {
	ets(t)
	c := slotted(t)
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
	c := slotted(t)
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

// installs executes Update: the bootloader brings the device back with what was downloaded, and the registration confirms that.
func (c *client) installs() {
	c.t.Helper()
	before := c.read("/3/0/3", text).want(c.t, 205).at(c.t, "/3/0/3")
	mark := c.now()
	c.execute("/5/0/2").want(c.t, 204)
	c.restarted(mark, 1)
	c.stands(idle, success)
	if after := c.read("/3/0/3", text).want(c.t, 205).at(c.t, "/3/0/3"); after == before {
		c.t.Errorf("the version is still %s", after)
	}
	if *clientUnderTest == "leshan" {
		return
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		state := c.slots()
		if state.Active == slots.B && state.Trial == slots.NoTrial && state.Last.Outcome == slots.Confirmed {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("the new version is not confirmed: %+v", state)
		}
	}
}

// slots gives what is kept of the device's slots.
func (d *device) slots() slots.State {
	d.t.Helper()
	state, err := slots.Peek(durable.Open(filepath.Join(d.folder, slots.FolderName)))
	if err != nil {
		d.t.Fatal(err)
	}
	return state
}

// A firmware that crashes at its start is given up by the bootloader, and the old one tells the server.
func TestBadFirmwareComesBack(t *testing.T) {
	t.Parallel()
	c := slotted(t)
	program, err := os.ReadFile(built.crashing)
	if err != nil {
		t.Fatal(err)
	}
	c.push(imageOf(t, program)).want(t, 204)
	c.stands(downloaded, initial)
	mark := c.now()
	c.execute("/5/0/2").want(t, 204)
	c.restarted(mark, 2) // the bad one, and the old one
	c.stands(idle, failed)
	if state := c.slots(); state.Active != slots.A || state.Trial != slots.NoTrial || state.Last.Outcome != slots.Reverted {
		t.Errorf("the slots: %+v", state)
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
	d := newSlotted(t)
	d.kill()
	// From now on no file of this device may come to more than 100 KiB.
	d.program, d.starts = start(t, d.folder, d.endpoint, "sh", "-c", `ulimit -f 200 && exec "$0" "$@"`, built.bootloader, "-data", d.folder), 0
	d.started()
	c := d.register(86400, d.own())
	if r := c.push(signed(t, 200_000)); r.Code != 413 && r.Code != 500 {
		t.Errorf("answer %s, want 4.13 or 5.00", r)
	}
	c.stands(idle, noSpace)
}

func TestETS_int_775_Firmware_connection_lost(t *testing.T) {
	ets(t)
	c := slotted(t)
	n := newNAT(t, portOf(t, serve(t, signed(t, 200_000))))
	n.cutAfter(40)
	mark, observation := c.watch()
	c.replace("/5/0/1", text, "coap://127.0.0.1:"+n.port()+"/image").want(t, 204)
	c.reaches(mark, observation, idle, lost)
}

func TestETS_int_776_Firmware_integrity_failure(t *testing.T) {
	ets(t)
	c := slotted(t)
	image := signed(t, 20_000)
	image[10_000]++
	if r := c.push(image); r.Code != 204 && r.Code != 500 {
		t.Errorf("answer %s, want 2.04 or 5.00", r)
	}
	c.stands(idle, damaged)
}

func TestETS_int_777_Firmware_unsupported_package(t *testing.T) {
	ets(t)
	c := slotted(t)
	if r := c.push(bytes.Repeat([]byte("no image "), 3000)); r.Code != 204 && r.Code != 500 {
		t.Errorf("answer %s, want 2.04 or 5.00", r)
	}
	c.stands(idle, unsupported)
}

func TestETS_int_778_Firmware_invalid_URI(t *testing.T) {
	ets(t)
	c := slotted(t)
	s := serve(t, signed(t, 20_000))
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
	c := slotted(t)
	before := c.read("/3/0/3", text).want(t, 205).at(t, "/3/0/3")
	c.push(signed(t, 20_000)).want(t, 204)
	c.stands(downloaded, initial)
	// That the image is to be tried cannot be kept: something is in the way, and does not go away.
	if err := os.MkdirAll(filepath.Join(c.folder, slots.FolderName, ".state.new", "occupied"), 0o700); err != nil {
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

// serve offers an image by CoAP, with libcoap's server, and gives its URI.
func serve(t *testing.T, image []byte) string {
	t.Helper()
	port := strconv.Itoa(freePort(t))
	start(t, "", "coap-server", "coap-server-notls", "-A", "127.0.0.1", "-p", port, "-d", "1")
	file := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(file, image, 0o600); err != nil {
		t.Fatal(err)
	}
	base := "coap://127.0.0.1:" + port
	for deadline := time.Now().Add(patience); ; {
		if hello, _ := exec.Command("coap-client-notls", "-B", "1", "-m", "get", base+"/").Output(); len(hello) > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("coap-server does not answer")
		}
	}
	// Some thousand exchanges one after the other, each of which a busy machine may have wait.
	answer, err := exec.Command("coap-client-notls", "-B", "120", "-m", "put", "-b", "1024", "-f", file, base+"/image").CombinedOutput()
	check, _ := exec.Command("coap-client-notls", "-B", "120", "-m", "get", "-b", "1024", base+"/image").Output()
	// The client ends what it prints with a newline. An image may end with one too: the last byte of its signature is 16 at most (RFC 8032: S < L).
	if !bytes.Equal(check, append(bytes.Clone(image), '\n')) {
		t.Fatalf("coap-server does not take the image: %v %s; it has %d bytes of %d", err, answer, len(check), len(image))
	}
	return base + "/image"
}

// freePort finds a port of UDP at which nobody listens, nor at the next one. It is below those that Linux gives to who wants any: else another
// process could be given it before the server listens.
func freePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := 10000 + 2*rand.IntN(11000)
		first, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
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
