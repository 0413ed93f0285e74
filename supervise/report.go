package supervise

import "time"

// report is what the loop has to hear of a child: that its goroutine is done,
// or that it was removed while it had none.
type report struct {
	child *child
	ended bool
	err   error // what Serve returned
}

// look takes the oldest report. Only when there is none it returns the children,
// so that nobody is started before all that came first has been told: the last
// end of one whose name has been given to another, for example.
func (t *Tree) look() (r report, children []*child, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.reports) == 0 {
		return report{}, t.children, false
	}
	r, t.reports[0] = t.reports[0], report{} // which would keep the child alive
	t.reports = t.reports[1:]
	return r, nil, true
}

// nudge wakes the loop, or has it look once more before it waits.
func (t *Tree) nudge() {
	select {
	case t.wake <- struct{}{}:
	default: // it has not looked since the last one, and will
	}
}

// wait returns when there may be something to do: a report, an Add, a child that
// was told to end or is overdue. A nil channel is never done.
func (t *Tree) wait(done <-chan struct{}) {
	var overdue <-chan time.Time
	if first := t.nextDeadline(); !first.IsZero() {
		left := time.Until(first)
		if left <= 0 {
			return
		}
		overdue = time.After(left) // unreferenced timers are collected
	}
	select {
	case <-done:
	case <-t.wake:
	case <-overdue:
	}
}
