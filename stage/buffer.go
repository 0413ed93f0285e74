package stage

// buffer is where events wait for demand, in the order of their sequence
// numbers: first those that came back, then the fresh ones.
type buffer[T any] struct {
	returned spanHeap[T]
	head     *chunk[T] // the oldest fresh chunk
	tail     *chunk[T] // where new events go
	at       int       // the next fresh event in head
	count    int       // events waiting
	next     uint64    // sequence number of the next event
	free     *chunk[T]
	freed    int
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

// appendApart is append of an event that waits elsewhere than in the line of fresh
// ones.
func (b *buffer[T]) appendApart(ev T, now int64) span[T] {
	b.append(ev, now)
	return b.apart(1)
}

// apart takes the newest n out of the line of fresh ones: all that there are.
func (b *buffer[T]) apart(n int) span[T] {
	b.head, b.at = b.tail, b.tail.filled
	return span[T]{of: b.tail, from: uint32(b.tail.filled - n), to: uint32(b.tail.filled)}
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
	if c == nil {
		return newChunk[T](inChunk[T]())
	}
	b.free, c.next = c.next, nil
	b.freed--
	return c
}

// release takes n events of c out of the books of its memory.
func (b *buffer[T]) release(c *chunk[T], n int) {
	if c.shared {
		return
	}
	c.live -= n
	if c.live > 0 || !c.sealed || len(c.events) != inChunk[T]() || b.freed == maxFreeList {
		return
	}
	c.base, c.filled, c.sealed, c.attempt, c.tries = 0, 0, false, 0, 0
	c.next, b.free = b.free, c
	b.freed++
}

// take removes at most n neighbouring events from the front. They stay in their
// chunk, which is released when they are.
func (b *buffer[T]) take(n int) span[T] {
	if len(b.returned) > 0 {
		s := b.returned[0].cut(n)
		if b.returned[0].len() == 0 {
			b.returned.pop()
		}
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

// takeUntried removes the first event that no handler had yet.
func (b *buffer[T]) takeUntried() (span[T], bool) {
	first := -1
	for i, s := range b.returned {
		if first == 0 { // the first of all
			break
		}
		if s.of.tries == 0 && (first < 0 || s.seq() < b.returned[first].seq()) {
			first = i
		}
	}
	if first >= 0 {
		s := b.returned[first]
		b.returned.remove(first)
		one := s.cut(1)
		if s.len() > 0 {
			b.returned.push(s)
		}
		b.count--
		return one, true
	}
	if b.head == nil || b.at == b.head.filled {
		return span[T]{}, false
	}
	held := b.returned
	b.returned = nil
	s := b.take(1)
	b.returned = held
	return s, true
}

// putBack returns events that had been taken to their old place.
func (b *buffer[T]) putBack(s span[T]) {
	b.returned.push(s)
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
	if len(b.returned) > 0 {
		return b.returned[0].stamp(0)
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
