package stage

import "math/bits"

// lanes are the partitions of a hub. The events are in the chunks of its buffer, as
// always; lanes say in which order they may be taken.
type lanes[T any] struct {
	key   func(T) uint64
	all   []lane[T]
	bound int           // events that may wait in one
	ready fifo[lane[T]] // those that a worker may take from, the longest unserved first
	open  int           // events in these
	turn  uint64        // of admitLanes
}

// lane is one partition.
type lane[T any] struct {
	member[lane[T]]
	returned spanHeap[T] // came back: before the fresh ones
	fresh    []span[T]   // from first on
	first    int
	count    int    // events waiting
	leased   bool   // a worker has some of it in hand
	parked   int    // events of it that wait for their retry
	pushers  int    // calls that wait for room in it
	turn     uint64 // the last in which one of them found none
}

func newLanes[T any](key func(T) uint64, n, bound int) *lanes[T] {
	return &lanes[T]{key: key, all: make([]lane[T], n), bound: bound}
}

// of is the lane of an event. Keys are often numbers in a row, or a multiple of
// something: they are mixed first.
func (l *lanes[T]) of(ev T) (at *lane[T], err error) {
	defer caught(&err)
	hash := l.key(ev) * 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio
	place, _ := bits.Mul64(hash, uint64(len(l.all)))
	return &l.all[place], nil
}

// push adds an event at the end.
func (l *lanes[T]) push(a *lane[T], s span[T]) {
	last := len(a.fresh) - 1
	if last >= a.first && a.fresh[last].of == s.of && a.fresh[last].to == s.from {
		a.fresh[last].to = s.to
	} else {
		a.fresh = append(a.fresh, s)
	}
	l.grew(a, s.len())
}

// putBack adds an event where it was.
func (l *lanes[T]) putBack(a *lane[T], s span[T]) {
	a.returned.push(s)
	l.grew(a, s.len())
}

func (l *lanes[T]) grew(a *lane[T], n int) {
	a.count += n
	if a.listed {
		l.open += n
	} else {
		l.offer(a)
	}
}

// offer lists a lane that a worker may take from.
func (l *lanes[T]) offer(a *lane[T]) {
	if a.count > 0 && !a.leased && a.parked == 0 && !a.listed {
		l.ready.push(&a.member, a)
		l.open += a.count
	}
}

// lease takes the lane whose turn it is off the list.
func (l *lanes[T]) lease() *lane[T] {
	a := l.ready.first.of
	l.ready.remove(&a.member)
	l.open -= a.count
	a.leased = true
	return a
}

// take removes at most n neighbouring events from the front of a leased lane.
func (a *lane[T]) take(n int) span[T] {
	if len(a.returned) > 0 {
		s := a.returned[0].cut(n)
		if a.returned[0].len() == 0 {
			a.returned.pop()
		}
		a.count -= s.len()
		return s
	}
	s := a.fresh[a.first].cut(n)
	if a.fresh[a.first].len() == 0 {
		a.fresh[a.first] = span[T]{}
		a.first++
	}
	if a.first == len(a.fresh) {
		a.fresh, a.first = a.fresh[:0], 0
	} else if a.first >= 64 && 2*a.first >= len(a.fresh) { // not to grow for ever
		rest := copy(a.fresh, a.fresh[a.first:])
		clear(a.fresh[rest:])
		a.fresh, a.first = a.fresh[:rest], 0
	}
	a.count -= s.len()
	return s
}

// release ends a lease.
func (l *lanes[T]) release(a *lane[T]) {
	a.leased = false
	l.offer(a)
}

// oldest is when the event was accepted that has waited longest.
func (l *lanes[T]) oldest(now int64) int64 {
	for i := range l.all {
		switch a := &l.all[i]; {
		case len(a.returned) > 0:
			now = min(now, a.returned[0].stamp(0))
		case a.count > 0:
			now = min(now, a.fresh[a.first].stamp(0))
		}
	}
	return now
}
