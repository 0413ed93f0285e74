package part2

import (
	"github.com/affluxlab/afflux/internal/telemetry"
	"github.com/affluxlab/afflux/stage"
)

// Counts are events since the last reset, or since the start. At every moment
//
//	Enqueued = Done + Failed + Dropped + in the system
type Counts struct {
	Enqueued, Done, Failed, Dropped uint64

	Rejected uint64 // requests that were refused: outside the law
	Retried  uint64 // uses that failed and were to be repeated
}

func countsOf(o *stage.OutletSnapshot) Counts {
	return Counts{o.Accepted, o.Done, o.Failed, o.Dropped, o.Rejected, o.Retried}
}

func (c Counts) plus(d Counts) Counts {
	return Counts{
		c.Enqueued + d.Enqueued, c.Done + d.Done, c.Failed + d.Failed, c.Dropped + d.Dropped,
		c.Rejected + d.Rejected, c.Retried + d.Retried,
	}
}

// Snapshot is the pipeline at one moment: all numbers of its queue were true
// together.
type Snapshot struct {
	stage.OutletSnapshot
	Settings    Settings
	SwitchingTo Kind   // what it becomes when the old nodes have left; empty: nothing
	Total       Counts // never reset
}

// Snapshot reads the pipeline.
func (p *Part) Snapshot() Snapshot {
	p.mu.Lock() // so that no reset comes in between
	defer p.mu.Unlock()
	s := Snapshot{OutletSnapshot: *p.pipe.Snapshot().Outlet("producer"), Settings: p.settings}
	if p.switching {
		s.SwitchingTo = p.settings.Kind
	}
	s.Total = countsOf(&s.OutletSnapshot).plus(p.reset)
	return s
}

// Pipeline is the chapter's pipeline as the library itself tells of it.
func (p *Part) Pipeline() (name string, s stage.Snapshot) { return p.pipe.Name(), p.pipe.Snapshot() }

// Durations are the latency of finished events and the service of their last use,
// since the start, whatever was reset.
func (p *Part) Durations() (latency, service telemetry.Distribution) {
	return p.latency.Total(), p.service.Total()
}

// Reset begins a new epoch: what is in the system counts as enqueued, all else as 0.
func (p *Part) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.pipe.Reset().Outlet("producer")
	carried := Counts{Enqueued: uint64(was.InSystem())}
	before := countsOf(was)
	before.Enqueued -= carried.Enqueued
	p.reset = p.reset.plus(before)
	p.recent.forget()
	p.latency.Reset()
	p.service.Reset()
}
