package supervise

import (
	"errors"
	"time"
)

// stop ends the children in reverse order, one after the other.
func (t *Tree) stop() error {
	t.setState(StateStopping)
	var stuck []string
	for i := len(t.children) - 1; i >= 0; i-- {
		stuck = append(stuck, t.stopChild(t.children[i])...)
	}
	if stuck == nil {
		return nil
	}
	return &StuckError{Names: stuck}
}

// stopChild tells c to end, waits for it, and returns the names of those stuck:
// c itself, or what a tree says of its own children.
func (t *Tree) stopChild(c *child) (stuck []string) {
	if !c.alive {
		return nil
	}
	t.mu.Lock()
	c.ask(ErrStopping)
	t.mu.Unlock()
	c.cancel(ErrStopping)
	var patience <-chan time.Time // nil waits for ever
	if d := c.patience(); d >= 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		patience = timer.C
	}
	for c.alive {
		select {
		case e := <-t.exits: // c, or another that happens to end meanwhile
			t.note(e)
			stuck = append(stuck, stuckBelow(e)...)
		case <-patience:
			t.stuck(c)
			return append(stuck, c.Name)
		}
	}
	return stuck
}

func stuckBelow(e exit) []string {
	if below, ok := errors.AsType[*StuckError](e.err); ok {
		return below.Names
	}
	return nil
}

// ask writes down that c was told to end, and how long it has for that.
func (c *child) ask(cause error) {
	c.asked = cause
	c.state = StateStopping
	c.deadline = time.Time{}
	if d := c.patience(); d >= 0 {
		c.deadline = time.Now().Add(d)
	}
}

func (t *Tree) stuck(c *child) {
	t.mu.Lock()
	c.state = StateStuck
	c.deadline = time.Time{}
	t.mu.Unlock()
	t.tell(Stuck{t.about(c), c.patience()})
}

// overdue returns a channel that fires when the next killed child has had its
// time; nil, which never fires, when there is none.
func (t *Tree) overdue() <-chan time.Time {
	var first time.Time
	t.mu.Lock()
	for _, c := range t.children {
		if !c.deadline.IsZero() && (first.IsZero() || c.deadline.Before(first)) {
			first = c.deadline
		}
	}
	t.mu.Unlock()
	if first.IsZero() {
		return nil
	}
	return time.After(time.Until(first)) // unreferenced timers are collected
}

// giveUpWaiting marks the killed children whose time is over.
func (t *Tree) giveUpWaiting(now time.Time) {
	for _, c := range t.children {
		t.mu.Lock()
		late := !c.deadline.IsZero() && !now.Before(c.deadline)
		t.mu.Unlock()
		if late {
			t.stuck(c)
		}
	}
}

func (t *Tree) setState(s State) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state = s
}
