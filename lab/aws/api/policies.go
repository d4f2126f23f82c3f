package api

import (
	"net/http"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/registry"
)

type policyEntry struct {
	Name string `json:"policyName"`
	ARN  string `json:"policyArn"`
}

func (c *control) policyEntry(name string) policyEntry {
	return policyEntry{Name: name, ARN: c.cloud.Account().ARN("policy", name)}
}

func (c *control) policies(mux *http.ServeMux) {
	type document struct {
		Text string `json:"policyDocument"`
	}
	c.handle(mux, "POST /policies/{policy}", func(r *request) (any, error) {
		var body document
		if err := r.decode(&body); err != nil {
			return nil, err
		}
		return c.change(func(reg *registry.Registry, now time.Time) (any, error) {
			p, err := reg.CreatePolicy(r.PathValue("policy"), body.Text, now)
			if err != nil {
				return nil, err
			}
			return map[string]string{
				"policyName": p.Name, "policyArn": c.policyEntry(p.Name).ARN, "policyDocument": p.Document(), "policyVersionId": p.Default,
			}, nil
		})
	})
	c.handle(mux, "GET /policies/{policy}", func(r *request) (any, error) {
		return c.read(func(reg *registry.Registry) (any, error) {
			p, err := reg.Policy(r.PathValue("policy"))
			if err != nil {
				return nil, err
			}
			first := p.Versions[0].Created
			return map[string]any{
				"policyName": p.Name, "policyArn": c.policyEntry(p.Name).ARN, "policyDocument": p.Document(), "defaultVersionId": p.Default,
				"creationDate": seconds(first), "lastModifiedDate": seconds(p.Versions[len(p.Versions)-1].Created), "generationId": p.Default,
			}, nil
		})
	})
	c.handle(mux, "GET /policies", func(r *request) (any, error) {
		return c.read(func(reg *registry.Registry) (any, error) {
			all := []policyEntry{}
			for _, p := range reg.Policies() {
				all = append(all, c.policyEntry(p.Name))
			}
			part, next, err := page(r, all, "pageSize", "marker")
			return struct {
				Policies []policyEntry `json:"policies"`
				Next     string        `json:"nextMarker,omitempty"`
			}{part, next}, err
		})
	})
	c.handle(mux, "DELETE /policies/{policy}", func(r *request) (any, error) {
		return c.change(func(reg *registry.Registry, _ time.Time) (any, error) {
			return nil, reg.DeletePolicy(r.PathValue("policy"))
		})
	})
	c.handle(mux, "POST /policies/{policy}/version", func(r *request) (any, error) {
		var body document
		asDefault, err := r.flag("setAsDefault")
		if err == nil {
			err = r.decode(&body)
		}
		if err != nil {
			return nil, err
		}
		return c.change(func(reg *registry.Registry, now time.Time) (any, error) {
			v, err := reg.CreatePolicyVersion(r.PathValue("policy"), body.Text, asDefault, now)
			return map[string]any{
				"policyArn": c.policyEntry(r.PathValue("policy")).ARN, "policyDocument": v.Document, "policyVersionId": v.ID, "isDefaultVersion": asDefault,
			}, err
		})
	})
	c.versions(mux)
	c.attachments(mux)
}

func (c *control) versions(mux *http.ServeMux) {
	c.handle(mux, "GET /policies/{policy}/version", func(r *request) (any, error) {
		return c.read(func(reg *registry.Registry) (any, error) {
			p, err := reg.Policy(r.PathValue("policy"))
			all := []map[string]any{}
			for _, v := range p.Versions {
				all = append(all, map[string]any{"versionId": v.ID, "isDefaultVersion": v.ID == p.Default, "createDate": seconds(v.Created)})
			}
			return map[string]any{"policyVersions": all}, err
		})
	})
	c.handle(mux, "GET /policies/{policy}/version/{version}", func(r *request) (any, error) {
		return c.read(func(reg *registry.Registry) (any, error) {
			p, err := reg.Policy(r.PathValue("policy"))
			if err != nil {
				return nil, err
			}
			for _, v := range p.Versions {
				if v.ID == r.PathValue("version") {
					return map[string]any{
						"policyArn": c.policyEntry(p.Name).ARN, "policyName": p.Name, "policyDocument": v.Document, "policyVersionId": v.ID,
						"isDefaultVersion": v.ID == p.Default, "creationDate": seconds(v.Created),
					}, nil
				}
			}
			return nil, &failure{code: "ResourceNotFoundException", status: http.StatusNotFound, message: "the policy has no such version"}
		})
	})
	c.handle(mux, "PATCH /policies/{policy}/version/{version}", func(r *request) (any, error) {
		return c.change(func(reg *registry.Registry, _ time.Time) (any, error) {
			return nil, reg.SetDefaultPolicyVersion(r.PathValue("policy"), r.PathValue("version"))
		})
	})
	c.handle(mux, "DELETE /policies/{policy}/version/{version}", func(r *request) (any, error) {
		return c.change(func(reg *registry.Registry, _ time.Time) (any, error) {
			return nil, reg.DeletePolicyVersion(r.PathValue("policy"), r.PathValue("version"))
		})
	})
}

func (c *control) attachments(mux *http.ServeMux) {
	target := func(r *request) (string, error) {
		var body struct {
			Target string `json:"target"`
		}
		err := r.decode(&body)
		return body.Target, err
	}
	attach := func(r *request, arn string) (any, error) {
		return c.change(func(reg *registry.Registry, _ time.Time) (any, error) {
			return nil, reg.AttachPolicy(r.PathValue("policy"), arn)
		})
	}
	detach := func(r *request, arn string) (any, error) {
		return c.change(func(reg *registry.Registry, _ time.Time) (any, error) {
			return nil, reg.DetachPolicy(r.PathValue("policy"), arn)
		})
	}
	c.handle(mux, "PUT /target-policies/{policy}", func(r *request) (any, error) {
		arn, err := target(r)
		if err != nil {
			return nil, err
		}
		return attach(r, arn)
	})
	c.handle(mux, "POST /target-policies/{policy}", func(r *request) (any, error) {
		arn, err := target(r)
		if err != nil {
			return nil, err
		}
		return detach(r, arn)
	})
	// The older pair, which SDKs still have.
	c.handle(mux, "PUT /principal-policies/{policy}", func(r *request) (any, error) { return attach(r, principal(r)) })
	c.handle(mux, "DELETE /principal-policies/{policy}", func(r *request) (any, error) { return detach(r, principal(r)) })
	c.handle(mux, "POST /attached-policies/{target...}", func(r *request) (any, error) {
		return c.read(func(reg *registry.Registry) (any, error) {
			all := []policyEntry{}
			for _, certificate := range reg.Certificates() {
				if c.arn(certificate.ID) == r.PathValue("target") {
					for _, name := range certificate.Policies {
						all = append(all, c.policyEntry(name))
					}
				}
			}
			return map[string]any{"policies": all}, nil
		})
	})
	c.handle(mux, "POST /policy-targets/{policy}", func(r *request) (any, error) {
		return c.read(func(reg *registry.Registry) (any, error) {
			if _, err := reg.Policy(r.PathValue("policy")); err != nil {
				return nil, err
			}
			return map[string]any{"targets": append([]string{}, reg.PolicyTargets(r.PathValue("policy"))...)}, nil
		})
	})
}
