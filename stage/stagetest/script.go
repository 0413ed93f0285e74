package stagetest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// Script is a source that does one step after the other, and has ended after the
// last. It may be asked by several producers, one after the other or at once.
type Script[T any] struct {
	next func(i int) T

	mu    sync.Mutex // guards what follows
	steps []Step
	given int
	asks  []Ask
}

// Ask is one call of a Script's Fetch.
type Ask struct {
	At  time.Duration // when it was called, as Elapsed told it
	Len int           // the demand: how many events it was asked for
}

// Step is something that a Script does when it is asked: see [Give], [Trickle],
// [Wait], [Break], [EOF], [Block] and [Claim].
type Step struct {
	kind   stepKind
	n, per int
	d      time.Duration
	err    error
}

type stepKind uint8

const (
	give stepKind = iota
	wait
	breaks
	block
	claim
)

// Give gives n events, in as many calls as the demand makes it take.
func Give(n int) Step { return Trickle(n, n) }

// Trickle gives n events, at most per at a call. It panics if that is no number
// of events, or would never end.
func Trickle(n, per int) Step {
	if n < 0 || n > 0 && per < 1 {
		panic(fmt.Sprintf("stagetest: Trickle(%d, %d): want 0 events or more, and at least one at a call", n, per))
	}
	return Step{kind: give, n: n, per: per}
}

// Wait lets d pass before the next step. If the context ends before, Fetch returns
// its cause, and the step is over.
func Wait(d time.Duration) Step { return Step{kind: wait, d: d} }

// Break fails once with err.
func Break(err error) Step { return Step{kind: breaks, err: err} }

// EOF ends the source.
func EOF() Step { return Break(io.EOF) }

// Block waits until the context ends, and returns its cause.
func Block() Step { return Step{kind: block} }

// Claim says that n events were given, and gives none: a fault for the pipeline to
// find.
func Claim(n int) Step { return Step{kind: claim, n: n} }

// NewScript makes a source of the events next(0), next(1), …
func NewScript[T any](next func(i int) T, steps ...Step) *Script[T] {
	return &Script[T]{next: next, steps: slices.Clone(steps)}
}

// Count makes a source of the numbers 1, 2, 3, …
func Count(steps ...Step) *Script[int] {
	return NewScript(func(i int) int { return i + 1 }, steps...)
}

// Fetch is for the producer.
func (s *Script[T]) Fetch(ctx context.Context, dst []T) (int, error) {
	s.note(len(dst))
	for {
		step := s.step(len(dst))
		switch step.kind {
		case give:
			if step.n == 0 {
				continue
			}
			return s.fill(dst[:step.n]), nil
		case wait:
			if err := Work[T](step.d)(ctx, *new(T)); err != nil {
				return 0, err
			}
		case breaks:
			return 0, step.err
		case block:
			<-ctx.Done()
			return 0, context.Cause(ctx)
		case claim:
			return step.n, nil
		}
	}
}

func (s *Script[T]) note(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asks = append(s.asks, Ask{Elapsed(), n})
}

// step takes the next step off the list, or of one that gives a part.
func (s *Script[T]) step(room int) Step {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.steps) == 0 {
		return EOF()
	}
	first := &s.steps[0]
	step := *first
	if step.kind == give {
		step.n = min(step.n, step.per, room)
		if first.n -= step.n; first.n > 0 {
			return step
		}
	}
	s.steps = s.steps[1:]
	return step
}

func (s *Script[T]) fill(dst []T) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range dst {
		dst[i] = s.next(s.given)
		s.given++
	}
	return len(dst)
}

// Asks are all calls of Fetch so far.
func (s *Script[T]) Asks() []Ask {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asks)
}

// Demands are the lengths of all asks so far.
func (s *Script[T]) Demands() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	demands := make([]int, len(s.asks))
	for i, ask := range s.asks {
		demands[i] = ask.Len
	}
	return demands
}

// Given is how many events it has given.
func (s *Script[T]) Given() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.given
}
