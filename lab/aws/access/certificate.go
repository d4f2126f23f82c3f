package access

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// maximumItems is how many values of a certificate's attribute count (developer guide, "X.509 certificate policy variables", limitations).
const maximumItems = 5

// certificate sets the variables of a certificate (developer guide, "X.509 certificate policy variables").
func (c Context) certificate(certificate *x509.Certificate) {
	var keys []string
	set := func(key string, items []string) {
		if len(items) > 0 {
			keys = append(keys, "iot:Certificate."+key)
			c.values[strings.ToLower("iot:Certificate."+key)] = entry{items: items[:min(len(items), maximumItems)], single: true}
		}
	}
	for _, part := range []struct {
		prefix string
		names  []pkix.AttributeTypeAndValue
	}{{"Issuer", certificate.Issuer.Names}, {"Subject", certificate.Subject.Names}} {
		found := map[string][]string{}
		for _, name := range part.names {
			if attribute := attributeName(name.Type); attribute != "" {
				found[attribute] = append(found[attribute], fmt.Sprint(name.Value))
			}
		}
		for attribute, items := range found {
			set(part.prefix+"."+attribute, items)
		}
	}
	for _, extension := range certificate.Extensions {
		var prefix string
		switch {
		case extension.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}):
			prefix = "Subject.AlternativeName."
		case extension.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 18}):
			prefix = "Issuer.AlternativeName."
		default:
			continue
		}
		for kind, items := range alternativeNames(extension.Value) {
			set(prefix+kind, items)
		}
	}
	if certificate.SerialNumber != nil {
		set("SerialNumber", []string{serial(certificate)})
	}
	slices.Sort(keys)
	if len(keys) > 0 {
		c.values[strings.ToLower("iot:Certificate.AvailableKeys")] = entry{items: keys}
	}
}

// serial writes the serial number as the developer guide's example does ("Using X.509 certificate policy variables"): 92:12:85:cb.
func serial(certificate *x509.Certificate) string {
	digits := hex.EncodeToString(certificate.SerialNumber.Bytes())
	var pairs []string
	for pair := range slices.Chunk([]byte(digits), 2) {
		pairs = append(pairs, string(pair))
	}
	return strings.Join(pairs, ":")
}

// attributeName gives the name in a policy variable of an attribute of X.520; "" for those that have none.
func attributeName(id asn1.ObjectIdentifier) string {
	switch id.String() {
	case "2.5.4.46":
		return "DistinguishedNameQualifier"
	case "2.5.4.6":
		return "Country"
	case "2.5.4.10":
		return "Organization"
	case "2.5.4.11":
		return "OrganizationalUnit"
	case "2.5.4.8":
		return "State"
	case "2.5.4.3":
		return "CommonName"
	case "2.5.4.5":
		return "SerialNumber"
	case "2.5.4.12":
		return "Title"
	case "2.5.4.4":
		return "Surname"
	case "2.5.4.42":
		return "GivenName"
	case "2.5.4.43":
		return "Initials"
	case "2.5.4.65":
		return "Pseudonym"
	case "2.5.4.44":
		return "GenerationQualifier"
	}
	return ""
}

// alternativeNames reads the GeneralNames of RFC 5280 section 4.2.1.6, by the names of the policy variables. What cannot be read is left out.
func alternativeNames(der []byte) map[string][]string {
	found := map[string][]string{}
	var names []asn1.RawValue
	if rest, err := asn1.Unmarshal(der, &names); err != nil || len(rest) > 0 {
		return nil
	}
	for _, name := range names {
		if name.Class != asn1.ClassContextSpecific {
			continue
		}
		switch name.Tag {
		case 1:
			found["RFC822Name"] = append(found["RFC822Name"], string(name.Bytes))
		case 2:
			found["DNSName"] = append(found["DNSName"], string(name.Bytes))
		case 4:
			var sequence pkix.RDNSequence
			if rest, err := asn1.Unmarshal(name.Bytes, &sequence); err == nil && len(rest) == 0 {
				found["DirectoryName"] = append(found["DirectoryName"], sequence.String())
			}
		case 6:
			found["UniformResourceIdentifier"] = append(found["UniformResourceIdentifier"], string(name.Bytes))
		case 7:
			if address, ok := netip.AddrFromSlice(name.Bytes); ok {
				found["IPAddress"] = append(found["IPAddress"], address.String())
			}
		}
	}
	return found
}
