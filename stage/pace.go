package stage

// pace is how many events a lazy worker takes at once. It starts with one,
// doubles while a full slice ends within half the target, and shrinks in
// proportion when one takes longer: events of 500 ms move one at a time, events
// of 20 ns a thousand at a time.
type pace struct {
	size   int
	max    int
	target int64 // ns that a slice should take at most
}

// after learns from a slice of n events that took so long.
func (p *pace) after(n int, took int64) {
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

// share is a fair part of what waits, so that a short queue is split between
// all workers and not taken by the first.
func share(waiting, workers int) int {
	return (waiting + workers - 1) / max(1, workers)
}
