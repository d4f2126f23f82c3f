package aws

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/mqtt"
	"github.com/cloudgen/cloudgen/runtime/mqtt/mqtttest"
)

// TestRefusals: what each failure of a connection means with this service, as the error says it. TestConnectResults makes them happen.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		failure  mqtt.ConnectError
		accepted bool // before
		change   func(*Backend)
		says     string
		not      string
	}{
		"certificate unknown or inactive, by TLS": {failure: mqtt.ConnectError{Failure: mqtt.FailureClientCertificate}, says: "register the certificate of security tag 42 with the account and set it ACTIVE"},
		"certificate or policy, by closing":       {failure: mqtt.ConnectError{Failure: mqtt.FailureClosed}, says: `no policy of the certificate allows iot:Connect for client id "` + thing + `", or the certificate of security tag 42 is not registered or not ACTIVE`, not: "throttled"},
		"closing, accepted before":                {failure: mqtt.ConnectError{Failure: mqtt.FailureClosed}, accepted: true, says: "more than once a second and is throttled, or its certificate has been set INACTIVE", not: "not registered"},
		"policy":                                  {failure: mqtt.ConnectError{Failure: mqtt.FailureRefused, Code: 5}, says: "iot:Connect for client id"},
		"policy, the service's other code":        {failure: mqtt.ConnectError{Failure: mqtt.FailureRefused, Code: 7}, says: "iot:Connect for client id"},
		"id":                                      {failure: mqtt.ConnectError{Failure: mqtt.FailureRefused, Code: 2}, says: `the client id is "` + thing + `"`, not: "iot:Connect"},
		"throttled":                               {failure: mqtt.ConnectError{Failure: mqtt.FailureRefused, Code: 3}, says: "throttles", not: "iot:Connect"},
		"protocol":                                {failure: mqtt.ConnectError{Failure: mqtt.FailureRefused, Code: 1}, not: ";"},
		"wrong CA":                                {failure: mqtt.ConnectError{Failure: mqtt.FailureServerCertificate}, says: "Amazon Root CA 1 or 3 as ca.pem of security tag 42"},
		"clock":                                   {failure: mqtt.ConnectError{Failure: mqtt.FailureServerValidity}, says: "set the device's clock"},
		"name":                                    {failure: mqtt.ConnectError{Failure: mqtt.FailureDNS}, says: "aws iot describe-endpoint"},
		"no SNI": {failure: mqtt.ConnectError{Failure: mqtt.FailureTLSClosed}, change: func(b *Backend) { b.target.Host = "192.0.2.1" },
			says: "SNI), and 192.0.2.1 is an address: set AWS_IOT_BROKER_HOST_NAME to the name, and MQTT_HELPER_STATIC_IP_ADDRESS"},
		"other endpoint":           {failure: mqtt.ConnectError{Failure: mqtt.FailureTLSClosed}, says: "the account's own endpoint, and MQTT_HELPER_PORT 8883, or 443?"},
		"still being provisioned":  {failure: mqtt.ConnectError{Failure: mqtt.FailureClosed}, change: func(b *Backend) { b.config.JustInTimeProvisioning = true }, says: "still being registered"},
		"network, nothing to add":  {failure: mqtt.ConnectError{Failure: mqtt.FailureNetwork}, not: ";"},
		"time up, nothing to add":  {failure: mqtt.ConnectError{Failure: mqtt.FailureTimeout}, not: ";"},
		"an undefined return code": {failure: mqtt.ConnectError{Failure: mqtt.FailureRefused, Code: 77}, not: ";"},
	} {
		t.Run(name, func(t *testing.T) {
			b := &Backend{config: shipped, accepted: c.accepted, target: mqtt.Target{Host: "broker.example", ClientID: thing}}
			if c.change != nil {
				c.change(b)
			}
			c.failure.Problem = "PROBLEM"
			got := b.explain(fmt.Errorf("around: %w", &c.failure))
			failure, is := errors.AsType[*mqtt.ConnectError](got)
			if !is || failure.Failure != c.failure.Failure || !strings.Contains(got.Error(), "PROBLEM") || !strings.Contains(got.Error(), c.says) || c.not != "" && strings.Contains(got.Error(), c.not) {
				t.Errorf("%v\nwant %q, and not %q", got, c.says, c.not)
			}
		})
	}
}

