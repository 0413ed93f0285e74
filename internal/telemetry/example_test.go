package telemetry_test

import (
	"fmt"
	"time"

	"github.com/affluxlab/afflux/internal/telemetry"
)

func ExampleHistogram() {
	h := telemetry.NewHistogram()
	for range 99 {
		h.Record(500 * time.Millisecond)
	}
	h.Record(2 * time.Second)
	d := h.Snapshot()
	fmt.Println(d.Count, d.Mean(), d.Max)
	fmt.Println(d.Quantile(0.5).Round(10*time.Millisecond), d.Quantile(1))
	for _, bin := range d.Bins(5) {
		if bin.Count > 0 {
			fmt.Println(bin.From.Round(time.Millisecond), bin.To.Round(time.Millisecond), bin.Count)
		}
	}
	// Output:
	// 100 515ms 2s
	// 500ms 2s
	// 398ms 631ms 99
	// 1.585s 2.512s 1
}

func ExampleLog() {
	log := telemetry.NewLog[string](2)
	log.Add("a")
	_, seen := log.After(0)
	log.Add("b")
	log.Add("c")
	news, seen := log.After(seen)
	fmt.Println(news, seen)
	// Output: [b c] 3
}
