package stage

// hand is what one worker holds: the events its handler is given, and what is
// needed to close their books.
//
// A single event is copied out of its chunk. A slice is lent: the handler sees
// the chunk itself, which is not used again until the hand is settled. Only when
// its parts do not lie next to each other they are copied together.
type hand[T any] struct {
	sub  *sub[T]
	n    int
	evs  []T      // what the handler is given
	most int      // events that it takes at once; 0: as many as the subscription has it
	lane *lane[T] // that they are of; nil: there are none

	one            [1]T // the single
	seq            uint64
	stamp          int64
	attempt, tries int

	spans   []span[T] // the slice
	scratch []T

	inboxed, taken int64 // when the first came into the inbox, and into the hand
	fates          []fate
}

// addOne puts the one event of s into the hand.
func (h *hand[T]) addOne(b *buffer[T], s span[T]) {
	h.seq, h.stamp, h.attempt, h.tries = s.seq(), s.stamp(0), s.of.attempt, s.of.tries
	h.one[0] = b.copyOut(s)
	h.n = 1
}

// add puts a part of a slice into the hand.
func (h *hand[T]) add(s span[T]) {
	h.spans = append(h.spans, s)
	h.n += s.len()
}

// events is what the handler is given: gathered outside of the lock.
func (h *hand[T]) events() []T {
	switch len(h.spans) {
	case 0:
		h.evs = h.one[:]
	case 1:
		h.evs = h.spans[0].events()
	default:
		h.scratch = h.scratch[:0]
		for _, s := range h.spans {
			h.scratch = append(h.scratch, s.events()...)
		}
		h.evs = h.scratch
	}
	return h.evs
}

// condemn is the fate of an event that failed until its policy has spoken: that
// may end the goroutine.
func (h *hand[T]) condemn(i int) {
	h.fates = append(h.fates, fate{i: i, what: Drop, err: ErrGoexit})
}

// letGo forgets the events if all are done; of others the settling still speaks.
func (h *hand[T]) letGo() {
	if len(h.fates) == 0 {
		h.clear()
	}
}

// clear lets go of the events themselves, so that nothing they point to lingers.
func (h *hand[T]) clear() {
	if len(h.spans) != 1 { // else they are no copies
		clear(h.evs)
	}
	for _, s := range h.spans {
		if !s.of.shared {
			clear(s.events())
		}
	}
}

// place is where the i-th event came from.
func (h *hand[T]) place(i int) (seq uint64, stamp int64, attempt, tries int) {
	if len(h.spans) == 0 {
		return h.seq, h.stamp, h.attempt, h.tries
	}
	for _, s := range h.spans {
		if i < s.len() {
			return s.seqAt(i), s.stamp(i), s.of.attempt, s.of.tries
		}
		i -= s.len()
	}
	panic("stage: no such event in hand")
}

// reset empties the hand for the next turn.
func (h *hand[T]) reset() {
	h.sub, h.n, h.evs, h.lane = nil, 0, nil, nil
	h.spans, h.fates = h.spans[:0], h.fates[:0]
}
