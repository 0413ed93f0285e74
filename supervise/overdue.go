package supervise

import "time"

// ask tells c to stop, unless it was told to end already. If again then who was
// killed, or told in an earlier Serve, is told anew, and has its time anew.
func (t *Tree) ask(c *child, again bool) {
	t.mu.Lock()
	tell := !c.returned && (c.asked == nil || again && !c.leaving)
	if tell {
		c.ask(ErrStopping)
	}
	t.mu.Unlock()
	if tell {
		c.cancel(ErrStopping)
	}
}

// ask writes down that c is told to end, and how long it has for that. It is
// called under the tree's lock.
func (c *child) ask(cause error) {
	c.asked = cause
	c.enter(StateStopping)
	c.deadline = time.Time{}
	if d := c.patience(); d >= 0 {
		c.deadline = time.Now().Add(d)
	}
}

// nextDeadline is when the next child that was told to end has had its time;
// zero when there is none.
func (t *Tree) nextDeadline() (first time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.children {
		if !c.deadline.IsZero() && (first.IsZero() || c.deadline.Before(first)) {
			first = c.deadline
		}
	}
	return first
}

// giveUpWaiting tells of the children whose time is over.
func (t *Tree) giveUpWaiting() {
	for _, c := range t.late(time.Now()) {
		t.tell(Stuck{t.about(c), c.patience()})
	}
}

// late marks the children whose time is over, and returns them. One that has
// returned is left alone: its end is reported already.
func (t *Tree) late(now time.Time) (stuck []*child) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.children {
		if c.deadline.IsZero() || now.Before(c.deadline) {
			continue
		}
		c.deadline = time.Time{}
		if !c.returned {
			c.enter(StateStuck)
			stuck = append(stuck, c)
		}
	}
	return stuck
}
