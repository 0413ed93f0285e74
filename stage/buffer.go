package stage

// buffer is where events wait for demand, in the order of their sequence
// numbers: first those that came back, then the fresh ones.
type buffer[T any] struct {
	returned spanHeap[T] // no handler had them
	tried    spanHeap[T] // a handler had them
	head     *chunk[T]   // the oldest fresh chunk
	tail     *chunk[T]   // where new events go
	at       int         // the next fresh event in head
	count    int         // events waiting
	next     uint64      // sequence number of the next event
	free     *chunk[T]
	freed    int
	slots    int // of the next chunk of a lane, which grows with what waits; 0: no lane, all chunks are alike
}

func (b *buffer[T]) append(ev T, now int64) {
	c := b.tail
	if c == nil || c.filled == len(c.events) || !c.tells(now) {
		c = b.tailFor(1, now)
	}
	c.events[c.filled] = ev
	c.fillOne(now)
	b.count++
	b.next++
}

func (b *buffer[T]) appendAll(evs []T, now int64) {
	for len(evs) > 0 {
		c := b.tailFor(1, now)
		n := copy(c.events[c.filled:], evs)
		c.fill(n, now)
		b.count += n
		b.next += uint64(n)
		evs = evs[n:]
	}
}

// reserve lends n free slots in a row for one writer to fill; publish says how
// many it did. The slots lie in the queue itself, so that what a source writes
// is never copied. They are fewer than n rather than leave more than a quarter of
// a chunk unused. In between nothing else may be appended.
func (b *buffer[T]) reserve(n int, now int64) []T {
	n = min(n, inChunk[T]())
	if b.tail != nil && b.tail.room() >= inChunk[T]()/4 {
		n = min(n, b.tail.room())
	}
	c := b.tailFor(n, now)
	return c.events[c.filled : c.filled+n : c.filled+n]
}

// publish makes the first n reserved events wait.
func (b *buffer[T]) publish(n int, now int64) {
	c := b.tail
	if !c.tells(now) { // the writer took longer than a stamp can tell
		evs := c.events[c.filled : c.filled+n]
		b.seal(now)
		copy(b.tail.events, evs)
		clear(evs)
		c = b.tail
	}
	c.fill(n, now)
	b.count += n
	b.next += uint64(n)
}

// appendNumbered is appendAll of events whose numbers begin with seq, in a buffer that
// is a part of their outlet's: the events between are in others.
func (b *buffer[T]) appendNumbered(evs []T, seq uint64, now int64) {
	for len(evs) > 0 {
		c := b.tailFor(1, now)
		n := copy(c.events[c.filled:], evs)
		for i := range n {
			c.seqs[c.filled+i] = seq + uint64(i)
		}
		c.fill(n, now)
		b.count += n
		evs, seq = evs[n:], seq+uint64(n)
	}
}

// tailFor returns a tail chunk with room for n more events.
func (b *buffer[T]) tailFor(n int, now int64) *chunk[T] {
	if b.tail == nil || b.tail.room() < n || !b.tail.tells(now) {
		b.seal(now)
	}
	return b.tail
}

// seal ends the tail and begins a new one.
func (b *buffer[T]) seal(now int64) {
	if b.slots > 0 && b.tail != nil && (b.tail != b.head || b.at == 0) {
		b.slots = min(2*b.slots, inChunk[T]()) // a whole chunk waits
	}
	c := b.fresh()
	c.base, c.origin = b.next, now
	old := b.tail
	b.tail = c
	if old == nil {
		b.head, b.at = c, 0
		return
	}
	old.next, old.sealed = c, true
	if old == b.head && b.at == old.filled {
		b.head, b.at = c, 0
	}
	b.release(old, 0)
}

// fresh returns an empty chunk.
func (b *buffer[T]) fresh() *chunk[T] {
	c := b.free
	if c != nil {
		b.free, c.next = c.next, nil
		b.freed--
		return c
	}
	c = newChunk[T](b.chunkSize())
	if b.slots > 0 {
		c.seqs = make([]uint64, len(c.events))
	}
	return c
}

