package mqtttest

import (
	"syscall"
	"testing"
	"time"
)

// Measured times what a benchmark does, b.N times in all, and reports the processor time of the whole process beside it, peer included.
func Measured(b *testing.B, do func()) {
	b.Helper()
	b.ReportAllocs()
	before := cpu(b)
	b.ResetTimer()
	do()
	b.StopTimer()
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op")
}

func cpu(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
