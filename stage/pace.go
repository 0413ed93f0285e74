package stage

// pace is how many events a lazy worker takes at once. It starts with one,
// doubles while a full slice ends within half the target, and shrinks in
// proportion when one takes longer: events of 500 ms move one at a time, events
// of 20 ns a thousand at a time.
type pace struct {
	size   int
	max    int
	target int64 // ns that a slice should take at most
	crumb  int   // events that are less work than it is to wake a worker for them
}

// after learns from a slice of n events that took so long.
func (p *pace) after(n int, took int64) {
	if p.crumb = 0; took > 0 { // in virtual time they may take none: nothing is known
		p.crumb = int(int64(n) * wakeCost / took)
	}
	switch {
	case took > p.target:
		p.size = max(1, int(int64(n)*p.target/took))
	case n >= p.size && took <= p.target/2:
		p.size *= 2
	}
	p.size = min(p.size, p.max)
}

// afterOne learns from a single event: its worker takes one at a time, and size
// tells how many would fit, for whoever fills the queue.
func (p *pace) afterOne(took int64) {
	switch whole := took * int64(p.size); {
	case whole > p.target:
		p.size = max(1, int(p.target/took))
	case whole <= p.target/2:
		p.size = min(2*p.size, p.max)
	}
}

// take is how many of the waiting events a worker takes: a fair part, so that a
// short queue is split between all workers and not taken by the first; but no
// crumbs, which cost more to hand out than to handle.
func (p *pace) take(waiting, workers int) int {
	workers = max(1, workers)
	fair := (waiting + workers - 1) / workers
	return max(1, min(p.size, max(fair, p.crumb)))
}

const wakeCost = 20_000 // ns
