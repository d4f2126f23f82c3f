//go:build real

// Package leshan holds the conformance tests of the LwM2M client: the cases of the OMA's Enabler Test Specification against Leshan, a server
// that we did not write, named by their ids; and handshakes against the DTLS servers of OpenSSL and libcoap.
//
// Leshan runs as a library in two small Java programs (folder java) with HTTP fronts; the firmware runs as a process and is driven by its
// debug console. README.md says how to run one case and where to look when it fails.
package leshan
