package stagetest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/affluxlab/afflux/stage"
)

// Work takes d of virtual time. When its context ends before, it returns the
// cause.
func Work[T any](d time.Duration) Handler[T] {
	return WorkFor(func(T) time.Duration { return d })
}

// WorkFor is Work that takes as long as d says of the event.
func WorkFor[T any](d func(ev T) time.Duration) Handler[T] {
	return func(ctx context.Context, ev T) error {
		takes := d(ev)
		if takes <= 0 {
			// No timer: one that has expired when select first looks at it can crash the
			// runtime in a bubble under the race detector (Go 1.26).
			return context.Cause(ctx)
		}
		timer := time.NewTimer(takes)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Deaf takes d of virtual time, whatever its context says.
func Deaf[T any](d time.Duration) Handler[T] {
	return func(context.Context, T) error { time.Sleep(d); return nil }
}

// Fail returns err for the first n uses of each event, and nil from then on. With
// n below zero it always fails.
func Fail[T comparable](n int, err error) Handler[T] {
	var mu sync.Mutex
	uses := make(map[T]int)
	return func(_ context.Context, ev T) error {
		mu.Lock()
		defer mu.Unlock()
		if uses[ev]++; n < 0 || uses[ev] <= n {
			return err
		}
		return nil
	}
}

// Panic panics with v.
func Panic[T any](v any) Handler[T] {
	return func(context.Context, T) error { panic(v) }
}

// Goexit ends the goroutine that it is called in.
func Goexit[T any]() Handler[T] {
	return func(context.Context, T) error { runtime.Goexit(); return nil }
}

// When handles events of which is is true with then, others with otherwise. A nil
// handler returns nil.
func When[T any](is func(ev T) bool, then, otherwise Handler[T]) Handler[T] {
	return func(ctx context.Context, ev T) error {
		h := otherwise
		if is(ev) {
			h = then
		}
		if h == nil {
			return nil
		}
		return h(ctx, ev)
	}
}

// Chain handles an event with one handler after the other, to the first error.
func Chain[T any](handlers ...Handler[T]) Handler[T] {
	return func(ctx context.Context, ev T) error {
		for _, h := range handlers {
			if err := h(ctx, ev); err != nil {
				return err
			}
		}
		return nil
	}
}

// Each makes a slice handler of one for single events: it calls h for one after
// the other, and says in a [*stage.SliceError] which of them failed. Once its
// context has ended, the rest fails with the cause.
func Each[T any](h Handler[T]) SliceHandler[T] {
	return func(ctx context.Context, evs []T) error {
		failed := make(map[int]error)
		for i, ev := range evs {
			err := context.Cause(ctx)
			if err == nil {
				err = h(ctx, ev)
			}
			if err != nil {
				failed[i] = err
			}
		}
		if len(failed) == 0 {
			return nil
		}
		return &stage.SliceError{Failed: failed}
	}
}

// Is reports whether an event is v: for When.
func Is[T comparable](v T) func(T) bool { return func(ev T) bool { return ev == v } }

// ErrPlanned is an error to fail with.
var ErrPlanned = errors.New("stagetest: planned failure")
