package part2

import "time"

// The pace is taken from the ends of events within the last paceReach, in steps of
// at least paceStep: consumers that work in step end theirs at the same moment, and
// what counts is the time from one such moment to the next.
const (
	paceReach = 5 * time.Second
	paceStep  = 20 * time.Millisecond
)

// pace tells the rate at which events end.
type pace struct {
	ring  [paceReach/paceStep + 2]moment
	steps int
	n     int // events
}

// moment is when the first event of a step ended, and how many had before it.
type moment struct {
	at     time.Duration
	before int
}

// begin forgets what was.
func (p *pace) begin() { p.steps, p.n = 0, 0 }

// add counts an event that ends now. After a stall it begins anew: what came before
// says nothing of what comes.
func (p *pace) add(now time.Duration) {
	if p.steps == 0 || now-p.back(0).at >= paceStep {
		if rate, known := p.perSecond(now); known && rate == 0 {
			p.begin()
		}
		p.ring[p.steps%len(p.ring)] = moment{now, p.n}
		p.steps++
	}
	p.n++
}

// back is the i-th last moment.
func (p *pace) back(i int) moment { return p.ring[(p.steps-1-i)%len(p.ring)] }

// perSecond is known from the second moment on. When none has come for longer than
// usual the time since the last one counts too: the rate falls, and after ten times
// the usual, at least paceReach, it is 0.
func (p *pace) perSecond(now time.Duration) (rate float64, known bool) {
	if p.steps < 2 {
		return 0, false
	}
	last, i := p.back(0), 1
	for i+1 < min(p.steps, len(p.ring)) && last.at-p.back(i+1).at <= paceReach {
		i++
	}
	first := p.back(i)
	events, over := last.before-first.before, last.at-first.at
	usual := over / time.Duration(i)
	switch since := now - last.at; {
	case since > max(10*usual, paceReach):
		return 0, true
	case since > 2*usual:
		events, over = p.n-first.before, now-first.at
	}
	return float64(events) / over.Seconds(), true
}
