package supervise

import (
	"context"
	"fmt"
	"runtime/debug"
	"runtime/pprof"
	"time"
)

// child is one child with its books. What the loop alone uses is the serving
// goroutine's, from Serve to Serve. The tree's mutex guards the rest: the serving
// goroutine writes it, and so do Kill, Remove and the child's own goroutine, but
// asked only before the child has returned, so that whoever takes note of its
// end may read it without the lock.
type child struct {
	Child
	source string

	due    bool // to be started as soon as it does not run; the loop's alone
	yields bool // to end because a sibling is restarted; the loop's alone

	alive     bool                    // it was started, and the loop has not heard of its end
	returned  bool                    // its goroutine is done, which the loop may not know yet
	leaving   bool                    // it was removed, and leaves when it returns
	left      bool                    // it is no longer in the tree
	cancel    context.CancelCauseFunc // of the present or last life
	state     State
	since     time.Time // when it came into that state
	asked     error     // ErrStopping or ErrKilled once it was told to end, else nil
	deadline  time.Time // when it counts as stuck; zero: never, or it was not told to end
	restarts  int
	startedAt time.Time
	lastErr   string
}

func newChild(c Child) *child {
	return &child{Child: c, source: sourceOf(c.Service), state: StateIdle, since: time.Now(), due: true}
}

// start runs c in a goroutine of its own, unless it left in the meantime, or an
// earlier one still lives: that one is waited for, since one Service is never
// served twice at a time.
func (t *Tree) start(ctx context.Context, c *child) {
	if c.alive {
		return
	}
	// The end of ctx must not reach the children by itself: they are stopped in order.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	if !t.begins(c, cancel) {
		cancel(nil)
		return
	}
	c.due = false
	// Deferred, so that the books tell the truth even if the hook panics.
	defer func() { go t.run(ctx, c) }()
	t.tell(Started{t.about(c)})
}

func (t *Tree) begins(c *child, cancel context.CancelCauseFunc) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.left {
		return false
	}
	c.alive, c.returned, c.cancel = true, false, cancel
	c.asked, c.deadline = nil, time.Time{}
	c.enter(StateRunning)
	c.startedAt = c.since
	return true
}

// run is the goroutine of one life of c.
func (t *Tree) run(ctx context.Context, c *child) {
	r := report{child: c, ended: true, err: ErrGoexit} // overwritten unless Serve never returns here
	defer func() {
		t.mu.Lock()
		c.returned = true
		t.reports = append(t.reports, r)
		if c.leaving {
			t.drop(c)
		}
		t.mu.Unlock()
		t.nudge()
	}()
	// Whoever looks at a profile finds the child in it, and all that it starts.
	pprof.Do(ctx, pprof.Labels(Label, c.Name), func(ctx context.Context) { r.err = guarded(ctx, c.Service) })
}

// Label is the key of the label that the goroutine of a child carries in profiles
// of runtime/pprof, with the child's name as its value. The goroutines that it
// starts inherit it, unless they are given another.
const Label = "child"

// guarded is the one place where panics are caught.
func guarded(ctx context.Context, s Service) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return s.Serve(ctx)
}

// note writes what was reported into the books and tells of it.
func (t *Tree) note(r report) (end ending) {
	c, left := r.child, true
	if r.ended {
		end = endingOf(c.Restart, c.asked, r.err) // asked stays: a child that returned cannot be killed
		left = t.write(c, end)
		c.cancel(nil) // releases the context; a cause already set stays
		t.tell(Ended{About: t.about(c), Err: r.err, Asked: end.asked != nil, Failed: end.failed})
	}
	if left {
		t.tell(Removed{t.about(c)})
	}
	return end
}

// write closes the books of one life of c, and reports whether c has left the tree.
func (t *Tree) write(c *child, end ending) (left bool) {
	said := fmt.Sprint(end.err) // before the lock: an error's text is foreign code
	t.mu.Lock()
	defer t.mu.Unlock()
	c.alive, c.yields, c.deadline = false, false, time.Time{}
	if (end.again || c.due) && t.state == StateRunning {
		c.enter(StateRestarting)
	} else {
		c.enter(end.state)
	}
	if end.err != nil {
		c.lastErr = said
	}
	if c.forgotten(end) {
		t.drop(c)
	}
	return c.left
}

// enter puts c into a state. It is called under the tree's lock.
func (c *child) enter(s State) {
	if c.state != s || s == StateRunning {
		c.state, c.since = s, time.Now()
	}
}

// forgotten reports whether c leaves the tree by itself after such an end: one
// that it chose, or that a restart of siblings brought about for good. Who ended
// because the tree was stopped is due.
func (c *child) forgotten(end ending) bool {
	return c.Forget && !end.again && (end.asked != ErrStopping || !c.due)
}

// shown is the state that c is in even if the loop, which may have ended since,
// has not heard that a stuck child returned after all.
func (c *child) shown() State {
	if c.state == StateStuck && c.returned {
		return StateStopped
	}
	return c.state
}
