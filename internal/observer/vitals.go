package observer

import (
	"runtime/metrics"
	"sync"
	"time"
)

// Vitals are the few figures that are recorded. Those after Heap are read five times
// a second, RSS once: they cost more than all the rest.
type Vitals struct {
	Goroutines float64
	Heap       float64 // bytes in objects
	CPU        float64 // seconds of processor time, since the start
	RSS        float64 // bytes that the system has given
	Threads    float64
	GCCycles   float64
	GCCPU      float64 // seconds
	SchedP99   float64 // ms that runnable goroutines waited for a processor, 99 % of them less; of the last stretch
}

// vitals keep what is not read each time.
type vitals struct {
	mu   sync.Mutex // guards what follows
	fast []metrics.Sample
	slow []metrics.Sample
	last Vitals
	at   time.Time // of the slow ones
	rss  time.Time // of the slowest
	seen *metrics.Float64Histogram
}

// slowly is how often the slow ones are read: it is the system that has to be
// asked. Memory comes and goes more slowly than that.
const (
	slowly  = 200 * time.Millisecond
	slowest = time.Second
)

func newVitals() *vitals {
	return &vitals{
		fast: []metrics.Sample{{Name: goroutineName}, {Name: "/memory/classes/heap/objects:bytes"}},
		slow: []metrics.Sample{{Name: "/sched/threads/total:threads"}, {Name: "/gc/cycles/total:gc-cycles"}, {Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/sched/latencies:seconds"}},
		seen: &metrics.Float64Histogram{},
	}
}

// Vitals reads them. It costs a few microseconds, and five times a second some
// hundreds.
func (o *Observer) Vitals() Vitals {
	v := o.vitals
	v.mu.Lock()
	defer v.mu.Unlock()
	metrics.Read(v.fast)
	v.last.Goroutines, v.last.Heap = float64(v.fast[0].Value.Uint64()), float64(v.fast[1].Value.Uint64())
	if now := time.Now(); now.Sub(v.at) >= slowly {
		v.readSlowly(now)
	}
	return v.last
}

func (v *vitals) readSlowly(now time.Time) {
	v.at = now
	if cpu, err := processorTime(); err == nil { // else the ones before stand: a gap would look like idleness
		v.last.CPU = cpu
	}
	if now.Sub(v.rss) >= slowest {
		v.rss = now
		if rss, err := resident(); err == nil {
			v.last.RSS = float64(rss)
		}
	}
	metrics.Read(v.slow)
	v.last.Threads, v.last.GCCycles, v.last.GCCPU = float64(v.slow[0].Value.Uint64()), float64(v.slow[1].Value.Uint64()), v.slow[2].Value.Float64()
	waits := v.slow[3].Value.Float64Histogram()
	grown := &metrics.Float64Histogram{Buckets: waits.Buckets, Counts: make([]uint64, len(waits.Counts))}
	for i, n := range waits.Counts {
		grown.Counts[i] = n
		if i < len(v.seen.Counts) {
			grown.Counts[i] -= v.seen.Counts[i]
		}
	}
	v.last.SchedP99 = 1000 * quantile(grown, 0.99)
	v.seen.Counts = append(v.seen.Counts[:0], waits.Counts...)
}
