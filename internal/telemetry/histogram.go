package telemetry

import (
	"math/bits"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The bounds of what a Histogram tells apart. What is shorter or longer is
// counted as if it were the bound; sum, least and most stay exact.
const (
	Shortest = time.Microsecond
	Longest  = 24 * time.Hour
)

// figures is the number of significant decimal figures: each cell is less than
// 1 % wide, and a histogram takes 41 kB.
const figures = 2

// Histogram counts durations twice: since the last Reset, for pages, and since
// the start, for Prometheus, whose counts may not go back. It is safe for
// concurrent use; Record allocates nothing.
type Histogram struct {
	mu    sync.Mutex // guards both
	since tally
	total tally
}

// NewHistogram returns an empty one. It takes 82 kB.
func NewHistogram() *Histogram {
	return &Histogram{since: newTally(), total: newTally()}
}

// Record counts one duration; one below 0 counts as 0.
func (h *Histogram) Record(d time.Duration) {
	d = max(d, 0)
	h.mu.Lock()
	h.since.record(d)
	h.total.record(d)
	h.mu.Unlock()
}

// Reset empties what Snapshot returns, and leaves Total alone.
func (h *Histogram) Reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.since.cells.Reset()
	h.since = tally{cells: h.since.cells}
}

// Snapshot returns what was recorded since the last Reset.
func (h *Histogram) Snapshot() Distribution {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.since.distribution()
}

// Total returns what was ever recorded.
func (h *Histogram) Total() Distribution {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.total.distribution()
}

// tally is a histogram with what it only knows roughly kept exactly beside it.
type tally struct {
	cells *hdrhistogram.Histogram
	sum   sum
	min   time.Duration
	max   time.Duration
}

// The cells are told apart from a nanosecond on, as they would else be coarse
// at the lower bound, where they are still as wide as the unit.
func newTally() tally {
	return tally{cells: hdrhistogram.New(1, int64(Longest), figures)}
}

func (t *tally) record(d time.Duration) {
	// No error: the value is within the bounds.
	_ = t.cells.RecordValue(int64(min(max(d, Shortest), Longest)))
	if t.cells.TotalCount() == 1 {
		t.min = d
	}
	t.sum.add(d)
	t.min = min(t.min, d)
	t.max = max(t.max, d)
}

func (t *tally) distribution() Distribution {
	return Distribution{
		Count: uint64(t.cells.TotalCount()),
		Sum:   t.sum.duration(),
		Min:   t.min,
		Max:   t.max,
		sum:   t.sum,
		cells: t.cells.Clone(),
	}
}

// sum is a sum of durations in 128 bits: a million requests in flight would
// overflow a time.Duration within three hours.
type sum struct{ hi, lo uint64 }

func (s *sum) add(d time.Duration) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, uint64(d), 0)
	s.hi += carry
}

// duration is the sum, at most the longest time.Duration.
func (s sum) duration() time.Duration {
	if s.hi > 0 || s.lo > 1<<63-1 {
		return 1<<63 - 1
	}
	return time.Duration(s.lo)
}

func (s sum) nanoseconds() float64  { return float64(s.hi)*(1<<64) + float64(s.lo) }
func (s sum) milliseconds() float64 { return s.nanoseconds() / 1e6 }
func (s sum) seconds() float64      { return s.nanoseconds() / 1e9 }

// mean is the sum divided by a count of what was added.
func (s sum) mean(count uint64) time.Duration {
	if count == 0 {
		return 0
	}
	q, _ := bits.Div64(s.hi, s.lo, count) // hi < count, as each was below 2^63
	return time.Duration(q)
}
