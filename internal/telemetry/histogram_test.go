package telemetry_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/telemetry"
)

// durations are that many between 1 µs and 24 h, as many in each decade.
func durations(n int) []time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = time.Duration(1e3 * math.Pow(10, rand.Float64()*math.Log10(8.64e10)))
	}
	return all
}

func within(got, want time.Duration, part float64) bool {
	return math.Abs(float64(got-want)) <= part*float64(want)
}

func TestQuantilesAreWithinOnePercent(t *testing.T) {
	for range 20 {
		h := telemetry.NewHistogram()
		all := durations(1 + rand.IntN(3000))
		for _, d := range all {
			h.Record(d)
		}
		slices.Sort(all)
		d := h.Snapshot()
		for _, p := range []float64{-1, 0, 0.001, 0.1, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999} {
			if p <= 0 {
				if d.Quantile(p) != all[0] {
					t.Errorf("the lowest is %s, want %s", d.Quantile(p), all[0])
				}
				continue
			}
			rank := max(1, min(len(all), int(math.Floor(p*float64(len(all))+0.5))))
			if got, want := d.Quantile(p), all[rank-1]; !within(got, want, 0.005) {
				t.Errorf("quantile %v of %d is %s, want %s", p, len(all), got, want)
			}
		}
		if d.Quantile(1) != all[len(all)-1] || d.Quantile(2) != d.Max {
			t.Errorf("the highest is %s, want %s", d.Quantile(1), all[len(all)-1])
		}
	}
}

func TestEveryDurationAloneIsWithinHalfAPercent(t *testing.T) {
	for _, want := range durations(3000) {
		h := telemetry.NewHistogram()
		h.Record(want)
		h.Record(0) // so that neither the least nor the most says what it is
		h.Record(24 * time.Hour)
		if got := h.Snapshot().Quantile(0.5); !within(got, want, 0.005) {
			t.Errorf("%s reads %s", want, got)
		}
	}
}

func TestCountSumMeanAndMaximumAreExact(t *testing.T) {
	h := telemetry.NewHistogram()
	var sum, highest time.Duration
	lowest := time.Duration(math.MaxInt64)
	all := durations(5000)
	for _, d := range all {
		h.Record(d)
		sum, lowest, highest = sum+d, min(lowest, d), max(highest, d)
	}
	d := h.Snapshot()
	if d.Count != 5000 || d.Sum != sum || d.Min != lowest || d.Max != highest || d.Mean() != sum/5000 {
		t.Errorf("%d %s %s %s, want %s %s %s", d.Count, d.Sum, d.Max, d.Mean(), sum, highest, sum/5000)
	}
}

func TestWhatIsOutOfBoundsIsCountedAsTheBound(t *testing.T) {
	h := telemetry.NewHistogram()
	for _, d := range []time.Duration{-time.Hour, 0, 200, 1000 * time.Hour, math.MaxInt64} {
		h.Record(d)
	}
	d := h.Snapshot()
	if d.Count != 5 || d.Max != math.MaxInt64 {
		t.Errorf("%d, highest %s", d.Count, d.Max)
	}
	if got := d.Quantile(0.1); !within(got, telemetry.Shortest, 0.005) {
		t.Errorf("the shortest is %s", got)
	}
	if got := d.Quantile(0.9); !within(got, telemetry.Longest, 0.01) {
		t.Errorf("the longest is %s", got)
	}
	short := telemetry.NewHistogram()
	short.Record(300)
	if d := short.Snapshot(); d.Quantile(0.5) != 300 || d.Mean() != 300 || len(d.Bins(10)) != 1 {
		t.Errorf("%s %s %v: no quantile is above the highest", d.Quantile(0.5), d.Mean(), d.Bins(10))
	}
}

func TestASumOfAMillionYearsIsStillASum(t *testing.T) {
	h := telemetry.NewHistogram()
	const century = 100 * 365 * 24 * time.Hour
	for range 10_000 {
		h.Record(century)
	}
	d := h.Snapshot()
	if d.Mean() != century || d.Sum != math.MaxInt64 {
		t.Errorf("mean %s, sum %s", d.Mean(), d.Sum)
	}
	var got struct{ Sum float64 }
	if err := json.Unmarshal(mustJSON(t, d), &got); err != nil || math.Abs(got.Sum/(1e4*century.Seconds()*1e3)-1) > 1e-12 {
		t.Errorf("sum %v, %v", got.Sum, err)
	}
}

