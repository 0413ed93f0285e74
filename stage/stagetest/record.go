package stagetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// Handler is a handler of single events, SliceHandler one of slices, as
// stage.NewConsumer, stage.NewSpawner and stage.NewSliceConsumer want them.
type (
	Handler[T any]      = func(ctx context.Context, ev T) error
	SliceHandler[T any] = func(ctx context.Context, evs []T) error
)

// Record notes what handlers were given. The zero value is empty. It may be used
// by any number of handlers and goroutines at once. It keeps all, which is for
// tests.
type Record[T any] struct {
	mu      sync.Mutex // guards what follows
	calls   []*Call[T]
	ended   []*Call[T] // in the order of their ends
	running int
	most    int
}

// Call is one call of a handler.
type Call[T any] struct {
	By         string        // as Handle or HandleSlice was told
	Events     []T           // a copy; one of a single-event handler
	Start, End time.Duration // as Elapsed told it; End is 0 until it has ended
	Err        error         // what it returned; ErrNoReturn after a panic or Goexit
}

// ErrNoReturn is the Err of a Call that has not returned: yet, or never will.
var ErrNoReturn = errors.New("stagetest: the handler did not return")

// Handle returns a handler that notes what it is given, and then calls h. With a
// nil h it returns nil at once. The name says who is called, in Call.By.
func (r *Record[T]) Handle(by string, h Handler[T]) Handler[T] {
	return func(ctx context.Context, ev T) (err error) {
		err = ErrNoReturn
		call := r.begin(by, []T{ev})
		defer func() { r.finish(call, err) }()
		if h == nil {
			return nil
		}
		return h(ctx, ev)
	}
}

// HandleSlice is Handle for slices.
func (r *Record[T]) HandleSlice(by string, h SliceHandler[T]) SliceHandler[T] {
	return func(ctx context.Context, evs []T) (err error) {
		err = ErrNoReturn
		call := r.begin(by, slices.Clone(evs))
		defer func() { r.finish(call, err) }()
		if h == nil {
			return nil
		}
		return h(ctx, evs)
	}
}

func (r *Record[T]) begin(by string, evs []T) *Call[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &Call[T]{By: by, Events: evs, Start: Elapsed(), Err: ErrNoReturn}
	r.calls = append(r.calls, c)
	r.running++
	r.most = max(r.most, r.running)
	return c
}

func (r *Record[T]) finish(c *Call[T], err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.End, c.Err = Elapsed(), err
	r.ended = append(r.ended, c)
	r.running--
}

// Calls are all calls so far, in the order in which they began.
func (r *Record[T]) Calls() []Call[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := make([]Call[T], len(r.calls))
	for i, c := range r.calls {
		calls[i] = *c
	}
	return calls
}

// Events are the events of all calls so far, in the order in which they began: one
// that was tried twice is there twice.
func (r *Record[T]) Events() []T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return eventsOf(r.calls)
}

// Done are the events of the calls that have returned nil, in the order of their
// ends.
func (r *Record[T]) Done() []T {
	r.mu.Lock()
	defer r.mu.Unlock()
	var done []*Call[T]
	for _, c := range r.ended {
		if c.Err == nil {
			done = append(done, c)
		}
	}
	return eventsOf(done)
}

func eventsOf[T any](calls []*Call[T]) []T {
	var evs []T
	for _, c := range calls {
		evs = append(evs, c.Events...)
	}
	return evs
}

// Lens are the lengths of the slices of all calls, in the order in which they
// began.
func (r *Record[T]) Lens() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	lens := make([]int, len(r.calls))
	for i, c := range r.calls {
		lens[i] = len(c.Events)
	}
	return lens
}

// Starts are when the calls began.
func (r *Record[T]) Starts() []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	starts := make([]time.Duration, len(r.calls))
	for i, c := range r.calls {
		starts[i] = c.Start
	}
	return starts
}

// By is how many events each of those that Handle named was given.
func (r *Record[T]) By() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	by := make(map[string]int)
	for _, c := range r.calls {
		by[c.By] += len(c.Events)
	}
	return by
}

// Running is how many calls have not ended.
func (r *Record[T]) Running() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running
}

// Most is how many calls there were at once when there were most.
func (r *Record[T]) Most() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.most
}
