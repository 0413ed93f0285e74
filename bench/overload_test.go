package bench_test

import (
	"net/http"
	"testing"
	"time"
)

const (
	each       = 5 * time.Millisecond // what an event costs: one consumer does 200 a second
	perSecond  = 2000                 // requests that come
	overloaded = 10 * time.Second
	beside     = 200 // requests that come to a bare server meanwhile
)

// BenchmarkOverload measures a pipeline to which ten times as much comes as it can
// do: what it refuses and how fast, and that it does not grow.
func BenchmarkOverload(b *testing.B) {
	lab, bare := startLab(b, "--resource-latency", each.String(), "--pipeline-buffer", "1000"), startBare(b)
	var got, measure answers
	var use memory
	for b.Loop() {
		over, besides := make(chan []arrival, 1), make(chan []arrival, 1)
		go func() { over <- lab.arrivals("/part2/genstage", perSecond, overloaded) }()
		go func() { besides <- bare.arrivals("/any", beside, overloaded) }()
		got.add(use.watch(lab, over))
		measure.add(<-besides)
	}
	accepted, refused := got.of[http.StatusOK], got.of[http.StatusServiceUnavailable]
	if len(accepted.p99) != b.N || len(refused.p99) != b.N || len(measure.of[http.StatusOK].p99) != b.N {
		b.Fatalf("no overload, or no bare server: %v, %v", got.count, measure.count)
	}
	b.ReportMetric(0, "ns/op") // of no interest
	b.ReportMetric(float64(got.count[http.StatusOK]), "accepted")
	b.ReportMetric(float64(got.count[http.StatusServiceUnavailable]), "refused")
	b.ReportMetric(median(refused.p50), "refused-p50-µs")
	b.ReportMetric(median(refused.p99), "refused-p99-µs")
	b.ReportMetric(median(refused.max), "refused-max-µs")
	b.ReportMetric(median(accepted.p99), "accepted-p99-µs")
	b.ReportMetric(median(measure.of[http.StatusOK].p99), "bare-p99-µs")
	b.ReportMetric(median(got.due.p99), "due-p99-µs")
	use.report(b)
	balanceOverload(b, lab.workedOff(), got.count)
}

// balanceOverload holds the answers against the books: each OK is an event, and it
// is done.
func balanceOverload(b *testing.B, now pipeline, count map[int]int) {
	b.Helper()
	answered := count[http.StatusOK]
	if now.Enqueued != answered || now.Done != answered || now.Rejected != count[http.StatusServiceUnavailable] || len(count) != 2 {
		b.Errorf("answers by status: %v; the books: %+v", count, now)
	}
	b.ReportMetric(float64(answered-now.Done), "lost")
}

// answers are those of all rounds, by status.
type answers struct {
	of    map[int]*latencies
	count map[int]int
	due   latencies // of any status, from when it was due
}

func (a *answers) add(all []arrival) {
	if a.of == nil {
		a.of, a.count = map[int]*latencies{}, map[int]int{}
		for _, status := range []int{0, http.StatusOK, http.StatusServiceUnavailable} {
			a.of[status] = &latencies{}
		}
	}
	took, due := map[int][]time.Duration{}, make([]time.Duration, len(all))
	for i, one := range all {
		a.count[one.status]++
		took[one.status] = append(took[one.status], one.took)
		due[i] = one.late + one.took
	}
	a.due.add(due)
	for status, times := range took {
		if a.of[status] != nil {
			a.of[status].add(times)
		}
	}
}

// memory is the most that a lab held, in bytes.
type memory struct {
	rss         float64
	first, last float64 // in objects, in each half of the time
}

// watch looks until the arrivals are over, and returns them.
func (m *memory) watch(lab *server, over <-chan []arrival) []arrival {
	lab.b.Helper()
	began := time.Now()
	for {
		select {
		case all := <-over:
			return all
		case <-time.After(100 * time.Millisecond):
		}
		var now struct {
			RSS  float64 `json:"rss_bytes"`
			Heap struct {
				Objects float64 `json:"objects_bytes"`
			} `json:"heap"`
		}
		lab.read("/api/v1/runtime", &now)
		m.rss = max(m.rss, now.RSS)
		half := &m.first
		if time.Since(began) > overloaded/2 {
			half = &m.last
		}
		*half = max(*half, now.Heap.Objects)
	}
}

func (m *memory) report(b *testing.B) {
	b.ReportMetric(m.rss/1e6, "RSS-MB")
	b.ReportMetric(max(m.first, m.last)/1e6, "heap-MB")
	b.ReportMetric((m.last-m.first)/1e6, "heap-growth-MB")
}
