package registry

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// maximumTemplate is how many bytes a template may have (API reference, TemplateBody).
const maximumTemplate = 10240

// certificateParameter is what the names begin with of the parameters that the service gives itself.
const certificateParameter = "AWS::IoT::Certificate::"

// Template is a provisioning template: for just-in-time provisioning, and for fleet provisioning as far as it has the same elements
// (developer guide, "Provisioning templates"). Of the intrinsic functions it takes Ref and Fn::Join; it takes no mappings, certificate
// signing requests and billing groups, and says so.
type Template struct {
	parameters  map[string]*string // with their defaults; nil: none
	thing       *thingResource
	certificate certificateResource
	policies    []policyResource // in the order of their logical names
	device      map[string]expression
}

type thingResource struct {
	ThingName        expression
	AttributePayload map[string]expression
	ThingTypeName    expression
	ThingGroups      []expression
	override         map[string]string
}

type certificateResource struct {
	CertificateID expression `json:"CertificateId"`
	Status        expression
	override      map[string]string
}

type policyResource struct {
	PolicyName     expression
	PolicyDocument json.RawMessage // a JSON object, or one as a string
	document       string
}

// expression is a string of a template: {"Ref": NAME}, {"Fn::Join": [SEPARATOR, [...]]} or itself.
type expression struct {
	text, ref, separator string
	join                 []expression
}

func (e *expression) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &e.text) == nil {
		return nil
	}
	var functions map[string]json.RawMessage
	if err := json.Unmarshal(data, &functions); err != nil || len(functions) != 1 {
		return fmt.Errorf("%s is neither a string nor one function", data)
	}
	if ref, ok := functions["Ref"]; ok {
		if err := json.Unmarshal(ref, &e.ref); err != nil || e.ref == "" {
			return fmt.Errorf("%s names no parameter", data)
		}
		return nil
	}
	var parts []json.RawMessage
	join, ok := functions["Fn::Join"]
	if !ok {
		return fmt.Errorf("%s: only Ref and Fn::Join are served", data)
	}
	if err := json.Unmarshal(join, &parts); err != nil || len(parts) != 2 || json.Unmarshal(parts[0], &e.separator) != nil {
		return fmt.Errorf("%s: Fn::Join takes a separator and a list", data)
	}
	return json.Unmarshal(parts[1], &e.join)
}

func (e expression) given() bool { return e.text != "" || e.ref != "" || len(e.join) > 0 }

// resolve puts in the parameters. A name that is none stays empty: references were checked when the template was parsed.
func (e expression) resolve(parameters map[string]string) string {
	switch {
	case e.ref != "":
		return parameters[e.ref]
	case len(e.join) > 0:
		parts := make([]string, len(e.join))
		for i, part := range e.join {
			parts[i] = part.resolve(parameters)
		}
		return strings.Join(parts, e.separator)
	}
	return e.text
}

// references lists the parameters that are used.
func (e expression) references() []string {
	var names []string
	if e.ref != "" {
		names = append(names, e.ref)
	}
	for _, part := range e.join {
		names = append(names, part.references()...)
	}
	return names
}

