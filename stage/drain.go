package stage

import (
	"context"
	"slices"
)

// Drain ends the intake (queues refuse with ErrClosed, sources are told by the
// context of their Fetch), lifts a pause, retries at once what was to be retried
// later, and waits until everything that was accepted is settled and the stages
// have ended. It cannot be undone; to pause the intake, use [Queue.Seal].
//
// When ctx ends first, handlers are told to leave by their contexts, and Drain
// returns a [*DrainError] with what is left; events in the hands of handlers
// that then give up return to their queue.
func (p *Pipeline) Drain(ctx context.Context) error {
	p.beginDrain()
	hubs, nodes := p.parts()
	slices.SortStableFunc(hubs, func(a, b outletNode) int { return rank(a) - rank(b) })
	for _, h := range hubs {
		if n := h.owner(); n != nil && !n.about().isServing() {
			n.drain() // nobody else would end what depends on it
		}
		select {
		case <-h.finished():
		case <-ctx.Done():
			err := p.leftOver(context.Cause(ctx))
			for _, n := range nodes {
				n.about().abort(errAborted)
			}
			return err
		}
	}
	return nil
}

// rank puts outlets that depend on a stage behind those that it takes from.
func rank(h outletNode) int {
	if h.owner() != nil {
		return 1
	}
	return 0
}

// beginDrain starts a drain, once.
func (p *Pipeline) beginDrain() {
	p.mu.Lock()
	p.drained = true
	p.mu.Unlock()
	hubs, nodes := p.parts()
	for _, h := range hubs {
		h.drain()
	}
	for _, n := range nodes {
		n.drain()
	}
}

func (p *Pipeline) isDraining() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.drained
}

// leftOver is nil when nothing is left.
func (p *Pipeline) leftOver(cause error) error {
	hubs, _ := p.parts()
	e := &DrainError{Cause: cause}
	for _, h := range hubs {
		if l := h.left(); l.Events() > 0 {
			e.Left = append(e.Left, l)
		}
	}
	if len(e.Left) == 0 {
		return nil
	}
	if e.Cause == nil {
		e.Cause = errUnserved
	}
	return e
}
