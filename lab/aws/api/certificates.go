package api

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/registry"
)

// issuedName is the common name of certificates that the service issues.
const issuedName = "AWS IoT Certificate"

// keyBits is the length of keys that the service makes (API reference, CreateKeysAndCertificate).
const keyBits = 2048

func (c *control) certificates(mux *http.ServeMux) {
	c.handle(mux, "POST /keys-and-certificate", c.createKeys)
	c.handle(mux, "POST /certificates", c.createFromCSR)
	c.handle(mux, "POST /certificate/register", func(r *request) (any, error) { return c.register(r, true) })
	c.handle(mux, "POST /certificate/register-no-ca", func(r *request) (any, error) { return c.register(r, false) })
	c.handle(mux, "GET /certificates", func(r *request) (any, error) {
		return c.read(func(reg *registry.Registry) (any, error) {
			all := []map[string]any{}
			for _, certificate := range reg.Certificates() {
				all = append(all, map[string]any{
					"certificateArn": c.arn(certificate.ID), "certificateId": certificate.ID, "status": certificate.Status, "creationDate": seconds(certificate.Created),
				})
			}
			part, next, err := page(r, all, "pageSize", "marker")
			return struct {
				Certificates []map[string]any `json:"certificates"`
				Next         string           `json:"nextMarker,omitempty"`
			}{part, next}, err
		})
	})
	c.handle(mux, "GET /certificates/{id}", func(r *request) (any, error) {
		return c.read(func(reg *registry.Registry) (any, error) {
			certificate, err := reg.Certificate(r.PathValue("id"))
			if err != nil {
				return nil, err
			}
			return map[string]any{"certificateDescription": map[string]any{
				"certificateArn": c.arn(certificate.ID), "certificateId": certificate.ID, "caCertificateId": certificate.CA, "status": certificate.Status,
				"certificatePem": certificate.PEM, "creationDate": seconds(certificate.Created), "lastModifiedDate": seconds(certificate.Modified),
				"certificateMode": "DEFAULT", "ownedBy": c.cloud.Account().ID,
			}}, nil
		})
	})
	c.handle(mux, "PUT /certificates/{id}", func(r *request) (any, error) {
		return c.change(func(reg *registry.Registry, now time.Time) (any, error) {
			return nil, reg.UpdateCertificate(r.PathValue("id"), registry.Status(r.query("newStatus")), now)
		})
	})
	c.handle(mux, "DELETE /certificates/{id}", func(r *request) (any, error) {
		force, err := r.flag("forceDelete")
		if err != nil {
			return nil, err
		}
		return c.change(func(reg *registry.Registry, _ time.Time) (any, error) {
			return nil, reg.DeleteCertificate(r.PathValue("id"), force)
		})
	})
}

func (c *control) arn(certificateID string) string {
	return c.cloud.Account().ARN("cert", certificateID)
}

func (c *control) createKeys(r *request) (any, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, err
	}
	answer, err := c.issue(r, key.Public())
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	answer["keyPair"] = map[string]string{
		"PublicKey":  string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})),
		"PrivateKey": string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
	}
	return answer, nil
}

