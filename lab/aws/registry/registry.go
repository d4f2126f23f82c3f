// Package registry is the account of a local AWS IoT Core: things and their types, certificates, the certificate authorities that signed
// them, policies, and what is attached to what. It keeps the rules of the service's control plane (AWS IoT API reference, developer guide)
// and fails with its errors.
//
// A Registry is a value in memory, without goroutines and clocks: methods that need the time take it. Snapshot and Restore make it last.
// It is not safe for concurrent use.
package registry

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/access"
)

// Error is an error of the service.
type Error struct {
	Code       string // ResourceNotFoundException
	HTTPStatus int
	Message    string // of the lab: the service's is not documented
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// The codes of the errors, with their HTTP status in fail.
const (
	invalidRequest   = "InvalidRequestException"
	notFound         = "ResourceNotFoundException"
	alreadyExists    = "ResourceAlreadyExistsException"
	deleteConflict   = "DeleteConflictException"
	versionConflict  = "VersionConflictException"
	versionsLimit    = "VersionsLimitExceededException"
	limitExceeded    = "LimitExceededException"
	malformedPolicy  = "MalformedPolicyException"
	certificateState = "CertificateStateException"
	certificateValid = "CertificateValidationException"
	certificateClash = "CertificateConflictException"
	registrationCode = "RegistrationCodeValidationException"
	registrationFail = "ResourceRegistrationFailureException"
	resourceConflict = "ResourceConflictsException" // of provisioning templates
)

// fail makes an error, with the HTTP status of the API reference.
func fail(code, format string, args ...any) *Error {
	e := &Error{Code: code, HTTPStatus: 400, Message: fmt.Sprintf(format, args...)}
	switch code {
	case notFound:
		e.HTTPStatus = 404
	case certificateState:
		e.HTTPStatus = 406
	case alreadyExists, deleteConflict, versionConflict, versionsLimit, certificateClash, resourceConflict:
		e.HTTPStatus = 409
	case limitExceeded:
		e.HTTPStatus = 410
	}
	return e
}

// Registry is what one account has registered.
type Registry struct {
	account access.Account
	state   state
	names   names
}

// state is what a snapshot holds.
type state struct {
	Things       map[string]*Thing       `json:"things"`
	ThingTypes   map[string]*ThingType   `json:"thingTypes"`
	Certificates map[string]*Certificate `json:"certificates"`
	CAs          map[string]*CA          `json:"caCertificates"`
	Policies     map[string]*Policy      `json:"policies"`
}

// names are the forms that names and values must have (API reference). They match the whole.
type names struct{ thing, policy, attribute, value *regexp.Regexp }

// New gives an empty registry.
func New(account access.Account) *Registry {
	return &Registry{
		account: account,
		state: state{
			Things: map[string]*Thing{}, ThingTypes: map[string]*ThingType{}, Certificates: map[string]*Certificate{}, CAs: map[string]*CA{}, Policies: map[string]*Policy{},
		},
		names: names{
			thing:     regexp.MustCompile(`\A[a-zA-Z0-9:_-]{1,128}\z`), // of thing types too
			policy:    regexp.MustCompile(`\A[\w+=,.@-]{1,128}\z`),
			attribute: regexp.MustCompile(`\A[a-zA-Z0-9_.,@/:#-]{1,128}\z`),
			value:     regexp.MustCompile(`\A[a-zA-Z0-9_.,@/:#=\[\]-]{0,800}\z`),
		},
	}
}

// Account gives the account that all belongs to: it makes the ARNs. Those of certificates are of the type "cert", those of certificate
// authorities of "cacert".
func (r *Registry) Account() access.Account { return r.account }

// Snapshot encodes all as JSON. There are no secrets in it.
func (r *Registry) Snapshot() ([]byte, error) { return json.Marshal(r.state) }

// Restore decodes what Snapshot encoded, and checks it: a file may have been edited.
func Restore(account access.Account, snapshot []byte) (*Registry, error) {
	r := New(account)
	if err := json.Unmarshal(snapshot, &r.state); err != nil {
		return nil, fmt.Errorf("the snapshot of the registry cannot be read: %w", err)
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("the snapshot of the registry: %w", err)
	}
	return r, nil
}

// check also parses what is kept as text only.
func (r *Registry) check() error {
	for what, ok := range map[string]bool{"things": r.state.Things != nil, "thingTypes": r.state.ThingTypes != nil, "certificates": r.state.Certificates != nil,
		"caCertificates": r.state.CAs != nil, "policies": r.state.Policies != nil} {
		if !ok {
			return fmt.Errorf("%s must be an object, not null", what)
		}
	}
	for name, t := range r.state.ThingTypes {
		if t == nil || t.Name != name || !r.names.thing.MatchString(name) {
			return fmt.Errorf("thing type %q has another name or a wrong one", name)
		}
	}
	for name, t := range r.state.Things {
		if t == nil || t.Name != name {
			return fmt.Errorf("thing %q has another name", name)
		}
		if t.Type != "" && r.state.ThingTypes[t.Type] == nil {
			return fmt.Errorf("thing %q has a type %q that does not exist", name, t.Type)
		}
		if err := r.checkThing(t); err != nil {
			return err
		}
	}
	for name, p := range r.state.Policies {
		if p == nil || p.Name != name || !r.names.policy.MatchString(name) {
			return fmt.Errorf("policy %q has another name or a wrong one", name)
		}
		if err := p.restore(); err != nil {
			return err
		}
	}
	for id, ca := range r.state.CAs {
		var err error
		if ca == nil {
			return fmt.Errorf("the CA certificate %q is null", id)
		}
		if ca.parsed, err = parseCertificate(ca.PEM); err != nil || ca.ID != id || ID(ca.parsed) != id || ca.Status != Active && ca.Status != Inactive {
			return fmt.Errorf("the CA certificate %q is damaged, has another id or a wrong status", id)
		}
		if ca.Template != "" {
			if ca.template, err = parseJITP(ca.Template); err != nil {
				return fmt.Errorf("the CA certificate %q: %w", id, err)
			}
		}
	}
	for id, c := range r.state.Certificates {
		var err error
		if c == nil {
			return fmt.Errorf("the certificate %q is null", id)
		}
		if c.parsed, err = parseCertificate(c.PEM); err != nil || c.ID != id || ID(c.parsed) != id || !slices.Contains(statuses(), c.Status) {
			return fmt.Errorf("the certificate %q is damaged, has another id or a wrong status", id)
		}
		for _, policy := range c.Policies {
			if r.state.Policies[policy] == nil {
				return fmt.Errorf("the certificate %q has a policy %q that does not exist", id, policy)
			}
		}
		for _, a := range c.Things {
			if r.state.Things[a.Thing] == nil {
				return fmt.Errorf("the certificate %q is attached to a thing %q that does not exist", id, a.Thing)
			}
		}
	}
	return nil
}

// ID gives the id that the service has for a certificate: the SHA-256 fingerprint of its DER form, in hexadecimal digits.
func ID(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.Raw)
	return hex.EncodeToString(sum[:])
}

// parseCertificate reads a PEM text with one certificate.
func parseCertificate(text string) (*x509.Certificate, error) {
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" || strings.TrimSpace(string(rest)) != "" {
		return nil, errors.New("it is not one PEM block of the type CERTIFICATE")
	}
	return x509.ParseCertificate(block.Bytes)
}

func encode(certificate *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}))
}

// uuid makes an id in the form of a UUID that is always the same for the same name and time.
func uuid(kind, name string, now time.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", kind, name, now.UnixNano()))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // version 8, RFC 9562
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// sorted gives copies of the values of a map, in the order of their keys.
func sorted[T any](m map[string]*T, clone func(*T) T) []T {
	list := make([]T, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		list = append(list, clone(m[key]))
	}
	return list
}
