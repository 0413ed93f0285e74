package stage

import (
	"context"
	"errors"
)

// worker is one goroutine of a consumer, and what it holds.
type worker[T any] struct {
	c     *Consumer[T]
	wake  chan struct{}
	seats seats[T]
	door  waiter // where it waits for its stage's gate
	does  handlers[T]
	going bool // it is one too many, and ends; guarded by the crew's lock

	hand  hand[T]
	now   int64
	phase phase
}

// phase says what a worker does with what is in its hand: needed when its
// goroutine ends in the middle.
type phase uint8

const (
	looking phase = iota
	handling
	judging
	handled // and not settled yet
)

func newWorker[T any](c *Consumer[T]) *worker[T] {
	w := &worker[T]{c: c, wake: make(chan struct{}, 1), does: c.handle}
	w.door.wake = w.wake
	if c.handle.own != nil {
		w.does = c.handle.own()
	}
	return w
}

// run is the goroutine of one worker. A handler that ends it ends this worker
// alone: its events have failed, and another worker takes its place.
func (w *worker[T]) run(ctx context.Context) {
	defer w.c.crew.leave(w, w.c.changed)
	defer w.close()
	defer w.vanish(ctx)
	w.now = w.c.pipe.now()
	for w.next(ctx) {
		w.work(ctx)
	}
}

// next settles what is in hand and takes what comes next. It parks while there
// is nothing, and returns false when the worker is to end.
func (w *worker[T]) next(ctx context.Context) bool {
	w.phase = looking
	for {
		if ctx.Err() != nil {
			w.c.interrupt(ctx) // now, and not when the context gets round to it
		}
		quit := w.c.stop.Load() || w.c.crew.spare(w)
		if w.look(!quit && w.mayTake()) {
			return true
		}
		if quit {
			w.leaveGate()
			return false
		}
		<-w.wake
		w.now = w.c.pipe.now()
	}
}

// mayTake says whether what it would make of an event is wanted.
func (w *worker[T]) mayTake() bool { return w.c.gate == nil || w.c.gate.open(&w.door) }

func (w *worker[T]) leaveGate() {
	if w.c.gate != nil {
		w.c.gate.leave(&w.door)
	}
}

// look visits the hubs of all seats, from the one whose turn it is.
func (w *worker[T]) look(take bool) bool {
	w.seats.arrange(w.c.subs.Load(), w.wake, func(at *seat[T]) { w.visit(at, false) })
	if of := w.hand.sub; of != nil && (len(w.seats.all) != 1 || of != w.seats.all[0].sub) {
		w.settle(of)
	}
	for i := range w.seats.all {
		if at := w.seats.at(i); w.visit(at, take) {
			w.seats.found(i)
			w.standUp(at)
			return true
		}
	}
	return false
}

// visit is a worker's step at one hub: it closes the books of the last events
// and takes the next, both at once.
func (w *worker[T]) visit(at *seat[T], take bool) (took bool) {
	h := at.sub.hub
	h.mu.Lock()
	at.back()
	h.pass(w.now)
	if w.hand.sub == at.sub {
		h.settle(&w.hand, w.now)
	}
	if take {
		took = h.take(at.sub, &w.hand, &at.waiter, w.now)
	}
	if !took {
		h.passOn(at.sub)
	}
	h.balance()
	h.unlock()
	return took
}

// settle closes the books of what is in hand, and no more.
func (w *worker[T]) settle(s *sub[T]) {
	h := s.hub
	h.mu.Lock()
	h.pass(w.now)
	h.settle(&w.hand, w.now)
	h.balance()
	h.unlock()
}

// standUp leaves the other seats, before what was taken at this one is handled.
// A call that came from there is passed on.
func (w *worker[T]) standUp(from *seat[T]) {
	for _, at := range w.seats.all {
		if at == from {
			continue
		}
		h := at.sub.hub
		h.mu.Lock()
		at.back()
		h.passOn(at.sub)
		h.balance()
		h.unlock()
	}
}

// work hands what was taken to the handler, and finds out what became of it.
func (w *worker[T]) work(ctx context.Context) {
	w.phase = handling
	err := w.call(ctx, w.hand.events())
	if err != nil {
		w.judge(ctx, err)
	}
	w.phase = handled
	w.now = w.c.pipe.now()
	w.c.handled(&w.hand, w.now)
}

func (w *worker[T]) call(ctx context.Context, evs []T) (err error) {
	defer caught(&err)
	if w.c.timeout > 0 {
		var done context.CancelFunc
		ctx, done = w.c.timed(ctx)
		defer done()
	}
	if w.does.one != nil {
		return w.does.one(ctx, evs[0])
	}
	return w.does.slice(ctx, evs)
}

// timed is a context for one call of the handler.
func (in *inlet[T]) timed(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, in.timeout, ErrTimeout)
}

// judge decides about the events in hand that err says have failed.
func (w *worker[T]) judge(ctx context.Context, err error) {
	w.phase = judging
	named := w.named(err)
	for i := range w.hand.n {
		if named == nil || named[i] != nil {
			w.hand.condemn(i)
		}
	}
	for j, f := range w.hand.fates {
		cause := err
		if named != nil {
			cause = named[f.i]
		}
		w.hand.fates[j] = w.c.judge(ctx, &w.hand, f.i, cause)
	}
}

// named are the events in hand that a SliceError says have failed; nil if err
// names none, and so speaks of all.
func (w *worker[T]) named(err error) map[int]error {
	some, _ := errors.AsType[*SliceError](err)
	if some == nil || !w.c.slices {
		return nil
	}
	for i, cause := range some.Failed {
		if i >= 0 && i < w.hand.n && cause != nil {
			return some.Failed
		}
	}
	return nil
}

// vanish finds out what became of what is in hand when the handler has ended the
// goroutine.
func (w *worker[T]) vanish(ctx context.Context) {
	if w.phase != handling {
		return
	}
	w.judge(ctx, ErrGoexit)
	w.phase = handled
	w.now = w.c.pipe.now()
	w.c.handled(&w.hand, w.now)
}

// close settles what is in hand when foreign code has ended the goroutine, be it
// the policy itself.
func (w *worker[T]) close() {
	if w.phase == looking {
		return
	}
	w.phase = looking
	w.now = w.c.pipe.now()
	w.look(false)
}
