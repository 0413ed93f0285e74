package stage

import (
	"encoding/json"
	"iter"
	"math/bits"
	"time"
)

// Histogram counts durations in buckets: of a microsecond each up to 8 µs, above
// that eight to an octave, to almost five hours; the last has all that is longer. So a
// quantile is off by at most half a microsecond or a sixteenth. Count, Sum and Max are
// exact. The zero value is empty; a histogram is 2 KiB.
type Histogram struct {
	Count  uint64
	Sum    time.Duration
	Max    time.Duration
	counts [histogramBuckets]uint64
}

const (
	histogramUnit    = 1000 // ns
	histogramSteps   = 8    // per octave
	histogramBuckets = 256
)

// Add counts a duration. Snapshots have histograms of their own: this is for yours.
func (h *Histogram) Add(d time.Duration) { h.add(int64(d), 1) }

// add counts one duration n times. Negative ones count as 0: they come from
// stamps that are shared between events.
func (h *Histogram) add(ns int64, n int) {
	ns = max(0, ns)
	h.Count += uint64(n)
	h.Sum += time.Duration(ns * int64(n))
	h.Max = max(h.Max, time.Duration(ns))
	h.counts[bucketOf(ns)] += uint64(n)
}

// bucketOf: below 8 µs a bucket is a microsecond; above, the octave and the three
// bits after the leading one.
func bucketOf(ns int64) int {
	us := uint64(ns) / histogramUnit
	if us < histogramSteps {
		return int(us)
	}
	octave := bits.Len64(us) - 4
	return min(octave*histogramSteps+int(us>>octave), histogramBuckets-1)
}

// bounds are the least duration of a bucket and the first above it.
func bounds(bucket int) (from, to time.Duration) {
	if bucket < histogramSteps {
		return time.Duration(bucket) * time.Microsecond, time.Duration(bucket+1) * time.Microsecond
	}
	octave := bucket/histogramSteps - 1
	step := uint64(bucket - octave*histogramSteps)
	return time.Duration(step<<octave) * time.Microsecond, time.Duration((step+1)<<octave) * time.Microsecond
}

// Mean is exact; 0 when nothing was counted.
func (h Histogram) Mean() time.Duration {
	if h.Count == 0 {
		return 0
	}
	return h.Sum / time.Duration(h.Count)
}

// Quantile is the duration that the fraction q of all, from 0 to 1, do not
// exceed: the middle of its bucket. 0 when nothing was counted.
func (h Histogram) Quantile(q float64) time.Duration {
	if h.Count == 0 {
		return 0
	}
	if !(q > 0) { // nor is it a number
		q = 0
	}
	rank := min(uint64(min(q, 1)*float64(h.Count)), h.Count-1)
	var seen uint64
	for i, n := range h.counts {
		if seen += n; seen > rank {
			from, to := bounds(i)
			return min((from+to)/2, h.Max)
		}
	}
	return h.Max
}

// Merge adds what other has counted.
func (h *Histogram) Merge(other *Histogram) {
	h.Count += other.Count
	h.Sum += other.Sum
	h.Max = max(h.Max, other.Max)
	for i, n := range other.counts {
		h.counts[i] += n
	}
}

// Since is what was counted after earlier, which is an older copy of h: the last
// minute, for instance. Max stays that of h.
func (h Histogram) Since(earlier *Histogram) Histogram {
	h.Count -= earlier.Count
	h.Sum -= earlier.Sum
	for i, n := range earlier.counts {
		h.counts[i] -= n
	}
	return h
}

// Bucket is how many durations were at least From and less than To.
type Bucket struct {
	From, To time.Duration
	Count    uint64
}

// Buckets are those that are not empty, in order. The last there can be holds all
// that is longer, too.
func (h *Histogram) Buckets() iter.Seq[Bucket] {
	return func(yield func(Bucket) bool) {
		for i, n := range h.counts {
			if from, to := bounds(i); n > 0 && !yield(Bucket{from, to, n}) {
				return
			}
		}
	}
}

// Below is how many were less than d, without those in its own bucket: exact where d
// is a bound of one, as each power of two of microseconds is, and within the hours that
// a histogram reaches.
func (h *Histogram) Below(d time.Duration) (n uint64) {
	for b := range h.Buckets() {
		if b.To <= d {
			n += b.Count
		}
	}
	return n
}

// MarshalJSON gives the figures in milliseconds, as a page wants them.
func (h Histogram) MarshalJSON() ([]byte, error) {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return json.Marshal(struct {
		Count uint64  `json:"count"`
		Sum   float64 `json:"sum"`
		Mean  float64 `json:"mean"`
		P50   float64 `json:"p50"`
		P90   float64 `json:"p90"`
		P95   float64 `json:"p95"`
		P99   float64 `json:"p99"`
		Max   float64 `json:"max"`
	}{
		h.Count, ms(h.Sum), ms(h.Mean()), ms(h.Quantile(0.5)), ms(h.Quantile(0.9)),
		ms(h.Quantile(0.95)), ms(h.Quantile(0.99)), ms(h.Max),
	})
}

// recordSpan counts how long ago the events of s were accepted. Of more than
// eight, eight stand for all: the cost of a slice must not grow with it.
func recordSpan[T any](h *Histogram, s span[T], until int64) {
	n := s.len()
	step := (n + histogramSamples - 1) / histogramSamples
	for i := 0; i < n; i += step {
		h.add(until-s.stamp(i), min(step, n-i))
	}
}

const histogramSamples = 8