func (c *control) createFromCSR(r *request) (any, error) {
	var body struct {
		CSR string `json:"certificateSigningRequest"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(body.CSR))
	if block == nil {
		return nil, invalid("certificateSigningRequest is no PEM")
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err == nil {
		err = csr.CheckSignature()
	}
	if err != nil {
		return nil, invalid("certificateSigningRequest: %v", err)
	}
	return c.issue(r, csr.PublicKey)
}

func (c *control) issue(r *request, public crypto.PublicKey) (map[string]any, error) {
	active, err := r.flag("setAsActive")
	if err != nil {
		return nil, err
	}
	status := registry.Inactive
	if active {
		status = registry.Active
	}
	certificate, err := c.config.Authority.Issue(public, issuedName, c.now())
	if err != nil {
		return nil, invalid("the key: %v", err)
	}
	var issued registry.Certificate
	if err := c.cloud.Registry(func(reg *registry.Registry, now time.Time) (err error) {
		issued, err = reg.AddIssued(certificate, status, now)
		return err
	}); err != nil {
		return nil, err
	}
	return map[string]any{"certificateArn": c.arn(issued.ID), "certificateId": issued.ID, "certificatePem": issued.PEM}, nil
}

func (c *control) register(r *request, withCA bool) (any, error) {
	var body struct {
		PEM    string          `json:"certificatePem"`
		CA     string          `json:"caCertificatePem"`
		Active bool            `json:"setAsActive"`
		Status registry.Status `json:"status"`
	}
	if err := r.decode(&body); err != nil {
		return nil, err
	}
	if active, err := r.flag("setAsActive"); err != nil {
		return nil, err
	} else if active || body.Active {
		body.Status = registry.Active
	}
	return c.change(func(reg *registry.Registry, now time.Time) (any, error) {
		register := func() (registry.Certificate, error) {
			return reg.RegisterCertificateWithoutCA(body.PEM, body.Status, now)
		}
		if withCA {
			register = func() (registry.Certificate, error) {
				return reg.RegisterCertificate(body.PEM, body.CA, body.Status, now)
			}
		}
		certificate, err := register()
		return map[string]string{"certificateArn": c.arn(certificate.ID), "certificateId": certificate.ID}, err
	})
}

func (c *control) authorities(mux *http.ServeMux) {
	arn := func(id string) string { return c.cloud.Account().ARN("cacert", id) }
	c.handle(mux, "GET /registrationcode", func(*request) (any, error) {
		return c.read(func(reg *registry.Registry) (any, error) {
			return map[string]string{"registrationCode": reg.RegistrationCode()}, nil
		})
	})
	c.handle(mux, "POST /cacertificate", func(r *request) (any, error) {
		var body struct {
			PEM          string `json:"caCertificate"`
			Verification string `json:"verificationCertificate"`
			Mode         string `json:"certificateMode"`
			Config       struct {
				Template string `json:"templateBody"`
			} `json:"registrationConfig"`
		}
		active, errActive := r.flag("setAsActive")
		automatic, errAutomatic := r.flag("allowAutoRegistration")
		for _, err := range []error{r.decode(&body), errActive, errAutomatic} {
			if err != nil {
				return nil, err
			}
		}
		return c.change(func(reg *registry.Registry, now time.Time) (any, error) {
			ca, err := reg.RegisterCACertificate(registry.CARegistration{
				PEM: body.PEM, VerificationPEM: body.Verification, SNIOnly: body.Mode == "SNI_ONLY", Active: active, AutoRegistration: automatic,
				Template: body.Config.Template,
			}, now)
			return map[string]string{"certificateArn": arn(ca.ID), "certificateId": ca.ID}, err
		})
	})
	c.handle(mux, "GET /cacertificates", func(r *request) (any, error) {
		return c.read(func(reg *registry.Registry) (any, error) {
			all := []map[string]any{}
			for _, ca := range reg.CACertificates() {
				all = append(all, map[string]any{"certificateArn": arn(ca.ID), "certificateId": ca.ID, "status": ca.Status, "creationDate": seconds(ca.Created)})
			}
			part, next, err := page(r, all, "pageSize", "marker")
			return struct {
				Certificates []map[string]any `json:"certificates"`
				Next         string           `json:"nextMarker,omitempty"`
			}{part, next}, err
		})
	})
	c.handle(mux, "GET /cacertificate/{id}", func(r *request) (any, error) {
		return c.read(func(reg *registry.Registry) (any, error) {
			ca, err := reg.CACertificate(r.PathValue("id"))
			automatic := "DISABLE"
			if ca.AutoRegistration {
				automatic = "ENABLE"
			}
			return map[string]any{
				"certificateDescription": map[string]any{
					"certificateArn": arn(ca.ID), "certificateId": ca.ID, "status": ca.Status, "certificatePem": ca.PEM, "autoRegistrationStatus": automatic,
					"creationDate": seconds(ca.Created), "lastModifiedDate": seconds(ca.Modified), "ownedBy": c.cloud.Account().ID,
				},
				"registrationConfig": map[string]string{"templateBody": ca.Template},
			}, err
		})
	})
	c.handle(mux, "PUT /cacertificate/{id}", func(r *request) (any, error) {
		var body struct {
			Config *struct {
				Template string `json:"templateBody"`
			} `json:"registrationConfig"`
			Remove bool `json:"removeAutoRegistration"`
		}
		if err := r.decode(&body); err != nil {
			return nil, err
		}
		update := registry.CAUpdate{Status: registry.Status(r.query("newStatus"))}
		if text := r.query("newAutoRegistrationStatus"); text != "" {
			on := text == "ENABLE"
			update.AutoRegistration = &on
		}
		none := ""
		switch {
		case body.Remove:
			update.Template = &none
		case body.Config != nil:
			update.Template = &body.Config.Template
		}
		return c.change(func(reg *registry.Registry, now time.Time) (any, error) {
			return nil, reg.UpdateCACertificate(r.PathValue("id"), update, now)
		})
	})
	c.handle(mux, "DELETE /cacertificate/{id}", func(r *request) (any, error) {
		return c.change(func(reg *registry.Registry, _ time.Time) (any, error) {
			return nil, reg.DeleteCACertificate(r.PathValue("id"))
		})
	})
}
