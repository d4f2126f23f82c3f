//go:build !linux

package mqtttest

import "testing"

// Measured times what a benchmark does, b.N times in all.
func Measured(b *testing.B, do func()) {
	b.Helper()
	b.ReportAllocs()
	b.ResetTimer()
	do()
	b.StopTimer()
}
