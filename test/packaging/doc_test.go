// Package packaging holds what is generated for a cloud account against the local cloud and the generated firmware: the policy of AWS IoT is enough for
// all that the firmware does, and each part of it is needed. It needs Go alone.
package packaging
