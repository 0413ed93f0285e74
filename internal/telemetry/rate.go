package telemetry

import "time"

// RateWindow is over how long the pages take their rates: long enough to hold a
// few waves of the workshop's half-second work, short enough to see it stop.
const RateWindow = 2 * time.Second

// Rate returns how much a counter grew per second over the newest d; 0 while there
// are no two samples. If it fell within that time, to begin again at a reset, only
// what came after counts, and only the time since then.
func (r *Recorder) Rate(name string, d time.Duration) float64 {
	first, last, ok := r.climb(name, d)
	if !ok {
		return 0
	}
	return (last.Value - first.Value) / last.At.Sub(first.At).Seconds()
}

// climb returns the ends of the newest stretch, at most d long, in which a series
// did not fall; false if that is less than two samples. It looks at 50 numbers for
// each second of d.
func (r *Recorder) climb(name string, d time.Duration) (first, last Sample, ok bool) {
	column, known := r.index[name]
	r.mu.RLock()
	defer r.mu.RUnlock()
	g := &r.kept.fine
	from := g.since(d)
	if !known || g.next-from < 2 {
		return Sample{}, Sample{}, false
	}
	for row := g.next - 1; row > from; row-- {
		if g.value(row, column) < g.value(row-1, column) {
			from = row
			break
		}
	}
	return g.sample(from, column), g.sample(g.next-1, column), from < g.next-1
}
