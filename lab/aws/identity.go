package aws

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/access"
	"github.com/cloudgen/cloudgen/lab/aws/registry"
)

// identity is the registry, for many goroutines at once. Its lock is never held while another is taken, because the policy asks it in the
// middle of a delivery.
type identity struct {
	account access.Account
	changed func()                        // the registry is not as it was
	events  func([]registry.Event)        // what the service publishes about certificates
	first   *FirstDevice                  // whose things come into being when it connects
	firstID string                        // of its certificate
	notice  func(client, topic, s string) // tells what was made

	mu       sync.Mutex
	registry *registry.Registry
	known    map[string]registry.Identity // by certificate id, until something changes
	expired  map[string]bool              // certificates that count as expired, injected
}

// FirstDevice is the device that the lab makes itself: its certificate is registered as ACTIVE with a policy of its own at the start, and
// whatever client id it connects with becomes a thing that the certificate is attached to.
type FirstDevice struct {
	Certificate *x509.Certificate
	Policy      string // document; "": DefaultPolicy
}

// FirstPolicy is the name of the first device's policy.
const FirstPolicy = "cloudgen-lab-device"

// DefaultPolicy gives a policy for things whose names are their client ids: connecting, their own topics and those of their shadows and jobs.
func DefaultPolicy(account access.Account) string {
	topic, filter := account.Topic(""), account.TopicFilter("")
	return `{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "iot:Connect", "Resource": "` + account.Client("${iot:ClientId}") + `"},
    {"Effect": "Allow", "Action": ["iot:Publish", "iot:RetainPublish"], "Resource": ["` + topic + `${iot:ClientId}/*", "` + topic + `lastwilltopic"]},
    {"Effect": "Allow", "Action": "iot:Publish", "Resource": ["` + topic + `$aws/things/${iot:ClientId}/*", "` + topic + `$aws/rules/*"]},
    {"Effect": "Allow", "Action": "iot:Subscribe", "Resource": ["` + filter + `${iot:ClientId}/*", "` + filter + `$aws/things/${iot:ClientId}/*"]},
    {"Effect": "Allow", "Action": "iot:Receive", "Resource": ["` + topic + `${iot:ClientId}/*", "` + topic + `$aws/things/${iot:ClientId}/*"]}
  ]
}`
}

// adopt registers the first device.
func (i *identity) adopt(first *FirstDevice, now time.Time) error {
	i.first, i.firstID = first, registry.ID(first.Certificate)
	document := first.Policy
	if document == "" {
		document = DefaultPolicy(i.account)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: first.Certificate.Raw}))
	return i.change(func(r *registry.Registry) error {
		if _, err := r.Certificate(i.firstID); err != nil {
			if _, err := r.RegisterCertificateWithoutCA(text, registry.Active, now); err != nil {
				return err
			}
			if _, err := r.Policy(FirstPolicy); err != nil {
				if _, err := r.CreatePolicy(FirstPolicy, document, now); err != nil {
					return err
				}
			}
			return r.AttachPolicy(FirstPolicy, i.account.ARN("cert", i.firstID))
		}
		policy, err := r.Policy(FirstPolicy)
		if err != nil || first.Policy == "" || policy.Document() == first.Policy {
			return nil // as people have left it
		}
		if len(policy.Versions) == maximumPolicyVersions {
			if err := r.DeletePolicyVersion(FirstPolicy, oldest(policy)); err != nil {
				return err
			}
		}
		_, err = r.CreatePolicyVersion(FirstPolicy, first.Policy, true, now)
		return err
	})
}

const maximumPolicyVersions = 5

func oldest(policy registry.Policy) string {
	if policy.Versions[0].ID == policy.Default {
		return policy.Versions[1].ID
	}
	return policy.Versions[0].ID
}

// change carries out f, which may change the registry.
func (i *identity) change(f func(*registry.Registry) error) error {
	i.mu.Lock()
	err := f(i.registry)
	clear(i.known)
	i.mu.Unlock()
	i.changed()
	return err
}

// read carries out f, which must not change the registry.
func (i *identity) read(f func(*registry.Registry) error) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return f(i.registry)
}

