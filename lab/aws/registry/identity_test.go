package registry_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/registry"
)

// template is a provisioning template with the elements of the developer guide's example ("Just-in-time provisioning").
const template = `{
	"Parameters": {"AWS::IoT::Certificate::CommonName": {"Type": "String"}, "AWS::IoT::Certificate::SerialNumber": {"Type": "String"},
		"AWS::IoT::Certificate::Country": {"Type": "String", "Default": "DE"}, "AWS::IoT::Certificate::Id": {"Type": "String"}},
	"Resources": {
		"thing": {"Type": "AWS::IoT::Thing", "Properties": {"ThingName": {"Fn::Join": ["-", ["device", {"Ref": "AWS::IoT::Certificate::CommonName"}]]},
			"AttributePayload": {"version": "v1", "serialNumber": {"Ref": "AWS::IoT::Certificate::SerialNumber"}},
			"ThingTypeName": "tracker", "ThingGroups": ["v1", {"Ref": "AWS::IoT::Certificate::Country"}]},
			"OverrideSettings": {"AttributePayload": "MERGE", "ThingTypeName": "REPLACE", "ThingGroups": "DO_NOTHING"}},
		"certificate": {"Type": "AWS::IoT::Certificate", "Properties": {"CertificateId": {"Ref": "AWS::IoT::Certificate::Id"}, "Status": "ACTIVE"}, "OverrideSettings": {"Status": "DO_NOTHING"}},
		"policy": {"Type": "AWS::IoT::Policy", "Properties": {"PolicyDocument": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"iot:*\",\"Resource\":\"*\"}]}"}}
	}
}`

func refused(t *testing.T, r *registry.Registry, certificate *x509.Certificate, at time.Time) *registry.RefusedError {
	t.Helper()
	_, err := r.Identify(certificate, at)
	e, ok := errors.AsType[*registry.RefusedError](err)
	if !ok {
		t.Fatalf("accepted, or another error: %v", err)
	}
	if e.Source == "" || !strings.Contains(e.Error(), registry.ID(certificate)) {
		t.Errorf("%q (%s) names no source or no certificate", e, e.Source)
	}
	return e
}

// "AWS IoT verifies that a client certificate is active" (developer guide, "Activate or deactivate a client certificate").
func TestStatuses(t *testing.T) {
	for _, status := range []registry.Status{registry.Inactive, registry.Revoked} {
		b := setUp(t)
		check(t, b.UpdateCertificate(b.id, status, now))
		if e := refused(t, b.Registry, b.device, now); e.Status != status || e.CertificateID != b.id || len(e.Events) != 0 {
			t.Errorf("%+v", e)
		}
	}
	b := setUp(t)
	if e := refused(t, b.Registry, b.device, b.device.NotAfter.Add(time.Second)); !strings.Contains(e.Reason, "expired") {
		t.Errorf("%+v", e)
	}
	if e := refused(t, b.Registry, newAuthority(t, "x").device("c1"), now); e.Status != "" || !strings.Contains(e.Reason, "no registered CA signed it") {
		t.Errorf("%+v", e)
	}
	stranger := b.ca.device("new")
	if e := refused(t, b.Registry, stranger, now); !strings.Contains(e.Reason, "no automatic registration") {
		t.Errorf("%+v", e)
	}
	yes := true
	check(t, b.UpdateCACertificate(b.caID, registry.CAUpdate{Status: registry.Inactive, AutoRegistration: &yes}, now))
	if e := refused(t, b.Registry, stranger, now); !strings.Contains(e.Reason, "is INACTIVE") {
		t.Errorf("%+v", e)
	}
	if len(b.Certificates()) != 1 {
		t.Errorf("certificates %+v", b.Certificates())
	}
	fleet := b.ca.device("claim")
	_, err := b.AddIssued(fleet, registry.PendingActivation, now)
	check(t, err)
	if e := refused(t, b.Registry, fleet, now); e.Status != registry.PendingActivation || len(e.Events) != 0 {
		t.Errorf("%+v", e)
	}
}

