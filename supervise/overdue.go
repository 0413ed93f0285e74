package supervise

import "time"

// ask writes down that c was told to end, and how long it has for that.
func (t *Tree) ask(c *child, cause error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.ask(cause)
}

// ask is called under the tree's lock.
func (c *child) ask(cause error) {
	c.asked = cause
	c.state = StateStopping
	c.deadline = time.Time{}
	if d := c.patience(); d >= 0 {
		c.deadline = time.Now().Add(d)
	}
}

// overdue returns a channel that fires when the next child that was told to end
// has had its time; nil, which never fires, when there is none.
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

// giveUpWaiting marks the children whose time is over. One that has returned is
// left alone: its exit is on the way.
func (t *Tree) giveUpWaiting(now time.Time) {
	for _, c := range t.children {
		t.mu.Lock()
		late := !c.deadline.IsZero() && !now.Before(c.deadline)
		stuck := late && !c.returned
		if late {
			c.deadline = time.Time{}
		}
		if stuck {
			c.state = StateStuck
		}
		t.mu.Unlock()
		if stuck {
			t.tell(Stuck{t.about(c), c.patience()})
		}
	}
}
