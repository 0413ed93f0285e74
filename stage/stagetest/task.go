package stagetest

import (
	"context"
	"testing/synctest"
	"time"
)

// patience is how long, in virtual time, anything is waited for.
const patience = 24 * time.Hour

// Task is something that a test runs in the background.
type Task struct {
	b      *Bubble
	what   string
	cancel context.CancelCauseFunc
	ctx    context.Context
	done   chan struct{}
	err    error
	asked  bool // the test has asked for err
}

func (b *Bubble) start(what string, f func(context.Context) error) *Task {
	t := &Task{b: b, what: what, done: make(chan struct{})}
	t.ctx, t.cancel = context.WithCancelCause(context.Background())
	b.tasks = append(b.tasks, t)
	go func() {
		defer close(t.done)
		t.err = f(t.ctx)
	}()
	synctest.Wait()
	return t
}

// Cancel ends the context of the task with a cause, and does not wait.
func (t *Task) Cancel(cause error) { t.cancel(cause) }

// Wait waits until the task has returned, lets time pass for it, and says with
// what. The test fails if that takes more than a day of virtual time.
func (t *Task) Wait() error {
	t.b.Helper()
	t.asked = true
	if !t.await() {
		t.b.Fatalf("%s has not returned within %v", t.what, patience)
	}
	return t.err
}

// Stop is Cancel and Wait.
func (t *Task) Stop(cause error) error {
	t.b.Helper()
	t.Cancel(cause)
	return t.Wait()
}

// Ended says whether the task has returned.
func (t *Task) Ended() bool {
	select {
	case <-t.done:
		return true
	default:
		return false
	}
}

func (t *Task) await() bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-t.done:
		return true
	case <-timer.C:
		return false
	}
}

// complain fails the test if the task ended by itself with an error that nobody
// has asked for.
func (t *Task) complain() {
	t.b.Helper()
	if t.Ended() && !t.asked && t.err != nil && t.ctx.Err() == nil {
		t.b.Errorf("%s ended with an error: %v", t.what, t.err)
	}
}
