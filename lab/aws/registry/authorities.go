package registry

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"slices"
	"time"
)

// maximumSameSubject is how many CA certificates of one subject there may be (API reference, RegisterCACertificate).
const maximumSameSubject = 10

// CA is the certificate of a certificate authority that signs certificates of devices.
type CA struct {
	ID               string    `json:"certificateId"`
	Status           Status    `json:"status"` // Active or Inactive
	PEM              string    `json:"certificatePem"`
	AutoRegistration bool      `json:"autoRegistration,omitempty"` // register certificates when devices first connect with them
	Template         string    `json:"templateBody,omitempty"`     // of just-in-time provisioning; "": just-in-time registration
	SNIOnly          bool      `json:"sniOnly,omitempty"`          // registered without proof of having the private key
	Created          time.Time `json:"creationDate"`
	Modified         time.Time `json:"lastModifiedDate"`

	parsed   *x509.Certificate
	template *Template
}

func (ca *CA) clone() CA { return *ca }

// RegistrationCode gives what the common name of a verification certificate must be.
func (r *Registry) RegistrationCode() string {
	sum := sha256.Sum256([]byte("registration code of " + r.account.ARN("cacert", "")))
	return hex.EncodeToString(sum[:])
}

// CARegistration is what RegisterCACertificate takes.
type CARegistration struct {
	PEM              string
	VerificationPEM  string // signed by the CA, with RegistrationCode as its common name; "" if SNIOnly
	SNIOnly          bool
	Active           bool
	AutoRegistration bool
	Template         string // of just-in-time provisioning; "": none
}

// RegisterCACertificate adds a certificate authority.
func (r *Registry) RegisterCACertificate(registration CARegistration, now time.Time) (CA, error) {
	certificate, err := parseCertificate(registration.PEM)
	switch {
	case err != nil:
		return CA{}, fail(certificateValid, "the CA certificate: %s", err)
	case !certificate.BasicConstraintsValid || !certificate.IsCA:
		return CA{}, fail(certificateValid, "the certificate with the subject %q is not one of a certificate authority", certificate.Subject)
	}
	if err := r.verify(certificate, registration); err != nil {
		return CA{}, err
	}
	ca := &CA{ID: ID(certificate), Status: Inactive, PEM: encode(certificate), AutoRegistration: registration.AutoRegistration, SNIOnly: registration.SNIOnly,
		Created: now, Modified: now, parsed: certificate}
	if registration.Active {
		ca.Status = Active
	}
	if r.state.CAs[ca.ID] != nil {
		return CA{}, fail(alreadyExists, "the CA certificate %s is registered already", ca.ID)
	}
	same := 0
	for _, other := range r.state.CAs {
		if slices.Equal(other.parsed.RawSubject, certificate.RawSubject) {
			same++
		}
	}
	if same >= maximumSameSubject {
		return CA{}, fail(limitExceeded, "%d CA certificates have the subject %q, which is the maximum", same, certificate.Subject)
	}
	if err := ca.provision(registration.Template); err != nil {
		return CA{}, err
	}
	r.state.CAs[ca.ID] = ca
	return ca.clone(), nil
}

// verify checks the proof that whoever registers a CA has its private key (developer guide, "Register your CA certificate").
func (r *Registry) verify(ca *x509.Certificate, registration CARegistration) error {
	if registration.SNIOnly {
		if registration.VerificationPEM != "" {
			return fail(invalidRequest, "there must be no verification certificate in the mode SNI_ONLY")
		}
		return nil
	}
	if registration.VerificationPEM == "" {
		return fail(invalidRequest, "the verification certificate is missing; without one the mode must be SNI_ONLY")
	}
	verification, err := parseCertificate(registration.VerificationPEM)
	switch {
	case err != nil:
		return fail(certificateValid, "the verification certificate: %s", err)
	case verification.CheckSignatureFrom(ca) != nil:
		return fail(certificateValid, "the CA certificate did not sign the verification certificate")
	case verification.Subject.CommonName != r.RegistrationCode():
		return fail(registrationCode, "the common name of the verification certificate is %q; it must be the registration code %s", verification.Subject.CommonName, r.RegistrationCode())
	}
	return nil
}

func (ca *CA) provision(template string) error {
	if template == "" {
		ca.Template, ca.template = "", nil
		return nil
	}
	parsed, err := parseJITP(template)
	if err == nil {
		ca.Template, ca.template = template, parsed
	}
	return err
}

// CAUpdate says what UpdateCACertificate changes.
type CAUpdate struct {
	Status           Status  // "": it stays
	AutoRegistration *bool   // nil: it stays
	Template         *string // nil: it stays; "": there is none any more
}

// UpdateCACertificate changes a certificate authority. An Inactive one registers no certificates any more.
func (r *Registry) UpdateCACertificate(id string, update CAUpdate, now time.Time) error {
	ca, err := r.authority(id)
	if err != nil {
		return err
	}
	if update.Status != "" && update.Status != Active && update.Status != Inactive {
		return fail(invalidRequest, "a CA certificate's status cannot be %q; ACTIVE and INACTIVE are allowed", update.Status)
	}
	if update.Template != nil {
		if err := ca.provision(*update.Template); err != nil {
			return err
		}
	}
	if update.Status != "" {
		ca.Status = update.Status
	}
	if update.AutoRegistration != nil {
		ca.AutoRegistration = *update.AutoRegistration
	}
	ca.Modified = now
	return nil
}

// DeleteCACertificate removes a certificate authority that is Inactive. The certificates that it signed stay.
func (r *Registry) DeleteCACertificate(id string) error {
	ca, err := r.authority(id)
	switch {
	case err != nil:
		return err
	case ca.Status == Active:
		return fail(certificateState, "the CA certificate %s is ACTIVE: set it to INACTIVE first", id)
	}
	delete(r.state.CAs, ca.ID)
	return nil
}

// CACertificate gives a certificate authority by its id.
func (r *Registry) CACertificate(id string) (CA, error) {
	ca, err := r.authority(id)
	if err != nil {
		return CA{}, err
	}
	return ca.clone(), nil
}

// CACertificates gives all certificate authorities, by id.
func (r *Registry) CACertificates() []CA { return sorted(r.state.CAs, (*CA).clone) }

func (r *Registry) authority(id string) (*CA, error) {
	if ca := r.state.CAs[id]; ca != nil {
		return ca, nil
	}
	return nil, fail(notFound, "there is no CA certificate %q", id)
}
