package observer

import (
	"fmt"
	"math"
	"net/http"
	"os"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v4/process"

	"github.com/affluxlab/afflux/internal/web"
)

// Runtime are the figures of the process. Bytes, seconds and counts.
type Runtime struct {
	UptimeS    float64    `json:"uptime_s"`
	Cores      int        `json:"cores"`
	Goroutines Goroutines `json:"goroutines"`
	Heap       Heap       `json:"heap"`
	RSS        uint64     `json:"rss_bytes"`
	GC         GC         `json:"gc"`
	CPU        CPU        `json:"cpu"`
	Threads    uint64     `json:"threads"` // of the operating system
	Sched      Sched      `json:"sched"`
}

// Sched is how long goroutines that could run waited for a processor, since the
// start: bounds of the runtime's buckets.
type Sched struct {
	P50MS float64 `json:"p50_ms"`
	P99MS float64 `json:"p99_ms"`
}

// Goroutines by what they do.
type Goroutines struct {
	Total    uint64 `json:"total"`
	Running  uint64 `json:"running"`
	Runnable uint64 `json:"runnable"`
	Waiting  uint64 `json:"waiting"`
	NotInGo  uint64 `json:"not_in_go"`
}

// Heap is memory in objects and in stacks.
type Heap struct {
	Objects uint64 `json:"objects_bytes"`
	Stacks  uint64 `json:"stacks_bytes"`
	Total   uint64 `json:"total_bytes"` // all that the runtime holds of the system
}

// GC is garbage collection since the start.
type GC struct {
	Cycles uint64  `json:"cycles"`
	CPUS   float64 `json:"cpu_s"`

	// LongestPauseMS is the longest time for which the whole program stood still, for
	// a collection or anything else: the bound of the runtime's bucket.
	LongestPauseMS float64 `json:"longest_pause_ms"`
}

// CPU is processor time, user and system.
type CPU struct {
	TotalS      float64 `json:"total_s"`       // since the process started
	SinceResetS float64 `json:"since_reset_s"` // since the last reset of the lab
	ResetAgoS   float64 `json:"reset_ago_s"`   // how long ago that was
}

// SharePercent is the processor time since the last reset, in percent of one core.
func (c CPU) SharePercent() float64 {
	if c.ResetAgoS == 0 {
		return 0
	}
	return 100 * c.SinceResetS / c.ResetAgoS
}

// names of runtime/metrics, in the order in which Figures reads them.
var names = []string{
	"/sched/goroutines:goroutines",
	"/sched/goroutines/running:goroutines",
	"/sched/goroutines/runnable:goroutines",
	"/sched/goroutines/waiting:goroutines",
	"/sched/goroutines/not-in-go:goroutines",
	"/memory/classes/heap/objects:bytes",
	"/memory/classes/heap/stacks:bytes",
	"/memory/classes/total:bytes",
	"/gc/cycles/total:gc-cycles",
	"/cpu/classes/gc/total:cpu-seconds",
	"/sched/threads/total:threads",
	"/sched/latencies:seconds",
	"/sched/pauses/total/gc:seconds",
	"/sched/pauses/total/other:seconds",
}

// Figures reads them now. It costs a few hundred microseconds and stops nothing.
func (o *Observer) Figures() (Runtime, error) {
	u, err := used()
	if err != nil {
		return Runtime{}, err
	}
	samples := make([]metrics.Sample, len(names))
	for i, n := range names {
		samples[i].Name = n
	}
	metrics.Read(samples)
	n := func(i int) uint64 { return samples[i].Value.Uint64() }
	h := func(i int) *metrics.Float64Histogram { return samples[i].Value.Float64Histogram() }
	o.mu.Lock()
	since := o.since
	o.mu.Unlock()
	return Runtime{
		UptimeS:    time.Since(o.started).Seconds(),
		Cores:      runtime.GOMAXPROCS(0),
		Goroutines: Goroutines{n(0), n(1), n(2), n(3), n(4)},
		Heap:       Heap{n(5), n(6), n(7)},
		RSS:        u.rss,
		GC:         GC{n(8), samples[9].Value.Float64(), 1000 * max(quantile(h(12), 1), quantile(h(13), 1))},
		Threads:    n(10),
		Sched:      Sched{1000 * quantile(h(11), 0.5), 1000 * quantile(h(11), 0.99)},
		CPU:        CPU{u.cpu, u.cpu - since.cpu, u.at.Sub(since.at).Seconds()},
	}, nil
}

// self is this process as the system knows it: to look it up costs more than to
// ask it.
var self = sync.OnceValues(func() (*process.Process, error) { return process.NewProcess(int32(os.Getpid())) })

// usage is what the operating system says of the process.
type usage struct {
	at  time.Time
	cpu float64 // seconds, user and system
	rss uint64  // bytes
}

func used() (usage, error) {
	cpu, err := processorTime()
	if err != nil {
		return usage{}, err
	}
	rss, err := resident()
	return usage{time.Now(), cpu, rss}, err
}

// processorTime is in seconds, user and system. It costs some hundred microseconds,
// as does resident.
func processorTime() (float64, error) {
	p, err := self()
	if err != nil {
		return 0, fmt.Errorf("read process figures: %w", err)
	}
	times, err := p.Times()
	if err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}
	return times.User + times.System, nil
}

// resident is the memory that the system has given, in bytes.
func resident() (uint64, error) {
	p, err := self()
	if err != nil {
		return 0, fmt.Errorf("read process figures: %w", err)
	}
	memory, err := p.MemoryInfo()
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	return memory.RSS, nil
}

func (o *Observer) serveRuntime(w http.ResponseWriter, r *http.Request) {
	figures, err := o.Figures()
	if err != nil {
		web.Fail(w, r, web.Problem{Status: http.StatusInternalServerError, Detail: err.Error()})
		return
	}
	web.JSON(w, http.StatusOK, figures)
}

// quantile is the upper bound of the bucket in which a part p of all lies, 0 to 1;
// 0 if there is nothing.
func quantile(h *metrics.Float64Histogram, p float64) float64 {
	var all, so uint64
	for _, n := range h.Counts {
		all += n
	}
	for i, n := range h.Counts {
		so += n
		if n > 0 && float64(so) >= p*float64(all) {
			if bound := h.Buckets[i+1]; !math.IsInf(bound, 1) {
				return bound
			}
			return h.Buckets[i]
		}
	}
	return 0
}