// strict decodes JSON and refuses what is not asked for.
func strict(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// ParseTemplate reads a provisioning template.
func ParseTemplate(body string) (*Template, error) {
	if len(body) > maximumTemplate {
		return nil, fail(invalidRequest, "the provisioning template has %d bytes; at most %d are allowed", len(body), maximumTemplate)
	}
	var raw struct {
		Parameters map[string]struct {
			Type    string
			Default *string
		}
		Resources map[string]struct {
			Type             string
			Properties       json.RawMessage
			OverrideSettings map[string]string
		}
		DeviceConfiguration map[string]expression
	}
	if err := strict([]byte(body), &raw); err != nil {
		return nil, fail(invalidRequest, "the provisioning template: %s", err)
	}
	t := &Template{parameters: map[string]*string{}, device: raw.DeviceConfiguration}
	for name, parameter := range raw.Parameters {
		if parameter.Type != "String" {
			return nil, fail(invalidRequest, "the provisioning template: the parameter %s must have the type String", name)
		}
		t.parameters[name] = parameter.Default
	}
	certificates := 0
	used := slices.Collect(maps.Values(raw.DeviceConfiguration))
	for _, name := range slices.Sorted(maps.Keys(raw.Resources)) {
		resource := raw.Resources[name]
		var err error
		var settings []string
		switch resource.Type {
		case "AWS::IoT::Thing":
			if t.thing != nil {
				err = fmt.Errorf("there is another thing")
				break
			}
			settings = []string{"AttributePayload", "ThingTypeName", "ThingGroups"}
			t.thing = &thingResource{override: resource.OverrideSettings}
			if err = strict(resource.Properties, t.thing); err == nil && !t.thing.ThingName.given() {
				err = fmt.Errorf("ThingName is missing")
			}
			used = append(used, t.thing.ThingName, t.thing.ThingTypeName)
			used = append(append(used, t.thing.ThingGroups...), slices.Collect(maps.Values(t.thing.AttributePayload))...)
		case "AWS::IoT::Certificate":
			certificates++
			settings = []string{"Status"}
			t.certificate = certificateResource{override: resource.OverrideSettings}
			if err = strict(resource.Properties, &t.certificate); err == nil && !t.certificate.CertificateID.given() {
				err = fmt.Errorf("CertificateId is missing")
			}
			used = append(used, t.certificate.CertificateID, t.certificate.Status)
		case "AWS::IoT::Policy":
			var policy policyResource
			if err = strict(resource.Properties, &policy); err == nil && policy.PolicyName.given() == (policy.PolicyDocument != nil) {
				err = fmt.Errorf("one of PolicyName and PolicyDocument must be there")
			}
			if policy.PolicyDocument != nil && json.Unmarshal(policy.PolicyDocument, &policy.document) != nil {
				policy.document = string(policy.PolicyDocument)
			}
			t.policies = append(t.policies, policy)
			used = append(used, policy.PolicyName)
		default:
			err = fmt.Errorf("its Type must be AWS::IoT::Thing, AWS::IoT::Certificate or AWS::IoT::Policy")
		}
		for setting, action := range resource.OverrideSettings {
			allowed := []string{"DO_NOTHING", "REPLACE", "FAIL"}
			if setting == "AttributePayload" || setting == "ThingGroups" {
				allowed = append(allowed, "MERGE")
			}
			if err == nil && (!slices.Contains(settings, setting) || !slices.Contains(allowed, action)) {
				err = fmt.Errorf("it cannot have the override setting %s: %s", setting, action)
			}
		}
		if err != nil {
			return nil, fail(invalidRequest, "the provisioning template: the resource %s: %s", name, err)
		}
	}
	if certificates != 1 {
		return nil, fail(invalidRequest, "the provisioning template must have one certificate, not %d", certificates)
	}
	for _, e := range used {
		for _, name := range e.references() {
			if _, ok := t.parameters[name]; !ok && !strings.HasPrefix(name, certificateParameter) {
				return nil, fail(invalidRequest, "the provisioning template refers to a parameter %s that it does not declare", name)
			}
		}
	}
	return t, nil
}

// parseJITP reads a template for just-in-time provisioning, which gets its parameters from the certificate's subject only (developer guide,
// "Just-in-time provisioning").
func parseJITP(body string) (*Template, error) {
	t, err := ParseTemplate(body)
	if err != nil {
		return nil, err
	}
	for name, value := range t.parameters {
		if short, ok := strings.CutPrefix(name, certificateParameter); value == nil && (!ok || short != "Id" && subjectAttribute(short) == "") {
			return nil, fail(invalidRequest, "just-in-time provisioning gives no parameter %s; it gives %sId, CommonName, SerialNumber, Country, StateName, Organization, OrganizationalUnit and DistinguishedNameQualifier", name, certificateParameter)
		}
	}
	return t, nil
}

// subjectAttribute gives the X.520 attribute of a parameter; "": there is none.
func subjectAttribute(parameter string) string {
	switch parameter {
	case "Country":
		return "2.5.4.6"
	case "Organization":
		return "2.5.4.10"
	case "OrganizationalUnit":
		return "2.5.4.11"
	case "DistinguishedNameQualifier":
		return "2.5.4.46"
	case "StateName":
		return "2.5.4.8"
	case "CommonName":
		return "2.5.4.3"
	case "SerialNumber":
		return "2.5.4.5"
	}
	return ""
}

// jitpParameters gives what just-in-time provisioning knows of a certificate: of each attribute the first value.
func (t *Template) jitpParameters(certificate *x509.Certificate) map[string]string {
	parameters := map[string]string{certificateParameter + "Id": ID(certificate)}
	for name := range t.parameters {
		id := subjectAttribute(strings.TrimPrefix(name, certificateParameter))
		for _, attribute := range certificate.Subject.Names {
			if value := fmt.Sprint(attribute.Value); id == attribute.Type.String() && parameters[name] == "" && value != "" {
				parameters[name] = value
			}
		}
	}
	return parameters
}

// Provisioned is what Provision made.
type Provisioned struct {
	Thing               string // its name; "": the template has none
	DeviceConfiguration map[string]string
}

// Provision does what a template says (RegisterThing): it makes the thing and the policies, attaches them to the certificate, and activates
// it. The certificate is registered already; its id is the parameter AWS::IoT::Certificate::Id. What was done before a failure stays.
func (r *Registry) Provision(t *Template, parameters map[string]string, now time.Time) (Provisioned, error) {
	values := map[string]string{}
	for name, value := range t.parameters {
		switch given, ok := parameters[name]; {
		case ok:
			values[name] = given
		case value != nil:
			values[name] = *value
		default:
			return Provisioned{}, fail(registrationFail, "the parameter %s of the provisioning template has no value", name)
		}
	}
	for name, value := range parameters {
		if strings.HasPrefix(name, certificateParameter) {
			values[name] = value
		}
	}
	c, err := r.certificate(t.certificate.CertificateID.resolve(values))
	if err != nil {
		return Provisioned{}, err
	}
	arn := r.account.ARN("cert", c.ID)
	made := Provisioned{DeviceConfiguration: map[string]string{}}
	for name, e := range t.device {
		made.DeviceConfiguration[name] = e.resolve(values)
	}
	if t.thing != nil {
		if made.Thing, err = r.provisionThing(t.thing, values, now); err != nil {
			return Provisioned{}, err
		}
	}
	for _, policy := range t.policies {
		name := policy.PolicyName.resolve(values)
		if policy.document != "" {
			sum := sha256.Sum256([]byte(policy.document)) // "defaults to a hash of the policy document"
			name = hex.EncodeToString(sum[:])
			if r.state.Policies[name] == nil {
				if _, err := r.CreatePolicy(name, policy.document, now); err != nil {
					return Provisioned{}, err
				}
			}
		}
		if err := r.AttachPolicy(name, arn); err != nil {
			return Provisioned{}, err
		}
	}
	if made.Thing != "" {
		if err := r.AttachThingPrincipal(made.Thing, arn, false); err != nil {
			return Provisioned{}, err
		}
	}
	status := Status(strings.ToUpper(t.certificate.Status.resolve(values)))
	if status == "" {
		status = Active
	}
	// A certificate that waits for its activation gets its status in any case (developer guide, "Just-in-time provisioning").
	switch override := t.certificate.override["Status"]; {
	case c.Status != PendingActivation && override == "FAIL":
		return Provisioned{}, fail(resourceConflict, "the certificate %s exists already", c.ID)
	case c.Status == PendingActivation || override == "REPLACE":
		err = r.UpdateCertificate(c.ID, status, now)
	}
	return made, err
}

// provisionThing makes the thing, or changes the one that is there as the override settings say; without them it stays.
func (r *Registry) provisionThing(t *thingResource, values map[string]string, now time.Time) (string, error) {
	name, thingType := t.ThingName.resolve(values), t.ThingTypeName.resolve(values)
	attributes := map[string]string{}
	for key, e := range t.AttributePayload {
		attributes[key] = e.resolve(values)
	}
	var groups []string
	for _, e := range t.ThingGroups {
		groups = append(groups, e.resolve(values))
	}
	thing := r.state.Things[name]
	if thing == nil {
		if _, err := r.CreateThing(name, thingType, attributes, now); err != nil {
			return "", err
		}
		r.state.Things[name].Groups = groups
		return name, nil
	}
	if slices.Contains(slices.Collect(maps.Values(t.override)), "FAIL") {
		return "", fail(resourceConflict, "the thing %q exists already", name)
	}
	var update ThingUpdate
	if override := t.override["AttributePayload"]; override == "REPLACE" || override == "MERGE" {
		update.Attributes, update.Merge = attributes, override == "MERGE"
	}
	if t.override["ThingTypeName"] == "REPLACE" && thingType != thing.Type {
		update.Type, update.RemoveType = thingType, thingType == ""
	}
	if update.Attributes != nil || update.Type != "" || update.RemoveType {
		if err := r.UpdateThing(name, update); err != nil {
			return "", err
		}
	}
	switch t.override["ThingGroups"] {
	case "REPLACE":
		thing.Groups = groups
	case "MERGE":
		thing.Groups = append(thing.Groups, groups...)
		slices.Sort(thing.Groups)
		thing.Groups = slices.Compact(thing.Groups)
	}
	return name, nil
}