// TestJustInTimeProvisioning: a new device's first connections are closed while the service registers it. It comes again soon, within one
// Connect, until it has been accepted; later refusals are refusals.
func TestJustInTimeProvisioning(t *testing.T) {
	config := shipped
	config.JustInTimeProvisioning = true
	refuse := map[string]func(*mqtttest.Conn){
		"closed":         func(c *mqtttest.Conn) { c.Connect(); c.Close() },
		"not authorised": func(c *mqtttest.Conn) { c.Connect(); c.Connack(5, false); c.Ended(); c.Close() },
	}
	for name, refuse := range refuse {
		t.Run(name, func(t *testing.T) {
			inBubble(t, config, func(t *testing.T, d *device, service pipes) {
				done := d.connect()
				for i := range provisioningPauses {
					refuse(mqtttest.NewConn(t, <-service))
					refused := time.Now()
					if i == len(provisioningPauses)-1 {
						break
					}
					conn := <-service
					if waited := time.Since(refused); waited < provisioningPauses[i] || waited > provisioningPauses[i]*5/4 {
						t.Errorf("comes again after %v, want %v and at most a quarter more", waited, provisioningPauses[i])
					}
					go func() { service <- conn }()
				}
				conn := service.accept(t, false)
				if got := <-done; got.err != nil {
					t.Fatal(got.err)
				}
				conn.Close()
				pass(time.Second)
				done = d.connect()
				refuse(mqtttest.NewConn(t, <-service))
				if got := <-done; got.result != cloud.ConnectErrBackend || got.err == nil {
					t.Errorf("refused after it was accepted: %+v", got)
				}
			})
		})
		t.Run(name+", for good", func(t *testing.T) {
			inBubble(t, config, func(t *testing.T, d *device, service pipes) {
				began := time.Now()
				done := d.connect()
				for range len(provisioningPauses) + 1 {
					refuse(mqtttest.NewConn(t, <-service))
				}
				if got := <-done; got.result != cloud.ConnectErrBackend || !strings.Contains(got.err.Error(), "still being registered") {
					t.Errorf("%+v", got)
				}
				if took := time.Since(began); took > config.ConnectTimeout {
					t.Errorf("took %v", took)
				}
			})
		})
	}
	// The time for a connection bounds it all, and what is told is the refusal.
	short := config
	short.ConnectTimeout = 5 * time.Second
	inBubble(t, short, func(t *testing.T, d *device, service pipes) {
		done := d.connect()
		refuse["closed"](mqtttest.NewConn(t, <-service))
		refuse["closed"](mqtttest.NewConn(t, <-service))
		if got := <-done; got.result != cloud.ConnectErrBackend || !strings.Contains(got.err.Error(), "in place of an answer") {
			t.Errorf("%+v", got)
		}
	})
	// Without the option a refusal is told at once.
	inBubble(t, shipped, func(t *testing.T, d *device, service pipes) {
		began := time.Now()
		done := d.connect()
		refuse["closed"](mqtttest.NewConn(t, <-service))
		if got := <-done; got.result != cloud.ConnectErrBackend || time.Since(began) > time.Second {
			t.Errorf("%+v after %v", got, time.Since(began))
		}
	})
}

// TestServiceLimits: what the service would not take is refused before anything is sent, or brought within its bounds.
func TestServiceLimits(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{
		0: maxKeepAlive, 5 * time.Second: 5 * time.Second, 30 * time.Second: 30 * time.Second, maxKeepAlive: maxKeepAlive,
		maxKeepAlive + time.Second: maxKeepAlive, 65535 * time.Second: maxKeepAlive,
	} {
		if got := servedKeepAlive(asked); got != want {
			t.Errorf("keep-alive of %v becomes %v, want %v", asked, got, want)
		}
	}
	will := func(change func(*mqtt.Config)) Config {
		config := shipped
		config.MQTT.LastWill, config.MQTT.LastWillTopic, config.MQTT.LastWillMessage = true, "lastwilltopic", `{"lastwill": "offline"}`
		change(&config.MQTT)
		return config
	}
	with := func(change func(*Config)) Config {
		config := shipped
		change(&config)
		return config
	}
	if err := checkConfig(will(func(c *mqtt.Config) { c.LastWillQoS, c.LastWillRetain = 1, true })); err != nil {
		t.Error(err)
	}
	for says, config := range map[string]Config{
		`"$aws/things/x/shadow/update": AWS IoT Core ignores wills`: will(func(c *mqtt.Config) { c.LastWillTopic = "$aws/things/x/shadow/update" }),
		"last will: the topic":                      will(func(c *mqtt.Config) { c.LastWillTopic = "1/2/3/4/5/6/7/8/9" }),
		"last will: 131073 bytes":                   will(func(c *mqtt.Config) { c.LastWillMessage = strings.Repeat("x", maxPayload+1) }),
		"AWS_IOT_SHADOW_NAME: \"a/b\" holds '/'":    with(func(c *Config) { c.ShadowName = "a/b" }),
		"has 65 bytes: at most 64":                  with(func(c *Config) { c.ShadowName = strings.Repeat("x", 65) }),
		"AWS_IOT_TOPIC_DESIRED_CFG_SUBSCRIBE":       with(func(c *Config) { c.ShadowName = "tracker" }),
		"AWS_IOT_SHADOW_VERSIONED_REPORTS needs":    with(func(c *Config) { c.VersionedReports = true }),
		"MEMFAULT_NCS_PROJECT_KEY: \"+\" holds '+'": with(func(c *Config) { c.MemfaultProjectKey = "+" }),
	} {
		if err := checkConfig(config); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %q", err, says)
		}
	}
	for _, c := range []struct {
		update string
		size   int
	}{
		{`{"state":{}}`, 12},
		{strings.Repeat(" ", maxShadow) + `{"state":{"reported":{"a":1}}}`, 20},
		{`{"state":{"reported":{"a":"` + strings.Repeat("x", maxShadow) + `"}},"clientToken":"t"}`, maxShadow + 21},
		{strings.Repeat("x", maxShadow+1), maxShadow + 1},
		{`{"reported":"` + strings.Repeat("x", maxShadow) + `"}`, maxShadow + 15},
	} {
		if got := stateSize([]byte(c.update)); got != c.size {
			t.Errorf("%.40s…: %d bytes, want %d", c.update, got, c.size)
		}
	}
}
