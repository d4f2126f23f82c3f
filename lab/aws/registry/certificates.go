package registry

import (
	"crypto/x509"
	"slices"
	"strings"
	"time"
)

// Status is the status of a certificate.
type Status string

// The statuses. Devices connect with Active certificates only. PendingTransfer, between two accounts, never comes about: the lab has one.
const (
	Active            Status = "ACTIVE"
	Inactive          Status = "INACTIVE"
	Revoked           Status = "REVOKED"
	PendingActivation Status = "PENDING_ACTIVATION"
	PendingTransfer   Status = "PENDING_TRANSFER"
)

func statuses() []Status {
	return []Status{Active, Inactive, Revoked, PendingActivation, PendingTransfer}
}

// Certificate is the certificate of a device.
type Certificate struct {
	ID       string       `json:"certificateId"` // see the function ID
	Status   Status       `json:"status"`
	PEM      string       `json:"certificatePem"`
	CA       string       `json:"caCertificateId,omitempty"` // "": registered without one, or issued by the service
	Created  time.Time    `json:"creationDate"`
	Modified time.Time    `json:"lastModifiedDate"`
	Policies []string     `json:"policies,omitempty"` // in the order of attachment
	Things   []Attachment `json:"things,omitempty"`

	parsed *x509.Certificate
}

// Attachment is a thing that a certificate is attached to.
type Attachment struct {
	Thing     string `json:"thingName"`
	Exclusive bool   `json:"exclusive,omitempty"` // EXCLUSIVE_THING: the only thing of the certificate
}

func (c *Certificate) clone() Certificate {
	d := *c
	d.Policies, d.Things = slices.Clone(c.Policies), slices.Clone(c.Things)
	return d
}

// RegisterCertificate adds a certificate that a registered CA signed; caPEM names that CA where several have its subject, else it may be "".
// The status may be Active, Inactive (which "" is too) or Revoked.
func (r *Registry) RegisterCertificate(certificatePEM, caPEM string, status Status, now time.Time) (Certificate, error) {
	certificate, err := parseCertificate(certificatePEM)
	if err != nil {
		return Certificate{}, fail(certificateValid, "the certificate: %s", err)
	}
	var candidates []*CA
	for _, ca := range r.state.CAs {
		if slices.Equal(ca.parsed.RawSubject, certificate.RawIssuer) {
			candidates = append(candidates, ca)
		}
	}
	if caPEM != "" {
		given, err := parseCertificate(caPEM)
		if err != nil {
			return Certificate{}, fail(certificateValid, "the CA certificate: %s", err)
		}
		candidates = slices.DeleteFunc(candidates, func(ca *CA) bool { return ca.ID != ID(given) })
	}
	switch {
	case len(candidates) == 0:
		return Certificate{}, fail(certificateValid, "no registered CA certificate has the subject %q, which is the certificate's issuer", certificate.Issuer)
	case len(candidates) > 1:
		return Certificate{}, fail(certificateClash, "several registered CA certificates have the subject %q: give the one that signed", certificate.Issuer)
	}
	switch ca := candidates[0]; {
	case certificate.CheckSignatureFrom(ca.parsed) != nil:
		return Certificate{}, fail(certificateValid, "the CA certificate with the subject %q did not sign the certificate", certificate.Issuer)
	case ca.Status != Active:
		return Certificate{}, fail(certificateState, "the CA certificate %s is %s", ca.ID, ca.Status)
	default:
		return r.register(certificate, ca.ID, status, now)
	}
}

// RegisterCertificateWithoutCA adds a certificate, whoever signed it; see RegisterCertificate for its status.
func (r *Registry) RegisterCertificateWithoutCA(certificatePEM string, status Status, now time.Time) (Certificate, error) {
	certificate, err := parseCertificate(certificatePEM)
	if err != nil {
		return Certificate{}, fail(certificateValid, "the certificate: %s", err)
	}
	return r.register(certificate, "", status, now)
}

func (r *Registry) register(certificate *x509.Certificate, ca string, status Status, now time.Time) (Certificate, error) {
	switch status {
	case "":
		status = Inactive
	case Active, Inactive, Revoked:
	default:
		return Certificate{}, fail(invalidRequest, "a certificate cannot be registered with the status %q", status)
	}
	return r.add(certificate, ca, status, now)
}

// AddIssued adds a certificate that the service has just issued itself: by CreateKeysAndCertificate or CreateCertificateFromCsr, over HTTP
// (Active or Inactive) or over MQTT in fleet provisioning (PendingActivation until RegisterThing).
func (r *Registry) AddIssued(certificate *x509.Certificate, status Status, now time.Time) (Certificate, error) {
	return r.add(certificate, "", status, now)
}

func (r *Registry) add(certificate *x509.Certificate, ca string, status Status, now time.Time) (Certificate, error) {
	id := ID(certificate)
	if r.state.Certificates[id] != nil {
		return Certificate{}, fail(alreadyExists, "the certificate %s is registered already", id)
	}
	c := &Certificate{ID: id, Status: status, PEM: encode(certificate), CA: ca, Created: now, Modified: now, parsed: certificate}
	r.state.Certificates[id] = c
	return c.clone(), nil
}

// UpdateCertificate changes the status, to Active, Inactive or Revoked.
func (r *Registry) UpdateCertificate(id string, status Status, now time.Time) error {
	c, err := r.certificate(id)
	switch {
	case err != nil:
		return err
	case status != Active && status != Inactive && status != Revoked:
		return fail(invalidRequest, "a certificate's status cannot be set to %q; ACTIVE, INACTIVE and REVOKED are allowed", status)
	case c.Status == PendingTransfer:
		return fail(certificateState, "the certificate %s is being transferred", id)
	case c.Status != status:
		c.Status, c.Modified = status, now
	}
	return nil
}

// DeleteCertificate removes a certificate that is not Active and that nothing is attached to. By force, policies may be.
func (r *Registry) DeleteCertificate(id string, force bool) error {
	c, err := r.certificate(id)
	switch {
	case err != nil:
		return err
	case c.Status == Active:
		return fail(certificateState, "the certificate %s is ACTIVE: set it to INACTIVE first", id)
	case len(c.Things) > 0:
		return fail(deleteConflict, "the certificate %s is attached to the thing %q: detach it first", id, c.Things[0].Thing)
	case len(c.Policies) > 0 && !force:
		return fail(deleteConflict, "the policy %q is attached to the certificate %s: detach it first", c.Policies[0], id)
	}
	delete(r.state.Certificates, c.ID)
	return nil
}

// Certificate gives a certificate by its id.
func (r *Registry) Certificate(id string) (Certificate, error) {
	c, err := r.certificate(id)
	if err != nil {
		return Certificate{}, err
	}
	return c.clone(), nil
}

// Certificates gives all certificates, by id.
func (r *Registry) Certificates() []Certificate {
	return sorted(r.state.Certificates, (*Certificate).clone)
}

func (r *Registry) certificate(id string) (*Certificate, error) {
	if c := r.state.Certificates[strings.ToLower(id)]; c != nil {
		return c, nil
	}
	return nil, fail(notFound, "there is no certificate %q", id)
}
