package lab

import (
	"github.com/affluxlab/afflux/internal/observer"
	"github.com/affluxlab/afflux/internal/part1"
	"github.com/affluxlab/afflux/internal/part2"
	"github.com/affluxlab/afflux/internal/resource"
	"github.com/affluxlab/afflux/internal/telemetry"
)

// workshopSamples is how many samples, 20 ms apart, the workshop's own page takes
// the mean of.
const workshopSamples = 11

// instrument is what the lab records of itself every 20 ms. It is one for all
// rooms, so that no reset comes between the numbers of a row.
func (l *Lab) instrument() telemetry.Instrument {
	var columns []column
	for _, group := range [][]column{l.epochColumn(), resourceColumns(), requestColumns(), pipelineColumns(), vitalColumns()} {
		columns = append(columns, group...)
	}
	i := telemetry.Instrument{}
	for _, c := range columns {
		i.Series = append(i.Series, c.Series)
	}
	i.Read = func(row []float64) {
		l.epochs.RLock()
		defer l.epochs.RUnlock()
		m := l.measure()
		now := l.recorder.Now()
		if text, at := l.load.see(now, endpointsOf(m)); text != "" {
			l.markAt(at, markLoad, text)
		}
		if text := l.drops.see(now, m.part2.Total.Dropped); text != "" {
			l.markAt(now, markDrops, text)
		}
		for n, c := range columns {
			row[n] = c.of(m)
		}
	}
	return i
}

// column is a series with how its number is found in a moment.
type column struct {
	telemetry.Series
	of func(*moment) float64
}

// moment is everything at one time.
type moment struct {
	epoch    uint64
	resource resource.Snapshot
	part1    part1.Snapshot
	part2    part2.Snapshot
	workshop float64
	vitals   observer.Vitals
}

// measure reads the rooms. It is the recorder's alone: the highs of the resource
// and the workshop's mean belong to one reader.
func (l *Lab) measure() *moment {
	m := &l.now
	m.epoch = l.epoch
	m.resource = l.mock.Sample()
	m.part1 = l.part1.Snapshot()
	m.part2 = l.part2.Snapshot()
	m.workshop = l.workshop.mean(float64(m.resource.All.InFlight))
	m.vitals = l.observer.Vitals()
	return m
}

func gauge(name, unit, help string, of func(*moment) float64) column {
	return column{telemetry.Series{Name: name, Kind: telemetry.Gauge, Unit: unit, Help: help}, of}
}

func counter(name, unit, help string, of func(*moment) float64) column {
	return column{telemetry.Series{Name: name, Kind: telemetry.Counter, Unit: unit, Help: help}, of}
}

func high(name, unit, help string, of func(*moment) float64) column {
	return column{telemetry.Series{Name: name, Kind: telemetry.High, Unit: unit, Help: help}, of}
}

func (l *Lab) epochColumn() []column {
	return []column{counter("epoch", "", "grows by one with each reset, which takes the counts back to 0",
		func(m *moment) float64 { return float64(m.epoch) })}
}

func resourceColumns() []column {
	all := func(f func(resource.Counts) float64) func(*moment) float64 {
		return func(m *moment) float64 { return f(m.resource.All) }
	}
	columns := []column{
		gauge("in_flight", "uses", "uses of the resource going on", all(func(c resource.Counts) float64 { return float64(c.InFlight) })),
		high("in_flight_high", "uses", "the most in flight since the sample before", func(m *moment) float64 { return float64(m.resource.High) }),
		gauge("in_flight_workshop", "uses", "in flight as the workshop's page measures it: the mean of 11 samples", func(m *moment) float64 { return m.workshop }),
	}
	for _, name := range []string{"serial", "async", part2.Caller} {
		columns = append(columns,
			gauge("in_flight_"+name, "uses", "those of "+name, func(m *moment) float64 { return float64(m.resource.Caller(name).Now.InFlight) }),
			high("in_flight_"+name+"_high", "uses", "the most of those since the sample before", func(m *moment) float64 { return float64(m.resource.Caller(name).High) }))
	}
	return append(columns,
		gauge("limit", "uses", "allowed at one time; 0: no limit", func(m *moment) float64 { return float64(m.resource.Settings.Limit) }),
		gauge("waiting", "pieces of work", "in line for the resource", all(func(c resource.Counts) float64 { return float64(c.Waiting) })),
		counter("started", "uses", "that began", all(func(c resource.Counts) float64 { return float64(c.Started) })),
		counter("finished", "uses", "that took their whole latency", all(func(c resource.Counts) float64 { return float64(c.Finished) })),
		counter("rejected", "pieces of work", "refused at the door", all(func(c resource.Counts) float64 { return float64(c.Rejected) })),
		counter("failed", "uses", "that ended early", all(func(c resource.Counts) float64 { return float64(c.Failed) })),
		counter("abandoned", "pieces of work", "that left the line unserved", all(func(c resource.Counts) float64 { return float64(c.Abandoned) })),
		counter("area", "use-seconds", "in flight summed over time", func(m *moment) float64 { return m.resource.Work.Area }),
		counter("use_time", "s", "time that ended uses took, summed", func(m *moment) float64 { return m.resource.Work.Taken }))
}