// Just-in-time registration: registered, announced, refused until someone activates it (developer guide, "Register a client certificate when
// the client connects").
func TestJustInTimeRegistration(t *testing.T) {
	b := setUp(t)
	yes := true
	check(t, b.UpdateCACertificate(b.caID, registry.CAUpdate{AutoRegistration: &yes}, now))
	device := b.ca.device("new")
	id := registry.ID(device)
	for i := range 2 { // announced again while it waits
		at := now.Add(time.Duration(i) * time.Minute)
		e := refused(t, b.Registry, device, at)
		want := fmt.Sprintf(`{"certificateId":%q,"caCertificateId":%q,"timestamp":%d,"certificateStatus":"PENDING_ACTIVATION","awsAccountId":"123456789012","certificateRegistrationTimestamp":"%d"}`,
			id, b.caID, at.UnixMilli(), now.UnixMilli())
		if e.Status != registry.PendingActivation || len(e.Events) != 1 || e.Events[0].Topic != "$aws/events/certificates/registered/"+b.caID || string(e.Events[0].Payload) != want {
			t.Errorf("%+v %s", e, e.Events[0].Payload)
		}
	}
	c, err := b.Certificate(id)
	check(t, err)
	if c.CA != b.caID || c.Status != registry.PendingActivation {
		t.Errorf("%+v", c)
	}
	check(t, b.UpdateCertificate(id, registry.Active, now))
	if _, err := restored(b).Identify(device, now); err != nil {
		t.Error(err)
	}
}

// Just-in-time provisioning: the first connection provisions and is refused, the second one is accepted.
func TestJustInTimeProvisioning(t *testing.T) {
	b := setUp(t)
	yes, body := true, template
	check(t, b.UpdateCACertificate(b.caID, registry.CAUpdate{AutoRegistration: &yes, Template: &body}, now))
	device := b.ca.sign(pkix.Name{CommonName: "7", SerialNumber: "42"})
	e := refused(t, restored(b), device, now)
	if e.Status != registry.Active || len(e.Events) != 1 || !strings.Contains(e.Reason, "must connect again") {
		t.Fatalf("%+v", e)
	}
	refused(t, b.Registry, device, now)
	identity, err := b.Identify(device, now)
	check(t, err)
	thing, err := b.Thing("device-7")
	check(t, err)
	if fmt.Sprint(thing.Attributes) != "map[serialNumber:42 version:v1]" || thing.Type != "tracker" || fmt.Sprint(thing.Groups) != "[v1 DE]" {
		t.Errorf("thing %+v", thing)
	}
	if len(identity.Policies) != 1 || identity.Thing("device-7") == nil {
		t.Errorf("identity %+v", identity)
	}
	if principals := b.ThingPrincipals("device-7"); len(principals) != 1 || principals[0] != account.ARN("cert", registry.ID(device)) {
		t.Errorf("principals %q", principals)
	}

	// Another certificate for the same thing: attributes are merged, the policy is the same one.
	check(t, b.UpdateThing("device-7", registry.ThingUpdate{Attributes: map[string]string{"kept": "1"}, RemoveType: true}))
	next := b.ca.sign(pkix.Name{CommonName: "7", SerialNumber: "43", Country: []string{"AT"}})
	if e := refused(t, b.Registry, next, now); e.Status != registry.Active {
		t.Fatalf("%+v", e)
	}
	thing, err = b.Thing("device-7")
	check(t, err)
	if fmt.Sprint(thing.Attributes) != "map[kept:1 serialNumber:43 version:v1]" || thing.Type != "tracker" || fmt.Sprint(thing.Groups) != "[v1 DE]" {
		t.Errorf("thing %+v", thing)
	}
	if n := len(b.Policies()); n != 2 {
		t.Errorf("%d policies", n)
	}

	// "Device provisioning fails if the certificate doesn't have all of the properties"; it is tried again at the next connection.
	lacking := b.ca.device("8")
	for range 2 {
		if e := refused(t, b.Registry, lacking, now); e.Status != registry.PendingActivation || !strings.Contains(e.Reason, "SerialNumber of the provisioning template has no value") {
			t.Errorf("%+v", e)
		}
	}
	restored(b)

	// Without automatic registration there is no provisioning either.
	no := false
	check(t, b.UpdateCACertificate(b.caID, registry.CAUpdate{AutoRegistration: &no}, now))
	check(t, b.UpdateThing("device-7", registry.ThingUpdate{RemoveType: true}))
	waiting := b.ca.sign(pkix.Name{CommonName: "7", SerialNumber: "44"})
	_, err = b.AddIssued(waiting, registry.PendingActivation, now)
	check(t, err)
	if e := refused(t, b.Registry, waiting, now); e.Status != registry.PendingActivation {
		t.Errorf("%+v", e)
	}
	if e := refused(t, b.Registry, lacking, now); strings.Contains(e.Reason, "provisioning") {
		t.Errorf("%+v", e)
	}
}

