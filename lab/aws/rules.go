package aws

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/lab/broker"
)

// Rule is a refusal that AWS documents, and what the lab does in its place. Every refusal of the lab has one.
type Rule struct {
	ID     string // as in broker.Refusal.Rule
	Source string // where AWS (or the protocol beneath) says so
	Wire   string // what the client sees
	Event  string // what it is about, for people

	code   byte // reason code of MQTT 5
	effect broker.Effect
	answer string // of shadows and jobs: what the rejection begins with, "409"; alternatives after |
}

// Where the rules are written.
const (
	guideMQTT         = `AWS IoT Core developer guide, "MQTT"`
	guideMQTT5        = `AWS IoT Core developer guide, "MQTT 5 supported features"`
	guideReserved     = `AWS IoT Core developer guide, "Reserved topics"`
	guideRetained     = `AWS IoT Core developer guide, "MQTT retained messages"`
	guideTransport    = `AWS IoT Core developer guide, "Transport security in AWS IoT Core"`
	guideProtocols    = `AWS IoT Core developer guide, "Device communication protocols"`
	guideCertificates = `AWS IoT Core developer guide, "X.509 client certificates"`
	guideJITR         = `AWS IoT Core developer guide, "Register a client certificate when the client connects (just-in-time registration)"`
	guideJITP         = `AWS IoT Core developer guide, "Just-in-time provisioning"`
	guidePolicies     = `AWS IoT Core developer guide, "AWS IoT Core policies"`
	guideActions      = `AWS IoT Core developer guide, "AWS IoT Core policy actions"`
	guideShadow       = `AWS IoT Core developer guide, "Device Shadow error messages"`
	guideJobs         = `AWS IoT Core developer guide, "Jobs device MQTT and HTTPS API operations and data types", ErrorResponse`
	quotas            = `AWS IoT Core endpoints and quotas, "message broker and protocol limits and quotas"`
	quotasShadow      = `AWS IoT Core endpoints and quotas, "Device Shadow service limits and quotas"`
	apiIoT            = `AWS IoT API reference, "Errors" of the actions`
	apiData           = `AWS IoT data plane API reference, "Errors" of the actions`
	s3Errors          = `Amazon S3 API reference, "Error responses"`
	s3Signing         = `Amazon S3 API reference, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)"`
	mqtt311           = `MQTT 3.1.1`
)

// Reason codes of MQTT 5 (its section 2.4).
const (
	codeClientID   = 0x85
	codeForbidden  = 0x87
	codeFilter     = 0x8f
	codeTopic      = 0x90
	codeAlias      = 0x94
	codeTooLarge   = 0x95
	codeQuota      = 0x97
	codeFormat     = 0x99
	codeRetain     = 0x9a
	codeQoS        = 0x9b
	codeIdentifier = 0xa1
)

const (
	handshake  = "TLS handshake fails"
	closes     = "connection closed; MQTT 5: DISCONNECT with 0x%02X before"
	connack    = "connection closed without CONNACK; MQTT 5: CONNACK with 0x%02X"
	suback     = "SUBACK with 0x80; MQTT 5: 0x%02X"
	unanswered = "no answer; the connection stays"
)

