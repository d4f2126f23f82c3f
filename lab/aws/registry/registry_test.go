package registry_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/access"
	"github.com/cloudgen/cloudgen/lab/aws/registry"
)

var (
	account = access.Account{Region: "eu-central-1", ID: "123456789012"}
	now     = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
)

const allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}`

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// authority signs certificates.
type authority struct {
	testing.TB
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t testing.TB, name string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	a := &authority{TB: t, key: key}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a.certificate = a.create(template, template)
	return a
}

func (a *authority) create(template, parent *x509.Certificate) *x509.Certificate {
	a.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &a.key.PublicKey, a.key)
	check(a, err)
	certificate, err := x509.ParseCertificate(der)
	check(a, err)
	return certificate
}

// sign makes a certificate of a device. Its key does not matter: nothing here makes a TLS connection.
func (a *authority) sign(subject pkix.Name) *x509.Certificate {
	a.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	check(a, err)
	return a.create(&x509.Certificate{SerialNumber: serial, Subject: subject, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 1, 0)}, a.certificate)
}

func (a *authority) device(name string) *x509.Certificate {
	a.Helper()
	return a.sign(pkix.Name{CommonName: name})
}

func text(certificate *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}))
}

// bench is a registry with a CA, a certificate with a policy, and a thing.
type bench struct {
	testing.TB
	*registry.Registry
	ca     *authority
	caID   string
	device *x509.Certificate
	id     string // of the device's certificate
	arn    string
}

func setUp(t testing.TB) *bench {
	t.Helper()
	b := &bench{TB: t, Registry: registry.New(account), ca: newAuthority(t, "first CA")}
	ca, err := b.RegisterCACertificate(registry.CARegistration{PEM: text(b.ca.certificate), SNIOnly: true, Active: true}, now)
	check(t, err)
	b.caID = ca.ID
	b.device = b.ca.device("c1")
	c, err := b.RegisterCertificate(text(b.device), "", registry.Active, now)
	check(t, err)
	b.id, b.arn = c.ID, account.ARN("cert", c.ID)
	_, err = b.CreateThingType("tracker", "", now)
	check(t, err)
	_, err = b.CreateThing("c1", "tracker", map[string]string{"site": "north"}, now)
	check(t, err)
	_, err = b.CreatePolicy("p", allowAll, now)
	check(t, err)
	check(t, b.AttachPolicy("p", b.arn))
	check(t, b.AttachThingPrincipal("c1", b.arn, false))
	return b
}

// Where the rules are written, in the AWS IoT API reference unless another is named.
const (
	thingTypes = `developer guide, "Thing types"`
	quotas     = `AWS IoT Core endpoints and quotas`
	exclusive  = `developer guide, "Associating a thing to an MQTT client connection"`
	registerCA = `developer guide, "Register your CA certificate"`
)

// Every rule: what is allowed, and what the service refuses.
func TestRules(t *testing.T) {
	many := func(n int) map[string]string {
		m := map[string]string{}
		for i := range n {
			m[fmt.Sprint("a", i)] = "x"
		}
		return m
	}
	yes := true
	tests := []struct {
		source, name string
		do           func(b *bench) error
		code         string // "": allowed
		status       int
	}{
		{"CreateThing", "again, the same", func(b *bench) error {
			_, err := b.CreateThing("c1", "tracker", map[string]string{"site": "north"}, now)
			return err
		}, "", 0},
		{"CreateThing", "again, with other attributes", func(b *bench) error { _, err := b.CreateThing("c1", "tracker", nil, now); return err }, "ResourceAlreadyExistsException", 409},
		{"CreateThing", "again, with another type", func(b *bench) error {
			_, err := b.CreateThing("c1", "", map[string]string{"site": "north"}, now)
			return err
		}, "ResourceAlreadyExistsException", 409},
		{"CreateThing", "name of 128 characters", func(b *bench) error { _, err := b.CreateThing(strings.Repeat("x", 128), "", nil, now); return err }, "", 0},
		{"CreateThing", "name of 129 characters", func(b *bench) error { _, err := b.CreateThing(strings.Repeat("x", 129), "", nil, now); return err }, "InvalidRequestException", 400},
		{"CreateThing", "no name", func(b *bench) error { _, err := b.CreateThing("", "", nil, now); return err }, "InvalidRequestException", 400},
		{"CreateThing", "name with a slash", func(b *bench) error { _, err := b.CreateThing("a/b", "", nil, now); return err }, "InvalidRequestException", 400},
		{"CreateThing", "name with a line feed", func(b *bench) error { _, err := b.CreateThing("a\n", "", nil, now); return err }, "InvalidRequestException", 400},
		{"CreateThing", "unknown type", func(b *bench) error { _, err := b.CreateThing("t", "lamp", nil, now); return err }, "ResourceNotFoundException", 404},
		{"CreateThing", "attribute with a space", func(b *bench) error {
			_, err := b.CreateThing("t", "", map[string]string{"a": "x y"}, now)
			return err
		}, "InvalidRequestException", 400},
		{"CreateThing", "attribute's name with a space", func(b *bench) error {
			_, err := b.CreateThing("t", "", map[string]string{"a b": "x"}, now)
			return err
		}, "InvalidRequestException", 400},
		{"CreateThing", "value of 801 characters", func(b *bench) error {
			_, err := b.CreateThing("t", "", map[string]string{"a": strings.Repeat("x", 801)}, now)
			return err
		}, "InvalidRequestException", 400},
		{thingTypes, "three attributes", func(b *bench) error { _, err := b.CreateThing("t", "", many(3), now); return err }, "", 0},
		{thingTypes, "four attributes", func(b *bench) error { _, err := b.CreateThing("t", "", many(4), now); return err }, "InvalidRequestException", 400},
		{thingTypes, "fifty with a type", func(b *bench) error { _, err := b.CreateThing("t", "tracker", many(50), now); return err }, "", 0},
		{thingTypes, "fifty-one with a type", func(b *bench) error { _, err := b.CreateThing("t", "tracker", many(51), now); return err }, "InvalidRequestException", 400},
		{"CreateThingType", "again, the same", func(b *bench) error { _, err := b.CreateThingType("tracker", "", now); return err }, "", 0},
		{"CreateThingType", "again, another", func(b *bench) error { _, err := b.CreateThingType("tracker", "x", now); return err }, "ResourceAlreadyExistsException", 409},
		{"CreateThingType", "wrong name", func(b *bench) error { _, err := b.CreateThingType("a b", "", now); return err }, "InvalidRequestException", 400},
		{"DescribeThingType", "unknown", func(b *bench) error { _, err := b.ThingType("x"); return err }, "ResourceNotFoundException", 404},
		{"DescribeThing", "unknown", func(b *bench) error { _, err := b.Thing("x"); return err }, "ResourceNotFoundException", 404},
		{"UpdateThing", "unknown", func(b *bench) error { return b.UpdateThing("x", registry.ThingUpdate{}) }, "ResourceNotFoundException", 404},
		{"UpdateThing", "expected version", func(b *bench) error { return b.UpdateThing("c1", registry.ThingUpdate{ExpectedVersion: 1}) }, "", 0},
		{"UpdateThing", "another version", func(b *bench) error { return b.UpdateThing("c1", registry.ThingUpdate{ExpectedVersion: 2}) }, "VersionConflictException", 409},
		{"UpdateThing", "type given and removed", func(b *bench) error {
			return b.UpdateThing("c1", registry.ThingUpdate{Type: "tracker", RemoveType: true})
		}, "InvalidRequestException", 400},
		{"UpdateThing", "unknown type", func(b *bench) error { return b.UpdateThing("c1", registry.ThingUpdate{Type: "x"}) }, "ResourceNotFoundException", 404},
		{thingTypes, "too many attributes without the type", func(b *bench) error {
			return b.UpdateThing("c1", registry.ThingUpdate{RemoveType: true, Attributes: many(4)})
		}, "InvalidRequestException", 400},
		{"DeleteThing", "attached", func(b *bench) error { return b.DeleteThing("c1", 0) }, "InvalidRequestException", 400},
		{"DeleteThing", "detached", func(b *bench) error { check(b, b.DetachThingPrincipal("c1", b.arn)); return b.DeleteThing("c1", 1) }, "", 0},
		{"DeleteThing", "unknown", func(b *bench) error { return b.DeleteThing("x", 0) }, "", 0},
		{"DeleteThing", "another version", func(b *bench) error { return b.DeleteThing("c1", 7) }, "VersionConflictException", 409},

		{"RegisterCertificate", "again", func(b *bench) error { _, err := b.RegisterCertificate(text(b.device), "", "", now); return err }, "ResourceAlreadyExistsException", 409},
		{"RegisterCertificate", "unknown CA", func(b *bench) error {
			_, err := b.RegisterCertificate(text(newAuthority(b, "x").device("d")), "", "", now)
			return err
		}, "CertificateValidationException", 400},
		{"RegisterCertificate", "CA of the same name", func(b *bench) error {
			_, err := b.RegisterCertificate(text(newAuthority(b, "first CA").device("d")), "", "", now)
			return err
		}, "CertificateValidationException", 400},
		{"RegisterCertificate", "two CAs of the same name", func(b *bench) error {
			_, err := b.RegisterCACertificate(registry.CARegistration{PEM: text(newAuthority(b, "first CA").certificate), SNIOnly: true}, now)
			check(b, err)
			_, err = b.RegisterCertificate(text(b.ca.device("d")), "", "", now)
			return err
		}, "CertificateConflictException", 409},
		{"RegisterCertificate", "two CAs of the same name, one given", func(b *bench) error {
			_, err := b.RegisterCACertificate(registry.CARegistration{PEM: text(newAuthority(b, "first CA").certificate), SNIOnly: true}, now)
			check(b, err)
			_, err = b.RegisterCertificate(text(b.ca.device("d")), text(b.ca.certificate), "", now)
			return err
		}, "", 0},
		{"RegisterCertificate", "CA not active", func(b *bench) error {
			check(b, b.UpdateCACertificate(b.caID, registry.CAUpdate{Status: registry.Inactive}, now))
			_, err := b.RegisterCertificate(text(b.ca.device("d")), "", "", now)
			return err
		}, "CertificateStateException", 406},
		{"RegisterCertificate", "no certificate", func(b *bench) error { _, err := b.RegisterCertificate("x", "", "", now); return err }, "CertificateValidationException", 400},
		{"RegisterCertificate", "two certificates", func(b *bench) error {
			_, err := b.RegisterCertificate(text(b.ca.device("d"))+text(b.ca.certificate), "", "", now)
			return err
		}, "CertificateValidationException", 400},
		{"RegisterCertificate", "status of the service's", func(b *bench) error {
			_, err := b.RegisterCertificate(text(b.ca.device("d")), "", registry.PendingActivation, now)
			return err
		}, "InvalidRequestException", 400},
		{"RegisterCertificateWithoutCA", "whoever signed", func(b *bench) error {
			_, err := b.RegisterCertificateWithoutCA(text(newAuthority(b, "x").device("d")), registry.Active, now)
			return err
		}, "", 0},
		{"RegisterCertificateWithoutCA", "again", func(b *bench) error { _, err := b.RegisterCertificateWithoutCA(text(b.device), "", now); return err }, "ResourceAlreadyExistsException", 409},
		{"UpdateCertificate", "revoked", func(b *bench) error { return b.UpdateCertificate(b.id, registry.Revoked, now) }, "", 0},
		{"UpdateCertificate", "id in capitals", func(b *bench) error { return b.UpdateCertificate(strings.ToUpper(b.id), registry.Inactive, now) }, "", 0},
		{"UpdateCertificate", "pending activation", func(b *bench) error { return b.UpdateCertificate(b.id, registry.PendingActivation, now) }, "InvalidRequestException", 400},
		{"UpdateCertificate", "pending transfer", func(b *bench) error { return b.UpdateCertificate(b.id, registry.PendingTransfer, now) }, "InvalidRequestException", 400},
		{"UpdateCertificate", "unknown", func(b *bench) error { return b.UpdateCertificate("00", registry.Active, now) }, "ResourceNotFoundException", 404},
		{"DescribeCertificate", "unknown", func(b *bench) error { _, err := b.Certificate("00"); return err }, "ResourceNotFoundException", 404},
		{"DeleteCertificate", "active", func(b *bench) error { return b.DeleteCertificate(b.id, true) }, "CertificateStateException", 406},
		{"DeleteCertificate", "attached to a thing, by force", func(b *bench) error {
			check(b, b.UpdateCertificate(b.id, registry.Inactive, now))
			return b.DeleteCertificate(b.id, true)
		}, "DeleteConflictException", 409},
		{"DeleteCertificate", "policy attached", func(b *bench) error {
			check(b, b.UpdateCertificate(b.id, registry.Inactive, now))
			check(b, b.DetachThingPrincipal("c1", b.arn))
			return b.DeleteCertificate(b.id, false)
		}, "DeleteConflictException", 409},
		{"DeleteCertificate", "policy attached, by force", func(b *bench) error {
			check(b, b.UpdateCertificate(b.id, registry.Inactive, now))
			check(b, b.DetachThingPrincipal("c1", b.arn))
			check(b, b.DeleteCertificate(b.id, true))
			return b.DeletePolicy("p") // nothing is left attached
		}, "", 0},

		{registerCA, "no verification certificate", func(b *bench) error {
			_, err := b.RegisterCACertificate(registry.CARegistration{PEM: text(newAuthority(b, "x").certificate)}, now)
			return err
		}, "InvalidRequestException", 400},
		{registerCA, "verification certificate", func(b *bench) error {
			ca := newAuthority(b, "x")
			_, err := b.RegisterCACertificate(registry.CARegistration{PEM: text(ca.certificate), VerificationPEM: text(ca.device(b.RegistrationCode()))}, now)
			return err
		}, "", 0},
		{registerCA, "another code", func(b *bench) error {
			ca := newAuthority(b, "x")
			_, err := b.RegisterCACertificate(registry.CARegistration{PEM: text(ca.certificate), VerificationPEM: text(ca.device("x"))}, now)
			return err
		}, "RegistrationCodeValidationException", 400},
		{registerCA, "verification certificate of another", func(b *bench) error {
			_, err := b.RegisterCACertificate(registry.CARegistration{PEM: text(newAuthority(b, "x").certificate), VerificationPEM: text(b.ca.device(b.RegistrationCode()))}, now)
			return err
		}, "CertificateValidationException", 400},
		{"RegisterCACertificate", "SNI_ONLY with a verification certificate", func(b *bench) error {
			ca := newAuthority(b, "x")
			_, err := b.RegisterCACertificate(registry.CARegistration{PEM: text(ca.certificate), VerificationPEM: text(ca.device("x")), SNIOnly: true}, now)
			return err
		}, "InvalidRequestException", 400},
		{"RegisterCACertificate", "no CA", func(b *bench) error {
			_, err := b.RegisterCACertificate(registry.CARegistration{PEM: text(b.device), SNIOnly: true}, now)
			return err
		}, "CertificateValidationException", 400},
		{"RegisterCACertificate", "again", func(b *bench) error {
			_, err := b.RegisterCACertificate(registry.CARegistration{PEM: text(b.ca.certificate), SNIOnly: true}, now)
			return err
		}, "ResourceAlreadyExistsException", 409},
		{"RegisterCACertificate", "eleven of one subject", func(b *bench) error {
			for range 9 {
				_, err := b.RegisterCACertificate(registry.CARegistration{PEM: text(newAuthority(b, "first CA").certificate), SNIOnly: true}, now)
				check(b, err)
			}
			_, err := b.RegisterCACertificate(registry.CARegistration{PEM: text(newAuthority(b, "first CA").certificate), SNIOnly: true}, now)
			return err
		}, "LimitExceededException", 410},
		{"RegisterCACertificate", "broken template", func(b *bench) error {
			_, err := b.RegisterCACertificate(registry.CARegistration{PEM: text(newAuthority(b, "x").certificate), SNIOnly: true, Template: "{}"}, now)
			return err
		}, "InvalidRequestException", 400},
		{"UpdateCACertificate", "wrong status", func(b *bench) error {
			return b.UpdateCACertificate(b.caID, registry.CAUpdate{Status: registry.Revoked}, now)
		}, "InvalidRequestException", 400},
		{"UpdateCACertificate", "unknown", func(b *bench) error {
			return b.UpdateCACertificate("00", registry.CAUpdate{AutoRegistration: &yes}, now)
		}, "ResourceNotFoundException", 404},
		{"DeleteCACertificate", "active", func(b *bench) error { return b.DeleteCACertificate(b.caID) }, "CertificateStateException", 406},
		{"DeleteCACertificate", "inactive", func(b *bench) error {
			check(b, b.UpdateCACertificate(b.caID, registry.CAUpdate{Status: registry.Inactive}, now))
			return b.DeleteCACertificate(b.caID)
		}, "", 0},
		{"DescribeCACertificate", "unknown", func(b *bench) error { _, err := b.CACertificate("00"); return err }, "ResourceNotFoundException", 404},

		{"CreatePolicy", "again, the same", func(b *bench) error { _, err := b.CreatePolicy("p", allowAll, now); return err }, "ResourceAlreadyExistsException", 409},
		{"CreatePolicy", "malformed", func(b *bench) error { _, err := b.CreatePolicy("q", "{}", now); return err }, "MalformedPolicyException", 400},
		{"CreatePolicy", "wrong name", func(b *bench) error { _, err := b.CreatePolicy("a b", allowAll, now); return err }, "InvalidRequestException", 400},
		{"CreatePolicyVersion", "five versions", func(b *bench) error { return versions(b, 4) }, "", 0},
		{"CreatePolicyVersion", "six versions", func(b *bench) error { return versions(b, 5) }, "VersionsLimitExceededException", 409},
		{"CreatePolicyVersion", "one deleted", func(b *bench) error {
			check(b, versions(b, 4))
			check(b, b.DeletePolicyVersion("p", "3"))
			v, err := b.CreatePolicyVersion("p", allowAll, false, now)
			if v.ID != "6" {
				b.Errorf("the next version is %q", v.ID)
			}
			return err
		}, "", 0},
		{"CreatePolicyVersion", "unknown policy", func(b *bench) error { _, err := b.CreatePolicyVersion("x", allowAll, false, now); return err }, "ResourceNotFoundException", 404},
		{"CreatePolicyVersion", "malformed", func(b *bench) error { _, err := b.CreatePolicyVersion("p", "x", true, now); return err }, "MalformedPolicyException", 400},
		{"SetDefaultPolicyVersion", "unknown version", func(b *bench) error { return b.SetDefaultPolicyVersion("p", "2") }, "ResourceNotFoundException", 404},
		{"DeletePolicyVersion", "default version", func(b *bench) error { return b.DeletePolicyVersion("p", "1") }, "DeleteConflictException", 409},
		{"DeletePolicyVersion", "unknown version", func(b *bench) error { return b.DeletePolicyVersion("p", "2") }, "ResourceNotFoundException", 404},
		{"DeletePolicy", "attached", func(b *bench) error { return b.DeletePolicy("p") }, "DeleteConflictException", 409},
		{"DeletePolicy", "more versions", func(b *bench) error {
			check(b, b.DetachPolicy("p", b.arn))
			check(b, versions(b, 1))
			return b.DeletePolicy("p")
		}, "DeleteConflictException", 409},
		{"DeletePolicy", "detached", func(b *bench) error { check(b, b.DetachPolicy("p", b.arn)); return b.DeletePolicy("p") }, "", 0},
		{"GetPolicy", "unknown", func(b *bench) error { _, err := b.Policy("x"); return err }, "ResourceNotFoundException", 404},

		{"AttachPolicy", "again", func(b *bench) error { return b.AttachPolicy("p", b.arn) }, "", 0},
		{"AttachPolicy", "unknown policy", func(b *bench) error { return b.AttachPolicy("x", b.arn) }, "ResourceNotFoundException", 404},
		{"AttachPolicy", "unknown certificate", func(b *bench) error { return b.AttachPolicy("p", account.ARN("cert", "00")) }, "ResourceNotFoundException", 404},
		{"AttachPolicy", "something else", func(b *bench) error { return b.AttachPolicy("p", account.ARN("thinggroup", "g")) }, "InvalidRequestException", 400},
		{quotas, "eleven policies", func(b *bench) error {
			var err error
			for i := range 10 {
				check(b, err)
				_, err = b.CreatePolicy(fmt.Sprint("p", i), allowAll, now)
				check(b, err)
				err = b.AttachPolicy(fmt.Sprint("p", i), b.arn)
			}
			return err
		}, "LimitExceededException", 410},
		{"DetachPolicy", "not attached", func(b *bench) error { return b.DetachPolicy("x", b.arn) }, "", 0},
		{"AttachThingPrincipal", "unknown thing", func(b *bench) error { return b.AttachThingPrincipal("x", b.arn, false) }, "ResourceNotFoundException", 404},
		{"AttachThingPrincipal", "unknown certificate", func(b *bench) error { return b.AttachThingPrincipal("c1", account.ARN("cert", "00"), false) }, "ResourceNotFoundException", 404},
		{exclusive, "two things", func(b *bench) error {
			_, err := b.CreateThing("c2", "", nil, now)
			check(b, err)
			return b.AttachThingPrincipal("c2", b.arn, false)
		}, "", 0},
		{exclusive, "two things, one exclusively", func(b *bench) error {
			_, err := b.CreateThing("c2", "", nil, now)
			check(b, err)
			return b.AttachThingPrincipal("c2", b.arn, true)
		}, "InvalidRequestException", 400},
		{exclusive, "exclusively now", func(b *bench) error { return b.AttachThingPrincipal("c1", b.arn, true) }, "", 0},
		{"DetachThingPrincipal", "unknown thing", func(b *bench) error { return b.DetachThingPrincipal("x", b.arn) }, "ResourceNotFoundException", 404},
	}
	for _, test := range tests {
		t.Run(test.source+"/"+test.name, func(t *testing.T) {
			b := setUp(t)
			err := test.do(b)
			e, _ := errors.AsType[*registry.Error](err)
			switch {
			case test.code == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.code != "" && e == nil:
				t.Errorf("allowed, or another error: %v", err)
			case test.code != "" && (e.Code != test.code || e.HTTPStatus != test.status || e.Message == ""):
				t.Errorf("%d %v; want %d %s", e.HTTPStatus, e, test.status, test.code)
			}
			restored(b) // whatever was done, the state is whole
		})
	}
}

func versions(b *bench, n int) error {
	for range n {
		if _, err := b.CreatePolicyVersion("p", allowAll, true, now); err != nil {
			return err
		}
	}
	return nil
}

// restored gives a registry that went through a snapshot.
func restored(b *bench) *registry.Registry {
	b.Helper()
	snapshot, err := b.Snapshot()
	check(b, err)
	r, err := registry.Restore(account, snapshot)
	check(b, err)
	again, err := r.Snapshot()
	check(b, err)
	if string(again) != string(snapshot) {
		b.Errorf("the snapshot of what was restored differs:\n%s\n%s", snapshot, again)
	}
	return r
}

func TestUpdateThing(t *testing.T) {
	b := setUp(t)
	steps := []struct {
		update registry.ThingUpdate
		want   registry.Thing
	}{
		{registry.ThingUpdate{Attributes: map[string]string{"a": "1"}, Merge: true}, registry.Thing{Type: "tracker", Version: 2, Attributes: map[string]string{"a": "1", "site": "north"}}},
		{registry.ThingUpdate{Attributes: map[string]string{"site": ""}, Merge: true}, registry.Thing{Type: "tracker", Version: 3, Attributes: map[string]string{"a": "1"}}},
		{registry.ThingUpdate{RemoveType: true}, registry.Thing{Version: 4, Attributes: map[string]string{"a": "1"}}},
		{registry.ThingUpdate{Attributes: map[string]string{"b": "2"}}, registry.Thing{Version: 5, Attributes: map[string]string{"b": "2"}}},
	}
	for i, step := range steps {
		check(t, b.UpdateThing("c1", step.update))
		thing, err := b.Thing("c1")
		check(t, err)
		step.want.Name, step.want.ID = "c1", thing.ID
		if !reflect.DeepEqual(thing, step.want) {
			t.Errorf("step %d: %+v", i, thing)
		}
		thing.Attributes["c"] = "a copy" // must not come back
	}
}

// What a certificate may do, and as which thing.
func TestIdentity(t *testing.T) {
	b := setUp(t)
	identity, err := restored(b).Identify(b.device, now)
	check(t, err)
	if thing := identity.Thing("c1"); thing == nil || thing.Type != "tracker" || thing.Attributes["site"] != "north" {
		t.Errorf("thing %+v", thing)
	}
	if thing := identity.Thing("c2"); thing != nil {
		t.Errorf("thing of another client id: %+v", thing)
	}
	decide := func(clientID string) access.Decision {
		identity, err := b.Identify(b.device, now)
		check(t, err)
		return access.Evaluate(identity.Policies, access.Request{Action: access.Connect, Resource: account.Client(clientID), Context: identity.Client(clientID).Context()})
	}
	if d := decide("c1"); !d.Allowed || d.Policy != "p" {
		t.Error(d)
	}
	_, err = b.CreatePolicyVersion("p", strings.Replace(allowAll, `"Resource":"*"`, `"Resource":"arn:aws:iot:*:*:client/x${iot:Connection.Thing.ThingName}"`, 1), true, now)
	check(t, err)
	if d := decide("c1"); d.Allowed {
		t.Error(d)
	}
	if d := decide("xc1"); d.Allowed { // no thing has this name
		t.Error(d)
	}
	check(t, b.AttachThingPrincipal("c1", b.arn, true))
	if d := decide("xc1"); !d.Allowed { // exclusive: the thing counts whatever the client id is
		t.Error(d)
	}
	if targets := b.PolicyTargets("p"); !reflect.DeepEqual(targets, []string{b.arn}) {
		t.Errorf("targets %q", targets)
	}
}

// A snapshot that was edited is refused where it is wrong.
func TestRestore(t *testing.T) {
	b := setUp(t)
	whole, err := b.Snapshot()
	check(t, err)
	tests := []struct{ name, from, to, problem string }{
		{"no JSON", "{", "", "cannot be read"},
		{"no things", `"things":{`, `"things":null,"x":{`, "things must be an object"},
		{"another name of a thing", `"thingName":"c1"`, `"thingName":"c2"`, `thing "c1" has another name`},
		{"thing is null", `"things":{`, `"things":{"z":null,`, `thing "z"`},
		{"attribute", `"site":"north"`, `"site":"n o"`, "character that is not allowed"},
		{"thing type", `"thingTypeName":"tracker","attributes"`, `"thingTypeName":"lamp","attributes"`, `type "lamp" that does not exist`},
		{"thing type's name", `"thingTypes":{"tracker":{"thingTypeName":"tracker"`, `"thingTypes":{"tracker":{"thingTypeName":"x"`, `thing type "tracker"`},
		{"attached thing", `"things":[{"thingName":"c1"`, `"things":[{"thingName":"c2"`, `thing "c2" that does not exist`},
		{"attached policy", `"policies":["p"]`, `"policies":["q"]`, `policy "q" that does not exist`},
		{"policy's name", `"policyName":"p"`, `"policyName":"q"`, `policy "p"`},
		{"default version", `"defaultVersionId":"1"`, `"defaultVersionId":"2"`, "lacks its default version"},
		{"version", `"last":1`, `"last":0`, `version "1", which cannot be`},
		{"document", `\"Effect\"`, `\"Efect\"`, "malformed"},
		{"certificate's id", `"certificates":{"` + b.id[:1], `"certificates":{"x`, "damaged"},
		{"certificate", `"status":"ACTIVE","certificatePem":"-----BEGIN`, `"status":"ACTIVE","certificatePem":"-----BEGUN`, "damaged"},
		{"status", `"status":"ACTIVE"`, `"status":"SOMEHOW"`, "wrong status"},
		{"CA is null", `"caCertificates":{`, `"caCertificates":{"z":null,`, `CA certificate "z" is null`},
		{"certificate is null", `"certificates":{`, `"certificates":{"z":null,`, `certificate "z" is null`},
		{"CA's template", `"sniOnly":true`, `"templateBody":"{}"`, "must have one certificate"},
	}
	for _, test := range tests {
		edited := strings.Replace(string(whole), test.from, test.to, 1)
		if edited == string(whole) {
			t.Errorf("%s: %s is not in %s", test.name, test.from, whole)
		}
		if _, err := registry.Restore(account, []byte(edited)); err == nil || !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%s: %v; want %s", test.name, err, test.problem)
		}
	}
}
