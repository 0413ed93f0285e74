package stage

import (
	"cmp"
	"context"
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
	run := p.lastRun()
	var over <-chan struct{} // nobody works anything off any more
	if run != nil {
		over = run.done
	}
	for _, h := range hubs {
		select {
		case <-h.finished():
		case <-over:
			if h.left().Events() > 0 {
				return p.giveUp(errUnserved)
			}
		case <-ctx.Done():
			return p.giveUp(context.Cause(ctx))
		}
	}
	if run != nil && !ended(ctx, run.done) {
		return p.giveUp(context.Cause(ctx))
	}
	for _, n := range nodes {
		if !ended(ctx, n.about().served()) {
			return p.giveUp(context.Cause(ctx))
		}
	}
	return nil
}

// lastRun is the Run that is under way, or was last.
func (p *Pipeline) lastRun() *run {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ran
}

// ended waits for what closes done, as long as ctx allows.
func ended(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// giveUp tells all handlers to leave, and what is left at this moment.
func (p *Pipeline) giveUp(cause error) error {
	err := p.leftOver(cause)
	p.mu.Lock()
	run := p.run
	p.cause = cause
	p.mu.Unlock()
	if run != nil {
		run.cancel(cause)
	}
	_, nodes := p.parts()
	for _, n := range nodes {
		n.about().abort(cause)
	}
	if err == nil { // all is settled, but a stage has not returned
		err = &DrainError{Cause: cause}
	}
	return err
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
	for _, feeds := range []bool{false, true} {
		for _, n := range nodes {
			if n.feeds() == feeds {
				n.drain()
			}
		}
	}
}

// leftOver is nil when nothing is left.
func (p *Pipeline) leftOver(cause error) error {
	hubs, nodes := p.parts()
	p.mu.Lock()
	e := &DrainError{Cause: cmp.Or(cause, p.cause, errUnserved)}
	p.mu.Unlock()
	for _, h := range hubs {
		if l := h.left(); l.Events() > 0 {
			e.Left = append(e.Left, l)
		}
	}
	for _, n := range nodes {
		if holds, ok := n.(interface{ left() Left }); ok {
			if l := holds.left(); l.Events() > 0 {
				e.Left = append(e.Left, l)
			}
		}
	}
	if len(e.Left) == 0 {
		return nil
	}
	return e
}
