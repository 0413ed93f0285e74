package bench_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"
)

// trial is one thing that is measured once in each round, and gives one or more
// rows of the table.
type trial struct {
	rows []*row
	run  func(turn time.Duration) ([]sample, error)
}

// row is one line of the table.
type row struct {
	name    string
	unit    string
	against string // the row that it is held against
	aim     string // what it should reach
	samples []sample
}

// sample is what a row got in one round. Allocations are NaN where they say
// nothing.
type sample struct{ value, allocs float64 }

const unsaid = "" // no aim, or held against nothing

func value(v float64) sample { return sample{v, math.NaN()} }

// round lets a trial have its turn.
func (t *trial) round(turn time.Duration) error {
	runtime.GC()
	got, err := t.run(turn)
	if err != nil {
		return fmt.Errorf("%s: %w", t.rows[0].name, err)
	}
	for i, r := range t.rows {
		r.samples = append(r.samples, got[i])
	}
	return nil
}

// stopwatch measures time and allocations from start to stop. Reading the
// allocations stops the world, so that is done outside of the time.
type stopwatch struct {
	began    time.Time
	took     time.Duration
	mallocs  uint64
	memStats runtime.MemStats
}

func (w *stopwatch) start() {
	runtime.ReadMemStats(&w.memStats)
	w.mallocs = w.memStats.Mallocs
	w.began = time.Now()
}

func (w *stopwatch) stop() {
	w.took = time.Since(w.began)
	runtime.ReadMemStats(&w.memStats)
	w.mallocs = w.memStats.Mallocs - w.mallocs
}

// flow moves n events, times that, and checks that all arrived.
type flow func(w *stopwatch, n int) error

// rate is a trial of a flow, in millions of events per second.
func rate(name, against, aim string, f flow) *trial {
	return paced(&row{name: name, unit: "M/s", against: against, aim: aim}, math.MaxInt, f,
		func(n int, took time.Duration) float64 { return float64(n) / took.Seconds() / 1e6 })
}

// cost is a trial of a flow, in ns per event.
func cost(name, against string, f flow) *trial {
	return paced(&row{name: name, unit: "ns", against: against}, math.MaxInt, f,
		func(n int, took time.Duration) float64 { return float64(took.Nanoseconds()) / float64(n) })
}

// paced finds out how many events, up to most, make a turn: before the first
// round, in vain, and from then on by the round before.
func paced(r *row, most int, f flow, in func(n int, took time.Duration) float64) *trial {
	n := 0
	return &trial{rows: []*row{r}, run: func(turn time.Duration) ([]sample, error) {
		var w stopwatch
		if n == 0 {
			for n = 1000; n < most && w.took < turn/4; n = min(4*n, most) {
				if err := f(&w, n); err != nil {
					return nil, err
				}
			}
			n = enough(n/4, w.took, turn, most)
			runtime.GC()
		}
		if err := f(&w, n); err != nil {
			return nil, err
		}
		got := sample{in(n, w.took), float64(w.mallocs) / float64(n)}
		n = enough(n, w.took, turn, most)
		return []sample{got}, nil
	}}
}

// enough is how many events take about a turn when n took so long.
func enough(n int, took, turn time.Duration, most int) int {
	return min(most, max(1000, int(float64(n)*turn.Seconds()/took.Seconds())))
}

// median is the middle one; of an even number, the mean of the middle two.
func median(all []float64) float64 {
	all = slices.Sorted(slices.Values(all))
	n := len(all)
	return (all[(n-1)/2] + all[n/2]) / 2
}

func (r *row) values() []float64 {
	all := make([]float64, len(r.samples))
	for i, s := range r.samples {
		all[i] = s.value
	}
	return all
}

// ratio is the median of the rounds' ratios.
func (r *row) ratio(to *row) float64 {
	all := make([]float64, len(r.samples))
	for i := range all {
		all[i] = r.samples[i].value / to.samples[i].value
	}
	return median(all)
}
