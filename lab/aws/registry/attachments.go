package registry

import (
	"slices"
	"strings"
)

// maximumAttached is how many policies a certificate may have (AWS IoT Core endpoints and quotas).
const maximumAttached = 10

// AttachPolicy attaches a policy to a certificate, which the ARN names. It may be attached already.
func (r *Registry) AttachPolicy(policy, target string) error {
	if _, err := r.policy(policy); err != nil {
		return err
	}
	c, err := r.principal(target)
	switch {
	case err != nil:
		return err
	case slices.Contains(c.Policies, policy):
	case len(c.Policies) >= maximumAttached:
		return fail(limitExceeded, "%d policies are attached to the certificate %s, which is the maximum", maximumAttached, c.ID)
	default:
		c.Policies = append(c.Policies, policy)
	}
	return nil
}

// DetachPolicy detaches a policy from a certificate. It may be detached already.
func (r *Registry) DetachPolicy(policy, target string) error {
	c, err := r.principal(target)
	if err != nil {
		return err
	}
	c.Policies = slices.DeleteFunc(c.Policies, func(name string) bool { return name == policy })
	return nil
}

// PolicyTargets gives the ARNs of what a policy is attached to.
func (r *Registry) PolicyTargets(policy string) []string {
	return r.attached(func(c *Certificate) bool { return slices.Contains(c.Policies, policy) })
}

// AttachThingPrincipal attaches a certificate, which the ARN names, to a thing; exclusively, if it shall have no other.
func (r *Registry) AttachThingPrincipal(thing, principal string, exclusive bool) error {
	if _, err := r.thing(thing); err != nil {
		return err
	}
	c, err := r.principal(principal)
	if err != nil {
		return err
	}
	for _, a := range c.Things {
		if a.Thing != thing && (a.Exclusive || exclusive) {
			return fail(invalidRequest, "the certificate %s is attached to the thing %q, and one of the attachments would be exclusive", c.ID, a.Thing)
		}
	}
	c.Things = append(slices.DeleteFunc(c.Things, func(a Attachment) bool { return a.Thing == thing }), Attachment{Thing: thing, Exclusive: exclusive})
	return nil
}

// DetachThingPrincipal detaches a certificate from a thing. It may be detached already.
func (r *Registry) DetachThingPrincipal(thing, principal string) error {
	if _, err := r.thing(thing); err != nil {
		return err
	}
	c, err := r.principal(principal)
	if err != nil {
		return err
	}
	c.Things = slices.DeleteFunc(c.Things, func(a Attachment) bool { return a.Thing == thing })
	return nil
}

// ThingPrincipals gives the ARNs of the certificates that are attached to a thing.
func (r *Registry) ThingPrincipals(thing string) []string {
	return r.attached(func(c *Certificate) bool {
		return slices.ContainsFunc(c.Things, func(a Attachment) bool { return a.Thing == thing })
	})
}

func (r *Registry) attached(to func(*Certificate) bool) (arns []string) {
	for id, c := range r.state.Certificates {
		if to(c) {
			arns = append(arns, r.account.ARN("cert", id))
		}
	}
	slices.Sort(arns)
	return arns
}

// principal finds the certificate that an ARN names.
func (r *Registry) principal(arn string) (*Certificate, error) {
	id, ok := strings.CutPrefix(arn, r.account.ARN("cert", ""))
	if !ok {
		return nil, fail(invalidRequest, "%q is no ARN of a certificate of this account, which is %s; others than certificates are not served", arn, r.account.ARN("cert", "ID"))
	}
	return r.certificate(id)
}