// A CA that was renewed with its key is registered twice: whichever registers certificates does.
func TestRenewedAuthority(t *testing.T) {
	for range 4 { // the order of the ids is one of chance
		b := setUp(t)
		renewed := *b.ca.certificate
		renewed.NotAfter = renewed.NotAfter.AddDate(1, 0, 0)
		ca, err := b.RegisterCACertificate(registry.CARegistration{PEM: text(b.ca.create(&renewed, &renewed)), SNIOnly: true, Active: true, AutoRegistration: true}, now)
		check(t, err)
		if e := refused(t, b.Registry, b.ca.device("new"), now); e.Status != registry.PendingActivation || !strings.HasSuffix(e.Events[0].Topic, ca.ID) {
			t.Errorf("%+v", e)
		}
	}
}

func TestTemplateRules(t *testing.T) {
	certificate := `"c":{"Type":"AWS::IoT::Certificate","Properties":{"CertificateId":{"Ref":"AWS::IoT::Certificate::Id"}}}`
	with := func(more string) string { return `{"Resources":{` + certificate + more + `}}` }
	tests := []struct {
		name, body, problem string // "": allowed
	}{
		{"certificate only", with(""), ""},
		{"existing policy", with(`,"p":{"Type":"AWS::IoT::Policy","Properties":{"PolicyName":"p"}}`), ""},
		{"policy as an object", with(`,"p":{"Type":"AWS::IoT::Policy","Properties":{"PolicyDocument":` + allowAll + `}}`), ""},
		{"policy by name and document", with(`,"p":{"Type":"AWS::IoT::Policy","Properties":{"PolicyName":"p","PolicyDocument":"x"}}`), "one of PolicyName and PolicyDocument"},
		{"policy without both", with(`,"p":{"Type":"AWS::IoT::Policy","Properties":{}}`), "one of PolicyName and PolicyDocument"},
		{"no certificate", `{"Resources":{}}`, "must have one certificate"},
		{"two certificates", with("," + strings.Replace(certificate, `"c"`, `"d"`, 1)), "must have one certificate"},
		{"certificate from a CSR", strings.Replace(with(""), "CertificateId", "CertificateSigningRequest", 1), "CertificateSigningRequest"},
		{"two things", with(`,"s":{"Type":"AWS::IoT::Thing","Properties":{"ThingName":"s"}},"t":{"Type":"AWS::IoT::Thing","Properties":{"ThingName":"t"}}`), "another thing"},
		{"thing without name", with(`,"t":{"Type":"AWS::IoT::Thing","Properties":{}}`), "ThingName is missing"},
		{"another resource", with(`,"t":{"Type":"AWS::IoT::Job"}`), "its Type must be"},
		{"another function", with(`,"t":{"Type":"AWS::IoT::Thing","Properties":{"ThingName":{"Fn::Sub":"x"}}}`), "only Ref and Fn::Join"},
		{"join without list", with(`,"t":{"Type":"AWS::IoT::Thing","Properties":{"ThingName":{"Fn::Join":["-"]}}}`), "Fn::Join takes"},
		{"mappings", `{"Mappings":{}}`, "Mappings"},
		{"unknown parameter", with(`,"t":{"Type":"AWS::IoT::Thing","Properties":{"ThingName":{"Ref":"Serial"}}}`), "Serial that it does not declare"},
		{"parameter of another type", `{"Parameters":{"a":{"Type":"Number"}}}`, "type String"},
		{"parameter that no certificate has", `{"Parameters":{"Serial":{"Type":"String"}},` + with("")[1:], "gives no parameter Serial"},
		{"the same with a default", `{"Parameters":{"Serial":{"Type":"String","Default":"1"}},` + with("")[1:], ""},
		{"override of another property", with(`,"t":{"Type":"AWS::IoT::Thing","Properties":{"ThingName":"t"},"OverrideSettings":{"Status":"FAIL"}}`), "override setting Status"},
		{"merged type", with(`,"t":{"Type":"AWS::IoT::Thing","Properties":{"ThingName":"t"},"OverrideSettings":{"ThingTypeName":"MERGE"}}`), "override setting ThingTypeName"},
		{"too long", `{"Resources":{}}` + strings.Repeat(" ", 10240), "at most 10240"},
		{"no JSON", "x", "invalid character"},
	}
	for _, test := range tests {
		b := setUp(t)
		err := b.UpdateCACertificate(b.caID, registry.CAUpdate{Template: &test.body}, now)
		e, _ := errors.AsType[*registry.Error](err)
		switch {
		case test.problem == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.problem != "" && (e == nil || e.Code != "InvalidRequestException" || !strings.Contains(e.Message, test.problem)):
			t.Errorf("%s: %v; want %s", test.name, err, test.problem)
		}
	}
}

