package virtual_test

import (
	"testing"
	"time"
)

// What one call costs that does nothing: a process.
func BenchmarkStartOfAChild(b *testing.B) { benchmark(b, 0) }

// The same, with 50,000 ticks of a clock.
func BenchmarkFiveHundredSecondsOfTicks(b *testing.B) { benchmark(b, 500*time.Second) }

func benchmark(b *testing.B, d time.Duration) {
	for b.Loop() {
		if _, err := ticks.Run(b.Context(), d); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1e3/float64(b.N), "ms/call")
}