func (b *buffer[T]) chunkSize() int {
	if b.slots > 0 {
		return b.slots
	}
	return inChunk[T]()
}

// mayKeep is how many empty chunks are kept for reuse.
func (b *buffer[T]) mayKeep() int {
	if b.slots > 0 {
		return 1
	}
	return maxFreeList
}

// release takes n events of c out of the books of its memory.
func (b *buffer[T]) release(c *chunk[T], n int) {
	if c.shared {
		return
	}
	c.live -= n
	if c.live > 0 || !c.sealed || len(c.events) != b.chunkSize() || b.freed == b.mayKeep() {
		return
	}
	c.base, c.filled, c.sealed, c.attempt, c.tries = 0, 0, false, 0, 0
	c.next, b.free = b.free, c
	b.freed++
}

// shrink lets go of memory for more than so many events, when none is here.
func (b *buffer[T]) shrink(keep int) {
	if b.slots > keep && b.count == 0 && (b.tail == nil || b.tail.live == 0) {
		*b = buffer[T]{slots: leastInLane}
	}
}

// take removes at most n neighbouring events from the front. They stay in their
// chunk, which is released when they are.
func (b *buffer[T]) take(n int) span[T] {
	if back := b.back(); back != nil {
		s := back.cut(n)
		b.count -= s.len()
		return s
	}
	c := b.head
	s := span[T]{of: c, from: uint32(b.at), to: uint32(min(c.filled, b.at+n))}
	b.at = int(s.to)
	if b.at == c.filled && c.sealed {
		b.head, b.at = c.next, 0
	}
	b.count -= s.len()
	return s
}

// back is the heap that has the first of what came back; nil: nothing did.
func (b *buffer[T]) back() *spanHeap[T] {
	switch {
	case len(b.returned) == 0 && len(b.tried) == 0:
		return nil
	case len(b.tried) == 0 || len(b.returned) > 0 && spanBefore(b.returned[0], b.tried[0]):
		return &b.returned
	}
	return &b.tried
}

// takeUntried removes the first event that no handler had yet.
func (b *buffer[T]) takeUntried() (span[T], bool) {
	if len(b.returned) == 0 && (b.head == nil || b.at == b.head.filled) {
		return span[T]{}, false
	}
	tried := b.tried
	b.tried = nil
	s := b.take(1)
	b.tried = tried
	return s, true
}

// putBack returns events that had been taken to their old place.
func (b *buffer[T]) putBack(s span[T]) {
	if s.of.tries > 0 {
		b.tried.push(s)
	} else {
		b.returned.push(s)
	}
	b.count += s.len()
}

// copyOut takes the one event of s out of its chunk.
func (b *buffer[T]) copyOut(s span[T]) T {
	slot := &s.of.events[s.from]
	ev := *slot
	if s.of.shared {
		return ev
	}
	var zero T
	*slot = zero
	b.release(s.of, 1)
	return ev
}

// oldest is when the event at the front was accepted.
func (b *buffer[T]) oldest() int64 {
	if back := b.back(); back != nil {
		return (*back)[0].stamp(0)
	}
	return span[T]{of: b.head, from: uint32(b.at)}.stamp(0)
}

// comeback wraps one event that is to be tried again in a chunk of its own, so
// that it pins none.
func comeback[T any](ev T, seq uint64, stamp int64, attempt, tries int) span[T] {
	c := newChunk[T](1)
	c.base, c.origin, c.attempt, c.tries, c.sealed = seq, stamp, attempt, tries, true
	c.events[0] = ev
	c.filled, c.live = 1, 1
	return span[T]{of: c, to: 1}
}

// copied is s in a chunk of its own.
func copied[T any](s span[T]) span[T] {
	c := newChunk[T](s.len())
	c.base, c.origin, c.sealed = s.seq(), s.of.origin, true
	copy(c.events, s.events())
	copy(c.stamps, s.of.stamps[s.from:s.to])
	c.filled, c.live = s.len(), s.len()
	return span[T]{of: c, to: uint32(s.len())}
}
