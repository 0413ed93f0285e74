package stagetest

import (
	"testing"

	"github.com/affluxlab/afflux/stage"
)

// Taker is a stage that takes events: a consumer, a transform, or any other.
type Taker[T any] interface {
	Subscribe(stage.Outlet[T], ...stage.SubOption) (*stage.Subscription, error)
}

// Subscribe makes to take from o, and fails the test if it cannot.
func Subscribe[T any](t testing.TB, to Taker[T], o stage.Outlet[T], opts ...stage.SubOption) *stage.Subscription {
	t.Helper()
	sub, err := to.Subscribe(o, opts...)
	if err != nil {
		t.Fatalf("subscribe: %v", err)
	}
	return sub
}

// Push pushes events one by one, and fails the test if one is refused.
func Push[T any](t testing.TB, q *stage.Queue[T], evs ...T) {
	t.Helper()
	for _, ev := range evs {
		if err := q.TryPush(ev); err != nil {
			t.Fatalf("push %v: %v", ev, err)
		}
	}
}

// Ints are the numbers from first to last.
func Ints(first, last int) []int {
	ns := make([]int, 0, last-first+1)
	for n := first; n <= last; n++ {
		ns = append(ns, n)
	}
	return ns
}
