//go:build real

package fota

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
)

const (
	oldVersion = "1.0.0+lab"
	newVersion = "2.0.0+lab"
)

// fromFactory gives a device that has come up for the first time: the bootloader has installed the factory's image.
func fromFactory(t *testing.T) (*device, *link) {
	t.Helper()
	s := newServer(t)
	d := newDevice(t, s)
	d.start()
	l := s.becomes(standing{oldVersion, idle, initial})
	if state := d.state(); state.Active != slots.A || state.Trial != slots.NoTrial {
		t.Fatalf("the slots: %+v", state)
	}
	return d, l
}

func TestPush(t *testing.T)       { updates(t, push) }
func TestPull(t *testing.T)       { updates(t, pullPlain) }
func TestPullSecure(t *testing.T) { updates(t, pullSecure) }

func updates(t *testing.T, by delivery) {
	t.Parallel()
	d, l := fromFactory(t)
	begun := time.Now()
	if err := d.server.deliver(within(t, patience), l, built.next, by); err != nil {
		t.Fatal(err)
	}
	delivered := time.Since(begun)
	d.server.becomes(standing{oldVersion, downloaded, initial})
	executed := time.Now()
	if err := l.Execute(within(t, patience), "/5/0/2", ""); err != nil {
		t.Fatal(err)
	}
	d.server.becomes(standing{newVersion, idle, success})
	back := time.Since(executed)
	state := d.settles("confirmed", func(s slots.State) bool { return s.Last.Outcome == slots.Confirmed })
	if state.Active != slots.B || state.Trial != slots.NoTrial {
		t.Errorf("the slots: %+v", state)
	}
	t.Logf("%d bytes delivered in %v, the new version is back %v after Update", len(built.next), delivered.Round(time.Millisecond), back.Round(time.Millisecond))
	d.kill()
	d.start()
	d.server.becomes(standing{newVersion, idle, success})
	if version := func() string { d.kill(); return d.bootable().String() }(); version != "2.0.0" {
		t.Errorf("version %s is active", version)
	}
}

// A bad firmware is given up by the bootloader: the old one is back by itself, and tells the server.
func TestBadImages(t *testing.T) {
	for name, program := range map[string]*[]byte{"crashes at its start": &built.crashing, "never connects": &built.silent} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, l := fromFactory(t)
			if err := l.PushFirmware(within(t, patience), mustImage(t, *program, 2, labKey())); err != nil {
				t.Fatal(err)
			}
			executed := time.Now()
			if err := l.Execute(within(t, patience), "/5/0/2", ""); err != nil {
				t.Fatal(err)
			}
			d.server.becomes(standing{oldVersion, idle, failed})
			t.Logf("the old version is back after %v", time.Since(executed).Round(time.Millisecond))
			state := d.state()
			if state.Active != slots.A || state.Trial != slots.NoTrial || state.Last.Outcome != slots.Reverted {
				t.Errorf("the slots: %+v", state)
			}
			t.Logf("the reason: %s", state.Last.Reason)
			// The next update goes through.
			l = d.server.becomes(standing{oldVersion, idle, failed})
			if err := l.PushFirmware(within(t, patience), built.next); err != nil {
				t.Fatal(err)
			}
			if err := l.Execute(within(t, patience), "/5/0/2", ""); err != nil {
				t.Fatal(err)
			}
			d.server.becomes(standing{newVersion, idle, success})
			d.settles("confirmed", func(s slots.State) bool { return s.Last.Outcome == slots.Confirmed })
		})
	}
}

// What nobody we know has signed, and what is not whole, is refused, and nothing changes.
func TestRefusedImages(t *testing.T) {
	t.Parallel()
	d, l := fromFactory(t)
	_, strange, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	before := d.stateFile()
	damagedImage := bytes.Clone(built.next)
	damagedImage[len(damagedImage)/2]++
	forged := bytes.Clone(built.next)
	forged[len(forged)-1]++ // of the signature
	for name, refused := range map[string]struct {
		content []byte
		result  int64
	}{
		"unsigned":       {mustImage(t, built.new, 2, nil), damaged},
		"another key":    {mustImage(t, built.new, 2, strange), damaged},
		"wrongly signed": {forged, damaged},
		"damaged":        {damagedImage, damaged},
		"truncated":      {built.next[:len(built.next)-1000], damaged},
		"no image":       {built.new, unsupported},
	} {
		err := l.PushFirmware(within(t, patience), refused.content)
		if answer, is := errors.AsType[*lwm2m.CodeError](err); err != nil && (!is || answer.Code.String() != "5.00") {
			t.Errorf("%s: %v", name, err)
		}
		now, err := l.standing(within(t, patience))
		if err != nil || now != (standing{oldVersion, idle, refused.result}) {
			t.Errorf("%s: %v, %v; want result %d", name, now, err, refused.result)
		}
		if err := l.Execute(within(t, patience), "/5/0/2", ""); err == nil {
			t.Errorf("%s: Update is taken", name)
		}
		if after := d.stateFile(); !bytes.Equal(before, after) {
			t.Errorf("%s: the slots have changed:\n%s", name, after)
		}
	}
	d.kill()
	if version := d.bootable().String(); version != "1.0.0" {
		t.Errorf("version %s is active", version)
	}
}
