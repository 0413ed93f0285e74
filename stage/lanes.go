package stage

import (
	"math/bits"
	"unsafe"
)

// lanes are the partitions of a hub. Each has its own buffer, so that its events lie
// next to each other; the hub's own has none, and counts them all.
type lanes[T any] struct {
	key     func(T) uint64
	all     []lane[T]
	bound   int           // events that may wait in one
	keep    int           // events that one which is empty has memory for
	ready   fifo[lane[T]] // those that a worker may take from, the longest unserved first
	open    int           // events in these
	wanted  fifo[lane[T]] // those that pushers wait for and that may have room, the longest unserved first
	waiting int           // pushers

	slots  []T          // for the one that fetches for this hub
	source []laneRun[T] // of what it has fetched
}

// lane is one partition.
type lane[T any] struct {
	ready, wanted member[lane[T]]

	buffer  buffer[T]       // what waits
	leased  bool            // a worker has some of it in hand
	parked  int             // events of it that wait for their retry
	pushers fifo[pusher[T]] // wait for room in it
}

// laneRun is so many neighbouring events of one lane; of none, if their key panics.
type laneRun[T any] struct {
	lane *lane[T]
	n    int
}

const (
	leastInLane = 4       // slots
	slotCost    = 12      // bytes of its stamp and number
	keptInLanes = 4 << 20 // bytes that all lanes together keep for what may come
)

func newLanes[T any](key func(T) uint64, n, bound int) *lanes[T] {
	size := int(unsafe.Sizeof(*new(T)))
	l := &lanes[T]{key: key, all: make([]lane[T], n), bound: bound}
	l.keep = min(keptInLanes/(2*n*(size+slotCost)), inChunk[T]()) // two chunks: one is lent while the other fills
	for i := range l.all {
		l.all[i].buffer.slots = leastInLane
	}
	return l
}

// at is the lane of a key. Keys are often numbers in a row, or a multiple of
// something: they are mixed first.
func (l *lanes[T]) at(key uint64) *lane[T] {
	hash := key * 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio
	place, _ := bits.Mul64(hash, uint64(len(l.all)))
	return &l.all[place]
}

// of is the lane of an event.
func (l *lanes[T]) of(ev T) (_ *lane[T], err error) {
	defer caught(&err)
	return l.at(l.key(ev)), nil
}

// sort appends the lanes of evs to runs, up to an event whose key panics; n is how
// many events are in them.
func (l *lanes[T]) sort(evs []T, runs *[]laneRun[T]) (n int, err error) {
	defer caught(&err)
	for _, ev := range evs {
		a := l.at(l.key(ev))
		if last := len(*runs) - 1; last >= 0 && (*runs)[last].lane == a {
			(*runs)[last].n++
		} else {
			*runs = append(*runs, laneRun[T]{a, 1})
		}
		n++
	}
	return n, nil
}

// unsorted is an event whose key panicked.
type unsorted struct {
	at  int
	err error
}

// sortAll is sort that goes on after such an event.
func (l *lanes[T]) sortAll(evs []T, runs []laneRun[T]) ([]laneRun[T], []unsorted) {
	var wrong []unsorted
	for at := 0; ; {
		n, err := l.sort(evs[at:], &runs)
		if err == nil {
			return runs, wrong
		}
		runs, wrong = append(runs, laneRun[T]{nil, 1}), append(wrong, unsorted{at + n, err})
		at += n + 1
	}
}

// push adds events at the end. Their numbers begin with seq.
func (l *lanes[T]) push(a *lane[T], evs []T, seq uint64, now int64) {
	if len(evs) == 1 {
		a.buffer.append(evs[0], now)
		c := a.buffer.tail
		c.seqs[c.filled-1] = seq
	} else {
		a.buffer.appendNumbered(evs, seq, now)
	}
	l.grew(a, len(evs))
}

// putBack adds an event where it was.
func (l *lanes[T]) putBack(a *lane[T], s span[T]) {
	a.buffer.putBack(s)
	l.grew(a, s.len())
}

func (l *lanes[T]) grew(a *lane[T], n int) {
	if a.ready.listed {
		l.open += n
	} else {
		l.offer(a)
	}
}

// offer lists a lane that a worker may take from.
func (l *lanes[T]) offer(a *lane[T]) {
	if a.buffer.count > 0 && !a.leased && a.parked == 0 && !a.ready.listed {
		l.ready.push(&a.ready, a)
		l.open += a.buffer.count
	}
}

// lease takes the lane whose turn it is off the list.
func (l *lanes[T]) lease() *lane[T] {
	a := l.ready.first.of
	l.ready.remove(&a.ready)
	l.open -= a.buffer.count
	a.leased = true
	return a
}

// reserve lends n free slots, or fewer, for the one that fetches.
func (l *lanes[T]) reserve(n int) []T {
	if l.slots == nil {
		l.slots = make([]T, inChunk[T]())
	}
	n = min(n, len(l.slots))
	return l.slots[:n:n]
}

// want lists a lane that pushers wait for and that may have room.
func (l *lanes[T]) want(a *lane[T]) {
	if a.pushers.first != nil && !a.wanted.listed {
		l.wanted.push(&a.wanted, a)
	}
}

// nextWanted takes the lane off that list whose turn it is.
func (l *lanes[T]) nextWanted() *lane[T] {
	a := l.wanted.first.of
	l.wanted.remove(&a.wanted)
	return a
}

// wait puts a pusher at the end of the line for the lane of its next event.
func (l *lanes[T]) wait(p *pusher[T]) {
	a := p.runs[0].lane
	a.pushers.push(&p.member, p)
	l.waiting++
	l.want(a)
}

// leave takes a pusher out of its line.
func (l *lanes[T]) leave(p *pusher[T]) {
	p.runs[0].lane.pushers.remove(&p.member)
	l.waiting--
}

// release ends a lease.
func (l *lanes[T]) release(a *lane[T]) {
	a.leased = false
	a.buffer.shrink(l.keep)
	l.offer(a)
}

// oldest is when the event was accepted that has waited longest.
func (l *lanes[T]) oldest(now int64) int64 {
	for i := range l.all {
		if b := &l.all[i].buffer; b.count > 0 {
			now = min(now, b.oldest())
		}
	}
	return now
}
