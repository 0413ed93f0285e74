package telemetry

import (
	"math"
	"math/bits"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Distribution is what a [Histogram] held at one moment. It does not change and
// is safe for concurrent use; its zero value is the empty one.
type Distribution struct {
	Count uint64
	Sum   time.Duration // exact; stays at the longest Duration, 292 years, once it is more
	Min   time.Duration // exact
	Max   time.Duration // exact

	sum   sum
	cells *hdrhistogram.Histogram // nobody records in it any more
}

// Mean is exact to the nanosecond; 0 if there is nothing.
func (d Distribution) Mean() time.Duration { return d.sum.mean(d.Count) }

// Quantile is the duration that a part p of all, 0 to 1, did not exceed. It is
// within 1 % for all from 1 µs to 24 h, and within Min and Max, which are those
// of 0 and 1; 0 if there is nothing.
func (d Distribution) Quantile(p float64) time.Duration {
	switch {
	case d.Count == 0:
		return 0
	case p <= 0:
		return d.Min
	case p >= 1:
		return d.Max
	}
	return d.within(middle(d.cells.ValueAtQuantile(p * 100)))
}

// within is v, but no less than the least and no more than the most.
func (d Distribution) within(v time.Duration) time.Duration {
	return min(max(v, d.Min), d.Max)
}

// The cells of an HdrHistogram with two figures: one for each nanosecond below
// 256, then 128 for each doubling, so that each is less than 1 % of its values.
const (
	cellBits = 8
	halfCell = 1 << (cellBits - 1)
)

// middle is the middle of the cell whose highest value is given. To take it for
// the whole cell is off by half as much as to take the highest, and to no side.
func middle(highest int64) time.Duration {
	width := int64(1) << max(0, bits.Len64(uint64(highest))-cellBits)
	return time.Duration(highest - width/2)
}

// highest is the highest value of a cell.
func highest(cell int) int64 {
	doublings := max(0, cell/halfCell-1)
	return (int64(cell-doublings*halfCell)+1)<<doublings - 1
}

// each calls f for every cell that is not empty, shortest first, with a duration
// that stands for all in it.
func (d Distribution) each(f func(v time.Duration, count uint64)) {
	if d.Count == 0 {
		return
	}
	// The counts alone: a list of all cells with their bounds, which it also
	// offers, takes ten times the memory and sixty times as long.
	for cell, count := range d.cells.Export().Counts {
		if count > 0 {
			f(max(d.within(middle(highest(cell))), Shortest), uint64(count))
		}
	}
}

// atMost counts, for each of ascending bounds, what did not exceed it. What is
// within 1 % of a bound may be on its other side.
func (d Distribution) atMost(bounds []time.Duration) []uint64 {
	counts := make([]uint64, len(bounds))
	d.each(func(v time.Duration, count uint64) {
		for i := len(bounds) - 1; i >= 0 && bounds[i] >= v; i-- {
			counts[i] += count
		}
	})
	return counts
}

// MarshalJSON writes {"count":3,"sum":6,"mean":2,"p50":2,"p90":3,"p95":3,"p99":3,
// "max":3}, durations in milliseconds. It never fails.
func (d Distribution) MarshalJSON() ([]byte, error) {
	b := append([]byte(nil), `{"count":`...)
	b = strconv.AppendUint(b, d.Count, 10)
	b = append(b, `,"sum":`...)
	b = appendNumber(b, d.sum.milliseconds())
	for _, m := range []struct {
		name  string
		value time.Duration
	}{
		{"mean", d.Mean()},
		{"p50", d.Quantile(0.5)}, {"p90", d.Quantile(0.9)}, {"p95", d.Quantile(0.95)}, {"p99", d.Quantile(0.99)},
		{"max", d.Max},
	} {
		b = append(b, ',', '"')
		b = append(b, m.name...)
		b = append(b, '"', ':')
		b = appendNumber(b, float64(m.value)/1e6)
	}
	return append(b, '}'), nil
}

// Bin is a range of durations, From included and To excluded, and how many were
// in it.
type Bin struct {
	From, To time.Duration
	Count    uint64
}

// finestBins is the most bins in a decade: they are then 2.3 % wide, and the cells
// they are counted from less than 1 %.
const finestBins = 100

// Bins counts in bins with the edges 1 µs·10^(k/perDecade), from the first that is
// not empty to the last, without a gap; none if there is nothing. The edges are
// the same for every distribution. perDecade is taken as 1 to 100. What is within
// 1 % of an edge may be on its other side; what is below 1 µs is in the first bin.
func (d Distribution) Bins(perDecade int) []Bin {
	perDecade = min(max(perDecade, 1), finestBins)
	var bins []Bin
	var k int // of the last bin
	d.each(func(v time.Duration, count uint64) {
		if bins == nil {
			k = binOf(v, perDecade)
			bins = append(bins, Bin{From: edge(k, perDecade), To: edge(k+1, perDecade)})
		}
		for v >= bins[len(bins)-1].To {
			k++
			bins = append(bins, Bin{From: edge(k, perDecade), To: edge(k+1, perDecade)})
		}
		bins[len(bins)-1].Count += count
	})
	return bins
}

// edge is the begin of bin k.
func edge(k, perDecade int) time.Duration {
	return time.Duration(math.Round(float64(Shortest) * math.Pow(10, float64(k)/float64(perDecade))))
}

// binOf is the bin that v is in.
func binOf(v time.Duration, perDecade int) int {
	k := max(0, int(float64(perDecade)*math.Log10(float64(v)/float64(Shortest)))-1)
	for v >= edge(k+1, perDecade) { // the logarithm is not exact at the edges
		k++
	}
	return k
}
