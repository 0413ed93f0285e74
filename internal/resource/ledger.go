package resource

// Counts are the books of the resource, or of one caller, since the last reset.
// At every moment Started = InFlight + Finished + Failed.
type Counts struct {
	InFlight  int    // uses going on now
	Peak      int    // the most that were going on at one time
	Waiting   int    // in line now; not in flight
	Abandoned uint64 // left the line unserved
	Started   uint64 // uses that began
	Finished  uint64 // uses that took their whole latency
	Failed    uint64 // uses that ended early: cancelled, panicked, restarted
	Rejected  uint64 // refused at the door
}

// ledger keeps Counts and, beside them, totals that a reset leaves alone.
type ledger struct {
	Counts
	forgotten Counts // what resets took away; only its ever-growing terms are used
	high      int    // the most in flight since the last sample
}

func (l *ledger) start() {
	l.Started++
	l.InFlight++
	l.Peak = max(l.Peak, l.InFlight)
	l.high = max(l.high, l.InFlight)
}

// takeHigh returns the most in flight since the last call, and begins anew.
func (l *ledger) takeHigh() int {
	high := l.high
	l.high = l.InFlight
	return high
}

func (l *ledger) end(done bool) {
	l.InFlight--
	if done {
		l.Finished++
	} else {
		l.Failed++
	}
}

// reset begins a new epoch. What is in flight is carried over as started.
func (l *ledger) reset() {
	now := Counts{InFlight: l.InFlight, Peak: l.InFlight, Waiting: l.Waiting, Started: uint64(l.InFlight)}
	l.forgotten.Started += l.Started - now.Started
	l.forgotten.Finished += l.Finished
	l.forgotten.Failed += l.Failed
	l.forgotten.Rejected += l.Rejected
	l.forgotten.Abandoned += l.Abandoned
	l.Counts = now
}

// total returns the counts as if there had never been a reset.
func (l *ledger) total() Counts {
	t := l.Counts
	t.Started += l.forgotten.Started
	t.Finished += l.forgotten.Finished
	t.Failed += l.forgotten.Failed
	t.Rejected += l.forgotten.Rejected
	t.Abandoned += l.forgotten.Abandoned
	return t
}
