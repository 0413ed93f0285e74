package stage

import (
	"fmt"
	"slices"
	"sync"
)

// LagMode says what becomes of a subscriber of a [Broadcast] that falls behind.
type LagMode uint8

// The modes.
const (
	// LagDrop drops the oldest of what waits for it. That is counted, told as
	// [EventsDropped], and seen as a gap in Handled.Seq.
	LagDrop LagMode = iota
	// LagCancel ends its subscription with [ErrLagged].
	LagCancel
)

// Where keeps from a subscriber of a [Broadcast] the events of which keep says
// false. It runs in the goroutine of the broadcast and must be quick. If it panics
// the subscription ends with the [*PanicError]: nothing is left out unnoticed.
func Where[T any](keep func(ev T) bool) SubOption {
	return func(o *subSettings) {
		if keep == nil {
			o.err = &SettingError{o.of, "Where", "nil", "a function"}
		}
		o.where = keep
	}
}

// Lag lets a subscriber of a [Broadcast] fall behind: at most n events wait for it,
// 1 to 1,000,000, and nobody waits for the subscriber. Not even for a moment: n should
// not be less than what may come in one burst, since one that has nothing to do needs
// some microseconds, too, until it takes.
func Lag(n int, mode LagMode) SubOption {
	return func(o *subSettings) {
		switch {
		case n < 1 || n > MaxDemand:
			o.err = &SettingError{o.of, "Lag", n, "1 to 1,000,000"}
		case mode > LagCancel:
			o.err = &SettingError{o.of, "Lag mode", mode, "LagDrop or LagCancel"}
		}
		o.lag, o.lagMode = n, mode
	}
}

// branches are the subscribers of a broadcast, each with a hub of its own.
type branches[T any] struct {
	of     *Broadcast[T]
	buffer QueueConfig
	wake   chan struct{}
	next   uint64 // number of the next event; of the goroutine that gives

	mu     sync.Mutex // guards what follows
	all    []*branch[T]
	closed bool
	err    error
}

// branch is what is given to one subscriber.
type branch[T any] struct {
	hub   *hub[T]
	where func(T) bool // nil: everything
	lag   int          // 0: it is waited for
	mode  LagMode
	door  waiter // of the broadcast, until more is wanted
}

func (b *branches[T]) set(of *Broadcast[T], buffer QueueConfig, wake chan struct{}) {
	b.of, b.buffer, b.wake = of, buffer, wake
}

// join makes a branch for the stage of that name.
func (b *branches[T]) join(of string, set subSettings) (*hub[T], error) {
	where, fits := set.where.(func(T) bool)
	if set.where != nil && !fits {
		return nil, &SettingError{of, "Where", fmt.Sprintf("%T", set.where), fmt.Sprintf("%T", where)}
	}
	p := b.of.pipe
	h := newHub[T](p, b.of.name+"/"+of, defaultBuffer)
	h.configure(b.buffer)
	if set.lag > 0 {
		h.configure(QueueConfig{Buffer: set.lag})
	}
	h.from = []node{b.of}
	r := &branch[T]{hub: h, where: where, lag: set.lag, mode: set.lagMode}
	r.door.wake = b.wake
	h.deserted, h.severed = func() { b.drop(r) }, func() { b.cut(r) }
	b.mu.Lock()
	if b.closed {
		defer b.mu.Unlock()
		h.deserted, h.severed = nil, nil
		h.close(b.err)
		return h, nil
	}
	for _, other := range b.all {
		if other.hub.name == h.name && !other.hub.over() {
			b.mu.Unlock()
			return nil, &SettingError{of, "outlet", b.of.name, "one that it does not take from already"}
		}
	}
	if err := p.mayName(of, h.name); err != nil {
		b.mu.Unlock()
		return nil, err
	}
	b.all = append(slices.Clone(b.all), r)
	b.mu.Unlock()
	p.addHub(h)
	poke(b.wake)
	return h, nil
}

// drop forgets a branch whose subscriber has gone.
func (b *branches[T]) drop(r *branch[T]) {
	b.remove(r)
	r.hub.discard()
	b.of.pipe.removeHub(r.hub)
}

// cut gives nothing more to a branch whose subscriber has failed. What it has is left
// over there.
func (b *branches[T]) cut(r *branch[T]) {
	b.remove(r)
	r.hub.close(nil)
}

