package access_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/lab/aws/access"
)

// rich makes a certificate with every attribute that has a policy variable.
func rich(t testing.TB) *x509.Certificate {
	t.Helper()
	attribute := func(id int, value string) pkix.AttributeTypeAndValue {
		return pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, id}, Value: value}
	}
	name := pkix.Name{CommonName: "zero", Country: []string{"DE"}, Organization: []string{"o1", "o2", "o3", "o4", "o5", "o6"}, OrganizationalUnit: []string{"Administrator"},
		Province: []string{"BY"}, SerialNumber: "42", ExtraNames: []pkix.AttributeTypeAndValue{
			attribute(46, "q"), attribute(12, "title"), attribute(4, "surname"), attribute(42, "given"), attribute(43, "in"), attribute(65, "pseudonym"), attribute(44, "*"),
			attribute(3, "zero"), attribute(3, "one"), attribute(3, "two"),
		}}
	issuerNames, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 2, Bytes: []byte("ca.example")}})
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(0x9212ab05), Subject: name,
		DNSNames: []string{"d.example"}, EmailAddresses: []string{"m@d.example"}, IPAddresses: []net.IP{net.IPv4(10, 0, 0, 1)}, URIs: []*url.URL{{Scheme: "urn", Opaque: "x"}},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 18}, Value: issuerNames}},
	}, &x509.Certificate{Subject: pkix.Name{CommonName: "issuer"}}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func TestCertificateVariables(t *testing.T) {
	certificate := rich(t)
	context := access.Client{Certificate: certificate, CertificateID: "abc"}.Context()
	tests := []struct {
		source, variable, want string // "": it has no value
	}{
		{x509Rules, "iot:CertificateId", "abc"},
		{x509Page, "iot:Certificate.Issuer.CommonName", "issuer"},
		{x509Page, "iot:Certificate.Subject.CommonName", "zero"},
		{x509Page, "iot:Certificate.Subject.CommonName.0", "zero"},
		{x509Page, "iot:Certificate.Subject.CommonName.2", "two"},
		{x509Page, "iot:Certificate.Subject.CommonName.3", ""},
		{x509Page, "iot:Certificate.Subject.CommonName.List", ""},
		{x509Page, "iot:Certificate.Subject.Organization.4", "o5"},
		{x509Page, "iot:Certificate.Subject.Organization.5", ""}, // five items count
		{x509Page, "iot:Certificate.Subject.OrganizationalUnit", "Administrator"},
		{x509Page, "iot:Certificate.Subject.Country", "DE"},
		{x509Page, "iot:Certificate.Subject.State", "BY"},
		{x509Page, "iot:Certificate.Subject.SerialNumber", "42"},
		{x509Page, "iot:Certificate.Subject.DistinguishedNameQualifier", "q"},
		{x509Page, "iot:Certificate.Subject.Title", "title"},
		{x509Page, "iot:Certificate.Subject.Surname", "surname"},
		{x509Page, "iot:Certificate.Subject.GivenName", "given"},
		{x509Page, "iot:Certificate.Subject.Initials", "in"},
		{x509Page, "iot:Certificate.Subject.Pseudonym", "pseudonym"},
		{x509Page, "iot:Certificate.Subject.GenerationQualifier", ""}, // a wildcard
		{x509Page, "iot:Certificate.Subject.AlternativeName.DNSName", "d.example"},
		{x509Page, "iot:Certificate.Subject.AlternativeName.RFC822Name", "m@d.example"},
		{x509Page, "iot:Certificate.Subject.AlternativeName.IPAddress", "10.0.0.1"},
		{x509Page, "iot:Certificate.Subject.AlternativeName.UniformResourceIdentifier", "urn:x"},
		{x509Page, "iot:Certificate.Issuer.AlternativeName.DNSName", "ca.example"},
		{x509Using, "iot:Certificate.SerialNumber", "92:12:ab:05"},
	}
	for _, test := range tests {
		allow := parse(t, "p", stmt("Allow", "iot:Publish", arn+"topic/${"+test.variable+", '-'}", ""))
		want := test.want
		if want == "" {
			want = "-"
		}
		if d := access.Evaluate([]access.Policy{allow}, access.Request{Action: access.Publish, Resource: account.Topic(want), Context: context}); !d.Allowed {
			t.Errorf("%s (%s): not %q: %s", test.variable, test.source, want, d)
		}
	}
	conditions := []struct {
		source, condition string
		want              bool
	}{
		{x509Page, `"ForAllValues:StringEquals":{"iot:Certificate.Subject.CommonName.List":["zero","one","two","x"]}`, true},
		{x509Page, `"ForAllValues:StringEquals":{"iot:Certificate.Subject.CommonName.List":["zero","one"]}`, false},
		{x509Rules, `"ForAnyValue:StringEquals":{"iot:Certificate.Subject.CommonName.List":"two"}`, true},
		{x509Rules, `"StringEquals":{"iot:Certificate.Subject.CommonName.2":"two"}`, true},
		{x509Page, `"ForAnyValue:StringEquals":{"iot:Certificate.AvailableKeys":"iot:Certificate.Subject.Title"}`, true},
		{x509Page, `"ForAnyValue:StringEquals":{"iot:Certificate.AvailableKeys":"iot:Certificate.Issuer.Title"}`, false},
	}
	for _, test := range conditions {
		allow := parse(t, "p", stmt("Allow", "iot:*", "*", `,"Condition":{`+test.condition+`}`))
		if d := access.Evaluate([]access.Policy{allow}, access.Request{Action: access.Publish, Resource: account.Topic("a"), Context: context}); d.Allowed != test.want {
			t.Errorf("%s (%s): %s", test.condition, test.source, d)
		}
	}
}

// The names in a certificate are bytes from outside: whatever they are, making and using the variables does no harm.
func FuzzCertificateNames(f *testing.F) {
	f.Add([]byte{0x30, 0x03, 0x82, 0x01, 'a'})
	f.Add([]byte{0x30, 0x04, 0xa4, 0x02, 0x30, 0x00})
	f.Add([]byte{0x30, 0x06, 0x87, 0x04, 10, 0, 0, 1})
	policy := parse(f, "p", stmt("Allow", "iot:*", arn+"topic/${iot:Certificate.Issuer.AlternativeName.DirectoryName}", ""))
	f.Fuzz(func(t *testing.T, names []byte) {
		certificate := &x509.Certificate{Extensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 18}, Value: names}}}
		d := access.Evaluate([]access.Policy{policy}, access.Request{Action: access.Publish, Resource: account.Topic("a"), Context: access.Client{Certificate: certificate}.Context()})
		if !d.Allowed && !strings.Contains(d.String(), "missing statement") {
			t.Fatalf("%+v", d)
		}
	})
}
