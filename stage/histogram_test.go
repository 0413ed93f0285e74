package stage

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestBucketsAreContiguousFromAMicrosecondToMoreThanAnHour(t *testing.T) {
	var before time.Duration
	for i := range histogramBuckets {
		from, to := bounds(i)
		if from != before || to <= from {
			t.Fatalf("bucket %d is from %v to %v, after %v", i, from, to, before)
		}
		if bucketOf(int64(from)) != i || bucketOf(int64(to)-1) != i {
			t.Fatalf("the bounds of bucket %d, %v and %v, are counted in %d and %d",
				i, from, to, bucketOf(int64(from)), bucketOf(int64(to)-1))
		}
		if i >= histogramSteps && (to-from)*histogramSteps > from {
			t.Fatalf("bucket %d, %v to %v, is wider than an eighth", i, from, to)
		}
		before = to
	}
	if before <= time.Hour {
		t.Errorf("ends at %v", before)
	}
	if bucketOf(1<<63-1) != histogramBuckets-1 {
		t.Error("what is too long is not counted in the last bucket")
	}
}

// near says whether a quantile is as exact as buckets allow: a sixteenth, or half
// a microsecond.
func near(got, want time.Duration) bool {
	return (got - want).Abs() <= max(want/16, time.Microsecond/2)+1
}

func TestQuantilesAreExactToASixteenth(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var (
		h   Histogram
		all []time.Duration
	)
	for range 10_000 {
		d := time.Duration(1) << rng.IntN(41) // to 18 minutes
		d += time.Duration(rng.Int64N(int64(d)))
		h.add(int64(d), 1)
		all = append(all, d)
	}
	slices.Sort(all)
	for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1} {
		want := all[min(int(q*float64(len(all))), len(all)-1)]
		if got := h.Quantile(q); !near(got, want) {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if h.Max != all[len(all)-1] || h.Count != 10_000 {
		t.Errorf("max %v of %d, want %v", h.Max, h.Count, all[len(all)-1])
	}
}

func TestAnEmptyHistogramSaysZero(t *testing.T) {
	var h Histogram
	if h.Mean() != 0 || h.Quantile(0.5) != 0 {
		t.Error("says something of nothing")
	}
	if text, err := json.Marshal(h); err != nil || !json.Valid(text) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestNegativeDurationsCountAsZero(t *testing.T) {
	var h Histogram
	h.add(-5, 3)
	if h.Count != 3 || h.Sum != 0 || h.Max != 0 || h.Quantile(1) != 0 {
		t.Errorf("%d, sum %v, max %v", h.Count, h.Sum, h.Max)
	}
}

func TestMergedHistogramsAreOneOfAll(t *testing.T) {
	var a, b, both Histogram
	rng := rand.New(rand.NewPCG(2, 2))
	for i := range 1000 {
		h := &a
		if i%3 == 0 {
			h = &b
		}
		d := rng.Int64N(int64(2 * time.Hour))
		h.add(d, 1+i%4)
		both.add(d, 1+i%4)
	}
	a.Merge(&b)
	if a != both {
		t.Error("merging is not the same as counting together")
	}
	var empty Histogram
	if a.Merge(&empty); a != both {
		t.Error("merging nothing changes something")
	}
}

func TestBucketsAreListedInOrderUntilToldToStop(t *testing.T) {
	var h Histogram
	for _, us := range []int64{3, 900, 7, 3, 1 << 20} {
		h.add(us*1000, 2)
	}
	var (
		last  time.Duration = -1
		count uint64
	)
	for b := range h.Buckets() {
		if b.From < last || b.To <= b.From || b.Count == 0 {
			t.Errorf("%+v after %v", b, last)
		}
		last = b.To
		count += b.Count
	}
	if count != h.Count {
		t.Errorf("lists %d of %d", count, h.Count)
	}
	for range h.Buckets() {
		break
	}
}

func TestBelowABoundIsExact(t *testing.T) {
	var h Histogram
	for _, d := range []time.Duration{0, 15 * time.Microsecond, 16*time.Microsecond - 1, 16 * time.Microsecond, time.Hour} {
		h.Add(d)
	}
	for bound, want := range map[time.Duration]uint64{0: 0, time.Microsecond: 1, 16 * time.Microsecond: 3, 32 * time.Microsecond: 4, 1 << 50: 5} {
		if got := h.Below(bound); got != want {
			t.Errorf("below %v: %d, want %d", bound, got, want)
		}
	}
}

func TestASliceIsCountedByEightSamples(t *testing.T) {
	for _, n := range []int{1, 7, 8, 9, 100, 1000} {
		var (
			b buffer[int]
			h Histogram
		)
		b.appendAll(make([]int, n), 0)
		recordSpan(&h, b.take(n), 5000)
		if h.Count != uint64(n) || h.Mean() != 5*time.Microsecond {
			t.Errorf("%d events: counts %d, mean %v", n, h.Count, h.Mean())
		}
	}
}

func FuzzHistogram(f *testing.F) {
	f.Add(int64(1), int64(500_000_000), int64(3_600_000_000_000), 0.5)
	f.Add(int64(999), int64(1000), int64(8000), 1.0)
	f.Fuzz(func(t *testing.T, a, b, c int64, q float64) {
		if !(q >= 0 && q <= 1) {
			return
		}
		longest := int64(4 * time.Hour)
		all := []int64{a, b, c}
		var h, parts Histogram
		for i, d := range all {
			d = max(0, min(d, longest))
			all[i] = d
			h.add(d, 1)
			var one Histogram
			one.add(d, 1)
			parts.Merge(&one)
		}
		slices.Sort(all)
		want := time.Duration(all[min(int(q*3), 2)])
		if got := h.Quantile(q); !near(got, want) {
			t.Errorf("quantile %v of %v is %v", q, all, got)
		}
		if h != parts || h.Max != time.Duration(all[2]) || h.Sum != time.Duration(all[0]+all[1]+all[2]) {
			t.Errorf("%v: sum %v, max %v", all, h.Sum, h.Max)
		}
	})
}

func TestSinceIsWhatWasCountedAfterwards(t *testing.T) {
	var h, want Histogram
	h.add(5_000_000, 3)
	h.add(70, 1)
	earlier := h
	for _, ns := range []int64{0, 5_000_000, 9_000_000_000} {
		h.add(ns, 2)
		want.add(ns, 2)
	}
	if got := h.Since(&earlier); got != want {
		t.Errorf("since: %+v, want %+v", got, want)
	}
	if got := h.Since(&h); got.Count != 0 || got.Sum != 0 || got.Mean() != 0 || got.Quantile(0.5) != 0 {
		t.Errorf("since now: %+v, want nothing", got)
	}
	later := earlier
	later.add(1000, 1) // shorter than the longest, which stays
	if got := later.Since(&earlier); got.Count != 1 || got.Sum != time.Microsecond || got.Max != 5*time.Millisecond {
		t.Errorf("since: %d counted, %v in all, at most %v", got.Count, got.Sum, got.Max)
	}
}