func (b *branches[T]) remove(r *branch[T]) {
	b.mu.Lock()
	b.all = slices.DeleteFunc(slices.Clone(b.all), func(other *branch[T]) bool { return other == r })
	b.mu.Unlock()
	poke(b.wake) // perhaps it was the one that was waited for
}

func (b *branches[T]) list() []*branch[T] {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all
}

// wanted is how many events all want that are waited for, and who they are: those that
// are about to leave have no say. While it is none, the broadcast is called when that
// changes.
func (b *branches[T]) wanted() (n int, by []*branch[T]) {
	n = maxInChunk
	for _, r := range b.list() {
		if wants, stays := r.wanted(); stays {
			n, by = min(n, wants), append(by, r)
		}
	}
	if len(by) == 0 {
		return 0, nil
	}
	return n, by
}

func (r *branch[T]) wanted() (n int, stays bool) {
	h := r.hub
	h.mu.Lock()
	defer h.unlock()
	r.door.back()
	switch n = h.want(); {
	case h.closed || h.forsaken():
		return 0, false
	case r.lag > 0 && !h.paused: // no more at a time than it may fall behind
		return min(maxInChunk, max(1, r.lag-h.buffer.count)), true
	case n > 0:
		return n, true
	}
	h.makers.push(&r.door)
	return 0, true
}

func (b *branches[T]) leaveDoors() {
	for _, r := range b.list() {
		r.hub.mu.Lock()
		r.door.back()
		r.hub.unlock()
	}
}

// give puts events, which nobody else holds, at the end of those branches.
func (b *branches[T]) give(to []*branch[T], evs []T, now int64) {
	c := &chunk[T]{events: evs, stamps: make([]uint32, len(evs)), base: b.next, shared: true, sealed: true}
	c.fill(len(evs), now)
	b.next += uint64(len(evs))
	for _, r := range to {
		r.give(c, now)
	}
}

// give hands over what the branch keeps of c, in as few pieces as may be.
func (r *branch[T]) give(c *chunk[T], now int64) {
	if r.where == nil {
		r.accept(span[T]{of: c, to: uint32(len(c.events))}, now)
		return
	}
	kept, n, err := r.sift(c)
	for _, s := range kept {
		if n <= len(c.events)/sparse {
			s = copied(s)
		}
		r.accept(s, now)
	}
	if err != nil {
		r.hub.cancelAll(err)
	}
}

// sparse is how many events of a chunk there have to be for each that is kept for them
// to be copied: so that few that wait for long do not keep the others in memory.
const sparse = 16

// sift is what Where keeps of c, n events in all, up to one for which it panics.
func (r *branch[T]) sift(c *chunk[T]) (kept []span[T], n int, err error) {
	for i := range uint32(len(c.events)) {
		keeps, err := r.keeps(c.events[i])
		if err != nil {
			return kept, n, err
		}
		if !keeps {
			continue
		}
		n++
		if last := len(kept) - 1; last >= 0 && kept[last].to == i {
			kept[last].to++
		} else {
			kept = append(kept, span[T]{c, i, i + 1})
		}
	}
	return kept, n, nil
}

func (r *branch[T]) keeps(ev T) (keeps bool, err error) {
	defer caught(&err)
	return r.where(ev), nil
}

func (r *branch[T]) accept(s span[T], now int64) {
	h, n := r.hub, s.len()
	h.mu.Lock()
	if h.closed || h.forsaken() {
		h.unlock()
		return
	}
	if r.lag > 0 && r.mode == LagCancel && h.buffer.count+n > r.lag {
		h.unlock()
		h.cancelAll(ErrLagged)
		return
	}
	h.pass(now)
	h.buffer.putBack(s)
	h.buffer.next = s.seq() + uint64(n)
	h.books.accepted += uint64(n)
	for r.lag > 0 && h.buffer.count > r.lag && h.evict() {
		h.books.dropped++
		h.dropped++
	}
	h.balance()
	h.unlock()
}

// close ends all branches, and those that are still to come.
func (b *branches[T]) close(err error) {
	b.mu.Lock()
	if !b.closed {
		b.closed, b.err = true, err
	}
	b.mu.Unlock()
	for _, r := range b.list() {
		r.hub.close(err)
	}
}

// leaveWith takes all branches out of the pipeline as they end.
func (b *branches[T]) leaveWith(n node) {
	for _, r := range b.list() {
		r.hub.leaveWith(n)
	}
}
