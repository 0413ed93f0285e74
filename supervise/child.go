package supervise

import (
	"context"
	"errors"
	"runtime/debug"
	"time"
)

// child is one child with its books, which the tree's mutex guards. Only the
// serving goroutine writes them, but for asked, state and deadline, which Kill
// writes too; so that goroutine may read the others without the lock.
type child struct {
	Child
	source string

	cancel    context.CancelCauseFunc // of the present or last Serve
	alive     bool                    // its goroutine has not reported its end
	state     State
	asked     error     // ErrStopping or ErrKilled once it was told to end, else nil
	deadline  time.Time // when it counts as stuck; zero: never, or it was not told to end
	restarts  int
	startedAt time.Time
	lastErr   error
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
	c.cancel, c.alive, c.state, c.asked, c.deadline = cancel, true, StateRunning, nil, time.Time{}
	c.startedAt = time.Now()
	t.mu.Unlock()
	t.tell(Started{t.about(c)})
	go t.run(ctx, c)
}

// run is the goroutine of one life of c.
func (t *Tree) run(ctx context.Context, c *child) {
	e := exit{child: c, err: ErrGoexit} // overwritten unless Serve never returns here
	defer func() { t.exits <- e }()
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

// ended takes note of a child's end while the tree goes on, and starts the
// child again if that is due. Its error ends the tree.
func (t *Tree) ended(ctx context.Context, e exit) error {
	c := e.child
	asked, failed := t.note(e)
	switch {
	case asked == ErrStopping: // by an earlier Serve, which it outlived; now it can start
		t.start(ctx, c)
		return nil
	case c.Restart == Temporary, c.Restart == Transient && !failed:
		return nil
	}
	if !t.intensity.allow(time.Now()) {
		err := &IntensityError{Tree: t.cfg.Name, Child: c.Name, Max: t.intensity.max, Within: t.intensity.within, Err: whyEnded(asked, e.err)}
		t.tell(GaveUp{t.about(c), err})
		return err
	}
	t.mu.Lock()
	c.restarts++
	t.mu.Unlock()
	t.tell(Restarting{t.about(c), c.restarts})
	t.start(ctx, c)
	return nil
}

// note writes an end into the books and tells of it. It reports what the child
// had been asked, and whether its end was abnormal.
func (t *Tree) note(e exit) (asked error, failed bool) {
	c := e.child
	t.mu.Lock()
	asked = c.asked
	failed = asked == ErrKilled || asked == nil && e.err != nil
	c.alive, c.deadline = false, time.Time{}
	c.state = stateAfter(asked, failed)
	if failed || !isFarewell(e.err) {
		c.lastErr = whyEnded(asked, e.err)
	}
	t.mu.Unlock()
	c.cancel(nil) // releases the context; a cause already set stays
	t.tell(Ended{About: t.about(c), Err: e.err, Asked: asked != nil, Failed: failed})
	return asked, failed
}

func stateAfter(asked error, failed bool) State {
	switch {
	case asked == ErrStopping:
		return StateStopped
	case failed:
		return StateFailed
	}
	return StateFinished
}

// whyEnded is what a child returned, or that it was killed if it says no more.
func whyEnded(asked, err error) error {
	if asked == ErrKilled && isFarewell(err) {
		return ErrKilled
	}
	return err
}

// isFarewell reports whether err is no more than a service's way of saying that
// its context ended.
func isFarewell(err error) bool {
	return err == nil || errors.Is(err, context.Canceled) || errors.Is(err, ErrStopping) || errors.Is(err, ErrKilled)
}
