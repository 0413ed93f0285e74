package stage

import (
	"math"
	"unsafe"
)

// A queue's events live in chunks of a fixed size rather than in a ring that
// doubles: a million waiting events cost what they weigh, growth never copies,
// and a burst's memory goes back when it has been worked off.
const (
	chunkBytes  = 16 << 10
	minInChunk  = 4
	maxInChunk  = 1024
	stampUnit   = 1000 // ns: stamps are kept in microseconds
	maxFreeList = 16   // empty chunks kept for reuse by one queue
)

// chunk holds neighbouring events: those numbered base, base+1, … but in a partition,
// whose chunks are smaller, too, as long as little waits in it.
//
// A slot that holds no live event is zero, so that an empty chunk can be used
// again as it is and nothing that an event pointed to lingers.
type chunk[T any] struct {
	next    *chunk[T] // in the queue of fresh chunks, or in the free list
	base    uint64    // sequence number of events[0]
	origin  int64     // stamps count from here, in ns since the pipeline was made
	events  []T
	stamps  []uint32 // when each was accepted, in stampUnits after origin
	seqs    []uint64 // of a lane, whose neighbours have others between them; nil: base counts
	filled  int      // slots in use so far
	live    int      // of these, waiting or lent: not copied out, not settled
	sealed  bool     // nothing will be added
	shared  bool     // by several hubs: nothing in it is changed any more, and it is not used again
	attempt int      // spent so far by the one event of a chunk that came back
	tries   int      // uses so far, those that spent nothing included
	lane    *lane[T] // of the one event of a chunk that came back, where there are lanes
}

func newChunk[T any](size int) *chunk[T] {
	return &chunk[T]{events: make([]T, size), stamps: make([]uint32, size)}
}

// inChunk says how many events of type T a chunk holds.
func inChunk[T any]() int {
	size := int(unsafe.Sizeof(*new(T)))
	if size == 0 {
		return maxInChunk
	}
	return min(max(chunkBytes/size, minInChunk), maxInChunk)
}

func (c *chunk[T]) room() int { return len(c.events) - c.filled }

// tells reports whether a stamp can be told relative to the chunk's origin.
func (c *chunk[T]) tells(now int64) bool {
	return c.filled == 0 || now-c.origin <= math.MaxUint32*stampUnit
}

// fill marks the next n slots, written already, as live and stamped.
func (c *chunk[T]) fill(n int, now int64) {
	if c.filled == 0 {
		c.origin = now
	}
	to := c.stamps[c.filled : c.filled+n]
	if n > 0 {
		to[0] = uint32(max(0, now-c.origin) / stampUnit)
	}
	for done := 1; done < n; done *= 2 { // copying what is there is ten times faster than a loop
		copy(to[done:], to[:done])
	}
	c.filled += n
	c.live += n
}

// fillOne is fill(1, now), which every single push does.
func (c *chunk[T]) fillOne(now int64) {
	if c.filled == 0 {
		c.origin = now
	}
	c.stamps[c.filled] = uint32(max(0, now-c.origin) / stampUnit)
	c.filled++
	c.live++
}

// span is a run of neighbouring events of one chunk: what is handed about
// instead of copies.
type span[T any] struct {
	of       *chunk[T]
	from, to uint32
}

func (s span[T]) len() int { return int(s.to - s.from) }

// seq is the number of the first event.
func (s span[T]) seq() uint64 { return s.seqAt(0) }

// seqAt is the number of the i-th event.
func (s span[T]) seqAt(i int) uint64 {
	at := int(s.from) + i
	if s.of.seqs != nil {
		return s.of.seqs[at]
	}
	return s.of.base + uint64(at)
}

// events is the span itself, not a copy; appending to it copies.
func (s span[T]) events() []T { return s.of.events[s.from:s.to:s.to] }

// stamp is when the i-th event was accepted.
func (s span[T]) stamp(i int) int64 {
	return s.of.origin + int64(s.of.stamps[int(s.from)+i])*stampUnit
}

// cut takes at most n events off the front of s.
func (s *span[T]) cut(n int) span[T] {
	front := span[T]{of: s.of, from: s.from, to: min(s.to, s.from+uint32(n))}
	s.from = front.to
	return front
}
