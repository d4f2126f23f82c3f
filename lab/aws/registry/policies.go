package registry

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/access"
)

// maximumVersions is how many versions a policy may have (API reference, CreatePolicyVersion).
const maximumVersions = 5

// Policy is a named policy with its versions.
type Policy struct {
	Name     string          `json:"policyName"`
	Default  string          `json:"defaultVersionId"`
	Versions []PolicyVersion `json:"versions"` // in the order of their creation
	Last     int             `json:"last"`     // the id of the newest version there ever was
}

// PolicyVersion is one version of a policy.
type PolicyVersion struct {
	ID       string    `json:"policyVersionId"` // "1", "2" …
	Document string    `json:"policyDocument"`
	Created  time.Time `json:"createDate"`

	parsed *access.Document
}

// Document gives the text of the version that is in effect.
func (p Policy) Document() string { return p.Versions[p.find(p.Default)].Document }

func (p *Policy) clone() Policy {
	c := *p
	c.Versions = slices.Clone(p.Versions)
	return c
}

func (p *Policy) find(version string) int {
	return slices.IndexFunc(p.Versions, func(v PolicyVersion) bool { return v.ID == version })
}

func (p *Policy) restore() error {
	if p.find(p.Default) < 0 || len(p.Versions) > maximumVersions {
		return fmt.Errorf("the policy %q has too many versions or lacks its default version", p.Name)
	}
	for i, version := range p.Versions {
		id, err := strconv.Atoi(version.ID)
		if err != nil || id < 1 || id > p.Last || p.find(version.ID) != i {
			return fmt.Errorf("the policy %q has a version %q, which cannot be", p.Name, version.ID)
		}
		if p.Versions[i].parsed, err = access.Parse(version.Document); err != nil {
			return fmt.Errorf("the policy %q, version %s: %w", p.Name, version.ID, err)
		}
	}
	return nil
}

// add adds a version; it does not count them.
func (p *Policy) add(document string, now time.Time) (PolicyVersion, error) {
	parsed, err := access.Parse(document)
	if err != nil {
		return PolicyVersion{}, fail(malformedPolicy, "%s", err)
	}
	p.Last++
	version := PolicyVersion{ID: strconv.Itoa(p.Last), Document: document, Created: now, parsed: parsed}
	p.Versions = append(p.Versions, version)
	return version, nil
}

// CreatePolicy adds a policy; the document is its version 1.
func (r *Registry) CreatePolicy(name, document string, now time.Time) (Policy, error) {
	if !r.names.policy.MatchString(name) {
		return Policy{}, fail(invalidRequest, "%q is no name of a policy: 1 to 128 letters, digits and _+=,.@- are allowed", name)
	}
	if r.state.Policies[name] != nil {
		return Policy{}, fail(alreadyExists, "there is a policy %q already", name)
	}
	p := &Policy{Name: name, Default: "1"}
	if _, err := p.add(document, now); err != nil {
		return Policy{}, err
	}
	r.state.Policies[name] = p
	return p.clone(), nil
}

// CreatePolicyVersion adds a version to a policy, of which there may be five, and may put it in effect.
func (r *Registry) CreatePolicyVersion(name, document string, setAsDefault bool, now time.Time) (PolicyVersion, error) {
	p, err := r.policy(name)
	if err != nil {
		return PolicyVersion{}, err
	}
	if len(p.Versions) >= maximumVersions {
		return PolicyVersion{}, fail(versionsLimit, "the policy %q has %d versions already: delete one first", name, maximumVersions)
	}
	version, err := p.add(document, now)
	if err == nil && setAsDefault {
		p.Default = version.ID
	}
	return version, err
}

// SetDefaultPolicyVersion puts a version in effect.
func (r *Registry) SetDefaultPolicyVersion(name, version string) error {
	p, err := r.policy(name)
	if err != nil {
		return err
	}
	if p.find(version) < 0 {
		return fail(notFound, "the policy %q has no version %q", name, version)
	}
	p.Default = version
	return nil
}

// DeletePolicyVersion removes a version that is not in effect.
func (r *Registry) DeletePolicyVersion(name, version string) error {
	p, err := r.policy(name)
	if err != nil {
		return err
	}
	i := p.find(version)
	switch {
	case i < 0:
		return fail(notFound, "the policy %q has no version %q", name, version)
	case version == p.Default:
		return fail(deleteConflict, "version %s of the policy %q is the default version", version, name)
	}
	p.Versions = slices.Delete(p.Versions, i, i+1)
	return nil
}

// DeletePolicy removes a policy that has its default version only and is attached to nothing.
func (r *Registry) DeletePolicy(name string) error {
	p, err := r.policy(name)
	switch {
	case err != nil:
		return err
	case len(p.Versions) > 1:
		return fail(deleteConflict, "the policy %q has versions besides the default version: delete them first", name)
	case len(r.PolicyTargets(name)) > 0:
		return fail(deleteConflict, "the policy %q is attached to a certificate: detach it first", name)
	}
	delete(r.state.Policies, name)
	return nil
}

// Policy gives a policy.
func (r *Registry) Policy(name string) (Policy, error) {
	p, err := r.policy(name)
	if err != nil {
		return Policy{}, err
	}
	return p.clone(), nil
}

// Policies gives all policies, by name.
func (r *Registry) Policies() []Policy { return sorted(r.state.Policies, (*Policy).clone) }

func (r *Registry) policy(name string) (*Policy, error) {
	if p := r.state.Policies[name]; p != nil {
		return p, nil
	}
	return nil, fail(notFound, "there is no policy %q", name)
}
