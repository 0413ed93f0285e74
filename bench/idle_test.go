package bench_test

import (
	"testing"
	"time"
)

// BenchmarkIdle measures a lab that nobody watches and nobody asks.
func BenchmarkIdle(b *testing.B) {
	lab := startLab(b)
	time.Sleep(time.Second) // for the start to be over
	for b.Loop() {
		b.ReportMetric(lab.core(10*time.Second), "%core")
	}
	b.ReportMetric(lab.resident()/1e6, "MB")
	b.ReportMetric(0, "ns/op") // of no interest
}
