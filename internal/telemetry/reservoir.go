package telemetry

import (
	"cmp"
	"math/bits"
	"math/rand/v2"
	"slices"
	"sync"
)

// Reservoir is a fair choice of at most n of all that was offered since the
// last Take: each had the same chance. So a bounded part of an unbounded stream
// can be shown without a bias towards what came first or last. It is safe for
// concurrent use.
type Reservoir[T any] struct {
	mu      sync.Mutex // guards all below
	max     int
	chosen  []offer[T]
	offered uint64   // since the last Take
	random  rand.PCG // its own: the global one would outgrow the stack of a goroutine just begun
}

// offer is what was offered, and as the how-manieth.
type offer[T any] struct {
	number uint64
	value  T
}

// NewReservoir chooses at most n between two Takes; an n below 1 is 1.
func NewReservoir[T any](n int) *Reservoir[T] {
	return &Reservoir[T]{max: max(n, 1), random: *rand.NewPCG(rand.Uint64(), rand.Uint64())}
}

// Offer takes v into the choice, perhaps.
func (r *Reservoir[T]) Offer(v T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.offered++
	if len(r.chosen) < r.max {
		r.chosen = append(r.chosen, offer[T]{r.offered, v})
		return
	}
	// Algorithm R: with n of m in the choice fairly, the next is in it with a
	// chance of n in m+1, and in the place of any of them alike.
	if i, _ := bits.Mul64(r.random.Uint64(), r.offered); i < uint64(r.max) {
		r.chosen[i] = offer[T]{r.offered, v}
	}
}

// Take returns the choice in the order of offering, and how many each of them
// stands for: 1 if nothing had to be left out. len(chosen) · weight is the
// number that was offered. The next choice begins empty.
func (r *Reservoir[T]) Take() (chosen []T, weight float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.offered == 0 {
		return nil, 0
	}
	slices.SortFunc(r.chosen, func(a, b offer[T]) int { return cmp.Compare(a.number, b.number) })
	chosen = make([]T, len(r.chosen))
	for i, o := range r.chosen {
		chosen[i] = o.value
	}
	weight = float64(r.offered) / float64(len(chosen))
	clear(r.chosen) // what was chosen is kept alive by the caller alone
	r.chosen, r.offered = r.chosen[:0], 0
	return chosen, weight
}
