package registry

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/access"
)

// Identity is who a certificate is to the service.
type Identity struct {
	Certificate *x509.Certificate
	ID          string          // of the certificate; the presence events call it principalIdentifier
	Policies    []access.Policy // in the order of attachment, in their default versions
	things      []access.Thing
	exclusive   bool // there is one thing, whatever the client id is
}

// Client gives what policies may ask about a client with this identity; the caller adds what it knows of the connection and the request.
// A client over HTTP has the client id "".
func (i Identity) Client(clientID string) access.Client {
	return access.Client{ID: clientID, Certificate: i.Certificate, CertificateID: i.ID, Thing: i.Thing(clientID)}
}

// Thing gives the thing of a connection: the one that the certificate is attached to exclusively, or else the one with the client id as its
// name, if the certificate is attached to it (developer guide, "Associating a thing to an MQTT client connection"); nil: there is none.
func (i Identity) Thing(clientID string) *access.Thing {
	for _, thing := range i.things {
		if i.exclusive || thing.Name == clientID {
			return &thing
		}
	}
	return nil
}

// RefusedError says why a certificate cannot connect.
type RefusedError struct {
	CertificateID string
	Status        Status // "": it is not registered
	Reason        string // what is wrong, and what to do, in a sentence
	Source        string // where the service's documentation says so
	Events        []Event
}

func (e *RefusedError) Error() string { return e.Reason }

// Event is a message that the service publishes.
type Event struct {
	Topic   string
	Payload []byte
}

const (
	guideActive = `AWS IoT Core developer guide, "Activate or deactivate a client certificate"`
	guideJITR   = `AWS IoT Core developer guide, "Register a client certificate when the client connects (JITR)"`
	guideJITP   = `AWS IoT Core developer guide, "Just-in-time provisioning"`
	guideValid  = `AWS IoT Core developer guide, "Diagnosing connectivity issues"`
)

// Identify finds who presents a certificate; the caller has checked that it has the private key. The error is a *RefusedError.
//
// A certificate that is not registered is registered with the status PENDING_ACTIVATION if a registered CA signed it that is ACTIVE and has
// automatic registration. It is refused nevertheless, and an event on $aws/events/certificates/registered/CA is due, now and whenever it
// comes again in this status. If the CA has a provisioning template, the certificate is provisioned with it and becomes ACTIVE; this
// connection is closed too, and the device must connect again.
func (r *Registry) Identify(certificate *x509.Certificate, now time.Time) (Identity, error) {
	id := ID(certificate)
	c := r.state.Certificates[id]
	if now.After(certificate.NotAfter) {
		return Identity{}, &RefusedError{CertificateID: id, Source: guideValid, Reason: fmt.Sprintf("the certificate %s has expired at %s", id, certificate.NotAfter.UTC().Format(time.RFC3339))}
	}
	if c == nil {
		ca := r.signer(certificate)
		if refused := unregistered(id, certificate, ca); refused != nil {
			return Identity{}, refused
		}
		if _, err := r.add(certificate, ca.ID, PendingActivation, now); err != nil {
			return Identity{}, &RefusedError{CertificateID: id, Source: guideJITR, Reason: err.Error()}
		}
		return Identity{}, r.pending(r.state.Certificates[id], now)
	}
	switch c.Status {
	case Active:
		return r.identity(c), nil
	case PendingActivation:
		return Identity{}, r.pending(c, now)
	}
	return Identity{}, &RefusedError{CertificateID: id, Status: c.Status, Source: guideActive,
		Reason: fmt.Sprintf("the certificate %s is %s; only one that is ACTIVE can connect", id, c.Status)}
}

// signer finds the registered CA that signed a certificate; nil: there is none. A CA that was renewed with its key is there twice: the one
// that registers certificates counts.
func (r *Registry) signer(certificate *x509.Certificate) *CA {
	var found *CA
	for _, id := range slices.Sorted(maps.Keys(r.state.CAs)) {
		ca := r.state.CAs[id]
		if slices.Equal(ca.parsed.RawSubject, certificate.RawIssuer) && certificate.CheckSignatureFrom(ca.parsed) == nil {
			if found = ca; ca.Status == Active && ca.AutoRegistration {
				break
			}
		}
	}
	return found
}

// unregistered tells why a certificate is not registered automatically; nil: it is.
func unregistered(id string, certificate *x509.Certificate, ca *CA) *RefusedError {
	reason := fmt.Sprintf("the certificate %s (subject %q) is not registered", id, certificate.Subject)
	switch {
	case ca == nil:
		reason += ", and no registered CA signed it: register it"
	case ca.Status != Active:
		reason += fmt.Sprintf(", and the CA %s that signed it is %s: register the certificate, or activate the CA", ca.ID, ca.Status)
	case !ca.AutoRegistration:
		reason += fmt.Sprintf(", and the CA %s that signed it has no automatic registration: register the certificate, or enable that", ca.ID)
	default:
		return nil
	}
	return &RefusedError{CertificateID: id, Source: guideValid, Reason: reason}
}

// pending is what comes of a connection with a certificate that waits for its activation.
func (r *Registry) pending(c *Certificate, now time.Time) *RefusedError {
	refused := &RefusedError{CertificateID: c.ID, Status: c.Status, Source: guideJITR,
		Reason: fmt.Sprintf("the certificate %s is PENDING_ACTIVATION: activate it and attach a policy; then the device can connect again", c.ID)}
	if c.CA == "" { // issued in fleet provisioning: RegisterThing is still to come
		return refused
	}
	// The payload is made of strings and numbers, which can always be encoded.
	payload, _ := json.Marshal(struct {
		Certificate string `json:"certificateId"`
		CA          string `json:"caCertificateId"`
		Timestamp   int64  `json:"timestamp"` // ms
		Status      Status `json:"certificateStatus"`
		Account     string `json:"awsAccountId"`
		Registered  string `json:"certificateRegistrationTimestamp"` // ms
	}{c.ID, c.CA, now.UnixMilli(), PendingActivation, r.account.ID, strconv.FormatInt(c.Created.UnixMilli(), 10)})
	refused.Events = []Event{{Topic: "$aws/events/certificates/registered/" + c.CA, Payload: payload}}
	ca := r.state.CAs[c.CA]
	if ca == nil || ca.template == nil || ca.Status != Active || !ca.AutoRegistration {
		return refused
	}
	refused.Source = guideJITP
	made, err := r.Provision(ca.template, ca.template.jitpParameters(c.parsed), now)
	if err != nil {
		refused.Reason = fmt.Sprintf("the certificate %s is PENDING_ACTIVATION, because its provisioning with the template of the CA %s failed: %s", c.ID, c.CA, err)
		return refused
	}
	refused.Status = c.Status
	refused.Reason = fmt.Sprintf("the certificate %s has just been provisioned (thing %q) and is %s; this first connection is closed, and the device must connect again", c.ID, made.Thing, c.Status)
	return refused
}

func (r *Registry) identity(c *Certificate) Identity {
	i := Identity{Certificate: c.parsed, ID: c.ID}
	for _, name := range c.Policies {
		p := r.state.Policies[name]
		i.Policies = append(i.Policies, access.Policy{Name: name, Document: p.Versions[p.find(p.Default)].parsed})
	}
	for _, a := range c.Things {
		thing := r.state.Things[a.Thing].clone()
		i.things = append(i.things, access.Thing{Name: thing.Name, Type: thing.Type, Attributes: thing.Attributes})
		i.exclusive = i.exclusive || a.Exclusive
	}
	return i
}
