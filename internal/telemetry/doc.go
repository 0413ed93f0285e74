// Package telemetry keeps numbers over time and makes them readable, for pages
// and for Prometheus. It is handed functions and knows nobody's types.
//
//	recorder, err := telemetry.NewRecorder(telemetry.Instrument{
//		Series: []telemetry.Series{
//			{Name: "in_flight", Kind: telemetry.Gauge, Unit: "requests"},
//			{Name: "finished", Kind: telemetry.Counter, Unit: "requests"},
//		},
//		Read: func(row []float64) {
//			s := mock.Snapshot()
//			row[0], row[1] = float64(s.InFlight), float64(s.Finished)
//		},
//	})
//	err = recorder.Serve(ctx) // until ctx ends
//
// # What there is
//
//   - A [Recorder] reads gauges and counters every 20 ms, and keeps them for 10
//     minutes, and their seconds for 24 hours. It answers with a [Frame] of all
//     that is new, for a stream, with a [History] in steps, for a chart, and with
//     the newest of one series, for a figure.
//   - A [Histogram] counts durations: quantiles, bins, and a total that never
//     goes back.
//   - A [Reservoir] chooses fairly among more events than can be shown.
//   - A [Log] keeps the newest of anything, such as each [Mark], with numbers
//     to resume from.
//   - [Handler] answers Prometheus.
//
// # When to use which
//
// A number that others keep and that can be read at any moment is a series. What
// happens between two samples is not seen by a [Gauge]: keep the highest since
// it was last read, and give that as a [High]. A rate is the difference of a
// [Counter] between two samples; do not record rates, as they cannot be added
// up again. How long something took is a [Histogram], never a series of means.
//
// # Time
//
// Samples stand on a grid of multiples of 20 ms since the Unix epoch, at most
// one on each place. When one comes late, the places that it missed stay empty:
// nothing is invented, so readers look at the times and do not count.
//
// A recorder has its own clock, [Recorder.Now]. It never goes back, also when
// the wall clock is set back; it follows the wall clock forward, as after a
// laptop slept. Stamp with it what is to line up with the samples.
//
// # Life
//
// [Recorder.Serve] is the only thing here that runs. It starts no goroutine,
// ends with its context, and may be served again: what was kept is still there,
// with a gap. Everything else is a passive value, safe for concurrent use, with
// nothing to close.
//
// # Cost
//
// With 25 series, of which 10 gauges, a sample costs about half a microsecond
// beside the Read functions, and allocates nothing once its chunk is there. Memory
// grows with time in chunks, with 8 bytes for each number kept: to 6 MB for the
// samples of 10 minutes, and in a day to 33 MB more for its seconds, where a gauge
// takes three numbers. Then it stays.
//
// Readers take turns with the sampler chunk by chunk, and only copy then: however
// much is asked for, a sample waits some tens of microseconds at most.
//
// A [Histogram] takes 82 kB, and 41 kB for each [Distribution] that is still held.
// Its Record takes some tens of nanoseconds, as does an Offer, and neither
// allocates. A Snapshot copies all cells and holds up a Record for that long, up
// to a tenth of a millisecond: take one for a page, not one for a request.
package telemetry
