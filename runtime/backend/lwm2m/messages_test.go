package lwm2m

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/format"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/registration"
	"github.com/cloudgen/cloudgen/runtime/modem"
	"github.com/cloudgen/cloudgen/runtime/module"
)

func TestSend(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		ctx := context.Background()
		for _, message := range []cloud.Message{
			{ID: 5, QoS: cloud.QoSAtLeastOnce, Payload: []byte("hello")},
			{Endpoint: cloud.Endpoint{Name: "/19/1/0/2"}, Payload: []byte{1, 2}},
			{Endpoint: cloud.Endpoint{Name: "3303/0/5750"}, Payload: []byte("roof")},
		} {
			if err := r.Backend.Send(ctx, message); err != nil {
				t.Error(err)
			}
		}
		r.server.expectSent("/19/0/0/0 68656c6c6f", "/19/1/0/2 0102", "/3303/0/5750 roof")
		r.expect("DATA_SENT 5", "Acknowledged {ID:5}")

		for says, message := range map[string]cloud.Message{
			"CLOUD_EP_STATE":        {Endpoint: cloud.Endpoint{Type: cloud.EndpointState}},
			"arrives at least once": {QoS: cloud.QoSExactlyOnce},
			"no resource /3/0":      {Endpoint: cloud.Endpoint{Name: "/3/0"}},
			"no resource /77/0/1":   {Endpoint: cloud.Endpoint{Name: "/77/0/1"}},
			"no bytes and no text":  {Endpoint: cloud.Endpoint{Name: "/3/0/9"}},
		} {
			if err := r.Backend.Send(ctx, message); !errors.Is(err, cloud.ErrUnsupported) || !strings.Contains(err.Error(), says) {
				t.Errorf("%v, want %q", err, says)
			}
		}
		if err := r.Backend.Send(ctx, cloud.Message{Endpoint: cloud.Endpoint{Name: "topic"}}); err == nil {
			t.Error("a topic is taken as a path")
		}
		if err := r.Backend.Send(ctx, cloud.Message{Endpoint: cloud.Endpoint{Name: "/0/0/5"}, Payload: []byte{1}}); err == nil {
			t.Error("the key can be sent")
		}
	})
}

func TestCommands(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		write := func(path, text string, want ...string) {
			t.Helper()
			at, err := lwm2m.ParsePath(path)
			if err != nil {
				t.Fatal(err)
			}
			value := lwm2m.Opaque([]byte(text))
			if at.Object() != objectBinaryApp {
				value = lwm2m.String(text)
			}
			if got := r.server.write(lwm2m.Item{Path: at, Value: value}); got != "2.04" {
				t.Errorf("write %s: %s", path, got)
			}
			r.expect(want...)
		}
		roof := []cloud.Endpoint{{Name: "/3303/0/5750"}}
		write("/19/1/0/0", "go", `DATA_RECEIVED /19/1/0/0 "go"`, "CommandReceived {Source:/19/1/0/0 Payload:[103 111]}")
		write("/19/0/0/0", "no")
		write("/3303/0/5750", "roof")
		for range 2 {
			if err := r.SubscriptionsAdd(roof); err != nil {
				t.Error(err)
			}
		}
		write("/3303/0/5750", "a", `DATA_RECEIVED /3303/0/5750 "a"`, "CommandReceived {Source:/3303/0/5750 Payload:[97]}")
		if err := r.SubscriptionsRemove(roof); err != nil {
			t.Error(err)
		}
		write("/3303/0/5750", "b")
		for _, bad := range []cloud.Endpoint{{Name: "/"}, {Name: "topic"}, {Name: "/0"}, {Type: cloud.EndpointState, Name: "/3"}} {
			if err := r.SubscriptionsAdd([]cloud.Endpoint{bad}); err == nil {
				t.Errorf("%+v can be subscribed", bad)
			}
		}
	})
}

