//go:build million

package part1_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/affluxlab/afflux/internal/resource"
)

// TestAMillionAsyncRequestsAreInFlight needs about 4 GB, and a process of its
// own without the race detector: make test runs it so.
func TestAMillionAsyncRequestsAreInFlight(t *testing.T) {
	const n, most = 1_000_000, 3_300
	c := open(t, func(s *resource.Settings) { s.Latency = time.Hour })
	for !c.mock.Running() || c.get("/part1/async").Code != 200 {
		runtime.Gosched()
	}
	async, w, r := c.Routes()[2].Handler, quiet{make(map[string][]string)}, httptest.NewRequest("GET", "/part1/async", nil)
	before := memory()
	for range n {
		async(w, r)
	}
	// Each has to have begun its wait, timer and all, before it is weighed.
	for runtime.NumGoroutine() < n || c.mock.Snapshot().All.InFlight < n {
		runtime.Gosched()
	}
	time.Sleep(2 * time.Second)
	each := float64(memory()-before) / n
	t.Logf("%d uses in flight, %.0f bytes each", c.mock.Snapshot().All.InFlight, each)
	if each > most {
		t.Errorf("%.0f bytes each, want at most %d", each, most)
	}
	c.stopPart()
	if all := c.mock.Snapshot().All; all.InFlight != 0 || all.Failed < n {
		t.Errorf("%+v", all)
	}
}

// memory is what the process holds for heap and stacks.
func memory() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse + m.MSpanInuse + m.OtherSys)
}

// quiet is a ResponseWriter that keeps nothing.
type quiet struct{ h http.Header }

func (q quiet) Header() http.Header         { return q.h }
func (q quiet) Write(p []byte) (int, error) { return io.Discard.Write(p) }
func (q quiet) WriteHeader(int)             {}
