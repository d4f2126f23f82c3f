// Package awssdk holds the tests of the local AWS IoT Core against the AWS SDKs for JavaScript, which know nothing of this repository: the device SDK
// with its MQTT clients and its clients of the shadow and jobs services, and the HTTP clients of the control and data planes. They are behind the
// build tag real, because they need Node: scripts/install-test-deps installs it and the SDKs. Something that is missing fails a test; nothing is skipped.
//
// The same Node programs validate our firmware's messages against the JSON schemas that Nordic Semiconductor publishes.
package awssdk
