package part1

import (
	"errors"
	"time"

	"github.com/affluxlab/afflux/internal/resource"
)

// Outcome is how a request, or its work, ended.
type Outcome string

// The outcomes.
const (
	OK        Outcome = "ok"        // the work was done
	Rejected  Outcome = "rejected"  // the resource was full
	Failed    Outcome = "failed"    // it ended early: client gone, restart, stop
	Abandoned Outcome = "abandoned" // it left the line before its turn
)

// Request is a request that is over, its work included. Times are in
// milliseconds, with fractions.
type Request struct {
	Seq       uint64  `json:"seq"`  // in the order in which they were over, from 1
	Part      string  `json:"part"` // "part1"
	Caller    string  `json:"caller"`
	At        float64 `json:"at"`         // arrival, Unix time
	AnswerMS  float64 `json:"answer_ms"`  // arrival to answer
	WaitMS    float64 `json:"wait_ms"`    // in line for the resource
	ServiceMS float64 `json:"service_ms"` // using it
	LatencyMS float64 `json:"latency_ms"` // arrival to the end of the work
	Outcome   Outcome `json:"outcome"`
	Depth     int     `json:"depth_at_arrival"` // pieces of work that were not finished
	Weight    float64 `json:"weight"`           // how many requests this one stands for

	arrived time.Duration // on the part's clock; At is found when it is told, for few are
}

// request is one under way. It is small, since a million may be.
type request struct {
	depth    int
	arrived  time.Duration // on the part's clock
	answered time.Duration
}

// errPanicked is the outcome of a handler that never came to one.
var errPanicked = errors.New("part 1 panicked")

func outcomeOf(times resource.Times, err error) Outcome {
	if err == nil {
		return OK
	}
	if _, full := errors.AsType[*resource.FullError](err); full {
		return Rejected
	}
	return undone(times)
}

// undone is the outcome of work that was let in and not finished.
func undone(times resource.Times) Outcome {
	if times.Waited > 0 && times.Took == 0 {
		return Abandoned
	}
	return Failed
}

// arrive counts a request in, before it asks for a place, so that Drain misses
// none. One that comes after Drain has begun is not taken: errStopping.
func (p *Part) arrive(e *endpoint, at time.Time) (request, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e.books.arrive()
	r := request{depth: p.open, arrived: at.Sub(p.made)}
	p.open++
	if p.shut {
		return r, errStopping
	}
	return r, nil
}

// answered counts the answer that a request got.
func (p *Part) answered(e *endpoint, r *request, err error) {
	r.answered = p.clock()
	outcome := outcomeOf(resource.Times{}, err)
	p.mu.Lock()
	e.books.answer(outcome)
	p.mu.Unlock()
	if outcome == OK {
		e.answers.Record(r.answered - r.arrived)
	} else {
		e.refusals.Record(r.answered - r.arrived)
	}
}

// over ends a request whose work, if there was any, has ended too.
func (p *Part) over(e *endpoint, r *request, times resource.Times, outcome Outcome) {
	took := p.clock() - r.arrived
	if outcome == OK {
		e.works.Record(took)
		if times.Waited > 0 {
			e.waits.Record(times.Waited)
		}
	}
	p.requests.Offer(Request{
		Seq: p.closed(), Part: "part1", Caller: e.name, arrived: r.arrived,
		AnswerMS: inMS(r.answered - r.arrived), WaitMS: inMS(times.Waited), ServiceMS: inMS(times.Took), LatencyMS: inMS(took),
		Outcome: outcome, Depth: r.depth,
	})
}

// clock is the time since the part was made: one read of the monotonic clock.
func (p *Part) clock() time.Duration { return time.Since(p.made) }

func inMS(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func unixMS(t time.Time) float64 { return float64(t.UnixMicro()) / 1000 }