// handshake decides about a certificate, and registers it if its authority says so; rule "" accepts it.
func (i *identity) handshake(certificate *x509.Certificate, now time.Time) (rule, detail string) {
	if now.Before(certificate.NotBefore) || now.After(certificate.NotAfter) {
		return "tls/certificate-period", "the certificate is valid from " + certificate.NotBefore.UTC().Format(time.RFC3339) + " to " +
			certificate.NotAfter.UTC().Format(time.RFC3339) + "; now it is " + now.UTC().Format(time.RFC3339)
	}
	i.mu.Lock()
	if i.expired[registry.ID(certificate)] {
		i.mu.Unlock()
		return "tls/certificate-period", "the certificate counts as expired: the lab was told so"
	}
	_, errBefore := i.registry.Certificate(registry.ID(certificate))
	_, err := i.registry.Identify(certificate, now)
	after, errAfter := i.registry.Certificate(registry.ID(certificate))
	if err != nil {
		clear(i.known)
	}
	i.mu.Unlock()
	if err == nil {
		return "", ""
	}
	i.changed()
	refused, ok := errors.AsType[*registry.RefusedError](err)
	if ok && len(refused.Events) > 0 {
		i.events(refused.Events)
	}
	switch {
	case errAfter != nil:
		return "tls/certificate-unknown", err.Error()
	case errBefore != nil && after.Status == registry.PendingActivation:
		return "tls/registered", err.Error()
	case after.Status == registry.Active:
		return "tls/provisioned", err.Error()
	}
	return "tls/certificate-status", err.Error()
}

// lookup gives who a certificate is; nobody if it is not ACTIVE. The lock is held.
func (i *identity) lookup(certificateID string, now time.Time) registry.Identity {
	if known, ok := i.known[certificateID]; ok {
		return known
	}
	c, err := i.registry.Certificate(certificateID)
	if err != nil || c.Status != registry.Active {
		return registry.Identity{}
	}
	block, _ := pem.Decode([]byte(c.PEM))
	if block == nil {
		return registry.Identity{}
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return registry.Identity{}
	}
	found, err := i.registry.Identify(parsed, now)
	if err != nil {
		return registry.Identity{}
	}
	i.known[certificateID] = found
	return found
}

// client gives what policies may ask about a client. A first device gets its thing. certificate nil: nothing is known of it.
func (i *identity) client(certificate *x509.Certificate, id, serverName, remote string, now time.Time) access.Client {
	client := access.Client{ID: id}
	if certificate != nil {
		certificateID := registry.ID(certificate)
		if certificateID == i.firstID {
			i.makeThing(id, now)
		}
		i.mu.Lock()
		client = i.lookup(certificateID, now).Client(id)
		i.mu.Unlock()
		client.CertificateID = certificateID
	}
	client.DomainName, client.SourceIP = serverName, addressOf(remote)
	return client
}

// makeThing gives the first device the thing that its client id names.
func (i *identity) makeThing(name string, now time.Time) {
	if name == "" || i.thing(name) {
		return
	}
	full := i.read(func(r *registry.Registry) error {
		if len(r.Things()) >= mostClients {
			return fmt.Errorf("there are %d things, which is enough for one lab", mostClients)
		}
		return nil
	})
	if full != nil {
		i.notice(name, "", "no thing was made for the lab's first device: "+full.Error())
		return
	}
	err := i.change(func(r *registry.Registry) error {
		if _, err := r.CreateThing(name, "", nil, now); err != nil {
			return err
		}
		return r.AttachThingPrincipal(name, i.account.ARN("cert", i.firstID), false)
	})
	if err != nil { // no name of a thing
		i.notice(name, "", "the client id cannot be the name of a thing: "+err.Error())
		return
	}
	i.notice(name, "", "made the thing "+name+" for the lab's first device")
}

// evaluate decides by the policies of a certificate.
func (i *identity) evaluate(certificateID, action, resource string, context access.Context) access.Decision {
	i.mu.Lock()
	policies := i.lookup(certificateID, time.Time{}).Policies
	i.mu.Unlock()
	return access.Evaluate(policies, access.Request{Action: action, Resource: resource, Context: context})
}

// thing tells whether there is a thing of this name.
func (i *identity) thing(name string) bool {
	return i.read(func(r *registry.Registry) error {
		_, err := r.Thing(name)
		return err
	}) == nil
}

// active tells whether clients may be connected with a certificate.
func (i *identity) active(certificateID string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	certificate, err := i.registry.Certificate(certificateID)
	return err == nil && certificate.Status == registry.Active && !i.expired[certificateID]
}

// ConnectRefusal has the next connections refused.
type ConnectRefusal struct {
	Times int  `json:"times"`          // how many
	Code  byte `json:"code,omitempty"` // reason code of MQTT 5; 0: 0x87
}
