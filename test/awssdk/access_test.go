//go:build real

package awssdk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/aws/registry"
)

// Who is refused sees what the SDK makes of it, and the lab says why.
func TestRefusedConnections(t *testing.T) {
	t.Parallel()
	c := newPatientCloud(t)
	d := newDriver(t, "")
	unknown, err := c.authority.Device(90, "unregistered", time.Now())
	check(t, err)
	inactive := c.device(everything)
	check(t, c.Cloud().Registry(func(r *registry.Registry, now time.Time) error {
		content, err := os.ReadFile(inactive.Cert)
		if err != nil {
			return err
		}
		for _, certificate := range r.Certificates() {
			if certificate.PEM == string(content) {
				return r.UpdateCertificate(certificate.ID, registry.Inactive, now)
			}
		}
		return os.ErrNotExist
	}))
	good := c.device(samplePolicy("allowed", "t"))

	tests := map[string]struct {
		client  string
		access  access
		crt5    string // the error of the MQTT 5 client
		reason  string // of its CONNACK
		crt311  string
		refusal string // rule of the lab
	}{
		"policy without this client id": {client: "stranger", access: good, crt5: "AWS_ERROR_MQTT5_CONNACK_CONNECTION_REFUSED", reason: "135",
			crt311: "AWS_ERROR_MQTT_UNEXPECTED_HANGUP", refusal: "connect/policy"},
		// A server of another authority is for the SDK to refuse; it takes up to half a minute over that on purpose, and learns nothing of the lab.
		"certificate that is not registered": {client: "allowed", crt5: "AWS_IO_TLS_ERROR_READ_FAILURE", crt311: "AWS_IO_TLS_ERROR_READ_FAILURE", access: access{Host: "localhost", Port: c.port(), Cert: filepath.Join(unknown, "cert.pem"),
			Key: filepath.Join(unknown, "key.pem"), CA: c.ca()}, refusal: "tls/certificate-unknown"},
		"certificate that is not active": {client: "allowed", crt5: "AWS_IO_TLS_ERROR_READ_FAILURE", crt311: "AWS_IO_TLS_ERROR_READ_FAILURE", access: inactive, refusal: "tls/certificate-status"},
	}
	for name, test := range tests {
		mark := c.now()
		_, err := d.try("mqtt5.start", options5(test.client, test.access, nil))
		if err == nil || !strings.Contains(err.Error(), test.crt5) {
			t.Errorf("%s, MQTT 5: %v; want %s", name, err, test.crt5)
		}
		if test.reason != "" {
			want(t, d.await(0, "connectionFailure", test.client).Data, member{"connack.reasonCode", test.reason})
		}
		c.saw(mark, "refused", test.refusal)
		d.call("mqtt5.stop", object{"name": test.client})
		mark = c.now()
		_, err = d.try("mqtt311.connect", options311(test.client+"-311", test.access, object{"clientId": test.client}))
		if err == nil || !strings.Contains(err.Error(), test.crt311) {
			t.Errorf("%s, MQTT 3.1.1: %v; want %s", name, err, test.crt311)
		}
		c.saw(mark, "refused", test.refusal)
	}
}

// Topics that the policy does not allow: SUBACK says no, PUBLISH ends the connection, and what may not be received does not come.
func TestRefusedTopics(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	d := newDriver(t, "")
	limited := c.device(samplePolicy("limited*", "mine"))
	d.start5("limited5", limited, nil)
	suback := d.call("mqtt5.subscribe", object{"name": "limited5", "filters": []string{"mine", "yours"}, "qos": atLeastOnce})
	want(t, suback, member{"reasonCodes", "[1,135]"})
	if _, err := d.try("mqtt5.publish", object{"name": "limited5", "topicName": "yours", "payload": "x", "qos": atMostOnce}); err != nil {
		t.Errorf("publishing with QoS 0: %v", err)
	}
	gone := d.await(0, "disconnection", "limited5")
	want(t, gone.Data, member{"disconnect.reasonCode", "135"}) // not authorized
	c.saw(0, "refused", "limited5", "yours", "publish/policy", "iot:Publish")

	d.connect311("limited311", limited, nil)
	suback, err := d.try("mqtt311.subscribe", object{"name": "limited311", "filter": "yours", "qos": atLeastOnce})
	if err == nil {
		if code, _ := at(suback, "qos"); code != "128" {
			t.Errorf("SUBACK for a forbidden filter: %s", suback)
		}
	}
	c.saw(0, "refused", "limited311", "yours", "subscribe/policy")
	d.begin("mqtt311.publish", object{"name": "limited311", "topic": "yours", "payload": "x", "qos": atMostOnce})
	d.await(0, "interrupt", "limited311")
	c.saw(0, "refused", "limited311", "yours", "publish/policy")
}