// Rules gives the table. docs/aws-refusals.md is made of it.
func Rules() []Rule {
	var all []Rule
	add := func(source string, rules ...Rule) {
		for _, r := range rules {
			r.Source = source
			if strings.Contains(r.Wire, "%02X") {
				r.Wire = fmt.Sprintf(r.Wire, r.code)
			}
			if strings.HasPrefix(r.Wire, unanswered) {
				r.effect = broker.Ignore
			}
			all = append(all, r)
		}
	}
	add(guideTransport,
		Rule{ID: "tls/sni", Wire: handshake, Event: "no server name in the TLS handshake"},
		Rule{ID: "tls/version", Wire: handshake, Event: "a version of TLS older than 1.2"},
	)
	add(guideProtocols,
		Rule{ID: "tls/alpn", Wire: handshake + " (no_application_protocol)", Event: "on the second port, none of the offered ALPN protocols is served"},
	)
	add(guideCertificates,
		Rule{ID: "tls/certificate-missing", Wire: handshake, Event: "no client certificate"},
		Rule{ID: "tls/certificate-unknown", Wire: handshake, Event: "a certificate that is not registered, of no registered authority"},
		Rule{ID: "tls/certificate-status", Wire: handshake, Event: "a certificate that is not ACTIVE"},
		Rule{ID: "tls/certificate-period", Wire: handshake, Event: "a certificate that is not valid yet or any more"},
	)
	add(guideJITR, Rule{ID: "tls/registered", Wire: handshake, Event: "the first connection with a certificate of an authority with auto-registration: it is registered as PENDING_ACTIVATION"})
	add(guideJITP, Rule{ID: "tls/provisioned", Wire: handshake, Event: "the first connection with a certificate of an authority with a provisioning template: things, policies and the certificate are made"})
	add(mqtt311,
		Rule{ID: "mqtt/connect-timeout", Wire: "connection closed", Event: "no CONNECT in time (section 3.1.4)"},
		Rule{ID: "mqtt/first-packet", Wire: "connection closed", Event: "the first packet is no CONNECT (section 3.1.0)"},
		Rule{ID: "mqtt/second-connect", Wire: "connection closed", Event: "a second CONNECT (section 3.1.0)"},
		Rule{ID: "mqtt/protocol", Wire: "CONNACK with 0x01, connection closed", Event: "MQTT 3.1 or another version (section 3.1.2.2)"},
		Rule{ID: "mqtt/client-id", Wire: "CONNACK with a code, connection closed", Event: "no client id, and clean session off (section 3.1.3.1)"},
		Rule{ID: "mqtt/packet-size", Wire: "connection closed", Event: "a packet larger than what the CONNACK of MQTT 5 announces"},
		Rule{ID: "mqtt/malformed", Wire: "connection closed", Event: "a packet that is malformed or not allowed (section 4.8)"},
		Rule{ID: "mqtt/keep-alive", Wire: "connection closed, will published", Event: "silence for 1.5 times the keep-alive (section 3.1.2.10)"},
		Rule{ID: "mqtt/topic", Wire: "connection closed", Event: "PUBLISH on no topic or one with a wildcard (section 3.3.2.1)"},
		Rule{ID: "mqtt/filter", Wire: "SUBACK with 0x80", Event: "a filter that breaks the syntax (section 4.7)"},
		Rule{ID: "mqtt/no-filter", Wire: "connection closed", Event: "SUBSCRIBE without a filter (section 3.8.3)"},
	)
	add(quotas,
		Rule{ID: "connect/client-id", Wire: connack, code: codeClientID, Event: "a client id of more than 128 bytes"},
		Rule{ID: "connect/rate", Wire: connack, code: codeQuota, Event: "more than one CONNECT a second with one client id"},
		Rule{ID: "connect/will-topic", Wire: connack, code: codeTopic, Event: "a will's topic of more than 256 bytes or 7 slashes"},
	)
	add(guideMQTT, Rule{ID: "connect/will-qos", Wire: connack, code: codeQoS, Event: "a will with QoS 2"})
	add(guideReserved, Rule{ID: "connect/will-reserved", Wire: connack, code: codeTopic, Event: "a will on a topic that begins with $"})
	add(guidePolicies,
		Rule{ID: "connect/policy", Wire: connack, code: codeForbidden, Event: "no policy allows iot:Connect with this client id"},
		Rule{ID: "connect/will-policy", Wire: connack, code: codeForbidden, Event: "no policy allows the will: iot:Publish, with RETAIN iot:RetainPublish too"},
	)
	add(guideMQTT,
		Rule{ID: "publish/qos-2", Wire: unanswered + "; MQTT 5: DISCONNECT with 0x9B", code: codeQoS, Event: "PUBLISH with QoS 2"},
	)
	add(quotas,
		Rule{ID: "publish/payload", Wire: closes, code: codeTooLarge, Event: "a payload of more than 128 KiB"},
		Rule{ID: "publish/topic-length", Wire: closes, code: codeTopic, Event: "a topic of more than 256 bytes"},
		Rule{ID: "publish/topic-depth", Wire: closes, code: codeTopic, Event: "a topic with more than 7 slashes"},
		Rule{ID: "publish/rate", Wire: unanswered, code: codeQuota, Event: "more than 100 PUBLISH a second: the message is discarded"},
		Rule{ID: "publish/throughput", Wire: "delayed", Event: "more than 512 KiB a second, either way"},
		Rule{ID: "receive/rate", Wire: "not delivered", Event: "more than 100 messages a second to a client: discarded"},
	)
	add(guideReserved,
		Rule{ID: "publish/reserved", Wire: closes, code: codeTopic, Event: "a topic that begins with $ and is none that the service defines"},
		Rule{ID: "publish/reserved-answer", Wire: closes, code: codeForbidden, Event: "a topic on which only the service publishes"},
	)
	add(guideRetained, Rule{ID: "publish/reserved-retain", Wire: closes, code: codeRetain, Event: "RETAIN on a topic that begins with $"})
	add(guideActions,
		Rule{ID: "publish/policy", Wire: closes, code: codeForbidden, Event: "no policy allows iot:Publish on the topic"},
		Rule{ID: "publish/retain-policy", Wire: closes, code: codeForbidden, Event: "no policy allows iot:RetainPublish on the topic"},
		Rule{ID: "subscribe/policy", Wire: suback, code: codeForbidden, Event: "no policy allows iot:Subscribe to the filter"},
		Rule{ID: "receive/policy", Wire: "not delivered", Event: "no policy allows iot:Receive on the topic"},
	)
	add(guideMQTT5,
		Rule{ID: "publish/topic-alias", Wire: closes, code: codeAlias, Event: "a topic alias above 8"},
		Rule{ID: "publish/payload-format", Wire: closes, code: codeFormat, Event: "the payload format indicator says UTF-8, and the payload is none"},
		Rule{ID: "subscribe/identifier", Wire: closes, code: codeIdentifier, Event: "a subscription identifier, which the CONNACK excludes"},
	)
	add(guideMQTT, Rule{ID: "subscribe/qos-2", Wire: unanswered, code: codeQoS, Event: "SUBSCRIBE with QoS 2 in MQTT 3.1.1"})
	add(guideReserved, Rule{ID: "subscribe/reserved", Wire: closes, code: codeFilter, Event: "a filter that begins with $ and matches no topic that the service defines"})
	add(quotas,
		Rule{ID: "subscribe/filters", Wire: closes, code: codeQuota, Event: "more than 8 filters in a SUBSCRIBE"},
		Rule{ID: "subscribe/subscriptions", Wire: closes, code: codeQuota, Event: "more than 50 subscriptions"},
		Rule{ID: "subscribe/filter-length", Wire: suback, code: codeFilter, Event: "a filter of more than 256 bytes"},
		Rule{ID: "subscribe/filter-depth", Wire: suback, code: codeFilter, Event: "a filter with more than 7 slashes"},
	)
	const shadowWire = "rejected, HTTP status and code %s"
	shadow := func(id, answer, event string) Rule {
		code, _, _ := strings.Cut(answer, " ")
		return Rule{ID: "shadow/" + id, Wire: fmt.Sprintf(shadowWire, code), Event: event, answer: answer}
	}
	add(guideShadow,
		shadow("json", "400 Invalid JSON", "the body is not JSON"),
		shadow("no-state", "400 Missing required node: state", "no state"),
		shadow("state", "400 State node must be an object", "state is no object"),
		shadow("section", "400 Desired node must be an object|400 Reported node must be an object", "desired or reported is no object"),
		shadow("version", "400 Invalid version", "version is no integer"),
		shadow("token", "400 Invalid clientToken", "clientToken is no string of at most 64 bytes"),
		shadow("depth", "400 JSON contains too many levels", "more than 8 levels"),
		shadow("node", "400 State contains an invalid node", "null in an array"),
		shadow("thing", "404 Thing not found", "the thing is not registered"),
		shadow("none", "404 No shadow exists", "there is no such shadow"),
		shadow("conflict", "409", "version is not the stored one"),
		shadow("encoding", "415", "the body is not UTF-8"),
	)
	add(quotasShadow,
		shadow("size", "413", "state above 8 KiB"),
		shadow("in-flight", "429 Too many requests in flight", "more than 10 requests of a connection without an answer"),
		shadow("rate", "429 Too many requests a second", "more than 20 requests a second on a thing's shadows"),
	)
	job := func(code, event string) Rule {
		return Rule{ID: "jobs/" + code, Wire: "rejected with " + code, Event: event, answer: code}
	}
	add(guideJobs,
		job("InvalidTopic", "a topic of no operation"),
		job("InvalidJson", "the body is not JSON"),
		job("InvalidRequest", "a member is missing or wrong"),
		job("InvalidStateTransition", "a status that the device may not set from the present one"),
		job("ResourceNotFound", "no such execution"),
		job("VersionMismatch", "expectedVersion is not the version of the execution"),
		job("TerminalStateReached", "describe of an execution that has ended"),
	)
	add(apiData,
		Rule{ID: "http/certificate", Wire: "403 MissingAuthenticationTokenException", Event: "the data plane without a client certificate or a signature"},
		Rule{ID: "http/policy", Wire: "403 ForbiddenException", Event: "no policy allows the action"},
		Rule{ID: "http/payload", Wire: "413 RequestEntityTooLargeException", Event: "a body of more than 128 KiB"},
		Rule{ID: "http/topic", Wire: "400 InvalidRequestException", Event: "a publish to a topic that is too long, reserved, or with a wildcard"},
		Rule{ID: "http/qos", Wire: "400 InvalidRequestException", Event: "a publish with a qos other than 0 and 1"},
		Rule{ID: "http/retained", Wire: "404 ResourceNotFoundException", Event: "a topic without a retained message"},
		Rule{ID: "http/operation", Wire: "404 UnknownOperationException", Event: "a path that is no operation"},
	)
	api := func(code string, status int, event string) Rule {
		return Rule{ID: "api/" + code, Wire: fmt.Sprintf("%d %s", status, code), Event: event}
	}
	add(apiIoT,
		api("InvalidRequestException", 400, "a name or value that is not allowed"),
		api("ResourceNotFoundException", 404, "what is named does not exist"),
		api("ResourceAlreadyExistsException", 409, "the name is taken by something different"),
		api("VersionConflictException", 409, "expectedVersion is another"),
		api("DeleteConflictException", 409, "what is to be deleted is attached"),
		api("MalformedPolicyException", 400, "a policy document that is none"),
		api("VersionsLimitExceededException", 409, "a sixth version of a policy"),
		api("CertificateStateException", 406, "deletion of a certificate that is ACTIVE"),
		api("CertificateValidationException", 400, "a certificate that no registered authority has signed"),
		api("RegistrationCodeValidationException", 400, "a verification certificate without the registration code"),
		api("LimitExceededException", 410, "more policies on a certificate than 10"),
		api("InvalidStateTransitionException", 409, "a job in progress is deleted without force"),
	)
	files := func(id, wire, event string) Rule { return Rule{ID: "files/" + id, Wire: wire, Event: event} }
	add(s3Errors,
		files("unsigned", "403 AccessDenied", "a request without a signature"),
		files("expired", "403 AccessDenied, Request has expired", "a presigned URL after its time"),
		files("not-yet", "403 AccessDenied, Request is not valid yet", "a presigned URL of the future"),
		files("key-id", "403 InvalidAccessKeyId", "an unknown access key"),
		files("signature", "403 SignatureDoesNotMatch", "a URL that was changed, or used with another method"),
		files("bucket", "404 NoSuchBucket", "an unknown bucket"),
		files("key", "404 NoSuchKey", "an unknown object"),
		files("method", "405 MethodNotAllowed", "another method than GET and HEAD"),
		files("precondition", "412 PreconditionFailed", "If-Match with another ETag"),
		files("range", "416 InvalidRange", "a range behind the end"),
	)
	add(s3Signing, files("parameters", "400 AuthorizationQueryParametersError", "a presigned URL with missing or wrong parameters"))
	return all
}