// RegisterThing of fleet provisioning, with parameters from the device; and what override settings do about what is there.
func TestProvision(t *testing.T) {
	b := setUp(t)
	body := func(override, status string) string {
		return `{"Parameters":{"SerialNumber":{"Type":"String"}},"DeviceConfiguration":{"url":{"Fn::Join":["/",["https://example.com",{"Ref":"SerialNumber"}]]}},"Resources":{
			"thing":{"Type":"AWS::IoT::Thing","Properties":{"ThingName":{"Ref":"SerialNumber"},"AttributePayload":{"new":"1"},"ThingGroups":["g"]},"OverrideSettings":{` + override + `}},
			"certificate":{"Type":"AWS::IoT::Certificate","Properties":{"CertificateId":{"Ref":"AWS::IoT::Certificate::Id"},"Status":"Active"},"OverrideSettings":{` + status + `}},
			"policy":{"Type":"AWS::IoT::Policy","Properties":{"PolicyName":"p"}}}}`
	}
	issued := b.ca.device("claimed")
	_, err := b.AddIssued(issued, registry.PendingActivation, now)
	check(t, err)
	tests := []struct {
		name, override, status string
		certificate, thing     string
		code                   string
		attributes, groups     string
	}{
		{"new", ``, ``, registry.ID(issued), "s1", "", "map[new:1]", "[g]"},
		{"left as it is", ``, ``, b.id, "c1", "", "map[site:north]", "[]"},
		{"merged", `"AttributePayload":"MERGE","ThingGroups":"MERGE"`, ``, b.id, "c1", "", "map[new:1 site:north]", "[g]"},
		{"replaced", `"AttributePayload":"REPLACE","ThingTypeName":"REPLACE","ThingGroups":"REPLACE"`, `"Status":"REPLACE"`, b.id, "c1", "", "map[new:1]", "[g]"},
		{"thing must be new", `"AttributePayload":"FAIL"`, ``, b.id, "c1", "ResourceConflictsException", "", ""},
		{"certificate must be new", ``, `"Status":"FAIL"`, b.id, "c1", "ResourceConflictsException", "", ""},
		{"wrong name", ``, ``, b.id, "a b", "InvalidRequestException", "", ""},
		{"unknown certificate", ``, ``, "00", "c1", "ResourceNotFoundException", "", ""},
	}
	for _, test := range tests {
		parsed, err := registry.ParseTemplate(body(test.override, test.status))
		check(t, err)
		made, err := b.Provision(parsed, map[string]string{"SerialNumber": test.thing, "AWS::IoT::Certificate::Id": test.certificate}, now)
		if test.code != "" {
			if e, ok := errors.AsType[*registry.Error](err); !ok || e.Code != test.code {
				t.Errorf("%s: %v; want %s", test.name, err, test.code)
			}
			continue
		}
		check(t, err)
		thing, err := b.Thing(test.thing)
		check(t, err)
		c, err := b.Certificate(test.certificate)
		check(t, err)
		if made.Thing != test.thing || made.DeviceConfiguration["url"] != "https://example.com/"+test.thing || fmt.Sprint(thing.Attributes) != test.attributes ||
			fmt.Sprint(thing.Groups) != test.groups || c.Status != registry.Active {
			t.Errorf("%s: %+v, %+v, %s", test.name, made, thing, c.Status)
		}
	}
	parsed, err := registry.ParseTemplate(body("", ""))
	check(t, err)
	if _, err := b.Provision(parsed, map[string]string{"AWS::IoT::Certificate::Id": b.id}, now); err == nil || !strings.Contains(err.Error(), "ResourceRegistrationFailureException: the parameter SerialNumber") {
		t.Errorf("a parameter without a value: %v", err)
	}
}

