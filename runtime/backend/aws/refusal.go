package aws

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/cloudgen/cloudgen/runtime/mqtt"
)

// The return codes of CONNACK (MQTT 3.1.1, table 3.1), and the one by which the service's documents say 5.
const (
	codeIdentifier       = 2
	codeUnavailable      = 3
	codeNotAuthorised    = 5
	codeNotAuthorisedToo = 7
)

// explain adds to the error of a refused connection what it means with this service, and what to do.
func (b *Backend) explain(err error) error {
	failure, is := errors.AsType[*mqtt.ConnectError](err)
	if !is {
		return fmt.Errorf("aws: %w", err) // the credentials themselves
	}
	if meaning := b.refusal(failure); meaning != "" {
		return fmt.Errorf("aws: %w; %s", err, meaning)
	}
	return fmt.Errorf("aws: %w", err)
}

// refusal tells what a failure means. The service mostly closes the connection where MQTT foresees a return code: for a certificate that
// is not registered or not ACTIVE, a policy without iot:Connect, and too many connects alike (aws-iot-device-sdk-cpp-v2 issue 247). They are told apart
// by when it closes, and by whether it has accepted this device before.
func (b *Backend) refusal(failure *mqtt.ConnectError) string {
	id, tag := b.target.ClientID, b.config.MQTT.SecTag
	switch failure.Failure {
	case mqtt.FailureServerCertificate:
		return fmt.Sprintf("endpoints with -ats in their name need Amazon Root CA 1 or 3 as ca.pem of security tag %d", tag)
	case mqtt.FailureServerValidity:
		return "set the device's clock: AWS renews its certificates in time"
	case mqtt.FailureClientCertificate:
		return fmt.Sprintf("register the certificate of security tag %d with the account and set it ACTIVE", tag)
	case mqtt.FailureTLSClosed:
		if _, err := netip.ParseAddr(b.target.Host); err == nil {
			return fmt.Sprintf("AWS IoT Core needs the name of the endpoint in the TLS handshake (SNI), and %s is an address: set AWS_IOT_BROKER_HOST_NAME to the name, and MQTT_HELPER_STATIC_IP_ADDRESS to the address",
				b.target.Host)
		}
		return "is AWS_IOT_BROKER_HOST_NAME the account's own endpoint, and MQTT_HELPER_PORT 8883, or 443?"
	case mqtt.FailureDNS:
		return "AWS_IOT_BROKER_HOST_NAME comes from: aws iot describe-endpoint --endpoint-type iot:Data-ATS"
	case mqtt.FailureRefused:
		return b.refusalByCode(failure.Code)
	case mqtt.FailureClosed:
		if b.wasAccepted() {
			return fmt.Sprintf("AWS IoT Core has accepted this device before, so either the client id %q connects more than once a second and is throttled, or its certificate has been set INACTIVE, "+
				"or its policy has been changed and does not allow iot:Connect any more", id)
		}
		return fmt.Sprintf("AWS IoT Core does so when no policy of the certificate allows iot:Connect for client id %q, or the certificate of security tag %d is not registered or not ACTIVE%s",
			id, tag, b.stillProvisioning())
	}
	return ""
}

func (b *Backend) refusalByCode(code byte) string {
	switch code {
	case codeIdentifier:
		return fmt.Sprintf("the client id is %q", b.target.ClientID)
	case codeUnavailable:
		return "AWS IoT Core throttles the account or this device (one connect a second for a client id), or is not available at the moment"
	case codeNotAuthorised, codeNotAuthorisedToo:
		return fmt.Sprintf("no policy of the certificate allows iot:Connect for client id %q, or the certificate is not ACTIVE%s", b.target.ClientID, b.stillProvisioning())
	}
	return ""
}

func (b *Backend) stillProvisioning() string {
	if b.config.JustInTimeProvisioning {
		return "; or it is still being registered, if the template of its CA is in order"
	}
	return ""
}

func (b *Backend) wasAccepted() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.accepted
}

// provisioningPauses are the waits before a new device connects again while the service registers it. It closes the first connection, upon CONNECT,
// and the device has to come again (developer guide, "Just-in-time provisioning" and "… registration"; how long it takes is not said).
var provisioningPauses = [...]time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second}

// dial makes the connection. With just-in-time provisioning the refusals before the first acceptance are tried again as long as ctx allows.
func (b *Backend) dial(ctx context.Context) (*mqtt.Connection, error) {
	for i := 0; ; i++ {
		conn, err := mqtt.Connect(ctx, b.config.MQTT, b.target)
		if err == nil || i == len(provisioningPauses) || !b.provisioning(err) {
			return conn, err
		}
		pause := provisioningPauses[i] + rand.N(provisioningPauses[i]/4) // a batch of new devices does not come as one
		b.logger.Info("refused; the service may be registering this device", "again in", pause, "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, err // says more than that the time is up
		}
	}
}

// provisioning tells whether a refusal is one that the registration of the device may explain.
func (b *Backend) provisioning(err error) bool {
	failure, is := errors.AsType[*mqtt.ConnectError](err)
	if !is || !b.config.JustInTimeProvisioning || b.wasAccepted() {
		return false
	}
	switch failure.Failure {
	case mqtt.FailureClosed, mqtt.FailureTLSClosed, mqtt.FailureClientCertificate:
		return true
	case mqtt.FailureRefused:
		return failure.Code == codeNotAuthorised || failure.Code == codeNotAuthorisedToo
	}
	return false
}