// rules finds rules.
type rules struct {
	byID    map[string]Rule
	answers []Rule // of shadows and jobs
}

func newRules() rules {
	r := rules{byID: map[string]Rule{}}
	for _, rule := range Rules() {
		r.byID[rule.ID] = rule
		if rule.answer != "" {
			r.answers = append(r.answers, rule)
		}
	}
	return r
}

// refusal makes a refusal by a rule.
func (r rules) refusal(id, format string, args ...any) *broker.Refusal {
	rule := r.byID[id]
	return &broker.Refusal{Rule: id, Source: rule.Source, Code: rule.code, Effect: rule.effect, Detail: fmt.Sprintf(format, args...)}
}

// rejection makes the refusal for the answer of a service, "shadow" or "jobs", that begins with a code.
func (r rules) rejection(service, answer string) *broker.Refusal {
	for _, rule := range r.answers {
		begins := func(with string) bool { return strings.HasPrefix(answer, with) }
		if strings.HasPrefix(rule.ID, service+"/") && slices.ContainsFunc(strings.Split(rule.answer, "|"), begins) {
			return r.refusal(rule.ID, "%s", answer)
		}
	}
	return r.refusal(service+"/other", "%s", answer)
}

// Refused makes the refusal of a request by HTTP: rule is "http/topic", "api/ResourceNotFoundException", "files/expired".
func (c *Cloud) Refused(rule, client, remote, resource, detail string) {
	c.broker.Refuse(client, remote, resource, c.rules.refusal(rule, "%s", detail))
}