// The application refuses a value, and its report puts it right.
func TestConfiguration(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		now := data.Configuration{
			ActiveMode: true, LocationTimeout: 300 * time.Second, ActiveWait: 120 * time.Second, MovementResolution: 60 * time.Second, MovementTimeout: time.Hour,
			AccelerometerActivity: 4.5, AccelerometerInactivity: 3.5, AccelerometerInactivityTimeout: 60.5, NoData: data.NoData{GNSS: true, WiFi: true},
		}
		report := func() {
			t.Helper()
			if err := r.ReportConfig(context.Background(), now, module.Delivery{ID: 4}); err != nil {
				t.Error(err)
			}
			r.expect("DATA_SENT 4", "Acknowledged {ID:4}")
		}
		report()
		r.server.expectSent()
		for path, want := range map[string]string{
			"0": "0", "1": "300", "2": "120", "3": "60", "4": "3600", "5": "4.5", "6": "0", "7": "1", "8": "3.5", "9": "60.5",
		} {
			if got := r.server.read("/50009/0/" + path); got != "2.05 "+want {
				t.Errorf("resource %s is %s, want %s", path, got, want)
			}
		}
		at := lwm2m.NewPath(objectConfiguration, 0)
		if got := r.server.write(
			lwm2m.Item{Path: at.Child(0), Value: lwm2m.Boolean(true)}, lwm2m.Item{Path: at.Child(2), Value: lwm2m.Integer(3000)},
			lwm2m.Item{Path: at.Child(5), Value: lwm2m.Float(1.5)}, lwm2m.Item{Path: at.Child(7), Value: lwm2m.Boolean(false)},
		); got != "2.04" {
			t.Error(got)
		}
		r.expect("ConfigReceived active=false wait=50m0s nodata={true true true} activity=1.5")
		report() // as before
		if got := r.server.read("/50009/0/2"); got != "2.05 120" {
			t.Errorf("the refused value is %s", got)
		}
		if got := r.server.ask(coap.PUT, "/50009/0/2", "0"); got != "4.00" {
			t.Errorf("no seconds at all: %s", got)
		}
		r.expect()
	})
}

// The answer goes first.
func TestReboot(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		if got := r.server.ask(coap.POST, "/3/0/4", ""); got != "2.04" {
			t.Error(got)
		}
		r.expect("RebootRequested")
	})
}

func TestFirmwarePushed(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		m := coap.Message{Code: coap.PUT, Payload: []byte("no image")}
		for _, segment := range []string{"5", "0", "0"} {
			m.Options.AddString(coap.URIPath, segment)
		}
		m.Options.SetUint(coap.ContentFormat, uint32(format.Opaque))
		if got := r.server.do(m); got != "5.00" {
			t.Errorf("the push is answered with %s", got)
		}
		r.expect("FOTA_START", "FOTA_ERROR: the image is not of a kind that this device takes: no target of images is part of this firmware")
		if got := r.server.read("/5/0/5"); got != "2.05 6" { // unsupported package type
			t.Errorf("the result is %s", got)
		}
	})
}

func TestFirmwareEvents(t *testing.T) {
	run(t, shipped(), func(r *rig) {
		p := &program{backend: r.Backend}
		for _, progress := range []lwm2m.FirmwareProgress{
			{Step: lwm2m.FirmwareStarted}, {Step: lwm2m.FirmwareDownloading, Percent: 40}, {Step: lwm2m.FirmwareDownloaded}, {Step: lwm2m.FirmwareInstalling},
			{Step: lwm2m.FirmwareFailed, Err: errors.New("bad")},
		} {
			p.Firmware(progress)
		}
		p.Restart("firmware update")
		r.expect("FOTA_START", "FOTA_DL_PROGRESS 40", "FOTA_ERROR: bad", "FOTA_DONE")
	})
}

// gauge is a modem that tells what it knows.
type gauge struct {
	modem.Modem
	rsrp atomic.Int64 // 0: no network
}

func (*gauge) Identity(context.Context) (data.Device, error) {
	return data.Device{IMEI: imei, Board: "board", ModemFirmware: "mfw_1"}, nil
}

func (g *gauge) Network(context.Context) (data.Network, error) {
	rsrp := int(g.rsrp.Load())
	if rsrp == 0 {
		return data.Network{}, modem.ErrNoNetwork
	}
	return data.Network{Mode: "LTE-M", RSRP: rsrp, MCCMNC: 24202}, nil
}

func (*gauge) Cell(context.Context) (data.Cell, error) { return data.Cell{}, modem.ErrNoNetwork }

func TestModemIsFollowed(t *testing.T) {
	config := shipped()
	config.DeviceAtStart, config.FollowModem, config.ModemPause = true, true, time.Minute
	synctest.Test(t, func(t *testing.T) {
		g := &gauge{}
		r := newRig(t, config, func(d *module.Device) { d.Modem = g })
		defer r.close()
		r.connect()
		for path, want := range map[string]string{"/3/0/0": "2.05 Maker", "/3/0/2": "2.05 " + imei, "/3/0/3": "2.05 1.2.3", "/4/0/2": "4.04"} {
			if got := r.server.read(path); got != want {
				t.Errorf("%s is %s, want %s", path, got, want)
			}
		}
		g.rsrp.Store(-77)
		time.Sleep(61 * time.Second)
		if got := r.server.read("/4/0/2"); got != "2.05 -77" {
			t.Errorf("the signal is %s", got)
		}
		r.server.expectSent()
	})
}

