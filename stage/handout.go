package stage

import "math"

// handout says how a subscription gets its events.
type handout uint8

const (
	lazy     handout = iota // they wait in the buffer until a worker is free
	prefetch                // they go to its inbox, as far as it asked ahead
)

// handOut deals waiting events out to the subscriptions that asked ahead, and
// says whether it did. The first in line gets as much as its demand reaches.
// Events that came back go one by one, so that they spread.
func (h *hub[T]) handOut() (some bool) {
	if h.paused {
		return false
	}
	for h.buffer.count > 0 {
		c := h.line.first()
		if c == nil {
			return some
		}
		n := h.buffer.count
		if h.buffer.back() != nil && len(h.line.claims) > 1 {
			n = 1
		}
		h.deliver(c.of, h.line.grant(c, n))
		some = true
	}
	return some
}

// deliver moves n events into the inbox of s.
func (h *hub[T]) deliver(s *sub[T], n int) {
	for n > 0 {
		what := h.buffer.take(n)
		n -= what.len()
		h.books.inboxes += what.len()
		recordSpan(&h.meters.bufferWait, what, h.stamps.now)
		s.inbox.push(what, h.stamps.now)
	}
	s.idle.call(&h.wakes)
}

// rebalance takes back what no worker has begun and deals it out anew, to demand as
// it would be after resubscribing: what a worker has finished since it last asked
// would make the others' demand the larger, and so the deal uneven.
func (h *hub[T]) rebalance() {
	h.mu.Lock()
	h.pass(h.clock())
	for _, s := range h.subs {
		n := h.recall(s)
		if s.handout == prefetch && s.attached && !s.leaving {
			h.line.ask(&s.claim, n+s.window.fill())
		}
	}
	h.balance()
	h.unlock()
}

// recall returns the inbox of s to the head of the queue, in order.
func (h *hub[T]) recall(s *sub[T]) (n int) {
	for s.inbox.count > 0 {
		e := s.inbox.pop(s.inbox.count)
		n += e.len()
		h.books.inboxes -= e.len()
		h.buffer.putBack(e.span)
	}
	return n
}

// take puts the next events for s into the hand, if there are any. When it finds
// none the waiter is listed, to be called.
func (h *hub[T]) take(s *sub[T], to *hand[T], w *waiter, now int64) bool {
	if !s.attached || h.ended {
		return false
	}
	may := s.mayTake(to.most, now)
	if !h.paused && may > 0 {
		if s.inbox.count > 0 {
			h.takeInbox(s, to, may, now)
		} else if s.handout != prefetch && h.takeable() > 0 {
			h.takeBuffer(s, to, may, now)
		}
	}
	if to.n == 0 {
		h.park(s, w, may)
		return false
	}
	if s.bucket.rate > 0 {
		s.bucket.spend(to.n)
		h.callHeld(s, now)
	}
	to.sub, to.taken = s, now
	s.hands += to.n
	s.begin(to.n, now)
	h.books.hands += to.n
	return true
}

// mayTake is how many events one of its workers may have now, by its rate and by how
// many it takes at most; most 0 is no bound.
func (s *sub[T]) mayTake(most int, now int64) int {
	may := math.MaxInt
	if s.bucket.rate > 0 {
		may = s.bucket.holds(now)
	}
	if most > 0 {
		may = min(may, most)
	}
	return may
}

// park lists a worker that found nothing, or may take nothing yet.
func (h *hub[T]) park(s *sub[T], w *waiter, may int) {
	h.stamps.stale = true
	if may > 0 {
		s.waitList().push(w)
		return
	}
	s.held.push(w)
	h.armAt(s.bucket.due())
}

// passOn calls another worker of s, when one that was called took nothing: of what
// is in the inbox, or of what its rate allows.
func (h *hub[T]) passOn(s *sub[T]) {
	if s.inbox.count > 0 && !h.paused {
		s.idle.call(&h.wakes)
	}
	h.callHeld(s, h.stamps.now)
}

// callHeld calls a worker that its rate held up, when the time has come.
func (h *hub[T]) callHeld(s *sub[T], now int64) {
	h.letGo(s, now)
	if s.held.first != nil && s.held.called == 0 {
		h.armAt(s.bucket.due())
	}
}

// takeInbox takes what was dealt out to s, as much as its demand lets a handler
// have at once.
func (h *hub[T]) takeInbox(s *sub[T], to *hand[T], may int, now int64) {
	n := min(s.atOnce(), s.inbox.count, may)
	h.books.inboxes -= n
	to.inboxed = s.inbox.since()
	for alone := n == 1; n > 0; {
		e := s.inbox.pop(n)
		n -= e.len()
		h.meters.inboxWait.add(now-e.at, e.len())
		s.waited += (now - e.at) * int64(e.len())
		if alone {
			to.addOne(&h.buffer, e.span)
		} else {
			to.add(e.span)
		}
	}
	if s.inbox.count > 0 {
		s.idle.call(&h.wakes)
	}
}

// takeBuffer takes from the queue itself: the lazy way.
func (h *hub[T]) takeBuffer(s *sub[T], to *hand[T], may int, now int64) {
	n := 1
	if s.slices {
		n = min(s.pace.take(h.takeable(), h.crew), may)
	}
	to.inboxed = now
	if h.lanes != nil {
		h.takeLane(to, n, now)
		return
	}
	what := h.buffer.take(n)
	recordSpan(&h.meters.bufferWait, what, now)
	if what.len() == 1 {
		to.addOne(&h.buffer, what)
	} else {
		to.add(what)
	}
}

// takeLane takes from the partition whose turn it is, at most n events.
func (h *hub[T]) takeLane(to *hand[T], n int, now int64) {
	a := h.lanes.lease()
	h.lanes.want(a)
	to.lane = a
	n = min(n, a.buffer.count)
	h.buffer.count -= n
	for alone := n == 1; n > 0; {
		what := a.buffer.take(n)
		n -= what.len()
		recordSpan(&h.meters.bufferWait, what, now)
		if alone {
			to.addOne(&a.buffer, what)
		} else {
			to.add(what)
		}
	}
}