// A template from outside either is refused or can be carried out; the state stays whole.
func FuzzParseTemplate(f *testing.F) {
	f.Add(template)
	f.Add(`{"Resources":{"c":{"Type":"AWS::IoT::Certificate","Properties":{"CertificateId":{"Ref":"AWS::IoT::Certificate::Id"},"Status":"x"},"OverrideSettings":{"Status":"REPLACE"}}}}`)
	f.Add(`{"Resources":{"c":{"Type":"AWS::IoT::Certificate","Properties":null},"p":{"Type":"AWS::IoT::Policy","Properties":{"PolicyDocument":null}}}}`)
	f.Add(`{"DeviceConfiguration":{"a":{"Fn::Join":["",[{"Fn::Join":["",[]]}]]}}}`)
	base := setUp(f)
	snapshot, err := base.Snapshot()
	check(f, err)
	f.Fuzz(func(t *testing.T, body string) {
		parsed, err := registry.ParseTemplate(body)
		if err != nil {
			return
		}
		r, err := registry.Restore(account, snapshot)
		check(t, err)
		_, _ = r.Provision(parsed, map[string]string{"AWS::IoT::Certificate::Id": base.id, "AWS::IoT::Certificate::CommonName": "x"}, now)
		after, err := r.Snapshot()
		check(t, err)
		if _, err := registry.Restore(account, after); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
	})
}

// A snapshot from outside either is refused or serves, and comes out again as what it stands for.
func FuzzRestore(f *testing.F) {
	b := setUp(f)
	snapshot, err := b.Snapshot()
	check(f, err)
	f.Add(snapshot)
	empty, err := registry.New(account).Snapshot()
	check(f, err)
	f.Add(empty)
	for _, part := range []string{b.id, "c1", "tracker", `"1"`, "ACTIVE", "BEGIN", "iot:"} {
		f.Add([]byte(strings.Replace(string(snapshot), part, "x", 1)))
	}
	f.Add([]byte(`{"things":null}`))
	f.Add([]byte(strings.Replace(string(snapshot), `"c1":{`, `"c1":null,"c2":{`, 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := registry.Restore(account, data)
		if err != nil {
			return
		}
		if identity, err := r.Identify(b.device, now); err == nil {
			_ = identity.Client("c1").Context()
		}
		for _, p := range r.Policies() {
			_ = p.Document()
		}
		once, err := r.Snapshot()
		check(t, err)
		again, err := registry.Restore(account, once)
		if err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		twice, err := again.Snapshot()
		check(t, err)
		if !json.Valid(once) || len(once) != len(twice) {
			t.Fatalf("%s\n%s", once, twice)
		}
	})
}
