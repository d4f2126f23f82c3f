package security_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/object/security"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

func attach(t *testing.T, config security.Config) *security.Object {
	t.Helper()
	object, err := security.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.New().Add(object); err != nil {
		t.Fatal(err)
	}
	return object
}

func TestAccount(t *testing.T) {
	object := attach(t, security.Config{KeySize: 33, Suites: 5})
	want := security.Account{
		URI: "coaps://server.example:5684", Bootstrap: true, Mode: security.PSK, Identity: []byte("urn:imei:351358811124772"), Key: []byte{1, 2, 3, 4},
		HoldOff: 10 * time.Second, AccountTimeout: time.Hour, ServerName: "server.example", CipherSuites: []uint16{0xc0a8, 0xae},
	}
	if err := object.Add(3, want); err != nil {
		t.Fatal(err)
	}
	got := object.Account(3)
	if got.URI != want.URI || !got.Bootstrap || string(got.Identity) != string(want.Identity) || string(got.Key) != string(want.Key) ||
		got.HoldOff != want.HoldOff || got.AccountTimeout != want.AccountTimeout || got.ServerName != want.ServerName ||
		!slices.Equal(got.CipherSuites, want.CipherSuites) {
		t.Errorf("got %+v", got)
	}
	if all := object.Instances(); !slices.Equal(all, []uint16{3}) {
		t.Errorf("instances %v", all)
	}
	want.Key = make([]byte, 34)
	if err := object.Add(4, want); err == nil || !strings.Contains(err.Error(), "LWM2M_SECURITY_KEY_SIZE") {
		t.Errorf("a key of 34 bytes: %v", err)
	}
	if err := object.Check([]lwm2m.Item{{Path: lwm2m.NewPath(0, 4, 5), Value: lwm2m.Opaque(make([]byte, 34))}}); err == nil {
		t.Error("a written key of 34 bytes is taken")
	}
	if err := object.Check([]lwm2m.Item{{Path: lwm2m.NewPath(0, 4, 16, 5), Value: lwm2m.Unsigned(1)}}); err == nil {
		t.Error("a sixth cipher suite is taken")
	}
	if err := object.Check([]lwm2m.Item{{Path: lwm2m.NewPath(0, 4, 11), Value: lwm2m.Integer(-1)}}); err == nil {
		t.Error("a hold-off time of -1 s is taken")
	}
}

func TestParseURI(t *testing.T) {
	for text, want := range map[string]string{
		"coap://server.example":       "server.example:5683",
		"coap://server.example:61616": "server.example:61616",
		"coaps://server.example":      "server.example:5684",
		"COAPS://192.0.2.1:5694/":     "192.0.2.1:5694",
		"coap://[2001:db8::1]":        "[2001:db8::1]:5683",
	} {
		target, err := security.ParseURI(text, 5683)
		if err != nil || target.Address() != want || target.Secure != strings.HasPrefix(strings.ToLower(text), "coaps") {
			t.Errorf("%s: %+v, %v", text, target, err)
		}
	}
	for _, text := range []string{"", "server.example", "https://server.example", "coap://", "coap://:5683", "coap://h:0", "coap://h:70000",
		"coap://user@h", "coap://h/path", "coap://h?q", "coap://h#f", "coap://[::1", "coap://h:"} {
		if target, err := security.ParseURI(text, 5683); err == nil && text != "coap://h:" {
			t.Errorf("%q is taken as %+v", text, target)
		}
	}
}

func TestCheck(t *testing.T) {
	good := security.Account{URI: "coaps://h", Mode: security.PSK, Identity: []byte("i"), Key: []byte("k"), SSID: 1}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	open := security.Account{URI: "coap://h", Mode: security.NoSec, Bootstrap: true}
	if err := open.Check(); err != nil {
		t.Error(err)
	}
	for what, spoil := range map[string]func(*security.Account){
		"no URI":            func(a *security.Account) { a.URI = "" },
		"no identity":       func(a *security.Account) { a.Identity = nil },
		"no key":            func(a *security.Account) { a.Key = nil },
		"no short id":       func(a *security.Account) { a.SSID = 0 },
		"coap with a key":   func(a *security.Account) { a.URI = "coap://h" },
		"coaps without":     func(a *security.Account) { a.Mode = security.NoSec },
		"raw public key":    func(a *security.Account) { a.Mode = security.RawPublicKey },
		"certificate":       func(a *security.Account) { a.Mode = security.Certificate },
		"no mode there is":  func(a *security.Account) { a.Mode = 9 },
		"EST":               func(a *security.Account) { a.Mode = security.CertificateES },
		"another transport": func(a *security.Account) { a.URI = "coap+tcp://h" },
	} {
		account := good
		spoil(&account)
		if account.Check() == nil {
			t.Errorf("%s is taken", what)
		}
	}
}

func FuzzParseURI(f *testing.F) {
	for _, seed := range []string{"coaps://server.example:5684", "coap://[2001:db8::1]:5683/", "coap://h:99999", "x://", "coap://%zz"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		target, err := security.ParseURI(text, 5683)
		if err == nil && (target.Host == "" || target.Port < 1 || target.Port > 65535) {
			t.Errorf("%q: %+v", text, target)
		}
	})
}
