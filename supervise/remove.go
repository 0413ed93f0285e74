package supervise

import (
	"fmt"
	"slices"
)

// Remove takes a child of this tree, not of one below it, out of the tree. If it
// runs it is told to stop, with [ErrStopping] as the cause, and shown as
// stopping, then as stuck, for as long as it has not returned: only then it
// leaves, and its name is free. One that does not run leaves at once. It is not
// started again, whatever it returns, and that is no restart.
//
// Remove does not wait. It may be called at any time, from any goroutine, a hook
// included; a second one for a child on its way changes nothing. The only error
// is [ErrNotFound]. A tree that is removed takes those with it that are stuck below
// it; its [Ended] event names them.
func (t *Tree) Remove(name string) error {
	t.mu.Lock()
	i := slices.IndexFunc(t.children, func(c *child) bool { return c.Name == name })
	if i < 0 {
		t.mu.Unlock()
		return fmt.Errorf("%q: %w", name, ErrNotFound)
	}
	c := t.children[i]
	c.leaving = true
	runs, cancel := c.alive && !c.returned, c.cancel
	switch {
	case !runs:
		t.drop(c)
		t.reportLeft(c)
	case c.asked == nil:
		c.ask(ErrStopping)
	}
	t.mu.Unlock()
	if runs {
		cancel(ErrStopping) // changes nothing if it was told before
	}
	t.nudge()
	return nil
}

// drop takes c out of the tree. It is called under the tree's lock.
func (t *Tree) drop(c *child) {
	i := slices.Index(t.children, c)
	if i < 0 {
		return
	}
	t.children = slices.Concat(t.children[:i], t.children[i+1:])
	t.changes++
	c.left = true
}

// reportLeft has the loop tell that c left, unless it will do so when it hears
// of c's end, or never heard of c. It is called under the tree's lock.
func (t *Tree) reportLeft(c *child) {
	if !c.alive && !c.startedAt.IsZero() {
		t.reports = append(t.reports, report{child: c})
	}
}

func (t *Tree) hasLeft(c *child) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return c.left
}
