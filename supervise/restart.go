package supervise

import (
	"context"
	"slices"
	"time"
)

// hear takes note of a report while the tree goes on, and decides whether it
// means a restart. Its error ends the tree.
func (t *Tree) hear(r report) error {
	c, end := r.child, t.note(r)
	switch {
	case !end.again, c.due: // due: a sibling's end has had it restarted already
		return nil
	case t.hasLeft(c):
		return nil
	case !t.allow():
		return t.giveUp(c, end)
	}
	t.restart(c)
	return nil
}

// allow counts one restart more, if it is still bearable.
func (t *Tree) allow() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.intensity.allow(time.Now())
}

// restart has c started again, and those with it whom the strategy names: who of
// them runs ends first. As in OTP that is one restart, and temporary children
// only end, while transient ones start even if they had finished.
func (t *Tree) restart(c *child) {
	t.mu.Lock()
	c.restarts++
	group := t.cfg.Strategy.group(t.children, c)
	t.mu.Unlock()
	for _, s := range group {
		s.yields = s.alive
		s.due = s.due || s.Restart != Temporary
	}
	t.tell(Restarting{t.about(c), c.restarts})
}

// act does what is owed to the children: it marks who is stuck, and starts who
// is due once all have ended who have to.
func (t *Tree) act(ctx context.Context, children []*child) {
	t.giveUpWaiting()
	if !t.cleared(children) {
		return
	}
	for _, c := range children {
		if ctx.Err() != nil {
			return
		}
		if c.due {
			t.start(ctx, c)
		}
	}
}

// cleared reports whether all have ended, or are stuck, who have to for a
// sibling. If not, the last of them is told, unless it has been: one at a time.
func (t *Tree) cleared(children []*child) bool {
	for _, c := range slices.Backward(children) {
		if c.yields && t.awaited(c) {
			t.ask(c, false)
			return false
		}
	}
	return true
}

// awaited reports whether the end of c may still come in time.
func (t *Tree) awaited(c *child) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return c.alive && c.state != StateStuck
}

func (t *Tree) giveUp(c *child, end ending) error {
	limits := t.cfg.intensity()
	t.mu.Lock()
	c.enter(end.state)
	t.mu.Unlock()
	err := &IntensityError{Tree: t.cfg.Name, Child: c.Name, Max: limits.max, Within: limits.within, Err: end.err}
	t.tell(GaveUp{t.about(c), err})
	return err
}
