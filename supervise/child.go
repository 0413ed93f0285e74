package supervise

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// child is one child with its books. The tree's mutex guards all but alive; the
// serving goroutine writes them, Kill writes asked, state and deadline while the
// tree runs, and the child's own goroutine writes returned. What no other writes
// at the time, the serving goroutine may read without the lock.
type child struct {
	Child
	source string
	alive  bool // its end has not been taken from exits; the serving goroutine's alone

	cancel    context.CancelCauseFunc // of the present or last Serve
	returned  bool                    // its goroutine is done, which the loop may not know yet
	state     State
	asked     error     // ErrStopping or ErrKilled once it was told to end, else nil
	deadline  time.Time // when it counts as stuck; zero: never, or it was not told to end
	restarts  int
	startedAt time.Time
	lastErr   string
}

// start runs c in a goroutine of its own, unless an earlier one still lives:
// that one is waited for, since one Service is never served twice at a time.
func (t *Tree) start(ctx context.Context, c *child) {
	if c.alive {
		return
	}
	// The end of ctx must not reach the children by itself: they are stopped in order.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	t.mu.Lock()
	c.cancel, c.returned, c.state, c.asked, c.deadline = cancel, false, StateRunning, nil, time.Time{}
	c.startedAt = time.Now()
	t.mu.Unlock()
	c.alive = true
	// Deferred, so that the books tell the truth even if the hook panics.
	defer func() { go t.run(ctx, c) }()
	t.tell(Started{t.about(c)})
}

// run is the goroutine of one life of c.
func (t *Tree) run(ctx context.Context, c *child) {
	e := exit{child: c, err: ErrGoexit} // overwritten unless Serve never returns here
	defer func() {
		t.mu.Lock()
		c.returned = true
		t.mu.Unlock()
		t.exits <- e
	}()
	e.err = guarded(ctx, c.Service)
}

// guarded is the one place where panics are caught.
func guarded(ctx context.Context, s Service) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return s.Serve(ctx)
}

// note writes an end into the books and tells of it.
func (t *Tree) note(e exit) ending {
	c := e.child
	c.alive = false
	end := endingOf(c.Restart, c.asked, e.err) // asked stays: a child that returned cannot be killed
	said := fmt.Sprint(end.err)                // before the lock: an error's text is foreign code
	t.mu.Lock()
	c.deadline = time.Time{}
	c.state = end.state
	if end.again && t.state == StateRunning {
		c.state = StateRestarting
	}
	if end.err != nil {
		c.lastErr = said
	}
	t.mu.Unlock()
	c.cancel(nil) // releases the context; a cause already set stays
	t.tell(Ended{About: t.about(c), Err: e.err, Asked: end.asked != nil, Failed: end.failed})
	return end
}

// shown is the state that c is in even if the loop, which may have ended since,
// has not heard that a stuck child returned after all.
func (c *child) shown() State {
	if c.state == StateStuck && c.returned {
		return StateStopped
	}
	return c.state
}
