package telemetry_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/telemetry"
)

// wide has 25 series, as many as the lab: 10 gauges, 12 counters, 3 highs.
func wide(b *testing.B, now *time.Time) *telemetry.Recorder {
	b.Helper()
	var series []telemetry.Series
	for i := range 25 {
		kind := telemetry.Gauge
		if i >= 10 {
			kind = telemetry.Counter
		}
		if i >= 22 {
			kind = telemetry.High
		}
		series = append(series, telemetry.Series{Name: fmt.Sprintf("series_%d", i), Kind: kind})
	}
	count := 0.0
	r, err := telemetry.NewRecorder(telemetry.Instrument{Series: series, Read: func(row []float64) {
		count++
		for i := range row {
			row[i] = count + float64(i)
		}
	}})
	if err != nil {
		b.Fatal(err)
	}
	*now = origin
	r.SetClock(func() (int64, int64) { return now.UnixNano(), now.UnixNano() })
	return r
}

// sampled is wide after that long.
func sampled(b *testing.B, long, step time.Duration) (*telemetry.Recorder, *time.Time) {
	b.Helper()
	now := new(time.Time)
	r := wide(b, now)
	for range int(long / step) {
		*now = now.Add(step)
		r.SampleNow()
	}
	return r, now
}

func BenchmarkSample(b *testing.B) {
	r, now := sampled(b, 25*time.Hour, time.Second) // until nothing grows any more
	b.ReportAllocs()
	for b.Loop() {
		*now = now.Add(telemetry.Step)
		r.SampleNow()
	}
}

func BenchmarkFrame(b *testing.B) {
	for _, samples := range []uint64{3, 600} { // one of the stream's, and 12 s to resume from
		b.Run(fmt.Sprint(samples), func(b *testing.B) {
			r, _ := sampled(b, time.Minute, telemetry.Step)
			_, newest := r.After(0)
			var out []byte
			b.ReportAllocs()
			for b.Loop() {
				f, _ := r.After(newest - samples)
				out = f.AppendJSON(out[:0])
			}
			b.ReportMetric(float64(len(out)), "bytes")
		})
	}
}

func BenchmarkHistory(b *testing.B) {
	r, now := sampled(b, 25*time.Hour, telemetry.Step*5)
	for range 10 * 60 * 50 {
		*now = now.Add(telemetry.Step)
		r.SampleNow()
	}
	for _, c := range []struct {
		window, step time.Duration
		names        []string
	}{
		{time.Minute, 0, []string{"series_0", "series_10", "series_24"}},
		{10 * time.Minute, 0, nil},
		{10 * time.Minute, telemetry.Step, nil},
		{24 * time.Hour, 0, []string{"series_0", "series_10", "series_24"}},
		{24 * time.Hour, 0, nil},
	} {
		b.Run(fmt.Sprintf("%s/step=%s/names=%d", c.window, c.step, len(c.names)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.History(telemetry.Query{Names: c.names, Since: now.Add(-c.window), Step: c.step}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkHistoryJSON(b *testing.B) {
	r, now := sampled(b, 11*time.Minute, telemetry.Step)
	h, err := r.History(telemetry.Query{Since: now.Add(-10 * time.Minute)})
	if err != nil {
		b.Fatal(err)
	}
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		out = h.AppendJSON(out[:0])
	}
	b.ReportMetric(float64(len(out)), "bytes")
}

func BenchmarkMax(b *testing.B) {
	r, _ := sampled(b, 11*time.Minute, telemetry.Step)
	for _, d := range []time.Duration{time.Second, time.Minute, 10 * time.Minute} {
		b.Run(d.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Max("series_22", d)
			}
		})
	}
}

// BenchmarkMemory says what is held after a time: as counted, and as the heap
// grew.
func BenchmarkMemory(b *testing.B) {
	for _, long := range []time.Duration{10 * time.Minute, 24 * time.Hour} {
		b.Run(long.String(), func(b *testing.B) {
			for b.Loop() {
				before := heap()
				r, _ := sampled(b, long, telemetry.Step)
				b.ReportMetric(float64(heap()-before)/1e6, "heap-MB")
				b.ReportMetric(float64(r.Bytes())/1e6, "counted-MB")
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkHistogramRecord(b *testing.B) {
	h := telemetry.NewHistogram()
	b.Run("alone", func(b *testing.B) {
		b.ReportAllocs()
		for d := time.Duration(1); b.Loop(); d = (d*3 + 1) % time.Hour {
			h.Record(d)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for d := time.Duration(rand.IntN(1000)); pb.Next(); d = (d*3 + 1) % time.Hour {
				h.Record(d)
			}
		})
	})
}

func BenchmarkHistogramSnapshot(b *testing.B) {
	h := telemetry.NewHistogram()
	for _, d := range durations(10_000) {
		h.Record(d)
	}
	d := h.Snapshot()
	b.Run("snapshot", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.Snapshot()
		}
	})
	b.Run("json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = d.MarshalJSON()
		}
	})
	b.Run("bins", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d.Bins(10)
		}
	})
}

func BenchmarkReservoirOffer(b *testing.B) {
	type event [15]uint64 // as large as a request's event
	r := telemetry.NewReservoir[event](50)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		r.Offer(event{uint64(i)})
		if i++; i%500 == 0 { // 10,000 a second, taken 20 times a second
			r.Take()
		}
	}
}

func BenchmarkLogAdd(b *testing.B) {
	l := telemetry.NewLog[[4]int](10_000)
	b.ReportAllocs()
	for b.Loop() {
		l.Add([4]int{})
	}
}
