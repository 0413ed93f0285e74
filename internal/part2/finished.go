package part2

import (
	"time"

	"github.com/affluxlab/afflux/internal/telemetry"
	"github.com/affluxlab/afflux/stage"
)

// MostEvents is how many events [Part.Take] returns at most.
const MostEvents = 50

// Outcome is how an event ended.
type Outcome string

// The outcomes of events that were handled.
const (
	Done   Outcome = "done"
	Failed Outcome = "failed" // its attempts are spent
)

// Event is one that is finished. Times are in milliseconds, with fractions; the
// latency is the sum of the two waits and the service. Of an event that was tried or
// dealt out more than once the wait in the buffer holds all that came before the last
// time.
type Event struct {
	Seq          uint64  `json:"seq"`  // in the order of acceptance, from 1; never reset
	Part         string  `json:"part"` // "part2"
	Consumer     string  `json:"consumer"`
	At           float64 `json:"at"` // when it was enqueued, Unix time
	Attempt      int     `json:"attempt"`
	Depth        int     `json:"depth_at_arrival"` // events that it found in the system
	BufferWaitMS float64 `json:"buffer_wait_ms"`
	InboxWaitMS  float64 `json:"inbox_wait_ms"`
	ServiceMS    float64 `json:"service_ms"`
	LatencyMS    float64 `json:"latency_ms"` // from the stamp to the end
	Outcome      Outcome `json:"outcome"`
	Weight       float64 `json:"weight"` // how many events this one stands for

	at time.Duration // on the part's clock; At is found when it is told, for few are
}

// observe is told of each use of the resource, and offers the event if that was its
// last: what the workshop's consumer does when it is done with one.
func (p *Part) observe(h stage.Handled, evs []event) {
	outcome := Done
	switch {
	case h.Failed > 0:
		outcome = Failed
	case h.Done == 0:
		return // it will be tried again
	}
	now := p.clock()
	latency := now - evs[0].at
	p.recent.add(now, latency)
	p.latency.Record(latency)
	p.service.Record(h.Service)
	p.finished.Offer(Event{
		Seq: h.Seq + 1, Part: "part2", Consumer: h.Stage, at: evs[0].at, Attempt: h.Attempt, Depth: int(evs[0].depth),
		BufferWaitMS: inMS(latency - h.InboxWait - h.Service), InboxWaitMS: inMS(h.InboxWait),
		ServiceMS: inMS(h.Service), LatencyMS: inMS(latency), Outcome: outcome,
	})
}

// Take returns a fair choice of the events that were finished since the last call,
// each with how many it stands for: at most [MostEvents], so that whoever asks
// twenty times a second gets no more than a thousand a second. It is for one
// reader.
func (p *Part) Take() []Event {
	chosen, weight := p.finished.Take()
	now, clock := p.opts.Now(), p.clock()
	for i := range chosen {
		c := &chosen[i]
		c.Weight, c.At, c.at = weight, telemetry.Millis(now.Add(c.at-clock)), 0
	}
	return chosen
}

func inMS(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