func requestColumns() []column {
	return []column{
		counter("requests", "requests", "that came to part 1", func(m *moment) float64 { return float64(m.part1.All.Requests) }),
		counter("answered", "requests", "answered OK", func(m *moment) float64 { return float64(m.part1.All.OK) }),
		counter("requests_rejected", "requests", "answered that the resource is full", func(m *moment) float64 { return float64(m.part1.All.Rejected) }),
	}
}

func pipelineColumns() []column {
	count := func(f func(*part2.Snapshot) uint64) func(*moment) float64 {
		return func(m *moment) float64 { return float64(f(&m.part2)) }
	}
	place := func(f func(*part2.Snapshot) int) func(*moment) float64 {
		return func(m *moment) float64 { return float64(f(&m.part2)) }
	}
	return []column{
		counter("enqueued", "events", "that part 2 accepted", count(func(s *part2.Snapshot) uint64 { return s.Accepted })),
		counter("done", "events", "that were done", count(func(s *part2.Snapshot) uint64 { return s.Done })),
		counter("events_failed", "events", "whose attempts were spent", count(func(s *part2.Snapshot) uint64 { return s.Failed })),
		counter("dropped", "events", "dropped by overflow", count(func(s *part2.Snapshot) uint64 { return s.Dropped })),
		counter("events_rejected", "requests", "to part 2 that were refused", count(func(s *part2.Snapshot) uint64 { return s.Rejected })),
		gauge("in_buffer", "events", "that wait in the queue", place(func(s *part2.Snapshot) int { return s.Buffer })),
		gauge("in_inboxes", "events", "dealt out to consumers and not begun", place(func(s *part2.Snapshot) int { return s.Inboxes })),
		gauge("in_hand", "events", "that are handled now", place(func(s *part2.Snapshot) int { return s.Hands })),
		gauge("retrying", "events", "that wait to be tried again", place(func(s *part2.Snapshot) int { return s.Delayed })),
		counter("latency_count", "events", "that were done or failed", count(func(s *part2.Snapshot) uint64 { return s.OutletSnapshot.Total.Count })),
		counter("latency_sum", "s", "their time in the system, summed", func(m *moment) float64 { return m.part2.OutletSnapshot.Total.Sum.Seconds() }),
	}
}

func vitalColumns() []column {
	return []column{
		gauge("goroutines", "goroutines", "of the process", func(m *moment) float64 { return m.vitals.Goroutines }),
		gauge("heap", "bytes", "in objects on the heap", func(m *moment) float64 { return m.vitals.Heap }),
		counter("cpu", "s", "processor time of the process since it started, read five times a second", func(m *moment) float64 { return m.vitals.CPU }),
		gauge("rss", "bytes", "resident memory: what the system has given, read once a second", func(m *moment) float64 { return m.vitals.RSS }),
		gauge("threads", "threads", "of the system", func(m *moment) float64 { return m.vitals.Threads }),
		counter("gc_cycles", "collections", "of garbage since the start", func(m *moment) float64 { return m.vitals.GCCycles }),
		counter("gc_cpu", "s", "processor time spent on that", func(m *moment) float64 { return m.vitals.GCCPU }),
		gauge("sched_p99", "ms", "that goroutines which could run waited for a processor: 99 % of them less, in the last fifth of a second", func(m *moment) float64 { return m.vitals.SchedP99 }),
	}
}

// lastOnes are the newest samples of a gauge.
type lastOnes struct {
	ring [workshopSamples]float64
	n    int
}

// mean takes one sample in and returns the mean of the newest.
func (l *lastOnes) mean(v float64) float64 {
	l.ring[l.n%workshopSamples] = v
	l.n++
	sum, count := 0.0, min(l.n, workshopSamples)
	for _, x := range l.ring[:count] {
		sum += x
	}
	return sum / float64(count)
}