// A bootstrap server writes the account, whose lifetime gives way to that of the options, and which outlives the client.
func TestBootstrap(t *testing.T) {
	config := shipped()
	config.Client.Bootstrap, config.BootstrapTag = true, secTag
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, config, nil)
		defer r.close()
		r.server.set(func() {
			r.server.answer = func(request string) coap.Code {
				if strings.HasPrefix(request, "POST /bs?") {
					go r.bootstrap()
				}
				return 0
			}
		})
		if result, err := r.Connect(context.Background()); err != nil {
			t.Fatal(result, err)
		}
		r.expect("CONNECTED", "READY", "ConfigEmpty")
		registered := []string{strings.Replace(register, "lt=43200", "lt=90000", 1), update + "?lt=43200"}
		r.server.expect("POST /bs?ep="+endpoint+"&pct=112", registered[0], registered[1])
		r.server.set(func() {
			last := r.server.targets[len(r.server.targets)-1]
			if last.Address != "other.example:5684" || string(last.Identity) != "me" || string(last.Key) != "secret" {
				t.Errorf("the client registers at %s as %s", last.Address, last.Identity)
			}
		})
		if err := errors.Join(r.Disconnect(), r.Uninit()); err != nil {
			t.Error(err)
		}
		r.expect("DISCONNECTED USER_REQUEST")
		r.server.expect(remove)
		r.init()
		if result, err := r.Connect(context.Background()); err != nil {
			t.Fatal(result, err)
		}
		r.server.expect(registered...) // without another bootstrap
		if _, err := os.Stat(filepath.Join(r.device.DataDir, accountsName)); err != nil {
			t.Error(err)
		}
	})
}

// A bootstrap server that refuses: its reason is told, and Connect begins anew when the client has given up.
func TestBootstrapRefused(t *testing.T) {
	config := shipped()
	config.Client.Bootstrap, config.BootstrapTag = true, secTag
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, config, nil)
		defer r.close()
		r.server.set(func() { r.server.answer = func(string) coap.Code { return coap.BadRequest } })
		for range 2 {
			r.wantConnect(context.Background(), cloud.ConnectErrBackend, "4.00")
			time.Sleep(time.Hour)
			if state := r.running.client.State(); state != registration.Failed {
				t.Errorf("the client is %v", state)
			}
		}
		r.expect()
	})
}

// bootstrap is what the bootstrap server does.
func (r *rig) bootstrap() {
	defs := definitions{0: {ID: 0, Multiple: true, Resources: []lwm2m.Resource{
		{ID: 0, Type: lwm2m.TypeString}, {ID: 1, Type: lwm2m.TypeBoolean}, {ID: 2, Type: lwm2m.TypeInteger}, {ID: 3, Type: lwm2m.TypeOpaque},
		{ID: 4, Type: lwm2m.TypeOpaque}, {ID: 5, Type: lwm2m.TypeOpaque}, {ID: 10, Type: lwm2m.TypeInteger},
	}}, 1: {ID: 1, Multiple: true, Resources: []lwm2m.Resource{
		{ID: 0, Type: lwm2m.TypeInteger}, {ID: 1, Type: lwm2m.TypeInteger}, {ID: 6, Type: lwm2m.TypeBoolean}, {ID: 7, Type: lwm2m.TypeString}, {ID: 23, Type: lwm2m.TypeBoolean},
	}}}
	write := func(at lwm2m.Path, values map[uint16]lwm2m.Value) {
		var items []lwm2m.Item
		for id := range uint16(30) {
			if value, found := values[id]; found {
				items = append(items, lwm2m.Item{Path: at.Child(id), Value: value})
			}
		}
		payload, err := format.New(format.Config{TLV: true}).Append(nil, format.TLV, at, items, defs)
		if err != nil {
			r.t.Error(err)
		}
		m := coap.Message{Code: coap.PUT, Payload: payload}
		for segment := range strings.SplitSeq(at.String()[1:], "/") {
			m.Options.AddString(coap.URIPath, segment)
		}
		m.Options.SetUint(coap.ContentFormat, uint32(format.TLV))
		if got := r.server.tell(m); got != "2.04" {
			r.t.Errorf("bootstrap of %v: %s", at, got)
		}
	}
	write(lwm2m.NewPath(0, 1), map[uint16]lwm2m.Value{
		0: lwm2m.String("coaps://other.example"), 1: lwm2m.Boolean(false), 2: lwm2m.Integer(0), 3: lwm2m.Opaque([]byte("me")), 4: lwm2m.Opaque(nil),
		5: lwm2m.Opaque([]byte("secret")), 10: lwm2m.Integer(101),
	})
	write(lwm2m.NewPath(1, 0), map[uint16]lwm2m.Value{
		0: lwm2m.Integer(101), 1: lwm2m.Integer(90000), 6: lwm2m.Boolean(true), 7: lwm2m.String("U"), 23: lwm2m.Boolean(false),
	})
	finish := coap.Message{Code: coap.POST}
	finish.Options.AddString(coap.URIPath, "bs")
	if got := r.server.tell(finish); got != "2.04" {
		r.t.Errorf("finish: %s", got)
	}
}
