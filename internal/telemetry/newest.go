package telemetry

import (
	"math"
	"slices"
	"time"
)

// Sample is one number of a series.
type Sample struct {
	At    time.Time // when it was read: not rounded to the grid
	Value float64
}

// Kept is how long ago the oldest sample is, counted from the newest: at most 10
// minutes, 0 when there is none. Gaps count as time.
func (r *Recorder) Kept() time.Duration {
	r.mu.RLock()
	defer r.mu.RUnlock()
	g := &r.kept.fine
	if g.next == 0 {
		return 0
	}
	ticks := tick(g.at(g.next-1)) - tick(g.at(g.first())) + 1
	return min(time.Duration(ticks)*Step, fineFor)
}

// Reach is how far back a [History] can go: up to 24 hours.
func (r *Recorder) Reach() time.Duration {
	r.mu.RLock()
	defer r.mu.RUnlock()
	oldest, ok := r.kept.oldest()
	if !ok {
		return 0
	}
	g := &r.kept.fine
	return time.Duration(g.at(g.next-1) - oldest)
}

// Last returns the newest n samples of a series, oldest first; fewer if there are
// fewer, none if there is no such series.
func (r *Recorder) Last(name string, n int) []float64 {
	column, ok := r.index[name]
	if !ok || n <= 0 {
		return nil
	}
	from, to := r.newest(n)
	b := newBlock([]int{column}, int(to-from))
	r.copyFine(b, from, to)
	return b.columns[0]
}

// newest is the range of the newest n rows, or of those that there are.
func (r *Recorder) newest(n int) (from, to uint64) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	g := &r.kept.fine
	return g.next - min(uint64(n), g.next-g.first()), g.next
}

// copyFine appends rows [from, to) to b, chunk by chunk: the sampler may come
// between. What it then writes over is left out, at the front.
func (r *Recorder) copyFine(b *block, from, to uint64) {
	for from < to {
		r.mu.RLock()
		from = r.kept.fine.copy(b, from, to)
		r.mu.RUnlock()
	}
}

// Window returns the ends of the newest d of a series, for rates: they are d
// apart, or less if there is less. ok is false unless there are two samples of
// such a series.
func (r *Recorder) Window(name string, d time.Duration) (first, last Sample, ok bool) {
	column, known := r.index[name]
	r.mu.RLock()
	defer r.mu.RUnlock()
	g := &r.kept.fine
	from := g.since(d)
	if !known || g.next-from < 2 {
		return Sample{}, Sample{}, false
	}
	return g.sample(from, column), g.sample(g.next-1, column), true
}

// since is the oldest row at most d before the newest, on the grid.
func (g *ring) since(d time.Duration) uint64 {
	if g.next == 0 {
		return 0
	}
	return g.search((tick(g.at(g.next-1)) - int64(d/Step)) * int64(Step))
}

func (g *ring) sample(row uint64, column int) Sample {
	return Sample{At: time.Unix(0, g.at(row)), Value: g.value(row, column)}
}

// Max is the highest of a series within the newest d, at most 10 minutes; 0 if
// there is none. It looks at 50 numbers for each second of d, and always at one.
func (r *Recorder) Max(name string, d time.Duration) float64 {
	column, ok := r.index[name]
	if !ok {
		return 0
	}
	r.mu.RLock()
	from, to := r.kept.fine.since(max(d-Step, 0)), r.kept.fine.next // d holds d/Step samples, not one more
	r.mu.RUnlock()
	if from == to {
		return 0
	}
	highest := math.Inf(-1)
	for from < to {
		r.mu.RLock()
		c, lo, hi, next := r.kept.fine.run(from, to)
		if c != nil {
			highest = max(highest, slices.Max(r.kept.fine.column(c, column, lo, hi)))
		}
		r.mu.RUnlock()
		from = next
	}
	return highest
}
