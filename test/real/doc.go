// Package real holds the tests against software that we did not write. They are behind the build tag real, because they need more than Go:
// scripts/install-test-deps installs it. Something that is missing fails a test; nothing is skipped.
//
// The firmware is made by the command, as users make it, and runs as a process. The cloud's side is played with the broker's own tools, so
// that no code of runtime/ or lab/ is on both sides.
package real