func TestAResetEmptiesTheSnapshotAndNotTheTotal(t *testing.T) {
	h := telemetry.NewHistogram()
	h.Record(time.Second)
	before := h.Snapshot()
	h.Reset()
	if d := h.Snapshot(); d.Count != 0 || d.Sum != 0 || d.Max != 0 || d.Mean() != 0 || d.Quantile(0.5) != 0 || d.Quantile(1) != 0 || d.Bins(10) != nil {
		t.Errorf("%+v", d)
	}
	h.Record(time.Millisecond)
	if d := h.Snapshot(); d.Count != 1 || d.Max != time.Millisecond || !within(d.Quantile(0.5), time.Millisecond, 0.01) {
		t.Errorf("%+v", d)
	}
	if d := h.Total(); d.Count != 2 || d.Max != time.Second || d.Sum != time.Second+time.Millisecond {
		t.Errorf("%+v", d)
	}
	if before.Count != 1 || before.Max != time.Second || before.Quantile(0.5) != time.Second {
		t.Errorf("a snapshot changed: %+v", before)
	}
}

func TestTheZeroDistributionIsEmpty(t *testing.T) {
	var d telemetry.Distribution
	if d.Mean() != 0 || d.Quantile(0.5) != 0 || d.Bins(5) != nil {
		t.Errorf("%+v", d)
	}
	if got := string(mustJSON(t, d)); got != `{"count":0,"sum":0,"mean":0,"p50":0,"p90":0,"p95":0,"p99":0,"max":0}` {
		t.Error(got)
	}
}

func TestADistributionIsWrittenInMilliseconds(t *testing.T) {
	h := telemetry.NewHistogram()
	h.Record(1500 * time.Microsecond)
	h.Record(1500 * time.Microsecond)
	if got := string(mustJSON(t, h.Snapshot())); got != `{"count":2,"sum":3,"mean":1.5,"p50":1.5,"p90":1.5,"p95":1.5,"p99":1.5,"max":1.5}` {
		t.Error(got)
	}
}

func TestBinsHoldEachDurationOnceBetweenFixedEdges(t *testing.T) {
	for _, perDecade := range []int{-1, 1, 3, 10, 20, 100, 1000} {
		h := telemetry.NewHistogram()
		all := durations(2000)
		for _, d := range all {
			h.Record(d)
		}
		bins := h.Snapshot().Bins(perDecade)
		fine := min(max(perDecade, 1), 100)
		total, atMost := uint64(0), 0
		slices.Sort(all)
		for i, b := range bins {
			k := math.Log10(float64(b.From)/1e3) * float64(fine)
			if math.Abs(k-math.Round(k)) > 0.03*float64(fine) || b.To <= b.From || i > 0 && b.From != bins[i-1].To {
				t.Errorf("%d a decade: bin %d from %s to %s", perDecade, i, b.From, b.To)
			}
			total += b.Count
			for atMost < len(all) && all[atMost] < b.To {
				atMost++
			}
			near := 0 // what may be on the other side of the edge
			for _, d := range all {
				if within(d, b.To, 0.01) {
					near++
				}
			}
			if math.Abs(float64(total)-float64(atMost)) > float64(near) {
				t.Errorf("%d a decade: %d below %s, want %d", perDecade, total, b.To, atMost)
			}
		}
		if total != 2000 || bins[0].Count == 0 || bins[len(bins)-1].Count == 0 {
			t.Errorf("%d a decade: %d in bins", perDecade, total)
		}
	}
}

func TestADurationOnAnEdgeBelongsToTheBinThatItBegins(t *testing.T) {
	for exp := time.Microsecond; exp <= time.Hour; exp *= 10 {
		h := telemetry.NewHistogram()
		h.Record(exp)
		bins := h.Snapshot().Bins(10)
		if len(bins) != 1 || bins[0].From != exp || bins[0].Count != 1 {
			t.Errorf("%s: %v", exp, bins)
		}
	}
}

func TestNothingIsLostWhenManyRecordAtOnce(t *testing.T) {
	h := telemetry.NewHistogram()
	var recording, reading sync.WaitGroup
	ended := make(chan struct{})
	reading.Go(func() {
		last := uint64(0)
		for {
			select {
			case <-ended:
				return
			default:
			}
			d := h.Total()
			in := uint64(0)
			for _, b := range d.Bins(10) {
				in += b.Count
			}
			if in != d.Count || d.Count < last || d.Sum != time.Duration(d.Count)*time.Millisecond {
				t.Errorf("%d in bins, %d counted after %d, sum %s", in, d.Count, last, d.Sum)
			}
			last = d.Count
		}
	})
	for range 8 {
		recording.Go(func() {
			for i := range 5000 {
				h.Record(time.Millisecond)
				if i%1000 == 0 {
					h.Reset()
				}
			}
		})
	}
	recording.Wait()
	close(ended)
	reading.Wait()
	if d := h.Total(); d.Count != 40_000 || d.Sum != 40*time.Second {
		t.Errorf("%d, %s", d.Count, d.Sum)
	}
}

func TestARecordAllocatesNothing(t *testing.T) {
	h := telemetry.NewHistogram()
	d := time.Duration(1)
	if n := testing.AllocsPerRun(1000, func() { h.Record(d); d = d * 3 % time.Hour }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
