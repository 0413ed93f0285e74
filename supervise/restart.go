package supervise

import (
	"context"
	"time"
)

// ended takes note of a child's end while the tree goes on, and starts the
// child again if that is due. Its error ends the tree.
func (t *Tree) ended(ctx context.Context, e exit) error {
	c, end := e.child, t.note(e)
	switch {
	case !end.again:
		return nil
	case end.asked == ErrStopping: // by an earlier Serve, which it outlived; it was waited for
		t.start(ctx, c)
		return nil
	case !t.intensity.allow(time.Now()):
		return t.giveUp(c, end)
	}
	t.restart(ctx, c)
	return nil
}

// restart is where strategies will differ: one_for_one concerns c alone.
func (t *Tree) restart(ctx context.Context, c *child) {
	t.mu.Lock()
	c.restarts++
	t.mu.Unlock()
	t.tell(Restarting{t.about(c), c.restarts})
	t.start(ctx, c)
}

func (t *Tree) giveUp(c *child, end ending) error {
	t.mu.Lock()
	c.state = end.state
	t.mu.Unlock()
	err := &IntensityError{Tree: t.cfg.Name, Child: c.Name, Max: t.intensity.max, Within: t.intensity.within, Err: end.err}
	t.tell(GaveUp{t.about(c), err})
	return err
}
