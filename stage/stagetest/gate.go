package stagetest

import (
	"context"
	"slices"
	"sync"
)

// Gate is a handler that keeps each event until the test releases it, or the
// context ends; then it returns the cause. The zero value is shut.
type Gate[T any] struct {
	mu      sync.Mutex // guards what follows
	waiting []*held[T] // in the order in which they came
	open    bool
}

type held[T any] struct {
	evs  []T
	free chan struct{}
	err  error
}

// Handle is the handler.
func (g *Gate[T]) Handle(ctx context.Context, ev T) error { return g.HandleSlice(ctx, []T{ev}) }

// HandleSlice is the handler of slices: each is kept, and released, as a whole.
func (g *Gate[T]) HandleSlice(ctx context.Context, evs []T) error {
	h := g.hold(evs)
	if h == nil {
		return nil
	}
	select {
	case <-h.free:
		return h.err
	case <-ctx.Done():
		g.mu.Lock()
		defer g.mu.Unlock()
		g.waiting = slices.DeleteFunc(g.waiting, func(other *held[T]) bool { return other == h })
		return context.Cause(ctx)
	}
}

func (g *Gate[T]) hold(evs []T) *held[T] {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open {
		return nil
	}
	h := &held[T]{evs: slices.Clone(evs), free: make(chan struct{})}
	g.waiting = append(g.waiting, h)
	return h
}

// Release lets the n calls go that have waited longest, or as many as there are.
func (g *Gate[T]) Release(n int) { g.Refuse(n, nil) }

// Refuse is Release with an error for the handlers to return.
func (g *Gate[T]) Refuse(n int, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for range min(n, len(g.waiting)) {
		g.free(0, err)
	}
}

// ReleaseIf lets the calls go whose first event is as wanted.
func (g *Gate[T]) ReleaseIf(is func(ev T) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := 0; i < len(g.waiting); i++ {
		if is(g.waiting[i].evs[0]) {
			g.free(i, nil)
			i--
		}
	}
}

// Open lets all go, now and from now on.
func (g *Gate[T]) Open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = true
	for len(g.waiting) > 0 {
		g.free(0, nil)
	}
}

func (g *Gate[T]) free(i int, err error) {
	h := g.waiting[i]
	h.err = err
	close(h.free)
	g.waiting = slices.Delete(g.waiting, i, i+1)
}

// Holds are the events that wait at the gate, in the order in which they came.
func (g *Gate[T]) Holds() []T {
	g.mu.Lock()
	defer g.mu.Unlock()
	var evs []T
	for _, h := range g.waiting {
		evs = append(evs, h.evs...)
	}
	return evs
}
